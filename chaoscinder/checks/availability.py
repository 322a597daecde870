"""What users saw: outages as honest intervals, what they add up to, and when it was over.

A sample tells of the moment at which it was asked (its slot plus its lateness), never of the moment at which the answer came.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import groupby, pairwise

from chaoscinder.model.sample import Outage, Outcome, Sample
from chaoscinder.model.verdict import Availability, Result

# A stretch counts as sampled while no gap in it is longer than this share of it (or than two and a half slots, where slots are longer).
GAP_SHARE = 0.25
GAP_SLOTS = 2.5
QUANTILES = (0.50, 0.95, 0.99)


def finest_s(rate: float, period_s: float) -> float:
    """Tell the finest cluster time that sampling every period_s wall seconds can resolve at a rate."""
    return rate * period_s


def outages(samples: Sequence[Sample], *, rate: float = 1.0) -> tuple[Outage, ...]:
    """Find every outage, in order of time.

    A missed sample is unknown: it neither starts nor ends an outage, it only leaves its edges wider. An outage without a good sample after
    it stays open. rate turns the wall lateness of samples into cluster time.
    """
    known = sorted((sample for sample in samples if sample.outcome.is_known), key=lambda sample: _asked_s(sample, rate))
    began_s = min((sample.at_s for sample in samples), default=0.0)
    series = groupby(range(len(known)), key=lambda index: known[index].outcome.is_up)
    bad = [list(indexes) for is_up, indexes in series if not is_up]
    return tuple(_outage(known, indexes[0], indexes[-1], began_s, rate) for indexes in bad)


def availability(samples: Sequence[Sample], *, since_s: float, period_s: float, rate: float, stable_for_s: float = 10.0) -> Availability:
    """Add up what the samples say from since_s (the fault) to the end of sampling."""
    slots = sorted((sample for sample in samples if sample.at_s >= since_s), key=lambda sample: sample.at_s)
    known = [sample for sample in slots if sample.outcome.is_known]
    bad = [sample for sample in known if not sample.outcome.is_up]
    found = tuple(one for one in outages(samples, rate=rate) if one.ended_latest_s is None or one.ended_latest_s > since_s)
    first_s = bad[0].at_s if bad else None
    recovered = recovered_at(samples, after_s=since_s if first_s is None else first_s, stable_for_s=stable_for_s)
    before, during, after = _latencies(samples, since_s, recovered if bad else since_s)
    absent = _absent(slots, finest_s(rate, period_s))
    return Availability(
        outages=found,
        total_s=total_s(found),
        by_time=_by_time(found, known, finest_s(rate, period_s)),
        by_request=1 - len(bad) / len(known) if known else None,
        samples=len(slots) + absent,
        bad=len(bad),
        missed=len(slots) - len(known) + absent,
        late_p99_s=quantile([sample.late_s for sample in known], 0.99),
        period_s=period_s,
        first_failure_s=None if first_s is None else first_s - since_s,
        recovered_s=None if recovered is None else recovered - since_s,
        latency_before_s=before,
        latency_during_s=during,
        latency_after_s=after,
    )


def recovered_at(samples: Sequence[Sample], *, after_s: float, stable_for_s: float) -> float | None:
    """Tell the moment of the first good sample at or after after_s that was followed by stable_for_s without a failure.

    None while there is none: also when the time after it was not sampled, or not without long gaps.
    """
    ordered = sorted(samples, key=lambda sample: sample.at_s)
    longest_gap_s = max(GAP_SHARE * stable_for_s, GAP_SLOTS * _slot_s(ordered))
    start_s: float | None = None
    last_s = after_s
    for sample in ordered:
        if sample.at_s < after_s or not sample.outcome.is_known:
            continue
        if not sample.outcome.is_up:
            start_s = None
        elif start_s is None or sample.at_s - last_s > longest_gap_s:
            start_s = sample.at_s
        if start_s is not None and sample.at_s - start_s >= stable_for_s - 1e-6:
            return start_s
        last_s = sample.at_s
    return None


def outage_within_budget(seen: Availability, *, budget_s: float, rate: float) -> Result:
    """Judge the time users were away in all against a budget; NOT_TESTED means that it cannot be told.

    It is met only if the most it can have been is within the budget, and missed only if the least is not. A budget finer than the sampling
    resolves is never judged.
    """
    least_s, most_s = seen.total_s
    if budget_s < finest_s(rate, seen.period_s) or seen.by_request is None:
        return Result.NOT_TESTED
    if most_s is not None and most_s <= budget_s:
        return Result.MET
    return Result.MISSED if least_s > budget_s else Result.NOT_TESTED


def total_s(found: Sequence[Outage]) -> tuple[float, float | None]:
    """Add up outages: the least and the most they can have lasted together; the most is None while one is open."""
    longest = [one.longest_s for one in found]
    closed = [one for one in longest if one is not None]
    return math.fsum(one.shortest_s for one in found), math.fsum(closed) if len(closed) == len(longest) else None


def quantile(values: Sequence[float], share: float) -> float:
    """Tell the value that a share of all values does not exceed (nearest rank); 0 for none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)] if ordered else 0.0


def _asked_s(sample: Sample, rate: float) -> float:
    return sample.at_s + sample.late_s * rate


def _outage(known: Sequence[Sample], first: int, last: int, began_s: float, rate: float) -> Outage:
    counted: Counter[Outcome] = Counter(sample.outcome for sample in known[first : last + 1])
    return Outage(
        started_earliest_s=_asked_s(known[first - 1], rate) if first else began_s,
        started_latest_s=_asked_s(known[first], rate),
        ended_earliest_s=_asked_s(known[last], rate),
        ended_latest_s=_asked_s(known[last + 1], rate) if last + 1 < len(known) else None,
        outcomes=tuple(counted.items()),
        began_before_sampling=first == 0,
    )


def _by_time(found: Sequence[Outage], known: Sequence[Sample], slot_s: float) -> float | None:
    """Take edges in the middle of their intervals, so that it agrees with availability by request within one slot an edge."""
    if not known:
        return None
    start_s, end_s = known[0].at_s - slot_s / 2, known[-1].at_s + slot_s / 2
    away_s = 0.0
    for one in found:
        began_s = start_s if one.began_before_sampling else (one.started_earliest_s + one.started_latest_s) / 2
        over_s = end_s if one.ended_latest_s is None else (one.ended_earliest_s + one.ended_latest_s) / 2
        away_s += max(0.0, min(over_s, end_s) - max(began_s, start_s))
    return max(0.0, 1 - away_s / (end_s - start_s)) if end_s > start_s else None


def _latencies(samples: Sequence[Sample], since_s: float, recovered: float | None) -> tuple[tuple[float, ...], ...]:
    """Sort good answers into before, during and after, and tell the quantiles of each."""
    over_s = math.inf if recovered is None else recovered
    good = [sample for sample in samples if sample.outcome.is_up]
    parts = (
        [sample.latency_s for sample in good if sample.at_s < since_s],
        [sample.latency_s for sample in good if since_s <= sample.at_s < over_s],
        [sample.latency_s for sample in good if sample.at_s >= max(since_s, over_s)],
    )
    return tuple(tuple(quantile(part, share) for share in QUANTILES) if part else () for part in parts)


def _absent(slots: Sequence[Sample], slot_s: float) -> int:
    """Count slots between the first and the last that left no record at all."""
    if len(slots) < 2 or not slot_s > 0:
        return 0
    return max(0, round((slots[-1].at_s - slots[0].at_s) / slot_s) + 1 - len(slots))


def _slot_s(ordered: Sequence[Sample]) -> float:
    steps = (later.at_s - sooner.at_s for sooner, later in pairwise(ordered))
    return min((step for step in steps if step > 1e-9), default=0.0)
