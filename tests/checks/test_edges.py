"""Edges of outages where requests take their time, against hand-written looks and against a server that changes under way."""

import math
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscinder.checks.availability import outages
from chaoscinder.model.sample import Outage, Outcome, Sample

WORDS = {
    "+": (Outcome.OK, 0.02),
    "s": (Outcome.SLOW, 0.7),
    "-": (Outcome.REFUSED, 0.01),
    "5": (Outcome.SERVER_ERROR, 0.4),
    "c": (Outcome.CONNECT_TIMEOUT, 0.9),
    "t": (Outcome.READ_TIMEOUT, 0.9),
    "?": (Outcome.MISSED, 0.0),
}


def edges(picture: str, *, late_s: float = 0.0, rate: float = 1.0) -> list[tuple[float, float, float, float | None]]:
    """A look a second; good answers take 20 ms, refusals 10 ms."""
    rows = [Sample(float(slot), outcome, late_s, took_s) for slot, (outcome, took_s) in enumerate(WORDS[word] for word in picture)]
    return [
        (
            round(one.started_earliest_s, 6),
            round(one.started_latest_s, 6),
            round(one.ended_earliest_s, 6),
            None if one.ended_latest_s is None else round(one.ended_latest_s, 6),
        )
        for one in outages(rows, rate=rate)
    ]


def test_an_outage_began_before_its_first_failure_was_answered_and_ended_before_the_next_good_answer_was_there() -> None:
    assert edges("++--++") == [(1.0, 2.01, 3.0, 4.02)]


def test_the_time_of_an_answer_is_wall_time() -> None:
    assert edges("++--++", rate=20.0) == [(1.0, 2.2, 3.0, 4.4)]


def test_a_failure_that_was_told_late_may_have_been_decided_late() -> None:
    assert edges("++5-++") == [(1.0, 2.4, 3.0, 4.02)]


def test_the_wait_for_an_answer_that_never_came_says_nothing_about_when_the_outage_began() -> None:
    assert edges("++cc++") == [(1.0, 2.02, 3.0, 4.02)]
    assert edges("++c-++") == [(1.0, 2.02, 3.0, 4.02)]


def test_a_prompt_answer_is_as_slow_as_the_slowest_of_the_fifty_before() -> None:
    rows = [Sample(float(slot), Outcome.OK, 0.0, 0.2 if slot == 0 else 0.02) for slot in range(51)]
    assert outages([*rows[1:], Sample(51.0, Outcome.CONNECT_TIMEOUT, 0.0, 0.9)])[0].started_latest_s == 51.02
    assert outages([*rows[:50], Sample(51.0, Outcome.CONNECT_TIMEOUT, 0.0, 0.9)])[0].started_latest_s == 51.2


def test_of_the_good_looks_after_it_fifty_tell_too() -> None:
    """Those that were asked after the first answer at 1.02: from 2 to 51."""

    def began_by(slow: int) -> float:
        good = [Sample(float(slot), Outcome.OK, 0.0, 0.2 if slot == slow else 0.02) for slot in range(1, 60)]
        return round(outages([Sample(0.0, Outcome.CONNECT_TIMEOUT, 0.0, 0.9), *good])[0].started_latest_s, 6)

    assert [began_by(slow) for slow in (2, 51, 52, 59)] == [0.2, 0.2, 0.02, 0.02]


def test_without_a_good_look_before_those_after_the_first_answer_tell_how_long_an_answer_takes() -> None:
    assert edges("cc++") == [(0.0, 0.02, 1.0, 2.02)]
    assert edges("cc+") == [(0.0, 0.9, 1.0, 2.02)]


def test_only_an_outage_that_followed_a_good_look_was_seen_to_begin() -> None:
    rows = [Sample(float(slot), WORDS[word][0], 0.0, WORDS[word][1]) for slot, word in enumerate("-+-")]
    assert [one.began_before_sampling for one in outages(rows)] == [True, False]


def test_without_any_good_look_a_look_that_waited_in_vain_may_have_met_it_at_any_moment() -> None:
    assert edges("cc") == [(0.0, 0.9, 1.0, None)]
    assert edges("tt") == [(0.0, 0.9, 0.1, None)]


def test_a_stall_ends_for_whoever_asks_within_the_deadline_of_its_end() -> None:
    """The last look in vain was due at 3, and its answer may have been under way for 20 ms; the next one was held, and answered in time."""
    assert edges("++tts++") == [(1.0, 2.02, 2.98, 4.02)]


def test_the_deadline_of_a_late_look_counts_from_when_it_was_due() -> None:
    rows = [
        Sample(0.0, Outcome.OK, 0.0, 0.02), Sample(1.0, Outcome.OK, 0.3, 0.32), Sample(2.0, Outcome.READ_TIMEOUT, 0.3, 0.9),
        Sample(3.0, Outcome.OK, 0.3, 0.32),
    ]  # fmt: skip
    (one,) = outages(rows)
    assert (one.started_earliest_s, one.started_latest_s, one.ended_earliest_s, one.ended_latest_s, one.good_from_s) == (
        1.3, pytest.approx(2.32), pytest.approx(1.98), pytest.approx(3.32), 3.3,
    )  # fmt: skip


def test_a_slow_answer_after_a_prompt_failure_may_have_been_decided_at_its_end() -> None:
    assert edges("++--s++") == [(1.0, 2.01, 3.0, 4.7)]


def test_only_a_good_look_asked_after_the_failure_was_decided_ends_an_outage() -> None:
    """The failure of 1 is told at 5: what was asked meanwhile may have been met before it."""
    assert edges("+5+", rate=10.0) == [(0.0, 5.0, 1.0, None)]
    assert edges("+5++++", rate=10.0) == [(0.0, 5.0, 1.0, 5.2)]


def test_only_a_good_look_that_was_told_before_the_last_failure_was_asked_begins_an_outage() -> None:
    """Asked at 1 and told at 2.5, while the failure of 2 was asked: it may have been met after it."""
    rows = [Sample(0.0, Outcome.OK, 0.0, 0.02), Sample(1.0, Outcome.SLOW, 0.0, 1.5), Sample(2.0, Outcome.REFUSED, 0.0, 0.01),
            Sample(3.0, Outcome.OK, 0.0, 0.02)]  # fmt: skip
    assert [(one.started_earliest_s, one.started_latest_s, one.ended_latest_s) for one in outages(rows)] == [(0.0, 2.01, 3.02)]


def test_the_looks_before_two_groups_of_failures_and_after_them_tell_whether_a_look_between_parts_them() -> None:
    """Nothing good came before, and of those after only what was asked after the first answer tells: a prompt answer takes 20 ms.

    So at 0.1 the outage of 0.0 had begun. If the look between, or the first after, told how long an answer takes, it might not have.
    """
    looks = [(0.0, "c", 0.9), (0.1, "+", 0.25), (3.0, "c", 0.9), (3.5, "c", 0.9), (5.0, "+", 0.25), (6.0, "+", 0.02), (7.0, "+", 0.02)]
    rows = [Sample(at_s, WORDS[word][0], 0.0, took_s) for at_s, word, took_s in looks]
    assert [one.outcomes for one in outages(rows)] == [((Outcome.CONNECT_TIMEOUT, 1),), ((Outcome.CONNECT_TIMEOUT, 2),)]


def test_a_good_look_that_parts_nothing_does_not_keep_a_later_one_from_it() -> None:
    """The one of 2 was told after everything, the one of 4 between the failures of 3 and 5."""
    looks = [(0.0, "+", 0.02), (1.0, "-", 0.01), (2.0, "s", 3.5), (3.0, "-", 0.01), (4.0, "+", 0.02), (5.0, "-", 0.01), (6.0, "+", 0.02)]
    rows = [Sample(at_s, WORDS[word][0], 0.0, took_s) for at_s, word, took_s in looks]
    assert [(one.started_latest_s, one.ended_earliest_s) for one in outages(rows)] == [(1.01, 3.0), (5.01, 5.0)]


def test_the_last_of_the_good_looks_that_were_told_in_time_begins_an_outage() -> None:
    looks = [(0.0, "+", 0.02), (1.0, "+", 0.02), (2.0, "s", 1.5), (3.0, "-", 0.01), (4.0, "+", 0.02)]
    rows = [Sample(at_s, WORDS[word][0], 0.0, took_s) for at_s, word, took_s in looks]
    assert [one.started_earliest_s for one in outages(rows)] == [1.0]


def test_an_answer_that_took_no_time_tells_that_answers_take_none() -> None:
    rows = [Sample(0.0, Outcome.CONNECT_TIMEOUT, 0.0, 0.9), Sample(1.0, Outcome.OK, 0.0, 0.0)]
    assert outages(rows)[0].started_latest_s == 0.0


def test_an_outage_ends_with_the_first_good_look_that_was_asked_after_its_last_failure_or_else_with_one_between() -> None:
    """Asked at 2 and told at 3.5, while the failure of 3 was asked and told: it does not part them, and it is not the one that counts."""
    rows = [Sample(0.0, Outcome.OK, 0.0, 0.02), Sample(1.0, Outcome.REFUSED, 0.0, 0.01), Sample(2.0, Outcome.SLOW, 0.0, 1.5),
            Sample(3.0, Outcome.REFUSED, 0.0, 0.01), Sample(4.0, Outcome.OK, 0.0, 0.02)]  # fmt: skip
    assert [(one.started_earliest_s, one.ended_earliest_s, one.ended_latest_s) for one in outages(rows)] == [(0.0, 3.0, 4.02)]
    assert [(one.started_earliest_s, one.ended_earliest_s, one.ended_latest_s) for one in outages(rows[:4])] == [(0.0, 3.0, 3.5)]


def test_no_edge_lies_beyond_the_other_end_of_its_outage() -> None:
    assert edges("+t++", rate=100.0) == [(0.0, 3.0, 0.0, 5.0)]


def test_a_missed_look_beside_an_edge_leaves_it_as_wide_as_the_looks_that_were_asked() -> None:
    assert edges("+?--?+") == [(0.0, 2.01, 3.0, 5.02)]


def between(overlap_s: float) -> list[tuple[float, float, float, float | None]]:
    """A refusal asked at 1 and told only at 1.3, a good answer asked overlap_s before that, a refusal at 1.5, and good again at 2."""
    rows = [
        Sample(0.0, Outcome.OK, 0.0, 0.02), Sample(1.0, Outcome.REFUSED, 0.0, 0.3), Sample(1.3 - overlap_s, Outcome.OK, 0.0, 0.02),
        Sample(1.5, Outcome.REFUSED, 0.0, 0.01), Sample(2.0, Outcome.OK, 0.0, 0.02),
    ]  # fmt: skip
    return [(one.started_earliest_s, one.started_latest_s, one.ended_earliest_s, one.ended_latest_s) for one in outages(rows)]


def test_a_good_look_that_may_have_overtaken_the_failure_before_it_parts_nothing() -> None:
    assert between(0.1) == [(0.0, 1.3, 1.5, 2.02)]


def test_a_good_look_that_was_asked_after_a_failure_was_told_parts_two_outages() -> None:
    assert between(0.0) == [(0.0, 1.3, 1.0, 1.32), (1.3, 1.51, 1.5, 2.02)]


def test_a_good_answer_that_came_after_the_last_failure_was_asked_parts_nothing() -> None:
    """Asked at 2 and held for 0.7 s, while the failure at 2.5 was asked."""
    rows = [Sample(0.0, Outcome.OK, 0.0, 0.02), Sample(1.0, Outcome.REFUSED, 0.0, 0.01), Sample(2.0, Outcome.SLOW, 0.0, 0.7),
            Sample(2.5, Outcome.REFUSED, 0.0, 0.01), Sample(3.0, Outcome.OK, 0.0, 0.02)]  # fmt: skip
    assert [(one.started_latest_s, one.ended_earliest_s) for one in outages(rows)] == [(1.01, 2.5)]
    rows[3] = Sample(2.7, Outcome.REFUSED, 0.0, 0.01)
    assert [(one.started_latest_s, one.ended_earliest_s) for one in outages(rows)] == [(1.01, 1.0), (2.71, 2.7)]


# --- a server that changes while requests are under way ---

SLOTS = 50
D_S = 0.9
moments = st.floats(min_value=2.0, max_value=20.0)  # so that the first look, whose flight is as long as any, is good
lengths = st.floats(min_value=0.0, max_value=25.0)
chances = st.integers(min_value=0, max_value=2**32).map(random.Random)
missing = st.sets(st.integers(min_value=1, max_value=SLOTS - 1))
Answer = Callable[[float, float, float], tuple[Outcome, float]]


def looked(
    chance: random.Random,
    missed: set[int],
    period_s: float,
    late: float,
    answered: Answer,
    *,
    flights_s: float = 0.2,
    in_order: bool = True,
) -> tuple[Sample, ...]:
    """Ask in every slot, up to a share of the period late; the server takes each question at some moment of its flight, in order or not.

    answered tells what comes of a question that is due, decided and answered at these moments. The first flight is as long as any.
    """
    rows, last_s = [], 0.0
    for slot in range(SLOTS):
        due_s, flight_s = slot * period_s, flights_s if slot == 0 else chance.uniform(0.0, flights_s)
        asked_s = due_s + chance.uniform(0.0, late * period_s)
        last_s = max(last_s if in_order else 0.0, asked_s + chance.uniform(0.0, flight_s))
        outcome, done_s = answered(due_s, last_s, max(asked_s + flight_s, last_s))
        rows.append(Sample(due_s, Outcome.MISSED if slot in missed else outcome, asked_s - due_s, done_s - due_s))
    return tuple(rows)


def holds(found: tuple[Outage, ...], began_s: float, over_s: float) -> None:
    """Insist, without any slack but rounding, that the truth is in the intervals."""
    assert len(found) <= 1
    for one in found:
        most_s = math.inf if one.ended_latest_s is None else one.ended_latest_s
        assert one.started_earliest_s <= began_s + 1e-9
        assert one.started_latest_s >= began_s - 1e-9
        assert one.ended_earliest_s <= over_s + 1e-9
        assert most_s >= over_s - 1e-9
        assert one.shortest_s <= over_s - began_s + 1e-9
        assert one.longest_s is None or over_s - began_s <= one.longest_s + 1e-9


@given(period_s=st.sampled_from([1.0, 0.25]), began_s=moments, lasted_s=lengths, chance=chances, missed=missing)
def test_the_truth_lies_in_the_interval_though_requests_are_under_way_when_it_changes(
    period_s: float, began_s: float, lasted_s: float, chance: random.Random, missed: set[int]
) -> None:
    began_s, over_s = began_s * period_s, (began_s + lasted_s) * period_s

    def answered(due_s: float, decided_s: float, done_s: float) -> tuple[Outcome, float]:
        return Outcome.REFUSED if began_s <= decided_s < over_s else Outcome.OK, done_s

    holds(outages(looked(chance, missed, period_s, 0.9, answered)), began_s, over_s)


@given(period_s=st.sampled_from([0.25, 0.1]), began_s=moments, lasted_s=lengths, chance=chances, missed=missing)
def test_so_it_does_where_requests_overtake_one_another(
    period_s: float, began_s: float, lasted_s: float, chance: random.Random, missed: set[int]
) -> None:
    began_s, over_s = began_s * period_s, (began_s + lasted_s) * period_s

    def answered(due_s: float, decided_s: float, done_s: float) -> tuple[Outcome, float]:
        return Outcome.REFUSED if began_s <= decided_s < over_s else Outcome.OK, done_s

    holds(outages(looked(chance, missed, period_s, 0.9, answered, flights_s=0.7, in_order=False)), began_s, over_s)


@given(period_s=st.sampled_from([1.0, 0.25]), began_s=moments, lasted_s=lengths, chance=chances, missed=missing)
def test_so_it_does_where_packets_are_lost_and_nobody_answers(
    period_s: float, began_s: float, lasted_s: float, chance: random.Random, missed: set[int]
) -> None:
    began_s, over_s = began_s * period_s, (began_s + lasted_s) * period_s

    def answered(due_s: float, decided_s: float, done_s: float) -> tuple[Outcome, float]:
        return (Outcome.CONNECT_TIMEOUT, max(due_s + D_S, done_s)) if began_s <= decided_s < over_s else (Outcome.OK, done_s)

    holds(outages(looked(chance, missed, period_s, 0.9, answered)), began_s, over_s)


@given(period_s=st.sampled_from([1.0, 0.25]), began_s=moments, lasted_s=lengths, chance=chances, missed=missing)
def test_so_it_does_where_questions_are_put_aside_and_answered_when_the_stall_is_over(
    period_s: float, began_s: float, lasted_s: float, chance: random.Random, missed: set[int]
) -> None:
    """Seen is the stall less the deadline; an answer takes the rest of its flight after the end of the stall."""
    began_s, over_s = began_s * period_s, (began_s + lasted_s) * period_s

    def answered(due_s: float, decided_s: float, done_s: float) -> tuple[Outcome, float]:
        done_s = over_s + done_s - decided_s if began_s <= decided_s < over_s else done_s
        if done_s > due_s + D_S:
            return Outcome.READ_TIMEOUT, due_s + D_S
        return (Outcome.SLOW if done_s - due_s > 0.3 else Outcome.OK), done_s

    found = outages(looked(chance, missed, period_s, 0.1, answered))
    if over_s - D_S > began_s:
        holds(found, began_s, over_s - D_S)
