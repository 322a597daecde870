"""What is kept of each object: the few fields of docs/run-directory.md, from the API server's JSON and from the clouds' nouns. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from chaoscinder.clients import objects
from chaoscinder.model.attachment import Attachment
from chaoscinder.model.timeline import Event
from chaoscinder.model.workload import Server, Volume

Json = Mapping[str, Any]
State = dict[str, Any]
# How a kubelet names Cinder's volumes in volumesInUse and volumesAttached: by the CSI driver, and by the in-tree plugin before 1.26.
UNIQUE_NAME = re.compile(r"^kubernetes\.io/(?:csi/cinder\.csi\.openstack\.org\^|cinder/)(.+)$")
ATTACHED = "attached"


def node_state(obj: Json) -> State:
    """Keep readiness, taints, cordon, the server behind it, and the Cinder volumes that the kubelet uses and the controller attached."""
    node, status = objects.node(obj), obj.get("status", {})
    attached = [row["name"] for row in status.get("volumesAttached") or []]
    return {
        "ready": node.ready,
        "taints": list(node.taints),
        "schedulable": node.schedulable,
        "server_id": node.server_id,
        "volumes_in_use": _cinder_volumes(status.get("volumesInUse") or []),
        "volumes_attached": _cinder_volumes(attached),
    }


def pod_state(obj: Json) -> State:
    """Keep phase, place, readiness, whether it is being deleted, what its first waiting container waits for, and who owns it."""
    pod, status = objects.pod(obj), obj.get("status", {})
    containers = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    waiting = [row["state"]["waiting"].get("reason", "") for row in containers if (row.get("state") or {}).get("waiting")]
    return {
        "phase": pod.phase,
        "node": pod.node,
        "ready": pod.ready,
        "deleting": pod.deleting,
        "waiting": waiting[0] if waiting else "",
        "owner": _owner(obj),
    }


def attachment_state(obj: Json) -> State:
    """Keep where a VolumeAttachment points, whether it is attached or going, and what went wrong."""
    spec, status = obj["spec"], obj.get("status") or {}
    return {
        "node": spec["nodeName"],
        "persistent_volume": spec["source"].get("persistentVolumeName"),
        "attached": bool(status.get("attached")),
        "deleting": "deletionTimestamp" in obj["metadata"],
        "attach_error": (status.get("attachError") or {}).get("message", ""),
        "detach_error": (status.get("detachError") or {}).get("message", ""),
    }


def slice_state(obj: Json) -> State:
    """Keep which pods traffic is sent to and which not; a condition that nobody set means ready, as the API says."""
    ready: list[str] = []
    not_ready: list[str] = []
    for row in obj.get("endpoints") or []:
        name = (row.get("targetRef") or {}).get("name") or ",".join(row.get("addresses") or [])
        (not_ready if (row.get("conditions") or {}).get("ready") is False else ready).append(name)
    return {"ready": sorted(ready), "not_ready": sorted(not_ready)}


def server_state(server: Server, volumes: Iterable[str]) -> State:
    """Keep Nova's words about a server, and the volumes that it says are attached."""
    return {
        "name": server.name,
        "status": server.status,
        "power_state": server.power_state,
        "task_state": server.task_state,
        "vm_state": server.vm_state,
        "volumes": sorted(volumes),
    }


def volume_state(volume: Volume, attachments: Iterable[Attachment]) -> State:
    """Keep Cinder's words about a volume: its status, the servers it is attached to, and every attachment record with its status."""
    rows = sorted((row.status, row.server_id or "") for row in attachments)
    return {
        "status": volume.status,
        "servers": sorted({server for status, server in rows if status == ATTACHED and server}),
        "attachments": [{"status": status, "server_id": server or None} for status, server in rows],
    }


def event_of(obj: Json) -> Event:
    """Keep what an event says and about whom; its at_s is left to the recorder."""
    about = obj.get("involvedObject") or {}
    return Event(
        at_s=0.0,
        type=obj.get("type") or "",
        reason=obj.get("reason") or "",
        source=(obj.get("source") or {}).get("component") or obj.get("reportingComponent") or "",
        message=(obj.get("message") or "").strip(),
        about=f"{about.get('kind', '')}/{about.get('name', '')}",
        count=(obj.get("series") or {}).get("count") or obj.get("count") or 1,
    )


def _cinder_volumes(names: Iterable[str]) -> list[str]:
    return sorted(found.group(1) for name in names if (found := UNIQUE_NAME.match(name)))


def _owner(obj: Json) -> str:
    owners = obj["metadata"].get("ownerReferences") or []
    return next((f"{row['kind']}/{row['name']}" for row in owners if row.get("controller")), "")
