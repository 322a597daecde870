"""How long things took: the steps of a story, the first failure, the first success, and the recovery."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscinder.checks.times import first_failure, first_success, recovered_at, recovery, steps_s, took_s
from chaoscinder.model.sample import Outage, Outcome, Sample

OUTCOMES = {"+": Outcome.OK, "-": Outcome.RESET, "?": Outcome.MISSED}


def drawn(picture: str) -> list[Sample]:
    """One look a second: + good, - bad, ? missed; a blank left no record."""
    return [Sample(float(at), OUTCOMES[sign], 0.0, 0.125) for at, sign in enumerate(picture) if sign != " "]


def test_a_step_counts_from_the_last_one_that_was_seen() -> None:
    assert steps_s([30.5, 32.0, None, 40.0], 30.0) == (0.5, 1.5, None, 8.0)
    assert steps_s([31.0, 33.0], None) == (None, 2.0)


def test_what_was_not_seen_took_no_known_time() -> None:
    assert (took_s(5.0, 2.0), took_s(None, 2.0), took_s(5.0, None)) == (3.0, None, None)


# --- the first failure, and the first success after it ---

OUTAGE = Outage(31.0, 32.0, 40.0, 41.0, ())
OPEN = Outage(31.0, 32.0, 40.0, None, ())
LATER = Outage(51.0, 52.0, 60.0, 61.0, ())


@pytest.mark.parametrize(
    ("found", "since_s", "failure", "success"),
    [
        ((), 30.0, None, None),
        ((OUTAGE, LATER), 30.0, (1.0, 2.0), (10.0, 11.0)),
        ((OUTAGE,), 31.5, (0.0, 0.5), (8.5, 9.5)),
        ((OUTAGE,), 40.5, (0.0, 0.0), (0.0, 0.5)),  # it was under way, and was over at once
        ((OPEN, LATER), 30.0, (1.0, 2.0), None),
    ],
)
def test_the_first_outage_decides_when_it_failed_and_when_it_first_answered_again(
    found: Sequence[Outage], since_s: float, failure: tuple[float, float] | None, success: tuple[float, float] | None
) -> None:
    assert (first_failure(found, since_s=since_s), first_success(found, since_s=since_s)) == (failure, success)


# --- back for good ---


def brute_force(picture: str, after_s: float, stable_for_s: float) -> float | None:
    """Try every good look: is there a later one, far enough, with nothing bad and no long gap up to it?"""
    rows = [(float(at), sign) for at, sign in enumerate(picture) if sign in "+-" and at >= after_s]
    recorded = [at for at, sign in enumerate(picture) if sign != " "]
    slot_s = min((later - sooner for sooner, later in pairwise(recorded)), default=0)
    gap_s = max(stable_for_s / 4, 2.5 * slot_s)
    for first, (start_s, _) in enumerate(rows):
        for last in range(first, len(rows)):
            stretch = rows[first : last + 1]
            gaps = [later[0] - sooner[0] for sooner, later in pairwise(stretch)]
            if all(sign == "+" for _, sign in stretch) and all(gap <= gap_s for gap in gaps) and rows[last][0] - start_s >= stable_for_s:
                return start_s
    return None


@given(
    picture=st.text(alphabet="+++++-? ", max_size=40),
    after_s=st.sampled_from([0.0, 1.0, 4.5, 9.0]),
    stable_for_s=st.sampled_from([0.0, 1.0, 3.0, 10.0, 12.0, 20.0]),
)
def test_the_recovery_is_that_of_the_brute_force_model(picture: str, after_s: float, stable_for_s: float) -> None:
    expected = brute_force(picture, after_s, stable_for_s)
    assert recovered_at(drawn(picture), after_s=after_s, stable_for_s=stable_for_s) == expected
    assert recovered_at(drawn(picture)[::-1], after_s=after_s, stable_for_s=stable_for_s) == expected


@pytest.mark.parametrize(
    ("picture", "after_s", "stable_for_s", "back_s"),
    [
        ("", 0.0, 3.0, None),
        ("--+-++++++", 0.0, 3.0, 4.0),
        ("++--++++++", 0.0, 3.0, 4.0),
        ("++++++++++", 2.0, 3.0, 2.0),
        ("----------", 0.0, 0.0, None),
        ("-+        ", 0.0, 0.0, 1.0),
        ("-++ +++", 0.0, 4.0, 1.0),  # two seconds are no long gap where slots are one
        ("-++  +++++", 0.0, 4.0, 5.0),  # three are
        ("-+++    " + "+" * 18, 0.0, 20.0, 1.0),  # five are not where it must last for 20
        ("-+++     " + "+" * 22, 0.0, 20.0, 9.0),
        ("-++??+++++", 0.0, 4.0, 5.0),  # a missed look says nothing
    ],
)
def test_the_application_is_back_with_the_first_good_look_that_lasts(
    picture: str, after_s: float, stable_for_s: float, back_s: float | None
) -> None:
    assert recovered_at(drawn(picture), after_s=after_s, stable_for_s=stable_for_s) == back_s
    assert brute_force(picture, after_s, stable_for_s) == back_s
    later = [replace(sample, at_s=sample.at_s + 100.0) for sample in drawn(picture)]
    shifted_s = recovered_at(later, after_s=after_s + 100.0, stable_for_s=stable_for_s)
    assert shifted_s == (None if back_s is None else back_s + 100.0)


def test_two_records_of_one_slot_do_not_make_slots_shorter() -> None:
    twice = sorted([*drawn("-++ ++"), *drawn("-++ ++")], key=lambda sample: sample.at_s)
    assert recovered_at(twice, after_s=0.0, stable_for_s=4.0) == 1.0


WENT = Outage(1.0, 2.125, 3.0, 4.125, (), good_from_s=4.0)


@pytest.mark.parametrize(
    ("picture", "found", "back_s", "since_s", "took"),
    [
        ("++--++++", (WENT,), None, 1.5, None),
        ("++--++++", (WENT,), 4.0, 1.5, (1.5, 2.625)),
        ("++--++++", (WENT,), 4.0, 3.0, (0.0, 1.125)),  # what failed at this very moment counts
        ("++--++++", (WENT,), 4.0, 3.5, (0.0, 0.0)),  # nothing failed since
        ("++??++++", (), 4.0, 1.5, (0.0, 0.0)),  # nothing is known to have failed
        ("++++--++", (Outage(3.0, 4.125, 5.0, 6.125, (), good_from_s=6.0),), 4.0, 1.5, (0.0, 0.0)),  # it failed only after it
        ("++--+   +++", (WENT,), 8.0, 1.5, (1.5, 6.625)),  # answered before a long gap, back with the answer after it
        ("++--++++--", (WENT, Outage(7.0, 8.125, 9.0, None, ())), 4.0, 1.5, (1.5, 2.625)),
        ("++--+--+++", (WENT, Outage(4.0, 5.125, 6.0, 7.125, (), good_from_s=7.0)), 7.0, 1.5, (4.5, 5.625)),
        ("++--+--+++", (WENT, Outage(4.0, 5.125, 6.0, 7.125, (), good_from_s=7.0)), 4.0, 1.5, (1.5, 2.625)),
        ("++--++++", (Outage(1.0, 2.125, 1.0, 4.125, (), good_from_s=4.0),), 4.0, 1.5, (0.0, 2.625)),
    ],
)
def test_the_recovery_lies_between_the_last_failure_and_the_answer_that_lasted(
    picture: str, found: Sequence[Outage], back_s: float | None, since_s: float, took: tuple[float, float] | None
) -> None:
    assert recovery(drawn(picture), found, back_s=back_s, since_s=since_s, rate=1.0) == took


def test_the_answer_that_shows_the_recovery_is_the_first_that_was_asked_for() -> None:
    """The look due at 4 s was asked for 1.75 s wall too late, so the one due at 5 s came before it; at rate 2 an answer takes 0.25 s."""
    rows = [row for row in drawn("++--+++") if row.at_s != 4.0] + [Sample(4.0, Outcome.OK, 1.75, 1.875)]
    assert recovery(rows, [Outage(1.0, 2.25, 3.0, 9.0, ())], back_s=4.0, since_s=2.0, rate=2.0) == (1.0, 3.25)
