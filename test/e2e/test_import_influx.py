"""gigapi import --from-influx, from servers that answer as InfluxDB 1 and 2 do: what they hold arrives, typed, once."""
import csv
import io
import json
import re
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import pytest

from gigapi_testing.server import clean_environment

HOUR = 3_600_000_000_000
START = 1_735_689_600_000_000_000  # 2025-01-01
# Points every ten minutes of a morning, then one a month later: slices in between are empty.
TIMES = [START + i * HOUR // 6 for i in range(60)] + [START + 31 * 24 * HOUR]
POINTS = [("cpu", {"host": f"h {h},=", "region": "eu"} if h else {"host": "h0"},
           {"usage": 2.0 * h + i, "count": 2**53 + 1 + i, "up": i % 2 == 0, "note": f'say "{i}" \\'}, t)
          for i, t in enumerate(TIMES) for h in range(2)]
POINTS += [("mem free", {}, {"bytes": 2**63 + i}, t) for i, t in enumerate(TIMES[:5])]
FIELD_TYPES = {"cpu": {"usage": "float", "count": "integer", "up": "boolean", "note": "string"},
               "mem free": {"bytes": "unsigned"}}
DATATYPES = {"usage": "double", "count": "long", "up": "boolean", "note": "string", "bytes": "unsignedLong"}


class Influx(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    queries = []
    fail_at = None

    def log_message(self, *args):
        pass

    def send(self, status, body, content_type="application/json"):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        data = body.encode()
        for begin in range(0, len(data), 1000):
            piece = data[begin:begin + 1000]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.wfile.write(b"0\r\n\r\n")

    def broken(self, query):
        Influx.queries.append(query)
        return Influx.fail_at is not None and len(Influx.queries) >= Influx.fail_at

    # ---- version 1
    def do_GET(self):
        parameters = {name: values[0] for name, values in parse_qs(urlparse(self.path).query).items()}
        assert (parameters["db"], parameters["epoch"], parameters["chunked"]) == ("telegraf", "ns", "true")
        if self.headers.get("Authorization") != "Basic dTpw":
            return self.send(401, '{"error":"authorization failed"}')
        if self.broken(parameters["q"]):
            return self.send(500, '{"error":"timeout"}')
        self.send(200, "".join(json.dumps(chunk) + "\n" for chunk in self.answer(parameters["q"])))

    def answer(self, query):
        def one(name, columns, values):
            return [{"results": [{"statement_id": 0, "series": [{"name": name, "columns": columns, "values": values}]}]}]

        if query == "SHOW MEASUREMENTS":
            return one("measurements", ["name"], [["cpu"], ["mem free"]])
        name = re.search(r'FROM "([^"]*)"', query)[1]
        if query.startswith("SHOW TAG KEYS"):
            return one(name, ["tagKey"], [["host"], ["region"]]) if name == "cpu" else [{"results": [{"statement_id": 0}]}]
        if query.startswith("SHOW FIELD KEYS"):
            return one(name, ["fieldKey", "fieldType"], [list(pair) for pair in FIELD_TYPES[name].items()])
        low, high = (int(n) for n in re.search(r"time >= (-?\d+) AND time < (-?\d+)", query).groups())
        columns = ["time", "count", "host", "note", "region", "up", "usage"] if name == "cpu" else ["time", "bytes"]
        rows = [[t if c == "time" else {**tags, **fields}.get(c) for c in columns]
                for m, tags, fields, t in POINTS if m == name and low <= t < high]
        # As Go prints floats: 2, not 2.0.
        rows = [[int(v) if isinstance(v, float) and v.is_integer() else v for v in row] for row in rows]
        if "LIMIT 1" in query:
            rows = sorted(rows, key=lambda row: row[0], reverse="DESC" in query)[:1]
        if not rows:
            return [{"results": [{"statement_id": 0}]}]
        chunks = []
        for begin in range(0, len(rows), 7):
            chunk = one(name, columns, rows[begin:begin + 7])
            if begin + 7 < len(rows):
                chunk[0]["results"][0]["partial"] = True
            chunks += chunk
        return chunks

    # ---- version 2
    def do_POST(self):
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert urlparse(self.path).path == "/api/v2/query" and parse_qs(urlparse(self.path).query)["org"] == ["me"]
        assert request["dialect"]["annotations"] == ["datatype", "group", "default"]
        if self.headers.get("Authorization") != "Token T":
            return self.send(401, '{"code":"unauthorized","message":"unauthorized access"}')
        flux = request["query"]
        if self.broken(flux):
            return self.send(500, '{"code":"internal error","message":"timeout"}')
        assert flux.startswith('from(bucket: "telegraf")')
        low, high = (int(n) for n in re.search(r"start: time\(v: (-?\d+)\), stop: time\(v: (-?\d+)\)", flux).groups())
        points = [point for point in POINTS if low <= point[3] < high]
        out = io.StringIO(newline="")
        if "first()" in flux:
            if points:
                out.write("#datatype,string,long,dateTime:RFC3339\r\n#group,false,false,false\r\n#default,_result,,\r\n"
                          f",result,table,_time\r\n,,0,{self.rfc3339(min(p[3] for p in points))}\r\n\r\n")
            return self.send(200, out.getvalue(), "text/csv; charset=utf-8")
        series = {}
        for m, tags, fields, t in points:
            series.setdefault((m, tuple(tags.items())), []).append((t, fields))
        for table, ((m, tags), rows) in enumerate(series.items()):
            fields = list(FIELD_TYPES[m])
            write = csv.writer(out, lineterminator="\r\n").writerow
            write(["#datatype", "string", "long", "dateTime:RFC3339", "string"] + ["string"] * len(tags) + [DATATYPES[f] for f in fields])
            write(["#group", "false", "false", "false", "true"] + ["true"] * len(tags) + ["false"] * len(fields))
            write(["#default", "_result", "", "", ""] + [""] * (len(tags) + len(fields)))
            write(["", "result", "table", "_time", "_measurement"] + [name for name, _ in tags] + fields)
            for t, values in rows:
                write(["", "", table, self.rfc3339(t), m] + [value for _, value in tags] +
                      [str(values[f]).lower() if isinstance(values[f], bool) else values[f] for f in fields])
            out.write("\r\n")
        self.send(200, out.getvalue(), "text/csv; charset=utf-8")

    @staticmethod
    def rfc3339(t):
        import datetime
        return datetime.datetime.fromtimestamp(t // 10**9, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def influx():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Influx)
    Influx.queries, Influx.fail_at = [], None
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def run(shared_server, binary, tmp_path, influx):
    def run(*args):
        return subprocess.run([str(binary), "import", "--from-influx", influx, *args, "--url", shared_server.url], cwd=tmp_path,
                              env=clean_environment({}), capture_output=True, timeout=120, text=True)

    return run


V1 = ["--influx-db", "telegraf", "--user", "u:p"]
V2 = ["--bucket", "telegraf", "--org", "me", "--token", "T"]


def check_all(server, db):
    rows = server.query("SELECT * FROM cpu ORDER BY time, host", db)
    assert len(rows) == 2 * len(TIMES)
    wanted = sorted((t, tags["host"], tags.get("region"), fields) for m, tags, fields, t in POINTS if m == "cpu")
    for row, (t, host, region, fields) in zip(rows, wanted):
        assert row == {"time": str(t), "host": host, "region": region, "usage": fields["usage"], "count": str(fields["count"]),
                       "up": fields["up"], "note": fields["note"]}
    assert server.query('SELECT sum(bytes)::VARCHAR b, typeof(any_value(bytes)) t FROM "mem free"', db) == [
        {"b": str(sum(2**63 + i for i in range(5))), "t": "UBIGINT"}]


@pytest.mark.parametrize("version", [V1, V2], ids=["v1", "v2"])
@pytest.mark.parametrize("slice_", ["1h", "7d"])
def test_all_points_arrive(shared_server, db, run, version, slice_):
    done = run(*version, "--db", db, "--slice", slice_)
    assert done.returncode == 0, done.stderr
    assert f"{len(POINTS)} rows" in done.stderr
    check_all(shared_server, db)
    assert len(Influx.queries) < 60, "empty slices are jumped over"


@pytest.mark.parametrize("version", [V1, V2], ids=["v1", "v2"])
def test_a_failed_import_goes_on(shared_server, db, run, tmp_path, version):
    Influx.fail_at = 12
    done = run(*version, "--db", db)
    assert done.returncode == 1 and "timeout" in done.stderr, done.stderr
    assert (tmp_path / "gigapi-import.state").exists()
    asked, Influx.fail_at = len(Influx.queries), None
    done = run(*version, "--db", db)
    assert done.returncode == 0, done.stderr
    check_all(shared_server, db)
    assert len(set(q for q in Influx.queries[:asked - 1] if "SHOW" not in q and "LIMIT" not in q and "first()" not in q) &
               set(Influx.queries[asked:])) == 0, "finished slices are not read again"


@pytest.mark.parametrize("version", [V1, V2], ids=["v1", "v2"])
def test_a_range_of_times(shared_server, db, run, version):
    done = run(*version, "--db", db, "--from", "2025-01-01T01:00:00Z", "--to", "2025-01-01T02:30:00Z")
    assert done.returncode == 0, done.stderr
    assert shared_server.query("SELECT count(*) n, min(time) l, max(time) h FROM cpu", db) == [
        {"n": "18", "l": str(START + HOUR), "h": str(START + 2 * HOUR + HOUR // 3)}]


@pytest.mark.parametrize("args, error", [
    (["--influx-db", "telegraf"], "authorization failed"), (["--bucket", "telegraf", "--org", "me"], "unauthorized access"),
    (["x.lp", *V1], "name files to import, or a server"), ([*V1, "--from", "soon"], '"soon" is no time'), ([*V1, "--slice", "1y"], "--slice")])
def test_failures(run, args, error):
    done = run(*args, "--db", "x")
    assert done.returncode == 1 and error in done.stderr, done.stderr
