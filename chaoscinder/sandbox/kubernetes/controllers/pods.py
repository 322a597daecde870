"""What can be read off a pod."""

from chaoscinder.sandbox.kubernetes.controllers import conditions
from chaoscinder.sandbox.kubernetes.resources import PODS
from chaoscinder.sandbox.kubernetes.store import Object, Store


def of_node(store: Store, node: str) -> list[Object]:
    """The pods bound to a node."""
    return store.on_node(PODS, node)


def key(pod: Object) -> str:
    """namespace/name, as messages write it."""
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def is_terminating(pod: Object) -> bool:
    """Whether it was deleted and is still there."""
    return bool(pod["metadata"].get("deletionTimestamp"))


def is_finished(pod: Object) -> bool:
    """Whether its phase is a last one."""
    return phase(pod) in ("Succeeded", "Failed")


def is_active(pod: Object) -> bool:
    """Whether a ReplicaSet counts it: neither finished nor deleted."""
    return not is_finished(pod) and not is_terminating(pod)


def is_ready(pod: Object) -> bool:
    """Whether its condition Ready is True."""
    return conditions.status(pod, "Ready") == "True"


def phase(pod: Object) -> str:
    """Its phase; Pending where none is written yet."""
    return str(pod.get("status", {}).get("phase") or "Pending")


def holds_volumes(pod: Object) -> bool:
    """Whether the attach-detach controller lets it keep its volumes.

    A deleted pod whose containers are shown as running still does, and on a dead node nobody ever shows them as stopped.
    """
    if is_finished(pod):
        return False
    rows = pod.get("status", {}).get("containerStatuses") or []
    return not is_terminating(pod) or any("running" in (row.get("state") or {}) for row in rows)


def owner(obj: Object) -> Object | None:
    """The owner reference of the controller that made it."""
    return next((row for row in obj["metadata"].get("ownerReferences") or [] if row.get("controller")), None)


def owned_by(store: Store, resource_owner: Object) -> list[Object]:
    """The pods that a controller object made."""
    uid = resource_owner["metadata"]["uid"]
    rows = store.list(PODS, resource_owner["metadata"]["namespace"])
    return [pod for pod in rows if (owner(pod) or {}).get("uid") == uid]


def claims(pod: Object) -> dict[str, str]:
    """Claim names by the volume's name in the pod."""
    rows = pod.get("spec", {}).get("volumes") or []
    return {row["name"]: row["persistentVolumeClaim"]["claimName"] for row in rows if row.get("persistentVolumeClaim")}


def container_name(pod: Object) -> str:
    """The name of its first container, the one that the sandbox runs."""
    return str(pod["spec"]["containers"][0]["name"])
