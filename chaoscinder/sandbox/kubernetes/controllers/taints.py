"""Taints of nodes and the tolerations of pods."""

from collections.abc import Sequence

from chaoscinder.sandbox.kubernetes.store import Object

NOT_READY = "node.kubernetes.io/not-ready"
UNREACHABLE = "node.kubernetes.io/unreachable"
UNSCHEDULABLE = "node.kubernetes.io/unschedulable"
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"
SHUTDOWN = "node.cloudprovider.kubernetes.io/shutdown"


def of(node: Object) -> list[Object]:
    """The taints of a node."""
    return node.get("spec", {}).get("taints") or []


def has(node: Object, key: str, effect: str | None = None) -> bool:
    """Tell whether a node has a taint, with any effect unless told."""
    return any(taint["key"] == key and effect in (None, taint["effect"]) for taint in of(node))


def add(node: Object, key: str, effect: str, *, value: str = "", at: str = "") -> None:
    """Put a taint on a node that is being edited, unless it is there."""
    if not has(node, key, effect):
        taint = {"key": key, "effect": effect} | ({"value": value} if value else {}) | ({"timeAdded": at} if at else {})
        node["spec"]["taints"] = [*of(node), taint]


def remove(node: Object, key: str, effect: str | None = None) -> None:
    """Take a taint off a node that is being edited."""
    left = [taint for taint in of(node) if not (taint["key"] == key and effect in (None, taint["effect"]))]
    if left:
        node["spec"]["taints"] = left
    else:
        node["spec"].pop("taints", None)


def tolerates(toleration: Object, taint: Object) -> bool:
    """Tell whether one toleration covers one taint."""
    if toleration.get("effect") and toleration["effect"] != taint["effect"]:
        return False
    if toleration.get("key") and toleration["key"] != taint["key"]:
        return False
    if toleration.get("operator") == "Exists":
        return True
    return bool(toleration.get("key")) and (toleration.get("value") or "") == (taint.get("value") or "")


def covering(taints: Sequence[Object], tolerations: Sequence[Object]) -> list[Object] | None:
    """The tolerations that cover the taints; None when a taint is not covered."""
    used: list[Object] = []
    for taint in taints:
        found = [toleration for toleration in tolerations if tolerates(toleration, taint)]
        if not found:
            return None
        used += found
    return used
