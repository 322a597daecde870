"""Which objects of a cluster concern a target: its pods by name, their owners, its claim and volume, and every node."""

import re
from collections.abc import Mapping
from typing import Any

from chaoscinder.model.workload import Kind, Target

# The API server's alphabet for generated suffixes leaves out vowels and look-alikes, but older ones did not.
PODS = {Kind.DEPLOYMENT: r"-[a-z0-9]+-[a-z0-9]{5}", Kind.STATEFULSET: r"-[0-9]+"}


class Family:
    """Knows the names around one target. Names, because an event may be seen before the pod that it is about."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._pod = re.compile(re.escape(target.workload) + PODS[target.kind])
        self._replica_set = re.compile(re.escape(target.workload) + r"-[a-z0-9]+")

    def has_pod(self, name: str) -> bool:
        """Whether a pod of this name would be one of the workload's."""
        return name == self._target.pod or bool(self._pod.fullmatch(name))

    def has_attachment(self, obj: Mapping[str, Any]) -> bool:
        """Whether a VolumeAttachment is one of the target's PersistentVolume."""
        return bool(obj["spec"]["source"].get("persistentVolumeName") == self._target.persistent_volume)

    def has_slice(self, obj: Mapping[str, Any]) -> bool:
        """Whether an EndpointSlice leads to one of the workload's pods."""
        names = [(row.get("targetRef") or {}).get("name", "") for row in obj.get("endpoints") or []]
        return any(self.has_pod(name) for name in names)

    def has_event(self, obj: Mapping[str, Any]) -> bool:
        """Whether an event is about a node, or about something of the workload."""
        about = obj.get("involvedObject") or {}
        kind, name = about.get("kind", ""), about.get("name", "")
        if kind in ("Node", "VolumeAttachment"):
            return True
        mine: dict[str, bool] = {
            "Pod": self.has_pod(name),
            "ReplicaSet": self._target.kind is Kind.DEPLOYMENT and bool(self._replica_set.fullmatch(name)),
            "PersistentVolumeClaim": name == self._target.claim,
            "PersistentVolume": name == self._target.persistent_volume,
            self._target.kind.value: name == self._target.workload,
        }
        return kind in mine and mine[kind]
