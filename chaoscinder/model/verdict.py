"""What a run amounts to."""

from dataclasses import dataclass
from enum import StrEnum

from chaoscinder.model.sample import Outage
from chaoscinder.model.timeline import Milestone
from chaoscinder.model.write import Account


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
class Availability:
    """What the samples add up to, from the fault (from the start when there was none) to the end of sampling.

    Cluster seconds unless wall is said.

    total_s is [least, most]; most is None when the last outage never ended. late_p99_s and period_s are wall seconds.
    latency_*_s are (p50, p95, p99) of good answers in wall seconds, empty where there were none.
    first_failure_s and recovered_s are durations since that moment. missed counts slots that were never asked, or never recorded.
    """

    outages: tuple[Outage, ...]
    total_s: tuple[float, float | None]
    by_time: float | None
    by_request: float | None
    samples: int
    bad: int
    missed: int
    late_p99_s: float
    period_s: float
    first_failure_s: float | None
    recovered_s: float | None
    latency_before_s: tuple[float, ...]
    latency_during_s: tuple[float, ...]
    latency_after_s: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Movement:
    """Where the volume was before the fault and where it is at the end, by server id and node name; None where nobody could tell."""

    volume_id: str
    from_server_id: str | None
    from_node: str | None
    to_server_id: str | None
    to_node: str | None
    views_agree: bool | None
    disagreement: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one run. outcome is the same in Chaos Toolkit 1.21's words.

    restored is None when nothing was touched. findings are one line each.
    remediation says what was seen to free the volume, or "none seen".
    story is what happened in three sentences. milestones are the steps from the fault to the answer, with times where seen.
    stuck says, one line each, why nothing would have ended the outage; empty when it ended or nobody can tell.
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
