"""Telling an outage of the application from one of our own: slots in which an endpoint that should stay up failed, too, are unknown."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from statistics import median

from chaoscinder.model.sample import Outcome, Sample

NAME = "control"  # what the series is called
ROUNDING_S = 1e-6


def without_blind_slots(samples: Sequence[Sample], control: Sequence[Sample], *, rate: float) -> tuple[Sample, ...]:
    """Make every look unknown, good or bad, at whose moment the control endpoint failed.

    What counts is the nearest look at the control (the failed one of two that are equally near), if it is within one period of the slower
    of the two series. A missed look at the control tells nothing. A control that never answered is none.
    """
    looks = sorted((row for row in control if row.outcome.is_known), key=lambda row: row.asked_at_s(rate))
    if not is_usable(looks):
        return tuple(samples)
    moments = [row.asked_at_s(rate) for row in looks]
    reach_s = max(step_s(samples), step_s(control)) + ROUNDING_S

    def is_blind(sample: Sample) -> bool:
        asked_s = sample.asked_at_s(rate)
        place = bisect_left(moments, asked_s)
        near = [(abs(moments[index] - asked_s), looks[index].outcome.is_up) for index in (place - 1, place) if 0 <= index < len(looks)]
        distance_s, is_up = min(near)
        return distance_s <= reach_s and not is_up

    return tuple(replace(row, outcome=Outcome.UNKNOWN) if row.outcome.is_known and is_blind(row) else row for row in samples)


def is_usable(control: Sequence[Sample]) -> bool:
    """Whether a control endpoint ever answered, so that its failures can mean anything."""
    return any(row.outcome.is_up for row in control)


def step_s(samples: Sequence[Sample]) -> float:
    """Tell the usual distance of a series' slots in cluster seconds; 0 for fewer than two."""
    slots = sorted(row.at_s for row in samples)
    return median(later - sooner for sooner, later in pairwise(slots)) if len(slots) > 1 else 0.0
