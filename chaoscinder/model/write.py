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
    """One numbered write; at_s and done_at_s are cluster seconds on the run's axis.

    backend is the pod that acknowledged it, writer_uid its uid and writer_started since when it runs, in its own words; each None where
    nothing tells it.
    """

    sequence: int
    id: str
    at_s: float
    done_at_s: float
    outcome: WriteOutcome
    why: str = ""
    backend: str | None = None
    writer_uid: str | None = None
    writer_started: str | None = None


@dataclass(frozen=True, slots=True)
class ReadBack:
    """One complete reading of what the application holds: (id, how often) for every id of this run.

    at_s is when the reading was asked for, so that everything acknowledged before it must be in it. torn are the ids among them whose
    payload is not the one that was written.
    """

    at_s: float
    seen: tuple[tuple[str, int], ...]
    torn: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Account:
    """What became of every write after recovery: counts, and the ids that matter, in the order in which they were sent.

    An acknowledged write is exactly one of recovered, lost, torn (it is there with another payload) and never_read (it was acknowledged
    after the last reading had been asked for, and is not in it: nothing is claimed). duplicate ones are there more than once, whatever
    else they are. recovered_unknown had no answer and are there all the same; rejected_there were refused and are there all the same.
    read_back is False when nobody could look: then nothing is claimed about loss.

    lost_suffix tells whether the lost ones are the last that were acknowledged before the application went away, which is what a cache
    that was never flushed leaves; None when none is lost.
    last_before_s is when the last write before the outage was acknowledged, first_after_s when the first one sent since it began was:
    moments on the run's axis, None where there is none. writers are the pods that acknowledged, in order, one for each unbroken series;
    of several generations of one name each is told apart by its uid and start.
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
    torn: tuple[str, ...] = ()
    rejected_there: tuple[str, ...] = ()
    lost_suffix: bool | None = None
    last_before_s: float | None = None
    first_after_s: float | None = None
    writers: tuple[str, ...] = ()

    @property
    def second_writer(self) -> bool:
        """Whether a writer acknowledged again after another one had: two writers at a time, and no handover."""
        return len(set(self.writers)) < len(self.writers)
