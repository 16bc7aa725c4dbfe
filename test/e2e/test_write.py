"""Writing: endpoints, encodings, precisions, and what the line protocol allows."""
import gzip
import time

import pyarrow
import pytest

LINE = "weather,location=us-midwest temperature=82 1465839830100400200"

ENDPOINTS = [
    "/write?db={db}", "/write?db={db}&precision=ns", "/{db}/write", "/gigapi/write/{db}", "/gigapi/write?db={db}",
    "/gigapi/insert?db={db}", "/gigapi/create?db={db}", "/api/v2/write?bucket={db}&org=o&precision=ns", "/api/v2/write?bucket={db}",
    "/api/v3/write_lp?db={db}&precision=nanosecond", "/api/v3/write_lp?db={db}&accept_partial=true&no_sync=false",
    "/api/v3/write_lp?db={db}&no_sync=true", "/write?db={db}&rp=autogen&consistency=all",
]


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_every_endpoint_takes_a_line(shared_server, db, endpoint):
    answer = shared_server.post(endpoint.format(db=db), LINE)
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    assert shared_server.query("SELECT * FROM weather", db) == [
        {"time": "1465839830100400200", "location": "us-midwest", "temperature": 82}]


@pytest.mark.parametrize("endpoint", ["/write", "/gigapi/write", "/gigapi/insert", "/gigapi/create"])
def test_without_a_name_rows_go_to_mydb(make_server, endpoint):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="3600")
    assert server.post(endpoint, LINE).status_code == 204
    assert server.count("weather", "mydb") == 1


def test_create_makes_a_database(shared_server, db):
    for _ in range(2):
        answer = shared_server.post(f"/gigapi/create?db={db}&table=weather")
        assert (answer.status_code, answer.content) == (204, b""), answer.text
    assert {"database_name": db} in shared_server.query("SHOW DATABASES")
    assert shared_server.query("SHOW TABLES", db) == []
    assert shared_server.post("/gigapi/create?db=a%2F..%2Fb").status_code == 400
    assert shared_server.post("/gigapi/create").status_code == 400


@pytest.mark.parametrize("content_type", [None, "text/plain", "text/plain; charset=utf-8", "application/octet-stream",
                                          "application/x-www-form-urlencoded"])
def test_content_types_of_real_clients(shared_server, db, content_type):
    headers = {"Content-Type": content_type} if content_type else {}
    assert shared_server.post(f"/write?db={db}", LINE, headers=headers).status_code == 204
    assert shared_server.count("weather", db) == 1


@pytest.mark.parametrize("encoding, compress", [
    ("gzip", gzip.compress), ("zstd", lambda b: pyarrow.compress(b, codec="zstd", asbytes=True)), ("identity", lambda b: b),
    ("GZIP", gzip.compress), ("gzip", lambda b: gzip.compress(b[:20]) + gzip.compress(b[20:]))])
def test_compressed_bodies(shared_server, db, encoding, compress):
    body = "\n".join(f"m,host=h{i % 7} v={i} {i}" for i in range(5000)).encode()
    answer = shared_server.post(f"/write?db={db}", compress(body), headers={"Content-Encoding": encoding})
    assert answer.status_code == 204, answer.text
    assert shared_server.count("m", db) == 5000


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
@pytest.mark.parametrize("damage", [lambda b: b[:-3], lambda b: b"not compressed at all", lambda b: b[:10] + b"\xff" * 10 + b[20:]])
def test_damaged_compression_is_refused(shared_server, db, encoding, damage):
    body = ("m v=1 1\n" * 100).encode()
    packed = gzip.compress(body) if encoding == "gzip" else pyarrow.compress(body, codec="zstd", asbytes=True)
    answer = shared_server.post(f"/write?db={db}", damage(packed), headers={"Content-Encoding": encoding})
    assert answer.status_code == 400, answer.text
    assert answer.json()


def test_unknown_encoding_is_refused(shared_server, db):
    answer = shared_server.post(f"/write?db={db}", LINE, headers={"Content-Encoding": "br"})
    assert answer.status_code in (400, 415), answer.text


def test_chunked_request_body(shared_server, db):
    pieces = (f"m v={i} {i}\n".encode() for i in range(1000))
    assert shared_server.post(f"/write?db={db}", pieces).status_code == 204
    assert shared_server.count("m", db) == 1000


PRECISIONS = {"ns": 1, "n": 1, "u": 10**3, "us": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9,
              "nanosecond": 1, "microsecond": 10**3, "millisecond": 10**6, "second": 10**9}


@pytest.mark.parametrize("precision, nanos", PRECISIONS.items())
@pytest.mark.parametrize("endpoint", ["/write?db={db}", "/api/v2/write?bucket={db}", "/api/v3/write_lp?db={db}"])
def test_precisions(shared_server, db, endpoint, precision, nanos):
    answer = shared_server.post(f"{endpoint.format(db=db)}&precision={precision}", "m v=1 7\nm v=2 -3\nm v=3 0")
    assert answer.status_code == 204, answer.text
    assert shared_server.query("SELECT time, v FROM m ORDER BY v", db) == [
        {"time": str(7 * nanos), "v": 1}, {"time": str(-3 * nanos), "v": 2}, {"time": "0", "v": 3}]


def test_precision_auto(shared_server, db):
    lines = "m v=1 1735689600\nm v=2 1735689600000\nm v=3 1735689600000000\nm v=4 1735689600000000000"
    assert shared_server.post(f"/api/v3/write_lp?db={db}&precision=auto", lines).status_code == 204
    assert shared_server.query("SELECT DISTINCT time FROM m", db) == [{"time": "1735689600000000000"}]


@pytest.mark.parametrize("precision", ["x", "nanos", "sec", "1", "NS "])
@pytest.mark.parametrize("endpoint", ["/write?db={db}", "/api/v2/write?bucket={db}", "/api/v3/write_lp?db={db}"])
def test_unknown_precision_is_refused(shared_server, db, endpoint, precision):
    answer = shared_server.post(f"{endpoint.format(db=db)}&precision={precision}", LINE)
    assert answer.status_code == 400
    assert "precision" in answer.text


def test_v2_and_v3_need_a_database(shared_server):
    for endpoint in ("/api/v2/write", "/api/v3/write_lp"):
        answer = shared_server.post(endpoint, LINE)
        assert answer.status_code == 400, answer.text
        assert answer.json()


@pytest.mark.parametrize("body", ["", "\n", "\n\n\r\n  \n", "# only a comment", "# a\n#b\n"])
def test_nothing_to_write(shared_server, db, body):
    assert shared_server.post(f"/write?db={db}", body).status_code == 204


def test_missing_timestamp_is_the_arrival(shared_server, db):
    before = time.time_ns()
    assert shared_server.post(f"/write?db={db}&precision=s", "m v=1\nm v=2").status_code == 204
    after = time.time_ns()
    times = {int(row["time"]) for row in shared_server.query("SELECT time FROM m", db)}
    assert all(before <= t <= after for t in times), (before, times, after)


# (line, the row's columns without time)
ACCEPTED = [
    (r"m v=1.5", {"v": 1.5}), ("m v=-1.5e-7", {"v": -1.5e-7}), ("m v=1E5", {"v": 1e5}), ("m v=+1", {"v": 1}), ("m v=.5", {"v": 0.5}),
    ("m v=5.", {"v": 5}), ("m v=42i", {"v": "42"}), ("m v=-9223372036854775808i", {"v": "-9223372036854775808"}),
    ("m v=18446744073709551615u", {"v": "18446744073709551615"}),
    *[(f"m v={t}", {"v": True}) for t in ("t", "T", "true", "True", "TRUE")],
    *[(f"m v={t}", {"v": False}) for t in ("f", "F", "false", "False", "FALSE")],
    ('m v="text"', {"v": "text"}), ('m v=""', {"v": ""}), (r'm v="a \"b\" \\ \n"', {"v": 'a "b" \\ \\n'}),
    ('m v="two\nlines"', {"v": "two\nlines"}), ('m v="a,b=c d"', {"v": "a,b=c d"}), ('m v="# no comment"', {"v": "# no comment"}),
    (r"m,t=a\ b v=1", {"t": "a b", "v": 1}), (r"m,t=a\,b v=1", {"t": "a,b", "v": 1}), (r"m,t=a\=b v=1", {"t": "a=b", "v": 1}),
    (r"m,t=a\b v=1", {"t": r"a\b", "v": 1}), (r"m,a\ b=c v=1", {"a b": "c", "v": 1}), (r"m a\ b=1", {"a b": 1}),
    (r"m a\,b=1,c\=d=2", {"a,b": 1, "c=d": 2}), ('m,t="quoted" v=1', {"t": '"quoted"', "v": 1}), ("m,t=ü v=1", {"t": "ü", "v": 1}),
    ("m,b=2,a=1 v=1", {"b": "2", "a": "1", "v": 1}), ("m a=1,b=2i,c=t,d=\"x\"", {"a": 1, "b": "2", "c": True, "d": "x"}),
]


@pytest.mark.parametrize("line, expected", ACCEPTED, ids=lambda v: v if isinstance(v, str) else "")
def test_line_protocol_accepted(shared_server, db, line, expected):
    answer = shared_server.post(f"/write?db={db}", line + " 1000")
    assert answer.status_code == 204, answer.text
    assert shared_server.query("SELECT * FROM m", db) == [{"time": "1000", **expected}]


@pytest.mark.parametrize("lines, rows", [
    ("m v=1 1\r\nm v=2 2\r\n", 2), ("\r\n\r\nm v=1 1\n\n", 1), ("# c\nm v=1 1\n # c\nm v=2 2", 2), ("m v=1 1\n", 1), ("m v=1 1", 1),
    ("m v=1 1 \n", 1), (" m v=1 1\n", 1), ('m s="a\r\nb" 1\r\nm v=1 2', 2), ("m\\,x v=1 1\nm\\ x v=1 1", 2)])
def test_line_ends_and_comments(shared_server, db, lines, rows):
    answer = shared_server.post(f"/write?db={db}", lines)
    assert answer.status_code == 204, answer.text
    tables = shared_server.query("SHOW TABLES", db)
    assert sum(shared_server.count(t["table_name"], db) for t in tables) == rows


REFUSED = ["garbage", "m", "m ", "m v", "m v=", "m =1", "m v=1 x", "m v=1 1.5", "m v=1 9223372036854775808", "m v=9223372036854775808i",
           "m v=18446744073709551616u", "m v=-1u", "m v=1x", "m v=tru", 'm v="open', "m,t v=1", "m,t= v=1", "m,=x v=1", ",t=x v=1",
           "m,t=a,t=b v=1", "m v=1,", "m v=1,,w=2", "m v=1 1 1", "m,t=x", "m v=0x10", "m v=1_0", "m v='x'", "m time=1", "m,time=x v=1",
           "m,x=1 x=2", " =1"]


@pytest.mark.parametrize("line", REFUSED)
def test_line_protocol_refused(shared_server, db, line):
    """The bad line is told by number, its neighbours are kept."""
    answer = shared_server.post(f"/write?db={db}", f"good v=1 1\n{line}\n")
    assert answer.status_code == 400, f"{answer.status_code} {answer.text}"
    assert answer.json()["error"]
    assert shared_server.count("good", db) == 1


def test_repeated_field_keeps_the_last(shared_server, db):
    assert shared_server.post(f"/write?db={db}", "m v=1,v=2 5").status_code == 204
    assert shared_server.query("SELECT * FROM m", db) == [{"time": "5", "v": 2}]


def test_rows_lie_in_the_hour_of_their_own_time(server):
    server.write("m v=1 0\nm v=2 1735689599999999999\nm v=3 1735689600000000000\nm v=4 -1")
    server.wait_flushed(4)
    hours = {str(folder.relative_to(server.root)) for folder in server.partitions()}
    assert hours == {"mydb/m/date=1970-01-01/hour=00", "mydb/m/date=2024-12-31/hour=23", "mydb/m/date=2025-01-01/hour=00",
                     "mydb/m/date=1969-12-31/hour=23"}


def test_a_row_is_visible_when_it_is_acknowledged(shared_server, db):
    for n in range(1, 51):
        shared_server.write(f"m v={n} {n}", db)
        assert shared_server.count("m", db) == n


def test_identical_rows_are_all_kept(shared_server, db):
    shared_server.write("m,t=a v=1 5\nm,t=a v=1 5", db)
    shared_server.write("m,t=a v=1 5", db)
    assert shared_server.count("m", db) == 3


def test_a_wide_row(shared_server, db):
    fields = ",".join(f"f{i}={i}" for i in range(900))
    shared_server.write(f"m {fields} 1", db)
    row = shared_server.query("SELECT * FROM m", db)[0]
    assert len(row) == 901 and row["f899"] == 899
