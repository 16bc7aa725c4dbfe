"""The same rows in the lake and in plain DuckDB, the same questions to both: the answers must be equal.

The questions aim at what a lake of our own could get wrong: pruning by each column's statistics, OFFSET and Top-N with late
materialisation, columns that old files lack, answers from statistics alone, self-joins.
"""
import calendar
import json
import math
import random
import sys
import time
from pathlib import Path

import duckdb
import pytest

sys.path.insert(0, str(Path(__file__).parent))
import states  # noqa: E402

ROWS = 3000
HOURS = 5
BASE_NS = 1_735_689_600_000_000_000  # 2025-01-01 00:00 UTC
STEP_NS = HOURS * 3_600_000_000_000 // ROWS
COLUMNS = {"time": "TIMESTAMP_NS", "host": "VARCHAR", "region": "VARCHAR", "id": "BIGINT", "value": "DOUBLE", "total": "UBIGINT",
           "up": "BOOLEAN", "note": "VARCHAR", "late_field": "DOUBLE", "late_tag": "VARCHAR"}


def make_rows():
    rng = random.Random(7)
    rows = []
    for i in range(ROWS):
        row = {"time": BASE_NS + i * STEP_NS + rng.randrange(1000), "host": f"host_{rng.randrange(12)}", "id": i}
        if rng.random() < 0.8:
            row["region"] = rng.choice(("eu", "us", "a region whose name is long enough to be cut in statistics " + str(i % 3)))
        if rng.random() < 0.9:
            row["value"] = rng.choice((0.0, -0.0, 1e300, -1e-300, round(rng.uniform(-100, 100), 3)))
        if rng.random() < 0.7:
            row["total"] = rng.choice((0, 2**64 - 1, rng.randrange(1000)))
        if rng.random() < 0.6:
            row["up"] = rng.random() < 0.5
        if rng.random() < 0.5:
            row["note"] = rng.choice(("", "plain", 'quoted "text"', "über", "a,b=c d", f"n{i}"))
        if i > ROWS // 2 and rng.random() < 0.5:
            row["late_field"] = i / 8
        if i > ROWS * 3 // 4 and rng.random() < 0.5:
            row["late_tag"] = f"late {i % 5}"
        rows.append(row)
    return rows


def to_line(row):
    def escape(text):
        return text.replace(",", "\\,").replace(" ", "\\ ").replace("=", "\\=")

    tags = "".join(f",{k}={escape(row[k])}" for k in ("host", "region", "late_tag") if k in row)
    fields = [f"id={row['id']}i"]
    fields += [f"{k}={row[k]!r}" for k in ("value", "late_field") if k in row]
    fields += [f"total={row['total']}u"] if "total" in row else []
    fields += [f"up={'t' if row['up'] else 'F'}"] if "up" in row else []
    fields += ['note="' + row["note"].replace("\\", "\\\\").replace('"', '\\"') + '"'] if "note" in row else []
    return f"m{tags} {','.join(fields)} {row['time']}"


def questions():
    rng = random.Random(11)
    yield from FIXED
    conditions = (
        "host = 'host_3'", "host IN ('host_1', 'host_7', 'nobody')", "host <> 'host_3'", "host > 'host_5'", "host LIKE 'host_1%'",
        "region IS NULL", "region IS NOT NULL", "region = 'a region whose name is long enough to be cut in statistics 1'",
        "value > 50", "value BETWEEN -10 AND 10", "value = 0", "value IS NULL", "value < -1e200", "total = 18446744073709551615",
        "total < 10", "total IS NULL", "up", "NOT up", "up IS NULL", "note = ''", "note = 'über'", "note IS NULL", "note LIKE 'n1%'",
        "late_field > 200", "late_field IS NULL", "late_tag = 'late 2'", "late_tag IS NULL", "late_tag IS NOT NULL", "id % 7 = 3",
        f"time >= make_timestamp_ns({BASE_NS + 3 * 3_600_000_000_000})", "time < '2025-01-01 01:30:00'",
        "time BETWEEN '2025-01-01 02:00:00' AND '2025-01-01 02:59:59.999999999'", "time = (SELECT max(time) FROM m)",
        "time > TIMESTAMP '2026-01-01'", "extract(hour FROM time) = 2", "host = region", "value > late_field")
    orders = ("time", "time DESC", "id", "id DESC", "value NULLS FIRST, id", "value DESC NULLS LAST, time", "host, time DESC",
              "note NULLS LAST, id", "late_field DESC NULLS LAST, id", "late_tag NULLS FIRST, id DESC", "total DESC, id", "up, id")
    outputs = ("*", "id", "time, id", "id, late_tag, note", "late_field, host, time")
    for _ in range(220):
        where = f" {rng.choice(('AND', 'OR'))} ".join(rng.sample(conditions, rng.choice((0, 1, 1, 2, 3))))
        limit = rng.choice(("", f" LIMIT {rng.choice((0, 1, 5, 50, 5000))}", f" LIMIT {rng.choice((1, 10, 700))} OFFSET {rng.choice((1, 9, 600, 2990, 4000))}"))
        yield f"SELECT {rng.choice(outputs)} FROM m{' WHERE ' + where if where else ''} ORDER BY {rng.choice(orders)}{limit}"
    for condition in conditions:
        yield f"SELECT count(*) AS n, min(time) AS a, max(time) AS b, sum(id) AS s, count(late_field) AS l FROM m WHERE {condition}"


FIXED = (
    "SELECT count(*) AS n FROM m",
    "SELECT min(time) AS a, max(time) AS b, count(*) AS n FROM m",
    "SELECT min(time) AS a FROM m",
    "SELECT min(value) AS a, max(value) AS b, min(host) AS c, max(host) AS d, min(total) AS e, max(total) AS f FROM m",
    "SELECT max(region) AS r, min(note) AS n, max(late_tag) AS t, min(late_field) AS l FROM m",
    "SELECT count(region) AS a, count(DISTINCT region) AS b, count(late_tag) AS c FROM m",
    "SELECT host, count(*) AS n, avg(value) AS v, max(time) AS t FROM m WHERE abs(value) < 1000 GROUP BY host ORDER BY host",
    "SELECT host, arg_max(id, time) AS last FROM m GROUP BY host ORDER BY host",
    "SELECT date_trunc('hour', time) AS h, count(*) AS n FROM m GROUP BY h ORDER BY h",
    "SELECT DISTINCT host, region FROM m ORDER BY host, region NULLS FIRST",
    "SELECT count(*) AS n FROM m a JOIN m b ON a.id = b.id + 1 WHERE a.host = b.host",
    "SELECT a.id, b.id AS other FROM m a LEFT JOIN m b ON a.id = b.id * 100 AND b.value > 0 ORDER BY a.id, other LIMIT 50 OFFSET 10",
    "SELECT count(*) AS n FROM m WHERE id IN (SELECT id FROM m WHERE late_tag IS NOT NULL)",
    "SELECT count(*) AS n FROM m WHERE NOT EXISTS (SELECT 1 FROM m b WHERE b.id = m.id + 1)",
    "WITH h AS (SELECT host, avg(id) AS a FROM m GROUP BY host) SELECT m.id FROM m JOIN h USING (host) WHERE m.id > h.a ORDER BY m.id LIMIT 20",
    "SELECT id, lag(id) OVER (PARTITION BY host ORDER BY time) AS p FROM m ORDER BY id LIMIT 40 OFFSET 500",
    "SELECT id, row_number() OVER (ORDER BY time DESC) AS r FROM m QUALIFY r BETWEEN 100 AND 110 ORDER BY r",
    "SELECT host, sum(id) AS s FROM m GROUP BY ROLLUP (host) ORDER BY host NULLS LAST",
    "SELECT id FROM m WHERE up UNION SELECT id FROM m WHERE value > 99 ORDER BY id",
    "SELECT id FROM m EXCEPT SELECT id FROM m WHERE id > 10 ORDER BY id",
    "SELECT id FROM (SELECT * FROM m ORDER BY time DESC LIMIT 100) WHERE host = 'host_2' ORDER BY id",
    "SELECT x.id, x.t FROM m AS x(t, c1, c2, id) ORDER BY x.id LIMIT 0",
    "SELECT id FROM m ASOF JOIN (SELECT time AS time, id AS other FROM m WHERE up) u USING (time) ORDER BY id LIMIT 30",
    "SELECT count(*) AS n FROM m TABLESAMPLE 100 PERCENT",
    "SELECT quantile_cont(id, 0.5) AS q, median(late_field) AS m FROM m",
    "SELECT list(id ORDER BY id)[1:5]::VARCHAR AS l FROM m WHERE host = 'host_1'",
    "SELECT string_agg(DISTINCT host, ',' ORDER BY host) AS hosts FROM m",
    "SELECT count(*) AS n FROM m WHERE time IS NULL",
    "SELECT id FROM m WHERE (host, up) = ('host_4', true) ORDER BY id",
    "SELECT 1 AS one, NULL AS nothing, 'x' AS text, true AS yes",
)


@pytest.fixture(scope="module")
def rows():
    return make_rows()


@pytest.fixture(scope="module")
def reference(rows):
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"CREATE TABLE m ({', '.join(f'{name} {kind}' for name, kind in COLUMNS.items())})")
    values = [[row.get(name) for name in COLUMNS] for row in rows]
    placeholders = ", ".join("make_timestamp_ns(?)" if name == "time" else "?" for name in COLUMNS)
    connection.executemany(f"INSERT INTO m VALUES ({placeholders})", values)
    return connection


def expected_rows(connection, sql):
    table = connection.execute(sql).to_arrow_table()
    columns = [c.cast("timestamp[ns]").cast("int64").to_pylist() if str(c.type).startswith("timestamp") else c.to_pylist()
               for c in table.columns]
    return [dict(zip(table.column_names, row)) for row in zip(*columns)] if columns and table.num_rows else []


def nanoseconds(text):
    """Of a TIMESTAMP, which is shown as RFC 3339; time itself is shown as a number."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ")) * 10**9


def same(got, expected):
    if isinstance(expected, bool) or expected is None or isinstance(expected, str):
        return got == expected
    if got is None:
        return isinstance(expected, float) and not math.isfinite(expected)
    if isinstance(expected, int):
        return (nanoseconds(got) if "T" in str(got) else int(got)) == expected
    return math.isclose(float(got), float(expected), rel_tol=1e-9, abs_tol=1e-12)


def difference(got, expected):
    if len(got) != len(expected):
        return f"{len(got)} rows instead of {len(expected)}"
    for i, (g, e) in enumerate(zip(got, expected)):
        if set(g) != set(e):
            return f"columns {sorted(g)} instead of {sorted(e)}"
        wrong = [name for name in e if not same(g[name], e[name])]
        if wrong:
            return f"row {i}: {wrong[0]} is {g[wrong[0]]!r} instead of {e[wrong[0]]!r}"
    return None


@pytest.mark.parametrize("state", states.STATES)
def test_answers_equal_duckdb(state, make_server, rows, reference):
    # Some rows come late: the order of arrival is not that of time.
    late = rows[ROWS // 3::2]
    random.Random(3).shuffle(late)
    arrival = rows[:ROWS // 3] + rows[ROWS // 3 + 1::2] + late
    server = states.load(make_server, state, [("mydb", [to_line(row) for row in arrival])])
    failures = []
    for sql in questions():
        answer = server.post("/query?db=mydb", json.dumps({"query": sql}))
        problem = answer.text[:300] if answer.status_code != 200 else difference(answer.json()["results"], expected_rows(reference, sql))
        if problem:
            failures.append(f"{sql}\n    {problem}")
    assert server.is_running(), server.log_tail()
    assert not failures, f"{len(failures)} answers differ:\n" + "\n".join(failures[:25])
