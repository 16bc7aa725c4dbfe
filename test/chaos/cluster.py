"""A lake of several nodes over a MinIO and perhaps a Redis, with a fault proxy between each node and each of them."""
import secrets
import subprocess
import time

import requests
from fault_plan import LEASE_S
from gigapi_testing.fault_proxy import FaultProxy
from gigapi_testing.server import Server
from gigapi_testing.service import Minio, Redis
from ledger import Row

DB = "chaos"
TABLES = ("events", "other events")
TOPOLOGIES = ("bucket", "redis", "local")
NODES = {"writer1": "writeonly", "writer2": "writeonly", "reader1": "readonly", "reader2": "readonly",
         "compaction1": "compaction", "compaction2": "compaction"}
# Flushes, merges and moves follow each other fast, and what they replaced is removed while a round still runs.
SETTINGS = {"GIGAPI_SAVE_TIMEOUT_S": "0.3", "GIGAPI_MERGE_TIMEOUT_S": "0.5", "GIGAPI_DROP_DELAY_MS": "0",
            "GIGAPI_QUERY_TIMEOUT_MS": "5000", "GIGAPI_WAL_SEGMENT_BYTES": str(1 << 20), "GIGAPI_HTTP_THREADS": "1",
            "GIGAPI_HEARTBEAT_INTERVAL_MS": str(int(LEASE_S * 200)), "GIGAPI_LEASE_MS": str(int(LEASE_S * 1000)),
            "GIGAPI_SWEEP_INTERVAL_MS": "4800", "GIGAPI_SWEEP_AGE_MIN_MS": "9000", "DUCKDB_THREAD_LIMIT": "1", "DUCKDB_MEM_LIMIT": "256MB", "GIGAPI_CACHE_BYTES_MAX": "64MiB"}
USER = "chaos-user"
FIRST_LAYER_TTL = "4s"
SLOW = {"bytes_per_s": 60_000, "latency_s": 0.05}
INCOMPLETE_HEADER = "X-GigAPI-Incomplete"
HTTP_STATUSES = (500, 503)
NO_TABLE = "does not exist"


class Node(Server):
    """A server behind proxies of its own, by the name of what they lead to."""

    def __init__(self, name, binary, root, env, proxies):
        super().__init__(binary, root, env)
        self.name = name
        self.proxies = proxies
        self.is_ending = False   # it was told to
        self.problems = []       # ends that nobody asked for
        self.error_texts = []    # answers that were not 2xx
        self._log_start = 0

    def spawn(self, **env):
        self._log_start = self.log_path.stat().st_size if self.log_path.exists() else 0
        self.is_ending = False
        super().spawn(**env)

    def terminate(self):
        if self.is_running():
            self.is_ending = True
            self.process.terminate()

    def kill(self):
        self.notice_end()
        super().kill()

    def notice_end(self):
        """A node may end by itself only before it listens, because a store does not answer."""
        if self.process is None or self.process.poll() is None:
            return
        code = self.process.returncode
        self.process = None
        log = self.log_path.read_bytes()[self._log_start:]
        if code < 0 or (b"listening" in log and not self.is_ending):
            self.problems.append(f"{self.name} ended by itself with {code}\n{self.log_tail()}")

    def answers(self):
        try:
            return self.get("/ping", timeout=5).ok
        except requests.RequestException:
            return False

    def rows(self):
        """All rows of all tables, or None."""
        found = []
        for table in TABLES:
            answer = self.select(f'SELECT id, epoch_ns(time), value FROM "{table}"', timeout=30)
            if answer is None:
                return None
            found += [Row(table, int(i), int(ns), float(value)) for i, ns, value in answer]
        return found

    def count_rows(self):
        """Of all tables together, or None."""
        counts = [self.select(f'SELECT count(*) FROM "{table}"', timeout=30) for table in TABLES]
        return None if None in counts else sum(int(count[0][0]) for count in counts if count)

    def drop(self, table):
        """Whether it says that the table is gone."""
        try:
            answer = requests.post(f"{self.url}/query", params={"db": DB, "q": f'DROP MEASUREMENT "{table}"'}, timeout=30,
                                   auth=self.auth())
        except requests.RequestException:
            return False
        is_done = answer.ok and "error" not in answer.text
        if not is_done:
            self.note_error(answer.text)
        return is_done

    def select(self, sql, timeout):
        """The rows as lists of texts, or None: also when the answer says that it lacks rows of other nodes."""
        rows, is_whole = self.select_any(sql, timeout)
        return rows if is_whole else None

    def select_any(self, sql, timeout):
        """The rows as lists of texts, or None, and whether the answer claims to be whole."""
        try:
            answer = requests.post(f"{self.url}/query?db={DB}&format=csv", json={"query": sql}, timeout=timeout, auth=self.auth())
            text = answer.content.decode()  # .text would guess an encoding, for seconds
        except requests.RequestException:
            return None, False
        if answer.status_code == 400 and NO_TABLE in text:
            return [], INCOMPLETE_HEADER not in answer.headers
        if answer.status_code != 200:
            self.note_error(text)
            return None, False
        return [line.split(",") for line in text.splitlines()[1:]], INCOMPLETE_HEADER not in answer.headers

    def note_error(self, text):
        self.error_texts = [*self.error_texts[-200:], text]


class Cluster:
    """start() it, then each fault is begin()-ed and end()-ed; heal() brings back everything."""

    def __init__(self, binary, work, topology, settings=None):
        assert topology in TOPOLOGIES
        self.topology = topology
        self.work = work
        self.minio = Minio(work / "minio")
        self.minio.access_key, self.minio.secret_key = "key-" + secrets.token_hex(8), "secret-" + secrets.token_hex(16)
        self.services = {"minio": self.minio}
        self.redis = None
        if topology == "redis":
            self.redis = self.services["redis"] = Redis(work / "redis", password="redis-" + secrets.token_hex(16))
        self.password = "http-" + secrets.token_hex(16)
        self.binary = binary
        self.settings = {**SETTINGS, **(settings or {})}
        self.redis_state = None  # from the beginning of a "fall back" to its end
        self.nodes = {}

    def start(self):
        for service in self.services.values():
            service.start()
        for bucket in ("hot", "cold"):
            self.minio.client().make_bucket(bucket)
        for name, mode in NODES.items():
            self.nodes[name] = self.make_node(name, mode, self._make_proxies())
            self.nodes[name].spawn()
        for node in self.nodes.values():
            node.wait_ready()
        return self

    def make_node(self, name, mode, proxies):
        ports = {service: proxies[service].port if proxies else self.services[service].port for service in self.services}
        root = self.work / name / "root"
        root.parent.mkdir()
        env = {**self.settings, "GIGAPI_MODE": mode, "HTTP_BASIC_AUTH_USERNAME": USER,
               "HTTP_BASIC_AUTH_PASSWORD": self.password}
        first, second = "hot", "cold"
        if self.topology == "local":
            env |= {"GIGAPI_LAYERS_0_NAME": "disk", "GIGAPI_LAYERS_0_TYPE": "fs", "GIGAPI_LAYERS_0_URL": f"file://{root}",
                    "GIGAPI_LAYERS_0_GLOBAL": "false", "GIGAPI_LAYERS_0_TTL": "1s"}
        else:
            env |= self.minio.layer(0, first, first, port=ports["minio"], TTL=FIRST_LAYER_TTL)
        env |= self.minio.layer(1, second, second, port=ports["minio"], TTL="0")
        if self.redis:
            env |= {"GIGAPI_METADATA_TYPE": "redis", "GIGAPI_METADATA_URL": self.redis.url(port=ports["redis"])}
        return Node(name, self.binary, root, env, proxies)

    def _make_proxies(self):
        speaks = {"minio": "http", "redis": "resp"}
        return {name: FaultProxy(service.port, speaks[name]).start() for name, service in self.services.items()}

    def stop(self):
        for node in self.nodes.values():
            node.kill()
        for service in self.services.values():
            service.kill()
        for node in self.nodes.values():
            for proxy in node.proxies.values():
                proxy.stop()

    def writers(self):
        return [node for name, node in self.nodes.items() if NODES[name] == "writeonly"]

    def secrets(self):
        return {"the secret key of the store": self.minio.secret_key, "the access key of the store": self.minio.access_key,
                "the password of HTTP": self.password, **({"the password of Redis": self.redis.password} if self.redis else {})}

    # ---- faults ----------------------------------------------------------------------------------------------------------
    def begin(self, fault):
        if fault.kind == "network":
            for proxy in self._proxies(fault):
                proxy.fail(fault.detail, fault.rate, status=HTTP_STATUSES[len(fault.targets) % 2])
        elif fault.kind == "slow":
            for proxy in self._proxies(fault):
                proxy.slow(**SLOW)
        elif fault.kind == "partition":
            for proxy in self._proxies(fault):
                proxy.partition(fault.detail)
        elif fault.kind == "fall back":
            self.redis_state = self.redis.save_state()
        else:
            target = self._process(fault)
            {"kill": target.kill, "pause": lambda: _pause(target), "stop": lambda: target.terminate()}[fault.kind]()

    def end(self, fault):
        if fault.kind in ("network", "slow", "partition"):
            for proxy in self._proxies(fault):
                proxy.heal()
            return
        target = self._process(fault)
        if fault.kind == "fall back":
            self.redis.fall_back_to(self.redis_state)
        elif fault.kind == "pause":
            _resume(target)
        elif isinstance(target, Node):
            if fault.kind == "stop":
                target.kill()  # what has not ended by now
            if target.process is None:
                target.spawn()
        elif target.process is None:
            target.start()

    def _proxies(self, fault):
        return [self.nodes[name].proxies[fault.service] for name in fault.targets]

    def _process(self, fault):
        return self.nodes.get(fault.targets[0]) or self.services[fault.targets[0]]

    # ---- between rounds --------------------------------------------------------------------------------------------------
    def heal(self):
        """Everything runs and reaches everything when this returns."""
        for node in self.nodes.values():
            for proxy in node.proxies.values():
                proxy.heal()
        for service in self.services.values():
            if service.process is None:
                service.start()
            service.resume()
        for node in self.nodes.values():
            _resume(node)
            node.notice_end()
            if node.process is None:
                node.spawn()
        for node in self.nodes.values():
            self._wait_ready(node)

    @staticmethod
    def _wait_ready(node):
        """One that began while a store was away ends with an error: its supervisor would start it again."""
        deadline = time.monotonic() + 120
        while True:
            try:
                return node.wait_ready()
            except AssertionError:
                if time.monotonic() > deadline or node.is_running():
                    raise
                node.notice_end()
                node.spawn()

    def problems(self):
        found = []
        for node in self.nodes.values():
            node.notice_end()
            found += node.problems
            for proxy in node.proxies.values():
                found += [f"the proxy of {node.name} failed: {error!r}" for error in proxy.errors]
                proxy.forget()
        return found


def _pause(target):
    if target.process is not None and target.process.poll() is None:
        target.pause()


def _resume(target):
    if target.process is not None and target.process.poll() is None:
        target.resume()


def backtrace_of(node):
    """Where all threads of a node are, if gdb is there: of one that hangs."""
    try:
        return subprocess.run(["gdb", "-p", str(node.process.pid), "-batch", "-ex", "thread apply all bt 12"],
                              capture_output=True, text=True, timeout=60).stdout
    except (OSError, subprocess.SubprocessError, AttributeError):
        return ""
