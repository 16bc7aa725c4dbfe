"""Reads and runs files in sqllogictest form (README.md)."""
import json
import math
import re
from dataclasses import dataclass, field

DEFAULT_DATABASE = "mydb"


@dataclass
class Record:
    kind: str  # write, statement ok, statement error, query, plan
    line: int
    database: str = DEFAULT_DATABASE
    types: str = ""
    sort: str = "nosort"
    body: list = field(default_factory=list)
    expected: list = field(default_factory=list)
    only: set = field(default_factory=set)
    skip: set = field(default_factory=set)

    @property
    def sql(self):
        return "\n".join(self.body)

    def applies_to(self, state):
        return (not self.only or state in self.only) and state not in self.skip


def parse(text):
    records = []
    blocks = _blocks(text)
    only, skip = set(), set()
    for line, block in blocks:
        head = block[0].split()
        if head[0] in ("onlyif", "skipif"):
            (only if head[0] == "onlyif" else skip).update(head[1:])
            block = block[1:]
            line += 1
            head = block[0].split()
        record = _record(line, head)
        record.only, record.skip = only, skip
        only, skip = set(), set()
        rest = block[1:]
        cut = rest.index("----") if "----" in rest else len(rest)
        record.body, record.expected = rest[:cut], rest[cut + 1:]
        if not record.body:
            raise ValueError(f"line {line}: an empty record")
        if record.kind == "write" and any(r.kind != "write" for r in records):
            raise ValueError(f"line {line}: a write after a question")
        records.append(record)
    return records


def _blocks(text):
    """(number of the first line, lines) of each run of lines between empty lines; comments between blocks are dropped."""
    blocks, block, first = [], [], 0
    for number, line in enumerate(text.split("\n") + [""], 1):
        if line == "":
            if block:
                blocks.append((first, block))
            block = []
        elif block or not line.startswith("#"):
            if not block:
                first = number
            block.append(line)
    return blocks


def _record(line, head):
    options = [w for w in head if w.startswith("db=")]
    words = [w for w in head if not w.startswith("db=")]
    record = Record(kind=words[0], line=line)
    if options:
        record.database = options[0][3:]
    if words[0] == "statement" and words[1:] in (["ok"], ["error"]):
        record.kind = " ".join(words)
    elif words[0] == "query" and len(words) >= 2 and set(words[1]) <= set("IRT"):
        record.types = words[1]
        record.sort = words[2] if len(words) > 2 else "nosort"
    elif words not in (["write"], ["plan"]):
        raise ValueError(f"line {line}: {' '.join(head)} is not known")
    return record


def run(record, server):
    """Asserts that the server answers as the record says."""
    sql = f"EXPLAIN {record.sql}" if record.kind == "plan" else record.sql
    answer = server.post("/query", json.dumps({"query": sql}), params={"db": record.database},
                         headers={"Content-Type": "application/json"})
    where = f"line {record.line}: {record.sql}"
    if record.kind == "statement error":
        assert answer.status_code == 400, f"{where}\nwas not refused with 400: {answer.status_code} {answer.text[:500]}"
        message = answer.json()["error"]
        for pattern in record.expected:
            assert re.search(pattern, message, re.IGNORECASE | re.DOTALL), f"{where}\nthe message {message!r} lacks {pattern!r}"
        return
    assert answer.status_code == 200, f"{where}\n{answer.status_code}: {answer.text[:2000]}"
    rows = [[value for _, value in row] for row in dict(json.loads(answer.text, object_pairs_hook=list))["results"]]
    if record.kind == "query":
        _compare(record, rows, where)
    elif record.kind == "plan":
        plan = "\n".join(str(value) for row in rows for value in row)
        for pattern in record.expected:
            wanted = not pattern.startswith("!")
            assert bool(re.search(pattern.lstrip("!"), plan)) == wanted, f"{where}\n{pattern!r} does not hold for\n{plan}"


def _compare(record, rows, where):
    got = [[_show(value) for value in row] for row in rows]
    expected = [line.split("\t") for line in record.expected]
    if record.sort == "rowsort":
        got, expected = sorted(got), sorted(expected)
    shown = "\n".join("\t".join(row) for row in got)
    assert len(got) == len(expected), f"{where}\n{len(got)} rows instead of {len(expected)}:\n{shown}"
    for got_row, expected_row in zip(got, expected):
        same = len(got_row) == len(expected_row) == len(record.types) and all(
            _same(t, g, e) for t, g, e in zip(record.types, got_row, expected_row))
        assert same, f"{where}\n  expected {expected_row}\n  got      {got_row}\nin\n{shown}"


def _show(value):
    if value is None:
        return "NULL"
    if value == "":
        return "(empty)"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return str(value).replace("\n", "\\n").replace("\t", "\\t")


def _same(kind, got, expected):
    if kind == "R" and "NULL" not in (got, expected):
        return math.isclose(float(got), float(expected), rel_tol=1e-12, abs_tol=1e-300)
    if kind == "I" and got != "NULL":
        return got == expected and re.fullmatch(r"-?\d+", got) is not None
    return got == expected
