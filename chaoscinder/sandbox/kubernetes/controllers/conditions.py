"""The conditions in an object's status."""

from typing import Any

from chaoscinder.sandbox.kubernetes.store import Object


def find(obj: Object, type_: str) -> Object | None:
    """Find a condition; None where the object does not have it."""
    return next((row for row in obj.get("status", {}).get("conditions") or [] if row["type"] == type_), None)


def status(obj: Object, type_: str) -> str:
    """Tell True, False or Unknown; Unknown too where the condition is missing."""
    row = find(obj, type_)
    return str(row["status"]) if row else "Unknown"


def put(obj: Object, type_: str, value: str, now: str, *, reason: str = "", message: str = "", **more: Any) -> None:
    """Set a condition on an object that is being edited; lastTransitionTime moves only when the status does."""
    rows = obj.setdefault("status", {}).setdefault("conditions", [])
    old = find(obj, type_)
    same = old is not None and old["status"] == value
    new = {"type": type_, "status": value, "lastTransitionTime": old["lastTransitionTime"] if old and same else now}
    new |= {key: text for key, text in (("reason", reason), ("message", message)) if text}
    new |= more
    if old is None:
        rows.append(new)
    else:
        rows[rows.index(old)] = new


def is_heartbeat(before: Object, after: Object) -> bool:
    """Whether a Node differs from what it was in nothing but when its kubelet spoke last."""
    return _silent(before) == _silent(after)


def _silent(node: Object) -> tuple[Any, ...]:
    meta, status = dict(node.get("metadata", {})), dict(node.get("status", {}))
    rows = status.pop("conditions", None) or []
    said = [{key: value for key, value in row.items() if key != "lastHeartbeatTime"} for row in rows]
    meta.pop("resourceVersion", None)
    return meta, node.get("spec"), status, said
