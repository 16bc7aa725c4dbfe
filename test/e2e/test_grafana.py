"""The dashboard of deploy/grafana, asked as Grafana's InfluxDB data source asks in SQL mode."""
import json
import re
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pyarrow as pa
import pyarrow.flight as flight
import pytest
from gigapi_testing.flight import statement

GRAFANA = Path(__file__).resolve().parents[2] / "deploy/grafana"
PANELS = json.loads((GRAFANA / "dashboards/fleet.json").read_text())["panels"]
TO = datetime(2025, 1, 2, tzinfo=timezone.utc)
FROM = TO - timedelta(hours=24)


def expand(sql):
    """Grafana's macros, for steps of an hour."""
    instant = "cast('{}' as timestamp)".format
    sql = re.sub(r"\$__timeRange\((\w+)\)", lambda m: f"{m[1]} >= {instant(FROM.isoformat())} AND {m[1]} <= {instant(TO.isoformat())}", sql)
    sql = re.sub(r"\$__dateBin\((\w+)\)", r"date_bin(interval '3600 second', \1, timestamp '1970-01-01T00:00:00Z')", sql)
    assert "$__" not in sql
    return sql


@pytest.fixture(scope="module")
def fleet(shared_server):
    """Two hosts that report every half hour of a day, with the columns of `gigapi demo`."""
    start_s = int(FROM.timestamp())
    shared_server.write("\n".join(f"cpu,host=web-{i % 2},region=r{i % 2} usage_user={i}.5,usage_system=1.5,memory_free={i}i,requests={i}i,ok=true {start_s + i // 2 * 1800}"
                           for i in range(96)), "fleet", "s")
    return shared_server


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_panels(fleet, panel):
    (target,) = panel["targets"]
    options = flight.FlightCallOptions(headers=[(b"database", b"fleet"), (b"authorization", b"Bearer none")])
    with flight.connect(f"grpc://127.0.0.1:{fleet.flight_port}") as client:
        (endpoint,) = client.get_flight_info(statement(expand(target["rawSql"])), options).endpoints
        rows = client.do_get(endpoint.ticket, options).read_all()
    assert rows.num_rows > 0 and all(column.null_count == 0 for column in rows.columns)
    if target["format"] == "time_series":
        assert rows.schema.field("time").type == pa.timestamp("ns")
        assert len(set(rows.column("time").to_pylist())) == 24


def test_panels_use_the_provisioned_data_source():
    source = (GRAFANA / "provisioning/datasources/gigapi.yaml").read_text()
    uid, kind = re.search(r"uid: (\S+)", source)[1], re.search(r" type: (\S+)", source)[1]
    assert {(p["datasource"]["uid"], p["datasource"]["type"]) for p in PANELS} == {(uid, kind)}
