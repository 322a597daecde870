"""How far off the edges are that a series of looks finds, whoever looked: one rule for all samplers. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from chaoscinder.recorder.fault_process import Truth

SLACK_S = 0.05  # how far an answer may lie from its question, and lateness


@dataclass(frozen=True)
class Look:
    """One request: when it was asked, on the monotonic clock, and whether the application was up."""

    asked_s: float
    is_up: bool


@dataclass(frozen=True)
class Score:
    """What a sampler made of the outages: errors of the edges it found, in the middle of their brackets; outages missed and invented."""

    errors_s: tuple[float, ...]
    missed: int
    invented: int
    looks: int

    @property
    def mean_error_s(self) -> float:
        """By how much an edge is off on average."""
        return sum(self.errors_s) / len(self.errors_s) if self.errors_s else float("nan")


def score(looks: Sequence[Look], truths: Sequence[Truth]) -> Score:
    """Compare; an edge lies in the middle between the last look before and the first look after it."""
    ordered = sorted(looks, key=lambda look: look.asked_s)
    bad = [list(rows) for is_up, rows in groupby(ordered, key=lambda look: look.is_up) if not is_up]
    found, missed = [], 0
    errors: list[float] = []
    for truth in truths:
        mine = [rows for rows in bad if rows[0].asked_s <= truth.ended_s + SLACK_S and rows[-1].asked_s >= truth.started_s - SLACK_S]
        found += mine
        if not mine:
            missed += 1
            continue
        began, over = _edges(ordered, mine[0][0].asked_s, mine[-1][-1].asked_s)
        errors += [abs(began - truth.started_s), abs(over - truth.ended_s)]
    return Score(tuple(errors), missed, sum(rows not in found for rows in bad), len(ordered))


def _edges(ordered: Sequence[Look], first_s: float, last_s: float) -> tuple[float, float]:
    began = next(((one.asked_s + two.asked_s) / 2 for one, two in pairwise(ordered) if two.asked_s == first_s), first_s)
    over = next(((one.asked_s + two.asked_s) / 2 for one, two in pairwise(ordered) if one.asked_s == last_s), last_s)
    return began, over
