#!/usr/bin/env python3
"""Times the start on a lake of many hours: writes one hour, copies its folder to as many others, and starts a server on them.

    start_time.py [--hours 10000]
"""
import argparse
import json
import re
import shutil
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from gigapi_testing.server import Server, find_binary  # noqa: E402

FIRST_HOUR = datetime(2000, 1, 1, tzinfo=timezone.utc)
FIELDS = ",".join(f"f{n}={n}.5" for n in range(8))


def make_hours(server, count):
    """A table of 10 columns with one file of two rows in each of `count` hours."""
    server.start()
    server.write(f"m,host=a,region=b {FIELDS} 1\nm,host=b,region=c {FIELDS} 2")
    server.wait_flushed(2)
    server.stop()
    folder, metadata = next(iter(server.partitions().items()))
    file = metadata["files"][0]
    for hour in range(count):
        start = FIRST_HOUR + timedelta(hours=hour)
        to = folder.parents[1] / f"date={start:%Y-%m-%d}" / f"hour={start:%H}"
        shutil.copytree(folder, to)
        file["min_time"] = int(start.timestamp()) * 1_000_000_000
        file["max_time"] = file["min_time"] + 1
        (to / "metadata.json").write_text(json.dumps(metadata))


def memory_mib(pid):
    return {key: int(kib) // 1024 for key, kib in re.findall(r"(VmRSS|VmHWM):\s+(\d+)", Path(f"/proc/{pid}/status").read_text())}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=int, default=10_000)
    args = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="gigapi-start-"))
    server = Server(find_binary(), work / "root", {"GIGAPI_SAVE_TIMEOUT_S": "0.1", "HTTP_HOST": "127.0.0.1"})
    try:
        make_hours(server, args.hours)
        started = time.monotonic()
        server.start()
        ready_s = time.monotonic() - started
        cpu_s = server.metrics()["process_cpu_seconds_total"]
        assert server.count("m") == 2 * (args.hours + 1)
        memory = memory_mib(server.process.pid)
        print(f"{args.hours} hours: ready after {ready_s:.2f} s, {cpu_s:.2f} CPU s, memory {memory['VmRSS']} MiB, "
              f"peak {memory['VmHWM']} MiB")
    finally:
        server.kill()
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
