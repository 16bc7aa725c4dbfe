"""Restores into lakes that nodes share: what goes, what stays, and what happens when something fails meanwhile."""
import json

from gigapi_testing.backups import FAST, begin_restore, ids, last_restore, lines, run, succeed
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
