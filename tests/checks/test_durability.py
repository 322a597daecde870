"""What became of every write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscinder.checks.durability import account, loss, suspicions, why_untested
from chaoscinder.model.write import Account, ReadBack, Write, WriteOutcome


def write(
    sequence: int, outcome: WriteOutcome = WriteOutcome.ACKNOWLEDGED, *, at_s: float | None = None, backend: str | None = None
) -> Write:
    sent_s = float(sequence) if at_s is None else at_s
    return Write(sequence, f"w{sequence}", sent_s, sent_s + 0.1, outcome, backend=backend)


def told(**changes: object) -> Account:
    plain = Account(
        attempted=0, acknowledged=0, rejected=0, unknown=0, recovered=0, recovered_unknown=0, lost=(), duplicate=(), read_back=True
    )
    values = {name: getattr(plain, name) for name in Account.__slots__} | changes
    return Account(**values)  # type: ignore[arg-type]


def test_every_write_gets_its_fate() -> None:
    writes = [
        write(1),
        write(2),
        write(3, WriteOutcome.UNKNOWN),
        write(4, WriteOutcome.UNKNOWN),
        write(5, WriteOutcome.REJECTED),
        write(6),
    ]
    assert account(writes, [ReadBack(100.0, (("w1", 1), ("w3", 1), ("w6", 2)))]) == told(
        attempted=6,
        acknowledged=3,
        rejected=1,
        unknown=2,
        recovered=2,
        recovered_unknown=1,
        lost=("w2",),
        duplicate=("w6",),
        lost_suffix=False,
    )


def test_a_write_without_an_answer_is_never_counted_as_lost() -> None:
    assert account([write(1, WriteOutcome.UNKNOWN)], [ReadBack(9.0, ())]) == told(attempted=1, unknown=1)


def test_without_a_reading_nothing_is_claimed() -> None:
    assert account([write(1)], []) == told(attempted=1, acknowledged=1, read_back=False)


def test_a_reading_from_before_the_recovery_does_not_decide() -> None:
    assert account([write(1)], [ReadBack(5.0, (("w1", 1),))], after_s=80.0) == told(attempted=1, acknowledged=1, read_back=False)


def test_the_last_reading_decides() -> None:
    readings = [ReadBack(90.0, (("w1", 1),)), ReadBack(85.0, ())]
    assert account([write(1)], readings, after_s=80.0) == told(attempted=1, acknowledged=1, recovered=1)
    assert account([write(1)], [ReadBack(85.0, (("w1", 1),)), ReadBack(90.0, ())]) == told(
        attempted=1, acknowledged=1, lost=("w1",), lost_suffix=True
    )


def test_a_write_acknowledged_after_the_last_reading_was_asked_for_is_not_lost() -> None:
    assert account([write(1), write(2, at_s=50.0)], [ReadBack(50.05, (("w1", 1),))]) == told(
        attempted=2, acknowledged=2, recovered=1, never_read=("w2",)
    )


def test_an_earlier_reading_without_the_write_proves_nothing_about_a_later_acknowledgement() -> None:
    found = account([write(1), write(2, at_s=50.0)], [ReadBack(40.0, (("w1", 1),)), ReadBack(50.05, (("w1", 1),))])
    assert found == told(attempted=2, acknowledged=2, recovered=1, never_read=("w2",))


def test_a_write_that_an_earlier_reading_had_is_lost_when_the_last_one_lacks_it() -> None:
    readings = [ReadBack(50.0, (("w1", 1),)), ReadBack(50.05, ())]
    assert account([write(1, at_s=50.0)], readings) == told(attempted=1, acknowledged=1, lost=("w1",), lost_suffix=True)


def test_without_writes_there_is_nothing_to_account_for() -> None:
    assert account([], [ReadBack(1.0, ())]) == told()


def test_a_write_that_is_there_with_another_payload_is_torn_and_neither_recovered_nor_lost() -> None:
    reading = ReadBack(9.0, (("w1", 1), ("w2", 1)), ("w2",))
    assert account([write(1), write(2)], [reading]) == told(attempted=2, acknowledged=2, recovered=1, torn=("w2",))


def test_a_refused_write_that_is_there_all_the_same_is_named() -> None:
    found = account([write(1, WriteOutcome.REJECTED)], [ReadBack(9.0, (("w1", 1),))])
    assert found == told(attempted=1, rejected=1, rejected_there=("w1",))
    assert suspicions(found) == ("there all the same, though the application refused them or was never reached: w1",)


@pytest.mark.parametrize(
    ("there", "suffix", "words"),
    [
        ((1, 2, 3, 6), True, "the last ones acknowledged before the outage, as when a cache was not flushed"),
        ((1, 2, 4, 6), False, "not the last ones acknowledged: rows went missing"),
        ((1, 2, 3, 5), False, "not the last ones acknowledged: rows went missing"),
        ((1, 2, 3, 5, 6), False, "not the last ones acknowledged: rows went missing"),
        ((6,), True, "the last ones acknowledged before the outage, as when a cache was not flushed"),
        ((1, 2, 3, 4, 5, 6), None, ""),
    ],
)
def test_the_last_ones_that_are_lost_are_a_cache_and_others_are_rows(there: tuple[int, ...], suffix: bool | None, words: str) -> None:
    """Five writes before an outage from 5.5 to 80, and one after it."""
    writes = [*(write(number) for number in range(1, 6)), write(6, at_s=85.0)]
    found = account(writes, [ReadBack(90.0, tuple((f"w{number}", 1) for number in there))], after_s=80.0, away_s=5.5)
    assert (found.lost_suffix, loss(found)) == (suffix, words)


def test_the_order_of_a_suffix_is_that_of_the_acknowledgements() -> None:
    slow = Write(1, "w1", 1.0, 4.5, WriteOutcome.ACKNOWLEDGED)
    found = account([slow, write(2), write(3)], [ReadBack(90.0, (("w2", 1), ("w3", 1)))], after_s=80.0)
    assert (found.lost, found.lost_suffix) == (("w1",), True)


def test_the_last_write_before_the_outage_and_the_first_since_are_told_with_their_moments() -> None:
    writes = [write(1), write(2), write(3, WriteOutcome.UNKNOWN, at_s=6.0), write(4, at_s=82.0), write(5, at_s=83.0)]
    found = account(writes, [ReadBack(90.0, ())], after_s=80.0, away_s=5.5)
    assert (found.last_before_s, found.first_after_s) == (2.1, 82.1)
    assert (account(writes, []).last_before_s, account(writes, []).first_after_s) == (None, None)


@pytest.mark.parametrize(
    ("pods", "writers", "second"),
    [
        ("aaabb", ("a", "b"), False),
        ("aabab", ("a", "b", "a", "b"), True),
        ("aa.ab", ("a", "b"), False),
        ("abca", ("a", "b", "c", "a"), True),
        (".....", (), False),
    ],
)
def test_a_pod_that_acknowledges_again_after_another_one_is_a_second_writer(pods: str, writers: tuple[str, ...], second: bool) -> None:
    rows = [write(number, backend=None if pod == "." else pod) for number, pod in enumerate(pods, start=1)]
    found = account(rows, [])
    assert (found.writers, found.second_writer) == (writers, second)
    assert [line.startswith("a second writer: writes were acknowledged by a, b") for line in suspicions(found)] == [True] * second


def test_a_pod_that_came_back_under_its_old_name_is_another_writer() -> None:
    """A StatefulSet's pod keeps its name; its uid and its start do not."""
    rows = [
        Write(number, f"w{number}", float(number), number + 0.1, WriteOutcome.ACKNOWLEDGED, "", "web-0", uid, started)
        for number, (uid, started) in enumerate([("u1", "10:00"), ("u2", "10:05"), ("u1", "10:00")], start=1)
    ]
    old, new = "web-0 (uid u1, since 10:00)", "web-0 (uid u2, since 10:05)"
    handover, both = account(rows[:2], []), account(rows, [])
    assert (handover.writers, handover.second_writer) == ((old, new), False)
    assert (both.writers, both.second_writer) == ((old, new, old), True)
    assert suspicions(both) == (
        f"a second writer: writes were acknowledged by {old}, {new} and {old} in turn, so two pods wrote at a time",
    )


def test_a_pod_whose_container_was_started_again_is_another_writer_but_no_second_one() -> None:
    rows = [
        Write(number, f"w{number}", float(number), number + 0.1, WriteOutcome.ACKNOWLEDGED, "", name, None, started)
        for number, (name, started) in enumerate([("a", "1"), ("a", "2"), ("b", None)], start=1)
    ]
    assert (account(rows, []).writers, account(rows, []).second_writer) == (("a (since 1)", "a (since 2)", "b"), False)


def test_what_parts_two_writers_is_told_only_of_those_that_share_a_name() -> None:
    rows = [
        Write(number, f"w{number}", float(number), number + 0.1, WriteOutcome.ACKNOWLEDGED, "", name, uid, None)
        for number, (name, uid) in enumerate([("web-0", None), ("web-0", "u1"), ("web-1", "u2")], start=1)
    ]
    assert account(rows, []).writers == ("web-0", "web-0 (uid u1)", "web-1")


def test_durability_is_tested_only_where_something_was_acknowledged_and_read_back() -> None:
    assert why_untested(None) == "no write was sent"
    assert why_untested(account([write(1, WriteOutcome.UNKNOWN)], [])) == "none of 1 writes was acknowledged"
    assert why_untested(account([write(1)], [])) == "1 acknowledged writes, but nobody could read them back after the fault"
    assert why_untested(account([write(1)], [ReadBack(9.0, ())])) == ""


# --- against a brute-force model ---

fates = st.lists(st.tuples(st.sampled_from(list(WriteOutcome)), st.integers(min_value=0, max_value=2), st.booleans()), max_size=12)


@given(fates, st.floats(min_value=0.0, max_value=14.0))
def test_every_acknowledged_write_has_exactly_one_fate(rows: list[tuple[WriteOutcome, int, bool]], read_at_s: float) -> None:
    writes = [write(number, outcome) for number, (outcome, _, _) in enumerate(rows, start=1)]
    there = tuple((f"w{number}", times) for number, (_, times, _) in enumerate(rows, start=1) if times)
    torn = tuple(f"w{number}" for number, (_, times, is_torn) in enumerate(rows, start=1) if times and is_torn)
    found = account(writes, [ReadBack(read_at_s, there, torn)])
    acknowledged = {row.id for row in writes if row.outcome is WriteOutcome.ACKNOWLEDGED}
    kept = {name for name, _ in there if name in acknowledged and name not in torn}
    fate_of = {"lost": set(found.lost), "never read": set(found.never_read), "torn": set(found.torn) & acknowledged, "recovered": kept}
    assert sorted(name for names in fate_of.values() for name in names) == sorted(acknowledged)
    assert found.recovered == len(kept)
    for row in writes:
        if row.id in found.lost:
            assert row.done_at_s <= read_at_s
        if row.outcome is not WriteOutcome.ACKNOWLEDGED:
            assert row.id not in (*found.lost, *found.never_read)
    ordered = [row.id for row in writes if row.id in acknowledged]
    brute = bool(found.lost) and any(set(ordered[cut:]) == set(found.lost) for cut in range(len(ordered)))
    assert found.lost_suffix == (brute if found.lost else None)
