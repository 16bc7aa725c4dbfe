"""What lies on disk: plain Parquet in a hive layout with GigAPI's metadata.json beside it, readable by others as it is."""
import json
import re
from pathlib import Path

import duckdb
import pyarrow.dataset
import pyarrow.parquet
import pytest

BASE_NS = 1_735_689_600_000_000_000
HOUR_NS = 3_600_000_000_000
ROWS = 500


def make_lines():
    for i in range(ROWS):
        tags = f",host=h{i % 7}" + (f",zone=z{i % 2}" if i % 3 else "")
        fields = f"v={i / 4},n={-i}i,u={i}u,ok={'t' if i % 2 else 'f'}" + (f',s="text {i}"' if i % 5 else "")
        yield f"m{tags} {fields} {BASE_NS + i * HOUR_NS // 200}"


def expected_rows():
    for i in range(ROWS):
        yield (BASE_NS + i * HOUR_NS // 200, f"h{i % 7}", f"z{i % 2}" if i % 3 else None, i / 4, -i, i, bool(i % 2),
               f"text {i}" if i % 5 else None)


COLUMNS = ["time", "host", "zone", "v", "n", "u", "ok", "s"]


@pytest.fixture(scope="module", params=["flushed", "merged"])
def stopped(request, binary, tmp_path_factory):
    """A server that has ended, and left files of three hours."""
    from gigapi_testing.server import Server
    server = Server(binary, tmp_path_factory.mktemp(request.param) / "root", {
        "GIGAPI_SAVE_TIMEOUT_S": "0.02", "GIGAPI_MERGE_TIMEOUT_S": "0.05", "GIGAPI_NO_MERGES": str(request.param == "flushed").lower(),
        "GIGAPI_DROP_DELAY_MS": "50"})
    server.start()
    lines = list(make_lines())
    for begin in range(0, ROWS, 100):
        server.write("\n".join(lines[begin:begin + 100]), "db1")
        server.wait_flushed(begin + 100)
    if request.param == "merged":
        server.wait_merged()
    assert server.stop() == 0
    server.state = request.param
    yield server
    server.kill()


def files_of(server):
    return [folder / Path(f["path"]).name for folder, p in server.partitions().items() for f in p["files"]]


def test_layout(stopped):
    for path in files_of(stopped):
        relative = str(path.relative_to(stopped.root))
        assert re.fullmatch(r"db1/m/date=2025-01-01/hour=0[012]/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.[1-4]\.parquet", relative), relative
    levels = {path.name.split(".")[1] for path in files_of(stopped)}
    assert ("1" in levels) == (stopped.state == "flushed") or levels <= {"1", "2", "3", "4"}
    if stopped.state == "merged":
        assert len(files_of(stopped)) == 3


def test_pyarrow_reads_the_rows(stopped):
    rows = []
    for path in files_of(stopped):
        table = pyarrow.parquet.ParquetFile(path).read()
        assert table.column_names[0] == "time"
        for name in COLUMNS:
            if name not in table.column_names:
                table = table.append_column(name, pyarrow.nulls(table.num_rows))
        table = table.set_column(table.column_names.index("time"), "time", table["time"].cast("int64"))
        rows += zip(*(table[name].to_pylist() for name in COLUMNS))
    assert sorted(rows, key=lambda r: r[0]) == list(expected_rows())


def test_types_of_the_files(stopped):
    schema = pyarrow.parquet.ParquetFile(files_of(stopped)[0]).schema_arrow
    assert pyarrow.types.is_timestamp(schema.field("time").type) and schema.field("time").type.unit == "ns"
    plain = {name: (t.value_type if pyarrow.types.is_dictionary(t := schema.field(name).type) else t) for name in COLUMNS[1:]}
    assert {name: str(t) for name, t in plain.items()} == {
        "host": "string", "zone": "string", "v": "double", "n": "int64", "u": "uint64", "ok": "bool", "s": "string"}


def test_a_dataset_of_pyarrow_with_hive_partitioning(stopped):
    dataset = pyarrow.dataset.dataset([str(f) for f in files_of(stopped)], format="parquet", partitioning="hive")
    assert dataset.count_rows() == ROWS


def test_duckdb_reads_the_rows(stopped):
    names = ", ".join(f"'{f}'" for f in files_of(stopped))
    source = f"read_parquet([{names}], union_by_name = true, hive_partitioning = true)"
    rows = duckdb.sql(f"SELECT epoch_ns(time), host, zone, v, n, u, ok, s FROM {source} ORDER BY time").fetchall()
    assert rows == list(expected_rows())
    assert duckdb.sql(f"SELECT hour::INTEGER, count(*) FROM {source} GROUP BY 1 ORDER BY 1").fetchall() == [(0, 200), (1, 200), (2, 100)]
    assert duckdb.sql(f"SELECT count(*) FROM {source} WHERE time >= TIMESTAMP '2025-01-01 02:00:00' AND host = 'h3'").fetchone()[0] > 0


def test_rows_are_sorted_by_tags_and_time(stopped):
    for path in files_of(stopped):
        table = pyarrow.parquet.ParquetFile(path).read(columns=["host", "zone", "time"])
        keys = [tuple((v is not None, v or "") for v in (h, z)) + (t,)
                for h, z, t in zip(table["host"].to_pylist(), table["zone"].to_pylist(), table["time"].cast("int64").to_pylist())]
        assert keys == sorted(keys)


def test_statistics_of_the_files(stopped):
    for path in files_of(stopped):
        group = pyarrow.parquet.ParquetFile(path).metadata.row_group(0)
        for i in range(group.num_columns):
            column = group.column(i)
            assert column.is_stats_set, column.path_in_schema


def test_metadata_json(stopped):
    partitions = stopped.partitions()
    assert len(partitions) == 3
    for folder, metadata in partitions.items():
        assert {"type", "parquet_size_bytes", "row_count", "min_time", "max_time", "wal_sequence", "drop_queue", "files"} <= set(metadata)
        assert isinstance(metadata["drop_queue"], list)
        files = metadata["files"]
        assert metadata["row_count"] == sum(f["row_count"] for f in files)
        assert metadata["parquet_size_bytes"] == sum(f["size_bytes"] for f in files)
        assert metadata["min_time"] == min(f["min_time"] for f in files)
        assert metadata["max_time"] == max(f["max_time"] for f in files)
        assert len({f["id"] for f in files}) == len(files)
        for entry in files:
            assert {"id", "path", "size_bytes", "row_count", "chunk_time", "min_time", "max_time", "range", "type"} <= set(entry)
            path = folder / Path(entry["path"]).name
            assert path.stat().st_size == entry["size_bytes"]
            file = pyarrow.parquet.ParquetFile(path)
            times = file.read(columns=["time"])["time"].cast("int64").to_pylist()
            assert (file.metadata.num_rows, min(times), max(times)) == (entry["row_count"], entry["min_time"], entry["max_time"])
            assert entry["range"] == "1h"


def test_nothing_is_half_written(stopped):
    assert [p for p in stopped.root.glob("**/*") if p.name.endswith((".tmp", ".bak"))] == []


def test_metadata_json_is_never_half_written(make_server):
    """Whoever reads metadata.json while flushes and merges replace it gets a whole one whose files exist."""
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="0.01", GIGAPI_MERGE_TIMEOUT_S="0.02")
    for n in range(100):
        server.write(f"m v={n} {n}")
        for path in server.root.glob("*/*/date=*/hour=*/metadata.json"):
            metadata = json.loads(path.read_text())
            for entry in metadata["files"]:
                assert (path.parent / Path(entry["path"]).name).exists()
    server.wait_flushed(100)
    assert server.count("m") == 100


def test_a_root_can_be_copied(stopped, make_server, tmp_path):
    import shutil
    shutil.copytree(stopped.root, tmp_path / "copy")
    server = make_server(root=tmp_path / "copy")
    assert server.count("m", "db1") == ROWS
    assert [r["n"] for r in server.query("SELECT n FROM m ORDER BY time LIMIT 3", "db1")] == ["0", "-1", "-2"]
