"""Every series of a run as judgement sees it: blind slots unknown, stale answers bad. Nothing else may feed a figure or a picture."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from chaoscinder.checks import backends, control
from chaoscinder.checks.availability import availability
from chaoscinder.checks.quality import baseline_samples, sampling_problems
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Sample
from chaoscinder.model.verdict import Series


def as_judged(run: Run) -> Run:
    """Give the same run with the outcome of every look as judgement takes it; to do it twice changes nothing."""
    rate, watch = run.header.rate, run.series.get(control.NAME, ())

    def judged(samples: Sequence[Sample]) -> tuple[Sample, ...]:
        return control.without_blind_slots(backends.without_stale(samples, run.changes, rate=rate), watch, rate=rate)

    further = {name: tuple(rows) if name == control.NAME else judged(rows) for name, rows in run.series.items()}
    return replace(run, samples=judged(run.samples), series=further)


def further(series: Mapping[str, Sequence[Sample]], run: Run, *, since_s: float, injected_s: float | None) -> tuple[Series, ...]:
    """Add up every further series from the fault on, in the order of their names."""
    return tuple(_one(name, series[name], run, since_s, injected_s) for name in sorted(series) if series[name])


def control_problems(run: Run) -> tuple[str, ...]:
    """Tell why the control endpoint is of no use, if it is not."""
    watch = [row for row in run.series.get(control.NAME, ()) if row.outcome.is_known]
    if not watch or control.is_usable(watch):
        return ()
    return ("the control endpoint never answered, so outages of our own could not be told from the application's",)


def _one(name: str, samples: Sequence[Sample], run: Run, since_s: float, injected_s: float | None) -> Series:
    rate, aims = run.header.rate, run.header.aims
    period_s = control.step_s(samples) / rate or 1 / aims.samples_per_s
    seen = availability(samples, since_s=since_s, period_s=period_s, rate=rate, stable_for_s=aims.stable_for_s, injected_s=injected_s)
    before = baseline_samples(samples, fault_s=since_s, baseline_s=aims.baseline_s, rate=rate)
    return Series(name, seen, sampling_problems(seen, before, baseline_s=aims.baseline_s, rate=rate))
