"""Several nodes over one lake: a bucket or a folder, with the catalog in it or in Redis."""
import shutil
import subprocess
import time

import pytest
from gigapi_testing.server import clean_environment, wait_until

START_NS = 1_700_000_000_000_000_000
FAST = {"GIGAPI_SAVE_TIMEOUT_S": "0.2", "GIGAPI_MERGE_TIMEOUT_S": "0.3"}


def lines(first, count, table="cpu"):
    return "\n".join(f"{table},host=h{i % 3} id={i}i {START_NS + i * 1_000_000_000}" for i in range(first, first + count))


def ids(server, table="cpu"):
    return sorted(int(row["id"]) for row in server.whole_query(f"SELECT id FROM {table}"))


def bucket_layer(request):
    minio = request.getfixturevalue("minio")
    bucket = "cluster" + str(time.time_ns())
    minio.client().make_bucket(bucket)
    return minio.layer(0, "s3", bucket)


def folder_layer(tmp_path):
    return {"GIGAPI_LAYERS_0_NAME": "shared", "GIGAPI_LAYERS_0_TYPE": "fs", "GIGAPI_LAYERS_0_GLOBAL": "true",
            "GIGAPI_LAYERS_0_URL": f"file://{tmp_path}/shared"}


@pytest.fixture(params=["bucket, json", "bucket, redis", "folder, json", "folder, redis"])
def make_node(request, make_server, tmp_path):
    """Nodes of one lake of the test's own; `mode` as GIGAPI_MODE has it."""
    place, _, metadata = request.param.partition(", ")
    layer = folder_layer(tmp_path) if place == "folder" else bucket_layer(request)
    catalog = {}
    if metadata == "redis":
        catalog = {"GIGAPI_METADATA_TYPE": "redis", "GIGAPI_METADATA_URL": request.getfixturevalue("redis").url()}

    def make(name, mode, **more):
        return make_server(root=tmp_path / name, GIGAPI_MODE=mode,
                           **{**FAST, **catalog, **layer, **more})

    return make


def test_a_reader_sees_new_files_and_columns_within_seconds(make_node):
    reader = make_node("reader", "readonly")
    writer = make_node("writer", "writeonly")
    assert reader.post("/write?db=mydb", lines(0, 1)).status_code == 403
    writer.write(lines(0, 20))
    wait_until(lambda: "mydb" in reader.get("/metrics").text or reader.query("SHOW DATABASES"), "a database", 10)
    wait_until(lambda: reader.query("SHOW TABLES") and ids(reader) == list(range(20)), "the reader sees all rows", 20)
    writer.write("cpu,host=h1,rack=r1 id=20i,load=0.5 1700000100000000000")
    wait_until(lambda: len(ids(reader)) == 21, "the reader sees the new row", 20)
    assert reader.query("SELECT rack, load FROM cpu WHERE id = 20") == [{"rack": "r1", "load": 0.5}]


def test_writers_share_tables_and_a_compaction_node_merges(make_node):
    writers = [make_node(f"writer{i}", "writeonly") for i in range(2)]
    compaction = make_node("compaction", "compaction")
    reader = make_node("reader", "readonly")
    for round_number in range(4):
        for number, writer in enumerate(writers):
            writer.write(lines(round_number * 20 + number * 10, 10))
            wait_until(lambda: writer.metrics()["gigapi_buffer_rows"] == 0, "the rows are in a file")
    expected = list(range(80))
    wait_until(lambda: compaction.metrics()["gigapi_merges_total"] > 0 and compaction.metrics()["gigapi_files"] < 8,
               "files are merged", 60)
    for server in [reader, compaction, *writers]:
        wait_until(lambda: ids(server) == expected, "every node sees every row once", 30)
    writers[0].kill()
    writers[0].start()
    wait_until(lambda: ids(writers[0]) == expected, "a writer that was killed sees every row once", 30)


def test_a_table_that_is_dropped_is_gone_everywhere(make_node):
    writer = make_node("writer", "writeonly")
    reader = make_node("reader", "readonly")
    writer.write(lines(0, 10))
    wait_until(lambda: reader.query("SHOW TABLES") and len(ids(reader)) == 10, "the reader sees the rows", 20)
    assert writer.post("/query?db=mydb&q=DROP MEASUREMENT cpu").status_code == 200
    wait_until(lambda: not reader.query("SHOW TABLES"), "the table is gone", 20)
    writer.write(lines(50, 5))
    wait_until(lambda: reader.query("SHOW TABLES") and ids(reader) == list(range(50, 55)), "the new table is there", 20)
    writer.kill()
    writer.start()
    assert ids(writer) == list(range(50, 55))


def test_a_drop_takes_the_rows_that_other_writers_have_not_flushed(make_node):
    slow = {"GIGAPI_SAVE_TIMEOUT_S": "600", "GIGAPI_HEARTBEAT_INTERVAL_MS": "200", "GIGAPI_LEASE_MS": "2000"}
    writers = [make_node(f"writer{i}", "writeonly", **slow) for i in range(2)]
    for i, writer in enumerate(writers):
        writer.write(lines(i * 10, 5))
    expected = [*range(5), *range(10, 15)]
    for writer in writers:
        wait_until(lambda: ids(writer) == expected, "each sees the other's rows", 20)
    assert writers[0].post("/query?db=mydb&q=DROP MEASUREMENT cpu").status_code == 200
    writers[1].write(lines(100, 3))
    writers[0].write(lines(200, 3))
    expected = [*range(100, 103), *range(200, 203)]
    for writer in writers:
        assert ids(writer) == expected
    # Neither a crash nor an end in order brings the old rows back.
    writers[1].kill()
    writers[1].start()
    wait_until(lambda: ids(writers[0]) == expected, "the killed one is back", 30)
    assert ids(writers[1]) == expected
    for writer in writers:
        writer.stop()
    reader = make_node("reader", "readonly")
    assert ids(reader) == expected


def test_a_repair_does_not_bring_a_dropped_table_back(make_node, binary):
    """Its files lie there for as long as queries may read them."""
    writers = [make_node(f"writer{i}", "writeonly") for i in range(2)]
    writers[0].write(lines(0, 10))
    wait_until(lambda: writers[0].metrics()["gigapi_buffer_rows"] == 0, "the rows are in a file")
    wait_until(lambda: ids(writers[1]) == list(range(10)), "the other one knows them", 20)
    assert writers[0].post("/query?db=mydb&q=DROP MEASUREMENT cpu").status_code == 200
    writers[0].kill()
    other = writers[1]
    repaired = subprocess.run([binary, "repair", "--root", other.root, "--apply", "--add-unlisted"], env=clean_environment(other.env),
                              capture_output=True, text=True)
    assert "dropped_table" in repaired.stdout and "rebuilt" not in repaired.stdout, repaired.stdout + repaired.stderr
    assert other.query("SHOW TABLES") == []


def test_a_drop_is_refused_while_a_writer_that_may_have_rows_is_away(make_node):
    leases = {"GIGAPI_HEARTBEAT_INTERVAL_MS": "200", "GIGAPI_LEASE_MS": "1000"}
    writers = [make_node(f"writer{i}", "writeonly", **leases) for i in range(2)]
    writers[1].write(lines(0, 5))
    wait_until(lambda: ids(writers[0]) == list(range(5)), "each sees the other's rows", 20)
    writers[1].kill()
    drop = "/query?db=mydb&q=DROP MEASUREMENT cpu"
    assert "node" in writers[0].post(drop).json()["results"][0]["error"]
    wait_until(lambda: "forget it" in writers[0].post(drop).json()["results"][0]["error"], "its lease is over", 20)
    writers[1].start()
    wait_until(lambda: "error" not in writers[0].post(drop).json()["results"][0], "it is dropped", 30)
    for writer in writers:
        assert not writer.query("SHOW TABLES")


def test_a_copy_of_a_root_is_refused_and_costs_no_row(make_node, tmp_path):
    """Both would take what the other has flushed for their own."""
    writer = make_node("writer", "writeonly", GIGAPI_HEARTBEAT_INTERVAL_MS="200", GIGAPI_LEASE_MS="1000")
    writer.write(lines(0, 10))
    shutil.copytree(tmp_path / "writer", tmp_path / "copy")
    with pytest.raises(AssertionError, match="another node runs under this one's name"):
        make_node("copy", "writeonly", GIGAPI_HEARTBEAT_INTERVAL_MS="200", GIGAPI_LEASE_MS="1000")
    writer.write(lines(10, 10))
    writer.kill()
    writer.start()
    assert ids(writer) == list(range(20))
    shutil.rmtree(tmp_path / "copy" / ".gigapi")
    other = make_node("copy", "writeonly")
    other.write(lines(20, 10))
    wait_until(lambda: ids(writer) == list(range(30)), "both nodes' rows are there once", 30)


def test_a_folder_belongs_to_one_process_or_to_nodes_that_share_it(make_server, tmp_path):
    shared = folder_layer(tmp_path)
    writer = make_server(root=tmp_path / "writer", GIGAPI_MODE="writeonly", **FAST, **shared)
    writer.write(lines(0, 5))
    for root, mode, reason in [("shared", "aio", "nodes share the lake"), ("writer", "readonly", "a root of its own")]:
        other = make_server(root=tmp_path / root, start=False, GIGAPI_MODE=mode, **FAST, **shared)
        other.spawn()
        assert other.process.wait(60) != 0 and reason in other.log()
    alone = make_server(root=tmp_path / "alone", **FAST)
    alone.write(lines(0, 5))
    alone.restart(GIGAPI_LAYERS_0_TYPE="fs", GIGAPI_LAYERS_0_URL=f"file://{tmp_path}/alone", GIGAPI_LAYERS_0_GLOBAL="true")
    assert ids(alone) == list(range(5))
    reader = make_server(root=tmp_path / "reader", start=False, GIGAPI_MODE="readonly", **FAST,
                         **{**shared, "GIGAPI_LAYERS_0_URL": f"file://{tmp_path}/alone"})
    reader.spawn()
    assert reader.process.wait(60) != 0 and "another process works here" in reader.log()
    alone.stop()
    reader.process = None
    reader.spawn()
    assert reader.process.wait(60) != 0 and "has a catalog of its own" in reader.log()


def test_a_writer_merges_the_files_of_its_own_layer(redis, make_server, tmp_path):
    hot = {"GIGAPI_LAYERS_0_NAME": "hot", "GIGAPI_LAYERS_0_URL": f"file://{tmp_path}/hot", "GIGAPI_LAYERS_0_TTL": "1h"}
    cold = {"GIGAPI_LAYERS_1_NAME": "cold", "GIGAPI_LAYERS_1_URL": f"file://{tmp_path}/cold", "GIGAPI_LAYERS_1_GLOBAL": "true"}
    catalog = {"GIGAPI_METADATA_TYPE": "redis", "GIGAPI_METADATA_URL": redis.url()}
    writer = make_server(root=tmp_path / "writer", GIGAPI_MODE="writeonly", **FAST, **hot, **cold, **catalog)
    for first in range(0, 40, 10):
        writer.write(lines(first, 10))
        wait_until(lambda: writer.metrics()["gigapi_buffer_rows"] == 0, "the rows are in a file")
    wait_until(lambda: writer.metrics()["gigapi_files"] == 1, "they are one", 60, writer.log_tail)
    assert ids(writer) == list(range(40))
