"""What a server meets on a bad day, over plain sockets: odd but right HTTP is answered, wrong HTTP is refused and counted, slow
and idle clients cost little, and the server stays."""
import contextlib
import gzip
import socket
import time

import pytest

from gigapi_testing.server import Server, wait_until

LINE = b"m,host=a v=1 1735689600000000000"
TIMEOUT_MS = 400


@pytest.fixture(scope="module")
def server(binary, tmp_path_factory):
    server = Server(binary, tmp_path_factory.mktemp("pressure") / "root", {
        "GIGAPI_SAVE_TIMEOUT_S": "3600", "GIGAPI_HTTP_BODY_BYTES_MAX": "1MiB", "GIGAPI_HTTP_REQUEST_TIMEOUT_MS": str(TIMEOUT_MS)})
    server.start()
    yield server
    assert server.is_running()
    server.kill()


class Client:
    def __init__(self, server, timeout_s=20):
        self.sock = socket.create_connection(("127.0.0.1", server.port), timeout=timeout_s)
        self.stream = self.sock.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        self.sock.sendall(data)

    def answer(self):
        """(status, headers, body) of the next answer; status 0 when the server has closed."""
        try:
            line = self.stream.readline()
        except ConnectionResetError:
            line = b""
        if not line:
            return 0, {}, b""
        headers = {}
        while (header := self.stream.readline().strip()):
            name, value = header.decode().split(": ", 1)
            headers[name.lower()] = value
        return int(line.split()[1]), headers, self.stream.read(int(headers.get("content-length", 0)))

    def status(self):
        return self.answer()[0]

    def is_closed(self):
        try:
            return self.stream.read(1) == b""
        except ConnectionResetError:
            return True


def write(db, body=LINE, headers=b"", version=b"1.1", length=None):
    length = len(body) if length is None else length
    return b"POST /write?db=%s HTTP/%s\r\nHost: x\r\nContent-Length: %d\r\n%s\r\n%s" % (db.encode(), version, length, headers, body)


def refused(server, reason):
    return server.metrics()[f'gigapi_http_refused_total{{reason="{reason}"}}']


@contextlib.contextmanager
def counted(server, reason, times=1):
    before = refused(server, reason)
    yield
    wait_until(lambda: refused(server, reason) == before + times, f"{times} more are counted as {reason}",
               on_timeout=lambda: f"{before} before, {refused(server, reason)} now")


def resident_kib(server):
    return int(open(f"/proc/{server.process.pid}/status").read().split("VmRSS:")[1].split()[0])


# ---- odd and right ----

def test_pipelined_requests_are_answered_in_order(server, db):
    with Client(server) as client:
        client.send(b"".join(write(db, b"m v=%d %d" % (i, i)) for i in range(50)) + b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n" + write(db, b"bad"))
        assert [client.status() for _ in range(52)] == [204] * 51 + [400]
    assert server.count("m", db) == 50


def test_chunked_bodies(server, db):
    body = b"4;ext=\"1\"\r\nm v=\r\n5\r\n1 1\nm\r\nA\r\n v=2 2\nm v\r\n4\r\n=3 3\r\n000\r\nTrailer: x\r\n\r\n"
    request = b"POST /write?db=%s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" % db.encode() + body
    with Client(server) as client:
        client.send(request + request[:-1])
        assert client.status() == 204
        client.send(request[-1:])
        assert client.status() == 204
        for i in range(len(request)):
            client.send(request[i:i + 1])
        assert client.status() == 204
    assert server.count("m", db) == 9


def test_expect_100_continue(server, db):
    with Client(server) as client:
        client.send(write(db, b"", b"Expect: 100-continue\r\n", length=len(LINE)))
        assert client.status() == 100
        client.send(LINE)
        assert client.status() == 204
    with Client(server) as client:
        client.send(write(db, b"", b"Expect: 100-continue\r\n", length=2 << 20))
        assert client.status() == 413, "not asked to send what is not wanted"


def test_http_1_0(server, db):
    with Client(server) as client:
        client.send(b"POST /write?db=%s HTTP/1.0\r\nContent-Length: %d\r\n\r\n%s" % (db.encode(), len(LINE), LINE))
        assert client.status() == 204
        assert client.is_closed()
    with Client(server) as client:
        for _ in range(3):
            client.send(write(db, headers=b"Connection: keep-alive\r\n", version=b"1.0"))
            assert client.status() == 204
    assert server.count("m", db) == 4


# ---- wrong ----

def test_a_header_bomb(server):
    for bomb in (b"X: " + b"y" * 300_000, b"\r\n".join(b"X%d: y" % i for i in range(20_000)), b"y" * 300_000):
        with counted(server, "header_too_large"), Client(server) as client:
            with contextlib.suppress(OSError):
                client.send(b"GET /ping HTTP/1.1\r\nHost: x\r\n" + bomb)
            assert client.status() == 431
            assert client.is_closed()


def test_a_gzip_bomb(server, db):
    bomb = gzip.compress(b"m v=1 1\n" * (100 << 20 >> 3))
    assert len(bomb) < 1 << 20
    before = resident_kib(server)
    with counted(server, "body_too_large", 3):
        for _ in range(3):
            assert server.post(f"/write?db={db}", bomb, headers={"Content-Encoding": "gzip"}).status_code == 413
    assert resident_kib(server) < before + (20 << 10)


@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_a_body_that_stops_half_way(server, db, framing):
    request = write(db, LINE, length=100) if framing == "length" else (
        b"POST /write?db=%s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n%s" % (db.encode(), LINE))
    with counted(server, "incomplete_body"), Client(server) as client:
        client.send(request)
        client.sock.shutdown(socket.SHUT_WR)
        assert client.is_closed(), "nothing was kept, so nothing is acknowledged"
    assert {"database_name": db} not in server.query("SHOW DATABASES")


def test_a_content_length_that_is_too_short(server, db):
    with counted(server, "malformed"), Client(server) as client:
        client.send(write(db, LINE + b"\nm v=2 2\r\n\r\n", length=len(LINE)))
        assert client.status() == 204
        assert client.status() == 400, "the rest is no request"
        assert client.is_closed()
    assert server.count("m", db) == 1


SMUGGLED = b"POST /write?db=%s HTTP/1.1\r\nHost: x\r\nContent-Length: 13\r\n\r\nsmuggled v=1 1"
FORMS = {
    "length and coding": b"Content-Length: 4\r\nTransfer-Encoding: chunked",
    "coding and length": b"Transfer-Encoding: chunked\r\nContent-Length: 4",
    "two lengths": b"Content-Length: 0\r\nContent-Length: 100",
    "two equal lengths": b"Content-Length: 5\r\nContent-Length: 5",
    "a list of lengths": b"Content-Length: 5, 5",
    "a signed length": b"Content-Length: +5",
    "a hexadecimal length": b"Content-Length: 0x5",
    "a huge length": b"Content-Length: 18446744073709551621",
    "an empty length": b"Content-Length:",
    "space before the colon": b"Content-Length : 5",
    "a folded header": b"X: a\r\n Content-Length: 5",
    "a folded coding": b"Transfer-Encoding:\r\n chunked",
    "a bare line feed": b"X: a\nContent-Length: 5",
    "a bare carriage return": b"X: a\rContent-Length: 5",
    "an unknown coding": b"Transfer-Encoding: xchunked",
    "a list of codings": b"Transfer-Encoding: gzip, chunked",
    "identity and chunked": b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
    "two codings": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "a coding in quotes": b"Transfer-Encoding: \"chunked\"",
    "a vertical tab": b"Transfer-Encoding: \x0bchunked",
    "a NUL": b"X: a\0b",
    "two hosts": b"Host: y\r\nContent-Length: 0",
    "no name": b": 5",
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_what_two_servers_could_read_differently(server, db, form):
    with counted(server, "malformed"), Client(server) as client:
        client.send(b"POST /write?db=%s HTTP/1.1\r\nHost: x\r\n%s\r\n\r\n0\r\n\r\n" % (db.encode(), form) + SMUGGLED % db.encode())
        assert client.status() in (400, 501)
        assert client.is_closed(), "what follows must not be taken for a request"
    assert {"database_name": db} not in server.query("SHOW DATABASES")


@pytest.mark.parametrize("chunks", [b"zz\r\n", b"-1\r\n", b"0x1\r\na\r\n", b"1\nx\r\n", b"1\r\nxx\r\n", b"ffffffffffffffffff\r\n", b"1 \r\nx\r\n0\r\n\r\n"])
def test_bad_chunks(server, db, chunks):
    with counted(server, "malformed"), Client(server) as client:
        client.send(b"POST /write?db=%s HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%s" % (db.encode(), chunks) + SMUGGLED % db.encode())
        assert client.status() == 400
        assert client.is_closed()
    assert {"database_name": db} not in server.query("SHOW DATABASES")


# ---- slow and idle ----

def test_slow_clients_are_let_go(server, db):
    head = b"POST /write?db=%s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n" % db.encode()
    with counted(server, "timeout", 2), Client(server) as slow_head, Client(server) as slow_body:
        slow_head.send(b"GET /ping HT")
        slow_body.send(head + b"m v=")
        assert slow_head.is_closed() and slow_body.is_closed()
    with counted(server, "timeout"), Client(server) as trickling:
        # A byte now and then does not make it last.
        started = time.monotonic()
        with contextlib.suppress(OSError):
            for byte in head:
                trickling.send(bytes([byte]))
                if trickling_closed(trickling):
                    break
        assert time.monotonic() - started < 20 * TIMEOUT_MS / 1000
    assert {"database_name": db} not in server.query("SHOW DATABASES")


def trickling_closed(client):
    client.sock.settimeout(0.05)
    try:
        return client.sock.recv(1) == b""
    except TimeoutError:
        return False


def test_a_client_that_does_not_read_its_answer(server):
    with counted(server, "timeout"), Client(server) as client:
        sql = b"SELECT repeat('x', 1000) FROM range(1000000)"
        client.send(b"POST /query HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s" % (len(sql), sql))
        wait_until(lambda: server.metrics()["gigapi_queries_running"] == 1, "the query runs")
        wait_until(lambda: server.metrics()["gigapi_queries_running"] == 0, "its query is stopped when it does not read on")


def test_a_thousand_idle_connections_cost_little(server, db):
    server.write(LINE.decode(), db)
    before = resident_kib(server)
    clients = [Client(server) for _ in range(1000)]
    try:
        for client in clients:
            client.send(b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n")
        assert [client.status() for client in clients] == [204] * 1000
        assert server.metrics()["gigapi_http_connections"] >= 1000
        grown = resident_kib(server) - before
        assert grown < 12 << 10, f"{grown} KiB for 1,000 connections"
        clients[500].send(write(db))
        assert clients[500].status() == 204
    finally:
        for client in clients:
            client.sock.close()
