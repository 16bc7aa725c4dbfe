"""What every Python test can use: the server's binary and servers on temporary roots."""
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from gigapi_testing.backups import FAST  # noqa: E402
from gigapi_testing.fault_proxy import FaultProxy  # noqa: E402
from gigapi_testing.server import Server, find_binary  # noqa: E402
from gigapi_testing.service import Minio, Redis  # noqa: E402


@pytest.fixture(scope="session")
def binary():
    return find_binary()


@pytest.fixture
def make_server(binary, tmp_path):
    """Starts servers that are gone after the test. Each call is one server; `root` lets two of them follow each other."""
    servers = []

    def make(root=None, start=True, **env):
        server = Server(binary, root or tmp_path / "root", env)
        servers.append(server)
        if start:
            server.start()
        return server

    yield make
    for server in servers:
        server.kill()


@pytest.fixture
def server(make_server):
    """A server of the test's own, with flushes that come quickly and no merges."""
    return make_server(GIGAPI_SAVE_TIMEOUT_S="0.1", GIGAPI_NO_MERGES="true")


@pytest.fixture(scope="module")
def shared_server(binary, tmp_path_factory):
    """One server for the tests of a file that keep to databases of their own. Rows stay in memory."""
    server = Server(binary, tmp_path_factory.mktemp("shared") / "root", {"GIGAPI_SAVE_TIMEOUT_S": "3600"})
    server.start()
    yield server
    server.kill()


@pytest.fixture
def db(request):
    """A database name that no other test uses."""
    db.count = getattr(db, "count", 0) + 1
    return f"db{db.count}"


@pytest.fixture(scope="module")
def minio(tmp_path_factory):
    """An S3 server for the tests of a file, which make buckets of their own."""
    if Minio.find() is None:
        pytest.skip("MinIO is not there: call scripts/bootstrap-minio")
    service = Minio(tmp_path_factory.mktemp("minio")).start()
    yield service
    service.kill()


@pytest.fixture
def redis(tmp_path):
    if Redis.find() is None:
        pytest.skip("redis-server is not installed")
    service = Redis(tmp_path / "redis").start()
    yield service
    service.kill()


@pytest.fixture(params=["json", "redis"])
def make_lake(request, minio):
    """The environment of nodes of a new lake in a bucket of its own, with the catalog there or in Redis."""
    catalogs = iter(range(100))

    def make():
        bucket = "lake" + str(time.time_ns())
        minio.client().make_bucket(bucket)
        lake = {**FAST, **minio.layer(0, "s3", bucket), "GIGAPI_HEARTBEAT_INTERVAL_MS": "200", "GIGAPI_LEASE_MS": "2000"}
        if request.param == "redis":
            redis = request.getfixturevalue("redis")
            lake |= {"GIGAPI_METADATA_TYPE": "redis", "GIGAPI_METADATA_URL": redis.url(db=next(catalogs))}
        return lake

    return make


@pytest.fixture
def make_proxy():
    """Starts fault proxies that are gone after the test."""
    proxies = []

    def make(upstream_port, speaks="http"):
        proxies.append(FaultProxy(upstream_port, speaks).start())
        return proxies[-1]

    yield make
    for proxy in proxies:
        proxy.stop()
        assert not proxy.errors, proxy.errors
