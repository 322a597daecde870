"""A workload and what it stands on: pods, claim, node, server, volume."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """The controllers whose pods may hold a claim."""

    DEPLOYMENT = "Deployment"
    STATEFULSET = "StatefulSet"


@dataclass(frozen=True, slots=True)
class Workload:
    """A Deployment or StatefulSet; claims are the names its pod template mounts, strategy its own word (Recreate, RollingUpdate)."""

    namespace: str
    kind: Kind
    name: str
    desired: int
    ready: int
    claims: tuple[str, ...]
    strategy: str
    selector: str


@dataclass(frozen=True, slots=True)
class Pod:
    """One pod of a workload. node is None while it is not scheduled; deleting means it has a deletionTimestamp."""

    namespace: str
    name: str
    uid: str
    node: str | None
    phase: str
    ready: bool
    deleting: bool
    claims: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Node:
    """A Kubernetes node. ready is True, False or Unknown; taints are key=value:Effect; server_id comes from spec.providerID.

    marks are the annotations on it that a run of ours wrote.
    """

    name: str
    ready: str
    schedulable: bool
    taints: tuple[str, ...]
    server_id: str | None
    csi_node_id: str | None = None
    marks: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Server:
    """A Nova server, in Nova's words."""

    id: str
    name: str
    status: str
    power_state: int
    task_state: str | None
    vm_state: str
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Volume:
    """A Cinder volume, in Cinder's words."""

    id: str
    name: str
    status: str
    size_gib: int
    availability_zone: str


@dataclass(frozen=True, slots=True)
class Target:
    """What one fault is about: the chain from the workload to its server and to its volume, resolved and cross-checked."""

    namespace: str
    workload: str
    kind: Kind
    pod: str
    pod_uid: str
    node: str
    server_id: str
    server_name: str
    claim: str
    persistent_volume: str
    volume_id: str
