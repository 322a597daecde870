"""Whether the samples are good enough to carry a figure. Below these bounds no outage is judged, neither long nor short."""

from collections.abc import Sequence

from chaoscinder.checks.availability import finest_s
from chaoscinder.model.run import Aims
from chaoscinder.model.sample import Sample
from chaoscinder.model.verdict import Availability

MOST_MISSED = 0.01
FEWEST_BASELINE_SAMPLES = 5
# Of the slots of the baseline, at least this share must hold an answer or a failure.
LEAST_BASELINE_SHARE = 0.9


def sampling_problems(seen: Availability, before: Sequence[Sample], *, baseline_s: float, rate: float) -> tuple[str, ...]:
    """Tell, one line each, why the samples are not enough to judge by; empty when they are.

    before are the samples of the baseline_s cluster seconds before the fault.
    """
    known = sum(1 for sample in before if sample.outcome.is_known)
    wanted = max(FEWEST_BASELINE_SAMPLES, int(LEAST_BASELINE_SHARE * baseline_s / finest_s(rate, seen.period_s)))
    checks = (
        (known < wanted, f"{known} samples in the baseline (wanted {wanted})"),
        (seen.samples == seen.missed + seen.unknown, "no sample since the fault"),
        (
            seen.missed + seen.unknown > MOST_MISSED * seen.samples,
            f"{seen.missed} of {seen.samples} samples missed{_unknown(seen.unknown)} (wanted at most 1 %)",
        ),
        (
            seen.late_p99_s > seen.period_s / 2,
            f"lateness p99 is {_ms(seen.late_p99_s)} (wanted at most half a period, {_ms(seen.period_s / 2)})",
        ),
    )
    return tuple(text for bad, text in checks if bad)


def baseline_samples(samples: Sequence[Sample], *, fault_s: float, baseline_s: float, rate: float) -> tuple[Sample, ...]:
    """Pick the samples of the baseline: the last baseline_s cluster seconds before the fault.

    A request that was on its way when the fault struck, and failed, belongs to the outage and not to the baseline.
    """
    asked = (sample for sample in samples if fault_s - baseline_s <= sample.at_s < fault_s)
    return tuple(sample for sample in asked if sample.outcome.is_up or sample.at_s + sample.latency_s * rate <= fault_s)


def too_fine(aims: Aims, rate: float) -> tuple[str, ...]:
    """Name, one line each, the objectives that are finer than the sampling resolves; the run is refused for them."""
    finest = finest_s(rate, 1 / aims.samples_per_s)
    bounds = {
        "outage_budget_s": aims.outage_budget_s,
        "recovery_deadline_s": aims.recovery_deadline_s,
        "stable_for_s": aims.stable_for_s,
        "baseline_s": aims.baseline_s,
    }
    return tuple(
        f"{name} is {value:g} s, finer than the {finest:g} s that {aims.samples_per_s:g} samples a second resolve at rate {rate:g}"
        for name, value in bounds.items()
        if value < finest
    )


def _unknown(number: int) -> str:
    return f" and {number} unknown, because the control endpoint failed, too" if number else ""


def _ms(wall_s: float) -> str:
    return f"{wall_s * 1000:.0f} ms"
