"""Flight SQL as its clients speak it: ADBC's driver, flightsql-dbapi, and bare Arrow Flight."""
import datetime
import subprocess
import warnings
from decimal import Decimal

import adbc_driver_flightsql.dbapi as adbc
import adbc_driver_manager
import pyarrow as pa
import pyarrow.flight as flight
import pytest
from gigapi_testing.flight import TYPE_PREFIX, command, field, statement
from gigapi_testing.server import Server, wait_until

TIME_NS = 1735689600000000000
USER, PASSWORD = "ann", "s3cret"


@pytest.fixture(scope="module", params=["open", "guarded"])
def server(request, binary, tmp_path_factory):
    env = {"GIGAPI_SAVE_TIMEOUT_S": "3600"}
    if request.param == "guarded":
        env.update(HTTP_BASIC_AUTH_USERNAME=USER, HTTP_BASIC_AUTH_PASSWORD=PASSWORD)
    server = Server(binary, tmp_path_factory.mktemp(request.param) / "root", env)
    server.start()
    yield server
    server.kill()


@pytest.fixture
def db(server, request):
    """A database with a table of two rows."""
    db.count = getattr(db, "count", 0) + 1
    name = f"fdb{db.count}"
    server.write(f"cpu,host=a v=1.5,n=3i,up=true {TIME_NS}\ncpu,host=b v=2.5,n=4i,s=\"x\" {TIME_NS + 1}", name)
    return name


def headers(server, db=None):
    pairs = [("authorization", f"Bearer {PASSWORD if server.auth() else None}")]
    return [(k.encode(), v.encode()) for k, v in pairs + ([("database", db)] if db else [])]


def connect(server, db=None, **options):
    """ADBC's driver, with a token or user and password."""
    kwargs = {"adbc.flight.sql.rpc.call_header.database": db} if db else {}
    if server.auth():
        kwargs.update({"username": USER, "password": PASSWORD})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # no transactions
        return adbc.connect(f"grpc://127.0.0.1:{server.flight_port}", db_kwargs={**kwargs, **options}, autocommit=True)


def read(server, sql, db, **more):
    """GetFlightInfo and DoGet, as Grafana does: one endpoint, one connection."""
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        options = flight.FlightCallOptions(headers=headers(server, db) + [(k.encode(), v.encode()) for k, v in more.items()])
        info = client.get_flight_info(statement(sql), options)
        assert len(info.endpoints) == 1
        table = client.do_get(info.endpoints[0].ticket, options).read_all()
        assert table.schema == info.schema
        return table


def test_statements_stream_their_rows(server, db):
    table = read(server, "SELECT * FROM cpu ORDER BY time", db)
    assert table.schema.field("time").type == pa.timestamp("ns")
    assert table.column("time").cast(pa.int64()).to_pylist() == [TIME_NS, TIME_NS + 1]
    assert table.select(["host", "v", "n", "up", "s"]).to_pylist() == [
        {"host": "a", "v": 1.5, "n": 3, "up": True, "s": None}, {"host": "b", "v": 2.5, "n": 4, "up": None, "s": "x"}]


def test_types_are_those_that_grafana_takes(server, db):
    table = read(server, "SELECT date_trunc('hour', time) AS time, sum(n) AS n, now() AS t FROM cpu GROUP BY 1", db)
    assert table.schema.types == [pa.timestamp("ns"), pa.int64(), pa.timestamp("ns", "UTC")]
    assert table.column("n").to_pylist() == [7]
    with pytest.raises(pa.ArrowInvalid, match="does not fit into nanoseconds"):
        read(server, "SELECT TIMESTAMP '9999-01-01' AS t", db)
    with pytest.raises(pa.ArrowInvalid, match="64 bits"):
        read(server, "SELECT sum(9223372036854775807) AS s FROM range(3)", db)


def test_a_million_rows_come_in_messages_that_go_clients_take(server, db):
    sql = "SELECT i, i * 0.5 AS v, 'host' || i AS h FROM range(1000000) t(i)"
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        options = flight.FlightCallOptions(headers=headers(server, db))
        reader = client.do_get(client.get_flight_info(statement(sql), options).endpoints[0].ticket, options)
        rows = total = 0
        for chunk in reader:
            assert chunk.data.nbytes < 3 << 20
            rows += chunk.data.num_rows
            total += pa.compute.sum(chunk.data.column(0)).as_py()
    assert (rows, total) == (1000000, 499999500000)


@pytest.mark.parametrize("sql, kind, text", [
    ("SELECT nothing FROM cpu", pa.ArrowInvalid, "nothing"), ("SELEC", pa.ArrowInvalid, "syntax error"),
    ("SELECT * FROM nowhere", (pa.ArrowInvalid, KeyError), "nowhere"), ("DROP TABLE cpu", flight.FlightUnauthorizedError, "not allowed"),
    ("SELECT 1; SELECT 2", pa.ArrowInvalid, "One statement"), ("SELECT * FROM read_csv('/etc/passwd')", flight.FlightUnauthorizedError, "not allowed")])
def test_errors_have_their_code_and_no_paths(server, db, sql, kind, text):
    with pytest.raises(kind, match=text) as failure:
        read(server, sql, db)
    assert str(server.root) not in str(failure.value)


@pytest.mark.parametrize("name", ["database", "bucket", "iox-namespace-name", "namespace"])
def test_the_database_of_each_clients_header(server, db, name):
    assert read(server, "SELECT count(*) AS n FROM cpu", None, **{name: db}).to_pylist() == [{"n": 2}]


def test_strangers_are_turned_away(server, db):
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        for header in [[], [(b"authorization", b"Bearer None")], [(b"authorization", b"Basic eDp5")], [(b"authorization", b"nonsense")]]:
            options = flight.FlightCallOptions(headers=header + [(b"database", db.encode())])
            if not server.auth():
                assert client.get_flight_info(statement("SELECT 1"), options).endpoints
                continue
            for call in (lambda: client.get_flight_info(statement("SELECT 1"), options), lambda: list(client.list_actions(options)),
                         lambda: client.do_get(flight.Ticket(b"x"), options).read_all(), lambda: list(client.do_action(b"CloseSession", options))):
                with pytest.raises(flight.FlightUnauthenticatedError):
                    call()


def test_a_handshake_gives_a_token(server, db):
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        if server.auth():
            with pytest.raises(flight.FlightUnauthenticatedError):
                client.authenticate_basic_token(USER, "wrong")
        name, token = client.authenticate_basic_token(USER, PASSWORD)
        assert name == b"authorization" and token.startswith(b"Bearer ") and PASSWORD.encode() not in token
        options = flight.FlightCallOptions(headers=[(name, token), (b"database", db.encode())])
        info = client.get_flight_info(statement("SELECT 1 AS x"), options)
        assert client.do_get(info.endpoints[0].ticket, options).read_all().to_pylist() == [{"x": 1}]


def test_an_abandoned_query_ends(server, db):
    endless = "SELECT count(*) FROM range(1000000000) a, range(1000000000) b"
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        options = flight.FlightCallOptions(headers=headers(server, db), timeout=0.5)
        info = client.get_flight_info(statement(endless), flight.FlightCallOptions(headers=headers(server, db)))
        with pytest.raises(flight.FlightTimedOutError):
            client.do_get(info.endpoints[0].ticket, options).read_all()
        endless_rows = statement("SELECT * FROM range(1000000000000)")
        options = flight.FlightCallOptions(headers=headers(server, db))
        reader = client.do_get(client.get_flight_info(endless_rows, options).endpoints[0].ticket, options)
        assert reader.read_chunk().data.num_rows > 0
        reader.cancel()
    wait_until(lambda: server.metrics()["gigapi_queries_running"] == 0, "no query runs", 10)
    wait_until(lambda: server.metrics()["gigapi_flight_calls"] == 0, "no call is under way", 10)


def test_tickets_outlive_a_restart(make_server):
    server = make_server()
    server.write(f"cpu v=1 {TIME_NS}", "d")
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        ticket = client.get_flight_info(statement("SELECT v FROM cpu"), flight.FlightCallOptions(headers=headers(server, "d"))).endpoints[0].ticket
    server.restart()
    own_connection = [("grpc.use_local_subchannel_pool", 1)]  # not the one that waits before it tries again
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}", generic_options=own_connection) as client:
        assert client.do_get(ticket).read_all().to_pylist() == [{"v": 1.0}]


def test_stopping_cancels_streams(make_server):
    server = make_server()
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        reader = client.do_get(client.get_flight_info(statement("SELECT * FROM range(1000000000000)")).endpoints[0].ticket)
        assert reader.read_chunk().data.num_rows > 0
        assert server.stop() == 0


# ---- ADBC ----

def test_adbc_queries(server, db):
    with connect(server, db) as connection, connection.cursor() as cursor:
        assert connection.adbc_get_info()["vendor_name"] == "GigAPI"
        assert cursor.adbc_execute_schema("SELECT v FROM cpu") == pa.schema([pa.field("v", pa.float64())])
        cursor.execute("SELECT host, v FROM cpu ORDER BY v")
        assert cursor.fetchall() == [("a", 1.5), ("b", 2.5)]
        with pytest.raises(adbc_driver_manager.ProgrammingError, match="nothing"):
            cursor.execute("SELECT nothing FROM cpu")


def test_adbc_finds_objects(server, db):
    with connect(server, db) as connection:
        assert connection.adbc_get_table_types() == ["TABLE"]
        assert connection.adbc_get_table_schema("cpu", db_schema_filter=db).names == ["time", "host", "v", "n", "up", "s"]
        for depth in ("catalogs", "db_schemas", "tables", "all"):
            objects = connection.adbc_get_objects(depth=depth, db_schema_filter=db).read_all().to_pylist()
            assert [o["catalog_name"] for o in objects] == ["lake"]
        (schema,) = objects[0]["catalog_db_schemas"]
        (table,) = schema["db_schema_tables"]
        assert (schema["db_schema_name"], table["table_name"], table["table_type"]) == (db, "cpu", "TABLE")
        assert [c["column_name"] for c in table["table_columns"]] == ["time", "host", "v", "n", "up", "s"]


@pytest.mark.parametrize("name, value, rows", [("CommandGetPrimaryKeys", field(3, b"cpu"), 0), ("CommandGetExportedKeys", field(3, b"cpu"), 0),
                                               ("CommandGetImportedKeys", field(3, b"cpu"), 0), ("CommandGetXdbcTypeInfo", b"", 6),
                                               ("CommandGetCrossReference", field(3, b"cpu") + field(6, b"mem"), 0), ("CommandGetCatalogs", b"", 1)])
def test_metadata_commands(server, name, value, rows):
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        options = flight.FlightCallOptions(headers=headers(server))
        info = client.get_flight_info(command(name, value), options)
        assert client.get_schema(command(name, value), options).schema == info.schema
        table = client.do_get(info.endpoints[0].ticket, options).read_all()
        assert (table.schema, table.num_rows) == (info.schema, rows)


# ---- hostile ----

def packed(name, value):
    return field(1, TYPE_PREFIX + name) + field(2, value)


@pytest.mark.parametrize("bytes_", [b"", b"\x00", b"garbage", b"\xff" * 300, b"\x0a\xff\xff\xff\xff\x0f", packed(b"CommandStatementQuery", b"\x0a\xff\x01x"),
                                    packed(b"NoSuchCommand", b""), packed(b"TicketStatementQuery", b"\x0a\x04\xff\xff\xff\xff"), packed(b"CommandGetTables", b"\xff"),
                                    packed(b"CommandPreparedStatementQuery", b"\x0a\x05hello"), packed(b"CommandGetSqlInfo", b"\x0a\xff")])
def test_garbage_is_refused(server, bytes_):
    errors = (pa.ArrowInvalid, KeyError, pa.ArrowNotImplementedError, pa.ArrowKeyError)
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        options = flight.FlightCallOptions(headers=headers(server))
        for call in (lambda: client.get_flight_info(flight.FlightDescriptor.for_command(bytes_), options),
                     lambda: client.get_schema(flight.FlightDescriptor.for_command(bytes_), options),
                     lambda: client.do_get(flight.Ticket(bytes_), options).read_all(),
                     lambda: list(client.do_action(flight.Action("CreatePreparedStatement", bytes_), options)),
                     lambda: list(client.do_action(flight.Action("ClosePreparedStatement", bytes_), options)),
                     lambda: list(client.do_action(flight.Action("CancelFlightInfo", bytes_), options)),
                     lambda: list(client.do_action(flight.Action("CancelQuery", bytes_), options)),
                     lambda: list(client.do_action(flight.Action("SetSessionOptions", bytes_), options)),
                     lambda: list(client.do_action(flight.Action("nonsense", bytes_), options))):
            try:
                call()  # some bytes are a message of some kind
            except errors:
                pass
    assert server.is_running() and read(server, "SELECT 1 AS x", None).to_pylist() == [{"x": 1}]


# ---- prepared statements ----

def test_adbc_binds_parameters(server, db):
    with connect(server, db) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT host FROM cpu WHERE v > ? AND host <> ?", (2.0, "z"))
        assert cursor.fetchall() == [("b",)]
        cursor.execute("SELECT host FROM cpu WHERE time = ?", (pa.scalar(TIME_NS, pa.timestamp("ns")),))
        assert cursor.fetchall() == [("a",)]
        cursor.execute("SELECT ? AS x, ? AS y", (7, True))
        assert cursor.fetchall() == [(7, True)]
        cursor.adbc_prepare("SELECT v FROM cpu WHERE host = ?")
        for host, v in [("a", 1.5), ("b", 2.5)]:
            cursor.execute("SELECT v FROM cpu WHERE host = ?", (host,))
            assert cursor.fetchall() == [(v,)]
        with pytest.raises(adbc_driver_manager.Error, match="bind them first|values"):
            cursor.execute("SELECT ? + 1")


@pytest.mark.parametrize("value,sql", [
    (pa.scalar(Decimal("2.25")), "2.25"), (pa.scalar(Decimal("-1.5"), pa.decimal256(38, 10)), "-1.5"),
    (pa.scalar(Decimal("7"), pa.decimal32(4, 0)), "7"), (pa.scalar(datetime.time(1, 2, 3, 4000)), "TIME '01:02:03.004'"),
    (pa.scalar(5, pa.time32("s")), "TIME '00:00:05'"), (pa.scalar(5_000, pa.time64("ns")), "TIME '00:00:00.000005'"),
    (pa.scalar(datetime.timedelta(days=2, seconds=3)), "INTERVAL '48:00:03'"), (pa.scalar(-5, pa.duration("s")), "INTERVAL '-5 seconds'"),
    (pa.scalar((14, 3, 5_000_000), pa.month_day_nano_interval()), "INTERVAL '14 months 3 days 0.005 seconds'"),
    (pa.scalar(datetime.date(1969, 12, 30), pa.date64()), "DATE '1969-12-30'"), (pa.scalar("x", pa.string_view()), "'x'"),
    (pa.scalar(b"xy", pa.binary_view()), "'xy'::BLOB"), (pa.scalar(b"xy", pa.binary(2)), "'xy'::BLOB")], ids=str)
def test_parameters_of_every_type(server, db, value, sql):
    with connect(server, db) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT $1 = {sql} AS same", pa.record_batch([pa.array([value])], names=["1"]))
        assert cursor.fetchall() == [(True,)]


def test_parameters_that_are_times(server, db):
    with connect(server, db) as connection, connection.cursor() as cursor:
        for condition, parameters in [("time > now() - ?", [datetime.timedelta(days=40_000)]), ("v < ?", [Decimal("2.75")]),
                                      ("time < ?", ["9999-12-31"]), ("time BETWEEN ? AND ?", ["0001-01-01", "2999-01-01T00:00:00Z"]),
                                      ("time >= ?", [datetime.datetime(2, 1, 1)])]:
            cursor.execute(f"SELECT count(*) FROM cpu WHERE {condition}", parameters)
            assert cursor.fetchall() == [(2,)], condition
        with pytest.raises(adbc_driver_manager.Error, match="out of range"):
            cursor.execute("SELECT ?", pa.record_batch([pa.array([2**62], pa.duration("s"))], names=["1"]))


def test_dbapi_of_flightsql(server, db):
    import flightsql
    client = flightsql.FlightSQLClient(host="127.0.0.1", port=server.flight_port, token=PASSWORD if server.auth() else None, insecure=True, metadata={"bucket": db})
    cursor = flightsql.connect(client).cursor()
    cursor.execute("SELECT host, v FROM cpu ORDER BY v")
    assert [list(row) for row in cursor.fetchall()] == [["a", 1.5], ["b", 2.5]]
    cursor.execute("SELECT host FROM cpu WHERE v > ? AND host <> ? AND n > ?", [2.0, "z", 1])
    assert [list(row) for row in cursor.fetchall()] == [["b"]]
    if server.auth():
        client = flightsql.FlightSQLClient(host="127.0.0.1", port=server.flight_port, user=USER, password=PASSWORD, insecure=True, metadata={"database": db})
        assert len(client.execute("SELECT 1").endpoints) == 1


def test_sqlalchemy_inspects(server, db):
    import flightsql.sqlalchemy  # noqa: F401
    import sqlalchemy
    token = f"&token={PASSWORD}" if server.auth() else ""
    engine = sqlalchemy.create_engine(f"datafusion+flightsql://127.0.0.1:{server.flight_port}?insecure=true&bucket={db}{token}")
    inspector = sqlalchemy.inspect(engine)
    assert db in inspector.get_schema_names()
    assert inspector.get_table_names(db) == ["cpu"]
    assert inspector.has_table("cpu", db) and not inspector.has_table("nothing", db)
    assert [c["name"] for c in inspector.get_columns("cpu", db)] == ["time", "host", "v", "n", "up", "s"]


# ---- InfluxDB 3 ----

def test_influxdb3_client_queries(server, db):
    from influxdb_client_3 import InfluxDBClient3
    with InfluxDBClient3(host=f"http://127.0.0.1:{server.port}", token=PASSWORD, database=db, query_port_overwrite=server.flight_port) as client:
        table = client.query("SELECT host, v FROM cpu ORDER BY v")
        assert table.to_pylist() == [{"host": "a", "v": 1.5}, {"host": "b", "v": 2.5}]
        table = client.query("SELECT host FROM cpu WHERE v > $least AND host = $host", query_parameters={"least": 2.0, "host": "b"})
        assert table.to_pylist() == [{"host": "b"}]
        with pytest.raises(Exception, match="InfluxQL is not answered over Flight"):
            client.query("SELECT v FROM cpu", language="influxql")
        with pytest.raises(Exception, match="nothing"):
            client.query("SELECT nothing FROM cpu")


@pytest.mark.parametrize("ticket, text", [(b"{", "JSON"), (b"{}", "sql_query"), (b'{"sql_query": 7}', "not a text"), (b'{"sql_query":"SELECT 1","query_type":"flux"}', "flux"),
                                          (b'{"sql_query":"SELECT $x","params":{"x":[1]}}', "plain value"), (b"{" * 10000, "JSON")])
def test_tickets_of_influxdb_that_are_none(server, ticket, text):
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client, pytest.raises(pa.ArrowInvalid, match=text):
        client.do_get(flight.Ticket(ticket), flight.FlightCallOptions(headers=headers(server))).read_all()


# ---- Grafana ----

def test_grafana_finds_its_tables(server, db):
    """What the query builder of the InfluxDB data source asks in SQL mode: the schema is always called iox."""
    tables = read(server, "SELECT table_name FROM information_schema.tables WHERE table_schema = 'iox' ORDER BY table_name", db)
    assert tables.to_pylist() == [{"table_name": "cpu"}]
    columns = read(server, "SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = 'iox' AND table_name = 'cpu' ORDER BY column_name", db)
    assert columns.column("column_name").to_pylist() == ["host", "n", "s", "time", "up", "v"]
    schemas = read(server, "SELECT DISTINCT TABLE_SCHEMA from information_schema.TABLES where TABLE_TYPE != 'SYSTEM VIEW' ORDER BY TABLE_SCHEMA", db)
    assert db in schemas.column(0).to_pylist()
    assert read(server, "SELECT v FROM iox.cpu ORDER BY v LIMIT 1", db).to_pylist() == [{"v": 1.5}]
    series = read(server, "SELECT date_bin(interval '60 second', time, timestamp '1970-01-01T00:00:00Z') AS time, avg(v) AS v FROM cpu "
                  "WHERE time >= cast('2025-01-01T00:00:00Z' as timestamp) AND time <= cast('2025-01-01T01:00:00Z' as timestamp) GROUP BY 1 ORDER BY 1", db)
    assert series.schema.types == [pa.timestamp("ns"), pa.float64()] and series.num_rows == 1
    assert read(server, "select 1", None).num_rows == 1


# ---- writing ----

def rows_of(n, start=0):
    times = pa.array([TIME_NS + start + i for i in range(n)], pa.timestamp("ns"))
    return pa.table({"time": times, "host": pa.array([f"h{i % 3}" for i in range(n)]).dictionary_encode(), "v": pa.array([i * 0.5 for i in range(n)])})


def test_adbc_ingests(server, db):
    with connect(server, db) as connection, connection.cursor() as cursor:
        assert cursor.adbc_ingest("disk", rows_of(1000), mode="create") == 1000
        with pytest.raises(adbc_driver_manager.Error, match="exists already"):
            cursor.adbc_ingest("disk", rows_of(1), mode="create")
        assert cursor.adbc_ingest("disk", rows_of(500, 1000), mode="append") == 500
        assert cursor.adbc_ingest("disk", rows_of(20, 1500).to_reader(max_chunksize=3), mode="create_append") == 20
        with pytest.raises(adbc_driver_manager.Error, match="no table 'nothing'"):
            cursor.adbc_ingest("nothing", rows_of(1), mode="append")
        # The answer comes though rows are still on their way: a client that cannot send them does not say why.
        for _ in range(5):
            with pytest.raises(adbc_driver_manager.Error, match="exists already"):
                cursor.adbc_ingest("disk", rows_of(100_000).to_reader(max_chunksize=500), mode="create")
        assert server.query("SELECT count(*) AS n, sum(v) AS s FROM disk", db) == [{"n": "1520", "s": sum(i * 0.5 for n in (1000, 500, 20) for i in range(n))}]
        assert cursor.adbc_ingest("disk", rows_of(7), mode="replace") == 7
        assert server.count("disk", db) == 7
        assert cursor.adbc_ingest("disk", rows_of(5), mode="create", db_schema_name=db + "b") == 5
        assert server.count("disk", db + "b") == 5


def test_bare_flight_writes_by_path(server, db):
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        options = flight.FlightCallOptions(headers=headers(server, db))
        for path, rows in [(("net",), 10), ((db, "net"), 20)]:
            writer, _ = client.do_put(flight.FlightDescriptor.for_path(*path), rows_of(1).schema, options)
            writer.write_table(rows_of(rows))
            writer.close()
        assert server.count("net", db) == 30
        writer, _ = client.do_put(flight.FlightDescriptor.for_path("cpu"), pa.schema([("time", pa.timestamp("ns")), ("v", pa.string())]), options)
        with pytest.raises(pa.ArrowInvalid, match="v"):
            writer.write_table(pa.table({"time": pa.array([TIME_NS], pa.timestamp("ns")), "v": ["text"]}))
            writer.close()


def test_written_rows_survive_a_kill(make_server):
    server = make_server(GIGAPI_SAVE_TIMEOUT_S="3600")
    with connect(server, "d") as connection, connection.cursor() as cursor:
        assert cursor.adbc_ingest("m", rows_of(12345), mode="create") == 12345
    server.kill()
    server.start()
    assert server.count("m", "d") == 12345


def test_changes_by_sql_are_refused(server, db):
    with connect(server, db) as connection, connection.cursor() as cursor:
        with pytest.raises(adbc_driver_manager.Error, match="not allowed|SQL reads"):
            cursor.execute("DROP TABLE cpu")
        with pytest.raises(adbc_driver_manager.Error):
            cursor.executemany("INSERT INTO cpu VALUES (?)", [(1,), (2,)])
    assert server.count("cpu", db) == 2


# ---- sessions, cancelling ----

def test_sessions_live_in_a_cookie(server, db):
    with connect(server, **{"adbc.flight.sql.rpc.with_cookie_middleware": "true"}) as connection, connection.cursor() as cursor:
        assert connection.adbc_current_catalog == "lake"
        connection.adbc_current_db_schema = db
        assert connection.adbc_current_db_schema == db
        cursor.execute("SELECT count(*) FROM cpu")
        assert cursor.fetchone() == (2,)


def test_queries_are_cancelled_by_their_plan(server, db):
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        options = flight.FlightCallOptions(headers=headers(server, db))
        info = client.get_flight_info(statement("SELECT * FROM range(1000000000000)"), options)
        with pytest.raises((KeyError, pa.ArrowKeyError), match="does not run"):
            list(client.do_action(flight.Action("CancelFlightInfo", cancel_request(info)), options))
        reader = client.do_get(info.endpoints[0].ticket, options)
        assert reader.read_chunk().data.num_rows > 0
        assert list(client.do_action(flight.Action("CancelFlightInfo", cancel_request(info)), options))[0].body.to_pybytes() == b"\x08\x01"
        with pytest.raises(flight.FlightCancelledError):
            while True:
                reader.read_chunk()


def queries(server, path):
    return server.get(f"/api/v1/queries/{path}").json()["queries"]


def test_queries_are_listed_with_those_of_http(server, db):
    read(server, "SELECT host FROM cpu", db)
    with connect(server, db) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT v FROM cpu WHERE v > ?", [2.0])
        assert cursor.fetchall() == [(2.5,)]
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        options = flight.FlightCallOptions(headers=headers(server, db))
        ticket = flight.Ticket(b'{"sql_query": "SELECT n FROM cpu", "database": "%s"}' % db.encode())
        assert client.do_get(ticket, options).read_all().num_rows == 2
        wrong = flight.Ticket(b'{"sql_query": "SELECT nothing FROM cpu", "database": "%s"}' % db.encode())
        with pytest.raises(pa.ArrowInvalid, match="nothing"):
            client.do_get(wrong, options).read_all()
    last = [(q["sql"], q["database"], q["status"], q["row_count"]) for q in queries(server, "history?limit=4")]
    assert last == [("SELECT nothing FROM cpu", db, "failed", 0), ("SELECT n FROM cpu", db, "completed", 2),
                    ("SELECT v FROM cpu WHERE v > ?", db, "completed", 1), ("SELECT host FROM cpu", db, "completed", 2)]
    assert queries(server, "history?limit=1")[0]["remote_addr"] == "127.0.0.1"


def test_a_query_is_stopped_over_http(server, db):
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        options = flight.FlightCallOptions(headers=headers(server, db))
        info = client.get_flight_info(statement("SELECT * FROM range(1000000000000)"), options)
        reader = client.do_get(info.endpoints[0].ticket, options)
        assert reader.read_chunk().data.num_rows > 0
        (running,) = [q for q in queries(server, "active") if q["sql"].startswith("SELECT * FROM range")]
        assert server.request("DELETE", f"/api/v1/queries/{running['id']}").status_code == 200
        with pytest.raises(flight.FlightCancelledError):
            while True:
                reader.read_chunk()
    assert server.get(f"/api/v1/queries/{running['id']}").json()["query"]["status"] == "cancelled"


def cancel_request(info):
    return field(1, info.serialize())


# ---- partitions ----

def test_partitions_together_are_the_table(server, db):
    hour = 3600 * 10**9
    server.write("\n".join(f"part,host=h{i % 7} v={i} {TIME_NS + i * hour // 100}" for i in range(5000)), db)
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client:
        options = flight.FlightCallOptions(headers=headers(server, db) + [(b"partitions", b"8")])
        info = client.get_flight_info(statement("SELECT host, v FROM part WHERE host <> 'h3'"), options)
        assert len(info.endpoints) == 8
        parts = [client.do_get(e.ticket, options).read_all() for e in info.endpoints]
        assert all(300 < part.num_rows < 900 for part in parts)
        assert sorted(v for part in parts for v in part.column("v").to_pylist()) == [i for i in range(5000) if i % 7 != 3]
        for whole in ["SELECT count(*) FROM part", "SELECT * FROM part LIMIT 3", "SELECT v FROM part ORDER BY v", "SELECT DISTINCT host FROM part",
                      "SELECT a.v FROM part a JOIN part b USING (v)", "SELECT 1", "SELECT v, row_number() OVER () FROM part", "SHOW TABLES",
                      "SELECT v FROM part UNION ALL SELECT v FROM part", "SELECT v FROM part WHERE v = (SELECT max(v) FROM part)"]:
            assert len(client.get_flight_info(statement(whole), options).endpoints) == 1, whole
        for wrong in (b"0", b"x", b"100000"):
            with pytest.raises(pa.ArrowInvalid, match="partitions"):
                client.get_flight_info(statement("SELECT 1"), flight.FlightCallOptions(headers=headers(server, db) + [(b"partitions", wrong)]))


# ---- TLS ----

def test_tls(make_server, tmp_path):
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                    "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True)
    server = make_server(start=False, HTTP_TLS_CERT=certificate, HTTP_TLS_KEY=key)
    server.spawn()
    wait_until(lambda: "listening" in server.log(), "it listens", 30, server.log_tail)
    with flight.connect(f"grpc+tls://127.0.0.1:{server.flight_port}", tls_root_certs=open(certificate, "rb").read(), override_hostname="localhost") as client:
        info = client.get_flight_info(statement("SELECT 1 AS x"))
        assert client.do_get(info.endpoints[0].ticket).read_all().to_pylist() == [{"x": 1}]
    with flight.connect(f"grpc://127.0.0.1:{server.flight_port}") as client, pytest.raises(flight.FlightUnavailableError):
        client.get_flight_info(statement("SELECT 1"), flight.FlightCallOptions(timeout=5))
