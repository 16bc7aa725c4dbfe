"""What a large result costs over Flight SQL: wall time at the client and CPU of the server, medians."""
import os
import statistics
import time
from pathlib import Path

import pyarrow.flight as flight
from gigapi_testing.flight import statement

SQL = "SELECT * FROM cpu LIMIT 1000000"


def cpu_seconds(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def measure(server, database, runs):
    """Batches are counted and let go, as a client does that hands them on."""
    wall_ms, cpu_ms, rows = [], [], 0
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        options = flight.FlightCallOptions(headers=[(b"database", database.encode())])
        for _ in range(runs):
            start_s, start_cpu_s = time.monotonic(), cpu_seconds(server.process.pid)
            ticket = client.get_flight_info(statement(SQL), options).endpoints[0].ticket
            rows = sum(chunk.data.num_rows for chunk in client.do_get(ticket, options))
            wall_ms.append((time.monotonic() - start_s) * 1e3)
            cpu_ms.append((cpu_seconds(server.process.pid) - start_cpu_s) * 1e3)
    return {"sql": SQL, "rows": rows, "wall_ms": statistics.median(wall_ms), "cpu_ms": statistics.median(cpu_ms)}
