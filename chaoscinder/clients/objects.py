"""From the API server's JSON to nouns. Pure: what is missing in an object is missing in the noun, nothing is guessed."""

import re
from collections.abc import Mapping
from typing import Any

from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.leftover import NODE_KEYS, RUN_ANNOTATION, STOP_ANNOTATION, Hold, parsed
from chaoscinder.model.preflight import Budget, Needs, Place, Resident
from chaoscinder.model.rollout import Mount, Rollout
from chaoscinder.model.workload import Kind, Node, Pod, Workload

Json = Mapping[str, Any]
CSI_DRIVER = "cinder.csi.openstack.org"
IN_TREE = "kubernetes.io/cinder/"  # what the in-tree plugin's names of volumes begin with
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
        marks=tuple(sorted((key, str(value)) for key, value in (obj["metadata"].get("annotations") or {}).items() if key in NODE_KEYS)),
    )


def resident(obj: Json) -> Resident:
    """Read a pod as one of those that live on a node."""
    meta, spec, status = obj["metadata"], obj["spec"], obj.get("status", {})
    containers = [*(spec.get("initContainers") or []), *(spec.get("containers") or [])]
    return Resident(
        namespace=meta["namespace"],
        name=meta["name"],
        owner=_owner(obj),
        node=spec.get("nodeName") or "",
        ready=_condition(status, "Ready") == "True" and "deletionTimestamp" not in meta,
        labels=dict(meta.get("labels") or {}),
        images=tuple(str(row.get("image", "")) for row in containers),
        grace_s=float(spec.get("terminationGracePeriodSeconds", 30)),
    )


def is_over(obj: Json) -> bool:
    """Whether a pod has ended for good, so that nothing ends with its node."""
    return obj.get("status", {}).get("phase") in ("Succeeded", "Failed")


def place(obj: Json, csi_node: Json | None, volumes: int) -> Place:
    """Read a node as a place for volumes; how many it holds already is counted by the caller."""
    drivers = (csi_node or {}).get("spec", {}).get("drivers") or []
    counts = [(row.get("allocatable") or {}).get("count") for row in drivers if row["name"] == CSI_DRIVER]
    most = next((int(count) for count in counts if count is not None), None)
    return Place(node(obj, csi_node), dict(obj["metadata"].get("labels") or {}), most, volumes)


def needs(pod_obj: Json, persistent_volume: Json, owner: Json) -> Needs:
    """Read what decides where a pod and its volume may go."""
    spec = pod_obj["spec"]
    required = ((spec.get("affinity") or {}).get("nodeAffinity") or {}).get("requiredDuringSchedulingIgnoredDuringExecution") or {}
    rolling = (owner["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    return Needs(
        node_selector=dict(spec.get("nodeSelector") or {}),
        node_affinity=dict(required),
        tolerations=tuple(spec.get("tolerations") or ()),
        volume_affinity=dict((persistent_volume["spec"].get("nodeAffinity") or {}).get("required") or {}),
        access_modes=tuple(persistent_volume["spec"].get("accessModes") or ()),
        max_surge=str(rolling.get("maxSurge", "")),
    )


def rollout(obj: Json, kind: Kind, modes: Mapping[str, tuple[str, ...]]) -> Rollout:
    """Read a Deployment's or StatefulSet's word about its rollouts; modes are the access modes of the volumes behind claims, by claim."""
    spec = obj["spec"]
    told = spec.get("strategy" if kind is Kind.DEPLOYMENT else "updateStrategy") or {}
    rolling = told.get("rollingUpdate") or {}
    return Rollout(
        kind=kind,
        strategy=str(told.get("type", "")),
        replicas=int(spec.get("replicas", 1)),
        max_surge=str(rolling.get("maxSurge", "")),
        max_unavailable=str(rolling.get("maxUnavailable", "")),
        shared=tuple(Mount(claim, modes.get(claim, ())) for claim in _claims(spec["template"]["spec"])),
    )


def budget(obj: Json) -> Budget:
    """Read a PodDisruptionBudget."""
    meta = obj["metadata"]
    allowed = obj.get("status", {}).get("disruptionsAllowed", 0)
    return Budget(meta["namespace"], meta["name"], dict(obj["spec"].get("selector") or {}), int(allowed))


def hold(obj: Json) -> Hold:
    """Read our Lease; one without a duration has none, so that it counts as expired."""
    meta, spec = obj["metadata"], obj.get("spec") or {}
    notes = meta.get("annotations") or {}
    return Hold(
        namespace=str(meta.get("namespace", "")),
        holder=str(spec.get("holderIdentity") or ""),
        run_id=str(notes.get(RUN_ANNOTATION, "")),
        renewed_at=parsed(str(spec.get("renewTime") or "")),
        lasts_s=float(spec.get("leaseDurationSeconds") or 0),
        version=str(meta.get("resourceVersion", "")),
        uid=str(meta.get("uid", "")),
        stop=str(notes.get(STOP_ANNOTATION, "")),
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


def in_tree_attachments(node_obj: Json, volume_id: str) -> tuple[Attachment, ...]:
    """Read a node's status.volumesAttached for a volume of the in-tree plugin (Kubernetes < 1.26), which makes no VolumeAttachments."""
    names = [row["name"] for row in node_obj.get("status", {}).get("volumesAttached") or []]
    server = server_id_of(node_obj["spec"].get("providerID", ""))
    return tuple(Attachment(View.KUBERNETES, volume_id, server, "attached") for name in names if name == f"{IN_TREE}{volume_id}")


def _owner(obj: Json) -> str:
    """Tell what would replace a pod: a ReplicaSet's Deployment by the hash in its name, else its controller itself."""
    rows = [row for row in obj["metadata"].get("ownerReferences") or [] if row.get("controller")]
    if not rows:
        return ""
    kind, name = str(rows[0]["kind"]), str(rows[0]["name"])
    end = f"-{(obj['metadata'].get('labels') or {}).get('pod-template-hash', '')}"
    return f"Deployment/{name.removesuffix(end)}" if kind == "ReplicaSet" and len(end) > 1 and name.endswith(end) else f"{kind}/{name}"


def _claims(pod_spec: Json) -> tuple[str, ...]:
    rows = pod_spec.get("volumes") or []
    return tuple(row["persistentVolumeClaim"]["claimName"] for row in rows if "persistentVolumeClaim" in row)


def _condition(status: Json, type_: str) -> str | None:
    return next((str(row["status"]) for row in status.get("conditions") or [] if row["type"] == type_), None)
