"""Start, stop, restart, and what lies between."""
import os
import signal
import subprocess
import threading

import pytest
import requests
from gigapi_testing.server import Server, clean_environment, wait_until


@pytest.mark.parametrize("durability", ["fsync", "os", "flush", "none"])
def test_an_orderly_restart_keeps_every_row(make_server, durability):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="3600" if durability != "flush" else "0.05", GIGAPI_DURABILITY=durability)
    server.write("\n".join(f"m,host=h{i % 5} v={i} {i}" for i in range(1000)))
    server.write("other v=1 1", "second")
    server.restart()
    assert server.count("m") == 1000
    assert server.value("SELECT sum(v) AS s FROM m") == sum(range(1000))
    assert server.count("other", "second") == 1


def test_sigterm_flushes_everything(make_server):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="3600")
    server.write("\n".join(f"m v={i} {i * 3600 * 10**9}" for i in range(10)))
    assert server.committed_rows() == 0
    assert server.stop() == 0
    assert server.committed_rows() == 10


def test_sigint_ends_as_well(make_server):
    server = make_server()
    server.write("m v=1 1")
    server.process.send_signal(signal.SIGINT)
    assert server._reap() == 0
    assert server.committed_rows() == 1


def test_kill_keeps_acknowledged_rows(make_server):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="3600")
    for n in range(100):
        server.write(f"m v={n} {n}")
    server.kill()
    server.start()
    assert server.count("m") == 100
    server.kill()
    server.start()
    assert server.count("m") == 100, "a log that is replayed twice counts once"
    server.restart()
    assert server.count("m") == 100


def test_arrival_times_survive_a_kill(make_server):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="3600")
    server.write("m v=1\nm v=2")
    before = server.query("SELECT time, v FROM m ORDER BY v")
    server.kill()
    server.start()
    assert server.query("SELECT time, v FROM m ORDER BY v") == before


def test_refused_lines_stay_refused_after_a_kill(make_server):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="3600")
    assert server.post("/write", 'm v=1 1\nm v="x" 2\nm,v=tag f=1 3\nm v=2 4').status_code == 400
    server.kill()
    server.start()
    assert server.query("SELECT time, v FROM m ORDER BY time") == [{"time": "1", "v": 1}, {"time": "4", "v": 2}]


def test_sigterm_lets_writers_finish(make_server):
    """Every write that was acknowledged before, during or after SIGTERM is there afterwards; no answer is a half one."""
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="3600")
    acknowledged = []

    def write(k):
        session = requests.Session()
        try:
            for n in range(100_000):
                if session.post(server.url + "/write", f"m,k=k{k} n={n}i {n}").status_code == 204:
                    acknowledged.append((k, n))
        except requests.RequestException:
            pass

    threads = [threading.Thread(target=write, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(acknowledged) > 200, "writers are at work")
    assert server.stop() == 0
    for thread in threads:
        thread.join()
    server.start()
    rows = server.query("SELECT k, n FROM m")
    there = {(int(r["k"][1:]), int(r["n"])) for r in rows}
    assert len(there) == len(rows)
    assert set(acknowledged) <= there
    assert len(there) - len(acknowledged) <= 4


def test_a_port_that_is_taken(make_server, binary, tmp_path):
    server = make_server()
    second = Server(binary, tmp_path / "second")
    second.port = server.port
    second.spawn()
    code = second.process.wait(20)
    second.process = None
    assert code == 1 and str(server.port) in second.log()
    assert server.get("/ping").status_code == 204


def test_a_root_that_is_in_use(make_server, binary):
    """Two servers on one root would destroy it."""
    server = make_server()
    server.write("m v=1 1")
    second = Server(binary, server.root)
    second.spawn()
    try:
        code = second.process.wait(20)
    except subprocess.TimeoutExpired:
        second.kill()
        pytest.fail("a second server started on the same root")
    second.process = None
    assert code == 1
    assert server.count("m") == 1


def test_a_root_that_cannot_be_written(binary, tmp_path):
    if os.geteuid() == 0:
        (tmp_path / "root").write_text("a file, not a folder")
    else:
        (tmp_path / "root").mkdir(mode=0o500)
    env = clean_environment({"HTTP_HOST": "127.0.0.1", "HTTP_PORT": "0", "GIGAPI_ROOT": tmp_path / "root"})
    done = subprocess.run([binary, "serve"], env=env, cwd=tmp_path, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and "root" in done.stderr + done.stdout


def test_leftovers_of_a_crash_are_removed(make_server):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="0.05", GIGAPI_NO_MERGES="true")
    server.write("m v=1 1")
    server.wait_flushed(1)
    folder = next(iter(server.partitions()))
    server.kill()
    real = next(folder.glob("*.parquet"))
    (folder / "00000000-0000-0000-0000-000000000001.1.parquet.tmp").write_bytes(b"half")
    (folder / "00000000-0000-0000-0000-000000000002.1.parquet").write_bytes(real.read_bytes())
    (folder / "metadata.json.bak").write_bytes(b'{"half')
    server.start()
    assert server.count("m") == 1
    assert sorted(p.name for p in folder.iterdir()) == sorted([real.name, "metadata.json"])


def test_strange_files_in_the_root_do_no_harm(make_server):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="0.05")
    server.write("m v=1 1")
    server.stop()
    (server.root / "notes.txt").write_text("hello")
    (server.root / "lost+found").mkdir()
    (server.root / "mydb" / "README").write_text("hello")
    server.start()
    assert server.count("m") == 1
    assert (server.root / "notes.txt").exists()


def test_merging_goes_on_after_a_restart(make_server):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="0.02", GIGAPI_NO_MERGES="true")
    for n in range(5):
        server.write(f"m v={n} {n}")
        server.wait_flushed(n + 1)
    assert sum(len(p["files"]) for p in server.partitions().values()) >= 5
    server.restart(GIGAPI_NO_MERGES="false", GIGAPI_MERGE_TIMEOUT_S="0.05")
    server.wait_merged()
    assert server.query("SELECT v FROM m ORDER BY time") == [{"v": n} for n in range(5)]


def test_replaced_files_are_dropped_after_a_while(make_server):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="0.02", GIGAPI_MERGE_TIMEOUT_S="0.05", GIGAPI_DROP_DELAY_MS="100")
    for n in range(10):
        server.write(f"m v={n} {n}")
        server.wait_flushed(n + 1)
    server.wait_merged()
    folder = next(iter(server.partitions()))
    wait_until(lambda: len(list(folder.glob("*.parquet"))) == 1, "one file is left", 30,
               lambda: f"{list(folder.iterdir())}\n" + server.log_tail())
    assert server.count("m") == 10
    # Their names go from metadata.json too, though the hour gets no more rows.
    wait_until(lambda: server.partitions()[folder]["drop_queue"] == [], "the drop queue is empty", 30, server.log_tail)
    assert server.count("m") == 10


def test_no_merges(make_server):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="0.02", GIGAPI_MERGE_TIMEOUT_S="0.02", GIGAPI_NO_MERGES="true")
    for n in range(10):
        server.write(f"m v={n} {n}")
        server.wait_flushed(n + 1)
    assert sum(len(p["files"]) for p in server.partitions().values()) == 10
    assert not list(server.root.glob("**/*.2.parquet"))


def test_a_node_alone_is_a_cluster_of_one(server):
    server.write("m v=1 1")
    wait_until(lambda: server.get("/api/v1/cluster").json()["nodes"][0]["state"] == "alive", "it has told its addresses")
    cluster = server.get("/api/v1/cluster").json()
    assert cluster["leases"] == [] and cluster["catalog"] == f"file://{server.root}"
    node, = cluster["nodes"]
    assert node["self"] and node["role"] == "aio" and node["may_hold_rows"]
    assert node["node"] == (server.root / ".gigapi/node").read_text()
    assert node["http_address"].endswith(f":{server.port}") and node["flight_address"].endswith(f":{server.flight_port}")
    assert node["status"]["rows_written_total"] == 1
    assert server.request("DELETE", f"/api/v1/cluster/nodes/{node['node']}").status_code == 404
