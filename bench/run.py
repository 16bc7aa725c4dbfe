#!/usr/bin/env python3
"""make bench: measures a server of its own on a temporary root and prints a table (docs/benchmarks.md).

Three servers, one after the other, each on an empty root:
  throughput   BENCH_ROWS rows (10 M) of the last hour in bodies of 10,000 lines over 4 connections
  latency      a tenth of that in bodies of 1,000 lines
  msgpack      the rows as MessagePack columns in bodies of 1,000 rows
  msgpack_rows a tenth as MessagePack rows in bodies of 1,000 rows
  ndjson       a tenth as JSON, an object a line, in bodies of 1,000 rows
  csv          a tenth as CSV in bodies of 1,000 rows
  arrow        the rows as Arrow IPC streams in bodies of 10,000 rows, a batch each
  queries      BENCH_ROWS rows over 24 hours, merged, then the queries of bench/queries.h, beside plain DuckDB
  s3           only when it is asked for: the queries with a bucket as the first layer, beside a local disk

The figures are also written to build/release/bench/figures.json.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY / "test"))
import flight_read  # noqa: E402
import s3  # noqa: E402
from gigapi_testing.server import Server  # noqa: E402
from streams import streams  # noqa: E402

QUERY_DAY_START_S = 1735689600  # 2025-01-01 00:00 UTC, as bench/queries.h has it
INGEST_PARTS = ("throughput", "latency", "msgpack", "msgpack_rows", "ndjson", "csv", "arrow")
MERGE_TIMEOUT_S = 10  # the default; a server is idle when nothing has happened for longer than this and a flush


# Writes a million rows of the benchmark's shape with Arrow's own writer, and says what it cost: how fast the machine is just now.
CALIBRATION = """
import time
import pyarrow as pa, pyarrow.parquet as pq
pa.set_cpu_count(1)
n = 1_000_000
def tags(name, count):
    return pa.DictionaryArray.from_arrays(pa.array([i % count for i in range(n)], pa.int32()), pa.array([f"{name}_{i}" for i in range(count)]))
columns = {"time": pa.array(range(1735689600 * 10**9, 1735689600 * 10**9 + n * 1000, 1000), pa.timestamp("ns")),
           "host": tags("host", 1000), "region": tags("region", 5)}
for f in range(5):
    columns[f"f{f}"] = pa.array([(i * 7919 * (f + 3)) % 10_000 / 100 for i in range(n)])
table = pa.table(columns)
best = 1e9
for _ in range(5):
    begin = time.process_time()
    pq.write_table(table, pa.BufferOutputStream(), compression="snappy", use_dictionary=["host", "region"])
    best = min(best, time.process_time() - begin)
print(best)
"""


def arrow_seconds():
    """CPU seconds that Arrow takes to write a million rows of 8 columns as Parquet with snappy on one core."""
    return float(subprocess.run([sys.executable, "-c", CALIBRATION], stdout=subprocess.PIPE, text=True, check=True).stdout)


class Bench:
    def __init__(self, args):
        self.args = args
        self.build = args.build.resolve()
        self.work = Path(tempfile.mkdtemp(prefix="gigapi-bench-", dir=args.work))
        self.env = {"GIGAPI_DURABILITY": args.durability, "LOGLEVEL": "warn"}

    def server(self, name, **env):
        return Server(self.build / "gigapi", self.work / name, {**self.env, **env}).start()

    def ingest(self, server, rows, lines, *more):
        command = [self.build / "bench/gigapi_bench", "ingest", "--port", server.port, "--pid", server.process.pid, "--rows", rows,
                   "--lines", lines, "--connections", self.args.connections, "--hosts", self.args.hosts, *more]
        return run_json(command)

    def throughput(self, name, rows, lines, form="lines"):
        server = self.server(name)
        try:
            return self.ingest(server, rows, lines, "--format", form, "--idle_window_s", 2.5 * MERGE_TIMEOUT_S)
        finally:
            self.end(server)

    def queries(self, rows):
        # Short waits: the merges are to be over soon. What they cost is measured by the server's CPU clock all the same.
        server = self.server("queries", GIGAPI_SAVE_TIMEOUT_S="1", GIGAPI_MERGE_TIMEOUT_S="1")
        try:
            ingest = self.ingest(server, rows, 10_000, "--start_s", QUERY_DAY_START_S, "--spread_s", 86_400, "--idle_window_s", 4)
            server.wait_flushed(rows, "bench", "cpu")
            server.wait_merged("bench", "cpu")
            partitions = server.partitions("bench", "cpu")
            files = [folder / Path(f["path"]).name for folder, p in partitions.items() for f in p["files"]]
            (self.work / "files").write_text("".join(f"{f}\n" for f in files))
            ours = run_json([self.build / "bench/gigapi_bench", "query", "--port", server.port, "--pid", server.process.pid,
                             "--runs", self.args.runs])
            plain = run_json([self.build / "bench/gigapi_bench_duckdb", "--from", self.work / "files", "--work", self.work,
                              "--prepare", 1, "--runs", self.args.runs])
            load = run_json([self.build / "bench/gigapi_bench", "query_load", "--port", server.port, "--pid", server.process.pid])
            over_flight = flight_read.measure(server, "bench", self.args.runs)
            disk = sum(f.stat().st_size for f in files)
            return {"ingest": ingest, "files": len(files), "bytes_on_disk": disk, "flight": over_flight, "load": load,
                    "bytes_of_copy_zstd_by_time": (self.work / "by_time.parquet").stat().st_size,
                    "queries": [{**o, "duckdb_wall_ms": p["wall_ms"], "duckdb_cpu_ms": p["cpu_ms"]} for o, p in zip(ours, plain, strict=True)],
                    "streams": streams(server, "SELECT * FROM cpu", self.args.streams)}
        finally:
            self.end(server)

    def end(self, server):
        if self.args.keep:
            print(f"kept: {server.root}", file=sys.stderr)
        server.kill()
        if not self.args.keep:
            shutil.rmtree(server.root, ignore_errors=True)


def run_json(command):
    """The JSON that a program prints; its messages go to our standard error."""
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: {command[0]} failed: {done.stdout}")
    return json.loads(done.stdout)


def ingest_table(name, f):
    return "\n".join([
        f"{name}: {f['rows']:,} rows of {f['bytes_per_line']:.0f} B, {f['errors']} errors",
        f"  rows per second                {f['rows_per_s']:>14,.0f}",
        f"  rows per server CPU second     {f['rows_per_server_cpu_s']:>14,.0f}   counted until idle: {f['went_idle']}",
        f"  acknowledgement p50/p99/max ms {f['ack_p50_ms']:>8.2f} /{f['ack_p99_ms']:8.2f} /{f['ack_max_ms']:8.2f}",
        f"  peak memory                    {f['peak_memory_bytes'] / 1e6:>11,.0f} MB"])


def query_table(q):
    ratio = q["bytes_on_disk"] / q["bytes_of_copy_zstd_by_time"]
    lines = [f"on disk, merged: {q['bytes_on_disk'] / 1e6:,.1f} MB in {q['files']} files, {ratio:.2f}x DuckDB's COPY (zstd) by time",
             f"{'query':34} {'wall ms':>10} {'CPU ms':>10} {'DuckDB wall':>12} {'DuckDB CPU':>11} {'wall ratio':>11}"]
    for row in q["queries"]:
        lines.append(f"{row['name']:34} {row['wall_ms']:>10.2f} {row['cpu_ms']:>10.2f} {row['duckdb_wall_ms']:>12.2f} "
                     f"{row['duckdb_cpu_ms']:>11.2f} {row['wall_ms'] / row['duckdb_wall_ms']:>10.2f}x")
    f, load, s = q["flight"], q["load"], q["streams"]
    lines += [f"{f['rows']:,} rows over Flight SQL: {f['wall_ms']:.0f} ms wall, {f['cpu_ms']:.0f} ms CPU of the server",
              f"the last value of one host, 16 connections: {load['queries_per_s']} a second, p50 {load['p50_ms']:.1f} ms, "
              f"p99 {load['p99_ms']:.1f} ms, {load['cpu_ms_a_query']:.2f} ms CPU each",
              f"{s['clients']} clients, all rows as JSON: {s['bytes'] / 1e9:.1f} GB in {s['wall_s']:.1f} s, server CPU "
              f"{s['cpu_s']:.1f} s, first byte after {s['first_byte_ms']:.1f} ms alone, memory {s['memory_mb']:.0f} MB at most"]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=[], help=f"{', '.join(INGEST_PARTS)}, queries, s3; default all but s3")
    parser.add_argument("--build", type=Path, default=REPOSITORY / "build/release")
    parser.add_argument("--rows", type=int, default=int(os.environ.get("BENCH_ROWS", 10_000_000)))
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--durability", default="fsync")
    parser.add_argument("--runs", type=int, default=11, help="of each query; the median counts")
    parser.add_argument("--streams", type=int, default=8, help="clients that each read all rows at once")
    parser.add_argument("--work", type=Path, default=None, help="where the temporary roots lie; default the system's")
    parser.add_argument("--keep", action="store_true", help="leave the roots")
    args = parser.parse_args()
    parts = args.parts or [*INGEST_PARTS, "queries"]
    if unknown := set(parts) - {*INGEST_PARTS, "queries", "s3"}:
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    bench = Bench(args)
    tenth = max(1, args.rows // 10)
    measures = {"throughput": lambda: bench.throughput("throughput", args.rows, 10_000),
                "latency": lambda: bench.throughput("latency", tenth, 1_000),
                "msgpack": lambda: bench.throughput("msgpack", args.rows, 1_000, "msgpack"),
                "msgpack_rows": lambda: bench.throughput("msgpack_rows", tenth, 1_000, "msgpack_rows"),
                "ndjson": lambda: bench.throughput("ndjson", tenth, 1_000, "ndjson"),
                "csv": lambda: bench.throughput("csv", tenth, 1_000, "csv"),
                "arrow": lambda: bench.throughput("arrow", args.rows, 10_000, "arrow"),
                "queries": lambda: bench.queries(args.rows),
                "s3": lambda: s3.measure(bench, args.rows)}
    tables = {"queries": query_table, "s3": s3.table}
    figures = {"durability": args.durability, "rows": args.rows, "arrow_cpu_s_per_million": arrow_seconds()}
    print(f"the machine: Arrow's own writer takes {figures['arrow_cpu_s_per_million']:.3f} CPU s a million rows (8 columns, snappy)")
    out = bench.build / "bench/figures.json"
    try:
        for part in parts:
            figures[part] = measures[part]()
            print(tables[part](figures[part]) if part in tables else ingest_table(part, figures[part]), flush=True)
            out.write_text(json.dumps(figures, indent=2) + "\n")
    finally:
        if not args.keep:
            shutil.rmtree(bench.work, ignore_errors=True)
    print(f"written to {out}")


if __name__ == "__main__":
    main()
