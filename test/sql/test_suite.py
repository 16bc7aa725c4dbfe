"""Every file of suite/ under every state of the data."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import sqllogic  # noqa: E402
import states  # noqa: E402

SUITE = sorted((Path(__file__).parent / "suite").glob("*.test"))


@pytest.mark.parametrize("state", states.STATES)
@pytest.mark.parametrize("path", SUITE, ids=lambda p: p.stem)
def test_suite(path, state, make_server):
    records = sqllogic.parse(path.read_text())
    writes = [(r.database, r.body) for r in records if r.kind == "write"]
    server = states.load(make_server, state, writes)
    failures = []
    for record in records:
        if record.kind == "write" or not record.applies_to(state):
            continue
        try:
            sqllogic.run(record, server)
        except AssertionError as failure:
            failures.append(str(failure))
    assert server.is_running(), server.log_tail()
    assert not failures, f"{len(failures)} of {len(records)} records failed:\n\n" + "\n\n".join(failures)
