"""Answers of a pod that was no ready endpoint any more."""

from types import ModuleType

import pytest

from chaoscinder.checks.backends import contradictions, told, tolerance_s, without_stale
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.model.timeline import Change


def endpoints(at_s: float, *ready: str, name: str = "slice-1", gone: bool = False) -> Change:
    return Change(at_s, View.KUBERNETES, "EndpointSlice", name, f"uid-{name}", None if gone else {"ready": list(ready), "not_ready": []})


def answer(at_s: float, backend: str | None = "old", outcome: Outcome = Outcome.OK) -> Sample:
    return Sample(at_s, outcome, 0.0, 0.01, 200, backend)


def stale(samples: list[Sample], changes: list[Change], rate: float = 1.0) -> list[float]:
    return [row.at_s for row in without_stale(samples, changes, rate=rate) if row.outcome is Outcome.STALE_BACKEND]


HANDOVER = [endpoints(0.0, "old"), endpoints(50.0), endpoints(80.0, "new")]


def test_an_answer_long_after_the_pod_left_its_service_is_stale() -> None:
    assert tolerance_s(1.0) == 5.5
    assert stale([answer(float(at)) for at in (10, 50, 55, 56, 100)], HANDOVER) == [56.0, 100.0]


def test_the_tolerance_has_a_wall_part_that_grows_with_the_rate() -> None:
    assert tolerance_s(20.0) == 15.0
    assert stale([answer(64.0), answer(66.0)], HANDOVER, rate=20.0) == [66.0]


def test_a_pod_that_was_never_a_ready_endpoint_is_not_stale() -> None:
    assert stale([answer(90.0, "other"), answer(90.0, None), answer(70.0, "new")], HANDOVER) == []


def test_a_pod_that_came_back_is_not_stale() -> None:
    assert stale([answer(70.0), answer(90.0)], [*HANDOVER[:2], endpoints(75.0, "old")]) == [70.0]


def test_the_time_counts_from_when_the_pod_left_last() -> None:
    often = [endpoints(0.0, "old"), endpoints(50.0), endpoints(60.0, "old"), endpoints(100.0)]
    assert stale([answer(103.0), answer(106.0)], often) == [106.0]


def test_a_failed_look_stays_what_it_was() -> None:
    assert stale([answer(70.0, "old", Outcome.SERVER_ERROR)], HANDOVER) == []


def test_a_pod_that_another_slice_still_has_is_a_ready_endpoint() -> None:
    both = [endpoints(0.0, "old"), endpoints(0.0, "old", name="slice-2"), endpoints(50.0, gone=True)]
    assert stale([answer(70.0)], both) == []
    assert stale([answer(70.0)], [*both, endpoints(55.0, name="slice-2")]) == [70.0]


def test_what_became_of_the_look_is_told_and_why_there_was_none() -> None:
    def said(samples: list[Sample], changes: list[Change]) -> str:
        return told(without_stale(samples, changes, rate=1.0), changes, rate=1.0)

    assert said([answer(10.0, None)], HANDOVER) == "not checked: no answer told which pod gave it (app_backend_pattern)"
    assert said([answer(10.0)], []) == "not checked: no ready endpoint was recorded"
    assert said([answer(10.0, "x")], HANDOVER) == "not checked: x answered, which never was a ready endpoint"
    assert said([answer(10.0, name) for name in "dbca"], HANDOVER) == (
        "not checked: a, b and c answered, which never was a ready endpoint"
    )  # fmt: skip
    assert said([answer(10.0)], HANDOVER) == "none"
    assert said([answer(70.0), answer(71.0)], HANDOVER) == "2 answers of old, more than 5.5 s after it was no ready endpoint any more"


def doubt(answers: int, from_s: float, to_s: float) -> str:
    """What is said of answers without an endpoint."""
    said = f"{answers} answers though the Service had no ready endpoint from {from_s} s to {to_s} s"
    return f"{said}: they may be a cache's or a lost pod's"


@pytest.mark.parametrize(
    ("changes", "watched_to_s", "found"),
    [
        ([endpoints(0.0, "old"), endpoints(10.0), endpoints(40.0, "new")], None, (doubt(24, 10.0, 40.0),)),
        ([endpoints(0.0, "old"), endpoints(10.0, "old", "new"), endpoints(40.0, "new")], None, ()),
        ([endpoints(0.0, "old"), endpoints(10.0)], None, (doubt(44, 10.0, 60.0),)),
        ([endpoints(0.0, "old"), endpoints(10.0)], 30.0, (doubt(14, 10.0, 30.0),)),
        ([endpoints(0.0), endpoints(40.0, "new")], None, ()),
        ([endpoints(0.0, "old"), endpoints(10.0), endpoints(16.0, "new")], None, ()),
        (
            [endpoints(0.0, "old"), endpoints(10.0), endpoints(25.0, "new"), endpoints(30.0, gone=True), endpoints(50.0, "new")],
            None,
            (doubt(9, 10.0, 25.0), doubt(14, 30.0, 50.0)),
        ),
    ],
    ids=["none for a while", "one before the other left", "none to the end", "to the end of the watch", "none yet", "too short", "twice"],
)
def test_answers_while_the_service_had_no_ready_endpoint_are_a_doubt(
    stories: ModuleType, changes: list[Change], watched_to_s: float | None, found: tuple[str, ...]
) -> None:
    watched = {} if watched_to_s is None else {"KUBERNETES": watched_to_s}
    looks = tuple(answer(float(at_s), None) for at_s in range(61))
    run = Run(stories.header(rate=1.0), samples=looks, changes=tuple(changes), watched_to_s=watched)
    assert contradictions(run) == found


def test_one_failure_among_the_answers_takes_the_doubt_away_and_a_missed_look_does_not(stories: ModuleType) -> None:
    def doubts(outcome: Outcome) -> int:
        looks = tuple(answer(float(at_s), None, outcome if at_s == 30 else Outcome.OK) for at_s in range(61))
        return len(contradictions(Run(stories.header(rate=1.0), samples=looks, changes=(endpoints(0.0, "old"), endpoints(10.0)))))

    assert (doubts(Outcome.OK), doubts(Outcome.MISSED), doubts(Outcome.REFUSED)) == (1, 1, 0)
