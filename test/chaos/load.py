"""Clients that write and read while the faults happen, each on a thread of its own until `stop` is set."""
import base64
import http.client
import random
import threading
from urllib.parse import urlsplit

import msgpack
from cluster import DB, TABLES, USER

BASE_NS = 1_750_000_000_000_000_000 // 3_600_000_000_000 * 3_600_000_000_000
HOUR_NS = 3_600_000_000_000
HOURS = 2
ANSWER_TIMEOUT_S = 8
PAUSE_S = (0.02, 0.25)
SIZES = (1, 3, 10, 10, 30, 100)


def line_protocol(batch, grown):
    """`grown` is a column that only some requests have, or None."""
    more = f",{grown}=1i" if grown else ""
    return "\n".join(f"{row.table.replace(' ', chr(92) + ' ')},parity={'odd' if row.id % 2 else 'even'} "
                     f"id={row.id}i,round={batch.round}i,value={row.value}{more} {row.time_ns}" for row in batch.rows).encode()


def arc_msgpack(batch, grown):
    more = {grown: 1} if grown else {}
    return msgpack.packb([{"m": row.table, "t": row.time_ns // 1000, "tags": {"parity": "odd" if row.id % 2 else "even"},
                           "fields": {"id": row.id, "round": batch.round, "value": row.value, **more}} for row in batch.rows])


WAYS = {"line protocol": (f"/write?db={DB}", {"Content-Type": "text/plain"}, line_protocol),
        "msgpack": ("/api/v1/write/msgpack", {"Content-Type": "application/msgpack", "x-arc-database": DB}, arc_msgpack)}


class WriteClient(threading.Thread):
    """Writes to one node and tells the ledger what became of each request."""

    def __init__(self, node, way, ledger, round_number, seed, stop):
        super().__init__(name=f"{way} to {node.name}", daemon=True)
        self.node = node
        self.path, self.headers, self.encode = WAYS[way]
        self.headers = {**self.headers, "Authorization": _basic(node)}
        self.ledger = ledger
        self.round = round_number
        self.rng = random.Random(f"{seed} {self.name}")
        self.stop = stop
        self.problems = []

    def run(self):
        connection = None
        while not self.stop.is_set():
            batch = self.ledger.begin(self.round)
            for _ in range(self.rng.choice(SIZES)):
                batch.add(self.rng.choice(TABLES), BASE_NS + self.rng.randrange(HOURS) * HOUR_NS + batch.number % 3_000_000 * 1_000_000)
            grown = f"grown_{self.rng.randrange(9)}" if self.rng.random() < 0.03 else None
            body = self.encode(batch, grown)
            connection = self.send(connection, batch, body)
            self.stop.wait(self.rng.uniform(*PAUSE_S))
        if connection:
            connection.close()

    def send(self, connection, batch, body):
        """The connection for the next request, or None."""
        self.ledger.sending(batch)
        if connection is None:
            connection = http.client.HTTPConnection("127.0.0.1", urlsplit(self.node.url).port, timeout=ANSWER_TIMEOUT_S)
            try:
                connection.connect()
            except OSError:
                self.ledger.refuse(batch)  # nothing was sent
                self.stop.wait(0.2)
                return None
        try:
            connection.request("POST", self.path, body, self.headers)
            answer = connection.getresponse()
            text = answer.read().decode(errors="replace")
        except (OSError, http.client.HTTPException):
            self.ledger.doubt(batch)
            connection.close()
            return None
        if answer.status in (200, 204):
            self.ledger.acknowledge(batch)
            return connection
        self.node.note_error(text)
        if answer.status in (429, 503):
            self.ledger.doubt(batch)
        else:
            self.ledger.refuse(batch)
            self.problems.append(f"{self.name}: a sound request was answered with {answer.status}: {text[:300]}")
        return connection


class ProbeClient(threading.Thread):
    """Asks any node at any time, however stale it may be: no answer may have a row twice, or lack one of earlier rounds
    without saying so."""

    def __init__(self, nodes, settled, round_number, seed, stop):
        super().__init__(name="probe", daemon=True)
        self.nodes = list(nodes)
        self.settled = settled  # Ledger.settled_counts() of the rounds before this one
        self.round = round_number
        self.rng = random.Random(f"{seed} probe")
        self.stop = stop
        self.answers = 0
        self.problems = []

    def run(self):
        while not self.stop.is_set():
            node, table = self.rng.choice(self.nodes), self.rng.choice(TABLES)
            answer, is_whole = node.select_any(f"SELECT count(*), count(DISTINCT id), count(*) FILTER (WHERE round < {self.round}) "
                                               f'FROM "{table}"', timeout=3)
            if answer:
                self.answers += 1
                self.judge(node.name, table, is_whole, *map(int, answer[0]))
            self.stop.wait(0.15)

    def judge(self, node, table, is_whole, rows, ids, earlier):
        """An answer that says that it is incomplete may lack rows of earlier rounds, but has none twice."""
        least, most = self.settled.get(table, (0, 0))
        least = least if is_whole else 0
        if rows != ids:
            self.problems.append(f"{node} answered with {rows} rows of {table} that have {ids} ids, in the middle of a round")
        if not least <= earlier <= most:
            self.problems.append(f"{node} answered with {earlier} rows of {table} of earlier rounds in the middle of a round: "
                                 f"there are {least}" + (f" to {most}" if most > least else ""))


def _basic(node):
    return "Basic " + base64.b64encode(f"{USER}:{node.auth()[1]}".encode()).decode()
