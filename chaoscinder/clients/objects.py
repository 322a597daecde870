"""From the API server's JSON to nouns. Pure: what is missing in an object is missing in the noun, nothing is guessed."""

import re
from collections.abc import Mapping
from typing import Any

from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.workload import Kind, Node, Pod, Workload

Json = Mapping[str, Any]
CSI_DRIVER = "cinder.csi.openstack.org"
NODE_ID_ANNOTATION = "csi.alpha.kubernetes.io/node-id"
# openstack:///ID or openstack://REGION/ID (cloud-provider-openstack >= 1.25 with OS_CCM_REGIONAL=true); the bare ID is its oldest form.
PROVIDER_ID = re.compile(r"^(?:openstack://[^/]*/)?([0-9a-fA-F-]{36})$")


def server_id_of(provider_id: str) -> str | None:
    """Tell the Nova server's id in a node's spec.providerID, None where there is none."""
    found = PROVIDER_ID.match(provider_id)
    return found.group(1).lower() if found else None


def workload(obj: Json, kind: Kind) -> Workload:
    """Read a Deployment or StatefulSet; a StatefulSet's claim templates are named as <template>-<set>-<ordinal> by its pods, not here."""
    spec, status, meta = obj["spec"], obj.get("status", {}), obj["metadata"]
    strategy = spec.get("strategy" if kind is Kind.DEPLOYMENT else "updateStrategy", {}).get("type", "")
    labels = spec.get("selector", {}).get("matchLabels", {})
    return Workload(
        namespace=meta["namespace"],
        kind=kind,
        name=meta["name"],
        desired=spec.get("replicas", 1),
        ready=status.get("readyReplicas") or 0,
        claims=_claims(spec["template"]["spec"]),
        strategy=strategy,
        selector=",".join(f"{key}={value}" for key, value in sorted(labels.items())),
    )


def pod(obj: Json) -> Pod:
    """Read a pod."""
    meta, status = obj["metadata"], obj.get("status", {})
    return Pod(
        namespace=meta["namespace"],
        name=meta["name"],
        uid=meta["uid"],
        node=obj["spec"].get("nodeName"),
        phase=status.get("phase", ""),
        ready=_condition(status, "Ready") == "True",
        deleting="deletionTimestamp" in meta,
        claims=_claims(obj["spec"]),
    )


def node(obj: Json, csi_node: Json | None = None) -> Node:
    """Read a node, with its CSINode's idea of the server where there is one."""
    spec = obj["spec"]
    taints = [f"{row['key']}={row.get('value', '')}:{row['effect']}" for row in spec.get("taints") or []]
    drivers = (csi_node or {}).get("spec", {}).get("drivers") or []
    return Node(
        name=obj["metadata"]["name"],
        ready=_condition(obj.get("status", {}), "Ready") or "Unknown",
        schedulable=not spec.get("unschedulable", False),
        taints=tuple(sorted(taints)),
        server_id=server_id_of(spec.get("providerID", "")),
        csi_node_id=next((row["nodeID"] for row in drivers if row["name"] == CSI_DRIVER), None),
    )


def cinder_volume_of(persistent_volume: Json) -> str | None:
    """Tell the Cinder volume's id behind a PersistentVolume; None when it is not Cinder's."""
    spec = persistent_volume["spec"]
    if spec.get("csi", {}).get("driver") == CSI_DRIVER:
        return str(spec["csi"]["volumeHandle"])
    found = spec.get("cinder", {}).get("volumeID")
    return str(found) if found else None


def attachment(obj: Json, volume_id: str, server_by_node: Mapping[str, str]) -> Attachment:
    """Read a VolumeAttachment: attached, attaching or detaching, on the server that its node-id annotation or its node names."""
    meta, status = obj["metadata"], obj.get("status", {})
    word = "attached" if status.get("attached") else "attaching"
    annotated = meta.get("annotations", {}).get(NODE_ID_ANNOTATION)
    return Attachment(
        view=View.KUBERNETES,
        volume_id=volume_id,
        server_id=annotated or server_by_node.get(obj["spec"]["nodeName"]),
        status="detaching" if "deletionTimestamp" in meta else word,
        device=(status.get("attachmentMetadata") or {}).get("DevicePath", ""),
    )


def _claims(pod_spec: Json) -> tuple[str, ...]:
    rows = pod_spec.get("volumes") or []
    return tuple(row["persistentVolumeClaim"]["claimName"] for row in rows if "persistentVolumeClaim" in row)


def _condition(status: Json, type_: str) -> str | None:
    return next((str(row["status"]) for row in status.get("conditions") or [] if row["type"] == type_), None)
