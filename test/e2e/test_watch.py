"""Health, metrics, authentication, methods and paths."""
import re
import socket

import pytest
import requests
from gigapi_testing.server import wait_until


def test_health(shared_server):
    answer = shared_server.get("/health")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == "pass"
    assert {"checks", "commit", "message", "name", "status", "version"} <= set(body)
    assert body["checks"] == []


def test_ping(shared_server):
    answer = shared_server.get("/ping")
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["X-Influxdb-Version"]


def test_ready(shared_server):
    answer = shared_server.get("/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")


@pytest.mark.parametrize("path, status", [("/health", 200), ("/ping", 204), ("/ready", 200)])
def test_head(shared_server, path, status):
    answer = shared_server.request("HEAD", path)
    assert (answer.status_code, answer.content) == (status, b"")


def test_root(shared_server):
    body = shared_server.get("/").json()
    assert body["name"] and body["version"]


@pytest.mark.parametrize("path, method", [("/query", "POST"), ("/write", "POST"), ("/health", "GET"), ("/api/v2/write", "POST")])
def test_options(shared_server, path, method):
    answer = shared_server.request("OPTIONS", path)
    assert answer.status_code in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert method in answer.headers["Access-Control-Allow-Methods"] and "OPTIONS" in answer.headers["Access-Control-Allow-Methods"]
    assert "content-type" in answer.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize("method, path", [("GET", "/write"), ("PUT", "/write"), ("DELETE", "/query"), ("POST", "/health"), ("PATCH", "/metrics"),
                                          ("GET", "/api/v3/write_lp"), ("GET", "/api/v2/write"), ("BREW", "/query")])
def test_wrong_method(shared_server, method, path):
    answer = shared_server.request(method, path)
    assert answer.status_code == 405
    assert answer.headers["Allow"]
    assert answer.json()["error"]


@pytest.mark.parametrize("path", ["/nothing", "/api/v9/write", "/query/x", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/%00"])
def test_unknown_path(shared_server, path):
    answer = shared_server.get(path)
    assert answer.status_code in (400, 404)
    assert "root:" not in answer.text


def test_metrics(make_server):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="0.05")
    before = server.metrics()
    text = server.get("/metrics")
    assert text.headers["Content-Type"].startswith("text/plain")
    server.write("m v=1 1\nm v=2 2")
    server.query("SELECT count(*) AS n FROM m")
    server.wait_flushed(2)

    def grew():
        after = server.metrics()
        return {name for name, value in after.items() if value > before.get(name, 0)}

    def has(*words):
        return any(all(word in name.lower() for word in words) for name in grew())

    wait_until(lambda: has("flush"), "a metric counts flushes")
    for words in (("rows", "total"), ("wal", "bytes"), ("quer", "total"), ("bytes",)):
        assert has(*words), f"no metric with {words} grew: {sorted(grew())}"
    names = {re.split(r"[{ ]", line)[0] for line in server.get("/metrics").text.splitlines() if line and line[0] != "#"}
    for wanted in ("merge", "buffer", "process"):
        assert any(wanted in name for name in names), f"no metric of {wanted}: {sorted(names)}"


def test_metrics_have_help_and_type(shared_server):
    text = shared_server.get("/metrics").text
    typed = set(re.findall(r"^# TYPE (\S+) (?:counter|gauge|histogram|summary)$", text, re.MULTILINE))
    helped = set(re.findall(r"^# HELP (\S+) \S", text, re.MULTILINE))
    assert typed and typed == helped
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name = re.split(r"[{ ]", line)[0]
            assert name in typed or re.sub(r"_(bucket|sum|count)$", "", name) in typed, line


# ---- authentication --------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def guarded(binary, tmp_path_factory):
    from gigapi_testing.server import Server
    server = Server(binary, tmp_path_factory.mktemp("guarded") / "root",
                    {"HTTP_BASIC_AUTH_USERNAME": "ann", "HTTP_BASIC_AUTH_PASSWORD": "s3cret:with colon"})
    server.start()
    yield server
    server.kill()


GUARDED = [("GET", "/health"), ("GET", "/ready"), ("GET", "/metrics"), ("GET", "/"), ("POST", "/query?db=x"), ("GET", "/query?q=SELECT+1"),
           ("POST", "/write?db=x"), ("POST", "/x/write"), ("POST", "/gigapi/write/x"), ("POST", "/gigapi/insert"), ("POST", "/gigapi/create"),
           ("POST", "/api/v2/write?bucket=x"), ("POST", "/api/v3/write_lp?db=x"), ("GET", "/nothing"), ("HEAD", "/health")]


@pytest.mark.parametrize("method, path", GUARDED)
@pytest.mark.parametrize("auth", [None, ("ann", "wrong"), ("bob", "s3cret:with colon"), ("", ""), ("ann", "")])
def test_without_credentials(guarded, method, path, auth):
    answer = requests.request(method, guarded.url + path, data="m v=1 1" if method == "POST" else None, auth=auth)
    assert answer.status_code == 401, answer.text
    assert answer.headers["WWW-Authenticate"].startswith("Basic")
    assert "s3cret" not in answer.text


@pytest.mark.parametrize("header", ["Basic", "Basic !!!", "Basic " + "A" * 9000, "Bearer x", "Token ann:wrong", "basic YW5u", "\xff"])
def test_odd_credentials(guarded, header):
    answer = requests.get(guarded.url + "/health", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code in (400, 401, 431)


def test_ping_is_open(guarded):
    assert requests.get(guarded.url + "/ping").status_code == 204
    assert requests.head(guarded.url + "/ping").status_code == 204


def test_with_credentials(guarded):
    assert guarded.get("/health").status_code == 200
    guarded.write("m v=1 1")
    assert guarded.count("m") == 1


def test_a_warning_without_credentials_on_an_open_address(make_server):
    warning = re.compile(r" warn(ing)? .*(auth|credential|password)", re.IGNORECASE)
    server = make_server()
    assert not warning.search(server.log()), server.log()
    server.stop()
    server.start(HTTP_HOST="0.0.0.0")
    assert warning.search(server.log()), server.log()


def test_log_level(make_server, tmp_path):
    assert " info " in make_server().log()
    assert not re.search(r" (info|debug|warn\w*) ", make_server(root=tmp_path / "quiet", LOGLEVEL="error").log())


# ---- HTTP itself -----------------------------------------------------------------------------------------------------
def raw(server, data, timeout_s=10):
    """Sends bytes, returns all that comes until the server closes or nothing comes for a while."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=timeout_s) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        got = b""
        while piece := sock.recv(65536):
            got += piece
        return got


def test_pipelined_requests(shared_server):
    one = b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n"
    got = raw(shared_server, one * 5)
    assert got.count(b"HTTP/1.1 204") == 5


def test_http_1_0(shared_server):
    assert raw(shared_server, b"GET /ping HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.")


def test_expect_100(shared_server):
    head = b"POST /write?db=expect HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 7\r\n\r\n"
    got = raw(shared_server, head + b"m v=1 1")
    assert b"204" in got
    with socket.create_connection(("127.0.0.1", shared_server.port), timeout=10) as sock:
        sock.sendall(head)
        assert b"100" in sock.recv(100), "a client that waits for 100 gets it"


@pytest.mark.parametrize("data", [b"garbage\r\n\r\n", b"\0" * 100, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /ping HTTP/1.1\r\nbad header\r\n\r\n",
                                  b"POST /write HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"POST /write HTTP/1.1\r\nContent-Length: x\r\n\r\n",
                                  b"POST /write HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
                                  b"POST /write HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nm v=1 ",
                                  b"POST /write HTTP/1.1\r\nHost: x\r\nContent-Length: 7\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                                  b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 50_000 + b"\r\n"])
def test_broken_requests(shared_server, data):
    try:
        got = raw(shared_server, data)
    except ConnectionError:
        got = b""
    assert b" 200 " not in got.split(b"\r\n")[0] and b" 204 " not in got.split(b"\r\n")[0]
    assert shared_server.get("/ping").status_code == 204


def test_a_cut_body_is_not_written(shared_server, db):
    raw(shared_server, f"POST /write?db={db} HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nm v=1 1\nm v=2 2\n".encode())
    shared_server.write("other v=1 1", db)
    assert shared_server.query("SHOW TABLES", db) == [{"table_name": "other"}]


def test_many_idle_connections(shared_server):
    sockets = [socket.create_connection(("127.0.0.1", shared_server.port)) for _ in range(300)]
    assert shared_server.get("/ping").status_code == 204
    for sock in sockets:
        sock.close()
