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
    """The bounds a run is judged against. Cluster seconds, but for samples_per_s and answer_within_s, which are wall time."""

    outage_budget_s: float = 180.0
    recovery_deadline_s: float = 900.0
    stable_for_s: float = 10.0
    baseline_s: float = 30.0
    samples_per_s: float = 20.0
    answer_within_s: float = 0.9
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
