"""Backups: what a root has, copied to another place and back."""
import json
import signal
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from gigapi_testing.backups import (FAST, HOUR_NS, START_NS, back_up, begin_restore, files_of, ids, last_backup, last_restore,
                                    lines, run, succeed)
from gigapi_testing.fault_proxy import FaultProxy
from gigapi_testing.server import clean_environment, wait_until


def test_a_root_goes_to_a_folder_and_back(binary, make_server, tmp_path):
    place = tmp_path / "place"
    server = make_server(**FAST)
    server.write(lines(0, 40))
    assert server.stop() == 0
    first = succeed(binary, "backup", place, "--root", server.root)
    assert "40 rows" in first
    listed = succeed(binary, "restore", f"file://{place}", "--list")
    assert listed == first
    assert succeed(binary, "restore", place, "--root", tmp_path / "new") == first
    other = make_server(root=tmp_path / "new", **FAST)
    assert ids(other) == list(range(40))
    other.write(lines(40, 5))
    other.kill()
    other.start()
    assert ids(other) == list(range(45))


def test_a_list_changes_nothing_and_says_when_there_is_no_backup(binary, make_server, tmp_path):
    place = tmp_path / "place"
    server = make_server(**FAST)
    server.write(lines(0, 10))
    server.stop()
    succeed(binary, "backup", place, "--root", server.root)
    other = make_server(root=tmp_path / "other", **FAST)
    for more in (["--list"], ["--root", tmp_path / "third"]):
        refused = run(binary, "restore", place, *more, "--url", other.url)
        assert refused.returncode != 0 and "--url" in refused.stderr, refused.stderr
    assert other.query("SHOW DATABASES") == [] and not (tmp_path / "third").exists()
    misspelt = run(binary, "restore", tmp_path / "plaice", "--list")
    assert misspelt.returncode == 1 and "there is no such folder" in misspelt.stderr
    assert not (tmp_path / "plaice").exists()
    (tmp_path / "empty").mkdir()
    assert "there is no backup in" in run(binary, "restore", tmp_path / "empty", "--list").stderr


def test_a_folder_that_nodes_share_is_no_root_to_restore_into(binary, make_server, tmp_path):
    shared = {"GIGAPI_LAYERS_0_NAME": "shared", "GIGAPI_LAYERS_0_TYPE": "fs", "GIGAPI_LAYERS_0_GLOBAL": "true",
              "GIGAPI_LAYERS_0_URL": f"file://{tmp_path}/shared"}
    server = make_server(**FAST, **shared)
    server.write(lines(0, 10))
    url = f"file://{tmp_path}/place"
    succeed(binary, "backup", url, "--url", server.url)
    refused = run(binary, "restore", url, "--root", tmp_path / "shared", "--force")
    assert refused.returncode == 1 and "nodes share the lake" in refused.stderr
    server.stop()
    succeed(binary, "restore", url, "--force", GIGAPI_ROOT=server.root, **shared)
    server.start()
    assert ids(server) == list(range(10))


def test_a_root_that_is_not_empty_is_refused_or_kept_beside(binary, make_server, tmp_path):
    place = tmp_path / "place"
    server = make_server(**FAST)
    server.write(lines(0, 10))
    server.stop()
    succeed(binary, "backup", place, "--root", server.root)
    other = make_server(root=tmp_path / "new", **FAST)
    other.write(lines(500, 3))
    refused = run(binary, "restore", place, "--root", other.root)
    assert refused.returncode == 1 and "not empty" in refused.stderr
    refused = run(binary, "restore", place, "--root", other.root, "--force")
    assert refused.returncode == 1 and "a server" in refused.stderr
    assert ids(other) == [500, 501, 502]
    other.stop()
    succeed(binary, "restore", place, "--root", other.root, "--force")
    other.start()
    assert ids(other) == list(range(10))
    other.stop()
    kept, = tmp_path.glob("new.before-*")
    assert ids(make_server(root=kept, **FAST)) == [500, 501, 502]


def test_a_damaged_backup_is_refused(binary, make_server, tmp_path):
    place = tmp_path / "place"
    server = make_server(**FAST)
    server.write(lines(0, 10))
    server.stop()
    succeed(binary, "backup", place, "--root", server.root)
    file = place / sorted(files_of(place))[0]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    refused = run(binary, "restore", place, "--root", tmp_path / "new")
    assert refused.returncode == 1 and "checksum" in refused.stderr
    assert not (tmp_path / "new").exists()
    refused = run(binary, "restore", tmp_path / "nothing", "--root", tmp_path / "new")
    assert refused.returncode == 1 and "no backup" in refused.stderr


def test_a_server_under_load_has_in_its_backup_all_that_it_has_acknowledged(binary, make_server, tmp_path):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="0.2", GIGAPI_DROP_DELAY_MS="0")
    acknowledged = [0]
    stop = threading.Event()

    def write():
        while not stop.is_set():
            # Each row in another hour than the one before: files of several partitions, flushed at different times.
            server_lines = "\n".join(f"cpu,host=a id={i}i {START_NS + i % 7 * HOUR_NS + i}"
                                     for i in range(acknowledged[0], acknowledged[0] + 20))
            answer = requests.post(f"{server.url}/write?db=mydb&precision=ns", server_lines, timeout=30)
            assert answer.status_code == 204, answer.text
            acknowledged[0] += 20

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for i in range(3):
            wait_until(lambda: acknowledged[0] >= (i + 1) * 1000, "rows are written")
            before = acknowledged[0]
            assert "rows of 1 tables" in succeed(binary, "backup", tmp_path / "place", "--url", server.url)
            after = acknowledged[0] + 20
            succeed(binary, "restore", f"file://{tmp_path}/place", "--root", tmp_path / f"new{i}")
            other = make_server(root=tmp_path / f"new{i}", **FAST)
            found = ids(other)
            assert found == list(range(len(found))), "rows are missing or twice"
            assert before <= len(found) <= after
            other.stop()
    finally:
        stop.set()
        writer.join()


def test_a_second_backup_copies_only_what_is_new(make_server, tmp_path):
    server = make_server(**FAST)
    place = tmp_path / "place"
    assert server.get("/api/v1/backup").json() == {"state": "none"}
    server.write(lines(0, 40))
    assert server.post("/api/v1/backup", json.dumps({"url": f"file://{place}"})).status_code == 202
    first = last_backup(server)
    assert first["state"] == "done" and first["files_copied"] == first["files"] == len(files_of(place))
    files = files_of(place)
    written = {file: (place / file).stat().st_mtime_ns for file in files}
    server.write(lines(1000, 5))
    server.post("/api/v1/backup", json.dumps({"url": f"file://{place}"}))
    second = last_backup(server)
    assert second["state"] == "done" and second["rows"] == 45 and second["files_copied"] == 1, second
    assert len(files_of(place)) == len(files) + 1
    assert all((place / file).stat().st_mtime_ns == written[file] for file in files)


def test_a_server_refuses_what_is_no_place(make_server):
    server = make_server(**FAST)
    for body in ("", "{}", '{"url": "nowhere://x"}', '{"url": "s3://key:hunter2@example.com/bucket"}'):
        answer = server.post("/api/v1/backup", body)
        assert answer.status_code == 400 and "hunter2" not in answer.text, answer.text
    assert server.request("DELETE", "/api/v1/backup").status_code == 404


def test_strangers_get_no_folder_and_no_token_of_the_server(make_server):
    server = make_server(HTTP_HOST="0.0.0.0", **FAST)
    for url in ("file:///tmp/place", "gs://bucket?endpoint=127.0.0.1:9", "abfs://bucket@account?endpoint=127.0.0.1:9"):
        for what in ("backup", "restore"):
            answer = server.post(f"/api/v1/{what}", json.dumps({"url": url}))
            assert answer.status_code == 403 and "without credentials" in answer.text, answer.text


def test_a_backup_of_a_bucket_in_a_bucket(minio, binary, make_server, tmp_path):
    client = minio.client()
    client.make_bucket("data")
    client.make_bucket("backups")
    keys = {"GIGAPI_BACKUP_AUTH_KEY": minio.access_key, "GIGAPI_BACKUP_AUTH_SECRET": minio.secret_key}
    place = f"s3://127.0.0.1:{minio.port}/backups/here?secure=false"
    server = make_server(**FAST, **minio.layer(0, "s3", "data"), **keys)
    server.write(lines(0, 30))
    made = succeed(binary, "backup", place, "--url", server.url)
    server.write(lines(30, 10))
    again = succeed(binary, "backup", place, "--url", server.url)
    assert succeed(binary, "restore", place, "--list", **keys) == f"{made}\n{again}"
    succeed(binary, "restore", place, "--backup", made.split()[0], "--root", tmp_path / "new", **keys)
    other = make_server(root=tmp_path / "new", **FAST)
    assert ids(other) == list(range(30))
    assert minio.secret_key not in server.log()
    refused = run(binary, "backup", place.replace("/backups/", "/nobody-made-this/"), "--url", server.url)
    assert refused.returncode == 1 and minio.secret_key not in refused.stderr


def test_a_backup_goes_into_a_lake_that_nodes_share(binary, make_server, make_lake, tmp_path):
    place = tmp_path / "place"
    server = make_server(root=tmp_path / "local", **FAST)
    server.write(lines(0, 40))
    server.stop()
    made = succeed(binary, "backup", place, "--root", server.root)
    lake = make_lake()
    restore = {**lake, "GIGAPI_ROOT": tmp_path / "nowhere"}
    assert succeed(binary, "restore", place, **restore) == made
    assert not (tmp_path / "nowhere").exists()
    nodes = [make_server(root=tmp_path / f"node{i}", **lake) for i in range(2)]
    nodes[0].write(lines(40, 5))
    wait_until(lambda: all(ids(node) == list(range(45)) for node in nodes), "each node sees all rows")
    refused = run(binary, "restore", place, "--force", **restore)
    assert refused.returncode == 1 and "runs on the catalog" in refused.stderr
    for node in nodes:
        node.stop()
    refused = run(binary, "restore", place, **restore)
    assert refused.returncode == 1 and "not empty" in refused.stderr
    succeed(binary, "restore", place, "--force", **restore)
    nodes[1].start()
    assert ids(nodes[1]) == list(range(40))


def test_a_bucket_is_one_place_whatever_its_host_is_called(minio, binary, make_server, tmp_path):
    minio.client().make_bucket("one")
    keys = {"GIGAPI_BACKUP_AUTH_KEY": minio.access_key, "GIGAPI_BACKUP_AUTH_SECRET": minio.secret_key}
    layer = minio.layer(0, "hot", "one", prefix="lake")
    server = make_server(**FAST, **layer, **keys)
    server.write(lines(0, 10))
    for below in ("lake", "lake/sub/backups"):
        refused = run(binary, "backup", f"s3://localhost:{minio.port}/one/{below}?secure=false", "--url", server.url)
        assert refused.returncode == 1 and "lies in a lake" in refused.stderr, refused.stderr
    succeed(binary, "backup", f"s3://localhost:{minio.port}/one/lakes?secure=false", "--url", server.url)
    server.stop()
    again = {key.replace("_0_", "_1_"): value.replace("127.0.0.1", "localhost") if isinstance(value, str) else value
             for key, value in layer.items()}
    again["GIGAPI_LAYERS_1_NAME"] = "cold"
    twice = make_server(root=tmp_path / "twice", start=False, **FAST, **layer, **again)
    twice.spawn()
    assert twice.process.wait(60) == 1 and "layers 'hot' and 'cold' are one place" in twice.log(), twice.log()


@pytest.fixture
def backed_up(binary, make_server, tmp_path):
    """A place with a backup of rows 0 to 39, and one of 0 to 49 after it."""
    place = tmp_path / "place"
    source = make_server(root=tmp_path / "source", **FAST)
    for first, count in (0, 40), (40, 10):
        source.write(lines(first, count))
        succeed(binary, "backup", place, "--url", source.url)
    source.stop()
    return place


def test_a_running_server_restores_its_own_lake(binary, make_server, tmp_path, backed_up):
    server = make_server(root=tmp_path / "root", **FAST)
    assert server.get("/api/v1/restore").json() == {"state": "none"}
    assert begin_restore(server, backed_up).status_code == 202
    state = last_restore(server)
    assert state["state"] == "done" and state["rows"] == 50 and state["files_done"] == state["files"], state
    assert ids(server) == list(range(50))
    assert not list(tmp_path.glob("root.*[!g]")), "nothing is left beside the root but its log"
    server.write(lines(50, 5))
    server.kill()
    server.start()
    assert ids(server) == list(range(55))
    assert server.stop() == 0


def test_a_running_server_gives_up_what_it_has_only_when_told(binary, make_server, tmp_path, backed_up):
    server = make_server(root=tmp_path / "root", **FAST)
    server.write(lines(500, 3))
    refused = begin_restore(server, backed_up)
    assert refused.status_code == 409 and "not empty" in refused.text
    assert server.request("DELETE", "/api/v1/restore").status_code == 404
    assert begin_restore(server, tmp_path / "nothing", force=True).status_code == 404
    assert begin_restore(server, backed_up, force="yes").status_code == 400
    first = succeed(binary, "restore", f"file://{backed_up}", "--list").split()[0]
    told = succeed(binary, "restore", backed_up, "--backup", first, "--force", "--url", server.url)
    assert told.startswith(f"{first}  40 rows")
    assert ids(server) == list(range(40))
    assert server.stop() == 0
    kept, = tmp_path.glob("root.before-*")
    assert ids(make_server(root=kept, **FAST)) == [500, 501, 502]


def test_a_server_whose_restore_fails_has_what_it_had(make_server, tmp_path, backed_up):
    file = backed_up / sorted(files_of(backed_up))[0]
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    server = make_server(root=tmp_path / "root", **FAST)
    server.write(lines(500, 3))
    assert begin_restore(server, backed_up, force=True).status_code == 202
    state = last_restore(server)
    assert state["state"] == "failed" and "checksum" in state["error"], state
    assert ids(server) == [500, 501, 502]
    assert server.stop() == 0


def test_a_server_that_restores_says_so_and_lets_nobody_in_who_may_not(minio, binary, make_server, tmp_path):
    """The place is a bucket that answers slowly, so the restore is seen while it runs, and ended."""
    minio.client().make_bucket("slow")
    proxy = FaultProxy(minio.port, "http").start()
    keys = {"GIGAPI_BACKUP_AUTH_KEY": minio.access_key, "GIGAPI_BACKUP_AUTH_SECRET": minio.secret_key}
    place = f"s3://127.0.0.1:{proxy.port}/slow?secure=false"
    source = make_server(root=tmp_path / "source", **FAST, **keys)
    source.write(lines(0, 40))
    succeed(binary, "backup", place, "--url", source.url)
    source.stop()
    server = make_server(root=tmp_path / "root", HTTP_BASIC_AUTH_USERNAME="me", HTTP_BASIC_AUTH_PASSWORD="hush", **FAST, **keys)
    assert requests.post(f"{server.url}/api/v1/restore", json={"url": place}, timeout=10).status_code == 401
    proxy.slow(bytes_per_s=1_500, latency_s=0.1)  # seconds for the files of this backup
    assert server.post("/api/v1/restore", json.dumps({"url": place})).status_code == 202

    def is_restoring():
        try:
            answer = server.get("/health", timeout=5)
        except requests.RequestException:
            return False
        return answer.status_code == 503 and "being restored" in answer.text and "Retry-After" in answer.headers

    wait_until(is_restoring, "the server says that it restores")
    assert requests.get(f"{server.url}/api/v1/restore", timeout=10).status_code == 401
    assert server.get("/api/v1/restore").json()["state"] == "running"
    assert server.request("DELETE", "/api/v1/restore").status_code == 202
    proxy.heal()
    assert last_restore(server)["state"] == "cancelled"
    wait_until(lambda: server.get("/ready").status_code == 200, "the server is ready again")
    assert server.post("/api/v1/restore", json.dumps({"url": place})).status_code == 202
    assert last_restore(server)["state"] == "done" and ids(server) == list(range(40))
    assert minio.secret_key not in server.log() and server.stop() == 0
    proxy.stop()


def test_a_list_names_a_backup_that_cannot_be_read_and_goes_on(binary, backed_up):
    listed = succeed(binary, "restore", backed_up, "--list").splitlines()
    broken = listed[0].split()[0]
    manifest = backed_up / f"backups/{broken}.json"
    manifest.write_text(manifest.read_text()[:-100])
    done = run(binary, "restore", backed_up, "--list")
    assert done.returncode == 1 and done.stdout.splitlines() == listed[1:]
    assert f"backup {broken}: " in done.stderr and "1 of 2 backups cannot be read" in done.stderr, done.stderr
    refused = run(binary, "restore", backed_up, "--backup", broken, "--root", backed_up.parent / "new")
    assert refused.returncode == 1 and broken in refused.stderr


def test_a_node_restores_the_lake_that_it_shares_when_it_is_alone(make_server, make_lake, tmp_path, backed_up):
    lake = make_lake()
    nodes = [make_server(root=tmp_path / f"node{i}", **lake) for i in range(2)]
    wait_until(lambda: len(nodes[0].get("/api/v1/cluster").json()["nodes"]) == 2, "the nodes know each other")
    refused = begin_restore(nodes[0], backed_up)
    assert refused.status_code == 409 and "stop all others" in refused.text
    nodes[1].stop()
    wait_until(lambda: begin_restore(nodes[0], backed_up).status_code == 202, "the other one has left")
    assert last_restore(nodes[0])["state"] == "done" and ids(nodes[0]) == list(range(50))
    nodes[1].start()
    assert ids(nodes[1]) == list(range(50))


def test_a_server_whose_bucket_is_away_keeps_its_lake_open(minio, make_server, tmp_path, backed_up):
    minio.client().make_bucket("away")
    proxy = FaultProxy(minio.port, "http").start()
    server = make_server(root=tmp_path / "root", **FAST, **minio.layer(0, "s3", "away", port=proxy.port))
    server.write(lines(500, 3))
    proxy.partition("refuse")
    refused = begin_restore(server, backed_up, force=True)
    assert refused.status_code == 503, refused.text
    proxy.heal()
    assert ids(server) == [500, 501, 502]
    assert begin_restore(server, backed_up, force=True).status_code == 202
    assert last_restore(server)["state"] == "done" and ids(server) == list(range(50))
    proxy.stop()


def test_what_came_after_a_backup_goes_when_it_takes_its_place(binary, make_server, make_lake, tmp_path):
    lake = make_lake()
    node = make_server(root=tmp_path / "node", **lake)
    place = tmp_path / "place"
    node.write(lines(0, 40))
    succeed(binary, "backup", f"file://{place}", "--url", node.url)
    node.write(lines(40, 10))
    assert begin_restore(node, place, force=True).status_code == 202
    assert last_restore(node)["state"] == "done" and ids(node) == list(range(40))
    node.write(lines(60, 10))
    node.stop()
    node.start()
    assert ids(node) == [*range(40), *range(60, 70)]


def test_a_node_that_only_reads_restores_nothing(make_server, make_lake, tmp_path, backed_up):
    for mode in "readonly", "compaction":
        node = make_server(root=tmp_path / mode, GIGAPI_MODE=mode, **make_lake())
        refused = begin_restore(node, backed_up, force=True)
        assert refused.status_code == 403 and mode in refused.text, refused.text


def test_a_client_that_is_interrupted_says_so_until_the_server_hears_it(binary, tmp_path):
    """One that restores does not hear while it closes its lake."""
    asked, deletes = threading.Event(), []

    class Server(BaseHTTPRequestHandler):
        def answer(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            state = json.dumps({"state": "running" if len(deletes) < 2 else "cancelled", "begun_ns": 1}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(state)))
            self.end_headers()
            self.wfile.write(state)

        def do_GET(self):
            self.answer()
            asked.set()

        def do_DELETE(self):
            deletes.append(self.path)
            if len(deletes) > 1:
                self.answer()

        do_POST = answer

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever).start()
    client = subprocess.Popen([str(binary), "restore", str(tmp_path), "--url", f"http://127.0.0.1:{server.server_port}"],
                              env=clean_environment({}), stderr=subprocess.PIPE, text=True)
    try:
        assert asked.wait(30)
        client.send_signal(signal.SIGINT)
        assert "cancelled" in client.communicate(timeout=30)[1] and client.returncode == 1
    finally:
        client.kill()
        server.shutdown()
    assert deletes == ["/api/v1/restore"] * 2


SLOW = {"GIGAPI_SAVE_TIMEOUT_S": "600"}


def test_a_backup_of_a_cluster_has_the_rows_of_all_writers(binary, make_server, make_lake, tmp_path):
    lake = make_lake()
    writers = [make_server(root=tmp_path / f"writer{i}", GIGAPI_MODE="writeonly", **{**lake, **SLOW}) for i in range(2)]
    reader = make_server(root=tmp_path / "reader", GIGAPI_MODE="readonly", **lake)
    for i, writer in enumerate(writers):
        writer.write(lines(i * 20, 20))
        writer.write(f"only_of_{i} id={i}i {START_NS}")
    # At once, before the reader can have heard of the tables from the catalog.
    made = back_up(reader, tmp_path / "place")
    assert made["state"] == "done" and made["rows"] == 42 and made["tables"] == 3, made
    for writer in writers:
        assert writer.metrics()["gigapi_buffer_rows"] == 0, "the writers were asked to flush"
    succeed(binary, "restore", f"file://{tmp_path}/place", "--root", tmp_path / "copy")
    copy = make_server(root=tmp_path / "copy", **FAST)
    assert ids(copy) == list(range(40))
    assert copy.query("SELECT id FROM only_of_1") == [{"id": "1"}]
    assert back_up(reader, tmp_path / "place")["files_copied"] == 0


def test_a_backup_without_the_rows_of_a_writer_is_none(make_server, make_lake, tmp_path):
    lake = make_lake()
    writers = [make_server(root=tmp_path / f"writer{i}", **{**lake, **SLOW}) for i in range(2)]
    writers[1].write(lines(0, 10))
    writers[1].kill()
    refused = wait_until(lambda: (state := back_up(writers[0], tmp_path / "place"))["state"] == "failed" and state,
                         "the writer is missed", 30)
    assert "does not answer" in refused["error"] and not list(tmp_path.glob("place/backups/*"))
    writers[1].start()
    made = wait_until(lambda: (state := back_up(writers[0], tmp_path / "place"))["state"] == "done" and state,
                      "the writer is back", 30)
    assert made["rows"] == 10, made


def test_a_backup_has_files_on_the_disks_of_other_nodes(minio, binary, make_server, tmp_path):
    bucket = "disks" + str(time.time_ns())
    minio.client().make_bucket(bucket)
    nodes = []
    for i in range(2):
        root = tmp_path / f"node{i}"
        hot = {"NAME": "hot", "TYPE": "fs", "URL": f"file://{root}", "GLOBAL": "false", "TTL": "1h"}
        layers = {f"GIGAPI_LAYERS_0_{key}": value for key, value in hot.items()}
        nodes.append(make_server(root=root, **FAST, **layers, **minio.layer(1, "cold", bucket)))
        nodes[i].write(lines(i * 10, 10))
    made = back_up(nodes[0], tmp_path / "place")
    assert made["state"] == "done" and made["rows"] == 20, made
    succeed(binary, "restore", f"file://{tmp_path}/place", "--root", tmp_path / "copy")
    assert ids(make_server(root=tmp_path / "copy", **FAST)) == list(range(20))


def test_a_cluster_under_load_has_in_its_backup_all_that_it_has_acknowledged(binary, make_server, make_lake, tmp_path):
    lake = make_lake()
    writers = [make_server(root=tmp_path / f"writer{i}", **lake) for i in range(2)]
    acknowledged = [0, 0]
    stop = threading.Event()

    def write(which):
        while not stop.is_set():
            first = acknowledged[which]
            server_lines = "\n".join(f"cpu,host=h{which} id={i}i {START_NS + i % 5 * HOUR_NS + i}"
                                     for i in range(first, first + 20))
            answer = requests.post(f"{writers[which].url}/write?db=mydb&precision=ns", server_lines, timeout=30)
            assert answer.status_code == 204, answer.text
            acknowledged[which] += 20

    threads = [threading.Thread(target=write, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    try:
        for i in range(2):
            wait_until(lambda: min(acknowledged) >= (i + 1) * 500, "rows are written")
            before = list(acknowledged)
            made = back_up(writers[i], tmp_path / "place")
            assert made["state"] == "done", made
            after = [count + 20 for count in acknowledged]
            succeed(binary, "restore", f"file://{tmp_path}/place", "--root", tmp_path / f"copy{i}")
            copy = make_server(root=tmp_path / f"copy{i}", **FAST)
            for which in range(2):
                found = [int(row["id"]) for row in copy.query(f"SELECT id FROM cpu WHERE host = 'h{which}' ORDER BY id")]
                assert found == list(range(len(found))), "rows are missing or twice"
                assert before[which] <= len(found) <= after[which]
            copy.stop()
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_restore_that_is_killed_is_run_again(binary, make_server, make_lake, tmp_path):
    place = tmp_path / "place"
    server = make_server(root=tmp_path / "local", **FAST)
    server.write(lines(0, 400))
    server.stop()
    succeed(binary, "backup", place, "--root", server.root)
    lake = make_lake()
    for i in range(8):
        restore = subprocess.Popen([str(binary), "restore", str(place)], env=clean_environment(lake), cwd=tmp_path,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            restore.wait(0.05 + 0.05 * i)
        except subprocess.TimeoutExpired:
            restore.kill()
        if restore.wait() >= 0:
            break
    else:
        done = run(binary, "restore", place, **lake)
        # It may have been killed when it had just ended.
        assert done.returncode == 0 or "not empty" in done.stderr, done.stderr
    assert ids(make_server(root=tmp_path / "node", **lake)) == list(range(400))
