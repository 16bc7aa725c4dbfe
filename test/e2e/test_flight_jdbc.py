"""Arrow's JDBC driver for Flight SQL, which DBeaver, Tableau and Metabase use: metadata and queries from a small Java program."""
import shutil
import subprocess
from pathlib import Path

import pytest

VERSION = "18.3.0"
DRIVER = Path.home() / f".m2/repository/org/apache/arrow/flight-sql-jdbc-driver/{VERSION}/flight-sql-jdbc-driver-{VERSION}.jar"
PROGRAM = Path(__file__).with_name("FlightSqlJdbc.java")


@pytest.fixture(scope="module")
def driver():
    if shutil.which("javac") is None:
        pytest.skip("no JDK on this machine: apt-get install default-jdk-headless maven")
    if not DRIVER.exists():
        if shutil.which("mvn") is None:
            pytest.skip("no Maven on this machine to fetch the driver with: apt-get install maven")
        done = subprocess.run(["mvn", "-q", "-B", "dependency:get", "-Dtransitive=false", f"-Dartifact=org.apache.arrow:flight-sql-jdbc-driver:{VERSION}"],
                              capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            pytest.skip(f"the driver cannot be fetched: {done.stdout[-300:]}")
    return DRIVER


@pytest.mark.parametrize("guarded", [False, True], ids=["open", "guarded"])
def test_jdbc_driver(make_server, driver, guarded):
    server = make_server(**({"HTTP_BASIC_AUTH_USERNAME": "ann", "HTTP_BASIC_AUTH_PASSWORD": "s3cret"} if guarded else {}))
    server.write("cpu,host=a v=1.5,n=3i 1735689600000000000\ncpu,host=b v=2.5,n=4i 1735689600000000001\nmem used=1i", "jdb")
    url = f"jdbc:arrow-flight-sql://127.0.0.1:{server.flight_port}/?useEncryption=false" + ("&user=ann&password=s3cret" if guarded else "")
    done = subprocess.run(["java", "--add-opens=java.base/java.nio=ALL-UNNAMED", "-Xmx256m", "-cp", str(driver), str(PROGRAM), url, "jdb"],
                          capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines() == [
        "product GigAPI readonly false", 'quote " schema term database longest column 255 union true', "catalog lake", "schema jdb", "type TABLE",
        "table jdb cpu TABLE", "table jdb mem TABLE", "column time TIMESTAMP", "column host VARCHAR", "column v DOUBLE", "column n BIGINT",
        "row a 1.5 3", "row b 2.5 4", "refused true", "prepared b"]
