#!/usr/bin/env python3
"""Broken HTTP against a running server: whatever comes over a socket, the server lives and answers the next one.

Takes valid requests apart and sends them cut, repeated, with bytes changed, with headers that lie, in pieces, pipelined.
Every so often a well-formed write and a query must still work. Ends with 1 and a kept input when they do not.

    http_fuzz.py [--seconds 60] [--seed N]
"""
import argparse
import gzip
import random
import socket
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from gigapi_testing.server import Server, find_binary  # noqa: E402


def request(method, target, headers=(), body=b""):
    lines = [f"{method} {target} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


LINE = b"m,host=a f=1.5 1750000000000000000\n"
CHUNKED = b"POST /write?db=fuzz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(LINE), LINE)
SEEDS = [
    request("POST", "/write?db=fuzz&precision=ns", body=LINE * 3),
    request("POST", "/api/v3/write_lp?db=fuzz&accept_partial=true", body=LINE + b"bad\n"),
    request("POST", "/write?db=fuzz", ["Content-Encoding: gzip"], gzip.compress(LINE)),
    request("POST", "/query?db=fuzz", ["Content-Type: application/json"], b'{"query":"SELECT count(*) FROM m"}'),
    request("POST", "/query?db=fuzz&format=csv", ["Content-Type: application/json"], b'{"query":"SELECT * FROM range(5000)"}'),
    request("GET", "/query?db=fuzz&q=SELECT%201"),
    request("GET", "/health"), request("HEAD", "/ping"), request("OPTIONS", "/query"), request("GET", "/metrics"),
    request("POST", "/write?db=fuzz", ["Expect: 100-continue", "Connection: close"], LINE),
    CHUNKED,
]
TOKENS = [b"\r\n", b"\r\n\r\n", b"\n", b"\0", b"%", b"%00", b"%2e%2e/", b"../", b":", b" ", b"\xff", b"HTTP/9.9", b"HTTP/1.0",
          b"Content-Length: 99999999999999999999\r\n", b"Content-Length: -1\r\n", b"Content-Length: 7\r\n", b"Content-Encoding: zstd\r\n",
          b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"ffffffffffffffff\r\n", b"0\r\n\r\n",
          b"Authorization: Basic !!!\r\n", b"Connection: upgrade\r\nUpgrade: h2c\r\n", b"a" * 5000, b"X: " + b"y" * 70000 + b"\r\n",
          b"&&&==", b"?", b"#", b'{"query":', b"\xe2\x82"]


def mutate(rng):
    data = bytearray(rng.choice(SEEDS))
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(6)
        if kind == 0:
            del data[at:at + rng.randrange(1, 20)]
        elif kind == 1:
            data[at:at] = rng.choice(TOKENS)
        elif kind == 2 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 3:
            del data[at:]
        elif kind == 4:
            data[at:at] = data[max(0, at - rng.randrange(1, 60)):at]
        else:
            data += rng.choice(SEEDS)
        data = data or bytearray(b"\r\n")
    return bytes(data)


def send(port, data, rng):
    """Sends, maybe in pieces, reads what comes for a moment, goes away, sometimes rudely."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as sock:
        try:
            cut = rng.randrange(len(data) + 1) if rng.random() < 0.3 else len(data)
            sock.sendall(data[:cut])
            if cut < len(data):
                sock.sendall(data[cut:])
            if rng.random() < 0.5:
                sock.shutdown(socket.SHUT_WR)
            if rng.random() < 0.7:
                sock.settimeout(0.02)
                while sock.recv(65536):
                    pass
        except OSError:
            pass


def check_alive(server, sent):
    assert server.is_running(), f"the server died\n{server.log_tail()}"
    server.write(f"alive f=1 {sent}", "fuzz_alive")
    assert server.value("SELECT count(*) AS n FROM alive", "fuzz_alive") is not None
    resident_kib = int(next(line.split()[1] for line in open(f"/proc/{server.process.pid}/status") if line.startswith("VmRSS")))
    assert resident_kib < 4 << 20, f"the server holds {resident_kib >> 10} MB"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    args = parser.parse_args()
    rng = random.Random(args.seed)
    with tempfile.TemporaryDirectory(prefix="gigapi-http-fuzz-") as work:
        server = Server(find_binary(), Path(work) / "root", {"LOGLEVEL": "error", "GIGAPI_SAVE_TIMEOUT_S": "1"}).start()
        recent = []
        sent = 0
        deadline = time.monotonic() + args.seconds
        try:
            while time.monotonic() < deadline:
                data = mutate(rng)
                recent = recent[-199:] + [data]
                send(server.port, data, rng)
                sent += 1
                if sent % 200 == 0:
                    check_alive(server, sent)
            check_alive(server, sent)
            assert server.stop() == 0, f"the server did not end well\n{server.log_tail()}"
        except Exception as failure:
            kept = Path(tempfile.mkdtemp(prefix="gigapi-http-fuzz-failure-"))
            for i, data in enumerate(recent):
                (kept / f"{i:03}").write_bytes(data)
            print(f"http_fuzz: failed after {sent} inputs (seed {args.seed}), the last ones are in {kept}: {failure}", file=sys.stderr)
            sys.exit(1)
        finally:
            server.kill()
    print(f"http_fuzz: {sent} inputs, seed {args.seed}")


if __name__ == "__main__":
    main()
