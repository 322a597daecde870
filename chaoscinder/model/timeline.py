"""What happened, in the order in which this run saw it: marks of our own, state changes of every ledger, Kubernetes events."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chaoscinder.model.attachment import View


@dataclass(frozen=True, slots=True)
class Mark:
    """Something this run did or decided, for example fault_started, fault_confirmed, recovered, undo_started, undone, interrupted."""

    at_s: float
    name: str
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One object of one ledger took a new state; state is None when the object went away. Keys per kind: docs/run-directory.md."""

    at_s: float
    view: View
    kind: str
    name: str
    uid: str
    state: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Milestone:
    """One step between the fault and the answer of the replacement; at_s is None where it was not seen, evidence says what was seen."""

    name: str
    at_s: float | None
    evidence: str


@dataclass(frozen=True, slots=True)
class Event:
    """One Kubernetes event about an object of the target. about is Kind/name."""

    at_s: float
    type: str
    reason: str
    source: str
    message: str
    about: str
    count: int
