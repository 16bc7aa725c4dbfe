"""HTTPS by HTTP_TLS_CERT and HTTP_TLS_KEY."""
import socket
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from gigapi_testing.server import clean_environment, wait_until


def make_certificate(folder, names):
    cert, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", names, "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


@pytest.fixture(scope="module")
def pems(tmp_path_factory):
    return make_certificate(tmp_path_factory.mktemp("tls"), "subjectAltName=IP:127.0.0.1")


@pytest.fixture
def server(make_server, pems):
    server = make_server(start=False, GIGAPI_SAVE_TIMEOUT_S="3600", HTTP_TLS_CERT=pems[0], HTTP_TLS_KEY=pems[1],
                         GIGAPI_HTTP_REQUEST_TIMEOUT_MS="5000")
    server.url = server.url.replace("http:", "https:")
    server.http.verify = str(pems[0])
    return server.start()


def refused(server):
    return server.metrics()['gigapi_http_refused_total{reason="tls"}']


def test_writes_and_queries(server):
    for i in range(20):
        server.write(f"m v={i}i {i}")
    big = "\n".join(f"big,host=h{i % 100} v={i}i,s=\"{'x' * 50}\" {i}" for i in range(20_000))
    server.write(big)
    assert server.query("SELECT count(*) AS n, sum(v) AS s FROM m") == [{"n": "20", "s": "190"}]
    rows = server.query("SELECT v FROM big ORDER BY v")
    assert [int(r["v"]) for r in rows] == list(range(20_000)), "a long answer"
    once = requests.get(server.url + "/ping", verify=server.http.verify, headers={"Connection": "close"}, timeout=20)
    assert once.status_code == 204


def test_many_at_once(server):
    def write(worker):
        with requests.Session() as session:
            session.trust_env = False
            session.verify = server.http.verify
            return [session.post(f"{server.url}/write?db=d", f"m,w=w{worker} v={i}i {i}", timeout=60).status_code for i in range(20)]
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(write, range(16))) == [[204] * 20] * 16
    assert server.count("m", "d") == 320


def test_what_is_no_tls_is_refused_and_counted(server):
    for data in (b"GET /ping HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\xff\xff" + b"x" * 100):
        before = refused(server)
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
            sock.sendall(data)
            try:
                assert not sock.recv(4096).startswith(b"HTTP/")
            except ConnectionResetError:
                pass
        wait_until(lambda: refused(server) == before + 1, "it is counted")
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as silent:
        assert silent.recv(1) == b"", "nobody waits for a handshake for ever"
    server.write("m v=1")


def test_old_protocols_are_refused_and_http_1_1_is_agreed_on(server, pems):
    context = ssl.create_default_context(cafile=str(pems[0]))
    context.set_alpn_protocols(["h2", "http/1.1"])
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock:
        with context.wrap_socket(sock, server_hostname="127.0.0.1") as tls:
            assert tls.version() in ("TLSv1.2", "TLSv1.3")
            assert tls.selected_alpn_protocol() == "http/1.1"
            tls.sendall(b"POST /query HTTP/1.0\r\nContent-Length: 30\r\n\r\nSELECT * FROM range(100000) AS")
            answer = b""
            while (piece := tls.recv(65536)):  # without an end that TLS knows of this raises
                answer += piece
    assert answer.startswith(b"HTTP/1.1 ")
    weak = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    weak.check_hostname, weak.verify_mode = False, ssl.CERT_NONE
    weak.set_ciphers("ALL:@SECLEVEL=0")
    weak.minimum_version = weak.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as sock, pytest.raises((ssl.SSLError, ConnectionResetError)):
        weak.wrap_socket(sock)


def test_wrong_settings_end_the_start_with_a_reason(make_server, pems, tmp_path):
    (tmp_path / "empty.pem").write_text("")
    for env, reason in (({"HTTP_TLS_CERT": pems[0]}, "need each other"), ({"HTTP_TLS_KEY": pems[1]}, "need each other"),
                        ({"HTTP_TLS_CERT": tmp_path / "nowhere.pem", "HTTP_TLS_KEY": pems[1]}, "cannot use the certificate"),
                        ({"HTTP_TLS_CERT": pems[0], "HTTP_TLS_KEY": tmp_path / "empty.pem"}, "cannot use the key")):
        server = make_server(start=False)
        server.spawn(**env)
        assert server.process.wait(60) != 0
        assert reason in server.log()
        server.env.clear()


# ---- the command line ----
@pytest.fixture
def run(binary, tmp_path):
    def run(*args, **env):
        return subprocess.run([str(binary), *map(str, args)], cwd=tmp_path, env=clean_environment(env), capture_output=True,
                              text=True, timeout=60)
    return run


def test_queries_of_the_command_line(server, run, pems):
    server.write("\n".join(f"m v={i}i {i}" for i in range(50_000)))
    ask = ["query", "SELECT v FROM m ORDER BY v", "--format", "csv", "--url", server.url]
    trusted = run(*ask, "--ca-file", pems[0])
    assert trusted.returncode == 0, trusted.stderr
    assert trusted.stdout.split()[1:] == [str(i) for i in range(50_000)]
    assert run(*ask, "--insecure").returncode == 0
    assert run(*ask, SSL_CERT_FILE=str(pems[0])).returncode == 0, "the system's authorities"
    stranger = run(*ask)
    assert stranger.returncode == 1 and "certificate is not believed: self-signed certificate" in stranger.stderr
    assert run(*ask, "--ca-file", pems[1]).returncode == 1, "a key is no certificate"
    plain = run("query", "SELECT 1", "--url", server.url.replace("https:", "http:"))
    assert plain.returncode == 1 and plain.stderr


def test_the_certificate_must_name_the_host(server, run, tmp_path_factory):
    """A server with a certificate that is believed, but of another host."""
    folder = tmp_path_factory.mktemp("other")
    cert, key = make_certificate(folder, "subjectAltName=DNS:elsewhere.example")
    server.stop()
    server.http.verify = False  # what is asked here is only whether it is up
    server.start(HTTP_TLS_CERT=cert, HTTP_TLS_KEY=key)
    ask = ["query", "SELECT 1", "--url", server.url, "--ca-file", cert]
    other = run(*ask)
    assert other.returncode == 1 and "IP address mismatch" in other.stderr
    assert run(*ask, "--insecure").returncode == 0


def test_imports_of_the_command_line(server, run, pems, tmp_path):
    (tmp_path / "m.lp").write_text("".join(f"m,h=h{i % 7} v={i}i,s=\"{'x' * 60}\" {i}\n" for i in range(100_000)))
    done = run("import", "m.lp", "--db", "d", "--url", server.url, "--ca-file", pems[0])
    assert done.returncode == 0, done.stderr
    assert server.query("SELECT count(*) AS n, sum(v) AS s FROM m", "d") == [{"n": "100000", "s": "4999950000"}]
    stranger = run("import", "m.lp", "--db", "d", "--url", server.url)
    assert stranger.returncode == 1 and "certificate is not believed" in stranger.stderr
    assert server.count("m", "d") == 100_000


def test_https_to_a_port_without_tls(make_server, run):
    plain = make_server(GIGAPI_HTTP_REQUEST_TIMEOUT_MS="2000")
    done = run("query", "SELECT 1", "--url", plain.url.replace("http:", "https:"), "--insecure")
    assert done.returncode == 1 and ("does not speak TLS" in done.stderr or "before TLS began" in done.stderr)
