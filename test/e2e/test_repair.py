"""`gigapi repair`: a catalog that was lost comes back from the files, with every row once."""
import json
import subprocess
import time

import pyarrow.parquet
import pytest
from gigapi_testing.server import QueryError, clean_environment, wait_until

START_NS = 1_700_000_000_000_000_000
FAST = {"GIGAPI_SAVE_TIMEOUT_S": "0.2"}
NO_MERGES = {"GIGAPI_NO_MERGES": "true"}
NO_FLUSH = {"GIGAPI_SAVE_TIMEOUT_S": "3600"}


def lines(first, count):
    return "\n".join(f"cpu,host=h{i % 3} id={i}i,load={i}.5 {START_NS + i * 200_000_000_000}"
                     for i in range(first, first + count))


def ids(server):
    return sorted(int(row["id"]) for row in server.query("SELECT id FROM cpu"))


def ids_or_none(server):
    """None: as long as a table, or a file, is not there."""
    try:
        return ids(server)
    except QueryError:
        return None


def repair(binary, root, *arguments, status=0, **env):
    done = subprocess.run([str(binary), "repair", "--root", str(root), *arguments], env=clean_environment(env), text=True,
                          capture_output=True, timeout=120, check=False)
    assert done.returncode == status, done.stdout + done.stderr
    return json.loads(done.stdout) if "--json" in arguments else done.stdout + done.stderr


def files_below(root):
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".gigapi" not in path.parts}


def flush_some(server, rounds=4, rows=10, first=0):
    for number in range(rounds):
        server.write(lines(first + number * rows, rows))
        wait_until(lambda: server.metrics()["gigapi_buffer_rows"] == 0, "the rows are in files")


def test_a_root_without_metadata_comes_back(binary, make_server, tmp_path):
    server = make_server(root=tmp_path / "root", **FAST, GIGAPI_MERGE_TIMEOUT_S="0.3", GIGAPI_DROP_DELAY_MS="3600000")
    flush_some(server)
    wait_until(lambda: server.metrics()["gigapi_merges_total"] > 0, "files are merged", 60)
    assert server.stop() == 0
    server.start(**NO_FLUSH, **NO_MERGES)
    server.write(lines(40, 7))
    server.kill()
    before = {path: content for path, content in files_below(server.root).items() if path.name == "metadata.json"}
    assert "as the catalog says" in repair(binary, server.root)
    for path in before:
        path.unlink()
    lost = files_below(server.root)
    report = repair(binary, server.root, "--json", status=2)
    assert files_below(server.root) == lost
    assert sum(hour["rows_added"] for hour in report["hours"]) == 40
    assert len(report["tables"]) == 1
    assert not report["missing"] and not report["problems"]
    assert {orphan["kind"] for orphan in report["orphans"]} <= {"replaced"}
    repair(binary, server.root, "--apply")
    for path, content in before.items():
        old, new = json.loads(content), json.loads(path.read_bytes())
        if "files" not in old:
            assert new["columns"] == old["columns"]
            continue
        keys = ["path", "size_bytes", "row_count", "min_time", "max_time", "level", "columns", "chunk_time", "min_sequence",
                "max_sequence"]
        assert ([{key: file[key] for key in keys} for file in sorted(new["files"], key=lambda file: file["path"])]
                == [{key: file[key] for key in keys} for file in sorted(old["files"], key=lambda file: file["path"])])
        assert new["wal_sequence"] >= max(file["max_sequence"] for file in old["files"])
    assert repair(binary, server.root, "--json")["hours"] == []
    server.start(**NO_FLUSH, **NO_MERGES)
    assert ids(server) == list(range(47))


def test_a_server_that_runs_is_refused(binary, make_server):
    server = make_server(**FAST)
    server.write(lines(0, 3))
    assert "a server runs on" in repair(binary, server.root, status=1)


def test_missing_files_and_orphans_are_reported_and_touched_only_when_told(binary, make_server):
    server = make_server(**FAST, **NO_MERGES)
    server.write("cpu id=1i 1700000000000000000")
    wait_until(lambda: server.metrics()["gigapi_buffer_rows"] == 0, "the first row is in a file")
    server.write("cpu id=2i 1700000000000000001")
    wait_until(lambda: server.metrics()["gigapi_buffer_rows"] == 0, "the second row is in a file")
    server.stop()
    first, second = sorted(server.root.rglob("*.parquet"), key=lambda path: path.stat().st_mtime_ns)
    orphan = first.with_name("00000000-0000-4000-8000-000000000000.1.parquet")
    orphan.write_bytes(first.read_bytes())
    kept = second.read_bytes()
    second.unlink()
    report = repair(binary, server.root, "--apply", "--json", status=2)
    assert [missing["path"] for missing in report["missing"]] == [str(second.relative_to(server.root))]
    assert [(entry["path"], entry["kind"]) for entry in report["orphans"]] == [(str(orphan.relative_to(server.root)),
                                                                               "replaced")]
    text = repair(binary, server.root, status=2)
    assert "1 files are missing" in text and "1 orphans" in text
    repair(binary, server.root, "--apply", "--delete-orphans", status=2)
    assert orphan.exists()  # it is too young
    repair(binary, server.root, "--apply", "--forget-missing")
    # What was forgotten comes back when its file does.
    second.write_bytes(kept)
    report = repair(binary, server.root, "--json")
    assert sorted(entry["kind"] for entry in report["orphans"]) == ["replaced", "unlisted"]
    assert report["hours"] == []
    repair(binary, server.root, "--apply", "--add-unlisted")
    server.start(**NO_MERGES)
    assert ids(server) == [1, 2]


@pytest.fixture
def cluster(minio, redis, make_server, tmp_path):
    bucket = "repair" + str(time.time_ns())
    minio.client().make_bucket(bucket)
    env = {"GIGAPI_METADATA_TYPE": "redis", "GIGAPI_METADATA_URL": redis.url(), **minio.layer(0, "s3", bucket)}
    redis.command("FLUSHALL")

    def make(name, **more):
        return make_server(root=tmp_path / name, **{**FAST, **env, **more})

    make.env = env
    return make


def assert_refuses_to_start(server):
    server.spawn()
    assert server.process.wait(60) == 1
    server.kill()
    assert "gigapi repair" in server.log_tail()


def test_a_redis_that_was_wiped_comes_back_with_every_row_once(binary, cluster, redis, tmp_path):
    writers = [cluster(f"writer{i}", GIGAPI_MERGE_TIMEOUT_S="0.3") for i in range(2)]
    flush_some(writers[0], 3)
    flush_some(writers[1], 3, first=30)
    wait_until(lambda: writers[0].metrics()["gigapi_merges_total"] + writers[1].metrics()["gigapi_merges_total"] > 0,
               "files are merged", 60)
    writers[1].stop()
    writers[0].kill()
    writers[0].start(**NO_FLUSH, **NO_MERGES)
    writers[0].write(lines(60, 9))
    writers[0].kill()
    redis.command("FLUSHALL")
    # Nobody serves an empty lake.
    assert_refuses_to_start(writers[1])
    text = repair(binary, tmp_path / "writer0", status=2, **cluster.env)
    assert "60 rows" in text
    assert_refuses_to_start(writers[1])
    text = repair(binary, tmp_path / "writer0", "--apply", **cluster.env)
    assert cluster.env["GIGAPI_LAYERS_0_AUTH_SECRET"] not in text
    for writer in writers:
        writer.start(**NO_MERGES)
    for writer in writers:
        wait_until(lambda: ids(writer) == list(range(69)), "every row is there once", 20)
    flush_some(writers[1], 1, first=69)
    wait_until(lambda: ids(writers[0]) == list(range(79)), "and what is written afterwards", 20)


def test_nodes_that_run_while_redis_is_wiped_lose_nothing(binary, cluster, redis, tmp_path):
    writer = cluster("writer", **NO_MERGES)
    flush_some(writer, 2)
    redis.command("FLUSHALL")
    writer.write(lines(20, 5))
    time.sleep(1)  # what it would do wrong, it would do now
    assert ids(writer) == list(range(25))
    repair(binary, tmp_path / "elsewhere", "--apply", **cluster.env)
    wait_until(lambda: writer.metrics()["gigapi_buffer_rows"] == 0, "the rows are in files", 90)
    assert ids(writer) == list(range(25))
    writer.kill()
    writer.start()
    assert ids(writer) == list(range(25))
    report = repair(binary, tmp_path / "elsewhere", "--json", **cluster.env)
    assert report["hours"] == [] and report["missing"] == []


def test_a_redis_that_lost_its_last_changes_gets_them_back_from_the_writers(binary, cluster, redis, tmp_path):
    writers = [cluster(f"writer{i}", **NO_MERGES) for i in range(2)]
    flush_some(writers[0], 1)
    flush_some(writers[1], 1, first=10)
    for writer in writers:
        wait_until(lambda: ids(writer) == list(range(20)), "every row is there", 20)
    state = redis.save_state()
    flush_some(writers[0], 2, first=20)
    flush_some(writers[1], 2, first=40)
    redis.fall_back_to(state)
    for writer in writers:
        wait_until(lambda: ids(writer) == list(range(60)), "what Redis has lost is back", 60)
    flush_some(writers[0], 1, first=60)
    newcomer = cluster("newcomer", GIGAPI_MODE="readonly")
    wait_until(lambda: ids(newcomer) == list(range(70)), "a node without a past sees the same", 20)
    assert sum(writer.metrics()["gigapi_heal_files_total"] for writer in writers) > 0
    report = repair(binary, tmp_path / "elsewhere", "--json", **cluster.env)
    assert report["hours"] == [] and report["missing"] == [] and report["orphans"] == []


def let_the_log_go(writer):
    """Of all that is in files: what the catalog loses does not come back from there."""
    wide = "x" * 200_000
    for number in range(20):
        writer.write(f'other text="{wide}",number={number}i {START_NS + number}')
        if number % 5 == 4:
            wait_until(lambda: writer.metrics()["gigapi_buffer_rows"] == 0, "the rows are in files")


def test_a_writer_that_was_stopped_while_redis_fell_back_brings_its_files_back(cluster, redis):
    writer = cluster("writer", **NO_MERGES, GIGAPI_WAL_SEGMENT_BYTES="1048576")
    flush_some(writer, 1)
    state = redis.save_state()
    flush_some(writer, 2, first=10)
    let_the_log_go(writer)
    writer.kill()
    redis.fall_back_to(state)
    writer.start()
    wait_until(lambda: ids(writer) == list(range(30)), "what Redis has lost is back", 60)
    newcomer = cluster("newcomer", GIGAPI_MODE="readonly")
    wait_until(lambda: ids(newcomer) == list(range(30)), "a node without a past sees the same", 20)


def test_a_writer_that_is_killed_before_it_brings_its_files_back_does_so_at_its_next_start(minio, cluster, redis, make_proxy):
    proxy = make_proxy(minio.port)
    bucket = cluster.env["GIGAPI_LAYERS_0_URL"].split("/")[3]
    writer = cluster("writer", **NO_MERGES, **minio.layer(0, "s3", bucket, port=proxy.port))
    flush_some(writer, 1)
    state = redis.save_state()
    flush_some(writer, 1, first=10)
    # It flushes, and sees nothing of what lies there.
    proxy.fail("error", only=lambda request: request.method == "GET" and "list-type" in request.target)
    redis.fall_back_to(state)
    flush_some(writer, 1)
    flush_some(writer, 1, first=20)
    writer.kill()
    assert ids(cluster("newcomer", GIGAPI_MODE="readonly")) == sorted([*range(10), *range(10), *range(20, 30)])
    proxy.heal()
    writer.start()
    wait_until(lambda: ids(writer) == sorted([*range(30), *range(10)]), "what Redis has lost is back", 60)


def test_files_of_a_writer_that_is_gone_are_brought_back_by_another(cluster, redis):
    writers = [cluster(f"writer{i}", **NO_MERGES) for i in range(2)]
    flush_some(writers[0], 1)
    state = redis.save_state()
    flush_some(writers[1], 1, first=10)
    writers[1].write(f"late id=1i {START_NS}")
    wait_until(lambda: writers[1].metrics()["gigapi_buffer_rows"] == 0, "the rows are in files")
    writers[1].kill()
    redis.fall_back_to(state)
    newcomer = cluster("newcomer", GIGAPI_MODE="readonly")
    wait_until(lambda: ids(newcomer) == list(range(20)), "what Redis has lost is back", 60)
    wait_until(lambda: any("late" in row.values() for row in newcomer.query("SHOW TABLES")), "the table is back", 60)
    assert newcomer.count("late") == 1
    assert ids(writers[0]) == list(range(20)) and writers[0].count("late") == 1


def test_the_file_of_a_merge_that_redis_has_lost_takes_the_place_of_its_inputs_again(minio, cluster, redis):
    """Which are gone by then."""
    bucket = cluster.env["GIGAPI_LAYERS_0_URL"].split("/")[3]
    quick = {"GIGAPI_QUERY_TIMEOUT_MS": "1000", "GIGAPI_DROP_DELAY_MS": "0"}
    writer = cluster("writer", **quick, **NO_MERGES)
    flush_some(writer, 3)
    writer.stop()
    state = redis.save_state()
    writer.start(GIGAPI_NO_MERGES="false", GIGAPI_MERGE_TIMEOUT_S="0.3")

    def files():
        return [key for key in minio.client().sizes(bucket) if key.endswith(".parquet")]

    hours = len({key.rsplit("/", 1)[0] for key in files()})
    wait_until(lambda: len(files()) == hours, "files are merged, and what they were merged from is gone", 90)
    writer.kill()
    redis.fall_back_to(state)
    writer.start(**NO_MERGES)
    newcomer = cluster("newcomer", GIGAPI_MODE="readonly")
    wait_until(lambda: ids_or_none(newcomer) == list(range(30)), "every row is there once", 60)
    assert ids(writer) == list(range(30))


def test_a_catalog_in_the_bucket_comes_back(binary, minio, make_server, tmp_path):
    bucket = "repair" + str(time.time_ns())
    client = minio.client()
    client.make_bucket(bucket)
    env = {**FAST, **NO_MERGES, **minio.layer(0, "s3", bucket)}
    server = make_server(root=tmp_path / "node", **env)
    flush_some(server, 2)
    server.stop()
    for key in client.sizes(bucket):
        if key.endswith("metadata.json"):
            client.delete(bucket, key)
    # The object that stands for a whole catalog is still there: the lake has no tables, and says so.
    report = repair(binary, server.root, "--json", status=2, **env)
    assert sum(hour["rows_added"] for hour in report["hours"]) == 20
    repair(binary, server.root, "--apply", **env)
    server.start()
    assert ids(server) == list(range(20))


def test_a_server_does_not_start_over_an_hour_that_lost_its_metadata(binary, make_server):
    server = make_server(**FAST, **NO_MERGES)
    flush_some(server, 2)
    server.stop()
    # The log has let go of these rows: it is not what brings them back.
    for segment in (server.root / ".gigapi" / "wal").glob("*.wal"):
        segment.unlink()
    next(server.root.glob("*/cpu/date=*/hour=*/metadata.json")).unlink()
    there = files_below(server.root)
    assert_refuses_to_start(server)
    assert files_below(server.root) == there
    repair(binary, server.root, "--apply")
    server.start()
    assert ids(server) == list(range(20))


def test_a_server_does_not_start_over_a_table_that_lost_its_metadata(binary, make_server):
    server = make_server(**FAST, **NO_MERGES)
    flush_some(server, 2)
    server.stop()
    next(server.root.glob("*/cpu/metadata.json")).unlink()
    there = files_below(server.root)
    assert_refuses_to_start(server)
    assert files_below(server.root) == there
    repair(binary, server.root, "--apply")
    server.start()
    assert ids(server) == list(range(20))


def test_nodes_sweep_what_a_bucket_has_and_nobody_names(minio, make_server, tmp_path):
    bucket = "sweep" + str(time.time_ns())
    client = minio.client()
    client.make_bucket(bucket)
    server = make_server(root=tmp_path / "node", **FAST, **NO_MERGES, **minio.layer(0, "s3", bucket),
                         GIGAPI_SWEEP_INTERVAL_MS="2400", GIGAPI_SWEEP_AGE_MIN_MS="1500")
    server.write(lines(0, 10))
    wait_until(lambda: server.metrics()["gigapi_buffer_rows"] == 0, "the rows are in a file")
    [listed] = [key for key in client.sizes(bucket) if key.endswith(".parquet")]
    left = listed.rsplit("/", 1)[0] + "/00000000-0000-4000-8000-000000000000.1.parquet"
    client.put(bucket, left, client.get(bucket, listed))
    wait_until(lambda: left not in client.sizes(bucket), "what nobody names is gone", 60)
    assert listed in client.sizes(bucket)
    assert server.metrics()["gigapi_sweep_removed_files_total"] == 1
    assert ids(server) == list(range(10))


def test_files_of_another_program_are_left_alone(binary, make_server):
    """As in a root that another GigAPI wrote: a server starts beside them, and never takes them for what a crash left."""
    server = make_server(**FAST, **NO_MERGES)
    flush_some(server, 1)
    server.stop()
    hour = next(server.root.glob("*/cpu/date=*/hour=*"))
    theirs = pyarrow.table({"__timestamp": [START_NS], "id": [77]})
    foreign = hour.parents[2] / "weather" / "date=2025-01-01" / "hour=12"
    foreign.mkdir(parents=True)
    (foreign / "metadata.json").write_text('{"type":"merge_tree","files":[{"path":"a.1.parquet"}]}')
    for folder in (hour, foreign):
        pyarrow.parquet.write_table(theirs, folder / "a.1.parquet")
    for number in range(1, 4):
        server.start()
        assert ids(server) == list(range(10))
        server.write(f"weather id={number}i {START_NS + number}")
        assert server.count("weather") == number
        server.stop()
    assert (hour / "a.1.parquet").exists() and (foreign / "a.1.parquet").exists()
