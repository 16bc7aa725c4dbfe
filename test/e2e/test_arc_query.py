"""Arc's query API: what its official client asks and needs back, and what its server answers besides."""
import io
import json
import threading
from datetime import datetime

import msgpack
import pyarrow as pa
import pytest
from arc_client import ArcClient
from arc_client.exceptions import ArcQueryError

from gigapi_testing.server import wait_until

ROWS = """\
cpu,host=a,region=eu usage=1.5,cores=4i 1735689600000000000
cpu,host=b usage=2.5,cores=8i,up=true 1735689601500000000
mem,host=a used=9223372036854775807i 1735689600000000000
"""


@pytest.fixture(scope="module")
def arc(shared_server):
    shared_server.write(ROWS, "arc")
    shared_server.write("disk v=1 1735689600000000000\n", "other")
    return shared_server


@pytest.fixture
def client(arc):
    with ArcClient(host="127.0.0.1", port=arc.port, token="any", database="arc") as client:
        yield client


def ask(server, path, body, database="arc", **headers):
    return server.post(f"/api/v1/query{path}", json.dumps(body),
                       headers={"Content-Type": "application/json", "x-arc-database": database, **headers})


def test_the_answer_has_arcs_keys_and_types(arc):
    answer = ask(arc, "", {"sql": "SELECT * FROM cpu ORDER BY time"})
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
    body = answer.json()
    assert list(body) == ["success", "columns", "data", "row_count", "execution_time_ms", "timestamp"]
    assert body["success"] is True and body["row_count"] == 2 and body["execution_time_ms"] >= 0
    assert body["columns"] == ["time", "host", "region", "usage", "cores", "up"]
    assert body["data"] == [["2025-01-01T00:00:00Z", "a", "eu", 1.5, 4, None],
                            ["2025-01-01T00:00:01.5Z", "b", None, 2.5, 8, True]]
    datetime.fromisoformat(body["timestamp"].replace("Z", "+00:00"))
    assert ask(arc, "", {"sql": "SELECT used, sum(used) s, [1, 2] l FROM mem GROUP BY 1"}).json()["data"] == [
        [9223372036854775807, "9223372036854775807", "[1,2]"]], "what JSON numbers may not hold is text, as Arc has it"


def test_query_is_another_name_for_sql_and_a_database_may_be_named_in_it(arc):
    assert ask(arc, "", {"query": "SELECT count(*) FROM cpu"}).json()["data"] == [[2]]
    assert ask(arc, "", {"sql": "SELECT count(*) FROM other.disk"}).json()["data"] == [[1]]


def test_failures(arc):
    bad = ask(arc, "", {"sql": "SELEC 1"})
    assert bad.status_code == 400
    body = bad.json()
    assert body.pop("error") and body.pop("timestamp") and body.pop("execution_time_ms") >= 0
    assert body == {"success": False, "columns": None, "data": None, "row_count": 0}
    assert ask(arc, "", {"sql": "DROP TABLE cpu"}).status_code == 400
    assert ask(arc, "", {"sql": ""}).json()["error"] == "SQL query is required"
    assert ask(arc, "", {"sql": 7}).status_code == 400
    assert arc.post("/api/v1/query", "not json").status_code == 400
    missing = ask(arc, "", {"sql": "SELECT * FROM nobody_wrote_this"}).json()
    assert (missing["success"], missing["columns"], missing["data"], missing["row_count"]) == (True, [], [], 0)
    assert ask(arc, "", {"sql": "SELECT no_column FROM cpu"}).status_code == 400


def test_show(arc):
    databases = ask(arc, "", {"sql": "SHOW DATABASES"}).json()
    assert databases["columns"] == ["database"] and ["arc"] in databases["data"]
    for sql in ("SHOW TABLES", "show measurements from arc;", "SHOW TABLES FROM \"arc\" -- all"):
        tables = ask(arc, "", {"sql": sql}).json()
        assert tables["columns"] == ["database", "table_name", "storage_path", "file_count", "total_size_mb"]
        assert [row[:2] for row in tables["data"]] == [["arc", "cpu"], ["arc", "mem"]]
    streamed = pa.ipc.open_stream(ask(arc, "/arrow", {"sql": "SHOW TABLES FROM other"}).content).read_all()
    assert streamed.column("table_name").to_pylist() == ["disk"]


def test_arrow(arc):
    for compression in ({}, {"x-arc-arrow-compression": "zstd"}, {"x-arc-arrow-compression": "lz4"}):
        answer = ask(arc, "/arrow", {"sql": "SELECT time, usage FROM cpu ORDER BY time"}, **compression)
        assert answer.headers["Content-Type"] == "application/vnd.apache.arrow.stream"
        table = pa.ipc.open_stream(answer.content).read_all()
        assert table.schema.field("time").type == pa.timestamp("ns") and table.column("usage").to_pylist() == [1.5, 2.5]
    assert ask(arc, "/arrow", {"sql": "SELECT 1"}, **{"x-arc-arrow-compression": "rar"}).status_code == 400
    bad = ask(arc, "/arrow", {"sql": "SELEC 1"})
    assert bad.status_code == 400 and bad.json()["success"] is False and "error" in bad.json()


def test_msgpack(arc):
    answer = ask(arc, "/msgpack", {"sql": "SELECT *, 1::FLOAT f, DATE '2025-01-02' d, 1.5::DECIMAL(9,2) n FROM cpu ORDER BY time"})
    assert answer.headers["Content-Type"] == "application/msgpack"
    body = msgpack.unpackb(answer.content, timestamp=3)
    assert list(body) == ["success", "columns", "types", "data", "row_count", "execution_time_ms", "timestamp"]
    assert body["types"] == ["timestamp[ns]", "utf8", "utf8", "float64", "int64", "bool", "float32", "date32", "string_encoded"]
    times, hosts, regions, usage, cores, up, floats, dates, decimals = body["data"]
    assert [t.timestamp() for t in times] == [1735689600.0, 1735689601.5] and (hosts, regions) == (["a", "b"], ["eu", None])
    assert (usage, cores, up, floats) == ([1.5, 2.5], [4, 8], [None, True], [1.0, 1.0])
    assert dates[0].date().isoformat() == "2025-01-02" and decimals == ["1.50", "1.50"]
    assert msgpack.unpackb(ask(arc, "/msgpack", {"sql": "SELECT * FROM cpu WHERE false"}).content)["data"] == [[]] * 6
    bad = ask(arc, "/msgpack", {"sql": "SELEC 1"})
    assert bad.status_code == 400 and msgpack.unpackb(bad.content)["success"] is False


def test_msgpack_of_many_rows_comes_in_pieces(arc):
    body = msgpack.unpackb(ask(arc, "/msgpack", {"sql": "SELECT range AS n, 'row ' || range AS t FROM range(300000)"}).content)
    assert body["row_count"] == 300_000 and body["data"][0] == list(range(300_000)) and body["data"][1][-1] == "row 299999"
    huge = ask(arc, "/msgpack", {"sql": "SELECT repeat('x', 1000) FROM range(1000000)"})
    assert huge.status_code == 413 and "limit" in msgpack.unpackb(huge.content)["error"]


def test_csv_stream(arc):
    answer = ask(arc, "/stream", {"sql": "SELECT time, host, usage FROM cpu ORDER BY time"})
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert answer.text == "time,host,usage\r\n2025-01-01T00:00:00Z,a,1.5\r\n2025-01-01T00:00:01.5Z,b,2.5\r\n"


def test_estimate(arc, client):
    assert client.query.estimate("SELECT * FROM cpu").estimated_rows == 2
    big = ask(arc, "/estimate", {"sql": "SELECT * FROM range(1234567);"}).json()
    assert (big["success"], big["estimated_rows"], big["warning_level"]) == (True, 1_234_567, "high")
    assert big["warning_message"].startswith("Large query: 1,234,567 rows.")
    bad = ask(arc, "/estimate", {"sql": "SELECT x FROM cpu"})
    assert bad.status_code == 200 and bad.json()["success"] is False and bad.json()["warning_level"] == "error"
    assert ask(arc, "/estimate", {}).status_code == 400


def test_one_measurement(arc):
    def get(query="", suffix=""):
        return arc.get(f"/api/v1/query/cpu{suffix}?database=arc{query}")

    assert [row[1] for row in get().json()["data"]] == ["b", "a"], "the newest first"
    assert get("&order_by=time asc&columns=host,usage").json()["data"] == [["a", 1.5], ["b", 2.5]]
    assert get("&where=usage > 2 -- big&columns=host").json()["data"] == [["b"]]
    assert get("&start_time=2025-01-01T00:00:01Z&columns=host").json()["data"] == [["b"]]
    assert get("&end_time=1735689600000000000&columns=host").json()["data"] == [["a"]]
    assert get("&limit=1&offset=1&columns=host").json()["data"] == [["a"]]
    assert get("&columns=host", "/csv").text == "host\r\nb\r\na\r\n"
    for wrong in ("&limit=-1", "&limit=x", "&offset=-1", "&where=1) FROM cpu; SELECT (1", "&order_by=,"):
        answer = get(wrong)
        assert answer.status_code == 400 and answer.json()["success"] is False, wrong


def test_measurements_and_databases(arc, client):
    listed = arc.get("/api/v1/measurements?database=arc").json()
    assert listed["success"] and [m["measurement"] for m in listed["measurements"]] == ["cpu", "mem"] and listed["count"] == 2
    assert {m.measurement for m in client.query.list_measurements()} >= {"cpu", "mem", "disk"}
    assert "arc" in client.query.list_databases()

    created = arc.post("/api/v1/databases", json.dumps({"name": "new_one"}))
    assert created.status_code == 201 and created.json()["name"] == "new_one" and created.json()["created_at"]
    assert arc.post("/api/v1/databases", json.dumps({"name": "new_one"})).status_code == 409
    assert arc.post("/api/v1/databases", json.dumps({"name": "../x"})).status_code == 400
    assert {"name": "arc", "measurement_count": 2} in arc.get("/api/v1/databases").json()["databases"]
    assert arc.get("/api/v1/databases/arc").json() == {"name": "arc", "measurement_count": 2}
    assert [m["name"] for m in arc.get("/api/v1/databases/arc/measurements").json()["measurements"]] == ["cpu", "mem"]
    assert arc.get("/api/v1/databases/nowhere").status_code == 404
    assert arc.request("DELETE", "/api/v1/databases/new_one").status_code == 400, "unless it is confirmed"
    assert "deleted" in arc.request("DELETE", "/api/v1/databases/new_one?confirm=true").json()["message"]
    assert arc.request("DELETE", "/api/v1/databases/new_one?confirm=true").status_code == 404


def test_the_official_client(client):
    answer = client.query.query("SELECT host, usage FROM cpu ORDER BY host")
    assert answer.columns == ["host", "usage"] and answer.data == [["a", 1.5], ["b", 2.5]]
    assert client.query.query_arrow("SELECT usage FROM cpu ORDER BY host").column("usage").to_pylist() == [1.5, 2.5]
    with pytest.raises(ArcQueryError, match="Referenced column"):
        client.query.query("SELECT nothing FROM cpu")
    with pytest.raises(ArcQueryError):
        client.query.query_arrow("SELECT nothing FROM cpu")


def test_running_queries_are_seen_and_cancelled(arc):
    endless = "SELECT count(*) FROM range(100000000000) a, range(1000) b"
    answers = []
    thread = threading.Thread(target=lambda: answers.append(ask(arc, "", {"sql": endless})))
    thread.start()

    def running():
        return [q for q in arc.get("/api/v1/queries/active").json()["queries"] if q["sql"] == endless]

    (query,) = wait_until(running, "the query is listed")
    assert query["status"] == "running" and query["database"] == "arc"
    path = f"/api/v1/queries/{query['id']}"
    assert arc.get(path).json()["query"]["sql"] == endless
    assert arc.request("DELETE", path).json() == {"success": True, "message": "Query cancelled"}
    thread.join(30)
    assert answers[0].status_code == 499 and "cancelled" in answers[0].json()["error"]
    assert not running()
    assert arc.get(path).json()["query"]["status"] == "cancelled"
    assert arc.request("DELETE", path).status_code == 409
    assert arc.request("DELETE", "/api/v1/queries/none").status_code == 404

    ask(arc, "", {"sql": "SELECT 1 AS the_last_one"})
    assert ask(arc, "", {"sql": "SELECT wrong"}).status_code == 400
    failed, last = arc.get("/api/v1/queries/history?limit=2").json()["queries"]
    assert failed["status"] == "failed" and failed["error"]
    assert last["sql"] == "SELECT 1 AS the_last_one" and last["status"] == "completed" and last["row_count"] == 1


def test_arrow_with_dictionaries(arc):
    arc.write("\n".join(f"dict,host=h{i % 5},id=i{i} v={i}i {i}" for i in range(20_000)), "arcdict")

    def ask(**headers):
        answer = arc.post("/api/v1/query/arrow", json.dumps({"sql": "SELECT host, id, v FROM dict ORDER BY v"}),
                          headers={"x-arc-database": "arcdict", **headers})
        assert answer.status_code == 200, answer.text
        return answer.content, pa.ipc.open_stream(answer.content).read_all()

    plain_bytes, plain = ask()
    small_bytes, small = ask(**{"x-arc-arrow-dictionary": "true"})
    assert [str(field.type) for field in small.schema] == ["dictionary<values=string, indices=int32, ordered=0>", "string", "int64"]
    assert small.column("host").to_pylist() == plain.column("host").to_pylist() and small.drop(["host"]) == plain.drop(["host"])
    assert len(small_bytes) < len(plain_bytes)
    none = arc.post("/api/v1/query/arrow", json.dumps({"sql": "SELECT host FROM dict WHERE v < 0"}),
                    headers={"x-arc-database": "arcdict", "x-arc-arrow-dictionary": "1"})
    assert pa.ipc.open_stream(none.content).read_all().num_rows == 0


def test_answers_name_the_query(arc):
    for path in ("query", "query/arrow", "query/msgpack", "query/stream"):
        answer = arc.post(f"/api/v1/{path}", json.dumps({"sql": "SELECT 42 AS answer"}))
        record = arc.get(f"/api/v1/queries/{answer.headers['X-Arc-Query-ID']}").json()["query"]
        assert (record["sql"], record["status"]) == ("SELECT 42 AS answer", "completed")


def test_short_answers_say_how_many_rows_they_have(arc):
    def headers(sql):
        return arc.post("/api/v1/query/stream", json.dumps({"sql": sql})).headers

    short = headers("SELECT range FROM range(1000)")
    assert short["X-Row-Count"] == "1000" and float(short["X-Execution-Time-Ms"]) > 0
    assert headers("SELECT 1 WHERE false")["X-Row-Count"] == "0"
    assert "X-Row-Count" not in headers("SELECT range FROM range(200000)"), "sent before the last row is known"
