"""Superset's way to Arc: Basekick's SQLAlchemy dialects, over JSON and over Arrow."""
import pytest
import sqlalchemy
from sqlalchemy.dialects import registry

registry.register("arc.json", "arc_dialect_json", "ArcDialect")
registry.register("arc.arrow", "arc_dialect_arrow", "ArcDialect")


@pytest.fixture(scope="module")
def arc(shared_server):
    shared_server.write("cpu,host=a usage=1.5 1735689600000000000\ncpu,host=b usage=2.5 1735689601000000000", "superset")
    shared_server.write("disk free=1i 1735689600000000000", "default")
    return shared_server


@pytest.fixture(params=["json", "arrow"])
def engine(request, arc):
    engine = sqlalchemy.create_engine(f"arc+{request.param}://key@127.0.0.1:{arc.port}/superset")
    yield engine
    engine.dispose()


def rows(engine, sql):
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute(sql)
        return [column[0] for column in cursor.description], [list(row) for row in cursor.fetchall()]
    finally:
        connection.close()


def test_queries(engine):
    assert rows(engine, "SELECT 1")[1] == [[1]]
    assert rows(engine, "SELECT host, usage FROM superset.cpu ORDER BY host LIMIT 10;") == (["host", "usage"], [["a", 1.5], ["b", 2.5]])
    with pytest.raises(Exception, match="no_column"):
        rows(engine, "SELECT no_column FROM superset.cpu")


def test_browsing(engine):
    inspector = sqlalchemy.inspect(engine)
    assert {"superset", "default"} <= set(inspector.get_schema_names())
    assert inspector.get_table_names(schema="superset") == ["cpu"]
    assert [c["name"] for c in inspector.get_columns("cpu", schema="superset")] == ["time", "host", "usage"]
    assert [c["name"] for c in inspector.get_columns("disk")] == ["time", "free"], "the default database needs no name"
    connection = engine.raw_connection()
    assert engine.dialect.has_table(connection, "cpu", schema="superset")
    if engine.dialect.driver == "arrow":  # over JSON Arc has no error for a table that is not there
        assert not engine.dialect.has_table(connection, "nothing", schema="superset")
    connection.close()
