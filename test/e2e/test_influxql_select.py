"""SELECT in InfluxQL: what dashboards send, and what InfluxDB 1 answers."""
import json
import time

import pytest
from influxdb import InfluxDBClient

T0 = 1735689600  # 2025-01-01 00:00 UTC
MINUTE = 60
S = 1_000_000_000


def line(table, tags, fields, seconds):
    return f"{table},{tags} {fields} {(T0 + seconds) * S}"


ROWS = [line("cpu", f"host={host}", f"usage={usage},n={n}i", at)
        for host, usage, n, at in [("a", 1.0, 1, 0), ("a", 3.0, 2, 30), ("a", 5.0, 3, 3 * MINUTE),
                                   ("b", 10.0, 4, 0), ("b", 30.0, 5, 3 * MINUTE + 30)]]
ROWS += [line("cpu", "host=c", 'note="hello",up=true', 60), line("net", "host=a,if=eth0", "bytes=100i", 0),
         line("net", "host=a,if=eth0", "bytes=700i", 60), line("net", "host=a,if=eth0", "bytes=600i", 120)]
RANGE = f"time >= {T0}s AND time < {T0 + 5 * MINUTE}s"


@pytest.fixture(scope="module")
def influx(shared_server):
    shared_server.write("\n".join(ROWS), "iqs")
    return shared_server


def results(server, q, method="GET", **params):
    answer = server.request(method, "/query", params={"q": q, "db": "iqs", "epoch": "s", **params})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def series(server, q, **params):
    (result,) = results(server, q, **params)
    assert "error" not in result, result
    return result.get("series", [])


def rows(server, q, **params):
    """Of one series, times in seconds since T0."""
    (one,) = series(server, q, **params)
    return [[row[0] - T0, *row[1:]] for row in one["values"]]


def error(server, q):
    (result,) = results(server, q)
    return result["error"]


def test_raw_rows(influx):
    (one,) = series(influx, "SELECT usage, n FROM cpu WHERE host = 'a'")
    assert one == {"name": "cpu", "columns": ["time", "usage", "n"], "values": [[T0, 1, 1], [T0 + 30, 3, 2], [T0 + 180, 5, 3]]}
    (everything,) = series(influx, "SELECT * FROM cpu WHERE host =~ /^c$/")
    assert everything["columns"] == ["time", "host", "n", "note", "up", "usage"]
    assert everything["values"] == [[T0 + 60, "c", None, "hello", True, None]]
    assert rows(influx, "SELECT usage FROM cpu ORDER BY time DESC LIMIT 2") == [[210, 30], [180, 5]]
    assert rows(influx, "SELECT usage FROM cpu LIMIT 2 OFFSET 2") == [[30, 3], [180, 5]]
    assert rows(influx, "SELECT usage FROM cpu LIMIT 9223372036854775807 OFFSET 3") == [[180, 5], [210, 30]]
    (b,) = series(influx, "SELECT usage FROM cpu WHERE host = 'b' GROUP BY host LIMIT 9223372036854775807 OFFSET 1")
    assert b["values"] == [[T0 + 210, 30]]
    assert series(influx, "SELECT usage FROM cpu LIMIT 2 OFFSET 9223372036854775807") == []
    assert rows(influx, 'SELECT "usage" * 2 + n AS x FROM cpu WHERE "host" = \'b\'') == [[0, 24], [210, 65]]
    assert series(influx, "SELECT host FROM cpu") == [], "tags alone are no points"
    assert series(influx, "SELECT nothing FROM cpu") == [] and series(influx, "SELECT usage FROM nowhere") == []


def test_series_by_tags(influx):
    listed = series(influx, "SELECT usage FROM cpu GROUP BY host LIMIT 1")
    assert [(s["tags"], s["values"]) for s in listed] == [({"host": "a"}, [[T0, 1]]), ({"host": "b"}, [[T0, 10]])]
    assert [s["tags"] for s in series(influx, "SELECT usage FROM cpu GROUP BY * SLIMIT 1 SOFFSET 1")] == [{"host": "b"}]
    assert [s["tags"] for s in series(influx, "SELECT mean(usage) FROM cpu GROUP BY /^h/, nothing")] == [
        {"host": "a", "nothing": ""}, {"host": "b", "nothing": ""}]
    assert [s["name"] for s in series(influx, "SELECT count(*) FROM /^(cpu|net)$/")] == ["cpu", "net"]


@pytest.mark.parametrize("function,expected", [
    ("mean(usage)", 3.0), ("sum(n)", 6), ("count(usage)", 3), ("min(usage)", 1), ("max(usage)", 5), ("first(usage)", 1),
    ("last(usage)", 5), ("median(usage)", 3), ("percentile(usage, 50)", 3), ("percentile(usage, 90)", 5), ("spread(usage)", 4),
    ("stddev(usage)", 2), ("count(distinct(usage))", 3), ("mean(usage) / mean(n)", 1.5), ("abs(min(usage)) * -1", -1),
    ("mode(n)", None)])
def test_functions(influx, function, expected):
    (row,) = rows(influx, f"SELECT {function} FROM cpu WHERE host = 'a' AND {RANGE}")
    assert expected is None or row[1] == expected


def test_the_time_of_an_aggregate_and_of_a_selector(influx):
    assert series(influx, "SELECT mean(usage) FROM cpu")[0]["values"] == [[0, 9.8]]
    assert rows(influx, f"SELECT mean(usage) FROM cpu WHERE {RANGE}") == [[0, 9.8]]
    assert rows(influx, "SELECT max(usage) FROM cpu") == [[210, 30]]
    assert rows(influx, "SELECT last(usage), host FROM cpu") == [[210, 30, "b"]]
    assert rows(influx, "SELECT min(usage), host, n FROM cpu") == [[0, 1, "a", 1]]
    assert rows(influx, "SELECT percentile(usage, 50), host FROM cpu") == [[180, 5, "a"]]
    assert series(influx, "SELECT max(usage), min(usage) FROM cpu WHERE time > 1735689599s", epoch="ns")[0]["values"] == [
        [1735689599 * S + 1, 30, 1]]
    assert rows(influx, f"SELECT max(usage), min(usage) FROM cpu WHERE {RANGE}") == [[0, 30, 1]]


def test_names_of_columns(influx):
    (one,) = series(influx, f"SELECT mean(usage), mean(n), max(usage) AS top, mean(usage) / max(n), first(*) FROM cpu WHERE {RANGE}")
    assert one["columns"] == ["time", "mean", "mean_1", "top", "mean_max", "first_n", "first_note", "first_up", "first_usage"]
    assert series(influx, "SELECT mean(*) FROM cpu")[0]["columns"] == ["time", "mean_n", "mean_usage"]
    assert series(influx, "SELECT /^u/ FROM cpu")[0]["columns"] == ["time", "up", "usage"]


@pytest.mark.parametrize("fill,expected", [
    ("", [2, None, None, 5, None]), ("fill(null)", [2, None, None, 5, None]), ("fill(none)", [2, 5]), ("fill(0)", [2, 0, 0, 5, 0]),
    ("fill(-1.5)", [2, -1.5, -1.5, 5, -1.5]), ("fill(previous)", [2, 2, 2, 5, 5]), ("fill(linear)", [2, 3, 4, 5, None])])
def test_intervals_and_their_gaps(influx, fill, expected):
    found = rows(influx, f"SELECT mean(usage) FROM cpu WHERE host = 'a' AND {RANGE} GROUP BY time(1m) {fill}")
    assert [row[1] for row in found] == expected
    assert [row[0] for row in found] == ([0, 180] if "none" in fill else [0, 60, 120, 180, 240])


@pytest.mark.parametrize("fields,fill,expected", [
    ("mean(a), mean(b)", "fill(linear)", [[1, 10], [5, 20], [7, 30], [9, 40], [None, None]]),
    ("max(n), mean(a)", "fill(linear)", [[1, 1], [2, 5], [3, 7], [5, 9], [None, None]]),
    ("first(t), mean(b)", "fill(linear)", [["x", 10], [None, 20], [None, 30], ["y", 40], [None, None]]),
    ("count(a), count(b)", "fill(7)", [[1, 1], [1, 7], [7, 7], [1, 1], [7, 7]]),
    ("count(a), count(b)", "fill(previous)", [[1, 1], [1, 1], [1, 1], [1, 1], [1, 1]]),
    ("count(a), count(b)", "", [[1, 1], [1, 0], [0, 0], [1, 1], [0, 0]])])
def test_gaps_of_one_field_are_not_those_of_another(influx, db, fields, fill, expected):
    influx.write("\n".join([f"pair a=1,b=10,n=1i,t=\"x\" {T0 * S}", f"pair a=5 {(T0 + 60) * S}",
                            f"pair a=9,b=40,n=5i,t=\"y\" {(T0 + 180) * S}"]), db)
    q = f"SELECT {fields} FROM pair WHERE {RANGE} GROUP BY time(1m) {fill}"
    assert [row[1:] for row in rows(influx, q, db=db)] == expected
    backwards = rows(influx, q + " ORDER BY time DESC", db=db)
    if "previous" not in fill:
        assert [row[1:] for row in backwards] == expected[::-1]
    assert [row[1:] for row in rows(influx, q + " LIMIT 2 OFFSET 1", db=db)] == expected[1:3]


def test_more_of_intervals(influx):
    q = f"FROM cpu WHERE host = 'a' AND {RANGE} GROUP BY time(1m)"
    assert [row[1] for row in rows(influx, f"SELECT count(usage) {q}")] == [2, 0, 0, 1, 0]
    assert [row[1] for row in rows(influx, f"SELECT mean(usage) {q} ORDER BY time DESC")] == [None, 5, None, None, 2]
    assert [row[1] for row in rows(influx, f"SELECT mean(usage) {q} fill(previous) LIMIT 2 OFFSET 1")] == [2, 2]
    assert [row[0] for row in rows(influx, f"SELECT max(usage) FROM cpu WHERE {RANGE} GROUP BY time(2m, 30s) fill(none)")] == [-90, 30, 150]
    both = series(influx, f"SELECT sum(n) FROM cpu WHERE {RANGE} GROUP BY time(5m), host")
    assert [(s["tags"]["host"], s["values"][0][1]) for s in both] == [("a", 6), ("b", 9)]
    assert series(influx, f"SELECT mean(usage) FROM cpu WHERE host = 'nobody' AND {RANGE} GROUP BY time(1m)") == []
    until_now = rows(influx, f"SELECT last(usage) FROM cpu WHERE time >= {T0}s GROUP BY time(365d) fill(previous)")
    assert until_now[0][1] == 30 and until_now[-1][1] == 30, "up to now where there is no end"


def test_functions_outside_of_their_domain(influx):
    q = "SELECT ln(n - 1), log(n - 1, 2), log2(n - 1), log10(n - 1), sqrt(n - 2), sqrt(n - 2) * 2, asin(n - 3), acos(n), ln(ln(n)) FROM cpu WHERE n <= 2"
    first, second = rows(influx, q)
    assert first == [0] + [None] * 7 + [0, None]
    assert second == [30, 0, 0, 0, 0, 0, 0, pytest.approx(-1.57079633), None, pytest.approx(-0.36651292)]


def test_mode_takes_the_first_of_values_that_are_equally_frequent(influx):
    influx.write("\n".join(f"modes v={v}i {(T0 + at) * S}" for at, v in enumerate([5, 9, 9, 5, 1, 7, 3])), "modes")
    assert rows(influx, "SELECT mode(v) FROM modes", db="modes") == [[-T0, 5]]


def test_the_first_and_last_times_that_there_are(influx):
    whole = "time >= '1677-09-21T00:12:43.145224194Z' AND time <= '2262-04-11T23:47:16.854775806Z'"
    assert [row[1] for row in rows(influx, f"SELECT count(usage) FROM cpu WHERE {whole}")] == [5]
    assert [row[1] for row in rows(influx, "SELECT count(usage) FROM cpu WHERE time >= -9223372036854775806")] == [5]


def test_intervals_end_with_the_present(influx):
    now = time.time_ns()
    influx.write(f"ahead v=1 {now - 3600 * S}\nahead v=2 {now + 86400 * S}", "ahead")
    lower = f"time > {now - 7200 * S}"
    assert sum(row[1] for row in rows(influx, f"SELECT count(v) FROM ahead WHERE {lower} GROUP BY time(1h)", db="ahead")) == 1
    assert [row[1] for row in rows(influx, "SELECT top(v, 1) FROM ahead GROUP BY time(52w)", db="ahead")] == [1]
    assert rows(influx, f"SELECT count(v) FROM ahead WHERE {lower}", db="ahead")[0][1] == 2
    until = f"{lower} AND time < now() + 2d"
    assert sum(row[1] for row in rows(influx, f"SELECT count(v) FROM ahead WHERE {until} GROUP BY time(1h)", db="ahead")) == 2


def test_distinct(influx):
    assert sorted(row[1] for row in rows(influx, f"SELECT distinct(n) FROM cpu WHERE {RANGE}")) == [1, 2, 3, 4, 5]
    assert len(rows(influx, f"SELECT distinct(n) FROM cpu WHERE {RANGE} GROUP BY time(5m)")) == 5


def test_conditions(influx):
    def count(where):
        found = series(influx, f"SELECT count(usage) FROM cpu WHERE {where}")
        return found[0]["values"][0][1] if found else 0

    assert count("host = 'a' OR host = 'b'") == 5 and count("host != 'a'") == 2 and count("host !~ /a|c/") == 2
    assert count("usage > 3 AND n <= 4") == 2 and count("usage = 'x'") == 0 and count("nothing = ''") == 5 and count("nothing > 1") == 0
    assert count("time >= '2025-01-01T00:03:00Z'") == 2 and count("time >= '2025-01-01 00:03:00'") == 2
    assert count(f"time = {T0}s") == 2 and count(f"{T0}s < time") == 3 and count("time > now() - 1h") == 0
    assert count(f"time >= {T0 * S} AND time <= {(T0 + 30) * S}") == 3
    assert count("usage + n > 30") == 1 and count(r"'it\'s' = host") == 0


def test_rates(influx):
    base = f"FROM net WHERE {RANGE}"
    assert rows(influx, f"SELECT derivative(bytes, 1s) {base}") == [[60, 10], [120, -100 / 60]]
    assert rows(influx, f"SELECT non_negative_derivative(bytes, 1s) * 8 AS bits {base}") == [[60, 80]]
    assert rows(influx, f"SELECT difference(bytes) {base}") == [[60, 600], [120, -100]]
    assert rows(influx, f"SELECT cumulative_sum(bytes) {base}") == [[0, 100], [60, 800], [120, 1400]]
    assert rows(influx, f"SELECT moving_average(bytes, 2) {base}") == [[60, 400], [120, 650]]
    assert rows(influx, f"SELECT derivative(mean(bytes), 1s) {base} GROUP BY time(1m) fill(none)") == [[60, 10], [120, -100 / 60]]


def test_times_as_text_numbers_and_pretty(influx):
    answer = influx.get("/query", params={"q": "SELECT n FROM cpu WHERE host='a' LIMIT 1", "db": "iqs", "pretty": "true"})
    assert answer.json()["results"][0]["series"][0]["values"] == [["2025-01-01T00:00:00Z", 1]]
    assert answer.text.startswith('{\n    "results": [\n        {\n            "statement_id": 0,\n')
    for epoch, unit in {"ns": 1, "u": 1000, "ms": 10**6, "s": S, "m": 60 * S, "h": 3600 * S}.items():
        assert series(influx, "SELECT n FROM cpu LIMIT 1", epoch=epoch)[0]["values"][0][0] == T0 * S // unit
    assert influx.get("/query", params={"q": "SELECT n FROM cpu", "db": "iqs", "epoch": "x"}).status_code == 400


def test_several_statements_and_parameters(influx):
    first, second, third = results(influx, "SELECT mean(usage) FROM cpu; SELECT mean(note) FROM cpu; SHOW MEASUREMENTS")
    assert first["series"] and second["statement_id"] == 1 and third["series"]
    assert second["error"] == "unsupported mean iterator type: string"
    params = json.dumps({"host": "a", "low": 2, "w": {"duration": "5m"}})
    bound = series(influx, f"SELECT count(usage) FROM cpu WHERE host = $host AND usage > $low AND {RANGE} GROUP BY time($w)", params=params)
    assert bound[0]["values"] == [[T0, 2]]
    assert influx.get("/query", params={"q": "SELECT n FROM cpu WHERE n > $x", "db": "iqs", "params": "{}"}).status_code == 400


def test_chunks(influx):
    answer = influx.get("/query", params={"q": "SELECT usage FROM cpu GROUP BY host; SHOW DATABASES", "db": "iqs", "epoch": "s",
                                          "chunked": "true", "chunk_size": "2"})
    documents = [json.loads(text)["results"][0] for text in answer.text.splitlines()]
    assert [(d["statement_id"], d.get("partial", False)) for d in documents] == [(0, True), (0, True), (0, False), (1, False)]
    shapes = [(s["tags"]["host"], len(s["values"]), s.get("partial", False)) for d in documents[:3] for s in d["series"]]
    assert shapes == [("a", 2, True), ("a", 1, False), ("b", 2, False)]


def test_what_is_not_supported_is_named(influx):
    for q, what in [("SHOW TAG KEYS FROM (SELECT usage FROM cpu)", "a subquery in FROM"), ("SELECT usage INTO x FROM cpu", "SELECT INTO")]:
        answer = influx.get("/query", params={"q": q, "db": "iqs", "epoch": "s"})
        assert answer.status_code == 400 and f"{what} is not supported" in answer.json()["error"], answer.text
    assert error(influx, "SELECT holt_winters(mean(usage), 1, 1) FROM cpu") == "holt_winters() is not supported"
    assert "mixing aggregate and non-aggregate" in error(influx, "SELECT mean(usage), n FROM cpu")
    assert "at least one aggregate" in error(influx, "SELECT usage FROM cpu GROUP BY time(1m)")
    assert "intervals" in error(influx, "SELECT mean(usage) FROM cpu WHERE time > 0 GROUP BY time(1s)")
    assert error(influx, "SELECT usage FROM nodb..cpu") == "database not found: nodb"


def test_top_and_bottom(influx):
    assert rows(influx, "SELECT top(usage, 2) FROM cpu") == [[0, 10], [210, 30]]
    assert rows(influx, "SELECT bottom(usage, 2), n FROM cpu") == [[0, 1, 1], [30, 3, 2]]
    (one,) = series(influx, "SELECT top(usage, host, 2) FROM cpu")
    assert one["columns"] == ["time", "top", "host"] and one["values"] == [[T0 + 180, 5, "a"], [T0 + 210, 30, "b"]]
    assert [(s["tags"]["host"], s["values"]) for s in series(influx, "SELECT bottom(usage, 1) FROM cpu GROUP BY host")] == [
        ("a", [[T0, 1]]), ("b", [[T0, 10]])]
    assert rows(influx, f"SELECT top(usage, 1) FROM cpu WHERE host = 'a' AND {RANGE} GROUP BY time(2m)") == [[30, 3], [180, 5]]
    assert rows(influx, "SELECT top(usage, 9) AS best FROM cpu WHERE host = 'a' ORDER BY time DESC LIMIT 2") == [[180, 5], [30, 3]]
    assert series(influx, "SELECT top(nothing, 2) FROM cpu") == []


def test_integral(influx):
    q = f"FROM cpu WHERE host = 'a' AND {RANGE}"
    assert rows(influx, f"SELECT integral(usage) {q}") == [[0, 660]]
    assert rows(influx, f"SELECT integral(usage, 1m) AS area {q}") == [[0, 11]]
    assert rows(influx, f"SELECT integral(usage) {q} GROUP BY time(1m) fill(none)") == [[0, 156], [180, 504]]
    assert [row[1] for row in rows(influx, f"SELECT integral(usage) {q} GROUP BY time(1m)")] == [156, None, None, 504, None]
    both = series(influx, f"SELECT integral(usage) FROM cpu WHERE {RANGE} GROUP BY host")
    assert [(s["tags"]["host"], s["values"][0][1]) for s in both] == [("a", 660), ("b", 4200)]
    assert series(influx, "SELECT integral(nothing) FROM cpu") == []


@pytest.mark.parametrize("q,expected", [
    ("SELECT sum(m) FROM (SELECT mean(usage) AS m FROM cpu GROUP BY host) WHERE {R}", [[0, 23]]),
    ("SELECT max(m) FROM (SELECT mean(usage) AS m FROM cpu GROUP BY time(1m), host) WHERE {R} GROUP BY time(5m)", [[0, 30]]),
    ("SELECT mean(s) FROM (SELECT sum(m) AS s FROM (SELECT mean(usage) AS m FROM cpu GROUP BY time(1m), host) GROUP BY time(1m)) WHERE {R}",
     [[0, 23.5]]),
    ("SELECT count(m) FROM (SELECT mean(usage) AS m FROM cpu WHERE {R} GROUP BY time(1m), host) WHERE m > 4 AND host = 'b'", [[-T0, 2]]),
    ("SELECT sum(d) FROM (SELECT non_negative_difference(bytes) AS d FROM net) WHERE {R}", [[0, 600]]),
    ("SELECT max(d) FROM (SELECT derivative(mean(bytes), 1s) AS d FROM net WHERE {R} GROUP BY time(1m)) WHERE {R}", [[60, 10]]),
    ("SELECT last(c) FROM (SELECT cumulative_sum(bytes) AS c FROM net)", [[120, 1400]]),
    ("SELECT last(m) FROM (SELECT moving_average(bytes, 2) AS m FROM net)", [[120, 650]]),
    ("SELECT max(e) FROM (SELECT elapsed(bytes, 1s) AS e FROM net)", [[60, 60]]),
    ("SELECT sum(x) FROM (SELECT difference(bytes) * 2 + 1 AS x FROM net) WHERE {R}", [[0, 1002]]),
    ("SELECT mean(c) FROM (SELECT count(usage) AS c FROM cpu WHERE host = 'a' GROUP BY time(1m) fill(0)) WHERE {R}", [[0, 0.6]]),
    ("SELECT sum(x) FROM (SELECT last(usage) AS x FROM cpu WHERE host = 'a' GROUP BY time(1m), host fill(previous)) WHERE {R}", [[0, 19]]),
    ("SELECT count(u) FROM (SELECT usage AS u FROM cpu GROUP BY host LIMIT 1) WHERE {R}", [[0, 2]]),
    ("SELECT count(d) FROM (SELECT distinct(n) AS d FROM cpu) WHERE {R}", [[0, 5]]),
    ("SELECT sum(t) FROM (SELECT top(usage, 2) AS t FROM cpu) WHERE {R}", [[0, 40]]),
    ("SELECT integral(usage) FROM (SELECT usage FROM cpu WHERE host = 'a') WHERE {R}", [[0, 660]]),
    ("SELECT usage * 2 AS x FROM (SELECT usage FROM cpu WHERE host = 'a') WHERE {R} LIMIT 2", [[0, 2], [30, 6]]),
    # The first interval begins before the bound, and counts with the rows that lie behind it.
    ("SELECT sum(m) FROM (SELECT mean(usage) AS m FROM cpu GROUP BY time(1m)) WHERE {R} AND time > 1735689610s", [[10, 20.5]]),
    ("SELECT sum(m) FROM (SELECT max(usage) AS m FROM cpu GROUP BY time(1m)) WHERE {R} AND time > 1735689610s AND m < 4 GROUP BY time(5m)",
     [[0, 3]]),
])
def test_subqueries(influx, q, expected):
    assert rows(influx, q.replace("{R}", RANGE)) == expected


def test_subqueries_have_the_series_of_the_query_around_them(influx):
    found = series(influx, f"SELECT max(m) FROM (SELECT mean(usage) AS m FROM cpu WHERE {RANGE} GROUP BY time(1m)) GROUP BY host")
    assert [(s["name"], s["tags"]["host"], s["values"][0][1]) for s in found] == [("cpu", "a", 5), ("cpu", "b", 30)]
    both = series(influx, f"SELECT mean(v) FROM (SELECT usage AS v FROM cpu), (SELECT bytes AS v FROM net) WHERE {RANGE}")
    assert [(s["name"], s["values"][0][1]) for s in both] == [("cpu", 9.8), ("net", 1400 / 3)]
    (everything,) = series(influx, f"SELECT * FROM (SELECT mean(usage) AS m FROM cpu WHERE {RANGE} GROUP BY host)")
    assert everything["columns"] == ["time", "host", "m"] and sorted(everything["values"]) == [[T0, "a", 3], [T0, "b", 20]]
    assert series(influx, "SELECT mean(x) FROM (SELECT nothing AS x FROM cpu)") == []
    assert "fill(linear) in a subquery is not supported" in error(
        influx, f"SELECT mean(x) FROM (SELECT mean(usage) AS x FROM cpu WHERE {RANGE} GROUP BY time(1m) fill(linear))")
    deep = "usage FROM cpu"
    for _ in range(30):
        deep = f"usage FROM (SELECT {deep})"
    answer = influx.get("/query", params={"q": f"SELECT {deep}", "db": "iqs", "epoch": "s"})
    assert answer.status_code == 400 and "nested too deeply" in answer.json()["error"]


def test_time_zones(influx):
    """Days begin at midnight of the zone; the 26th of October 2025 had 25 hours in Berlin."""
    hours = [f"zone v=1 {1761260400 + 3600 * i}000000000" for i in range(4 * 24 + 1)]  # from 2025-10-24 01:00 of Berlin on
    influx.write("\n".join(hours), "iqs")
    between = "time >= '2025-10-23T22:00:00Z' AND time < '2025-10-27T23:00:00Z'"
    q = f"SELECT count(v) FROM zone WHERE {between} GROUP BY time(1d) tz('Europe/Berlin')"
    assert [row for row in series(influx, q)[0]["values"]] == [
        [1761256800, 23], [1761343200, 24], [1761429600, 25], [1761519600, 24]]
    local = q.replace("2025-10-23T22:00:00Z", "2025-10-24").replace("2025-10-27T23:00:00Z", "2025-10-28 00:00:00.0")
    assert series(influx, local) == series(influx, q), "times without a zone are those of tz()"
    inner = "SELECT count(v) AS c FROM zone WHERE time < '2025-10-27T00:00:00+01:00' GROUP BY time(1d) tz('Europe/Berlin')"
    assert [row[1] for row in series(influx, f"SELECT c FROM ({inner}) WHERE time >= '2025-10-25' tz('Europe/Berlin')")[0]["values"]] == [24, 25]
    assert [row[1] for row in rows(influx, f"SELECT sum(c) FROM ({inner}) WHERE time >= '2025-10-25'")] == [47], "of its own statement"
    answer = influx.get("/query", params={"q": q, "db": "iqs", "pretty": "false"}).json()["results"][0]["series"][0]["values"]
    assert [row[0] for row in answer] == ["2025-10-24T00:00:00+02:00", "2025-10-25T00:00:00+02:00", "2025-10-26T00:00:00+02:00",
                                          "2025-10-27T00:00:00+01:00"]
    empty = series(influx, q.replace("count(v)", "sum(v)").replace("WHERE", "WHERE time < '2025-10-24T22:00:00Z' AND"))
    assert [row[0] for row in empty[0]["values"]] == [1761256800]
    filled = series(influx, q.replace("WHERE time", "WHERE v > 0 AND time").replace("2025-10-23T22:00:00Z", "2025-10-20T22:00:00Z"))
    assert [row[1] for row in filled[0]["values"]] == [0, 0, 0, 23, 24, 25, 24]
    backwards = series(influx, q.replace(" tz", " ORDER BY time DESC tz"))[0]["values"]
    assert [row[1] for row in backwards] == [24, 25, 24, 23]
    hourly = series(influx, f"SELECT count(v) FROM zone WHERE {between} GROUP BY time(1h) fill(none) tz('Europe/Berlin')")
    assert len(hourly[0]["values"]) == len(hours) - 1 and {row[1] for row in hourly[0]["values"]} == {1}
    raw = influx.get("/query", params={"q": "SELECT v FROM zone LIMIT 1 tz('America/New_York')", "db": "iqs", "pretty": "false"})
    assert raw.json()["results"][0]["series"][0]["values"] == [["2025-10-23T19:00:00-04:00", 1]]
    assert error(influx, "SELECT v FROM zone tz('Nowhere/Land')") == "unable to find time zone Nowhere/Land"
    assert "no lower bound of time is not supported" in error(influx, "SELECT count(v) FROM zone GROUP BY time(1d) tz('Asia/Tokyo')")


def test_what_grafana_sends(influx):
    """As its InfluxDB data source makes them from a panel and a time range."""
    q = ('SELECT mean("usage") FROM "cpu" WHERE ("host"::tag = \'a\') AND time >= 1735689600000ms and time <= 1735689900000ms '
         'GROUP BY time(1m), "host"::tag fill(null) ORDER BY time ASC')
    (one,) = series(influx, q, epoch="ms")
    assert one["tags"] == {"host": "a"} and one["values"][0] == [T0 * 1000, 2] and len(one["values"]) == 6
    q = 'SELECT non_negative_derivative(mean("bytes"), 1s) *8 AS "bps" FROM "net" WHERE ("host" =~ /^(a|b)$/) AND time >= 1735689600000ms GROUP BY time(1m) fill(none)'
    assert series(influx, q, epoch="ms")[0]["columns"] == ["time", "bps"]
    assert rows(influx, "SELECT mean(\"usage\") FROM \"autogen\".\"cpu\" WHERE $timeFilter".replace("$timeFilter", RANGE)) == [[0, 9.8]]
    # As a browser's POST with a form.
    answer = influx.post("/query", data={"db": "iqs", "q": "SELECT last(n) FROM cpu", "epoch": "ms"})
    assert answer.json()["results"][0]["series"][0]["values"] == [[(T0 + 210) * 1000, 5]]


def test_without_any_parameter_of_influxdb_a_duration_tells_influxql_from_sql(influx):
    answer = influx.get("/query", params={"q": f"SELECT max(n) FROM cpu WHERE {RANGE} GROUP BY time(5m)", "db": "iqs"})
    assert answer.json()["results"][0]["series"][0]["values"] == [["2025-01-01T00:00:00Z", 5]]
    answer = influx.get("/query", params={"q": "SELECT max(n) AS n FROM cpu", "db": "iqs"})
    assert answer.json() == {"results": [{"n": "5"}]}


def test_the_python_client(influx):
    client = InfluxDBClient("127.0.0.1", influx.port, database="iqs")
    points = list(client.query("SELECT mean(usage) FROM cpu WHERE host = $h GROUP BY host", bind_params={"h": "a"}).get_points())
    assert points == [{"time": "1970-01-01T00:00:00Z", "mean": 3}]
    result = client.query("SELECT usage FROM cpu GROUP BY host", epoch="s")
    assert {key[1]["host"]: len(list(values)) for key, values in result.items()} == {"a": 3, "b": 2}
    chunks = client.query("SELECT usage FROM cpu", chunked=True, chunk_size=2)
    assert [len(list(chunk.get_points())) for chunk in chunks] == [2, 2, 1]
    assert list(client.query("SELECT usage FROM nowhere").get_points()) == []
