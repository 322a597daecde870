"""How long things took: to the first failure, to the first success after it, and until the application was back for good."""

from collections.abc import Sequence
from itertools import pairwise

from chaoscinder.model.sample import Outage, Sample
from chaoscinder.model.verdict import Interval

# A stretch counts as sampled while no gap in it is longer than this share of it (or than two and a half slots, where slots are longer).
GAP_SHARE = 0.25
GAP_SLOTS = 2.5


def first_failure(found: Sequence[Outage], *, since_s: float) -> Interval | None:
    """Tell how long after a moment the first outage began; a request that was on its way at that moment counts as 0. None without one."""
    if not found:
        return None
    return max(0.0, found[0].started_earliest_s - since_s), max(0.0, found[0].started_latest_s - since_s)


def first_success(found: Sequence[Outage], *, since_s: float) -> Interval | None:
    """Tell how long after a moment the first good answer after the first failure came; None without an outage, or while it is open."""
    if not found or found[0].ended_latest_s is None:
        return None
    return max(0.0, found[0].ended_earliest_s - since_s), found[0].ended_latest_s - since_s


def took_s(at_s: float | None, since_s: float | None) -> float | None:
    """Tell how long after one moment another came; None where either is not known."""
    return None if at_s is None or since_s is None else at_s - since_s


def steps_s(moments: Sequence[float | None], since_s: float | None) -> tuple[float | None, ...]:
    """Tell for each of several steps how long after the last one that was seen it came; the first counts from since_s."""
    found, before_s = [], since_s
    for at_s in moments:
        found.append(took_s(at_s, before_s))
        before_s = before_s if at_s is None else at_s
    return tuple(found)


def recovered_at(samples: Sequence[Sample], *, after_s: float, stable_for_s: float) -> float | None:
    """Tell the slot of the first good sample at or after after_s that was followed by stable_for_s without a failure.

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


def recovery(samples: Sequence[Sample], found: Sequence[Outage], *, back_s: float | None, since_s: float, rate: float) -> Interval | None:
    """Tell how long after since_s the application was back for good: between the end of the last outage and the good sample in slot back_s.

    found are the outages of the samples. (0, 0) where nothing failed between the two; None while it is not back.
    """
    if back_s is None:
        return None
    if not any(row.outcome.is_known and not row.outcome.is_up and since_s <= row.at_s < back_s for row in samples):
        return 0.0, 0.0
    good = min((row for row in samples if row.outcome.is_up and row.at_s >= back_s), key=lambda row: row.asked_at_s(rate))
    last = [one for one in found if one.started_earliest_s < good.asked_at_s(rate)][-1]
    next_s = last.ended_latest_s if last.good_from_s == good.asked_at_s(rate) else None
    return max(0.0, last.ended_earliest_s - since_s), (good.done_at_s(rate) if next_s is None else next_s) - since_s


def _slot_s(ordered: Sequence[Sample]) -> float:
    steps = (later.at_s - sooner.at_s for sooner, later in pairwise(ordered))
    return min((step for step in steps if step > 1e-9), default=0.0)
