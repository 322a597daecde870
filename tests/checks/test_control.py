"""Slots in which the control endpoint failed are unknown, not an outage."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaoscinder.checks.control import step_s, without_blind_slots
from chaoscinder.model.sample import Outcome, Sample

LETTERS = {"+": Outcome.OK, "-": Outcome.REFUSED, "?": Outcome.MISSED, "u": Outcome.UNKNOWN}
SIGNS = {outcome: sign for sign, outcome in LETTERS.items()}


def drawn(picture: str, *, step_s: float = 1.0, from_s: float = 0.0) -> list[Sample]:
    return [Sample(from_s + number * step_s, LETTERS[letter], 0.0, 0.01) for number, letter in enumerate(picture)]


def picture(samples: tuple[Sample, ...]) -> str:
    return "".join(SIGNS[sample.outcome] for sample in samples)


@pytest.mark.parametrize(
    ("headline", "control", "judged"),
    [
        ("+--+++", "+--+++", "+uu+++"),
        ("+--+++", "++++++", "+--+++"),
        ("++++++", "+--+++", "+uu+++"),
        ("+?-+", "+--+", "+?u+"),
        ("+--+", "+??+", "+--+"),
        ("+--+", "", "+--+"),
        ("+--+", "----", "+--+"),
        ("+--+", "????", "+--+"),
    ],
    ids=[
        "both failed",
        "only the application failed",
        "only the control failed",
        "a missed slot stays missed",
        "a missed look at the control tells nothing",
        "no control",
        "a control that never answered is none",
        "a control that was never asked",
    ],
)
def test_a_slot_is_unknown_where_the_control_failed(headline: str, control: str, judged: str) -> None:
    assert picture(without_blind_slots(drawn(headline), drawn(control), rate=1.0)) == judged


def test_the_nearest_look_at_a_slower_control_counts_within_its_period() -> None:
    control = drawn("+-+", step_s=4.0)
    assert picture(without_blind_slots(drawn("-" * 10), control, rate=1.0)) == "--uuuuu---"


def test_a_control_that_was_looked_at_too_long_ago_says_nothing() -> None:
    control = [*drawn("++-"), *drawn("+", from_s=30.0)]
    assert picture(without_blind_slots(drawn("-" * 8), control, rate=1.0)) == "--uu----"


def test_the_moment_at_which_both_were_really_asked_counts() -> None:
    late = [Sample(0.0, Outcome.REFUSED, 0.1, 0.01), Sample(1.0, Outcome.REFUSED, 0.0, 0.01)]
    control = [Sample(0.0, Outcome.OK, 0.0, 0.01), Sample(1.0, Outcome.REFUSED, 0.0, 0.01), Sample(2.0, Outcome.OK, 0.0, 0.01)]
    assert [row.outcome for row in without_blind_slots(late, control, rate=10.0)] == [Outcome.UNKNOWN, Outcome.UNKNOWN]
    assert [row.outcome for row in without_blind_slots(late, control, rate=1.0)] == [Outcome.REFUSED, Outcome.UNKNOWN]


def test_the_step_of_a_series_is_its_usual_one() -> None:
    assert [step_s(drawn(picture, step_s=0.25)) for picture in ("+++", "++")] == [0.25, 0.25]
    assert step_s([*drawn("++++"), *drawn("++", from_s=50.0)]) == 1.0
    assert (step_s(drawn("+")), step_s([])) == (0.0, 0.0)


signs = st.text(alphabet="+-?", max_size=30)


@given(signs, signs)
def test_against_looking_at_every_pair_of_looks(headline: str, control: str) -> None:
    """On one grid: a slot is unknown if one of the nearest known looks at the control failed, and they are at most a slot away."""
    known = [slot for slot, sign in enumerate(control) if sign != "?"]

    def judged(slot: int, sign: str) -> str:
        if sign == "?" or "+" not in control:
            return sign
        least = min(abs(slot - other) for other in known)
        nearest = {control[other] for other in known if abs(slot - other) == least}
        return "u" if least <= 1 and "-" in nearest else sign

    told = picture(without_blind_slots(drawn(headline), drawn(control), rate=1.0))
    assert told == "".join(judged(slot, sign) for slot, sign in enumerate(headline))


@given(signs, signs)
def test_to_judge_twice_changes_nothing(headline: str, control: str) -> None:
    once = without_blind_slots(drawn(headline), drawn(control), rate=1.0)
    assert without_blind_slots(once, drawn(control), rate=1.0) == once
