"""Writing JSON: an object a line, an array, one object; by Content-Type or ?format=, at every write endpoint."""
import gzip
import json

import pytest

ROWS = [{"time": "2021-09-30T18:00:00Z", "host": "a", "cpu": {"user": 1.5}, "ok": True},
        {"time": 1633024801, "host": "b", "cpu": {"user": 2, "system": 3}, "ok": None}]
NDJSON = "\n".join(json.dumps(row) for row in ROWS)
WANTED = [{"time": "1633024800000000000", "host": "a", "cpu.user": 1.5, "ok": True, "cpu.system": None},
          {"time": "1633024801000000000", "host": "b", "cpu.user": 2, "ok": None, "cpu.system": 3}]


def rows(server, table, db):
    return server.query(f"SELECT * FROM {table} ORDER BY time", db)


@pytest.mark.parametrize("path", ["/write?db={db}&table=t", "/{db}/write?table=t", "/gigapi/write/{db}?measurement=t",
                                  "/api/v2/write?bucket={db}&table=t", "/api/v3/write_lp?db={db}&table=t"])
@pytest.mark.parametrize("content_type, body", [("application/json", json.dumps(ROWS)), ("application/x-ndjson", NDJSON)])
def test_every_endpoint(shared_server, db, path, content_type, body):
    answer = shared_server.post(path.format(db=db), body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    assert rows(shared_server, "t", db) == WANTED


@pytest.mark.parametrize("form", ["json", "ndjson", "jsonl"])
def test_format_wins_over_content_type(shared_server, db, form):
    answer = shared_server.post(f"/write?db={db}&table=t&format={form}", gzip.compress(NDJSON.encode()), headers={"Content-Type": "text/plain"})
    assert answer.status_code == 204, answer.text
    assert rows(shared_server, "t", db) == WANTED


def test_an_unknown_format_is_refused(shared_server, db):
    answer = shared_server.post(f"/write?db={db}&format=cobol", "x")
    assert answer.status_code == 400 and "cobol" in answer.json()["error"]


def test_rows_name_their_tables(shared_server, db):
    body = '{"measurement": "cpu", "v": 1, "timestamp": 5}\n{"measurement": "mem", "v": 2, "timestamp": 6}'
    assert shared_server.post(f"/write?db={db}&format=ndjson", body).status_code == 204
    assert rows(shared_server, "cpu", db) == [{"time": "5000000000", "v": 1}]
    assert rows(shared_server, "mem", db) == [{"time": "6000000000", "v": 2}]


def test_time_column_tags_and_precision(shared_server, db):
    body = '{"at": 5, "host": "a", "note": "b"}'
    answer = shared_server.post(f"/write?db={db}&table=t&format=json&time_column=at&tags=host&precision=ms", body)
    assert answer.status_code == 204, answer.text
    shared_server.write("t,host=a note=\"c\" 6000000", db)  # line protocol agrees about what is a tag
    assert rows(shared_server, "t", db) == [{"time": "5000000", "host": "a", "note": "b"}, {"time": "6000000", "host": "a", "note": "c"}]


def test_good_lines_are_kept(shared_server, db):
    answer = shared_server.post(f"/write?db={db}&table=t&format=ndjson", '{"v": 1}\nnot json\n{"v": 2}')
    assert answer.status_code == 400
    assert answer.json()["lines"][0]["line_number"] == 2
    assert (answer.json()["written"], answer.json()["dropped"]) == (2, 1)
    assert shared_server.count("t", db) == 2
