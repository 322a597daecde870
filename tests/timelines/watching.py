"""Watches our store as the recorder watched the real API server, and writes the same rows.

Not written down, because the recordings do not have it: Leases, claims and volumes, endpoints, the events of kubelets (the stand-in
kubelets of the recordings told none), the condition PodReadyToStartContainers, and pod addresses.
"""

from collections.abc import Callable, Sequence

from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.store import Happened, Object
from tests.timelines.rows import Fields, Row

GRACE = ("deletionTimestamp", "deletionGracePeriodSeconds")
SET_COUNTS = ("replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "terminatingReplicas")
DEPLOYMENT_COUNTS = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "terminatingReplicas")
STATEFULSET_COUNTS = ("replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas")
SILENT = ("kubelet",)


def row(event: Happened, at_s: float, *, silent: Sequence[str] = SILENT) -> Row | None:
    """One watch event as the recorder would have written it; None for what it did not write, as the events of silent components."""
    kind, name = event.resource.kind, event.object["metadata"]["name"]
    if event.resource is resources.EVENTS:
        return None if (event.object.get("source") or {}).get("component") in silent else _event(event, at_s)
    if kind not in FACTS:
        return None
    after = FACTS[kind](event.object)
    if event.type == "DELETED":
        return Row(at_s, kind, event.type, name, after)
    before = FACTS[kind](event.previous) if event.previous else {}
    changed = _changed(before, after)
    return Row(at_s, kind, event.type, name, changed) if changed or event.type == "ADDED" else None


def _event(event: Happened, at_s: float) -> Row | None:
    seen = event.object
    count = (seen.get("series") or seen).get("count", 1)
    if event.type == "MODIFIED":
        return Row(at_s, "Event", "MODIFIED", "", {"count": count})
    about = seen["involvedObject"]
    text = f"{seen['type']} {seen['reason']} [{seen['reportingComponent']}] {about['kind']}/{about['name']} x{count}: {seen['message']}"
    return Row(at_s, "Event", event.type, "", event=text) if event.type == "ADDED" else None


def _changed(before: Fields, after: Fields) -> Fields:
    found: Fields = {}
    for key in before.keys() | after.keys():
        old, new = before.get(key), after.get(key)
        if key == "conditions":
            new = {type_: text for type_, text in new.items() if (old or {}).get(type_) != text}
            old = {}
        if old != new:
            found[key] = new
    return found


def _pod(obj: Object) -> Fields:
    status = obj.get("status", {})
    facts: Fields = {"node": obj["spec"].get("nodeName"), "phase": status.get("phase"), "conditions": _conditions(obj)}
    facts["conditions"].pop("PodReadyToStartContainers", None)
    facts["containers"] = [list(each["state"]) for each in status.get("containerStatuses") or []] or None
    return facts | _grace(obj)


def _node(obj: Object) -> Fields:
    status, spec = obj.get("status", {}), obj["spec"]
    taints = [f"{taint['key']}={taint.get('value', '')}:{taint['effect']}" for taint in spec.get("taints") or []]
    attached = [f"{each['name']}@{each['devicePath']}" for each in status.get("volumesAttached") or []]
    in_use = sorted(status.get("volumesInUse") or []) or None
    return {
        "conditions": _conditions(obj), "taints": taints, "unschedulable": spec.get("unschedulable") or None,
        "volumesAttached": attached, "volumesInUse": in_use,
    }  # fmt: skip


def _attachment(obj: Object) -> Fields:
    meta, status = obj["metadata"], obj.get("status") or {}
    facts: Fields = {
        "node": obj["spec"]["nodeName"],
        "pv": obj["spec"]["source"]["persistentVolumeName"],
        "attached": status.get("attached"),
    }
    facts |= {key: meta.get(key) or None for key in ("annotations", "finalizers")}
    facts |= {key: status.get(key) for key in ("attachmentMetadata", "attachError", "detachError")}
    return facts | _grace(obj)


def _counts(names: tuple[str, ...], *conditions: str) -> Callable[[Object], Fields]:
    def facts(obj: Object) -> Fields:
        found: Fields = {name: obj.get("status", {}).get(name) for name in names}
        if conditions:
            found["conditions"] = {type_: text for type_, text in _conditions(obj).items() if type_ in conditions}
        return found

    return facts


def _conditions(obj: Object) -> Fields:
    rows = obj.get("status", {}).get("conditions") or []
    return {each["type"]: " ".join(filter(None, (each["status"], each.get("reason"), each.get("message")))) for each in rows}


def _grace(obj: Object) -> Fields:
    return {key: obj["metadata"].get(key) for key in GRACE}


FACTS: dict[str, Callable[[Object], Fields]] = {
    "Pod": _pod,
    "Node": _node,
    "VolumeAttachment": _attachment,
    "ReplicaSet": _counts(SET_COUNTS),
    "Deployment": _counts(DEPLOYMENT_COUNTS, "Available", "Progressing"),
    "StatefulSet": _counts(STATEFULSET_COUNTS),
    "CSINode": lambda _: {},
}
