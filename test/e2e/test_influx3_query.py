"""InfluxDB 3's /api/v3/query_sql: formats, parameters, errors."""
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
