"""A running gigapi: start, stop, kill, and the few requests that tests make all the time.

Nothing here sleeps in the hope that something has happened: `wait_until` looks at a condition until it holds, and fails
with the condition's name and the end of the server's log if it never does.
"""
import json
import os
import random
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import requests

REPOSITORY = Path(__file__).resolve().parents[2]
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60


def find_binary():
    """The server under test: $GIGAPI_BINARY, else the release build."""
    binary = Path(os.environ.get("GIGAPI_BINARY", REPOSITORY / "build/release/gigapi"))
    if not binary.exists():
        raise FileNotFoundError(f"{binary} is not there: build it, or set GIGAPI_BINARY")
    return binary


_given_ports = set()


def free_port():
    """A port that nobody listens on and that was not given before, as it may be listened on only later; below those that the
    system gives to connections: one of them could take it before the server does."""
    for _ in range(1000):
        port = random.randint(15_000, 32_000)
        if port in _given_ports:
            continue
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given_ports.add(port)
        return port
    raise RuntimeError("no port is free")


def clean_environment(extra):
    """This process's environment without any setting of the server, plus `extra`."""
    prefixes = ("GIGAPI_", "HTTP_", "DUCKDB_", "FLIGHTSQL_")
    env = {k: v for k, v in os.environ.items() if not k.startswith(prefixes) and k not in ("PORT", "HOST", "LOGLEVEL")}
    env.update({k: str(v) for k, v in extra.items()})
    return env


def wait_until(condition, what, timeout_s=30.0, on_timeout=lambda: ""):
    """Calls `condition` until it is true and returns its value."""
    deadline = time.monotonic() + timeout_s
    pause_s = 0.002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not true after {timeout_s:.0f} s: {what}\n{on_timeout()}")
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, 0.1)


def _state(task):
    """A thread's letter in /proc; X once it is gone."""
    try:
        return (task / "stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


class QueryError(Exception):
    def __init__(self, status, message):
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


class Server:
    """One gigapi process. After stop() or kill() it can be started again on the same root and port."""

    def __init__(self, binary, root, env=None):
        self.binary = binary
        self.root = Path(root)
        self.env = dict(env or {})
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.flight_port = free_port()
        self.process = None
        self.log_path = self.root.parent / f"{self.root.name}-{self.port}.log"
        self.http = requests.Session()
        self.http.trust_env = False

    # ---- life ------------------------------------------------------------------------------------------------------
    def spawn(self, **env):
        """Starts the process and returns at once."""
        assert self.process is None
        self.env.update({k: str(v) for k, v in env.items()})
        self.root.mkdir(parents=True, exist_ok=True)
        settings = {"HTTP_HOST": "127.0.0.1", "HTTP_PORT": self.port, "GIGAPI_ROOT": self.root,
                    "FLIGHTSQL_PORT": self.flight_port, **self.env}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [str(self.binary), "serve"], env=clean_environment(settings), cwd=self.root.parent,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)

    def start(self, **env):
        """Starts the process and waits until it answers /ready."""
        self.spawn(**env)
        self.wait_ready()
        return self

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}\n{self.log_tail()}")
            try:
                return self.http.get(self.url + "/ready", auth=self.auth(), timeout=5).status_code == 200
            except requests.RequestException:
                return False

        wait_until(ready, "/ready answers 200", START_TIMEOUT_S, self.log_tail)

    def auth(self):
        user = self.env.get("HTTP_BASIC_AUTH_USERNAME")
        return (user, self.env.get("HTTP_BASIC_AUTH_PASSWORD", "")) if user else None

    def stop(self):
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self._reap()

    def pause(self):
        """SIGSTOP, and waits until every thread has stopped: one may run on for a moment on a machine that is busy."""
        self.process.send_signal(signal.SIGSTOP)
        tasks = Path(f"/proc/{self.process.pid}/task")
        wait_until(lambda: all(_state(task) in "TZX" for task in tasks.glob("*")), "all threads have stopped")

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def kill(self):
        """SIGKILL; nothing happens when there is no process."""
        if self.process is None:
            return
        self.process.kill()
        self._reap()

    def _reap(self):
        try:
            code = self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            self.process = None
            raise AssertionError(f"the server did not end in {STOP_TIMEOUT_S} s after SIGTERM\n{self.log_tail()}") from None
        self.process = None
        self.http.close()
        return code

    def restart(self, **env):
        assert self.stop() == 0, self.log_tail()
        return self.start(**env)

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    def log_tail(self, lines=30):
        return "log:\n" + "\n".join(self.log().splitlines()[-lines:])

    # ---- requests --------------------------------------------------------------------------------------------------
    def request(self, method, path, **kwargs):
        kwargs.setdefault("timeout", 60)
        kwargs.setdefault("auth", self.auth())
        return self.http.request(method, self.url + path, **kwargs)

    def get(self, path, **kwargs):
        return self.request("GET", path, **kwargs)

    def post(self, path, data=None, **kwargs):
        return self.request("POST", path, data=data.encode() if isinstance(data, str) else data, **kwargs)

    def write(self, lines, db="mydb", precision="ns"):
        """Writes line protocol, which must be accepted whole."""
        answer = self.post(f"/write?db={db}&precision={precision}", lines)
        assert answer.status_code == 204, f"{answer.status_code}: {answer.text}"

    def query(self, sql, db="mydb", **params):
        """The rows of a SELECT as dictionaries, values as in GigAPI's JSON."""
        return self._ask(sql, db, params).json()["results"]

    def whole_query(self, sql, db="mydb"):
        """Like query(), but asked again while another node's rows are missing, which the answer then says: on a busy machine
        one may be late."""
        def whole():
            answer = self._ask(sql, db, {})
            return None if "X-GigAPI-Incomplete" in answer.headers else answer

        return wait_until(whole, f"all nodes' rows are in the answer to {sql}").json()["results"]

    def _ask(self, sql, db, params):
        answer = self.post("/query", json.dumps({"query": sql}), params={"db": db, **params},
                           headers={"Content-Type": "application/json"})
        if answer.status_code != 200:
            raise QueryError(answer.status_code, _error_text(answer))
        return answer

    def value(self, sql, db="mydb", **params):
        """The only value of a query's only row."""
        rows = self.query(sql, db, **params)
        assert len(rows) == 1 and len(rows[0]) == 1, rows
        return next(iter(rows[0].values()))

    def count(self, table, db="mydb"):
        return int(self.value(f'SELECT count(*) AS n FROM "{table}"', db))

    def metrics(self):
        """Prometheus samples: name with labels -> number."""
        return parse_metrics(self.get("/metrics").text)

    # ---- what lies on disk -----------------------------------------------------------------------------------------
    def partitions(self, db=None, table=None):
        """The parsed metadata.json of every hour, by its folder."""
        pattern = f"{db or '*'}/{table or '*'}/date=*/hour=*/metadata.json"
        found = {}
        for path in self.root.glob(pattern):
            try:
                found[path.parent] = json.loads(path.read_text())
            except FileNotFoundError:
                pass  # replaced or removed between the listing and the read
        return found

    def committed_rows(self, db=None, table=None):
        return sum(p["row_count"] for p in self.partitions(db, table).values())

    def wait_flushed(self, rows, db=None, table=None):
        """Until files hold `rows` rows."""
        wait_until(lambda: self.committed_rows(db, table) == rows, f"{rows} rows are in files",
                   on_timeout=lambda: f"{self.committed_rows(db, table)} rows are\n" + self.log_tail())

    def wait_merged(self, db=None, table=None):
        """Until no hour has more than one file."""
        wait_until(lambda: all(len(p["files"]) <= 1 for p in self.partitions(db, table).values()),
                   "every hour has one file", 60, self.log_tail)


def _error_text(answer):
    try:
        return answer.json().get("error", answer.text)
    except ValueError:
        return answer.text


_SAMPLE = re.compile(r"^([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{.*\})?) (\S+)(?: \d+)?$")


def parse_metrics(text):
    samples = {}
    for line in text.splitlines():
        if not line or line.startswith("#"):
            continue
        match = _SAMPLE.match(line)
        assert match, f"not a Prometheus sample: {line!r}"
        samples[match.group(1)] = float(match.group(2))
    return samples
