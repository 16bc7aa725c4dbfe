#!/usr/bin/env python3
"""Where the server's CPU goes while rows come in, by stage, for each format (docs/benchmarks.md).

    bench/stages.py [--rows N] [FORMAT...]     formats of gigapi_bench; default all

Wants Linux's perf. Samples of all threads from the first byte until the server has gone idle, merges included.
"""
import argparse
import collections
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from run import REPOSITORY, Server, run_json

ROWS_A_BODY = {"lines": 10_000, "arrow": 10_000}  # the others: 1,000
FORMATS = ["lines", "msgpack", "msgpack_rows", "ndjson", "csv", "arrow"]

# The first that matches decides: the name of the thread, then any function of the stack.
STAGES = [
    ("merge", r"^merge", ""),
    ("Parquet", r"^flush", r"WriteParquet|ParquetWriter|ColumnEncoder|snappy|LZ4|ZSTD|parquet::"),
    ("sort", r"^flush", r"SortChunks|GatherSmallChunks|Gather"),
    ("other of a flush", r"^flush", ""),
    ("WAL", r"^wal", ""),
    ("decompression", "", r"inflate|libdeflate|ZSTD_decompress|ContentEncoding|DecodeContent"),
    ("parse", "", r"gigapi::Parse|RowParser|LineParser|MsgpackParser|simdjson"),
    ("WAL", "", r"wal::|EncodeRecord"),
    ("buffer", "", r"LakeImpl::|PartitionBuffer|SplitByPartition|WriteService"),
    ("socket and HTTP", "", ""),
]


def stage_of(thread, functions):
    for name, thread_pattern, function_pattern in STAGES:
        if re.search(thread_pattern, thread) and (not function_pattern or re.search(function_pattern, functions)):
            return name
    raise AssertionError("the last stage takes everything")


def samples(perf_data):
    """(thread, all functions of its stack) of each sample."""
    text = subprocess.run(["perf", "script", "-i", perf_data, "-F", "comm,ip,sym", "--no-inline"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=True).stdout
    for block in text.split("\n\n"):
        lines = block.strip("\n").split("\n")
        if lines and lines[0].strip():
            yield lines[0].strip(), "\n".join(lines[1:])


def profile(build, form, rows):
    work = Path(tempfile.mkdtemp(prefix="gigapi-stages-"))
    server = Server(build / "gigapi", work / "root", {"LOGLEVEL": "warn"}).start()
    try:
        recorder = subprocess.Popen(["perf", "record", "-q", "-e", "cpu-clock", "-F", "999", "-g", "-o", work / "perf", "-p",
                                     str(server.process.pid)], stderr=subprocess.DEVNULL)
        time.sleep(0.5)  # perf says nothing when it has begun; what it misses is a few first samples
        figures = run_json([build / "bench/gigapi_bench", "ingest", "--port", server.port, "--pid", server.process.pid, "--rows", rows,
                            "--format", form, "--lines", ROWS_A_BODY.get(form, 1_000), "--idle_window_s", 25])
        recorder.send_signal(signal.SIGINT)
        recorder.wait()
        shares = collections.Counter(stage_of(*sample) for sample in samples(work / "perf"))
        return figures, shares
    finally:
        server.kill()
        shutil.rmtree(work, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("formats", nargs="*", default=FORMATS)
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--build", type=Path, default=REPOSITORY / "build/release")
    args = parser.parse_args()
    names = list(dict.fromkeys(name for name, _, _ in STAGES))
    print("| format | M rows a CPU s | " + " | ".join(names) + " |\n|---|---|" + "---|" * len(names))
    for form in args.formats:
        figures, shares = profile(args.build.resolve(), form, args.rows)
        total = sum(shares.values())
        cells = [f"{100 * shares[name] / total:.0f} %" for name in names]
        print(f"| {form} | {figures['rows_per_server_cpu_s'] / 1e6:.2f} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
