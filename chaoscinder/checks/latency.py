"""How fast good answers were, and when they were as fast as before again. Latency is wall time since a look was due."""

import math
from collections.abc import Sequence

from chaoscinder.model.sample import Sample
from chaoscinder.model.verdict import Interval, Latency

QUANTILES = (0.50, 0.95, 0.99)
# Latency is back where the p95 of every window, for so many cluster seconds, is at most this much above that of the baseline.
WINDOW_S = 1.0
CALM_FOR_S = 10.0
AT_MOST = 1.5
# At a high rate a second holds one sample, of which no quantile can be taken: a window holds at least so many slots.
SLOTS_IN_WINDOW = 5
# Fewer answers than this before the fault have no p95 to compare with.
FEWEST_BEFORE = 20


def quantile(values: Sequence[float], share: float) -> float:
    """Tell the value that a share of all values does not exceed (nearest rank); 0 for none."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered) - 1e-9) - 1)] if ordered else 0.0


def latency(samples: Sequence[Sample]) -> Latency | None:
    """Tell how fast the good answers among samples were; None where there are none."""
    values = [sample.latency_s for sample in samples if sample.outcome.is_up]
    return Latency(len(values), *(quantile(values, share) for share in QUANTILES)) if values else None


def by_part(samples: Sequence[Sample], *, since_s: float, over_s: float | None) -> tuple[Latency | None, ...]:
    """Tell the latency before since_s, from there until over_s, and after that; over_s is None where it never was over."""
    end_s = math.inf if over_s is None else over_s
    return (
        latency([sample for sample in samples if sample.at_s < since_s]),
        latency([sample for sample in samples if since_s <= sample.at_s < end_s]),
        latency([sample for sample in samples if sample.at_s >= max(since_s, end_s)]),
    )


def latency_recovery(
    samples: Sequence[Sample], *, back_s: float | None, back: Interval | None, since_s: float, baseline: Latency | None, slot_s: float
) -> Interval | None:
    """Tell how long after since_s answers were as fast as before again, and stayed so for 10 cluster seconds.

    Counted in windows of a second (of five slots, where those are longer) from the recovery in slot back_s on; back is the interval of
    that recovery. None where they were not before the record ended, or where the baseline holds too few answers to compare with.
    """
    if back_s is None or baseline is None or baseline.answers < FEWEST_BEFORE or not slot_s > 0:
        return None
    window_s = max(WINDOW_S, SLOTS_IN_WINDOW * slot_s)
    windows = _windows(samples, back_s, window_s, slot_s)
    calm = [_is_calm(window, AT_MOST * baseline.p95_s, window_s / slot_s) for window in windows]
    wanted = math.ceil(CALM_FOR_S / window_s - 1e-9)
    first = next((index for index in range(len(calm) - wanted + 1) if all(calm[index : index + wanted])), None)
    if first is None or first == 0:
        return None if first is None else back
    return back_s + (first - 1) * window_s - since_s, back_s + first * window_s - since_s


def _windows(samples: Sequence[Sample], from_s: float, window_s: float, slot_s: float) -> list[list[Sample]]:
    """Sort samples into windows from a moment on; the last one is left out unless it was sampled to its end."""
    later = [sample for sample in samples if sample.at_s >= from_s - 1e-6]
    end_s = max((sample.at_s for sample in later), default=from_s) + slot_s
    windows: list[list[Sample]] = [[] for _ in range(math.floor((end_s - from_s) / window_s + 1e-6))]
    for sample in later:
        index = math.floor((sample.at_s - from_s) / window_s + 1e-6)
        if index < len(windows):
            windows[index].append(sample)
    return windows


def _is_calm(window: Sequence[Sample], most_s: float, slots: float) -> bool:
    """Whether no answer failed in a window, at least half of its slots are known, and their p95 is not above a bound."""
    known = [sample for sample in window if sample.outcome.is_known]
    if not all(sample.outcome.is_up for sample in known) or len(known) < slots / 2:
        return False
    return quantile([sample.latency_s for sample in known], 0.95) <= most_s
