"""Names of databases, tables and columns: each works or is refused with a reason; none escapes the root, none crashes."""
import os
from urllib.parse import quote

import pytest

ODD = ["/", "a/b", "..", ".", "../x", "../../etc/passwd", "a/../b", "/etc", "a\0b", "\x01", "a\x1fb", "\x7f", "a" * 300, "ü" * 150, "é",
       "e\u0301", "😀", "日本", "\u202e", "\ufeff", "a'b", 'a"b', "a;b", "a%b", "%2e%2e", "%00", "a\\b", "-", "-rf", "*", "?", "a b", " ", "CON",
       "date=2025-01-01", "hour=01", "metadata.json", "x.parquet", "wal", "tmp", "data", "main", "temp", "system", "lake", "memory",
       "information_schema", "pg_catalog", "select", "table", "1", "_", "__proto__", "{}", "$1", "`", "a\tb", "a,b", "a=b", "time2", "."*50]


def escape_table(name):
    """A measurement in line protocol: an equals sign needs no escape there."""
    return name.replace(",", "\\,").replace(" ", "\\ ")


def escape(name):
    """A tag, a tag's value or a field's name in line protocol."""
    return escape_table(name).replace("=", "\\=")


def sql_quote(name):
    return '"' + name.replace('"', '""') + '"'


def outside(server):
    """What lies beside the root."""
    return sorted(p for p in os.listdir(server.root.parent) if p != server.root.name and not p.endswith(".log"))


@pytest.fixture(scope="module")
def files_server(binary, tmp_path_factory):
    from gigapi_testing.server import Server
    server = Server(binary, tmp_path_factory.mktemp("names") / "root", {"GIGAPI_SAVE_TIMEOUT_S": "0.02", "GIGAPI_NO_MERGES": "true"})
    server.start()
    yield server
    server.kill()


@pytest.mark.parametrize("name", ODD, ids=repr)
def test_table_names(files_server, db, name):
    body = f"{escape_table(name)},t=x v=1 1\nafter v=1 1".encode()
    answer = files_server.post(f"/write?db={db}", body)
    assert answer.status_code in (204, 400), answer.text
    assert files_server.count("after", db) == 1
    if answer.status_code == 204:
        for _ in range(2):  # in memory or in a file, then in a file
            assert files_server.query(f"SELECT v FROM {sql_quote(name)}", db) == [{"v": 1}]
            files_server.wait_flushed(2, db)
    else:
        assert answer.json()["error"]
    assert outside(files_server) == []


@pytest.mark.parametrize("name", ODD, ids=repr)
@pytest.mark.parametrize("kind", ["tag", "field"])
def test_column_names(files_server, db, kind, name):
    line = f"m,{escape(name)}=x v=1 1" if kind == "tag" else f"m {escape(name)}=1 1"
    answer = files_server.post(f"/write?db={db}", f"{line}\nafter v=1 1".encode())
    assert answer.status_code in (204, 400), answer.text
    if answer.status_code == 204:
        for _ in range(2):
            assert files_server.query(f"SELECT {sql_quote(name)} AS x FROM m", db) == [{"x": "x" if kind == "tag" else 1}]
            files_server.wait_flushed(2, db)
    else:
        assert answer.json()["error"]
    assert files_server.count("after", db) == 1


@pytest.mark.parametrize("name", ODD, ids=repr)
@pytest.mark.parametrize("endpoint", ["/write?db={}", "/api/v2/write?bucket={}", "/api/v3/write_lp?db={}", "/gigapi/write/{}", "/{}/write"])
def test_database_names(files_server, endpoint, name):
    if name in (".", "..") and endpoint == "/{}/write":
        pytest.skip("a client makes /write of it before it sends anything")
    answer = files_server.post(endpoint.format(quote(name, safe="")), "m v=1 1")
    if "bucket" in endpoint and "/" in name:
        name = name.split("/")[0]  # InfluxDB 2 on top of 1: database/retention policy
    assert answer.status_code in (204, 400, 404), answer.text
    if answer.status_code == 204:
        assert int(files_server.query("SELECT count(*) AS n FROM m", name)[0]["n"]) >= 1
        assert {"database_name": name} in files_server.query("SHOW DATABASES")
    assert outside(files_server) == []
    assert not list(files_server.root.glob("**/passwd*"))


@pytest.mark.parametrize("name", ["../../../etc", "a\0b", "x" * 300, "'; DROP TABLE m; --", "information_schema"])
def test_database_names_of_queries(files_server, name):
    answer = files_server.post(f"/query?db={quote(name, safe='')}", '{"query": "SELECT 1 AS one"}')
    assert answer.status_code in (200, 400, 404)
    assert files_server.get("/ping").status_code == 204


def test_every_byte_in_a_tag_value(shared_server, db):
    """Any well-formed text comes back as it was; text that is not UTF-8 is refused or comes back, never changed."""
    for code in range(1, 0x180):
        if chr(code) in "\n\r":
            continue
        value = f"a{chr(code)}b"
        body = f"m,t={escape(value)} v={code}i 1".encode()
        answer = shared_server.post(f"/write?db={db}", body)
        assert answer.status_code in (204, 400), (code, answer.text)
        if answer.status_code == 204:
            assert shared_server.query(f"SELECT t FROM m WHERE v = {code}", db) == [{"t": value}], code


@pytest.mark.parametrize("raw", [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\xe2\x82"])
def test_text_that_is_not_utf8(shared_server, db, raw):
    for line in (b"m,t=" + raw + b" v=1 1", b'm v="' + raw + b'" 1', raw + b" v=1 1", b"m " + raw + b"=1 1"):
        answer = shared_server.post(f"/write?db={db}", line)
        assert answer.status_code in (204, 400)
        assert shared_server.get("/ping").status_code == 204
    for table in shared_server.query("SHOW TABLES", db):
        answer = shared_server.post(f"/query?db={db}", '{"query": "SELECT * FROM \\"%s\\""}' % table["table_name"])
        assert answer.status_code == 200
        answer.content.decode("utf-8")


def test_many_names_of_one_folder_on_disk(files_server, db):
    """Distinct names have distinct folders, also those that an escape could make equal."""
    names = ["a/b", "a%2Fb", "a%252Fb", "a b", "a%20b", ".", "%2E", "..", "%2E%2E", "%2e"]
    kept = []
    for i, name in enumerate(names):
        if files_server.post(f"/write?db={db}", f"{escape_table(name)} v={i} 1").status_code == 204:
            kept.append((i, name))
    files_server.wait_flushed(len(kept), db)
    for i, name in kept:
        assert files_server.query(f"SELECT v FROM {sql_quote(name)}", db) == [{"v": i}]
    assert len(kept) >= 5
