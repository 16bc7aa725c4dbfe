"""Flight SQL as its clients speak it: ADBC's driver, flightsql-dbapi, and bare Arrow Flight."""
import warnings

import adbc_driver_flightsql.dbapi as adbc
import adbc_driver_manager
import pyarrow as pa
import pyarrow.flight as flight
import pytest
from gigapi_testing.flight import statement
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


# ---- hostile ----

def packed(name, value):
    from gigapi_testing.flight import field, TYPE_PREFIX
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
