"""One run as it lies on disk, read back into nouns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from chaoscinder.model.sample import Sample
from chaoscinder.model.timeline import Change, Event, Mark
from chaoscinder.model.verdict import Level
from chaoscinder.model.workload import Target
from chaoscinder.model.write import ReadBack, Write

OBJECTIVES = ("baseline", "fault", "samples", "outage", "recovery", "volume", "writes", "restored")


@dataclass(frozen=True, slots=True)
class Aims:
    """The bounds a run is judged against. Cluster seconds, but for samples_per_s and answer_within_s, which are wall time.

    slo is the share of time in percent that users were promised in slo_period_days; what an outage takes of it is printed, not judged.
    """

    outage_budget_s: float = 180.0
    recovery_deadline_s: float = 900.0
    stable_for_s: float = 10.0
    baseline_s: float = 30.0
    samples_per_s: float = 20.0
    answer_within_s: float = 0.9
    slo: float = 99.95
    slo_period_days: float = 30.0
    levels: Mapping[str, Level] = field(default_factory=dict)

    def level(self, objective: str) -> Level:
        """Tell how much an objective counts; REQUIRED unless the configuration says otherwise."""
        return self.levels.get(objective, Level.REQUIRED)


@dataclass(frozen=True, slots=True)
class Header:
    """Written when the run starts. anchor_s is the monotonic wall reading at which the run's axis is 0."""

    run_id: str
    experiment: str
    experiment_sha256: str
    started_at: datetime
    anchor_s: float
    rate: float
    sandbox: bool
    aims: Aims
    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Touched:
    """One object this run changed on purpose: what was done, what undoes it, and the state it was last seen in."""

    what: str
    name: str
    did: str
    undo: str
    undone: bool
    end_state: str


@dataclass(frozen=True, slots=True)
class Run:
    """Everything a run directory says, on one axis. platform is Chaos Toolkit's own end: status, deviated, interrupted, baseline_met.

    samples are the headline series: new connections. series are further ones by name: kept (connections that are kept open), direct (past
    the load balancer), control (an endpoint that should stay up), or another name.
    watched_to_s is, by view, until when the recorder is known to have looked; a view that is not in it has no known bound. ongoing: the run
    is still being recorded, so nothing is final.
    before and after are the audits of what a fault may touch, as docs/run-directory.md describes them; None where none was made.
    """

    header: Header
    target: Target | None = None
    marks: tuple[Mark, ...] = ()
    samples: tuple[Sample, ...] = ()
    writes: tuple[Write, ...] = ()
    read_backs: tuple[ReadBack, ...] = ()
    changes: tuple[Change, ...] = ()
    events: tuple[Event, ...] = ()
    touched: tuple[Touched, ...] = ()
    platform: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    series: Mapping[str, tuple[Sample, ...]] = field(default_factory=dict)
    watched_to_s: Mapping[str, float] = field(default_factory=dict)
    ongoing: bool = False
