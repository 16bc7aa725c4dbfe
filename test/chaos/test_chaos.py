"""Twenty rounds of faults over each way to share a lake, and every row counted after each (chaos_driver.py says how)."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from chaos_driver import ChaosDriver, ChaosFailure  # noqa: E402
from cluster import NODES  # noqa: E402
from fault_plan import HTTP_KINDS, LEASE_S, WEIGHTS, Fault, plan_faults  # noqa: E402
from gigapi_testing.service import Minio, Redis  # noqa: E402
from leaks import find_leaks  # noqa: E402


@pytest.fixture(autouse=True)
def services(request):
    if "driver" not in request.node.name:
        return
    if Minio.find() is None:
        pytest.skip("MinIO is not there: call scripts/bootstrap-minio")
    if Redis.find() is None:
        pytest.skip("redis-server is not installed")


@pytest.mark.parametrize("topology, rounds", [("bucket", 8), ("redis", 8), ("local", 4)])
def test_driver_finds_every_acknowledged_row_once_on_every_node(binary, tmp_path, topology, rounds):
    driver = ChaosDriver(binary, tmp_path, topology, seed=rounds * 1000)
    driver.run(rounds)
    assert driver.round == rounds and sum(driver.faults.values()) >= 3 * rounds
    assert driver.ledger.counts["acknowledged rows"] > 1000 * rounds and driver.probe_answers > rounds


def test_driver_finds_every_row_after_redis_has_forgotten_its_last_changes(binary, tmp_path):
    driver = ChaosDriver(binary, tmp_path, "redis", seed=50_003)
    driver.run_plans([[Fault(2.0, 1.5, "fall back", ("redis",)), Fault(2.6, 1.0, "kill", ("compaction1",))],
                      [Fault(1.0, 1.0, "network", ("compaction1", "writer1"), "redis", "reset", 0.3),
                       Fault(2.5, 0.6, "fall back", ("redis",))]])
    assert driver.ledger.counts["acknowledged rows"] > 2000


def test_driver_notices_lost_rows(binary, tmp_path):
    """Nodes that promise nothing lose rows when they are killed: a driver that did not see it would prove nothing above."""
    driver = ChaosDriver(binary, tmp_path, "bucket", 1, {"GIGAPI_DURABILITY": "none", "GIGAPI_SAVE_TIMEOUT_S": "3600"}, settle_s=5)
    with pytest.raises(ChaosFailure, match="acknowledged rows are not there"):
        driver.run_plans([[Fault(3.0, 0.5, "kill", ("writer1",))]])


def test_a_seed_decides_the_faults_of_its_round_and_all_kinds_come_up():
    plans = [plan_faults(seed, list(NODES), ["minio", "redis"]) for seed in range(300)]
    assert plans[7] == plan_faults(7, list(NODES), ["minio", "redis"]) != plans[8]
    faults = [fault for plan in plans for fault in plan]
    assert {fault.kind for fault in faults} == set(WEIGHTS)
    assert {fault.detail for fault in faults if fault.kind == "network"} == set(HTTP_KINDS)
    assert {fault.targets[0] for fault in faults if fault.kind == "kill"} == {*NODES, "minio", "redis"}
    assert not [fault for fault in faults if fault.service == "redis" and fault.detail == "error"]
    assert any(fault.duration_s > 2 * LEASE_S for fault in faults if fault.kind == "pause")


@pytest.mark.parametrize("text", ["GET failed: hush/+hush-hush", "url=%22hush%2F%2Bhush-hush%22", b"\0hush/+hush-hush\xff",
                                  "Authorization: Basic dXNlcjpodXNoLytodXNoLWh1c2g="])
def test_a_credential_is_found_however_it_is_spelled(text):
    assert find_leaks({"a log": text, "another": "hush"}, {"the key": "hush/+hush-hush"}) == ["the key stands in a log"]
