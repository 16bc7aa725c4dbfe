"""kill -9 at bad instants, and every acknowledged row counted afterwards (crash_driver.py says what is compared)."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from crash_driver import WAYS, CrashDriver  # noqa: E402


@pytest.mark.parametrize("durability, kills", [("fsync", 24), ("os", 6), ("flush", 6)])
def test_every_acknowledged_row_survives_once(binary, tmp_path, durability, kills):
    driver = CrashDriver(binary, tmp_path, durability, seed=kills)
    driver.run(kills)
    assert sum(driver.kills.values()) == kills
    assert kills < len(WAYS) or set(driver.kills) == set(WAYS)  # each way was tried
    assert sum(map(len, driver.present.values())) > 0


def test_the_driver_notices_lost_rows(binary, tmp_path):
    """A server that promises nothing loses rows: a driver that did not see it would prove nothing above."""
    with pytest.raises(AssertionError, match="acknowledged rows of .* are lost"):
        CrashDriver(binary, tmp_path, "none", seed=1).run(12)
