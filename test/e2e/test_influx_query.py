"""InfluxDB 1's /query: the statements that clients send, its JSON and its errors; GigAPI's SQL at the same path."""
import json

import pytest

from gigapi_testing.server import wait_until

ROWS = """\
cpu,host=a,region=eu usage=1.5,cores=4i 1735689600000000000
cpu,host=b,region=us usage=2.5,cores=8i,up=true 1735689601000000000
cpu,host=b usage=3.5,note="x" 1735693200000000000
mem,host=a used=1u 1735689600000000000
"odd\\ name",tag\\ key=v\\,1 v=1 1735689600000000000
""".replace('"odd\\ name"', "odd\\ name")


@pytest.fixture(scope="module")
def db(shared_server):
    shared_server.write(ROWS, "iql")
    return "iql"


def ask(server, q, db="", method="POST", **params):
    answer = server.request(method, "/query", params={"q": q, **({"db": db} if db else {}), **params})
    assert answer.headers["X-Influxdb-Version"]
    return answer


def series(server, q, db="", **params):
    answer = ask(server, q, db, **params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    results = answer.json()["results"]
    assert len(results) == 1 and results[0]["statement_id"] == 0 and "error" not in results[0], results
    return results[0].get("series", [])


def values(server, q, db="", **params):
    return {s.get("name", ""): s["values"] for s in series(server, q, db, **params)}


def test_databases(shared_server, db):
    assert ask(shared_server, 'CREATE DATABASE "fresh"').text == '{"results":[{"statement_id":0}]}\n'
    assert ask(shared_server, 'CREATE DATABASE "fresh"').status_code == 200, "again is no error"
    (databases,) = series(shared_server, "SHOW DATABASES")
    assert databases["name"] == "databases" and databases["columns"] == ["name"]
    assert ["fresh"] in databases["values"] and [db] in databases["values"]
    assert values(shared_server, "SHOW MEASUREMENTS ON fresh") == {}


def test_changes_by_get_are_warned_of(shared_server):
    result = ask(shared_server, 'CREATE DATABASE "by_get"', method="GET").json()["results"][0]
    assert result["messages"] == [{"level": "warning", "text":
                                   "deprecated use of 'CREATE DATABASE \"by_get\"' in a read only context, please use a POST request instead"}]


@pytest.mark.parametrize("as_form", [False, True])
def test_the_parameters_come_in_the_url_or_as_a_form(shared_server, db, as_form):
    parameters = {"q": "SHOW MEASUREMENTS", "db": db}
    answer = shared_server.request("POST", "/query", **{"data" if as_form else "params": parameters})
    assert [v[0] for v in answer.json()["results"][0]["series"][0]["values"]] == ["cpu", "mem", "odd name"]


def test_measurements(shared_server, db):
    assert values(shared_server, "SHOW MEASUREMENTS", db) == {"measurements": [["cpu"], ["mem"], ["odd name"]]}
    assert values(shared_server, f"SHOW MEASUREMENTS ON {db} LIMIT 1 OFFSET 1") == {"measurements": [["mem"]]}
    assert values(shared_server, "SHOW MEASUREMENTS WITH MEASUREMENT =~ /^(cpu|m.m)$/", db) == {"measurements": [["cpu"], ["mem"]]}
    assert values(shared_server, "SHOW MEASUREMENTS WITH MEASUREMENT = cpu", db) == {"measurements": [["cpu"]]}
    assert values(shared_server, "SHOW MEASUREMENTS WHERE host = 'a' LIMIT 100", db) == {"measurements": [["cpu"], ["mem"]]}
    assert values(shared_server, "SHOW MEASUREMENTS WITH MEASUREMENT =~ /c/ WHERE region =~ /^u/", db) == {"measurements": [["cpu"]]}
    assert values(shared_server, "SHOW MEASUREMENTS WHERE host = 'nobody'", db) == {}


def test_field_and_tag_keys(shared_server, db):
    assert values(shared_server, "SHOW FIELD KEYS FROM cpu", db) == {
        "cpu": [["cores", "integer"], ["note", "string"], ["up", "boolean"], ["usage", "float"]]}
    assert values(shared_server, 'SHOW FIELD KEYS FROM "iql"."autogen"."mem"') == {"mem": [["used", "unsigned"]]}
    assert values(shared_server, "SHOW TAG KEYS", db) == {"cpu": [["host"], ["region"]], "mem": [["host"]], "odd name": [["tag key"]]}
    assert values(shared_server, "SHOW TAG KEYS FROM /^c/", db) == {"cpu": [["host"], ["region"]]}
    assert values(shared_server, "SHOW TAG KEYS FROM nowhere", db) == {}
    assert values(shared_server, "SHOW TAG KEYS WHERE host = 'a'", db) == {"cpu": [["host"], ["region"]], "mem": [["host"]]}
    assert values(shared_server, "SHOW TAG KEYS FROM cpu WHERE region = ''", db) == {"cpu": [["host"]]}
    assert values(shared_server, "SHOW TAG KEYS WHERE host = 'nobody'", db) == {}


def test_tag_values(shared_server, db):
    (cpu,) = series(shared_server, 'SHOW TAG VALUES FROM cpu WITH KEY = "host"', db)
    assert cpu == {"name": "cpu", "columns": ["key", "value"], "values": [["host", "a"], ["host", "b"]]}
    assert values(shared_server, "SHOW TAG VALUES WITH KEY IN (host, region)", db) == {
        "cpu": [["host", "a"], ["host", "b"], ["region", "eu"], ["region", "us"]], "mem": [["host", "a"]]}
    assert values(shared_server, "SHOW TAG VALUES WITH KEY =~ /^reg/", db) == {"cpu": [["region", "eu"], ["region", "us"]]}
    assert values(shared_server, "SHOW TAG VALUES FROM cpu WITH KEY = host WHERE region = ''", db) == {"cpu": [["host", "b"]]}
    assert values(shared_server, "SHOW TAG VALUES FROM cpu WITH KEY = host WHERE region =~ /^e/ OR usage > 3", db) == {
        "cpu": [["host", "a"], ["host", "b"]]}
    assert values(shared_server, "SHOW TAG VALUES FROM cpu WITH KEY = host WHERE time >= '2025-01-01T01:00:00Z'", db) == {"cpu": [["host", "b"]]}
    assert values(shared_server, "SHOW TAG VALUES FROM cpu WITH KEY = host WHERE time <= 1735689600s", db) == {"cpu": [["host", "a"]]}
    assert values(shared_server, "SHOW TAG VALUES FROM cpu WITH KEY = host WHERE time > now() - 1h", db) == {}


def test_series(shared_server, db):
    assert values(shared_server, "SHOW SERIES", db)[""] == [
        ["cpu,host=a,region=eu"], ["cpu,host=b"], ["cpu,host=b,region=us"], ["mem,host=a"], ["odd\\ name,tag\\ key=v\\,1"]]
    assert values(shared_server, "SHOW SERIES FROM cpu WHERE host = 'a'", db)[""] == [["cpu,host=a,region=eu"]]


def test_retention_policies(shared_server, db):
    assert series(shared_server, "SHOW RETENTION POLICIES", db) == [{
        "columns": ["name", "duration", "shardGroupDuration", "replicaN", "default"], "values": [["autogen", "0s", "168h0m0s", 1, True]]}]


@pytest.mark.parametrize("q, db, error", [
    ("SHOW MEASUREMENTS", "", "database name required"),
    ("SHOW FIELD KEYS", "nowhere", "database not found: nowhere"),
    ("SHOW TAG VALUES WITH KEY = host", "nowhere", "database not found: nowhere"),
    ("SHOW RETENTION POLICIES ON nowhere", "", "database not found: nowhere"),
    ("SHOW TAG VALUES FROM cpu WITH KEY =~ /(/", "iql", None),
])
def test_errors_of_a_statement(shared_server, db, q, error):
    answer = ask(shared_server, q, "nowhere" if error and error.endswith("nowhere") else ("iql" if error is None else ""))
    assert answer.status_code == 200
    result = answer.json()["results"][0]
    assert result["error"] == error if error else "missing )" in result["error"], result


@pytest.mark.parametrize("q, error", [
    ("CREATE DATABASE", "error parsing query: found EOF, expected identifier at line 1, char 17"),
    ("SHOW TAG VALUES FROM cpu", "error parsing query: found EOF, expected WITH at line 1, char 26"),
    ("", 'missing required parameter "q"'),
    ("DROP SERIES FROM cpu", "error parsing query: DROP SERIES is not supported"),
])
def test_errors_of_a_request(shared_server, q, error):
    answer = ask(shared_server, q)
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_several_statements(shared_server, db):
    results = ask(shared_server, "SHOW TAG KEYS FROM mem; SHOW RETENTION POLICIES ON nowhere; SHOW MEASUREMENTS LIMIT 1", db).json()["results"]
    assert [r["statement_id"] for r in results] == [0, 1, 2]
    assert results[0]["series"][0]["values"] == [["host"]]
    assert results[1]["error"] == "database not found: nowhere"
    assert results[2]["series"][0]["values"] == [["cpu"]]


def test_sql_lives_at_the_same_path(shared_server, db):
    get = shared_server.get("/query", params={"q": "SELECT count(*) AS n FROM cpu", "db": db})
    assert get.json() == {"results": [{"n": "3"}]}
    tables = shared_server.get("/query", params={"q": "SHOW TABLES", "db": db}).json()["results"]
    assert {"table_name": "mem"} in tables
    body = json.dumps({"query": "SHOW DATABASES", "db": db})
    posted = shared_server.post("/query", body, headers={"Content-Type": "application/json"}).json()["results"]
    assert {"database_name": db} in posted
    influx = shared_server.get("/query", params={"q": "SELECT count(usage) FROM cpu", "db": db, "epoch": "ns"}).json()
    assert influx["results"][0]["series"][0]["values"] == [[0, 3]], "a client of InfluxDB could make nothing of GigAPI's rows"


def test_drop(make_server):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="0.1")
    for database in ("a", "b"):
        server.write("t,host=x v=1 1735689600000000000\nu v=1 1735689600000000000", database)
        server.wait_flushed(2, database)
        server.write("t,host=x v=2 1735689601000000000", database)
    assert ask(server, "DROP MEASUREMENT t", "a").json() == {"results": [{"statement_id": 0}]}
    assert ask(server, "DROP MEASUREMENT t", "a").json() == {"results": [{"statement_id": 0}]}, "again is no error"
    assert ask(server, "DROP MEASUREMENT t", "nowhere").json()["results"][0]["error"] == "database not found: nowhere"
    assert ask(server, 'DROP DATABASE "b"').json() == {"results": [{"statement_id": 0}]}
    assert ask(server, 'DROP DATABASE "b"').json() == {"results": [{"statement_id": 0}]}
    wait_until(lambda: not (server.root / "a/t").exists() and not (server.root / "b").exists(), "the files are gone")
    server.write('t,host=x v="another type" 1735689602000000000', "a")

    def check():
        assert values(server, "SHOW MEASUREMENTS", "a") == {"measurements": [["t"], ["u"]]}
        assert values(server, "SHOW FIELD KEYS FROM t", "a") == {"t": [["v", "string"]]}
        assert server.query("SELECT v FROM t", "a") == [{"v": "another type"}]
        assert server.count("u", "a") == 1
        assert ["b"] not in series(server, "SHOW DATABASES")[0]["values"]

    check()
    server.kill()
    server.start()
    check()
    server.restart()
    check()


def test_write_parameters(shared_server):
    line = "m v=1 1"
    for consistency in ("any", "one", "quorum", "ALL"):
        answer = shared_server.post(f"/write?db=v1write&consistency={consistency}&rp=autogen&precision=s&u=x&p=y", line)
        assert answer.status_code == 204 and answer.headers["X-Influxdb-Version"], answer.text
    refused = shared_server.post("/write?db=v1write&consistency=most", line)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid consistency level")
    assert refused.headers["X-Influxdb-Version"]
