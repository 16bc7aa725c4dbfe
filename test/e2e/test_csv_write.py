"""Writing CSV: by Content-Type or ?format=csv, with types told by the values or asked for."""
import pytest

CSV = "time,host,usage,ok\n2021-09-30T18:00:00Z,a,1.5,true\n1633024801,b,,false\n"
WANTED = [{"time": "1633024800000000000", "host": "a", "usage": 1.5, "ok": True},
          {"time": "1633024801000000000", "host": "b", "usage": None, "ok": False}]


def rows(server, table, db):
    return server.query(f"SELECT * FROM {table} ORDER BY time", db)


@pytest.mark.parametrize("path, headers", [
    ("/write?db={db}&table=t", {"Content-Type": "text/csv; charset=utf-8"}), ("/{db}/write?measurement=t&format=csv", {}),
    ("/api/v2/write?bucket={db}&table=t", {"Content-Type": "application/csv"})])
def test_every_endpoint(shared_server, db, path, headers):
    answer = shared_server.post(path.format(db=db), CSV, headers=headers)
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    assert rows(shared_server, "t", db) == WANTED


def test_types_and_delimiter(shared_server, db):
    answer = shared_server.post(f"/write?db={db}&table=t&format=csv&delimiter=%3B&types=n:int,at:time,x:skip,s:string&precision=ms",
                                "at;n;s;x\n5;7;8;9\n")
    assert answer.status_code == 204, answer.text
    assert rows(shared_server, "t", db) == [{"time": "5000000", "n": "7", "s": "8"}]


@pytest.mark.parametrize("parameters", ["&table=t&delimiter=ab", "&table=t&types=a:complex", "&table=t&time_column=zz", ""])
def test_wrong_parameters(shared_server, db, parameters):
    assert shared_server.post(f"/write?db={db}&format=csv{parameters}", "a,b\n1,2\n").status_code == 400


def test_good_records_are_kept(shared_server, db):
    answer = shared_server.post(f"/write?db={db}&table=t&format=csv", "v\n1\n2,3\n4\n")
    assert answer.status_code == 400
    assert answer.json()["lines"] == [{"error_message": "2 fields, the header has 1", "line_number": 3, "original_line": "2,3"}]
    assert (answer.json()["written"], answer.json()["dropped"]) == (2, 1)
    assert shared_server.count("t", db) == 2
