"""InfluxDB's own Python clients write and manage with nothing but a URL: influxdb (v1), influxdb-client (v2), influxdb3-python."""
import datetime

import influxdb
import pytest
from influxdb_client import InfluxDBClient, Point, WriteOptions
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.rest import ApiException
from influxdb_client_3 import InfluxDBClient3, InfluxDBError, write_client_options
from influxdb_client_3 import Point as Point3
from influxdb_client_3 import WriteOptions as WriteOptions3
from influxdb_client_3 import WriteType

TIME_NS = 1735689600000000000
USER, PASSWORD = "ann", "s3cret"


@pytest.fixture(scope="module", params=["open", "guarded"])
def server(request, binary, tmp_path_factory):
    from gigapi_testing.server import Server
    env = {"GIGAPI_SAVE_TIMEOUT_S": "3600"}
    if request.param == "guarded":
        env.update(HTTP_BASIC_AUTH_USERNAME=USER, HTTP_BASIC_AUTH_PASSWORD=PASSWORD)
    server = Server(binary, tmp_path_factory.mktemp(request.param) / "root", env)
    server.start()
    yield server
    server.kill()


# ---- influxdb 5: InfluxDB 1 ----

def v1_client(server, db=None, **kwargs):
    return influxdb.InfluxDBClient("127.0.0.1", server.port, USER, PASSWORD, db, **kwargs)


@pytest.mark.parametrize("gzip", [False, True])
def test_v1_client_writes(server, db, gzip):
    client = v1_client(server, db, gzip=gzip)
    assert client.ping()
    client.create_database(db)
    assert {"name": db} in client.get_list_database()
    points = [{"measurement": "cpu", "tags": {"host": "a b"}, "time": TIME_NS + i, "fields": {"v": 0.5 * i, "n": i, "up": True, "s": 'q"x'}}
              for i in range(2500)]
    assert client.write_points(points, batch_size=1000, consistency="one", retention_policy="autogen")
    assert client.write_points([{"measurement": "sec", "time": TIME_NS // 10**9, "fields": {"v": 1}}], time_precision="s")
    assert client.write(["mem,host=a used=1i 1"], {"db": db}, protocol="line")
    assert server.query("SELECT count(*) AS n, sum(n) AS s FROM cpu", db) == [{"n": "2500", "s": str(sum(range(2500)))}]
    assert server.query("SELECT host, v, n, up, s FROM cpu ORDER BY time LIMIT 1", db) == [
        {"host": "a b", "v": 0, "n": "0", "up": True, "s": 'q"x'}]
    assert server.query("SELECT time FROM sec", db) == [{"time": str(TIME_NS)}]


def test_v1_client_manages(server, db):
    client = v1_client(server)
    client.create_database(db)
    client.switch_database(db)
    client.write_points([{"measurement": m, "tags": {"host": "a"}, "fields": {"v": 1.0}} for m in ("cpu", "mem")])
    assert client.get_list_measurements() == [{"name": "cpu"}, {"name": "mem"}]
    assert client.get_list_series() == ["cpu,host=a", "mem,host=a"]
    assert client.get_list_retention_policies(db)[0]["name"] == "autogen"
    assert list(client.query("SHOW TAG VALUES WITH KEY = host").get_points("cpu")) == [{"key": "host", "value": "a"}]
    client.drop_measurement("cpu")
    assert client.get_list_measurements() == [{"name": "mem"}]
    client.drop_database(db)
    assert {"name": db} not in client.get_list_database()


def test_v1_client_learns_of_errors(server, db):
    client = v1_client(server, db)
    with pytest.raises(influxdb.exceptions.InfluxDBClientError, match="database not found: nowhere"):
        client.get_list_retention_policies("nowhere")
    with pytest.raises(influxdb.exceptions.InfluxDBClientError) as failure:
        client.write(["garbage"], {"db": db}, protocol="line")
    assert failure.value.code == 400 and "unable to parse 'garbage'" in str(failure.value)
    if server.auth():
        stranger = influxdb.InfluxDBClient("127.0.0.1", server.port, "eve", "x", db)
        with pytest.raises(influxdb.exceptions.InfluxDBClientError) as failure:
            stranger.write_points([{"measurement": "m", "fields": {"v": 1}}])
        assert failure.value.code == 401


# ---- influxdb-client: InfluxDB 2 ----

def v2_client(server, token=PASSWORD, **kwargs):
    return InfluxDBClient(server.url, token=token, org="my-org", **kwargs)


@pytest.mark.parametrize("gzip", [False, True])
def test_v2_client_writes(server, db, gzip):
    with v2_client(server, enable_gzip=gzip) as client:
        assert client.ping()
        assert client.version()
        assert client.health().status == "pass"
        assert client.ready().status == "ready"
        write = client.write_api(write_options=SYNCHRONOUS)
        write.write(db, "my-org", Point("cpu").tag("host", "a").field("v", 1.5).field("n", 2).time(datetime.datetime(2025, 1, 1)))
        write.write(db, record=["cpu,host=b v=2.5 1735689601", "cpu,host=b v=3.5 1735689602"], write_precision="s")
        write.write(db, record={"measurement": "cpu", "tags": {"host": "c"}, "fields": {"v": 4.5}, "time": TIME_NS})
    assert server.query("SELECT host, v, time FROM cpu ORDER BY host, time", db) == [
        {"host": "a", "v": 1.5, "time": str(TIME_NS)}, {"host": "b", "v": 2.5, "time": str(TIME_NS + 10**9)},
        {"host": "b", "v": 3.5, "time": str(TIME_NS + 2 * 10**9)}, {"host": "c", "v": 4.5, "time": str(TIME_NS)}]


def test_v2_client_writes_batches(server, db):
    with v2_client(server) as client:
        with client.write_api(write_options=WriteOptions(batch_size=700, flush_interval=100_000)) as write:
            for i in range(2000):
                write.write(db, record=f"cpu v={i}i {TIME_NS + i}")
    assert server.count("cpu", db) == 2000


def test_v2_client_manages_buckets(server, db):
    with v2_client(server) as client:
        buckets = client.buckets_api()
        assert buckets.find_bucket_by_name(db) is None
        made = buckets.create_bucket(bucket_name=db, org="my-org")
        assert made.name == db
        found = buckets.find_bucket_by_name(db)
        assert (found.id, found.org_id) == (made.id, client.organizations_api().find_organizations(org="my-org")[0].id)
        assert buckets.find_bucket_by_id(made.id).name == db
        assert db in [b.name for b in buckets.find_buckets_iter()]
        with pytest.raises(ApiException) as failure:
            buckets.create_bucket(bucket_name=db, org="my-org")
        assert failure.value.status == 422 and f"bucket with name {db} already exists" in failure.value.body
        client.write_api(write_options=SYNCHRONOUS).write(db, record="m v=1")
        buckets.delete_bucket(found)
        assert buckets.find_bucket_by_name(db) is None
        with pytest.raises(ApiException) as failure:
            buckets.find_bucket_by_id(made.id)
        assert failure.value.status == 404
    assert {"database_name": db} not in server.query("SHOW DATABASES")


def test_v2_client_finds_all_buckets_by_pages(server):
    names = [f"page{i:03}" for i in range(45)]
    with v2_client(server) as client:
        for name in names:
            client.buckets_api().create_bucket(bucket_name=name, org_id=client.organizations_api().find_organizations()[0].id)
        assert set(names) <= {b.name for b in client.buckets_api().find_buckets_iter(limit=20)}
        assert len(client.buckets_api().find_buckets(limit=7, offset=3).buckets) == 7


def test_v2_client_learns_of_errors(server, db):
    with v2_client(server) as client:
        with pytest.raises(ApiException) as failure:
            client.write_api(write_options=SYNCHRONOUS).write(db, record="garbage")
        assert failure.value.status == 400 and "unable to parse 'garbage'" in failure.value.message
    if server.auth():
        with v2_client(server, token="wrong") as client, pytest.raises(ApiException) as failure:
            client.write_api(write_options=SYNCHRONOUS).write(db, record="m v=1")
        assert failure.value.status == 401 and '"code":"unauthorized"' in failure.value.body
        with v2_client(server, token=f"{USER}:{PASSWORD}") as client:
            client.write_api(write_options=SYNCHRONOUS).write(db, record="m v=1")


def test_v2_client_signs_in_with_a_password(server, db):
    with InfluxDBClient(server.url, username=USER, password=PASSWORD, org="my-org") as client:
        client.write_api(write_options=SYNCHRONOUS).write(db, record="m v=1")
        assert client.buckets_api().find_bucket_by_name(db).name == db
    assert server.count("m", db) == 1
    if server.auth():
        with pytest.raises(ApiException) as failure:
            InfluxDBClient(server.url, username=USER, password="wrong", org="my-org").buckets_api().find_buckets()
        assert failure.value.status == 401
        assert server.http.get(server.url + "/api/v2/buckets", cookies={"influxdb-oss-session": "wrong"}).status_code == 401
    signed_out = server.post("/api/v2/signout")
    assert signed_out.status_code == 204 and "influxdb-oss-session=; " in signed_out.headers["Set-Cookie"]


def test_v2_has_been_set_up(server):
    answer = server.http.get(server.url + "/api/v2/setup")
    assert (answer.status_code, answer.json()) == (200, {"allowed": False})
    refused = server.http.post(server.url + "/api/v2/setup", json={"username": "eve", "org": "o", "bucket": "b"})
    assert refused.status_code == 422 and refused.json()["code"] == "conflict"


def test_v2_client_deletes_whole_measurements(server, db):
    server.write(f"cpu v=1 {TIME_NS}\ncpu v=2 {TIME_NS + 10**9}\nmem v=1 {TIME_NS}", db)
    first, last, later = "2025-01-01T00:00:00Z", "2025-01-01T00:00:01Z", "2025-01-02T00:00:00Z"
    with v2_client(server) as client:
        api = client.delete_api()
        for start, stop, predicate, status, text in [
                (first, first, '_measurement="cpu"', 501, "'cpu' has rows before start or after stop"),
                (first, first, "", 501, "deleting a part of a measurement is not supported"),
                (first, later, '_measurement="cpu" AND host="a"', 501, "more than _measurement"),
                (first, later, "((", 400, "failed to parse predicate"), ("yesterday", later, "", 400, "RFC3339Nano for field start")]:
            with pytest.raises(ApiException) as failure:
                api.delete(start, stop, predicate, bucket=db)
            assert failure.value.status == status and text in failure.value.body
        api.delete(later, later, '_measurement="cpu"', bucket=db)
        assert server.count("cpu", db) == 2, "nothing lies in that time"
        api.delete(first, last, '_measurement="cpu"', bucket=db)
        assert server.query("SHOW TABLES", db) == [{"table_name": "mem"}]
        api.delete("1970-01-01T00:00:00Z", later, "", bucket=db)
        assert server.query("SHOW TABLES", db) == []
        with pytest.raises(ApiException) as failure:
            api.delete(first, last, "", bucket="nowhere_at_all")
        assert failure.value.status == 404


def test_v2_flux_is_refused_by_name(server):
    with v2_client(server) as client, pytest.raises(ApiException) as failure:
        client.query_api().query('from(bucket: "b") |> range(start: -1h)')
    assert failure.value.status == 501 and b"Flux is not supported" in failure.value.body


# ---- influxdb3-python: InfluxDB 3 ----

def v3_client(server, db, **options):
    return InfluxDBClient3(host=server.url, token=PASSWORD, database=db,
                           write_client_options=write_client_options(write_options=WriteOptions3(write_type=WriteType.synchronous, **options)))


@pytest.mark.parametrize("options", [{}, {"use_v2_api": False}, {"use_v2_api": False, "no_sync": True}], ids=["v2", "v3", "no_sync"])
def test_v3_client_writes(server, db, options):
    with v3_client(server, db, **options) as client:
        client.write(Point3("cpu").tag("host", "a").field("v", 1.5).time(TIME_NS))
        client.write(["cpu,host=b v=2.5 1735689601", "cpu,host=b v=3.5 1735689602"], write_precision="s")
        assert client.get_server_version()
    assert server.query("SELECT host, v, time FROM cpu ORDER BY time", db) == [
        {"host": "a", "v": 1.5, "time": str(TIME_NS)}, {"host": "b", "v": 2.5, "time": str(TIME_NS + 10**9)},
        {"host": "b", "v": 3.5, "time": str(TIME_NS + 2 * 10**9)}]


def test_v3_client_learns_which_lines_were_refused(server, db):
    with v3_client(server, db, use_v2_api=False) as client, pytest.raises(InfluxDBError) as failure:
        client.write("good v=1 1\ngarbage\ngood v=2 2")
    assert "partial write of line protocol occurred" in str(failure.value) and "garbage" in str(failure.value)
    assert server.count("good", db) == 2
    with v3_client(server, db, use_v2_api=False, accept_partial=False) as client, pytest.raises(InfluxDBError):
        client.write("good v=3 3\ngarbage")
    assert server.count("good", db) == 2


def test_v3_databases_are_made_listed_and_deleted(server, db):
    headers = {"Authorization": f"Bearer {PASSWORD}"}

    def call(method, path="/api/v3/configure/database", **kwargs):
        return server.http.request(method, server.url + path, headers=headers, timeout=30, **kwargs)

    assert call("POST", json={"db": db}).status_code == 200
    again = call("POST", json={"db": db})
    assert (again.status_code, again.json()) == (409, {"error": f"attempted to create a resource that already exists: {db}"})
    assert {"iox::database": db} in call("GET", params={"format": "json"}).json()
    assert db in call("GET", params={"format": "csv"}).text.splitlines()
    assert f'{{"iox::database":"{db}"}}' in call("GET", params={"format": "jsonl"}).text.splitlines()
    server.write("t v=1 1\nu v=1 1", db)
    assert call("DELETE", "/api/v3/configure/table", params={"db": db, "table": "t"}).status_code == 200
    assert server.query("SHOW TABLES", db) == [{"table_name": "u"}]
    assert call("DELETE", "/api/v3/configure/table", params={"db": db, "table": "t"}).status_code == 404
    assert call("DELETE", params={"db": db}).status_code == 200
    assert call("DELETE", params={"db": db}).status_code == 404
    assert call("DELETE").status_code == 400
    assert call("POST", json={"name": db}).status_code == 400
    assert call("POST", json={"db": "../x"}).status_code == 400
