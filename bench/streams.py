"""Clients that read a whole table at once: what the server needs for that, and when the first byte comes."""
import socket
import threading
import time
from pathlib import Path

BUFFER_BYTES = 1 << 20


def read_all(port, sql):
    """How many bytes came. HTTP/1.0, so the body is whatever comes until the end."""
    body = sql.encode()
    buffer, total = bytearray(BUFFER_BYTES), 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(f"POST /query?db=bench HTTP/1.0\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        while size := connection.recv_into(buffer):
            assert total > 0 or b" 200 " in buffer[:20], buffer[:size]
            total += size
    return total


def status_mb(pid, key):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) / 1024
    raise KeyError(key)


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def streams(server, sql, clients):
    pid = server.process.pid
    first_byte_ms = sorted(first_byte(server.port, sql) for _ in range(5))[2]
    Path(f"/proc/{pid}/clear_refs").write_text("5")  # VmHWM counts from here
    found = []
    cpu, begin = cpu_s(pid), time.monotonic()
    threads = [threading.Thread(target=lambda: found.append(read_all(server.port, sql))) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"clients": clients, "wall_s": time.monotonic() - begin, "cpu_s": cpu_s(pid) - cpu, "first_byte_ms": first_byte_ms,
            "bytes": sum(found), "memory_mb": status_mb(pid, "VmHWM")}


def first_byte(port, sql):
    """Of a client that goes away after it."""
    body = sql.encode()
    with socket.create_connection(("127.0.0.1", port)) as connection:
        begin = time.monotonic()
        connection.sendall(f"POST /query?db=bench HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = b""
        while b'{"results":[{' not in answer:
            piece = connection.recv(BUFFER_BYTES)
            assert piece, answer[:200]
            answer += piece
        return (time.monotonic() - begin) * 1e3
