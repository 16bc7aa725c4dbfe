"""What was sent to a lake and what became of it, and whether answers of its nodes agree with that. No I/O.

A request is *acknowledged* (answered 2xx), *refused* (answered 4xx: none of its rows may ever be there) or *in doubt*: the
answer was lost, or was 429 or 503, after which its rows may be there or not, but all or none of them. A request in doubt
whose rows are on all nodes at the end of a round has been kept, and counts as acknowledged from then on.
"""
import itertools
import threading
from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple

ROWS_MAX = 1_000  # of a request; its rows' ids begin at its number times this


class Row(NamedTuple):
    table: str
    id: int
    time_ns: int
    value: float


@dataclass
class Batch:
    """One request. `round` is written into each of its rows."""
    number: int
    round: int
    rows: list = field(default_factory=list)

    def add(self, table, time_ns):
        row_id = self.number * ROWS_MAX + len(self.rows)
        self.rows.append(Row(table, row_id, time_ns, row_id * 0.5))


@dataclass
class Verdict:
    """`wrong` can never become right. `missing` may, while nodes still flush or read the catalog: it has what is there too long
    as well."""
    wrong: list = field(default_factory=list)
    missing: list = field(default_factory=list)

    def __bool__(self):
        return not self.wrong and not self.missing

    def __str__(self):
        return "\n".join([*self.wrong, *self.missing]) or "all is there, once"


class Ledger:
    """Writers call begin() and one of the three outcomes, each from a thread of its own."""

    def __init__(self):
        self.acknowledged = {}  # (table, id) -> Row
        self.in_doubt = {}      # number -> Batch, of requests with an outcome; those under way are in `sent` alone
        self.refused = {}
        self.dropped = set()    # (table, id) of rows whose table was dropped
        self.sent = {}          # (table, id) -> Row, of all requests
        self.counts = Counter()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def begin(self, round_number):
        """A request without rows yet; add them before it is sent, then say so by sending()."""
        with self._lock:
            return Batch(next(self._numbers), round_number)

    def sending(self, batch):
        with self._lock:
            self.sent.update({row[:2]: row for row in batch.rows})
            self.in_doubt[batch.number] = batch

    def acknowledge(self, batch):
        with self._lock:
            self._count(batch, "acknowledged")
            self._keep(batch)

    def refuse(self, batch):
        """Answered so that none of its rows may be there, or never sent."""
        with self._lock:
            self._count(batch, "refused")
            self.refused[batch.number] = self.in_doubt.pop(batch.number)

    def doubt(self, batch):
        with self._lock:
            self._count(batch, "in doubt")

    def _count(self, batch, outcome):
        self.counts[outcome] += 1
        self.counts[outcome + " rows"] += len(batch.rows)

    def _keep(self, batch):
        self.in_doubt.pop(batch.number, None)
        self.acknowledged.update({row[:2]: row for row in batch.rows})

    def settle(self, rows):
        """Takes what all nodes agreed on at the end of a round for kept."""
        there = {row[:2] for row in rows}
        with self._lock:
            for batch in [batch for batch in self.in_doubt.values() if batch.rows[0][:2] in there]:
                self._keep(batch)

    def drop(self, table):
        """The table was dropped while nobody wrote: what it had must not come back."""
        with self._lock:
            self.dropped |= {key for key in self.sent if key[0] == table}
            self.acknowledged = {key: row for key, row in self.acknowledged.items() if key not in self.dropped}
            for batch in self.in_doubt.values():
                batch.rows = [row for row in batch.rows if row.table != table]
            self.in_doubt = {number: batch for number, batch in self.in_doubt.items() if batch.rows}

    def settled_counts(self):
        """table -> how many rows must be there, and how many more may be, when nobody writes."""
        with self._lock:
            least = Counter(table for table, _ in self.acknowledged)
            more = Counter(row.table for batch in self.in_doubt.values() for row in batch.rows)
        return {table: (least[table], least[table] + more[table]) for table in least}

    # ---- the check -------------------------------------------------------------------------------------------------------
    def check(self, answers):
        """`answers`: name of a node -> all rows that it has, or None when it gave no answer."""
        verdict = Verdict()
        for node, rows in answers.items():
            if rows is None:
                verdict.missing.append(f"{node} does not answer")
            else:
                self._check_node(node, rows, verdict)
        self._check_agreement({node: rows for node, rows in answers.items() if rows is not None}, verdict)
        return verdict

    def _check_node(self, node, rows, verdict):
        keys = [row[:2] for row in rows]
        found = set(keys)
        with self._lock:
            refused = {row[:2] for batch in self.refused.values() for row in batch.rows}
            doubled = sorted(key for key, count in Counter(keys).items() if count > 1) if len(found) < len(keys) else []
            alien = sorted(found - self.sent.keys())
            kept_anyway = sorted(found & refused)
            changed = sorted(row[:2] for row in rows if self.sent.get(row[:2], row) != row)
            returned = sorted(found & self.dropped)
            lost = sorted(self.acknowledged.keys() - found)
            torn = [batch for batch in self.in_doubt.values()
                    if 0 < sum(row[:2] in found for row in batch.rows) < len(batch.rows)]
        for keys, what in ((doubled, "are there more than once"), (alien, "were never sent"),
                           (kept_anyway, "were refused and are there"), (changed, "have another time or value than sent")):
            if keys:
                verdict.wrong.append(f"{node}: {len(keys)} rows {what}, such as {keys[:5]}")
        if lost:
            verdict.missing.append(f"{node}: {len(lost)} acknowledged rows are not there, such as {lost[:5]}")
        if returned:
            verdict.missing.append(f"{node}: {len(returned)} rows of a dropped table are there, such as {returned[:5]}")
        if torn:
            verdict.missing.append(f"{node}: {len(torn)} requests in doubt are there in part, such as number {torn[0].number}")

    @staticmethod
    def _check_agreement(answers, verdict):
        keys = {node: {row[:2] for row in rows} for node, rows in answers.items()}
        everywhere = set.intersection(*keys.values()) if keys else set()
        for node, found in keys.items():
            if more := sorted(found - everywhere):
                verdict.missing.append(f"{node} has {len(more)} rows that another node has not, such as {more[:5]}")
