"""Buckets of GCS and Azure as the layer behind a folder, at emulators."""
import subprocess

import pytest
from gigapi_testing.emulators import Azurite, FakeGcs
from gigapi_testing.server import wait_until

FAST = {"GIGAPI_SAVE_TIMEOUT_S": "0.2", "GIGAPI_NO_MERGES": "true", "GIGAPI_DROP_DELAY_MS": "0"}
HOUR_NS = 3_600_000_000_000
START_NS = 1_700_000_000_000_000_000


@pytest.fixture(params=[FakeGcs, Azurite])
def emulator(request, tmp_path):
    if request.param.find() is None:
        pytest.skip(f"{request.param.program} is not there: call scripts/bootstrap-emulators")
    service = request.param(tmp_path / "emulator").start()
    yield service
    service.kill()


def hot(tmp_path):
    return {"GIGAPI_LAYERS_0_NAME": "hot", "GIGAPI_LAYERS_0_TYPE": "fs", "GIGAPI_LAYERS_0_URL": f"file://{tmp_path}/root",
            "GIGAPI_LAYERS_0_TTL": "1s"}


def ids(server):
    return [int(row["id"]) for row in server.query("SELECT id FROM cpu ORDER BY id")]


def data_files(emulator):
    return [key for key in emulator.keys() if key.endswith(".parquet")]


def test_files_age_into_a_bucket_and_out_of_it(emulator, make_server, tmp_path):
    server = make_server(**FAST, **hot(tmp_path), **emulator.layer(1, "cold", TTL="0"))
    server.write("\n".join(f"cpu,host=h{i % 3} id={i}i {START_NS + i * HOUR_NS // 10}" for i in range(20)))
    wait_until(lambda: len(data_files(emulator)) == 3, "all hours are in the bucket", 60)
    wait_until(lambda: not list(server.root.rglob("*.parquet")), "the folder is empty", 60)
    assert ids(server) == list(range(20))
    server.kill()
    server.start()
    assert ids(server) == list(range(20))
    others = [key for key in emulator.keys() if not key.startswith("lake/pre/mydb/cpu/date=")]
    assert others == ["lake/pre/.gigapi/place"], "nothing else is left there"
    server.restart(GIGAPI_LAYERS_1_TTL="1s")
    wait_until(lambda: not data_files(emulator), "the bucket is empty", 60)
    assert ids(server) == []


def test_a_bucket_that_is_not_there_is_an_error_that_says_so(emulator, make_server, tmp_path):
    server = make_server(start=False, **FAST, **hot(tmp_path), **emulator.layer(1, "cold", bucket="nobody-made-this"))
    server.spawn()
    assert server.process.wait(60) != 0
    assert "layer 'cold'" in server.log() and "there is no such bucket" in server.log()
    assert not emulator.secret or emulator.secret not in server.log()


def test_a_backup_goes_to_a_bucket_and_comes_back(emulator, binary, make_server, tmp_path):
    keys = {"GIGAPI_BACKUP_AUTH_SECRET": emulator.secret} if emulator.secret else {}
    server = make_server(**FAST, **keys)
    server.write(f"cpu,host=a id=1i {START_NS}\ncpu,host=b id=2i {START_NS}")
    subprocess.run([binary, "backup", emulator.url("lake"), "--url", server.url], check=True, timeout=120)
    server.kill()
    subprocess.run([binary, "restore", emulator.url("lake"), "--root", tmp_path / "back"], check=True, timeout=120,
                   env={**server.env, **keys})
    other = make_server(root=tmp_path / "back", **FAST)
    assert ids(other) == [1, 2]
