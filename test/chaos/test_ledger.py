"""That the check finds what it is there for: a check that passes all would prove nothing in test_chaos.py."""
import pytest
from ledger import ROWS_MAX, Ledger, Row
from load import ProbeClient

TIME_NS = 1_700_000_000_000_000_000


@pytest.fixture
def ledger():
    return Ledger()


def send(ledger, rows=3, round_number=1):
    batch = ledger.begin(round_number)
    for i in range(rows):
        batch.add("cpu" if i % 2 == 0 else "mem", TIME_NS + i)
    ledger.sending(batch)
    return batch


@pytest.fixture
def kept(ledger):
    batch = send(ledger)
    ledger.acknowledge(batch)
    return batch.rows


def test_nothing_is_wrong_when_all_is_there_once(ledger, kept):
    assert ledger.check({"a": kept, "b": list(reversed(kept))})
    assert ledger.settled_counts() == {"cpu": (2, 2), "mem": (1, 1)}


def test_a_lost_row_is_found(ledger, kept):
    verdict = ledger.check({"a": kept, "b": kept[1:]})
    assert not verdict and "b: 1 acknowledged rows are not there, such as [('cpu', 1000)]" in verdict.missing
    verdict = ledger.check({"a": kept[1:], "b": kept[1:]})  # also when all nodes agree
    assert not verdict and len(verdict.missing) == 2


def test_a_doubled_row_is_found(ledger, kept):
    verdict = ledger.check({"a": [*kept, kept[1]]})
    assert verdict.wrong == ["a: 1 rows are there more than once, such as [('mem', 1001)]"]


def test_a_row_that_nobody_sent_is_found(ledger, kept):
    verdict = ledger.check({"a": [*kept, kept[0]._replace(id=77)]})
    assert verdict.wrong == ["a: 1 rows were never sent, such as [('cpu', 77)]"]


def test_a_row_that_was_changed_is_found(ledger, kept):
    for change in ({"time_ns": TIME_NS - 1}, {"value": -1.0}):
        verdict = ledger.check({"a": [kept[0]._replace(**change), *kept[1:]]})
        assert len(verdict.wrong) == 1 and "another time or value" in verdict.wrong[0]


def test_a_refused_row_that_is_there_is_found(ledger, kept):
    batch = send(ledger)
    ledger.refuse(batch)
    assert ledger.check({"a": kept})
    assert "were refused and are there" in ledger.check({"a": [*kept, *batch.rows]}).wrong[0]


def test_a_reader_that_disagrees_is_found_although_the_rows_are_in_doubt(ledger, kept):
    batch = send(ledger)
    ledger.doubt(batch)
    everything = [*kept, *batch.rows]
    assert ledger.check({"a": kept, "b": kept})
    assert ledger.check({"a": everything, "b": everything})
    assert ledger.check({"a": everything, "b": kept}).missing == [
        "a has 3 rows that another node has not, such as [('cpu', 2000), ('cpu', 2002), ('mem', 2001)]"]


def test_half_a_request_is_found(ledger, kept):
    batch = send(ledger)
    ledger.doubt(batch)
    verdict = ledger.check({"a": [*kept, batch.rows[0]]})
    assert not verdict and "are there in part, such as number 2" in verdict.missing[0]


def test_what_was_in_doubt_and_was_seen_must_stay(ledger, kept):
    batch = send(ledger)
    ledger.doubt(batch)
    assert ledger.settled_counts()["cpu"] == (2, 4)
    ledger.settle([*kept, *batch.rows])
    assert ledger.settled_counts()["cpu"] == (4, 4)
    assert "acknowledged rows are not there" in ledger.check({"a": kept}).missing[0]


def test_a_row_of_a_dropped_table_that_is_still_there_is_found(ledger, kept):
    ledger.drop("cpu")
    assert ledger.check({"a": [row for row in kept if row.table == "mem"]})
    assert "dropped" in str(ledger.check({"a": kept}))


def test_a_drop_leaves_the_rest_of_a_request_in_doubt(ledger):
    batch = ledger.begin(1)
    batch.add("kept", 1)
    batch.add("gone", 2)
    ledger.sending(batch)
    ledger.doubt(batch)
    ledger.drop("gone")
    assert ledger.check({"a": [Row("kept", batch.number * ROWS_MAX, 1, batch.number * ROWS_MAX * 0.5)]})
    assert ledger.check({"a": []})


def test_a_node_without_an_answer_is_no_agreement(ledger, kept):
    assert ledger.check({"a": kept, "b": None}).missing == ["b does not answer"]


def test_an_acknowledgement_that_comes_during_a_check_is_not_an_alien(ledger):
    batch = send(ledger)  # under way
    assert ledger.check({"a": batch.rows})


@pytest.mark.parametrize("is_whole, rows, ids, earlier, found", [
    (True, 12, 12, 10, None), (True, 12, 12, 11, None), (False, 3, 3, 1, None), (True, 12, 12, 9, "of earlier rounds"),
    (True, 12, 12, 12, "of earlier rounds"), (False, 12, 12, 12, "of earlier rounds"), (True, 13, 12, 10, "12 ids"),
    (False, 4, 3, 1, "3 ids")])
def test_the_probe_finds_rows_that_are_missing_or_doubled_in_one_answer(is_whole, rows, ids, earlier, found):
    probe = ProbeClient([], {"cpu": (10, 11)}, 2, 1, None)
    probe.judge("reader", "cpu", is_whole, rows, ids, earlier)
    assert len(probe.problems) == (1 if found else 0) and (not found or found in probe.problems[0])
