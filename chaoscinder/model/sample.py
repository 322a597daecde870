"""Looks at the web UI, and what an unbroken series of bad ones amounts to."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What one request to the web UI came to. OK and SLOW are answers; MISSED means that it was never asked.

    UNKNOWN is never recorded: judgement says it of a look at a moment when the control endpoint failed, too.
    """

    OK = "ok"
    SLOW = "slow"
    DNS = "dns"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    CONNECT_TIMEOUT = "connect-timeout"
    READ_TIMEOUT = "read-timeout"
    RESET = "reset"
    TLS = "tls"
    CLIENT_ERROR = "4xx"
    SERVER_ERROR = "5xx"
    WRONG_CONTENT = "wrong-content"
    STALE_BACKEND = "stale-backend"
    MISSED = "missed"
    UNKNOWN = "unknown"

    @property
    def is_up(self) -> bool:
        """Whether a valid answer came in time."""
        return self in (Outcome.OK, Outcome.SLOW)

    @property
    def is_known(self) -> bool:
        """Whether it says anything about the application."""
        return self not in (Outcome.MISSED, Outcome.UNKNOWN)

    @property
    def waited_in_vain(self) -> bool:
        """Whether it ended at our own deadline, so that its end says nothing about when the application went away."""
        return self in (Outcome.CONNECT_TIMEOUT, Outcome.READ_TIMEOUT)


@dataclass(frozen=True, slots=True)
class Sample:
    """One look: at_s is when it was due (cluster seconds on the run's axis); late_s and latency_s are wall seconds.

    latency_s counts from the scheduled moment. backend is the pod that answered, None where no pattern tells it.
    """

    at_s: float
    outcome: Outcome
    late_s: float
    latency_s: float
    status: int = 0
    backend: str | None = None

    def asked_at_s(self, rate: float) -> float:
        """Tell the moment that it speaks of, on the run's axis: when it was really asked, which is late_s after it was due."""
        return self.at_s + self.late_s * rate

    def done_at_s(self, rate: float) -> float:
        """Tell when its answer, or its failure, was there: the application decided it at some moment between asking and this."""
        return self.at_s + max(self.late_s, self.latency_s) * rate


@dataclass(frozen=True, slots=True)
class Outage:
    """An unbroken series of failed samples, in cluster seconds on the run's axis, as intervals [earliest, latest].

    It began after the last good sample was asked (started_earliest_s) and before the first bad one was answered (started_latest_s);
    it ended after the last bad one was asked and before the next good one was answered (checks/edges.py has the rules).
    ended_latest_s is None when it never ended: then the length is "at least". outcomes counts the bad samples by outcome, in order of
    first appearance. began_before_sampling means that no good sample came before it: started_earliest_s is then only where sampling
    began. good_from_s is when the next good sample was asked, None without one.
    """

    started_earliest_s: float
    started_latest_s: float
    ended_earliest_s: float
    ended_latest_s: float | None
    outcomes: tuple[tuple[Outcome, int], ...]
    began_before_sampling: bool = False
    good_from_s: float | None = None

    @property
    def shortest_s(self) -> float:
        """The least it can have lasted."""
        return max(0.0, self.ended_earliest_s - self.started_latest_s)

    @property
    def longest_s(self) -> float | None:
        """The most it can have lasted; None while it has not ended, or when nobody saw it begin."""
        if self.ended_latest_s is None or self.began_before_sampling:
            return None
        return self.ended_latest_s - self.started_earliest_s
