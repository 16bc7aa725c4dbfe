"""What Telegraf's outputs send (read from their sources, version 1.37), byte for byte, over a plain socket; and what they make
of the answers: influxdb, influxdb_v2, influxdb_v3, http and arc, with the settings that they have when one gives only a URL."""
import base64
import gzip
import json
import socket

import msgpack
import pytest

AGENT = "Telegraf/1.37.2 Go/1.25.5"
LINES = b"cpu,cpu=cpu-total,host=web-1 usage_user=1.5,usage_idle=98.5 1735689600000000000\nmem,host=web-1 used=123i,total=456u 1735689600000000000\n"


def exchange(port, method, target, headers, body=b""):
    """One request as Go's net/http writes it: header names in alphabetical order after Host and User-Agent."""
    head = [f"{method} {target} HTTP/1.1", f"Host: 127.0.0.1:{port}", f"User-Agent: {AGENT}"]
    if isinstance(body, bytes):
        head.append(f"Content-Length: {len(body)}")
    head += [f"{name}: {headers[name]}" for name in sorted(headers)]
    if not isinstance(body, bytes):
        head.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in body) + b"0\r\n\r\n"
    head.append("Accept-Encoding: gzip")
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        sock.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
        stream = sock.makefile("rb")
        status = int(stream.readline().split()[1])
        answer = {}
        while (line := stream.readline().strip()):
            name, value = line.decode().split(": ", 1)
            answer[name.lower()] = value
        return status, answer, stream.read(int(answer.get("content-length", 0)))


def pieces(body, size=512):
    """A gzip stream of unknown length goes out in chunks."""
    return [body[i:i + size] for i in range(0, len(body), size)]


def check_rows(server, db):
    assert server.query("SELECT host, cpu, usage_user, usage_idle, time FROM cpu", db) == [
        {"host": "web-1", "cpu": "cpu-total", "usage_user": 1.5, "usage_idle": 98.5, "time": "1735689600000000000"}]
    assert server.query("SELECT used, total FROM mem", db) == [{"used": "123", "total": "456"}]


@pytest.mark.parametrize("skip_create", [False, True])
def test_influxdb(shared_server, db, skip_create):
    port = shared_server.port
    if not skip_create:
        form = f"q=CREATE+DATABASE+%22{db}%22".encode()
        status, _, body = exchange(port, "POST", "/query", {"Content-Type": "application/x-www-form-urlencoded"}, form)
        assert status == 200 and not json.loads(body)["results"][0].get("error")
    headers = {"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}
    status, answer, body = exchange(port, "POST", f"/write?consistency=&db={db}&rp=", headers, pieces(gzip.compress(LINES)))
    assert (status, body) == (204, b""), "anything else is an error to it"
    assert answer["x-influxdb-version"]
    check_rows(shared_server, db)


def test_influxdb_drops_a_bad_batch_instead_of_sending_it_for_ever(shared_server, db):
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    status, answer, body = exchange(shared_server.port, "POST", f"/write?db={db}", headers, LINES + b"garbage\n")
    assert status == 400 and answer["content-type"] == "application/json"
    assert "partial write" in json.loads(body)["error"], "one of the texts after which it gives the batch up"
    check_rows(shared_server, db)


def test_influxdb_with_a_password(make_server):
    server = make_server(HTTP_BASIC_AUTH_USERNAME="ann", HTTP_BASIC_AUTH_PASSWORD="s3cret")
    basic = {"Authorization": "Basic " + base64.b64encode(b"ann:s3cret").decode()}
    form = b"q=CREATE+DATABASE+%22telegraf%22"
    status, _, _ = exchange(server.port, "POST", "/query", {**basic, "Content-Type": "application/x-www-form-urlencoded"}, form)
    assert status == 200
    assert exchange(server.port, "POST", "/write?db=telegraf", basic, LINES)[0] == 204
    status, _, body = exchange(server.port, "POST", "/write?db=telegraf", {}, LINES)
    assert status == 401 and json.loads(body)["error"]
    for token in ("ann:s3cret", "s3cret"):
        headers = {"Authorization": f"Token {token}", "Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}
        assert exchange(server.port, "POST", "/api/v2/write?bucket=v2&org=o", headers, gzip.compress(LINES))[0] == 204
    status, _, body = exchange(server.port, "POST", "/api/v2/write?bucket=v2&org=o", {"Authorization": "Token no"}, LINES)
    assert status == 401 and json.loads(body)["code"] == "unauthorized", "it keeps the batch then"


def test_influxdb_v2(shared_server, db):
    headers = {"Authorization": "Token anything", "Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}
    target = f"/api/v2/write?bucket={db}&org=my+org&precision=ns"
    status, _, body = exchange(shared_server.port, "POST", target, headers, pieces(gzip.compress(LINES)))
    assert (status, body) == (204, b"")
    check_rows(shared_server, db)
    status, _, body = exchange(shared_server.port, "POST", target, {"Content-Type": "text/plain; charset=utf-8"}, b"garbage\n")
    refusal = json.loads(body)
    assert status == 400 and refusal["code"] == "invalid" and "garbage" in refusal["message"] and refusal["line"] == 1


def test_influxdb_v2_splits_what_is_too_large(make_server, db):
    server = make_server(GIGAPI_HTTP_BODY_BYTES_MAX="1024")
    status, _, body = exchange(server.port, "POST", f"/api/v2/write?bucket={db}&org=o", {}, LINES * 20)
    assert status == 413 and json.loads(body)


def test_influxdb_v3(shared_server, db):
    headers = {"Authorization": "Bearer anything", "Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"}
    target = f"/api/v3/write_lp?db={db}&no_sync=false&precision=nanosecond"
    status, _, body = exchange(shared_server.port, "POST", target, headers, pieces(gzip.compress(LINES)))
    assert (status, body) == (204, b"")
    check_rows(shared_server, db)
    status, _, body = exchange(shared_server.port, "POST", target, {}, b"garbage\n")
    refusal = json.loads(body)
    assert status == 400 and refusal["data"][0]["line_number"] == 1 and refusal["data"][0]["error_message"]


def test_http(shared_server, db):
    headers = {"Content-Type": "text/plain; charset=utf-8"}
    status, _, _ = exchange(shared_server.port, "POST", f"/write?db={db}", headers, LINES)
    assert status == 204
    check_rows(shared_server, db)


@pytest.mark.parametrize("several", [False, True])
def test_arc(shared_server, db, several):
    def columnar(name, columns):
        return {"m": name, "columns": {"time": [1735689600000, 1735689601000], **columns}}
    cpu = columnar("cpu", {"host": ["web-1", "web-2"], "usage": [1.5, None]})
    body = msgpack.packb([cpu, columnar("mem", {"host": ["web-1", None], "used": [1, 2]})] if several else cpu)
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/msgpack", "x-api-key": "anything", "x-arc-database": db}
    status, _, _ = exchange(shared_server.port, "POST", "/api/v1/write/msgpack", headers, gzip.compress(body))
    assert 200 <= status < 300
    assert shared_server.query("SELECT time, host, usage FROM cpu ORDER BY time", db) == [
        {"time": "1735689600000000000", "host": "web-1", "usage": 1.5}, {"time": "1735689601000000000", "host": "web-2", "usage": None}]
    if several:
        assert shared_server.query("SELECT sum(used) AS s FROM mem", db) == [{"s": "3"}]
