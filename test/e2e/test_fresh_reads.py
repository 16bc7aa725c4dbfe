"""What was written to one node is seen on all at once, before it is in any file; and what happens when a node is away."""
import json
import threading
import time

import pytest
from gigapi_testing.server import wait_until

START_NS = 1_700_000_000_000_000_000
NEVER = {"GIGAPI_SAVE_TIMEOUT_S": "600"}
FAST = {"GIGAPI_SAVE_TIMEOUT_S": "0.1", "GIGAPI_MERGE_TIMEOUT_S": "0.3"}
LEASES = {"GIGAPI_HEARTBEAT_INTERVAL_MS": "200", "GIGAPI_LEASE_MS": "1500", "GIGAPI_FRESH_READS_TIMEOUT_MS": "700"}
HEADER = "X-GigAPI-Incomplete"


def line(i, table="cpu"):
    return f"{table},host=h{i % 3} id={i}i {START_NS + i * 1_000_000_000}"


def lines(first, count):
    return "\n".join(line(i) for i in range(first, first + count))


def ask(server, sql="SELECT id FROM cpu", **headers):
    return server.get("/query", params={"db": "mydb", "q": sql}, headers=headers)


def ids(server):
    return sorted(int(row["id"]) for row in server.whole_query("SELECT id FROM cpu"))


def node_names(server):
    return {node["http_address"].rsplit(":", 1)[-1]: node for node in server.get("/api/v1/cluster").json()["nodes"]}


@pytest.fixture(params=["json", "redis"])
def make_node(request, minio, make_server, tmp_path):
    bucket = "fresh" + str(time.time_ns())
    minio.client().make_bucket(bucket)
    catalog = {}
    if request.param == "redis":
        catalog = {"GIGAPI_METADATA_TYPE": "redis", "GIGAPI_METADATA_URL": request.getfixturevalue("redis").url()}

    def make(name, mode, layers=None, **more):
        layers = minio.layer(0, "s3", bucket) if layers is None else {**layers, **minio.layer(1, "s3", bucket)}
        return make_server(root=tmp_path / name, GIGAPI_MODE=mode, **{**LEASES, **catalog, **layers, **more})

    return make


def knows(server, others):
    """Until the server knows that the others answer."""
    wait_until(lambda: {str(o.port) for o in others} <= {port for port, node in node_names(server).items()
                                                        if node["state"] == "alive"}, "the nodes know each other", 20)


def test_a_row_is_seen_on_every_node_as_soon_as_it_is_acknowledged(make_node):
    writers = [make_node(f"writer{i}", "writeonly", **NEVER) for i in range(2)]
    readers = [make_node("reader", "readonly"), make_node("aio", "aio", **NEVER)]
    for reader in [*readers, *writers]:
        knows(reader, writers)
    # A database, a table and a column that no other node has heard of.
    writers[0].write(line(0))
    for server in [*readers, writers[1]]:
        assert ids(server) == [0]
    for i in range(1, 30):
        writers[i % 2].write(line(i))
        assert ids(readers[i % 2]) == list(range(i + 1))
    writers[1].write(f"cpu,rack=r7 id=30i {START_NS}")
    assert readers[0].whole_query("SELECT rack FROM cpu WHERE id = 30") == [{"rack": "r7"}]
    answer = wait_until(lambda: (lambda a: a if HEADER not in a.headers else None)(ask(readers[0])), "nothing is missing")
    assert "missing_nodes" not in answer.json()


def test_each_row_counts_once_while_files_are_flushed_and_merged(make_node):
    writers = [make_node(f"writer{i}", "writeonly", **FAST) for i in range(2)]
    compaction = make_node("compaction", "compaction", **FAST)
    reader = make_node("reader", "readonly", **FAST)
    for server in [reader, compaction]:
        knows(server, writers)
    acknowledged = [0, 0]
    stop = threading.Event()

    def write(number):
        while not stop.is_set():
            writers[number].write(line(acknowledged[number] * 2 + number))
            acknowledged[number] += 1

    threads = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    try:
        until = time.monotonic() + 8
        rounds = 0
        while time.monotonic() < until:
            server = [reader, compaction][rounds % 2]
            before = list(acknowledged)
            if sum(before) == 0:
                continue
            answer = ask(server)
            assert answer.status_code == 200, answer.text
            seen = [int(row["id"]) for row in answer.json()["results"]]
            assert len(seen) == len(set(seen)), "a row counts twice"
            expected = {i * 2 + number for number in range(2) for i in range(before[number])}
            if HEADER not in answer.headers:
                assert expected <= set(seen), f"round {rounds}: rows are missing: {sorted(expected - set(seen))[:10]}"
            rounds += HEADER not in answer.headers
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert rounds > 5
    assert compaction.metrics()["gigapi_merges_total"] > 0


def test_an_answer_without_a_node_that_is_away_says_so(make_node):
    writer = make_node("writer", "writeonly", **NEVER)
    reader = make_node("reader", "readonly")
    knows(reader, [writer])
    writer.write(lines(0, 10))
    assert ids(reader) == list(range(10))
    name = node_names(reader)[str(writer.port)]["node"]
    writer.pause()
    try:
        begun = time.monotonic()
        answer = ask(reader)
        assert time.monotonic() - begun < 5
        assert answer.status_code == 200 and answer.headers[HEADER] == name
        assert answer.json() == {"results": [], "missing_nodes": [name]}
        arc = reader.post("/api/v1/query", json.dumps({"sql": "SELECT id FROM cpu"}),
                          headers={"Content-Type": "application/json", "x-arc-database": "mydb"})
        assert arc.json()["data"] == [] and arc.json()["missing_nodes"] == [name], arc.text
        warning = [{"level": "warning", "text": f"rows are missing: these nodes did not answer: {name}"}]
        for more in [{}, {"chunked": "true"}, {"pretty": "true"}]:
            influx = reader.get("/query", params={"db": "mydb", "q": "SELECT id FROM cpu", "epoch": "ns", **more})
            assert influx.json() == {"results": [{"statement_id": 0, "messages": warning}]}

        def is_answered_at_once():
            begun = time.monotonic()
            assert ask(reader, "SELECT count(*) FROM cpu").headers[HEADER] == name
            return time.monotonic() - begun < 0.5

        # Its last heartbeat may be heard of after that; then nobody waits for it again.
        wait_until(is_answered_at_once, "queries wait for it no longer", 10)
        wait_until(lambda: node_names(reader)[str(writer.port)]["state"] == "silent", "its lease is over", 20)
        assert ask(reader).headers[HEADER] == name
    finally:
        writer.resume()
    wait_until(lambda: HEADER not in ask(reader).headers, "it is back", 20)
    assert ids(reader) == list(range(10))
    writer.kill()
    wait_until(lambda: HEADER in ask(reader).headers, "it is dead", 20)
    writer.start()
    wait_until(lambda: HEADER not in ask(reader).headers, "it is back", 20)
    assert ids(reader) == list(range(10))
    # Nothing of a node that ended in order is missing.
    writer.stop()
    wait_until(lambda: ids(reader) == list(range(10)) and HEADER not in ask(reader).headers, "all is in files", 20)
    assert str(writer.port) not in node_names(reader)


def test_a_node_that_does_not_come_back_can_be_forgotten(make_node):
    writer = make_node("writer", "writeonly", **NEVER)
    reader = make_node("reader", "readonly")
    knows(reader, [writer])
    name = node_names(reader)[str(writer.port)]["node"]
    assert reader.request("DELETE", f"/api/v1/cluster/nodes/{name}").status_code == 409
    assert reader.request("DELETE", "/api/v1/cluster/nodes/nobody").status_code == 404
    writer.write(lines(0, 3))
    writer.kill()
    wait_until(lambda: reader.request("DELETE", f"/api/v1/cluster/nodes/{name}").status_code == 204, "it is forgotten", 20)
    wait_until(lambda: HEADER not in ask(reader, "SHOW TABLES").headers, "nothing is missing any more", 20)
    writer.start()
    knows(reader, [writer])
    assert ids(reader) == [0, 1, 2]


def test_files_in_the_local_layer_of_another_node_are_read_through_it(make_node, tmp_path):
    def local(name):
        return {"GIGAPI_LAYERS_0_NAME": "hot", "GIGAPI_LAYERS_0_TYPE": "fs", "GIGAPI_LAYERS_0_URL": f"file://{tmp_path}/{name}-hot",
                "GIGAPI_LAYERS_0_GLOBAL": "false", "GIGAPI_LAYERS_0_TTL": "10m"}

    writer = make_node("writer", "aio", local("writer"), **{**FAST, "GIGAPI_NO_MERGES": "true"})
    reader = make_node("reader", "readonly", local("reader"))
    knows(reader, [writer])
    writer.write(lines(0, 500))
    wait_until(lambda: writer.metrics()["gigapi_buffer_rows"] == 0, "the rows are in a file")
    assert list((tmp_path / "writer-hot").rglob("*.parquet"))
    wait_until(lambda: ids(reader) == list(range(500)), "the reader reads the file", 10)
    assert reader.query("SELECT count(*) AS n FROM cpu WHERE host = 'h1' AND id < 100") in ([{"n": 33}], [{"n": "33"}])
    name = node_names(reader)[str(writer.port)]["node"]
    writer.kill()
    answer = wait_until(lambda: (lambda a: a if HEADER in a.headers else None)(ask(reader)), "the node is missing", 20)
    assert answer.headers[HEADER] == name
    wait_until(lambda: ask(reader).status_code == 200 and ask(reader).json()["results"] == [], "its files are left out", 20)


def test_other_nodes_questions_are_for_other_nodes(make_node):
    import pyarrow.flight as flight

    writer = make_node("writer", "writeonly", **NEVER)
    client = flight.connect(f"grpc://127.0.0.1:{writer.flight_port}")
    for headers in ([], [(b"x-gigapi-peer", b"wrong")]):
        options = flight.FlightCallOptions(headers=headers)
        for action in ("gigapi.buffered_rows", "gigapi.read_file", "gigapi.node_status"):
            with pytest.raises(flight.FlightError):
                list(client.do_action(flight.Action(action, b"{}"), options))
