"""Going on until something is undone, with a limit."""

import pytest

from chaoscinder.clock import Clock
from chaoscinder.errors import CannotTell, NotFound, Refused, TimedOut
from chaoscinder.recovery.steps import Step, changing, go_on, insist_gone

RATE = 1000.0


def steps(*told: tuple[str, str] | Exception) -> Step:
    """A step that tells one after the other, the last one for ever."""
    left = list(told)

    def step() -> tuple[str, str]:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, Exception):
            raise now
        return now

    return step


def done(step: Step, limit_s: float = 5000.0) -> str:
    clock = Clock(RATE)
    return go_on(clock, clock.deadline(limit_s), step, wanted="it gone")


def test_until_a_step_tells_the_end() -> None:
    assert done(steps(("ACTIVE", ""))) == "ACTIVE"
    assert done(steps(("", "still there"), ("gone", ""))) == "gone"


@pytest.mark.parametrize("error", [CannotTell("no answer"), Refused("not now")])
def test_an_api_that_does_not_answer_or_refuses_is_asked_again(error: Exception) -> None:
    assert done(steps(error, ("gone", ""))) == "gone"


def test_the_limit_says_what_stood_in_the_way_last() -> None:
    with pytest.raises(TimedOut, match=r"^not now after \d+ s \(wanted it gone within 1 s\)$"):
        done(steps(("", "still there"), Refused("not now")), limit_s=1.0)


def test_what_is_not_there_any_more_is_for_the_caller() -> None:
    with pytest.raises(NotFound):
        done(steps(NotFound("gone")))


def test_a_change_that_finds_nothing_is_no_proof_that_nothing_is_there() -> None:
    with pytest.raises(CannotTell, match="no node worker-1"), changing():
        raise NotFound("no node worker-1")


def test_what_is_still_in_the_list_of_its_kind_is_not_gone() -> None:
    insist_gone(NotFound("no node worker-1"), "worker-1", ["worker-2"])
    with pytest.raises(CannotTell, match=r"^no node worker-1; yet worker-1 is in the list$"):
        insist_gone(NotFound("no node worker-1"), "worker-1", ["worker-2", "worker-1"])
