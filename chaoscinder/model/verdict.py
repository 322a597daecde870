"""What a run amounts to."""

from dataclasses import dataclass
from enum import StrEnum

from chaoscinder.model.sample import Outage
from chaoscinder.model.timeline import Milestone
from chaoscinder.model.write import Account

# The least and the most that something can have been; the most is None where it has no known end.
Interval = tuple[float, float | None]


class Value(StrEnum):
    """The five words a run may end with. INCONCLUSIVE is never rounded up to PASS."""

    PASS = "PASS"
    FAIL = "FAIL"
    INCONCLUSIVE = "INCONCLUSIVE"
    ABORTED = "ABORTED"
    NOT_RUN = "NOT_RUN"


class Level(StrEnum):
    """How much an objective counts. An untested REQUIRED one makes the run INCONCLUSIVE."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    OFF = "off"


class Result(StrEnum):
    """What became of one objective."""

    MET = "met"
    MISSED = "missed"
    NOT_TESTED = "not tested"


@dataclass(frozen=True, slots=True)
class Objective:
    """One line of the acceptance table. target and measured are ready to print, units and bound included; reason says why."""

    name: str
    level: Level
    result: Result
    target: str
    measured: str
    reason: str


@dataclass(frozen=True, slots=True)
class Latency:
    """How fast the good answers of one part of a run were: how many there are, and quantiles in wall seconds since each was due."""

    answers: int
    p50_s: float
    p95_s: float
    p99_s: float


@dataclass(frozen=True, slots=True)
class Episode:
    """Outages that users felt as one, because no second of availability was seen between them: the first and the last, counted from 1."""

    first: int
    last: int
    lasted_s: Interval


@dataclass(frozen=True, slots=True)
class Availability:
    """What the samples add up to, from the fault (from the start when there was none) to the end of sampling.

    Cluster seconds unless wall is said. An Interval is [least, most]; its most is None while an outage is open.

    samples counts slots: bad ones, missed ones (never asked, or never recorded) and unknown ones (the control endpoint failed, too).
    Every edge of an outage is known within edge_s, None where none was seen. by_time and by_request may lie agree_within apart. late_p99_s
    and period_s are wall seconds. first_failure_s counts from the moment at which the cloud had accepted the fault; first_success_s (after
    the first failure), recovered_s and latency_recovered_s count from the fault.
    latency_* are the good answers before the fault, until the recovery, and after it.
    """

    outages: tuple[Outage, ...]
    total_s: Interval
    by_time: float | None
    by_request: float | None
    samples: int
    bad: int
    missed: int
    late_p99_s: float
    period_s: float
    unknown: int = 0
    episodes: tuple[Episode, ...] = ()
    longest_s: Interval | None = None
    edge_s: float | None = None
    agree_within: float = 0.0
    first_failure_s: Interval | None = None
    first_success_s: Interval | None = None
    recovered_s: Interval | None = None
    latency_recovered_s: Interval | None = None
    latency_before: Latency | None = None
    latency_during: Latency | None = None
    latency_after: Latency | None = None


@dataclass(frozen=True, slots=True)
class Unaided:
    """What the objectives are judged by: the same figures with every outage left open that lasted into our undo.

    recovered_s is how long it took from the fault, or how long it was waited for.
    """

    total_s: Interval
    longest_s: Interval | None
    recovered_s: Interval


@dataclass(frozen=True, slots=True)
class ErrorBudget:
    """What the outages took of the time that a service level objective allows: printed, never judged. spent is a share, 1 for all of it."""

    slo: float
    period_days: float
    allowed_s: float
    spent: Interval


@dataclass(frozen=True, slots=True)
class Series:
    """What one further series of samples adds up to. doubts keep its figures from being more than a hint."""

    name: str
    availability: Availability
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Movement:
    """Where the volume was before the fault and where it is at the end, by server id and node name; None where nobody could tell.

    unseen says why nobody can know where it was when the system was left to itself for the last time; "" where somebody looked.
    """

    volume_id: str
    from_server_id: str | None
    from_node: str | None
    to_server_id: str | None
    to_node: str | None
    views_agree: bool | None
    disagreement: str = ""
    unseen: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one run. outcome is the same in Chaos Toolkit 1.21's words.

    restored is None when nothing was touched, or when nobody can tell. unaudited says what nobody looked at. findings are one line each.
    remediation says what was seen to free the volume, or "none seen".
    story is what happened in three sentences. milestones are the steps from the fault to the answer, with times where seen.
    stuck says, one line each, why nothing would have ended the outage; empty when it ended or nobody can tell.
    availability is what users saw, our undo included; unaided what is judged. series are the other vantage points.
    backends says what became of the look for answers of pods that were no ready endpoint any more.
    """

    value: Value
    reason: str
    outcome: str
    restored: bool | None
    objectives: tuple[Objective, ...]
    findings: tuple[str, ...]
    remediation: str
    story: tuple[str, ...]
    availability: Availability | None
    account: Account | None
    movement: Movement | None
    fault_at_s: float | None
    milestones: tuple[Milestone, ...] = ()
    stuck: tuple[str, ...] = ()
    unaided: Unaided | None = None
    error_budget: ErrorBudget | None = None
    series: tuple[Series, ...] = ()
    backends: str = ""
    unaudited: tuple[str, ...] = ()
