"""Arc's write endpoints, with Arc's own client and with requests as Telegraf's `arc` output sends them."""
import gzip
import time

import msgpack
import pyarrow
import pytest
import requests
from arc_client import ArcClient
from arc_client.exceptions import ArcAuthenticationError, ArcError, ArcIngestionError
from arc_client.ingestion.msgpack import encode_batch

DAY_US = 1_633_024_800_000_000  # 2021-09-30 18:00 UTC
MSGPACK = {"Content-Type": "application/msgpack"}


@pytest.fixture
def client(shared_server, db):
    with ArcClient(host="127.0.0.1", port=shared_server.port, database=db) as made:
        yield made


def post(server, value, db, path="/api/v1/write/msgpack", **headers):
    body = value if isinstance(value, bytes) else msgpack.packb(value)
    return server.post(path, body, headers={**MSGPACK, "x-arc-database": db, **headers})


def rows(server, table, db):
    return server.query(f"SELECT * FROM {table} ORDER BY time", db)


# ---- arc-tsdb-client ---------------------------------------------------------------------------------------------------
def test_client_writes_columns(client, shared_server, db):
    client.write.write_columnar("cpu", {"time": [DAY_US, DAY_US + 1], "host": ["a", "b"], "usage": [45.2, None],
                                        "cores": [8, 16], "ok": [True, False]})
    assert rows(shared_server, "cpu", db) == [
        {"time": str(DAY_US * 1000), "host": "a", "usage": 45.2, "cores": "8", "ok": True},
        {"time": str(DAY_US * 1000 + 1000), "host": "b", "usage": None, "cores": "16", "ok": False}]


def test_client_writes_a_table_of_pyarrow(client, shared_server, db):
    table = pyarrow.table({"time": pyarrow.array([DAY_US, DAY_US + 1]), "host": ["a", None], "v": [1.5, 2.5]})
    client.write.write_dataframe(table, "df")
    assert [r["host"] for r in rows(shared_server, "df", db)] == ["a", None]


def test_client_writes_records(client, shared_server, db):
    client.write.write_records([
        {"measurement": "cpu", "timestamp": DAY_US, "fields": {"usage": 45.2, "note": "x"}, "tags": {"host": "a"}},
        {"measurement": "cpu", "timestamp": DAY_US + 1, "fields": {"usage": 46.2}, "tags": {"host": "b"}},
        {"measurement": "mem", "timestamp": DAY_US, "fields": {"used": 7}}])
    assert shared_server.count("cpu", db) == 2
    assert rows(shared_server, "mem", db) == [{"time": str(DAY_US * 1000), "used": "7"}]


def test_client_encodes_a_batch(shared_server, db):
    body = encode_batch([{"m": "cpu", "columns": {"time": [DAY_US], "v": [1]}}, {"m": "cpu", "t": DAY_US + 1, "fields": {"v": 2}}])
    assert post(shared_server, body, db).status_code == 204
    assert [r["v"] for r in rows(shared_server, "cpu", db)] == ["1", "2"]


def test_client_writes_lines(client, shared_server, db):
    client.write.write_line_protocol(f"cpu,host=a v=1 {DAY_US * 1000}\ncpu,host=b v=2 {DAY_US * 1000 + 1}")
    assert shared_server.count("cpu", db) == 2


def test_client_writes_through_its_buffer(client, shared_server, db):
    with client.write.buffered(batch_size=100, flush_interval=60) as buffered:
        for i in range(250):
            buffered.write({"measurement": "cpu", "timestamp": DAY_US + i, "fields": {"v": float(i)}, "tags": {"host": f"h{i % 3}"}})
    assert shared_server.count("cpu", db) == 250


def test_client_learns_what_is_wrong(client):
    client.write.write_columnar("cpu", {"time": [DAY_US], "v": [1.5]})
    with pytest.raises(ArcIngestionError, match="type conflict"):
        client.write.write_columnar("cpu", {"time": [DAY_US], "v": ["text"]})


# ---- Telegraf's outputs.arc ---------------------------------------------------------------------------------------------
def test_telegraf_sends_one_measurement_or_several(shared_server, db):
    cpu = {"m": "cpu", "columns": {"time": [DAY_US // 1000, DAY_US // 1000 + 1], "host": ["a", None], "usage_idle": [98.5, 97.5]}}
    mem = {"m": "mem", "columns": {"time": [DAY_US // 1000], "host": ["a"], "used": [7]}}
    telegraf = {"Content-Encoding": "gzip", "x-api-key": "KEY", "User-Agent": "Telegraf/1.37.2"}
    assert post(shared_server, gzip.compress(msgpack.packb(cpu)), db, **telegraf).status_code == 204
    assert post(shared_server, gzip.compress(msgpack.packb([cpu, mem])), db, **telegraf).status_code == 204
    assert shared_server.count("cpu", db) == 4
    assert rows(shared_server, "mem", db) == [{"time": str(DAY_US * 1000), "host": "a", "used": "7"}]


# ---- forms ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("unit", [1, 1_000, 1_000_000, 1_000_000_000])
def test_the_unit_of_time_is_told_by_size(shared_server, db, unit):
    assert post(shared_server, {"m": "cpu", "columns": {"time": [1_633_024_800 * unit], "v": [1]}}, db).status_code == 204
    assert rows(shared_server, "cpu", db)[0]["time"] == "1633024800000000000"


def test_rows_without_time_get_the_time_of_arrival(shared_server, db):
    before = time.time_ns()
    assert post(shared_server, {"m": "cpu", "columns": {"v": [1, 2]}}, db).status_code == 204
    assert post(shared_server, {"m": "cpu", "h": "a", "fields": {"v": 3}}, db).status_code == 204
    times = [int(r["time"]) for r in rows(shared_server, "cpu", db)]
    assert len(times) == 3 and all(before <= t <= time.time_ns() for t in times)


@pytest.mark.parametrize("compress, headers", [
    (gzip.compress, {"Content-Encoding": "gzip"}), (gzip.compress, {}),
    (lambda b: pyarrow.compress(b, codec="zstd", asbytes=True), {"Content-Encoding": "zstd"}),
    (lambda b: pyarrow.compress(b, codec="zstd", asbytes=True), {}), (lambda b: b, {})])
def test_compressed_or_not(shared_server, db, compress, headers):
    body = msgpack.packb({"m": "cpu", "columns": {"time": [DAY_US + i for i in range(5000)], "v": [float(i) for i in range(5000)],
                                                  "host": [f"h{i % 7}" for i in range(5000)]}})
    answer = post(shared_server, compress(body), db, **headers)
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    assert shared_server.value("SELECT sum(v) FROM cpu", db) == 5000 * 4999 / 2


def test_without_a_header_rows_go_to_default(shared_server):
    assert shared_server.post("/api/v1/write/msgpack", msgpack.packb({"m": "nowhere", "columns": {"v": [1]}})).status_code == 204
    assert shared_server.count("nowhere", "default") == 1


def test_strings_are_tags_that_line_protocol_shares(shared_server, db):
    assert post(shared_server, {"m": "cpu", "columns": {"time": [DAY_US], "host": ["a"], "v": [1.5]}}, db).status_code == 204
    shared_server.write(f"cpu,host=a v=2.5 {DAY_US * 1000 + 1}", db)
    assert [(r["host"], r["v"]) for r in rows(shared_server, "cpu", db)] == [("a", 1.5), ("a", 2.5)]


def test_rows_are_there_after_a_kill(make_server):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="3600")
    assert post(server, {"m": "cpu", "columns": {"time": [DAY_US, DAY_US + 1], "host": ["a", None], "v": [1.5, None], "n": [None, 7],
                                                 "ok": [True, None]}}, "kept").status_code == 204
    before = rows(server, "cpu", "kept")
    server.kill()
    server.start()
    assert rows(server, "cpu", "kept") == before
    assert post(server, b"", "kept", path="/api/v1/write/flush").status_code == 200
    assert rows(server, "cpu", "kept") == before and server.committed_rows("kept", "cpu") == 2


# ---- refusals ------------------------------------------------------------------------------------------------------------
WRONG = [
    ({"m": "cpu", "columns": {"time": [1, 2], "v": [1]}}, "record 1: column 'v' has 1 values, column 'time' has 2"),
    ({"m": "cpu", "columns": {"time": [1], "v": [{"nested": 1}]}}, "column 'v' cannot hold a map in row 1"),
    ({"m": "cpu", "columns": {"time": [1], "v": [msgpack.ExtType(42, b"x")]}}, "an extension of type 42"),
    ({"m": "cpu", "columns": {"time": ["2021-09-30"], "v": [1]}}, "a time must be"),
    ([{"m": "cpu", "columns": {"time": [1], "v": [1]}}, {"columns": {}}], "record 2: key 'm' (the measurement) is missing"),
    (msgpack.packb({"m": "cpu", "columns": {"time": [1], "v": [1.5]}})[:-1], "the end of the body"),
    (b"\xdd\xff\xff\xff\xff", "the end of the body"),
    (b"cpu v=1", "expected a record"),
    (b"", "Empty payload"),
]


@pytest.mark.parametrize("value, message", WRONG)
def test_what_is_wrong_is_refused_whole(shared_server, db, value, message):
    answer = post(shared_server, value, db)
    assert answer.status_code == 400
    assert message in answer.json()["error"]
    assert {"database_name": db} not in shared_server.query("SHOW DATABASES")


def test_broken_compression_and_names(shared_server, db):
    assert post(shared_server, gzip.compress(b"x" * 100)[:-5], db).status_code == 400
    assert post(shared_server, b"x", db, **{"Content-Encoding": "br"}).status_code == 415
    assert post(shared_server, {"m": "cpu", "columns": {"v": [1]}}, "../etc").status_code == 400
    assert post(shared_server, {"m": "", "columns": {"v": [1]}}, db).status_code == 400


# ---- line protocol, flush, stats ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path, headers", [
    ("/api/v1/write?db={db}", {}), ("/api/v1/write", {"x-arc-database": "{db}"}), ("/api/v1/write?db=other", {"x-arc-database": "{db}"}),
    ("/api/v1/write/influxdb?org=o&bucket={db}", {}), ("/api/v1/write/line-protocol", {"x-arc-database": "{db}"})])
def test_line_protocol_endpoints(shared_server, db, path, headers):
    answer = shared_server.post(path.format(db=db), "cpu,host=a v=1 1000", headers={k: v.format(db=db) for k, v in headers.items()})
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    assert shared_server.count("cpu", db) == 1


def test_line_protocol_keeps_the_good_lines(shared_server, db):
    answer = shared_server.post("/api/v1/write/line-protocol", "cpu v=1 1\ngarbage\ncpu v=2 2", headers={"x-arc-database": db})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("partial write: unable to parse 'garbage'")
    assert (answer.json()["written"], answer.json()["refused"]) == (2, 1)
    assert shared_server.count("cpu", db) == 2
    assert shared_server.post("/api/v1/write/line-protocol?precision=fortnight", "cpu v=1 1").status_code == 400


def test_flush_stats_spec_and_health(server):
    assert post(server, {"m": "cpu", "columns": {"v": [1, 2]}}, "d").status_code == 204
    assert post(server, b"\xc1", "d").status_code == 400
    assert server.post("/api/v1/write?db=d", "cpu v=3i 1").status_code == 204
    for prefix in ("/api/v1/write", "/api/v1/write/line-protocol"):
        assert server.post(prefix + "/flush").json()["status"] == "success"
        assert server.get(prefix + "/health").json() == {"status": "healthy", "service": "line_protocol_writer"}
        stats = server.get(prefix + "/stats").json()
        assert stats["status"] == "success" and stats["stats"]["total_records"] == 1 and stats["stats"]["total_errors"] == 0
    assert server.committed_rows("d", "cpu") == 3
    stats = server.get("/api/v1/write/msgpack/stats").json()
    assert (stats["decoder"]["total_decoded"], stats["decoder"]["total_errors"]) == (2, 1)
    assert stats["buffer"]["total_records_written"] == 3
    spec = server.get("/api/v1/write/msgpack/spec").json()
    assert (spec["endpoint"], spec["content_type"]) == ("/api/v1/write/msgpack", "application/msgpack")


# ---- authentication -----------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def guarded(binary, tmp_path_factory):
    from gigapi_testing.server import Server
    server = Server(binary, tmp_path_factory.mktemp("guarded") / "root",
                    {"HTTP_BASIC_AUTH_USERNAME": "ann", "HTTP_BASIC_AUTH_PASSWORD": "s3cret"})
    server.start()
    yield server
    server.kill()


@pytest.mark.parametrize("headers", [
    {"Authorization": "Bearer s3cret"}, {"Authorization": "Token s3cret"}, {"x-api-key": "s3cret"}, {"X-API-Key": "ann:s3cret"},
    {"Authorization": "Token ann:s3cret"}, {"Authorization": "Basic YW5uOnMzY3JldA=="}])
def test_tokens(guarded, headers):
    body = msgpack.packb({"m": "cpu", "columns": {"v": [1]}})
    assert requests.post(guarded.url + "/api/v1/write/msgpack", body, headers=headers).status_code == 204


@pytest.mark.parametrize("headers, error", [
    ({}, "Authentication required"), ({"Authorization": "Bearer wrong"}, "Invalid or expired token"),
    ({"x-api-key": "ann"}, "Invalid or expired token"), ({"Authorization": "Token "}, "Invalid or expired token")])
def test_wrong_tokens(guarded, headers, error):
    answer = requests.post(guarded.url + "/api/v1/write/msgpack", b"\x80", headers=headers)
    assert (answer.status_code, answer.json()) == (401, {"error": error, "success": False})


def test_client_with_a_token(guarded):
    with ArcClient(host="127.0.0.1", port=guarded.port, token="s3cret", database="d") as client:
        client.write.write_columnar("cpu", {"time": [DAY_US], "v": [1.5]})
    with ArcClient(host="127.0.0.1", port=guarded.port, token="wrong", database="d") as client:
        with pytest.raises((ArcAuthenticationError, ArcError), match="Invalid or expired token"):
            client.write.write_columnar("cpu", {"time": [DAY_US], "v": [1.5]})
