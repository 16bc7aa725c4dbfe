"""Layers: a bucket as the first one, and files that go from a folder to a bucket and out of it."""
import json
import re
import subprocess

import requests
from gigapi_testing.server import clean_environment, wait_until

FAST = {"GIGAPI_SAVE_TIMEOUT_S": "0.2", "GIGAPI_NO_MERGES": "true", "GIGAPI_DROP_DELAY_MS": "0"}
HOUR_NS = 3_600_000_000_000
START_NS = 1_700_000_000_000_000_000


def lines(first, count):
    return "\n".join(f"cpu,host=h{i % 3} id={i}i {START_NS + i * HOUR_NS // 10}" for i in range(first, first + count))


def ids(server):
    return [row["id"] for row in server.query("SELECT id FROM cpu ORDER BY id")]


def data_files(keys):
    return [key for key in keys if key.endswith(".parquet")]


def test_rows_of_a_bucket_survive_a_kill_and_a_new_disk(minio, make_server, tmp_path):
    client = minio.client()
    client.make_bucket("first")
    server = make_server(**FAST, **minio.layer(0, "s3", "first"))
    server.write(lines(0, 30))
    assert ids(server) == [str(i) for i in range(30)] or ids(server) == list(range(30))
    wait_until(lambda: server.metrics()["gigapi_buffer_rows"] == 0, "all rows are in the bucket")
    keys = client.sizes("first", "lake/")
    assert data_files(keys) and "lake/mydb/cpu/metadata.json" in keys
    assert len([key for key in keys if key.endswith("/metadata.json")]) == 5  # four hours and the table
    assert not list(server.root.rglob("*.parquet"))
    server.write(lines(30, 5))
    server.kill()
    server.start()
    assert len(ids(server)) == 35
    server.stop()
    other = make_server(root=tmp_path / "other", **FAST, **minio.layer(0, "s3", "first"))
    assert len(ids(other)) == 35


def test_files_age_from_a_folder_to_a_bucket_and_out_of_it(minio, make_server, tmp_path):
    client = minio.client()
    client.make_bucket("aging")
    hot = {"GIGAPI_LAYERS_0_NAME": "hot", "GIGAPI_LAYERS_0_TYPE": "fs", "GIGAPI_LAYERS_0_URL": f"file://{tmp_path}/root",
           "GIGAPI_LAYERS_0_TTL": "1s"}
    server = make_server(**FAST, **hot, **minio.layer(1, "cold", "aging", GLOBAL="false", TTL="0"))
    server.write(lines(0, 20))
    wait_until(lambda: len(data_files(client.sizes("aging"))) == 3, "all hours are in the bucket")
    assert len(ids(server)) == 20
    wait_until(lambda: not list(server.root.rglob("*.parquet")), "the folder is empty")
    assert len(ids(server)) == 20
    server.restart(GIGAPI_LAYERS_1_TTL="1s")
    wait_until(lambda: not data_files(client.sizes("aging")), "the bucket is empty")
    assert ids(server) == []
    server.restart()
    assert ids(server) == []


def test_a_layer_that_does_not_answer_at_start_is_an_error_that_says_why(minio, make_server):
    server = make_server(start=False, **FAST, **minio.layer(0, "s3", "nobody-made-this"))
    server.spawn()
    assert server.process.wait(60) != 0
    assert "layer 's3'" in server.log() and minio.secret_key not in server.log()
    server = make_server(start=False, **FAST, **minio.layer(0, "s3", "first", AUTH_SECRET="this-is-wrong-and-secret"))
    server.spawn()
    assert server.process.wait(60) != 0
    assert "layer 's3'" in server.log() and "this-is-wrong" not in server.log()


def test_a_bucket_that_goes_away_makes_rows_wait_and_comes_back_by_itself(minio, make_server, make_proxy):
    client = minio.client()
    client.make_bucket("away")
    proxy = make_proxy(minio.port)
    server = make_server(**FAST, **minio.layer(0, "s3", "away", port=proxy.port))
    server.write(lines(0, 10))
    wait_until(lambda: server.metrics()["gigapi_buffer_rows"] == 0, "the first rows are in the bucket")
    proxy.partition("refuse")
    server.write(lines(10, 10))
    assert len(ids(server)) == 20  # the first ten from the cache
    wait_until(lambda: server.metrics()["gigapi_flush_failures_total"] > 0, "a flush has failed", 60)
    assert server.metrics()["gigapi_buffer_rows"] == 10
    proxy.heal()
    wait_until(lambda: server.metrics()["gigapi_buffer_rows"] == 0, "the rest is in the bucket", 90)
    assert len(ids(server)) == 20
    server.kill()
    server.start()
    assert len(ids(server)) == 20


def test_a_query_that_needs_a_bucket_that_is_away_is_told_to_come_again(minio, make_server, make_proxy):
    minio.client().make_bucket("away-query")
    proxy = make_proxy(minio.port)
    server = make_server(**FAST, GIGAPI_CACHE_BYTES_MAX="0", GIGAPI_CACHE_MEMORY_BYTES_MAX="0",
                         **minio.layer(0, "s3", "away-query", port=proxy.port))
    server.write(lines(0, 10))
    wait_until(lambda: server.metrics()["gigapi_buffer_rows"] == 0, "the rows are in the bucket")
    proxy.partition("refuse")
    answer = requests.post(f"{server.url}/query?db=mydb", json={"query": "SELECT sum(id) FROM cpu"}, timeout=60)
    assert answer.status_code == 503 and "does not answer: try again later" in answer.text, answer.text
    assert answer.headers["Retry-After"]
    proxy.heal()
    wait_until(lambda: len(ids(server)) == 10, "queries go on", 60)


def test_what_was_just_written_is_not_fetched_again(minio, make_server, make_proxy):
    client = minio.client()
    client.make_bucket("warm")
    proxy = make_proxy(minio.port)
    server = make_server(**FAST, **minio.layer(0, "s3", "warm", port=proxy.port))
    server.write(lines(0, 50))
    wait_until(lambda: server.metrics()["gigapi_buffer_rows"] == 0, "all rows are in the bucket")
    before = server.metrics()["gigapi_cache_requests_total"]
    assert len(ids(server)) == 50
    assert server.metrics()["gigapi_cache_requests_total"] == before
    text = requests.get(server.url + "/metrics", timeout=10).text
    assert minio.secret_key not in text and minio.access_key not in text


def scan_figures(server, sql):
    """What EXPLAIN ANALYZE says of the only scan of `sql`: its lines of the form "name: number"."""
    plan = json.dumps(server.query("EXPLAIN (ANALYZE, FORMAT json) " + sql))
    return {name: int(value) for name, value in re.findall(r'"([A-Z][A-Za-z ]+)[\\"]+: [\\"]+(\d+)', plan)}


def test_explain_analyze_tells_what_was_fetched(minio, make_server, tmp_path):
    minio.client().make_bucket("explained")
    server = make_server(**FAST, **minio.layer(0, "s3", "explained"))
    server.write(lines(0, 30))
    wait_until(lambda: server.metrics()["gigapi_buffer_rows"] == 0, "all rows are in the bucket")
    server.stop()
    reader = make_server(root=tmp_path / "reader", **FAST, **minio.layer(0, "s3", "explained"))
    sql = f"SELECT sum(id) FROM cpu WHERE time >= {START_NS + 2 * HOUR_NS}"
    cold = scan_figures(reader, sql)
    assert 0 < cold["Read"] < 4  # of the files of four hours
    assert cold["Files Opened"] == cold["Read"] and cold["Store Requests"] >= cold["Read"] and cold["Bytes Fetched"] > 0
    warm = scan_figures(reader, sql)
    assert warm["Read"] == cold["Read"] and warm["Store Requests"] == warm["Bytes Fetched"] == 0
    other = scan_figures(reader, "SELECT sum(id) FROM cpu")
    assert other["Read"] == 4 and 0 < other["Files Opened"] and other["Store Requests"] > 0


def test_a_root_is_read_without_the_names_of_its_layers(binary, make_server, tmp_path):
    named = {"GIGAPI_LAYERS_0_NAME": "cache", "GIGAPI_LAYERS_0_TYPE": "fs", "GIGAPI_LAYERS_0_URL": f"file://{tmp_path}/root"}
    server = make_server(**FAST, **named)
    server.write(lines(0, 7))
    server.stop()
    answer = subprocess.run([binary, "query", "--root", tmp_path / "root", "--db", "mydb", "SELECT count(*) FROM cpu"],
                            env=clean_environment({}), capture_output=True, text=True, timeout=60)
    assert answer.returncode == 0 and "7" in answer.stdout, answer
    server.start()
    assert len(ids(server)) == 7
    server.stop()
    other = make_server(**FAST)
    assert len(ids(other)) == 7


def test_the_log_lies_in_the_root_and_files_in_the_folder_of_the_layer(binary, make_server, tmp_path):
    layer = {"GIGAPI_LAYERS_0_NAME": "only", "GIGAPI_LAYERS_0_TYPE": "fs", "GIGAPI_LAYERS_0_URL": f"file://{tmp_path}/files"}
    server = make_server(**FAST, **layer)
    server.write(lines(0, 12))
    wait_until(lambda: server.metrics()["gigapi_buffer_rows"] == 0, "all rows are in files")
    server.write(lines(12, 3))
    server.kill()
    assert (server.root / ".gigapi/wal").is_dir() and not list(server.root.rglob("*.parquet"))
    assert list((tmp_path / "files/mydb/cpu").rglob("*.parquet"))
    other = make_server(root=tmp_path / "other", start=False, **FAST, **layer)
    server.start()
    assert len(ids(server)) == 15
    other.spawn()
    assert other.process.wait(60) != 0 and "another process works here" in other.log()
    repair = subprocess.run([binary, "repair"], env=clean_environment({**layer, "GIGAPI_ROOT": tmp_path / "third"}), capture_output=True,
                            text=True, timeout=60)
    assert repair.returncode == 1 and f"a server runs on {tmp_path}/files" in repair.stderr
    server.restart(GIGAPI_LAYERS_0_URL="files")  # the same, from the folder that the server runs in
    assert len(ids(server)) == 15


def test_a_root_and_its_layer_may_be_named_in_two_ways(make_server, tmp_path):
    server = make_server(**FAST)
    server.write(lines(0, 12))
    server.restart(GIGAPI_ROOT="root", GIGAPI_LAYERS_0_NAME="default", GIGAPI_LAYERS_0_TYPE="fs", GIGAPI_LAYERS_0_GLOBAL="true",
                   GIGAPI_LAYERS_0_URL=f"file://{server.root}")
    server.write(lines(12, 3))
    assert len(ids(server)) == 15
