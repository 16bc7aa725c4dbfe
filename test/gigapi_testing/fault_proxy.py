"""A proxy between a node and a store or Redis that passes bytes on until a test says what shall go wrong.

    proxy = FaultProxy(minio.port, speaks="http").start()     # "resp" for Redis
    proxy.fail("error", rate=0.5, status=503)                 # half of all requests from now on
    proxy.fail("lose_answer", times=1, only=lambda request: request.method == "PUT")
    proxy.slow(bytes_per_s=100_000, latency_s=0.05)
    proxy.partition("black_hole")                             # or "refuse"
    proxy.heal()                                              # all of that is over
    proxy.counts()["GET"], proxy.received_bytes()["/lake/key"]

It runs on a thread of its own and is controlled from any other. What it saw is in `requests`.
"""
import asyncio
import random
import re
import socket
import struct
import threading
from collections import Counter
from dataclasses import dataclass, field

from gigapi_testing.server import free_port

KINDS = {
    "reset": "the connection is reset, nothing is delivered",
    "reset_in_request": "half of the request is delivered, then the connection is reset",
    "error": "an answer of `status`, nothing is delivered (http alone)",
    "lose_answer": "the request is delivered and answered, then the connection is reset instead of the answer",
    "reset_in_answer": "half of the answer comes, then a reset",
    "truncate": "half of the answer comes, then an orderly end of the connection",
}
PIECE_BYTES = 64 * 1024
HEAD_BYTES_MAX = 1 << 20


@dataclass
class Request:
    """One request over http; with Redis, what came in one piece, which is one command unless the client pipelines."""
    method: str  # or the command
    target: str = ""  # path and query
    headers: dict = field(default_factory=dict, repr=False)
    fault: str = ""
    status: int = 0  # 0: the client has got no answer
    sent_bytes: int = 0  # of the body
    received_bytes: int = 0  # of the answer's body, as passed on to the client

    @property
    def key(self):
        return self.target.partition("?")[0]


@dataclass
class _Rule:
    kind: str
    rate: float
    times: float
    status: int
    only: object


class FaultProxy:
    def __init__(self, upstream_port, speaks="http", seed=1):
        assert speaks in ("http", "resp")
        self.upstream_port = upstream_port
        self.port = free_port()
        self.requests = []
        self.connections = 0  # accepted so far
        self.errors = []  # of the proxy itself: none in a sound test
        self._serve = self._serve_http if speaks == "http" else self._serve_resp
        self._speaks = speaks
        self._random = random.Random(seed)
        self._rules = []
        self._bytes_per_s = None
        self._latency_s = 0
        self._loop = asyncio.new_event_loop()
        self._passable = asyncio.Event()
        self._passable.set()
        self._server = None
        self._writers = set()
        self._tasks = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault proxy", daemon=True)

    # ---- control -----------------------------------------------------------------------------------------------------
    def start(self):
        self._thread.start()
        self._call(self._listen())
        return self

    def stop(self):
        if not self._thread.is_alive():
            return
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def fail(self, kind, rate=1.0, times=float("inf"), status=503, only=lambda request: True):
        """From now on `rate` of the requests that `only` names fail so, at most `times`. The first rule that hits counts."""
        assert kind in KINDS and (kind != "error" or self._speaks == "http"), kind
        self._rules = [*self._rules, _Rule(kind, rate, times, status, only)]

    def slow(self, bytes_per_s=None, latency_s=0):
        """Each way of each connection; the latency once a request."""
        self._bytes_per_s, self._latency_s = bytes_per_s, latency_s

    def partition(self, how="black_hole"):
        """black_hole: connections are accepted, or stay, and nothing passes until heal(). refuse: none is, all end."""
        assert how in ("black_hole", "refuse"), how
        self._call(self._partition(how))

    def heal(self):
        self._rules = []
        self.slow()
        self._call(self._open())

    def forget(self):
        """Counts from 0 again; requests under way are counted to the end but no longer seen."""
        self.requests = []

    # ---- what it saw -------------------------------------------------------------------------------------------------
    def counts(self):
        return Counter(request.method for request in list(self.requests))

    def received_bytes(self):
        """Bytes of answers' bodies by key."""
        total = Counter()
        for request in list(self.requests):
            total[request.key] += request.received_bytes
        return total

    def faults(self):
        return Counter(request.fault for request in list(self.requests) if request.fault)

    # ---- on the loop's thread ----------------------------------------------------------------------------------------
    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)

    async def _listen(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port, limit=HEAD_BYTES_MAX)

    async def _close(self):
        if self._server:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            _reset(writer)

    async def _end(self):
        await self._close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _partition(self, how):
        if how == "black_hole":
            self._passable.clear()
        else:
            await self._close()

    async def _open(self):
        self._passable.set()
        if self._server is None:
            await self._listen()

    async def _accept(self, reader, writer):
        self.connections += 1
        task = asyncio.current_task()
        self._tasks.add(task)
        self._writers.add(writer)
        upstream = None
        ends = asyncio.StreamWriter.close
        try:
            await self._passable.wait()
            upstream = await asyncio.open_connection("127.0.0.1", self.upstream_port, limit=HEAD_BYTES_MAX)
            self._writers.add(upstream[1])
            await self._serve(reader, writer, *upstream)
        except (_Reset, OSError, asyncio.IncompleteReadError):  # the last two: one side has gone, and so shall the other
            ends = _reset
        except asyncio.CancelledError:
            pass
        except Exception as error:
            self.errors.append(error)
            ends = _reset
        finally:
            self._tasks.discard(task)
            for end in (writer, upstream and upstream[1]):
                if end:
                    self._writers.discard(end)
                    ends(end)

    def _draw(self, request):
        """The rule that this request falls under, or None."""
        for rule in self._rules:
            if rule.times > 0 and rule.only(request) and self._random.random() < rule.rate:
                rule.times -= 1
                request.fault = rule.kind
                return rule
        return None

    async def _send(self, writer, data):
        """At the speed that is set, and not at all during a partition."""
        while data:
            await self._passable.wait()
            speed = self._bytes_per_s
            size = min(len(data), max(1, int(speed / 50))) if speed else len(data)
            writer.write(data[:size])
            await writer.drain()
            data = data[size:]
            if speed:
                await asyncio.sleep(size / speed)

    # ---- http --------------------------------------------------------------------------------------------------------
    async def _serve_http(self, client, client_writer, store, store_writer):
        while (head := await _read_head(client)) is not None:
            request = Request(*_request_line(head), headers=_headers(head))
            self.requests.append(request)
            rule = self._draw(request)
            kind = rule.kind if rule else ""
            if self._latency_s:
                await asyncio.sleep(self._latency_s)
            if kind == "reset":
                raise _Reset
            if request.headers.get("expect", "").lower() == "100-continue" and kind != "error":
                await self._send(client_writer, b"HTTP/1.1 100 Continue\r\n\r\n")
                head = re.sub(rb"(?i)\r\nexpect:[^\r\n]*", b"", head)
            body = _body(client, request.headers, until_end=False)
            if kind == "error":
                await self._answer_error(client_writer, body, request, rule.status)
                continue
            cut = _half(head, request.headers) if kind == "reset_in_request" else None
            request.sent_bytes = await self._copy(head, body, store_writer, cut)
            if kind == "reset_in_request":
                raise _Reset
            if not await self._pass_answer(request, kind, store, client_writer):
                return

    async def _answer_error(self, writer, body, request, status):
        async for piece in body:
            request.sent_bytes += len(piece)
        request.status = status
        await self._send(writer, b"HTTP/1.1 %d Injected\r\nContent-Length: 0\r\n\r\n" % status)

    async def _pass_answer(self, request, kind, store, writer):
        """Whether the connection goes on."""
        status = 100
        while 100 <= status < 200:
            head = await _read_head(store)
            if head is None:
                raise _Reset
            status = int(head.split(b" ", 2)[1])
        headers = _headers(head)
        is_empty = request.method == "HEAD" or status in (204, 304)
        if is_empty:
            headers.update({"content-length": "0", "transfer-encoding": ""})
        body = _body(store, headers, until_end=True)
        if kind == "lose_answer":
            async for _ in body:
                pass
            raise _Reset
        cut = _half(head, headers) if kind in ("reset_in_answer", "truncate") else None
        request.status = status
        request.received_bytes = await self._copy(head, body, writer, cut)
        if kind == "reset_in_answer":
            raise _Reset
        ends = "content-length" not in headers and "chunked" not in headers.get("transfer-encoding", "")
        return kind != "truncate" and not ends and headers.get("connection", "").lower() != "close"

    async def _copy(self, head, body, writer, cut):
        """Sends head and body, or no more than the first `cut` bytes of them. Returns how many of the body."""
        await self._send(writer, head if cut is None else head[:cut])
        left = float("inf") if cut is None else cut - len(head)
        sent = 0
        async for piece in body:
            if left <= sent:
                break
            piece = piece if left >= sent + len(piece) else piece[:int(left - sent)]
            await self._send(writer, piece)
            sent += len(piece)
        return sent

    # ---- Redis -------------------------------------------------------------------------------------------------------
    async def _serve_resp(self, client, client_writer, redis, redis_writer):
        state = {"request": None}
        ways = [asyncio.ensure_future(self._pass_commands(client, redis_writer, state)),
                asyncio.ensure_future(self._pass_replies(redis, client_writer, state))]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in done:
                way.result()
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _pass_commands(self, client, redis_writer, state):
        while piece := await client.read(PIECE_BYTES):
            name = re.match(rb"\*\d+\r\n\$\d+\r\n(\w+)\r\n", piece)
            request = Request(name.group(1).decode().upper() if name else "", sent_bytes=len(piece))
            self.requests.append(request)
            rule = self._draw(request)
            if self._latency_s:
                await asyncio.sleep(self._latency_s)
            if request.fault == "reset":
                raise _Reset
            if request.fault == "reset_in_request":
                await self._send(redis_writer, piece[:len(piece) // 2])
                raise _Reset
            state["request"] = request if rule else state["request"]
            await self._send(redis_writer, piece)

    async def _pass_replies(self, redis, client_writer, state):
        while piece := await redis.read(PIECE_BYTES):
            fault = state["request"].fault if state["request"] else ""
            if fault == "lose_answer":
                raise _Reset
            await self._send(client_writer, piece[:len(piece) // 2] if fault else piece)
            if fault == "reset_in_answer":
                raise _Reset
            if fault == "truncate":
                return


class _Reset(Exception):
    """Both sides shall see a reset: an orderly end would make half a request look like a whole one to some servers."""


def _reset(writer):
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.fileno() >= 0:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _read_head(reader):
    """Up to the empty line, with it; None at the end of the connection."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise
        return None


def _request_line(head):
    method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    return method, target


def _headers(head):
    lines = head.decode("latin-1").split("\r\n")[1:-2]
    return {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}


def _half(head, headers):
    """Where to cut a message: in the middle of its body, or of its head when it has none."""
    if "chunked" in headers.get("transfer-encoding", ""):
        return len(head) + 1
    length = int(headers.get("content-length", 0))
    return len(head) + length // 2 if length > 0 else len(head) // 2


async def _body(reader, headers, until_end):
    """The pieces of a body as they are on the wire. `until_end`: without a length, it ends with the connection."""
    if "chunked" in headers.get("transfer-encoding", ""):
        while True:
            line = await reader.readuntil(b"\r\n")
            size = int(line.split(b";")[0], 16)
            yield line + await reader.readexactly(size + 2)
            if size == 0:
                return
    elif "content-length" in headers:
        left = int(headers["content-length"])
        while left > 0:
            piece = await reader.read(min(left, PIECE_BYTES))
            if not piece:
                raise asyncio.IncompleteReadError(b"", left)
            left -= len(piece)
            yield piece
    elif until_end:
        while piece := await reader.read(PIECE_BYTES):
            yield piece
