#!/usr/bin/env python3
"""Reads the files of parquet_encoding_bench with DuckDB, and compares size and speed with files that DuckDB wrote itself.

    build/release/bench/parquet_encoding_bench OUT random 2
    build/deps/venv/bin/python bench/parquet_encoding.py OUT

Prints bytes a row of DuckDB's zstd file sorted by time, and for each query the CPU ms (least of seven runs, two
threads) on DuckDB's files sorted by (host, time), one an hour, and on ours.
"""
import glob
import os
import resource
import sys

import duckdb

out = sys.argv[1]
con = duckdb.connect()
con.execute("SET threads=2")


def files(kind):
    return f"read_parquet('{out}/{kind}/**/*.parquet')"


def size(path):
    return sum(os.path.getsize(f) for f in glob.glob(path, recursive=True))


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return (usage.ru_utime + usage.ru_stime) * 1000


rows, last = con.execute(f"SELECT count(*), max(time) FROM {files('compact')}").fetchone()
if not os.path.exists(f"{out}/duckdb_zstd.parquet"):
    con.execute(f"COPY (SELECT * EXCLUDE (date, hour) FROM {files('compact')} ORDER BY time) "
                f"TO '{out}/duckdb_zstd.parquet' (FORMAT parquet, COMPRESSION zstd)")
    for hour in sorted(glob.glob(f"{out}/compact/date=*/hour=*")):
        target = hour.replace("/compact/", "/duckdb/")
        os.makedirs(target, exist_ok=True)
        con.execute(f"COPY (SELECT * FROM read_parquet('{hour}/1.parquet', hive_partitioning=false) ORDER BY host, time) "
                    f"TO '{target}/1.parquet' (FORMAT parquet)")

theirs = size(f"{out}/duckdb_zstd.parquet")
print(f"bytes a row: DuckDB zstd by time {theirs / rows:.2f}, DuckDB default by host {size(f'{out}/duckdb/**/*.parquet') / rows:.2f}, "
      f"ours {size(f'{out}/compact/**/*.parquet') / rows:.2f} = {size(f'{out}/compact/**/*.parquet') / theirs:.2f}x")

last_hour = f"time >= TIMESTAMP_NS '{str(last)[:13]}:00:00'"
QUERIES = {
    "avg by 1 h, all": "SELECT time_bucket(INTERVAL '1 hour', time::TIMESTAMP) t, avg(usage_0) FROM {} GROUP BY t",
    "avg by host, last hour": f"SELECT host, avg(usage_0) FROM {{}} WHERE {last_hour} GROUP BY host",
    "last value of each host": "SELECT host, arg_max(usage_0, time) FROM {} GROUP BY host",
    "one host, last hour, rows": f"SELECT * FROM {{}} WHERE host = 'host_0512' AND {last_hour}",
    "one host, 24 h by 1 h": "SELECT time_bucket(INTERVAL '1 hour', time::TIMESTAMP) t, avg(usage_0) FROM {} "
                             "WHERE host = 'host_0512' GROUP BY t",
    "max of 5 fields by region": "SELECT region, max(usage_0), max(usage_1), max(usage_2), max(usage_3), max(usage_4) "
                                 "FROM {} GROUP BY region",
    "rows, all columns": "SELECT sum(hash(b)) FROM {} b",
}
con.execute("SET parquet_metadata_cache=true")
kinds = sys.argv[2:] or ["duckdb", "compact"]
print(f"{'query':28}" + "".join(f"{kind:>12}" for kind in kinds) + "  CPU ms")
for name, query in QUERIES.items():
    times = {kind: [] for kind in kinds}
    for _ in range(7):
        for kind in kinds:
            start = cpu()
            con.execute(query.format(files(kind).replace(")", ", hive_partitioning=false)"))).fetchall()
            times[kind].append(cpu() - start)
    print(f"{name:28}" + "".join(f"{min(times[kind]):12.1f}" for kind in kinds))
