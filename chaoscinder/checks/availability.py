"""What users saw: outages as honest intervals, and what they add up to. The rules, one by one: docs/judgement.md.

A sample tells of the moment at which it was asked (its slot plus its lateness). How far the edges of an outage may lie from that, because a
request takes its time, is told by edges.py.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

from chaoscinder.checks.edges import outages_of
from chaoscinder.checks.latency import by_part, latency_recovery, quantile
from chaoscinder.checks.sentences import share
from chaoscinder.checks.times import first_failure, first_success, recovered_at, recovery
from chaoscinder.model.sample import Outage, Outcome, Sample
from chaoscinder.model.verdict import Availability, Episode, Interval, Result

__all__ = [
    "availability",
    "cross_check",
    "episodes",
    "finest_s",
    "longest_s",
    "outage_within_budget",
    "outages",
    "quantile",
    "recovered_at",
    "seen_of_stall_s",
    "stall_s",
    "total_s",
]

# Outages are one episode where fewer cluster seconds of availability than this were seen between them.
EPISODE_GAP_S = 1.0


def finest_s(rate: float, period_s: float) -> float:
    """Tell the finest cluster time that sampling every period_s wall seconds can resolve at a rate."""
    return rate * period_s


def outages(samples: Sequence[Sample], *, rate: float = 1.0) -> tuple[Outage, ...]:
    """Find every outage, in order of time.

    A missed or unknown sample neither starts nor ends an outage, it only leaves its edges wider, and so does a good one that may have met
    the application before it went or after it was back (edges.py). An outage without a good sample after it stays open. rate turns the
    wall lateness of samples into cluster time.
    """
    asked = sorted((sample for sample in samples if sample.outcome.is_known), key=lambda sample: sample.asked_at_s(rate))
    began_s = min((sample.at_s for sample in samples), default=0.0)
    return outages_of(asked, began_s=began_s, rate=rate)


def availability(
    samples: Sequence[Sample], *, since_s: float, period_s: float, rate: float, stable_for_s: float = 10.0, injected_s: float | None = None
) -> Availability:
    """Add up what the samples say from since_s (the fault) to the end of sampling; injected_s is when the cloud had accepted the fault."""
    slots = sorted((sample for sample in samples if sample.at_s >= since_s), key=lambda sample: sample.at_s)
    known = [sample for sample in slots if sample.outcome.is_known]
    bad = [sample for sample in known if not sample.outcome.is_up]
    found = tuple(one for one in outages(samples, rate=rate) if one.ended_latest_s is None or one.ended_latest_s > since_s)
    slot_s, absent = finest_s(rate, period_s), _absent(slots, finest_s(rate, period_s))
    back_s = recovered_at(samples, after_s=bad[0].at_s if bad else since_s, stable_for_s=stable_for_s)
    before, during, after = by_part(samples, since_s=since_s, over_s=back_s if bad else since_s)
    back = recovery(samples, found, back_s=back_s, since_s=since_s, rate=rate)
    return Availability(
        outages=found,
        total_s=total_s(found),
        by_time=_by_time(samples, known, slot_s, rate),
        by_request=1 - len(bad) / len(known) if known else None,
        samples=len(slots) + absent,
        bad=len(bad),
        missed=sum(sample.outcome is Outcome.MISSED for sample in slots) + absent,
        late_p99_s=quantile([sample.late_s for sample in slots if sample.outcome is not Outcome.MISSED], 0.99),
        period_s=period_s,
        unknown=sum(sample.outcome is Outcome.UNKNOWN for sample in slots),
        episodes=episodes(found),
        longest_s=longest_s(found),
        edge_s=edge_s(found),
        agree_within=_agree_within(found, known, slot_s, rate),
        first_failure_s=first_failure(found, since_s=since_s if injected_s is None else injected_s),
        first_success_s=first_success(found, since_s=since_s),
        recovered_s=back,
        latency_recovered_s=latency_recovery(samples, back_s=back_s, back=back, since_s=since_s, baseline=before, slot_s=slot_s),
        latency_before=before,
        latency_during=during,
        latency_after=after,
    )


def episodes(found: Sequence[Outage]) -> tuple[Episode, ...]:
    """Join outages between which less than a cluster second of availability was seen: that is one flapping episode to users.

    What counts is what was seen: the time from the first good sample between two outages to the last one.
    """
    groups: list[list[int]] = []
    for index, one in enumerate(found):
        good_s = found[index - 1].good_from_s if index else None
        if good_s is not None and one.started_earliest_s - good_s < EPISODE_GAP_S:
            groups[-1].append(index)
        else:
            groups.append([index])
    return tuple(_episode(found, group[0], group[-1]) for group in groups)


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


def cross_check(seen: Availability) -> str:
    """Tell where availability by time and by request contradict each other; "" where they agree as closely as they must.

    Both count the same outages, the one by intervals and the other by answers. A larger difference means that slots are there twice, or
    that the samples were not taken at the rate at which they say they were.
    """
    if seen.by_time is None or seen.by_request is None or abs(seen.by_time - seen.by_request) <= seen.agree_within:
        return ""
    figures = f"availability is {share(seen.by_time)} by time and {share(seen.by_request)} by request"
    return f"{figures}: they must agree within {seen.agree_within:.2%}, so one of them is wrong"


def total_s(found: Sequence[Outage]) -> Interval:
    """Add up outages: the least and the most they can have lasted together; the most is None while one is open."""
    longest = [one.longest_s for one in found]
    closed = [one for one in longest if one is not None]
    return math.fsum(one.shortest_s for one in found), math.fsum(closed) if len(closed) == len(longest) else None


def longest_s(found: Sequence[Outage]) -> Interval | None:
    """Tell what the length of the longest outage lies in, whichever of them that was; None without an outage."""
    if not found:
        return None
    longest = [one.longest_s for one in found]
    closed = [one for one in longest if one is not None]
    return max(one.shortest_s for one in found), max(closed) if len(closed) == len(longest) else None


def edge_s(found: Sequence[Outage]) -> float | None:
    """Tell within how much the least well known edge of all outages is known; None without an edge that was seen."""
    starts = [one.started_latest_s - one.started_earliest_s for one in found if not one.began_before_sampling]
    ends = [one.ended_latest_s - one.ended_earliest_s for one in found if one.ended_latest_s is not None]
    return max([*starts, *ends], default=None)


def seen_of_stall_s(lasted_s: float, answer_within_s: float) -> float:
    """Tell how long an outage a stall looks like: who asks within D of its end is still answered in time, so it is max(0, W - D).

    lasted_s and answer_within_s are of one kind, wall or cluster. A stall no longer than D shows as slow answers.
    """
    return max(0.0, lasted_s - answer_within_s)


def stall_s(outage: Outage, *, answer_within_s: float, rate: float) -> Interval | None:
    """Tell what a stall lasted that was seen as this outage, in cluster seconds; None where other failures than read timeouts are in it.

    answer_within_s is wall time, and so is what it adds: the looks that a stall delayed, and that were answered when it ended.
    """
    if any(outcome is not Outcome.READ_TIMEOUT for outcome, _ in outage.outcomes):
        return None
    hidden_s = answer_within_s * rate
    return outage.shortest_s + hidden_s, None if outage.longest_s is None else outage.longest_s + hidden_s


def _episode(found: Sequence[Outage], first: int, last: int) -> Episode:
    start, end = found[first], found[last]
    most_s = None if end.ended_latest_s is None or start.began_before_sampling else end.ended_latest_s - start.started_earliest_s
    return Episode(first + 1, last + 1, (max(0.0, end.ended_earliest_s - start.started_latest_s), most_s))


def _by_time(samples: Sequence[Sample], known: Sequence[Sample], slot_s: float, rate: float) -> float | None:
    """Add up the time between bad samples, each edge in the middle between the two samples around it.

    known are the samples to count, samples all there are: the one before the first of them may hold an edge. So it agrees with
    availability by request within one slot an edge.
    """
    if not known:
        return None
    start_s, end_s = known[0].at_s - slot_s / 2, known[-1].at_s + slot_s / 2
    ordered = sorted((sample for sample in samples if sample.outcome.is_known), key=lambda sample: sample.asked_at_s(rate))
    moments = [sample.asked_at_s(rate) for sample in ordered]
    edges = [start_s, *((sooner + later) / 2 for sooner, later in pairwise(moments)), end_s]
    spans = [(max(began_s, start_s), min(over_s, end_s)) for began_s, over_s in pairwise(edges)]
    away_s = math.fsum(max(0.0, over_s - began_s) for (began_s, over_s), row in zip(spans, ordered, strict=True) if not row.outcome.is_up)
    return max(0.0, 1 - away_s / (end_s - start_s)) if end_s > start_s else None


def _agree_within(found: Sequence[Outage], known: Sequence[Sample], slot_s: float, rate: float) -> float:
    """Bound what the two availabilities may differ by: one request, the share of slots of which nothing is known, and our own lateness."""
    if not known or not slot_s > 0:
        return 0.0
    slots = round((known[-1].at_s - known[0].at_s) / slot_s) + 1
    late = max(sample.late_s for sample in known) * rate / slot_s
    return (1 + max(0, slots - len(known)) + 2 * len(found) * late) / slots


def _absent(slots: Sequence[Sample], slot_s: float) -> int:
    """Count slots between the first and the last that left no record at all."""
    if len(slots) < 2 or not slot_s > 0:
        return 0
    return max(0, round((slots[-1].at_s - slots[0].at_s) / slot_s) + 1 - len(slots))
