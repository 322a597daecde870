"""What is known before a fault: a snapshot of cluster and cloud around one target, and what the guards found in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from chaoscinder.model.act import Act
from chaoscinder.model.attachment import Attachment
from chaoscinder.model.leftover import Hold, LeftOver
from chaoscinder.model.workload import Node, Target, Workload


class Weight(StrEnum):
    """What a finding does to the fault: BLOCKS stops it, WARNS and INFORMS are told."""

    BLOCKS = "blocks"
    WARNS = "warns"
    INFORMS = "informs"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the table: which guard, what it does to the fault, about what, and why."""

    guard: str
    weight: Weight
    about: str
    says: str


@dataclass(frozen=True, slots=True)
class Resident:
    """One pod of the cluster. owner is Kind/name of what would replace it (a ReplicaSet's Deployment), "" for a bare pod."""

    namespace: str
    name: str
    owner: str
    node: str
    ready: bool
    labels: Mapping[str, str] = field(default_factory=dict)
    images: tuple[str, ...] = ()
    grace_s: float = 30.0


@dataclass(frozen=True, slots=True)
class Place:
    """One node as a place for the volume: its labels, how many Cinder volumes it may hold (None: not told), how many it holds."""

    node: Node
    labels: Mapping[str, str]
    most_volumes: int | None
    volumes: int


@dataclass(frozen=True, slots=True)
class Needs:
    """What decides where the target's pod may go: its own words, and those of its PersistentVolume, as the API says them."""

    node_selector: Mapping[str, str] = field(default_factory=dict)
    node_affinity: Mapping[str, Any] = field(default_factory=dict)
    tolerations: tuple[Mapping[str, Any], ...] = ()
    volume_affinity: Mapping[str, Any] = field(default_factory=dict)
    access_modes: tuple[str, ...] = ()
    max_surge: str = ""


@dataclass(frozen=True, slots=True)
class Budget:
    """One PodDisruptionBudget: whom it selects, and how many disruptions it allows now."""

    namespace: str
    name: str
    selector: Mapping[str, Any]
    allowed: int


@dataclass(frozen=True, slots=True)
class Remediator:
    """Somebody else who acts on nodes or servers that do not answer: what was seen of it, and what it may do."""

    name: str
    seen: str
    may: str


@dataclass(frozen=True, slots=True)
class Runner:
    """Where this process runs: host name, and in a pod its name, node and the grace it is given to end."""

    host: str = ""
    pod: str = ""
    node: str = ""
    grace_s: float | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the guards judge. unknown names the parts that could not be looked at, and why; no guard passes on those.

    acts are what would be done: a guard that none of them concerns is not asked. run_id is this run's own, empty before there is one.
    undo_s is how long the undo may take, in wall seconds. instance_id is what the target's host says over ssh, where it is to be shut down.
    """

    at: datetime
    acts: tuple[Act, ...] = (Act.STOP_SERVER,)
    run_id: str = ""
    allow_loss: tuple[str, ...] = ()
    undo_s: float = 600.0
    target: Target | None = None
    workload: Workload | None = None
    needs: Needs = field(default_factory=Needs)
    residents: tuple[Resident, ...] = ()
    places: tuple[Place, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    budgets: tuple[Budget, ...] = ()
    remediators: tuple[Remediator, ...] = ()
    denied: tuple[str, ...] = ()
    cloud_denied: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    hold: Hold | None = None
    left_overs: tuple[LeftOver, ...] = ()
    runner: Runner = field(default_factory=Runner)
    instance_id: str = ""
    unknown: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preflight:
    """The judgement over a snapshot. touches are the very objects that the fault would change, dies the pods that end with it."""

    findings: tuple[Finding, ...]
    touches: tuple[str, ...] = ()
    dies: tuple[str, ...] = ()

    @property
    def blocking(self) -> tuple[Finding, ...]:
        """The findings that stop the fault."""
        return tuple(row for row in self.findings if row.weight is Weight.BLOCKS)
