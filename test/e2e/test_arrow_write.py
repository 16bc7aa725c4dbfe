"""Writing Arrow IPC and Parquet, as pyarrow makes them."""
import datetime
import io

import pyarrow
import pyarrow.parquet
import pytest

TABLE = pyarrow.table({
    "time": pyarrow.array([datetime.datetime(2021, 9, 30, 18, tzinfo=datetime.timezone.utc)] * 2, pyarrow.timestamp("us", "UTC")),
    "host": pyarrow.array(["a", None]).dictionary_encode(), "usage": [1.5, 2.5], "n": pyarrow.array([1, None], pyarrow.int32()),
    "ok": [True, False], "note": ["x", "y"]})
WANTED = [{"time": "1633024800000000000", "host": "a", "usage": 1.5, "n": "1", "ok": True, "note": "x"},
          {"time": "1633024800000000000", "host": None, "usage": 2.5, "n": None, "ok": False, "note": "y"}]


def stream(table):
    sink = io.BytesIO()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def file(table):
    sink = io.BytesIO()
    with pyarrow.ipc.new_file(sink, table.schema, options=pyarrow.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    return sink.getvalue()


def parquet(table):
    sink = io.BytesIO()
    pyarrow.parquet.write_table(table, sink)
    return sink.getvalue()


@pytest.mark.parametrize("encode, content_type, form", [
    (stream, "application/vnd.apache.arrow.stream", None), (file, "application/vnd.apache.arrow.file", None),
    (stream, None, "arrow"), (file, None, "arrow"), (parquet, "application/vnd.apache.parquet", None), (parquet, None, "parquet")])
def test_every_form(shared_server, db, encode, content_type, form):
    path = f"/write?db={db}&table=t" + (f"&format={form}" if form else "")
    answer = shared_server.post(path, encode(TABLE), headers={"Content-Type": content_type} if content_type else {})
    assert (answer.status_code, answer.content) == (204, b""), answer.text
    assert shared_server.query("SELECT * FROM t ORDER BY usage", db) == WANTED


def test_many_batches(shared_server, db):
    table = pyarrow.table({"time": pyarrow.array(range(1_633_024_800, 1_633_034_800)), "v": [float(i) for i in range(10_000)]})
    sink = io.BytesIO()
    with pyarrow.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table, max_chunksize=100)
    assert shared_server.post(f"/write?db={db}&table=t&format=arrow", sink.getvalue()).status_code == 204
    assert shared_server.value("SELECT sum(v) FROM t", db) == 9_999 * 5_000


@pytest.mark.parametrize("body, form", [(b"cpu v=1", "arrow"), (b"cpu v=1", "parquet"), (stream(TABLE)[:-100], "arrow"),
                                        (parquet(TABLE)[:-10], "parquet"), (stream(pyarrow.table({"l": [[1]]})), "arrow")])
def test_what_cannot_be_used_is_refused(shared_server, db, body, form):
    answer = shared_server.post(f"/write?db={db}&table=t&format={form}", body)
    assert answer.status_code == 400 and answer.json()["error"]
    assert shared_server.post(f"/write?db={db}&format=arrow", stream(TABLE)).status_code == 400  # no table
