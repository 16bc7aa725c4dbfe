"""The states of data under which one suite of questions is asked: where the rows lie must not change an answer."""

NEVER_S = "3600"
SOON_S = "0.03"

STATES = ("buffered", "replayed", "flushed", "merged", "mixed")


def load(make_server, state, writes):
    """A server that holds `writes`, a list of (database, lines of line protocol), in the given state."""
    return {"buffered": _buffered, "replayed": _replayed, "flushed": _flushed, "merged": _merged, "mixed": _mixed}[state](
        make_server, writes)


def _buffered(make_server, writes):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S=NEVER_S, GIGAPI_NO_MERGES="true")
    _write(server, writes, 0, 1)
    assert server.committed_rows() == 0
    return server


def _replayed(make_server, writes):
    server = _buffered(make_server, writes)
    server.kill()
    server.start()
    return server


def _flushed(make_server, writes):
    """Two files at least for each hour that has two rows or more."""
    server = make_server(GIGAPI_SAVE_TIMEOUT_S=SOON_S, GIGAPI_NO_MERGES="true")
    rows = 0
    for part in range(2):
        rows += _write(server, writes, part, 2)
        server.wait_flushed(rows)
    return server


def _merged(make_server, writes):
    """Merging begins after a restart, without another write."""
    server = _flushed(make_server, writes)
    server.restart(GIGAPI_NO_MERGES="false", GIGAPI_MERGE_TIMEOUT_S="0.1")
    server.wait_merged()
    return server


def _mixed(make_server, writes):
    """The first third merged, the second flushed, the last in memory."""
    server = make_server(GIGAPI_SAVE_TIMEOUT_S=SOON_S, GIGAPI_MERGE_TIMEOUT_S="0.1")
    rows = _write(server, writes, 0, 3)
    server.wait_flushed(rows)
    server.wait_merged()
    server.restart(GIGAPI_NO_MERGES="true")
    server.wait_flushed(rows + _write(server, writes, 1, 3))
    server.restart(GIGAPI_SAVE_TIMEOUT_S=NEVER_S)
    _write(server, writes, 2, 3)
    return server


def _write(server, writes, part, parts):
    """Writes one part of each write's lines, in order, and returns how many rows those are."""
    rows = 0
    for database, lines in writes:
        begin, end = len(lines) * part // parts, len(lines) * (part + 1) // parts
        if begin < end:
            server.write("\n".join(lines[begin:end]), database)
            rows += end - begin
    return rows
