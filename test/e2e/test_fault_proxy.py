"""The fault proxy does what it says, and nothing else: tests that rest on it would prove nothing otherwise."""
import http.server
import threading
import time

import pytest
import requests
from gigapi_testing.s3_client import S3Client
from gigapi_testing.server import free_port, wait_until

CONNECTION_ENDS = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


class _Echo(http.server.BaseHTTPRequestHandler):
    """Answers with what it got; remembers each request that came whole."""
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self):
        length = int(self.headers.get("Content-Length", 0))
        try:
            body = self.rfile.read(length)
        except ConnectionResetError:
            body = b""
        if len(body) < length:
            self.server.partial += 1
            self.close_connection = True
            return
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = self._read_chunks()
        self.server.got.append((self.command, self.path, body))
        self.send_response(200)
        if "chunked" in self.path:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for piece in (body[:10], body[10:]):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _read_chunks(self):
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size + 2)[:-2]
        self.rfile.readline()
        return body

    def log_message(self, *_):
        pass

    do_GET = do_PUT = do_POST = do_HEAD = _answer


class _EchoServer(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """Connections that are reset are what the tests are about."""


@pytest.fixture
def echo():
    server = _EchoServer(("127.0.0.1", 0), _Echo)
    server.daemon_threads = True
    server.got, server.partial = [], 0
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(echo, make_proxy):
    return make_proxy(echo.server_port)


@pytest.fixture
def client():
    with requests.Session() as session:
        session.trust_env = False
        yield session


def put(client, proxy, body=b"x" * 100_000, path="/lake/a", timeout=20):
    return client.put(f"http://127.0.0.1:{proxy.port}{path}", data=body, timeout=timeout)


def test_bytes_pass_as_they_are(client, proxy, echo):
    body = bytes(range(256)) * 4000
    for path in ("/lake/a", "/lake/chunked?x=1"):
        assert put(client, proxy, body, path).content == body
    assert put(client, proxy, iter([body, body])).content == body * 2
    assert client.head(f"http://127.0.0.1:{proxy.port}/lake/a").status_code == 200
    assert client.put(f"http://127.0.0.1:{proxy.port}/lake/a", data=b"tail", headers={"Expect": "100-continue"}).content == b"tail"
    assert [got[:2] for got in echo.got] == [("PUT", "/lake/a"), ("PUT", "/lake/chunked?x=1"), ("PUT", "/lake/a"), ("HEAD", "/lake/a"),
                                            ("PUT", "/lake/a")]
    assert proxy.connections == 1  # kept open


def test_it_counts_requests_and_bytes(client, proxy):
    put(client, proxy, b"x" * 70_000)
    put(client, proxy, b"x" * 30)
    put(client, proxy, b"x" * 7, path="/lake/b?part=1")
    client.get(f"http://127.0.0.1:{proxy.port}/lake/b", headers={"Range": "bytes=0-3"})
    assert proxy.counts() == {"PUT": 3, "GET": 1}
    assert proxy.received_bytes() == {"/lake/a": 70_030, "/lake/b": 7}
    assert [request.sent_bytes for request in proxy.requests] == [70_000, 30, 7, 0]
    assert proxy.requests[-1].headers["range"] == "bytes=0-3" and proxy.requests[-1].status == 200
    proxy.forget()
    assert not proxy.counts() and not proxy.received_bytes()


@pytest.mark.parametrize("kind, delivered", [("reset", False), ("reset_in_request", False), ("lose_answer", True), ("reset_in_answer", True),
                                             ("truncate", True)])
@pytest.mark.parametrize("body", [b"x" * 100_000, b""])
def test_connections_that_end(client, proxy, echo, kind, delivered, body):
    proxy.fail(kind, times=1)
    with pytest.raises((*CONNECTION_ENDS, KeyError)):  # a head that is cut is one without a length to this client
        answer = put(client, proxy, body)
        assert len(answer.content) == int(answer.headers["Content-Length"])
    assert proxy.faults() == {kind: 1}
    assert [got[2] for got in echo.got] == ([body] if delivered else [])
    if kind == "reset_in_request":
        assert proxy.requests[0].sent_bytes == len(body) // 2
        if body:
            wait_until(lambda: echo.partial == 1, "the server has seen half of the body")
    if kind in ("reset_in_answer", "truncate"):
        assert proxy.requests[0].received_bytes == len(body) // 2
    assert put(client, proxy, body).content == body
    assert proxy.faults() == {kind: 1}


@pytest.mark.parametrize("status", [500, 503, 429])
def test_errors_reach_nobody_else(client, proxy, echo, status):
    proxy.fail("error", status=status, times=2)
    assert [put(client, proxy).status_code for _ in range(3)] == [status, status, 200]
    assert len(echo.got) == 1 and proxy.connections == 1


def test_a_rate(client, proxy, echo):
    proxy.fail("error", rate=0.3)
    statuses = [put(client, proxy, b"x").status_code for _ in range(300)]
    assert 50 < statuses.count(503) < 130
    assert statuses.count(200) == len(echo.got)
    proxy.heal()
    assert all(put(client, proxy, b"x").status_code == 200 for _ in range(20))


def test_only_the_requests_that_are_meant(client, proxy):
    proxy.fail("error", only=lambda request: request.key == "/lake/b" and request.method == "PUT")
    assert put(client, proxy).status_code == 200
    assert put(client, proxy, path="/lake/b?x").status_code == 503
    assert client.get(f"http://127.0.0.1:{proxy.port}/lake/b").status_code == 200


def test_slow_bytes(client, proxy):
    proxy.slow(bytes_per_s=200_000)
    start = time.monotonic()
    assert put(client, proxy, b"x" * 40_000).status_code == 200
    assert time.monotonic() - start > 0.35  # 0.2 s there, 0.2 s back
    proxy.slow(latency_s=0.3)
    start = time.monotonic()
    put(client, proxy, b"x")
    assert time.monotonic() - start > 0.25


def test_a_black_hole_lets_nothing_pass_and_ends(client, proxy, echo):
    put(client, proxy, b"before")
    proxy.partition()
    for _ in range(2):  # the connection that stands, then a new one
        with pytest.raises(requests.Timeout):
            put(client, proxy, b"lost", timeout=0.2)
    assert len(echo.got) == 1
    proxy.heal()
    assert put(client, proxy, b"after").content == b"after"


def test_a_refusing_port(client, proxy, echo):
    put(client, proxy, b"before")
    proxy.partition("refuse")
    for _ in range(2):
        with pytest.raises(requests.ConnectionError):
            put(client, proxy, b"lost")
    proxy.heal()
    assert put(client, proxy, b"after").content == b"after"
    assert [got[2] for got in echo.got] == [b"before", b"after"]


def test_a_server_that_is_away(client, make_proxy):
    proxy = make_proxy(free_port())
    with pytest.raises(requests.ConnectionError):
        put(client, proxy)


# ---- what it stands in front of ----------------------------------------------------------------------------------------
def test_s3_through_the_proxy(minio, make_proxy):
    minio.client().make_bucket("proxied")
    proxy = make_proxy(minio.port)
    client = minio.client(proxy.port)
    data = bytes(range(256)) * 1000
    client.put("proxied", "a/with space=1", data)
    assert minio.client().get("proxied", "a/with space=1") == data
    assert client.get("proxied", "a/with space=1", Range="bytes=256-511") == bytes(range(256))
    assert client.sizes("proxied", "a/") == {"a/with space=1": len(data)}
    assert proxy.received_bytes()["/proxied/a/with%20space%3D1"] == 256
    proxy.fail("lose_answer", times=1, only=lambda request: request.method == "PUT")
    with pytest.raises(CONNECTION_ENDS):
        client.put("proxied", "b", b"kept")
    assert minio.client().get("proxied", "b") == b"kept"
    client.delete("proxied", "b")
    assert list(minio.client().sizes("proxied")) == ["a/with space=1"]


def test_s3_keeps_objects_through_a_kill(minio):
    minio.client().make_bucket("kept")
    minio.client().put("kept", "a", b"1")
    minio.kill()
    assert not minio.client().is_there()
    minio.start()
    assert minio.client().get("kept", "a") == b"1"


def test_s3_with_a_wrong_key(minio):
    answer = S3Client(f"http://127.0.0.1:{minio.port}", minio.access_key, "wrong").request("GET", "/")
    assert answer.status_code == 403


def test_redis_through_the_proxy(redis, make_proxy):
    proxy = make_proxy(redis.port, speaks="resp")
    assert redis.command("SET", "a", "x" * 100_000, port=proxy.port) == "OK"
    assert redis.command("GET", "a", port=proxy.port) == "x" * 100_000
    assert proxy.counts()["GET"] == 1 and proxy.counts()["SET"] == 1
    proxy.fail("lose_answer", times=1, only=lambda request: request.method == "INCR")
    with pytest.raises(OSError):
        redis.command("INCR", "n", port=proxy.port)
    assert redis.command("GET", "n", port=proxy.port) == "1"


@pytest.mark.parametrize("kind", ["reset", "reset_in_request", "reset_in_answer", "truncate"])
def test_connections_to_redis_that_end(redis, make_proxy, kind):
    proxy = make_proxy(redis.port, speaks="resp")
    proxy.fail(kind, times=1)
    with pytest.raises((OSError, ValueError)):
        redis.command("INCR", "n", port=proxy.port)
    assert redis.command("GET", "n") == (None if kind.endswith(("reset", "request")) else "1")
    assert redis.command("PING", port=proxy.port) == "PONG"


def test_redis_remembers_or_forgets(redis):
    redis.command("HSET", "h", "f", 1)
    redis.kill()
    redis.start()
    assert redis.command("HGETALL", "h") == ["f", "1"]
    redis.stop()
    redis.wipe()
    redis.start()
    assert redis.command("EXISTS", "h") == 0
