"""Restores into lakes that nodes share: what goes, what stays, and what happens when something fails meanwhile."""
import json

import requests
from gigapi_testing.backups import FAST, begin_restore, ids, last_restore, lines, run, succeed
from gigapi_testing.fault_proxy import FaultProxy
from gigapi_testing.server import wait_until


def repair(binary, lake, *arguments):
    """The report, and how it ended."""
    done = run(binary, "repair", *arguments, "--json", **lake)
    assert done.returncode in (0, 2), done.stderr
    return json.loads(done.stdout), done.returncode


def test_what_a_restore_took_away_does_not_come_back(binary, make_server, make_lake, tmp_path):
    """The node is killed before its first flush after the restore: its log and the files in the layer do not fit the catalog."""
    lake = make_lake()
    node = make_server(root=tmp_path / "node", **lake)
    place = tmp_path / "place"
    node.write(lines(0, 10))
    succeed(binary, "backup", f"file://{place}", "--url", node.url)
    node.write(lines(10, 30))
    node.write("gone id=1i 1")
    assert begin_restore(node, place, force=True).status_code == 202
    assert last_restore(node)["state"] == "done" and ids(node) == list(range(10))
    node.stop()
    node.start(GIGAPI_SAVE_TIMEOUT_S="600")
    node.write(lines(50, 30))
    node.kill()
    node.start(**FAST)
    wait_until(lambda: node.metrics()["gigapi_buffer_rows"] == 0, "the rows are in files")
    report, _ = repair(binary, lake, "--apply", "--add-unlisted")
    assert {orphan["kind"] for orphan in report["orphans"]} == {"dropped_table"}, report["orphans"]
    assert report["hours"] == [] and report["tables"] == [], report
    assert ids(node) == [*range(10), *range(50, 80)]
    assert node.query("SHOW TABLES") == [{"table_name": "cpu"}]
    assert node.metrics()["gigapi_heal_files_total"] == 0


def test_a_server_whose_bucket_goes_away_during_a_restore_waits_and_says_why(minio, make_server, binary, tmp_path):
    """In the phase in which the catalog gets the backup's content, and when the lake is to be opened again."""
    place = tmp_path / "place"
    minio.client().make_bucket("goes")
    proxy = FaultProxy(minio.port, "http").start()
    server = make_server(root=tmp_path / "root", **FAST, **minio.layer(0, "s3", "goes", port=proxy.port))
    server.write(lines(0, 10))
    succeed(binary, "backup", f"file://{place}", "--url", server.url)
    server.write(lines(10, 10))
    for only in (lambda request: request.method == "DELETE" and "metadata.json" in request.target,
                 lambda request: request.method == "PUT" and "probe" in request.target):
        proxy.fail("error", only=only)
        assert begin_restore(server, place, force=True).status_code == 202

        def waits():
            try:
                state = server.get("/api/v1/restore", timeout=5)
            except requests.RequestException:
                return None
            return state.json() if state.ok and "waits_for" in state.json() else None

        state = wait_until(waits, "the restore waits", 90)
        assert state["state"] == "running" and "503" in state["waits_for"], state
        refused = server.get("/health", timeout=5)
        assert refused.status_code == 503 and "tried again" in refused.text and "Retry-After" in refused.headers
        proxy.heal()
        state = last_restore(server)
        assert state["state"] == "done" and "waits_for" not in state, state
        wait_until(lambda: server.get("/ready").status_code == 200, "the server is ready")
        assert ids(server) == list(range(10))
    assert server.stop() == 0
    proxy.stop()


def test_files_that_went_are_swept_and_those_of_the_backup_stay(binary, make_server, make_lake, tmp_path):
    lake = {**make_lake(), "GIGAPI_SWEEP_INTERVAL_MS": "1000", "GIGAPI_SWEEP_AGE_MIN_MS": "1000"}
    node = make_server(root=tmp_path / "node", **lake)
    place = tmp_path / "place"
    node.write(lines(0, 30))
    first = succeed(binary, "backup", f"file://{place}", "--url", node.url).split()[0]
    node.write(lines(30, 30))
    succeed(binary, "backup", f"file://{place}", "--url", node.url)
    node.write("gone id=1i 1")
    for backup, rows in ({"backup": first}, 30), ({}, 60), ({"backup": first}, 30):
        assert begin_restore(node, place, force=True, **backup).status_code == 202
        assert last_restore(node)["state"] == "done" and ids(node) == list(range(rows))
    wait_until(lambda: node.metrics()["gigapi_sweep_removed_files_total"] >= 4, "files are swept", 60)
    wait_until(lambda: repair(binary, lake)[0]["orphans"] == [], "nothing is left", 60)
    report, ended = repair(binary, lake)
    assert ended == 0 and report["listed_rows"] == 30, report
    node.restart()
    assert ids(node) == list(range(30))
