"""bench/run.py s3: queries of a bucket of a MinIO of its own, beside a local disk. What ingest costs there: bench/cluster.py.

cold     each query once on a server that has nothing in its caches: what EXPLAIN ANALYZE says, beside what the footers of the
         files say is needed
warm     the queries again and again, on both
"""
import io
import json
import re
import statistics
from pathlib import Path

import pyarrow.parquet as pq
from flight_read import cpu_seconds
from gigapi_testing.server import wait_until
from gigapi_testing.service import Minio

BUCKET = "bench"
HOURS = 24  # of load_day
QUERIES_H = Path(__file__).with_name("queries.h")
FIGURE = re.compile(r'"([A-Z][A-Za-z ]+)[\\"]+: [\\"]+(\d+)')
SCAN = ("Read", "Files Opened", "Store Requests", "Bytes Fetched")
# Columns that each query reads; the others read nothing that lies in files, or all columns.
FIELDS = ["usage_user", "usage_system", "usage_idle", "usage_nice", "usage_iowait"]


def queries():
    """name -> SQL, as bench/queries.h has them."""
    found = re.findall(r'\{"([^"]+)",\s*((?:"[^"]*"\s*)+)\}', QUERIES_H.read_text())
    return {name: "".join(re.findall(r'"([^"]*)"', text)) for name, text in found if text.lstrip('"').startswith(("SELECT"))}


def columns_of(sql):
    return ["time", "host", "region", *FIELDS] if "*" in sql.replace("count(*)", "") else [
        name for name in ("time", "host", "region", *FIELDS) if re.search(rf"\b{name}\b", sql)]


class Files:
    """The footers of the bucket's data files."""

    def __init__(self, client):
        self.footers = [pq.ParquetFile(io.BytesIO(client.get(BUCKET, key))).metadata
                        for key in client.sizes(BUCKET) if key.endswith(".parquet")]

    def needed(self, sql):
        """Bytes of the column chunks that a query must read, with the footers, and the runs of such chunks that lie side by
        side: of row groups whose statistics do not exclude them."""
        names = columns_of(sql)
        if sql == "SELECT count(*) FROM cpu":
            names = []
        begin = re.search(r"time >= TIMESTAMP '([^']+)'", sql)
        host = re.search(r"host = '([^']+)'", sql)
        size, runs = 0, 0
        for footer in self.footers:
            chunks = []
            for group in range(footer.num_row_groups):
                columns = {c.path_in_schema: c for c in (footer.row_group(group).column(i) for i in range(footer.num_columns))}
                if begin and str(columns["time"].statistics.max).replace("T", " ") < begin[1]:
                    continue
                if host and not columns["host"].statistics.min <= host[1] <= columns["host"].statistics.max:
                    continue
                chunks += [span(columns[name]) for name in names if name in columns]
            size += sum(end - start for start, end in chunks) + (footer.serialized_size + 8 if chunks else 0)
            end_before = None
            for start, end in sorted(chunks):
                runs += start != end_before
                end_before = end
        return size, runs


def span(chunk):
    start = min(offset for offset in (chunk.dictionary_page_offset, chunk.data_page_offset) if offset)
    return start, start + chunk.total_compressed_size


def scan_figures(server, sql):
    plan = json.dumps(server.query("EXPLAIN (ANALYZE, FORMAT json) " + sql, db="bench"))
    figures = {name: int(value) for name, value in FIGURE.findall(plan)}
    return {name: figures.get(name, 0) for name in SCAN}


def load_day(bench, name, rows, env):
    quick = {"GIGAPI_SAVE_TIMEOUT_S": "1", "GIGAPI_MERGE_TIMEOUT_S": "1"}
    server = bench.server(name, **quick, **env)
    bench.ingest(server, rows, 10_000, "--start_s", 1735689600, "--spread_s", 86_400, "--idle_window_s", 4)
    wait_until(lambda: server.metrics()["gigapi_buffer_rows"] == 0, "all rows are in files", 60)
    wait_until(lambda: server.metrics()["gigapi_files"] <= HOURS * 2, "the files of each hour are merged", 180)
    return server


def cold(bench, env, client):
    files, found = Files(client), []
    for number, (name, sql) in enumerate(queries().items()):
        reader = bench.server(f"s3-cold-{number}", GIGAPI_NO_MERGES="true", **env)
        try:
            size, runs = files.needed(sql)
            found.append({"name": name, "needed_bytes": size, "chunk_runs": runs, **scan_figures(reader, sql)})
        finally:
            bench.end(reader)
    return found


def time_of(server, sql):
    begin = cpu_seconds(server.process.pid)
    elapsed = server.post("/query?db=bench", json={"query": sql}).elapsed.total_seconds()
    return elapsed * 1e3, (cpu_seconds(server.process.pid) - begin) * 1e3


def warm(servers, runs):
    found = []
    for name, sql in queries().items():
        times = {place: [] for place in servers}
        for _ in range(runs + 2):
            for place, server in servers.items():
                times[place].append(time_of(server, sql))
        row = {"name": name}
        for place, measured in times.items():
            row[f"{place}_wall_ms"], row[f"{place}_cpu_ms"] = (statistics.median(t) for t in zip(*measured[2:], strict=True))
        found.append(row)
    return found


def measure(bench, rows):
    minio = Minio(bench.work / "minio").start()
    try:
        client = minio.client()
        client.make_bucket(BUCKET)
        layer = lambda prefix: minio.layer(0, "s3", BUCKET, prefix=prefix)  # noqa: E731
        figures = {}
        servers = {"local": load_day(bench, "s3-day-local", rows, {}), "s3": load_day(bench, "s3-day", rows, layer("day"))}
        try:
            figures["warm"] = warm(servers, bench.args.runs)
        finally:
            for server in servers.values():
                bench.end(server)
        figures["cold"] = cold(bench, layer("day"), client)
        return figures
    finally:
        minio.stop()


def table(figures):
    lines = []
    lines.append(f"{'cold':34} {'files':>6} {'requests':>9} {'runs of chunks':>15} {'fetched':>12} {'needed':>12} {'ratio':>6}")
    for f in figures["cold"]:
        ratio = f"{f['Bytes Fetched'] / f['needed_bytes']:.2f}" if f["needed_bytes"] else "-"
        lines.append(f"{f['name']:34} {f['Files Opened']:>6} {f['Store Requests']:>9} {f['chunk_runs']:>15} "
                     f"{f['Bytes Fetched']:>12,} {f['needed_bytes']:>12,} {ratio:>6}")
    lines.append(f"{'warm, wall / CPU ms':34} {'local':>18} {'s3':>18} {'ratio of CPU':>13}")
    for f in figures["warm"]:
        ratio = f"{f['s3_cpu_ms'] / f['local_cpu_ms']:.2f}" if f["local_cpu_ms"] else "-"
        lines.append(f"{f['name']:34} {f['local_wall_ms']:>8.1f} /{f['local_cpu_ms']:>8.1f} {f['s3_wall_ms']:>8.1f} /"
                     f"{f['s3_cpu_ms']:>8.1f} {ratio:>13}")
    return "\n".join(lines)
