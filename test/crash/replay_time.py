#!/usr/bin/env python3
"""Times the replay of a large log: fills one, none of whose rows is in a file, kills the server, and starts it again.

    replay_time.py [--log-bytes 1073741824] [--hours 1]

The second start is on the default settings, where rows in memory have 160 MiB: most are flushed while the log is replayed.
"""
import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from gigapi_testing.server import REPOSITORY, Server, find_binary  # noqa: E402

# Nothing is flushed, so that all of it has to be replayed.
FILLING = {"GIGAPI_SAVE_TIMEOUT_S": "36000", "GIGAPI_FLUSH_PARTITION_BYTES": "64GiB", "GIGAPI_BUFFER_BYTES_MAX": "64GiB",
           "GIGAPI_WAL_BYTES_MAX": "64GiB"}
ROWS_A_STEP = 1_000_000


def fill(server, log_bytes, hours):
    """Rows written until the log is as large."""
    bench = REPOSITORY / "build/release/bench/gigapi_bench"
    rows = 0
    while server.metrics()["gigapi_wal_bytes_total"] < log_bytes:
        subprocess.run([str(bench), "ingest", "--port", str(server.port), "--rows", str(ROWS_A_STEP), "--spread_s", str(hours * 3600),
                        "--db", "replay", "--idle_window_s", "0"], check=True, stdout=subprocess.DEVNULL)
        rows += ROWS_A_STEP
    return rows


def memory_peak_mib(pid):
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) // 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--log-bytes", type=int, default=1 << 30)
    parser.add_argument("--hours", type=int, default=1, help="over which the rows are spread")
    args = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="gigapi-replay-"))
    server = Server(find_binary(), work / "root", FILLING)
    try:
        server.start()
        rows = fill(server, args.log_bytes, args.hours)
        log_bytes = server.metrics()["gigapi_wal_bytes_total"]
        server.kill()
        server.env.clear()
        logged = len(server.log())
        started = time.monotonic()
        server.start()
        seconds = time.monotonic() - started
        cpu = server.metrics()["process_cpu_seconds_total"]
        peak = memory_peak_mib(server.process.pid)
        assert int(server.value("SELECT count(*) AS n FROM cpu", "replay")) == rows, "rows are missing"
        print("\n".join(line for line in server.log()[logged:].splitlines() if "log" in line or "listening" in line))
        print(f"{rows} rows, {log_bytes / (1 << 20):.0f} MiB of log: ready after {seconds:.1f} s, {cpu:.1f} CPU s, "
              f"{log_bytes / (1 << 20) / seconds:.0f} MiB/s, peak memory {peak} MiB")
    finally:
        server.kill()
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
