"""What a selftest amounts to: measured outages against true ones. Pure.

In the domain in which a sampler measures (docs/measurement.md) a stall of width W is an outage of max(0, W - D); everything else is as long
as it was. The true length must lie in the measured interval as it is, and the middle of that be off by no more than a period, the lateness
and the time that an answer takes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from chaoscinder.checks.availability import quantile
from chaoscinder.checks.edges import usual_flight_s
from chaoscinder.model.sample import Outage, Outcome, Sample
from chaoscinder.recorder.fault_process import Truth
from chaoscinder.recorder.fault_server import Fault

WAITED = (Outcome.CONNECT_TIMEOUT, Outcome.READ_TIMEOUT, Outcome.SLOW, Outcome.MISSED)  # how long these took says nothing about an edge


@dataclass(frozen=True, slots=True)
class Pair:
    """One true outage and what was measured of it, in seconds; measured has as many outages as it fell into, one when all is well.

    lateness_s is how late the looks at its edges were asked, and how long they took.
    """

    truth: Truth
    true_s: float
    measured: tuple[Outage, ...]
    lateness_s: float

    @property
    def length_s(self) -> float | None:
        """The measured length: the middle of the interval; None where there is not exactly one outage that has begun and ended."""
        longest = self.measured[0].longest_s if len(self.measured) == 1 else None
        return None if longest is None else (self.measured[0].shortest_s + longest) / 2

    @property
    def error_s(self) -> float | None:
        """By how much the measured length is off."""
        return None if self.length_s is None else self.length_s - self.true_s

    @property
    def holds(self) -> bool:
        """Whether the true length lies in the interval; of a killed process only the bounds of its own are known."""
        longest = self.measured[0].longest_s if len(self.measured) == 1 else None
        return longest is not None and self.measured[0].shortest_s <= self.true_s and self.true_s - self.truth.loose_s <= longest


@dataclass(frozen=True, slots=True)
class Figures:
    """What one sampler made of all outages.

    invented are outages that there were none of. short_stalls were shorter than the deadline; slow_stalls of them showed as slow.
    """

    samples_per_s: float
    pairs: tuple[Pair, ...]
    invented: tuple[Outage, ...]
    short_stalls: int
    slow_stalls: int
    samples: int
    missed: int
    late_s: tuple[float, float, float]

    @property
    def period_s(self) -> float:
        """Wall seconds between two slots."""
        return 1 / self.samples_per_s

    @property
    def errors_s(self) -> tuple[float, ...]:
        """The errors of all outages that were measured."""
        return tuple(pair.error_s for pair in self.pairs if pair.error_s is not None)

    def problems(self) -> tuple[str, ...]:
        """Tell, one line each, what is wrong; empty when the sampler can be trusted on this machine."""
        lines = [line for pair in self.pairs if (line := _problem(pair, self.period_s))]
        lines += [f"an outage of {_range(one)} was invented at {one.started_latest_s:.3f} s: {_mix(one)}" for one in self.invented]
        if self.slow_stalls < self.short_stalls:
            lines.append(f"of {self.short_stalls} stalls shorter than the deadline {self.slow_stalls} showed as slow")
        return tuple(f"{self.samples_per_s:g}/s: {line}" for line in lines)


def figures(
    samples_per_s: float, samples: Sequence[Sample], outages: Sequence[Outage], truths: Sequence[Truth], answer_within_s: float
) -> Figures:
    """Compare; everything is on one axis of wall seconds."""
    late = sorted(sample.late_s for sample in samples if sample.outcome.is_known)
    usual_s, late_p99_s = quantile(_answer_times(samples, truths), 0.99), quantile(late, 0.99)
    known = sorted((sample for sample in samples if sample.outcome.is_known), key=_asked_s)
    pairs, stalls = [], []
    for truth in truths:
        over_s = truth.ended_s - (answer_within_s if truth.fault is Fault.STALL else 0.0)
        if over_s <= truth.started_s:
            stalls.append(truth)
            continue
        slack_s = 1 / samples_per_s + usual_s + late_p99_s + truth.loose_s
        mine = tuple(one for one in outages if _touches(one, truth.started_s - slack_s, over_s + slack_s))
        lateness_s = max(usual_s + late_p99_s, *(_lateness_s(one, known) for one in mine), 0.0) + truth.loose_s
        pairs.append(Pair(truth, over_s - truth.started_s, mine, lateness_s))
    seen = [one for pair in pairs for one in pair.measured]
    return Figures(
        samples_per_s=samples_per_s,
        pairs=tuple(pairs),
        invented=tuple(one for one in outages if one not in seen),
        short_stalls=len(stalls),
        slow_stalls=sum(any(_is_slow_in(sample, stall) for sample in samples) for stall in stalls),
        samples=len(samples),
        missed=sum(not sample.outcome.is_known for sample in samples),
        late_s=(quantile(late, 0.5), late_p99_s, max(late, default=0.0)),
    )


def table(rows: Sequence[Figures]) -> tuple[str, ...]:
    """Tell the figures of all samplers as lines of a table."""
    head = "  per s  outages  found  inside  bias ms  sd ms  theory  max ms  period  invented  missed slots  late p50/p99/max ms"
    return (head, *(_row(row) for row in rows))


def _row(row: Figures) -> str:
    errors = row.errors_s
    bias_s = math.fsum(errors) / len(errors) if errors else math.nan
    sd_s = math.sqrt(math.fsum((error - bias_s) ** 2 for error in errors) / len(errors)) if errors else math.nan
    found = sum(len(pair.measured) == 1 for pair in row.pairs)
    inside = f"{sum(pair.holds for pair in row.pairs)}/{len(row.pairs)}"
    late = "/".join(f"{value * 1000:.1f}" for value in row.late_s)
    errors_ms = f"{bias_s * 1000:+8.1f} {sd_s * 1000:6.1f} {row.period_s / math.sqrt(6) * 1000:7.1f}"
    worst_ms = f"{max((abs(error) for error in errors), default=math.nan) * 1000:7.1f} {row.period_s * 1000:7.1f}"
    missed = f"{row.missed} of {row.samples}"
    seen = f"{row.samples_per_s:7g} {len(row.pairs):8d} {found:6d} {inside:>7}"
    return f"{seen} {errors_ms} {worst_ms} {len(row.invented):9d} {missed:>13}  {late}"


def _problem(pair: Pair, period_s: float) -> str:
    what = f"{pair.truth.name} of {pair.true_s * 1000:.1f} ms"
    if not pair.measured:
        return f"{what} was missed"
    if len(pair.measured) > 1:
        return f"{what} fell into {len(pair.measured)} outages"
    if pair.error_s is None:
        return f"{what} was seen without its begin or its end"
    bound_s = period_s + pair.lateness_s
    if abs(pair.error_s) > bound_s:
        return f"{what} is off by {pair.error_s * 1000:+.1f} ms (wanted at most {bound_s * 1000:.1f}: one period and the lateness)"
    if not pair.holds:
        return f"{what} is not within {_range(pair.measured[0])}"
    return ""


def _answer_times(samples: Sequence[Sample], truths: Sequence[Truth]) -> list[float]:
    """How long answers took that no stall held up."""
    stalls = [truth for truth in truths if truth.fault is Fault.STALL]
    return [
        sample.latency_s - sample.late_s
        for sample in samples
        if sample.outcome is Outcome.OK
        and not any(one.started_s <= sample.at_s + sample.latency_s and sample.at_s <= one.ended_s for one in stalls)
    ]


def _touches(one: Outage, started_s: float, ended_s: float) -> bool:
    return one.started_latest_s <= ended_s and one.ended_earliest_s >= started_s


def _lateness_s(one: Outage, known: Sequence[Sample]) -> float:
    """Tell how late the looks at the edges of an outage were asked, and how long they took; where they waited, what took its place."""
    first = sum(_asked_s(row) <= one.started_earliest_s for row in known)
    edges = [row for row in known if _is_at_an_edge(_asked_s(row), one)]
    took = [row.latency_s - row.late_s for row in edges if row.outcome not in WAITED]
    return max(row.late_s for row in edges) + max([usual_flight_s(known, first, first, 1.0) or 0.0, *took])


def _is_at_an_edge(asked_s: float, one: Outage) -> bool:
    """Whether it is the moment of the last good, the first bad, the last bad or the next good look, or lies between two of them."""
    over_s = one.ended_earliest_s if one.good_from_s is None else one.good_from_s
    return one.started_earliest_s <= asked_s <= one.started_latest_s or one.ended_earliest_s <= asked_s <= over_s


def _asked_s(row: Sample) -> float:
    return row.asked_at_s(1.0)


def _is_slow_in(sample: Sample, stall: Truth) -> bool:
    return sample.outcome is Outcome.SLOW and stall.started_s <= sample.at_s <= stall.ended_s


def _range(one: Outage) -> str:
    longest = "?" if one.longest_s is None else f"{one.longest_s * 1000:.1f}"
    return f"{one.shortest_s * 1000:.1f} to {longest} ms"


def _mix(one: Outage) -> str:
    return ", ".join(f"{count} {outcome}" for outcome, count in one.outcomes)
