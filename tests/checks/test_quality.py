"""When samples may carry a figure."""

from chaoscinder.checks.availability import availability
from chaoscinder.checks.quality import baseline_samples, sampling_problems, too_fine
from chaoscinder.model.run import Aims
from chaoscinder.model.sample import Outcome, Sample


def sample(at_s: float, outcome: Outcome = Outcome.OK, late_s: float = 0.001, latency_s: float = 0.004) -> Sample:
    return Sample(at_s, outcome, late_s, latency_s)


def problems(samples: list[Sample], fault_s: float = 30.0) -> tuple[str, ...]:
    told = availability(samples, since_s=fault_s, period_s=0.05, rate=20.0)
    before = baseline_samples(samples, fault_s=fault_s, baseline_s=30.0, rate=20.0)
    return sampling_problems(told, before, baseline_s=30.0, rate=20.0)


def test_complete_and_punctual_samples_are_enough() -> None:
    assert problems([sample(float(at)) for at in range(131)]) == ()


def test_more_than_one_percent_missed_is_not_enough() -> None:
    good = [sample(float(at)) for at in range(30)]
    assert problems([*good, *(sample(float(at), Outcome.MISSED if at == 50 else Outcome.OK) for at in range(30, 131))]) == ()
    assert problems([*good, *(sample(float(at), Outcome.MISSED if at in (50, 60) else Outcome.OK) for at in range(30, 131))]) == (
        "2 of 101 samples missed (wanted at most 1 %)",
    )


def test_unknown_samples_count_like_missed_ones() -> None:
    outcomes = {50: Outcome.MISSED, 60: Outcome.UNKNOWN}
    good = [sample(float(at), outcomes.get(at, Outcome.OK)) for at in range(131)]
    assert problems(good) == ("1 of 101 samples missed and 1 unknown, because the control endpoint failed, too (wanted at most 1 %)",)


def test_a_record_of_nothing_but_unknown_samples_is_not_enough() -> None:
    rows = [sample(float(at), Outcome.UNKNOWN if at >= 30 else Outcome.OK) for at in range(60)]
    assert problems(rows)[0] == "no sample since the fault"


def test_lateness_above_half_a_period_is_not_enough() -> None:
    rows = [sample(float(at), late_s=0.030 if at % 20 == 0 else 0.001) for at in range(131)]
    assert problems(rows) == ("lateness p99 is 30 ms (wanted at most half a period, 25 ms)",)


def test_a_short_baseline_is_not_enough() -> None:
    assert problems([sample(float(at)) for at in range(15, 131)]) == ("15 samples in the baseline (wanted 27)",)


def test_no_samples_after_the_fault_are_not_enough() -> None:
    assert problems([sample(float(at)) for at in range(30)]) == ("no sample since the fault",)


def test_a_request_that_the_fault_caught_on_its_way_is_not_of_the_baseline() -> None:
    caught = sample(29.0, Outcome.READ_TIMEOUT, latency_s=0.9)
    earlier = sample(5.0, Outcome.READ_TIMEOUT, latency_s=0.9)
    answered = sample(29.5)
    assert baseline_samples([earlier, caught, answered, sample(30.0)], fault_s=30.0, baseline_s=30.0, rate=20.0) == (earlier, answered)


def test_a_failure_that_was_over_when_the_fault_struck_is_of_the_baseline() -> None:
    """A wait of 0.5 s wall takes 10 s at rate 20."""
    over, under_way = sample(20.0, Outcome.READ_TIMEOUT, latency_s=0.5), sample(20.5, Outcome.READ_TIMEOUT, latency_s=0.5)
    assert baseline_samples([over, under_way], fault_s=30.0, baseline_s=30.0, rate=20.0) == (over,)


def test_what_is_just_enough_is_enough() -> None:
    """27 looks in the baseline, a p99 of half a period, a look at its very beginning, and a bound of one slot."""
    assert problems([sample(float(at), late_s=0.025) for at in range(3, 131)]) == ()
    assert problems([sample(float(at)) for at in range(4, 131)]) == ("26 samples in the baseline (wanted 27)",)
    assert baseline_samples([sample(-0.5), sample(0.0)], fault_s=30.0, baseline_s=30.0, rate=20.0) == (sample(0.0),)
    assert too_fine(Aims(outage_budget_s=1.0), 20.0) == ()


def test_objectives_finer_than_the_sampling_are_named() -> None:
    assert too_fine(Aims(), 20.0) == ()
    assert too_fine(Aims(outage_budget_s=0.5, samples_per_s=20.0), 20.0) == (
        "outage_budget_s is 0.5 s, finer than the 1 s that 20 samples a second resolve at rate 20",
    )
