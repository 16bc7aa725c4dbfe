"""Arc's import endpoints: uploads and plain bodies, in every format, with what is wrong told by its line."""
import gzip
import io
import re
import socket
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import requests

from gigapi_testing.server import wait_until

SECOND = 1_000_000_000
CSV = "time,host,usage\n2021-09-30T18:00:00Z,a,1.5\n2021-09-30T19:00:01Z,b,2\n"
LINES = "cpu,host=a usage=1.5 1000000000\nmem,host=b free=2i 2000000000\ncpu,host=b usage=3 3000000000\n"


def table(rows=10):
    return pa.table({"at": pa.array([i * SECOND for i in range(rows)], pa.timestamp("ns")),
                     "host": pa.array(["h" + str(i % 3) for i in range(rows)]), "v": pa.array(range(rows), pa.int64())})


def parquet(rows=10, **options):
    out = io.BytesIO()
    pq.write_table(table(rows), out, **options)
    return out.getvalue()


def imported(server, target, **what):
    """Posts as Arc's documents have it: a form with the field `file`, or `data` as the body."""
    return requests.post(f"{server.url}/api/v1/import/{target}", timeout=60, **what)


def upload(body, name="x"):
    return {"files": {"file": (name, body)}}


@pytest.mark.parametrize("how", [upload, lambda body: {"data": body}], ids=["upload", "body"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_csv(shared_server, db, how, pack):
    answer = imported(shared_server, "csv?measurement=t", headers={"x-arc-database": db}, **how(pack(CSV.encode())))
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["result"].pop("duration_ms") >= 0
    assert told == {"status": "ok", "result": {
        "database": db, "measurement": "t", "measurements": ["t"], "rows_imported": 2, "partitions_created": 2,
        "time_range_min": "2021-09-30T18:00:00Z", "time_range_max": "2021-09-30T19:00:01Z",
        "columns": ["time", "host", "usage"], "rows_refused": 0, "refused": []}}
    assert shared_server.count("t", db) == 2


def test_csv_parameters(shared_server, db):
    text = "made by hand\n\nat;x\n7;1\n8;2\n"
    answer = imported(shared_server, f"csv?db={db}&measurement=t&time_column=at&time_format=epoch_ms&delimiter=;&skip_rows=1",
                      **upload(text))
    assert answer.status_code == 200, answer.text
    assert shared_server.query("SELECT * FROM t ORDER BY time", db) == [{"time": "7000000", "x": 1}, {"time": "8000000", "x": 2}]


def test_lines(shared_server, db):
    answer = imported(shared_server, f"lp?db={db}", **upload(LINES))
    assert answer.status_code == 200, answer.text
    result = answer.json()["result"]
    assert (result["measurements"], result["rows_imported"], result["precision"]) == (["cpu", "mem"], 3, "ns")
    assert shared_server.count("cpu", db) == 2


def test_lines_of_one_measurement_in_seconds(shared_server, db):
    answer = imported(shared_server, f"lp?db={db}&measurement=mem&precision=s", data="cpu v=1 1\nmem v=2 2\n")
    assert answer.json()["result"]["measurements"] == ["mem"]
    assert shared_server.query("SELECT * FROM mem", db) == [{"time": str(2 * SECOND), "v": 2}]
    none = imported(shared_server, f"lp?db={db}&measurement=disk", data="cpu v=1 1\n")
    assert (none.status_code, none.json()["error"]) == (400, 'no records found for measurement "disk"')


@pytest.mark.parametrize("options", [{}, {"row_group_size": 1000}, {"compression": "zstd"}, {"use_dictionary": False}])
def test_parquet(shared_server, db, options):
    answer = imported(shared_server, f"parquet?db={db}&measurement=t&time_column=at", **upload(parquet(200_000, **options)))
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["rows_imported"] == 200_000
    assert shared_server.query("SELECT count(*) n, sum(v) s, max(time) t FROM t", db) == [
        {"n": "200000", "s": str(199_999 * 100_000), "t": str(199_999 * SECOND)}]


@pytest.mark.parametrize("kind", [pa.ipc.new_stream, pa.ipc.new_file])
def test_arrow(shared_server, db, kind):
    out = io.BytesIO()
    with kind(out, table().schema) as writer:
        writer.write_table(table(100_000), max_chunksize=30_000)
    answer = imported(shared_server, f"arrow?db={db}&measurement=t&time_column=at", data=out.getvalue())
    assert answer.status_code == 200, answer.text
    assert shared_server.count("t", db) == 100_000


@pytest.mark.parametrize("form, body", [
    ("ndjson", '{"time":1,"v":1}\n{"time":2,"v":2}'), ("json", '[{"time":1,"v":1},\n {"time":2,"v":2}]\n')])
def test_json(shared_server, db, form, body):
    answer = imported(shared_server, f"{form}?db={db}&measurement=t", data=body)
    assert answer.status_code == 200, answer.text
    assert shared_server.count("t", db) == 2


def test_bad_lines_are_told_and_the_others_kept(shared_server, db):
    lines = [f"t v={i} {i}" for i in range(400_000)]
    lines[299_999] = "t v= 1"
    lines[399_999] = "garbage"
    answer = imported(shared_server, f"lp?db={db}", data="\n".join(lines))
    assert answer.status_code == 200
    assert answer.json()["status"] == "partial"
    result = answer.json()["result"]
    assert (result["rows_imported"], result["rows_refused"]) == (399_998, 2)
    assert [(line["line"], line["original"]) for line in result["refused"]] == [(300_000, "t v= 1"), (400_000, "garbage")]
    assert shared_server.count("t", db) == 399_998


def test_lines_of_csv_are_those_of_the_file(shared_server, db):
    records = [f'{i},"{"x" * 20}\n{i}"' for i in range(200_000)]
    records[150_000] = "1,2,3"
    text = "a comment\n\ntime,s\n" + "\n".join(records) + "\n"
    answer = imported(shared_server, f"csv?db={db}&measurement=t&skip_rows=1&delimiter=,", data=text)
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["refused"] == [
        {"line": 4 + 2 * 150_000, "reason": "3 fields, the header has 2", "original": "1,2,3"}]
    assert shared_server.count("t", db) == 199_999


def test_an_array_of_many_objects(shared_server, db):
    body = "[" + ",\n".join(f'{{"time":{i},"s":"],[{i}"}}' for i in range(400_000)) + "]"
    answer = imported(shared_server, f"json?db={db}&measurement=t", data=body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["rows_imported"] == 400_000
    assert shared_server.count("t", db) == 400_000


ANNOTATED = """#group,false,false,false,false,true,true,true
#datatype,string,long,dateTime:RFC3339,double,string,string,string
#default,_result,,,,,,
,result,table,_time,_value,_field,_measurement,host
,,0,1970-01-01T00:00:01Z,1.5,usage,cpu,a

#group,false,false,false,false,true,true,true
#datatype,string,long,dateTime:RFC3339,long,string,string,string
#default,_result,,,,,,
,result,table,_time,_value,_field,_measurement,host
,,1,1970-01-01T00:00:01Z,7,count,cpu,a
"""


@pytest.mark.parametrize("path, headers", [("/api/v1/import/annotated_csv?db={db}", {}), ("/write?db={db}&format=annotated_csv", {}),
    ("/api/v2/write?bucket={db}", {"Content-Type": "application/vnd.influx.annotated-csv"})])
def test_annotated_csv(shared_server, db, path, headers):
    answer = shared_server.post(path.format(db=db), ANNOTATED, headers=headers)
    assert answer.status_code in (200, 204), answer.text
    assert shared_server.query("SELECT * FROM cpu", db) == [{"time": str(SECOND), "host": "a", "usage": 1.5, "count": "7"}]


def test_tables_that_are_larger_than_a_piece(shared_server, db):
    head = ANNOTATED.split("\n,,")[0] + "\n"
    tables = [head.replace("double", kind) + "".join(f",,0,1970-01-01T00:00:00.{i:09d}Z,{i},{field},cpu,h{i % 9}\n" for i in range(80_000))
              for kind, field in (("double", "a"), ("long", "b"))]
    answer = imported(shared_server, f"annotated_csv?db={db}", data="\n".join(tables))
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["rows_refused"] == 0
    assert shared_server.query("SELECT sum(a) a, sum(b) b FROM cpu", db) == [
        {"a": 79_999 * 40_000, "b": str(79_999 * 40_000)}]


@pytest.mark.parametrize("target, what, status, error", [
    ("csv?measurement=t", upload(CSV), 400, "database is required (set x-arc-database header or db query param)"),
    ("csv?db=x", upload(CSV), 400, "measurement query parameter is required"),
    ("csv?db=x&measurement=t", {"files": {"other": CSV}}, 400, "no file uploaded: use multipart/form-data with field name 'file'"),
    ("csv?db=x&measurement=t&time_column=at", upload(CSV), 400, 'time column "at" not found in file; available columns: time, host'),
    ("csv?db=x&measurement=t", upload(""), 400, "file is empty"),
    ("csv?db=x&measurement=t", upload("time,a\n"), 400, "file contains no rows"),
    ("csv?db=x&measurement=t&skip_rows=-1", upload(CSV), 400, "skip_rows"),
    ("csv?db=x&measurement=t&time_format=epoch", upload(CSV), 400, "unsupported time_format"),
    ("csv?db=../x&measurement=t", upload(CSV), 400, "database"),
    ("lp?db=x&precision=fortnight", upload(LINES), 400, "precision"),
    ("lp?db=x", upload("garbage"), 400, "line 1"),
    ("parquet?db=x&measurement=t", upload("not parquet at all"), 400, "not a Parquet file"),
    ("parquet?db=x&measurement=t", upload(parquet()), 400, 'time column "time" not found'),
    ("tle?db=x", upload("x"), 400, "unknown format"),
    ("lp?db=x", {"data": b"\x1f\x8bnot gzip"}, 400, "not valid gzip"),
    ("lp?db=x", {"data": gzip.compress(LINES.encode())[:-9]}, 400, "not valid gzip"),
    ("lp?db=x", {"data": LINES, "headers": {"Content-Encoding": "br"}}, 415, "unknown Content-Encoding"),
])
def test_refusals(shared_server, target, what, status, error):
    answer = imported(shared_server, target, **what)
    assert answer.status_code == status, answer.text
    assert error in answer.json()["error"]


def test_stats(make_server):
    server = make_server()
    imported(server, "lp?db=x", **upload(LINES))
    imported(server, "lp", **upload(LINES))
    answer = requests.get(f"{server.url}/api/v1/import/stats", timeout=10).json()
    assert answer == {"status": "success", "stats": {"total_requests": 2, "total_records": 3, "total_errors": 1}}


def test_rows_are_counted_as_those_of_other_writes(make_server):
    server = make_server()
    server.write("m v=1 1")
    server.post("/api/v1/import/lp?db=d", "m v=1 1\nm v=2 2\ngarbage\n")
    metrics = server.metrics()
    assert (metrics["gigapi_write_rows_total"], metrics["gigapi_write_rows_refused_total"]) == (3, 1)


@pytest.mark.parametrize("delimiter", [",", "^", ";", "|"])
def test_quoted_newlines_of_a_large_csv_stay_whole(shared_server, db, delimiter):
    """Whatever the delimiter is; other delimiters before a quote are text."""
    other = ";" if delimiter == "," else ","
    rows = [f'{i}{delimiter}"line {i}\nnext {delimiter}""quoted"""{delimiter}x{other}"y' for i in range(150_000)]
    body = delimiter.join(["time", "s", "t"]) + "\n" + "\n".join(rows) + "\n"
    answer = shared_server.post("/api/v1/import/csv", body, params={"db": db, "measurement": "m", "delimiter": delimiter})
    assert answer.status_code == 200 and answer.json()["result"]["rows_refused"] == 0, answer.text[:500]
    assert shared_server.query("SELECT count(*) AS n, count(DISTINCT s) AS d, min(length(s)) AS a, max(length(s)) AS b, "
                               "count(DISTINCT t) AS t FROM m", db) == [
        {"n": "150000", "d": "150000", "a": "21", "b": "26", "t": "1"}]


def test_needs_credentials(make_server):
    server = make_server(HTTP_BASIC_AUTH_USERNAME="u", HTTP_BASIC_AUTH_PASSWORD="p")
    assert imported(server, "lp?db=x", **upload(LINES)).status_code == 401
    assert imported(server, "lp?db=x", headers={"Authorization": "Bearer p"}, **upload(LINES)).status_code == 200


def test_limits(make_server):
    server = make_server(GIGAPI_IMPORT_BYTES_MAX="1MB", GIGAPI_IMPORT_SPOOL_BYTES_MAX="10KB")
    lines = "".join(f"t v={i} {i}\n" for i in range(200_000)).encode()
    assert imported(server, "lp?db=x", data=lines).status_code == 413
    assert imported(server, "lp?db=x", data=gzip.compress(lines)).status_code == 413, "decompressed"
    answer = imported(server, "parquet?db=x&measurement=t&time_column=at", data=parquet(10_000))
    assert answer.status_code == 413
    assert not list((server.root / ".gigapi" / "import").iterdir())


def databases(server):
    return [row["database_name"] for row in server.query("SHOW DATABASES")]


def peak_memory_bytes(server):
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024


def test_a_client_that_goes_away_leaves_a_prefix(make_server):
    server = make_server()
    lines = "".join(f"t v={i} {i}\n" for i in range(600_000)).encode()
    with socket.create_connection(("127.0.0.1", server.port)) as client:
        client.sendall(b"POST /api/v1/import/lp?db=x HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (len(lines) * 2))
        client.sendall(lines)
    wait_until(lambda: server.metrics()["gigapi_http_refused_total{reason=\"incomplete_body\"}"] == 1, "the body is given up")
    wait_until(lambda: "x" in databases(server), "rows are kept")
    n, low, high = (int(v) for v in server.query("SELECT count(*) n, min(v)::BIGINT l, max(v)::BIGINT h FROM t", "x")[0].values())
    assert low == 0 and high == n - 1, "the first rows, none left out"


def test_memory_does_not_grow_with_the_body(make_server):
    """300 MB of lines through a server whose own memory limits are a tenth of that."""
    server = make_server(GIGAPI_BUFFER_BYTES_MAX="24MB", GIGAPI_FLUSH_PARTITION_BYTES="8MB", GIGAPI_SAVE_TIMEOUT_S="1")
    piece = "".join(f"cpu,host=h{i % 50},region=r{i % 5} usage={i}.5,idle={i},note=\"n{i % 7}\" {i}000000\n"
                    for i in range(50_000)).encode()
    pieces = 300_000_000 // len(piece)
    assert imported(server, "lp?db=x", data=piece).status_code == 200
    before = peak_memory_bytes(server)
    answer = imported(server, "lp?db=x", data=(piece for _ in range(pieces)))
    assert answer.status_code == 200, answer.text
    assert answer.json()["result"]["rows_imported"] == pieces * 50_000
    assert peak_memory_bytes(server) - before < 150_000_000


@pytest.mark.parametrize("text", ["time,a,a\n1,2,3\n", "time,v\n1,x,y\n"], ids=["header", "row"])
def test_no_refused_line_may_be_shown(shared_server, db, text):
    answer = imported(shared_server, f"csv?db={db}&measurement=t&refused_max=0", data=text)
    assert (answer.status_code, answer.json()["rows_refused"], answer.json()["refused"]) == (400, 1, [])
    assert shared_server.query("SELECT 1 AS up", db) == [{"up": 1}]


def test_json_lines_longer_than_a_piece_are_all_kept(shared_server, db):
    lines = "".join(f'{{"time":{i},"v":{i},"pad":"{"x" * 100}"}}\n' for i in range(100_000))
    answer = imported(shared_server, f"json?db={db}&measurement=t", data=lines)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["result"]["rows_imported"], answer.json()["result"]["rows_refused"]) == (100_000, 0)


def test_elements_of_a_json_array_are_told_by_their_numbers(shared_server, db):
    elements = [f'{{"time":{i},"v":{i},"pad":"{"x" * 100}"}}' for i in range(100_000)]
    elements[89_999] = "7"
    answer = imported(shared_server, f"json?db={db}&measurement=t", data="[" + ",".join(elements) + "]")
    assert answer.status_code == 200, answer.text
    assert [line["line"] for line in answer.json()["result"]["refused"]] == [90_000]


@pytest.mark.parametrize("wrong", ['{"time":1,"v":tru}', '{"time":1,"v":"\\x"}'])
def test_a_broken_json_array_ends_the_import(shared_server, db, wrong):
    elements = [f'{{"time":{i},"v":{i},"pad":"{"x" * 100}"}}' for i in range(100_000)]
    elements[59_999] = wrong
    answer = imported(shared_server, f"json?db={db}&measurement=t&allow_empty=true", data="[" + ",".join(elements) + "]")
    assert answer.status_code == 400 and "line 60000: " in answer.json()["error"], answer.text
    kept = answer.json()["rows_imported"]
    assert 0 < kept < 59_999 and shared_server.count("t", db) == kept


def test_a_batch_that_does_not_fit_ends_the_import(shared_server, db):
    assert shared_server.post(f"/write?db={db}", 't host="text" 1').status_code == 204
    wrong = pa.table({"time": pa.array(range(200_000), pa.timestamp("ns")),
                      "host": pa.array([None] * 150_000 + [1] * 50_000, pa.int64()), "v": pa.array(range(200_000), pa.int64())})
    out = io.BytesIO()
    pq.write_table(wrong, out)
    answer = imported(shared_server, f"parquet?db={db}&measurement=t&allow_empty=true", data=out.getvalue())
    assert answer.status_code == 400 and "host" in answer.json()["error"], answer.text
    assert answer.json()["rows_imported"] == 2 * 65_536
    assert shared_server.query("SELECT count(*) n FROM t WHERE v IS NOT NULL", db) == [{"n": str(2 * 65_536)}]


def test_an_answer_of_influxdb_that_broke_off_is_no_whole_one(shared_server, db):
    text = (",result,table,_time,_value,_field,_measurement\n,_result,0,1970-01-01T00:00:01Z,1,v,t\n\n"
            "#datatype,string,string\n,error,reference\n,timeout,897\n")
    answer = imported(shared_server, f"annotated_csv?db={db}&allow_empty=true", data=text)
    assert answer.status_code == 400 and answer.json()["error"] == "line 6: the file holds an error: timeout", answer.text
    assert answer.json()["rows_imported"] == 0
