"""Whether a fault may begin after what was seen of the baseline."""

from dataclasses import replace

import pytest

from chaoscinder.checks.gate import Baseline, baseline
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outcome, Sample


def looks(picture: str) -> tuple[Sample, ...]:
    words = {"+": Outcome.OK, "-": Outcome.REFUSED, "?": Outcome.MISSED}
    return tuple(Sample(float(slot), words[word], 0.0, 0.004) for slot, word in enumerate(picture))


def seen(passing_run: Run, picture: str, control: str = "") -> Baseline:
    return baseline(replace(passing_run, samples=looks(picture), changes=(), series={"control": looks(control)} if control else {}))


def test_a_healthy_baseline_lets_the_fault_begin(passing_run: Run) -> None:
    assert seen(passing_run, "+" * 10) == Baseline(0, 0, 10)
    assert seen(passing_run, "+" * 10).why_not(30.0) == ""


def test_a_failure_in_the_baseline_refuses_it(passing_run: Run) -> None:
    assert seen(passing_run, "++-++-+++", control="+" * 9) == Baseline(2, 0, 9)
    assert seen(passing_run, "++-++-+++").why_not(30.0) == (
        "the application failed 2 times in the 30 s before the fault (wanted none): nothing was touched"
    )


def test_a_failure_at_a_moment_when_the_control_failed_too_is_none_of_the_applications(passing_run: Run) -> None:
    told = seen(passing_run, "++++-" + "+" * 10, control="++++-" + "+" * 10)
    assert told == Baseline(0, 1, 15)
    assert told.why_not(30.0) == ""


@pytest.mark.parametrize(("failed", "refused"), [(1, False), (2, True)])
def test_a_baseline_of_which_too_little_is_known_refuses_it(passing_run: Run, failed: int, refused: bool) -> None:
    told = seen(passing_run, "+" * 10, control="+" * 5 + "-" * failed + "+" * (5 - failed))
    assert told == Baseline(0, failed, 10)
    assert told.why_not(30.0) == (
        "2 of 10 looks in the 30 s before the fault say nothing, because the control endpoint failed, too (wanted at least 90% that do): "
        "nothing was touched"
    ) * refused  # fmt: skip
