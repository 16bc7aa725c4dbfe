"""gigapi import: files in every format into a running server, resumed after a kill, with refused lines told."""
import gzip
import json
import os
import signal
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from gigapi_testing.server import clean_environment, wait_until

LINES = "".join(f"cpu,host=h{i % 3} usage={i}.5 {i}\n" for i in range(1_000))


@pytest.fixture
def run(shared_server, binary, tmp_path):
    def run(*args, url=None, stdin=None, env=None):
        return subprocess.run([str(binary), "import", *map(str, args), "--url", url or shared_server.url], cwd=tmp_path,
                              env=clean_environment(env or {}), input=stdin, capture_output=True, timeout=120)

    return run


def table(rows):
    return pa.table({"time": pa.array(range(rows), pa.timestamp("ns")), "host": pa.array([f"h{i % 3}" for i in range(rows)]),
                     "usage": pa.array([i + 0.5 for i in range(rows)])})


def write_arrow(path, rows):
    with pa.ipc.new_stream(path, table(rows).schema) as writer:
        writer.write_table(table(rows), max_chunksize=10_000)


CSV = "time,host,usage\n" + "".join(f"{i},h{i % 3},{i}.5\n" for i in range(1_000))
NDJSON = "".join(json.dumps({"time": i, "host": f"h{i % 3}", "usage": i + 0.5}) + "\n" for i in range(1_000))
ANNOTATED = ("#datatype,string,long,dateTime:RFC3339Nano,double,string,string,string\n#group,false,false,false,false,true,true,true\n"
             "#default,_result,,,,,,\n,result,table,_time,_value,_field,_measurement,host\n" +
             "".join(f",,0,1970-01-01T00:00:00.{i:09d}Z,{i}.5,usage,cpu,h{i % 3}\n" for i in range(1_000)))


@pytest.mark.parametrize("name, content", [
    ("cpu.lp", LINES), ("cpu.lp.gz", gzip.compress(LINES.encode())), ("cpu.csv", CSV), ("cpu.csv.gz", gzip.compress(CSV.encode())),
    ("cpu.ndjson", NDJSON), ("cpu.json", json.dumps([json.loads(line) for line in NDJSON.splitlines()])),
    ("x.annotated.csv", ANNOTATED)])
def test_text(shared_server, db, run, tmp_path, name, content):
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    extra = ["--table", "cpu"] if "json" in name else []
    precision = [] if "annotated" in name else ["--precision", "ns"]
    done = run(name, "--db", db, *extra, *precision)
    assert done.returncode == 0, done.stderr.decode()
    assert b"1,000 rows, " in done.stderr and b" rows/s" in done.stderr
    assert shared_server.query("SELECT count(*) n, sum(usage) s, max(time) t, count(DISTINCT host) h FROM cpu", db) == [
        {"n": "1000", "s": 500_000, "t": "999", "h": "3"}]
    assert not list(tmp_path.glob("*.state"))


@pytest.mark.parametrize("write", [lambda path: pq.write_table(table(200_000), path, row_group_size=50_000),
                                   lambda path: write_arrow(path, 200_000)], ids=["parquet", "arrow"])
def test_columns(shared_server, db, run, tmp_path, request, write):
    path = tmp_path / f"cpu.{request.node.callspec.id}"
    write(path)
    done = run(path, "--db", db)
    assert done.returncode == 0, done.stderr.decode()
    assert shared_server.query("SELECT count(*) n, max(time) t FROM cpu", db) == [{"n": "200000", "t": "199999"}]


def test_patterns_and_standard_input(shared_server, db, run, tmp_path):
    for i in range(3):
        (tmp_path / f"part-{i}.lp").write_text(f"t v={i} {i}\n")
    assert run("part-*.lp", "--db", db).returncode == 0
    done = run("-", "--format", "lp", "--db", db, stdin=b"t v=9 9\nt v=10 10")
    assert done.returncode == 0, done.stderr.decode()
    assert shared_server.count("t", db) == 5


def test_refused_lines(shared_server, db, run, tmp_path):
    lines = [f"t v={i} {i}" for i in range(300_000)]
    lines[7] = "garbage"
    lines[299_998] = 't v="text"'
    (tmp_path / "x.lp").write_text("\n".join(lines) + "\n")
    done = run("x.lp", "--db", db, "--rejects", "bad.lp")
    assert done.returncode == 2, done.stderr.decode()
    assert b"x.lp:8: " in done.stderr and b"x.lp:299999: " in done.stderr and b"2 refused" in done.stderr
    rejects = (tmp_path / "bad.lp").read_text().splitlines()
    assert [line.split(": ")[0] for line in rejects[::2]] == ["# x.lp:8", "# x.lp:299999"]
    assert rejects[1::2] == ["garbage", 't v="text"']
    assert shared_server.count("t", db) == 299_998


@pytest.mark.parametrize("args, error", [
    (["missing.lp"], "no file missing.lp"), (["x.xyz"], "does not say the format"), (["-"], "say what standard input is"),
    (["x.csv", "--delimiter", "ab"], "--delimiter must be one character"), (["x.csv", "--time-column", "at"], "not found in file")])
def test_failures(run, tmp_path, args, error):
    (tmp_path / "x.xyz").write_text("x")
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    done = run(*args, "--db", "x")
    assert (done.returncode, error in done.stderr.decode()) == (1, True), done.stderr.decode()


def test_credentials(make_server, run, tmp_path):
    server = make_server(HTTP_BASIC_AUTH_USERNAME="u", HTTP_BASIC_AUTH_PASSWORD="p")
    (tmp_path / "x.lp").write_text(LINES)
    assert run("x.lp", "--db", "x", url=server.url).returncode == 1
    assert run("x.lp", "--db", "x", url=server.url.replace("//", "//u:p@")).returncode == 0
    env = {"HTTP_BASIC_AUTH_USERNAME": "u", "HTTP_BASIC_AUTH_PASSWORD": "p"}
    assert run("x.lp", "--db", "x", url=server.url, env=env).returncode == 0
    assert server.count("cpu", "x") == 2_000


class Gate(BaseHTTPRequestHandler):
    """Passes requests on to a server, after what the test wants to happen before."""
    protocol_version = "HTTP/1.1"
    server_url = None
    before = staticmethod(lambda count: None)
    count = 0

    def do_POST(self):
        import requests
        body = self.rfile.read(int(self.headers["Content-Length"]))
        Gate.count += 1
        refusal = Gate.before(Gate.count)
        if refusal:
            self.send_response(refusal)
            self.send_header("Retry-After", "0")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        answer = requests.post(Gate.server_url + self.path, data=body, timeout=60)
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *args):
        pass


@pytest.fixture
def gate(shared_server):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Gate)
    Gate.server_url, Gate.count = shared_server.url, 0
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def test_a_busy_server_is_asked_again(shared_server, db, run, tmp_path, gate):
    Gate.before = staticmethod(lambda count: 503 if count in (1, 3) else 429 if count == 2 else None)
    (tmp_path / "x.lp").write_text(LINES)
    done = run("x.lp", "--db", db, url=gate)
    assert done.returncode == 0, done.stderr.decode()
    assert shared_server.count("cpu", db) == 1_000


@pytest.mark.parametrize("pack", [lambda text: (text.encode(), ""), lambda text: (gzip.compress(text.encode(), 1), ".gz")],
                         ids=["plain", "gzip"])
@pytest.mark.parametrize("form", ["lp", "csv", "json"])
def test_a_killed_import_goes_on(shared_server, binary, db, run, tmp_path, gate, form, pack):
    """Killed while a piece is under way that has not reached the server: nothing is left out, nothing is doubled."""
    rows = 400_000
    text = {"lp": "".join(f"t,host=h{i % 5} v={i} {i}\n" for i in range(rows)),
            "csv": "time,host,v\n" + "".join(f"{i},h{i % 5},{i}\n" for i in range(rows)),
            "json": "[" + ",\n".join(f'{{"time":{i},"host":"h{i % 5}","v":{i}}}' for i in range(rows)) + "]"}[form]
    content, ending = pack(text)
    path = tmp_path / f"t.{form}{ending}"
    path.write_bytes(content)
    under_way, never = threading.Event(), threading.Event()

    def hold_third(count):
        if count == 3:
            under_way.set()
            never.wait(30)
            return 500
        return None

    Gate.before = staticmethod(hold_third)
    command = [str(binary), "import", path.name, "--db", db, "--precision", "ns", "--table", "t", "--url", gate]
    process = subprocess.Popen(command, cwd=tmp_path, env=clean_environment({}), stderr=subprocess.DEVNULL)
    assert under_way.wait(60)
    process.send_signal(signal.SIGKILL)
    process.wait()
    never.set()
    assert 0 < shared_server.count("t", db) < rows
    Gate.before = staticmethod(lambda count: None)
    done = run(path.name, "--db", db, "--precision", "ns", "--table", "t", url=gate)
    assert done.returncode == 0, done.stderr.decode()
    assert b"going on where" in done.stderr
    assert shared_server.query("SELECT count(*) n, count(DISTINCT time) d, sum(v) s FROM t", db) == [
        {"n": str(rows), "d": str(rows), "s": rows * (rows - 1) // 2}]
    assert not (tmp_path / "gigapi-import.state").exists()


def test_state_of_another_import_is_not_used(run, tmp_path, shared_server, db):
    (tmp_path / "x.lp").write_text(LINES)
    (tmp_path / "gigapi-import.state").write_text('{"target":"elsewhere","sources":[]}')
    done = run("x.lp", "--db", db)
    assert done.returncode == 1 and b"state of another import" in done.stderr
    assert run("x.lp", "--db", db, "--state", "none").returncode == 0


def test_interrupt(shared_server, binary, db, tmp_path, run):
    reader, writer = os.pipe()
    process = subprocess.Popen([str(binary), "import", "-", "--format", "lp", "--db", db, "--url", shared_server.url],
                               cwd=tmp_path, env=clean_environment({}), stdin=reader, stderr=subprocess.PIPE)
    os.close(reader)
    with os.fdopen(writer, "wb") as out:
        for _ in range(200):
            out.write(LINES.encode())
        out.flush()
        wait_until(lambda: {"database_name": db} in shared_server.query("SHOW DATABASES"), "the first piece is there")
        process.send_signal(signal.SIGINT)
        for _ in range(200):
            try:
                out.write(LINES.encode())
            except BrokenPipeError:
                break
        try:
            out.flush()
        except BrokenPipeError:
            pass
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 1 and b"interrupted" in errors, errors
