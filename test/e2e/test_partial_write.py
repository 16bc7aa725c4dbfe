"""Lines that do not fit: which are kept, and how each dialect of InfluxDB says it."""
import json
import threading

import pytest
import requests

MIXED = "m v=1 1\nbad line here\nm v=2 2\nm v=\"text\" 3\n"


def test_v1_form(shared_server, db):
    answer = shared_server.post(f"/write?db={db}", MIXED)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error.startswith("partial write") and "dropped=2" in error, error
    assert shared_server.count("m", db) == 2


def test_v1_nothing_kept(shared_server, db):
    answer = shared_server.post(f"/write?db={db}", "garbage")
    assert answer.status_code == 400
    assert "unable to parse 'garbage'" in answer.json()["error"]


def test_v2_form(shared_server, db):
    answer = shared_server.post(f"/api/v2/write?bucket={db}", MIXED)
    assert answer.status_code == 400
    body = answer.json()
    assert body["code"] == "invalid" and body["message"], body
    assert shared_server.count("m", db) == 2


def test_v3_form(shared_server, db):
    answer = shared_server.post(f"/api/v3/write_lp?db={db}", MIXED)
    assert answer.status_code == 400
    body = answer.json()
    assert body["error"] == "partial write of line protocol occurred"
    assert [(e["line_number"], e["original_line"]) for e in body["data"]] == [(2, "bad line here"), (4, 'm v="text" 3')]
    assert all(e["error_message"] for e in body["data"])
    assert shared_server.count("m", db) == 2


def test_v3_all_or_nothing(shared_server, db):
    answer = shared_server.post(f"/api/v3/write_lp?db={db}&accept_partial=false", MIXED)
    assert answer.status_code == 400
    body = answer.json()
    assert body["error"] == "parsing failed for write_lp endpoint"
    assert body["data"]
    shared_server.write("m v=9 9", db)
    assert shared_server.count("m", db) == 1


def test_integer_into_a_float_column_is_widened(shared_server, db):
    shared_server.write("m v=1.5 1", db)
    shared_server.write("m v=2i 2\nm v=3u 3", db)
    assert shared_server.query("SELECT v FROM m ORDER BY time", db) == [{"v": 1.5}, {"v": 2}, {"v": 3}]


CONFLICTS = [("v=1i", "v=1.5"), ("v=1i", "v=1u"), ("v=1.5", 'v="x"'), ("v=true", "v=1"), ('v="x"', "v=t"), ("v=1u", "v=1i"),
             ("v=1", "v=true")]


@pytest.mark.parametrize("first, second", CONFLICTS)
@pytest.mark.parametrize("one_body", [True, False])
def test_another_type_is_refused(shared_server, db, first, second, one_body):
    if one_body:
        answer = shared_server.post(f"/write?db={db}", f"m {first} 1\nm {second} 2\nm {first} 3")
    else:
        shared_server.write(f"m {first} 1", db)
        answer = shared_server.post(f"/write?db={db}", f"m {second} 2\nm {first} 3")
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert "'v'" in error or '"v"' in error or " v " in error, error
    assert [r["time"] for r in shared_server.query("SELECT time FROM m ORDER BY time", db)] == ["1", "3"]


@pytest.mark.parametrize("first, second", [("m,x=1 f=1", "m x=2"), ("m x=2", "m,x=1 f=1")])
def test_tag_and_field_of_one_name(shared_server, db, first, second):
    shared_server.write(f"{first} 1", db)
    answer = shared_server.post(f"/write?db={db}", f"{second} 2\n{first} 3")
    assert answer.status_code == 400
    assert shared_server.count("m", db) == 2


def test_columns_that_differ_in_case(shared_server, db):
    """SQL could not tell them apart: refused, never mixed up."""
    shared_server.write("m Field=1 1", db)
    answer = shared_server.post(f"/write?db={db}", "m field=2 2")
    assert answer.status_code == 400
    assert shared_server.query("SELECT * FROM m", db) == [{"time": "1", "Field": 1}]


def test_tables_that_differ_in_case(shared_server, db):
    shared_server.write("Table v=1 1", db)
    answer = shared_server.post(f"/write?db={db}", "table v=2 2")
    rows = shared_server.query('SELECT v FROM "Table" ORDER BY v', db)
    assert (answer.status_code, rows) in [(204, [{"v": 1}]), (400, [{"v": 1}])], "each table has its own rows, or one is refused"


def test_a_refused_line_leaves_no_column(shared_server, db):
    shared_server.write("m v=1 1", db)
    assert shared_server.post(f"/write?db={db}", 'm v="x",other=1 2').status_code == 400
    columns = [r["column_name"] for r in shared_server.query("DESCRIBE m", db)]
    assert columns == ["time", "v"]


def test_many_bad_lines_give_a_short_answer(shared_server, db):
    answer = shared_server.post(f"/api/v3/write_lp?db={db}", "good v=1 1\n" + "bad\n" * 50_000)
    assert answer.status_code == 400
    assert len(answer.content) < 100_000
    assert shared_server.count("good", db) == 1


def test_errors_are_json_for_any_bytes(shared_server, db):
    answer = shared_server.post(f"/write?db={db}", b'm v=1 1\n\xff\xfe"\\\x01\x00 bad\n')
    assert answer.status_code == 400
    assert json.loads(answer.content.decode("utf-8"))["error"]


def test_concurrent_writers_with_conflicting_types(server):
    """Whoever comes first decides the type; the others are refused line by line, no row is mixed up."""
    answers = {}
    threads = []
    for kind, value in (("float", "1.5"), ("text", '"x"'), ("bool", "true"), ("int", "7i")):
        def run(kind=kind, value=value):
            session = requests.Session()
            for n in range(40):
                answers[kind, n] = session.post(server.url + "/write?db=race", f"t{n},w={kind} v={value} 1").status_code
        threads.append(threading.Thread(target=run))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n in range(40):
        kept = {kind for (kind, m), status in answers.items() if m == n and status == 204}
        assert {r["w"] for r in server.query(f"SELECT w FROM t{n}", "race")} == kept, n
        assert all(status in (204, 400) for status in answers.values())
    restarted = server.restart()
    for n in range(40):
        kept = {kind for (kind, m), status in answers.items() if m == n and status == 204}
        assert {r["w"] for r in restarted.query(f"SELECT w FROM t{n}", "race")} == kept, n
