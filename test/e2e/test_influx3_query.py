"""InfluxDB 3's /api/v3/query_sql and query_influxql: formats, parameters, errors."""
import io
import json

import duckdb
import pyarrow.parquet as pq
import pytest

ROWS = """\
home,room=Kitchen temp=21,co=0i 1641024000000000000
home,room=Bad\\ "x" temp=22.5 1641024000500000000
"""


@pytest.fixture(scope="module")
def influx(shared_server):
    shared_server.write(ROWS, "v3q")
    return shared_server


def get(server, q, **params):
    return server.get("/api/v3/query_sql", params={"db": "v3q", "q": q, **params})


def test_formats(influx):
    q = "SELECT time, room, temp, co FROM home ORDER BY time"
    answer = get(influx, q)
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
    first, second = {"time": "2022-01-01T08:00:00", "room": "Kitchen", "temp": 21.0, "co": 0}, {
        "time": "2022-01-01T08:00:00.5", "room": 'Bad "x"', "temp": 22.5}
    assert answer.json() == [first, second], "NULL has no key"
    lines = get(influx, q, format="jsonl")
    assert lines.headers["Content-Type"] == "application/jsonl"
    assert [json.loads(line) for line in lines.text.splitlines()] == [first, second]
    csv = get(influx, q, format="csv")
    assert csv.headers["Content-Type"].startswith("text/csv")
    assert csv.text.splitlines() == ["time,room,temp,co", "2022-01-01T08:00:00,Kitchen,21,0", '2022-01-01T08:00:00.5,"Bad ""x""",22.5,']
    parquet = get(influx, q, format="parquet")
    assert parquet.headers["Content-Type"] == "application/vnd.apache.parquet"
    assert pq.read_table(io.BytesIO(parquet.content)).column("co").to_pylist() == [0, None]
    assert get(influx, q, format="pretty").text == (
        '+-----------------------+---------+------+----+\n'
        '| time                  | room    | temp | co |\n'
        '+-----------------------+---------+------+----+\n'
        '| 2022-01-01T08:00:00   | Kitchen | 21   | 0  |\n'
        '| 2022-01-01T08:00:00.5 | Bad \\"x\\" | 22.5 |    |\n'.replace('\\"', '"') +
        '+-----------------------+---------+------+----+\n')
    assert get(influx, "SELECT * FROM home WHERE false").text == "[]"
    assert get(influx, "SELECT NULL AS a, NULL AS b").text == "[{}]"


def test_the_accept_header_chooses_where_no_format_is_named(influx):
    answer = influx.get("/api/v3/query_sql?db=v3q&q=SELECT+1+AS+n", headers={"Accept": "text/csv"})
    assert answer.text == "n\r\n1\r\n"


def test_parameters(influx):
    q = "SELECT temp FROM home WHERE room = $room AND temp > $low"
    assert get(influx, q, params=json.dumps({"room": "Kitchen", "low": 20})).json() == [{"temp": 21.0}]
    body = {"db": "v3q", "q": q, "params": {"room": "Kitchen", "low": 20.5}, "format": "jsonl"}
    answer = influx.post("/api/v3/query_sql", json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.text == '{"temp":21}\n'
    assert get(influx, q, params=json.dumps({"room": [1], "low": 1})).status_code == 400
    assert get(influx, q, params="[1]").status_code == 400


def test_errors(influx):
    for params, status, text in [({"q": "SELECT 1"}, 400, "'db'"), ({"db": "v3q"}, 400, "'q'"),
                                 ({"db": "nowhere", "q": "SELECT 1"}, 404, "database not found: nowhere"),
                                 ({"db": "v3q", "q": "SELEC 1"}, 400, "syntax error"),
                                 ({"db": "v3q", "q": "SELECT * FROM no_table"}, 400, "no_table"),
                                 ({"db": "v3q", "q": "SELECT 1", "format": "xml"}, 400, "unknown format 'xml'")]:
        answer = influx.get("/api/v3/query_sql", params=params)
        assert answer.status_code == status and text in answer.json()["error"], answer.text
    assert influx.post("/api/v3/query_sql", "no json").status_code == 400


def test_parquet_of_many_rows_is_read_by_duckdb_and_pyarrow(influx, tmp_path):
    sql = "SELECT range AS n, 'row ' || range AS t, range / 3 AS x, TIMESTAMP '2025-01-01' + to_seconds(range) AS moment FROM range(400000)"
    answer = influx.post("/query?db=v3q&format=parquet", json.dumps({"query": sql}), headers={"Content-Type": "application/json"})
    assert answer.headers["Content-Type"] == "application/vnd.apache.parquet"
    path = tmp_path / "rows.parquet"
    path.write_bytes(answer.content)
    file = pq.ParquetFile(path)
    assert file.metadata.num_rows == 400_000 and file.metadata.num_row_groups > 1
    assert duckdb.sql(f"SELECT count(*), sum(n), max(t), max(moment)::VARCHAR FROM '{path}'").fetchone() == (
        400_000, 79_999_800_000, "row 99999", "2025-01-05 15:06:39")
    refused = influx.post("/query?db=v3q&format=parquet", json.dumps({"query": "SELECT INTERVAL '1 month' AS i"}))
    assert refused.status_code == 400 and "Parquet" in refused.json()["error"]


def influxql(server, q, **params):
    return server.get("/api/v3/query_influxql", params={"db": "v3i", "q": q, **params})


@pytest.fixture(scope="module")
def series(shared_server):
    shared_server.write("cpu,host=a usage=1,n=1i 0\ncpu,host=b usage=3,n=2i 60000000000\nnet,host=a bytes=7i,up=true 0", "v3i")
    return shared_server


def test_influxql_gives_rows_of_one_table(series):
    answer = influxql(series, "SELECT usage, n FROM cpu WHERE host = 'b'")
    assert answer.status_code == 200 and answer.headers["Content-Type"] == "application/json"
    assert answer.json() == [{"iox::measurement": "cpu", "time": "1970-01-01T00:01:00", "usage": 3.0, "n": 2}]
    by_host = influxql(series, "SELECT mean(usage), count(n) FROM cpu GROUP BY host")
    assert by_host.json() == [
        {"iox::measurement": "cpu", "time": "1970-01-01T00:00:00", "host": host, "mean": mean, "count": 1}
        for host, mean in [("a", 1.0), ("b", 3.0)]]
    both = influxql(series, "SELECT * FROM cpu, net WHERE host = 'a'").json()
    assert [(row["iox::measurement"], row.get("usage"), row.get("bytes"), row.get("up")) for row in both] == [
        ("cpu", 1.0, None, None), ("net", None, 7, True)]
    assert influxql(series, "SELECT x FROM nowhere").json() == []


def test_influxql_in_every_format(series):
    q = "SELECT last(usage), n FROM cpu GROUP BY host"
    csv = influxql(series, q, format="csv")
    assert csv.text == ("iox::measurement,time,host,last,n\r\ncpu,1970-01-01T00:00:00,a,1,1\r\n"
                        "cpu,1970-01-01T00:01:00,b,3,2\r\n")
    lines = influxql(series, q, format="jsonl")
    assert [json.loads(line)["last"] for line in lines.text.splitlines()] == [1.0, 3.0]
    table = pq.read_table(io.BytesIO(influxql(series, q, format="parquet").content))
    assert [str(field.type) for field in table.schema] == ["string", "timestamp[ns]", "string", "double", "int64"]
    assert table.column("host").to_pylist() == ["a", "b"]
    assert influxql(series, q, format="pretty").text.splitlines()[3].startswith("| cpu")
    filled = influxql(series, "SELECT sum(n) FROM cpu WHERE time >= 0 AND time < 3m GROUP BY time(1m) fill(0)", format="csv")
    assert [line.split(",")[2] for line in filled.text.splitlines()] == ["sum", "1", "2", "0"]


def test_influxql_lists(series):
    assert {"iox::measurement": "measurements", "name": "cpu"} in influxql(series, "SHOW MEASUREMENTS").json()
    assert influxql(series, "SHOW TAG VALUES WITH KEY = host").json()[0] == {"iox::measurement": "cpu", "key": "host", "value": "a"}
    assert {"iox::measurement": "net", "fieldKey": "up", "fieldType": "boolean"} in influxql(series, "SHOW FIELD KEYS").json()
    databases = series.get("/api/v3/query_influxql", params={"q": "SHOW DATABASES"})
    assert {"iox::database": "v3i"} in databases.json()
    named = series.get("/api/v3/query_influxql", params={"q": "SELECT n FROM v3i.autogen.cpu LIMIT 1"})
    assert named.json() == [{"iox::measurement": "cpu", "time": "1970-01-01T00:00:00", "n": 1}]


def test_influxql_by_post_with_parameters(series):
    body = {"db": "v3i", "q": "SELECT n FROM cpu WHERE host = $host", "params": {"host": "b"}, "format": "csv"}
    answer = series.post("/api/v3/query_influxql", json.dumps(body), headers={"Content-Type": "application/json"})
    assert answer.text.splitlines()[1:] == ["cpu,1970-01-01T00:01:00,2"]


def test_influxql_refusals(series):
    for params, status, text in [({"q": "SELEC n"}, 400, "found SELEC"), ({"q": "DROP DATABASE v3i"}, 400, "DROP DATABASE v3i in a query"),
                                 ({"q": "SELECT n FROM cpu; SELECT n FROM cpu"}, 400, "one statement"), ({}, 400, "'q'"),
                                 ({"q": "SELECT holt_winters(mean(n), 1, 1) FROM cpu"}, 400, "holt_winters() is not supported"),
                                 ({"q": "SELECT n FROM cpu", "db": "nowhere"}, 404, "database not found: nowhere"),
                                 ({"q": "SELECT n FROM cpu", "db": ""}, 400, "database name required")]:
        answer = series.get("/api/v3/query_influxql", params={"db": "v3i", **params})
        assert answer.status_code == status and text in answer.json()["error"], answer.text


def test_influxql_of_many_rows_comes_in_pieces_and_is_listed_among_the_queries(series):
    series.write("\n".join(f"big,host=h{i % 3} v={i} {i}" for i in range(50_000)), "v3i")
    answer = influxql(series, "SELECT v FROM big", format="csv")
    rows = answer.text.splitlines()[1:]
    assert len(rows) == 50_000 and rows[-1].endswith(",49999")
    history = series.get("/api/v1/queries/history?limit=1").json()["queries"][0]
    assert history["sql"] == "SELECT v FROM big" and history["row_count"] == 50_000
