"""Numbered writes through the application, and what became of them. Words as in Jepsen."""

from dataclasses import dataclass
from enum import StrEnum


class WriteOutcome(StrEnum):
    """What the application said at the time. A write without an answer is UNKNOWN, never failed."""

    ACKNOWLEDGED = "ACKNOWLEDGED"
    REJECTED = "REJECTED"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Write:
    """One numbered write; at_s and done_at_s are cluster seconds on the run's axis."""

    sequence: int
    id: str
    at_s: float
    done_at_s: float
    outcome: WriteOutcome
    why: str = ""


@dataclass(frozen=True, slots=True)
class ReadBack:
    """One complete reading of what the application holds: (id, how often) for every id of this run.

    at_s is when the reading was asked for, so that everything acknowledged before it must be in it.
    """

    at_s: float
    seen: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Account:
    """What became of every write after recovery: counts, and the ids that matter.

    lost were acknowledged and are gone. recovered_unknown had no answer and are there all the same. duplicate are there more than once.
    read_back is False when nobody could look: then nothing is claimed about loss.
    never_read were acknowledged after the last reading was asked for, and are not in it: nothing is claimed about them either.
    """

    attempted: int
    acknowledged: int
    rejected: int
    unknown: int
    recovered: int
    recovered_unknown: int
    lost: tuple[str, ...]
    duplicate: tuple[str, ...]
    read_back: bool
    never_read: tuple[str, ...] = ()
