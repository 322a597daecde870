"""Answers of a pod that was no ready endpoint any more."""

from chaoscinder.checks.backends import told, tolerance_s, without_stale
from chaoscinder.model.attachment import View
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
    assert said([answer(10.0)], HANDOVER) == "none"
    assert said([answer(70.0), answer(71.0)], HANDOVER) == "2 answers of old, more than 5.5 s after it was no ready endpoint any more"
