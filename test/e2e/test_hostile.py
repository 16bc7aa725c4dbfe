"""What a hostile client, or a process at the end of its memory, must not do to the server."""
import re
import resource

import pytest

from gigapi_testing.server import wait_until

MB = 1 << 20
LINE = "m,host=a v=1.5 1735689600000000000\n"


def inflight_bytes(server):
    return int(float(re.search(r"^gigapi_http_inflight_body_bytes (\S+)$", server.get("/metrics").text, re.M)[1]))


def address_space(pid):
    return int(open(f"/proc/{pid}/status").read().split("VmSize:")[1].split()[0]) << 10


@pytest.fixture
def without_memory(server):
    """A server that cannot have more memory than it has, and can again afterwards."""
    server.write("m,host=a v=1 1", "before")
    pid = server.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (address_space(pid) + 16 * MB, before[1]))
    yield server
    resource.prlimit(pid, resource.RLIMIT_AS, before)


@pytest.mark.parametrize("path", ["/write?db=db", "/api/v1/import/line?db=db", "/api/v1/import/msgpack?db=db",
                                  "/api/v1/import/csv?db=db&measurement=m&time_format=epoch_ns"])
def test_a_request_without_memory_is_refused_alone(server, without_memory, path):
    body = LINE * (100 * MB // len(LINE))  # an import of it may get through, piece by piece
    if "csv" in path:
        body = "time,v\n1735689600000000000,\"" + "x" * (30 * MB)
    for _ in range(4):
        try:
            answer = server.post(path, body)
            assert answer.status_code in (413, 503) or (answer.status_code == 200 and "import/line" in path), answer.text
        except OSError:
            pass  # refused before all was sent
    assert server.process.poll() is None
    wait_until(lambda: inflight_bytes(server) == 0, "the budget of bodies is given back")
    assert server.get("/ping").status_code == 204
    server.write("m,host=a v=2 2", "before")
    assert server.count("m", "before") == 2
