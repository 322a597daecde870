"""What a run changes about a node in Kubernetes: its cordon and our annotations; each change is a merge patch of these keys only."""

from collections.abc import Mapping, Sequence

from chaoscinder.clients.kubernetes import Kubernetes


def mark(kubernetes: Kubernetes, name: str, values: Mapping[str, str]) -> None:
    """Write annotations of ours onto a node."""
    kubernetes.patch(_path(name), {"metadata": {"annotations": dict(values)}})


def unmark(kubernetes: Kubernetes, name: str, keys: Sequence[str]) -> None:
    """Take annotations of ours off a node."""
    kubernetes.patch(_path(name), {"metadata": {"annotations": dict.fromkeys(keys)}})


def cordon(kubernetes: Kubernetes, name: str) -> None:
    """Let nothing new be scheduled on a node, as `kubectl cordon` does."""
    kubernetes.patch(_path(name), {"spec": {"unschedulable": True}})


def uncordon(kubernetes: Kubernetes, name: str) -> None:
    """Let pods be scheduled on a node again, as `kubectl uncordon` does."""
    kubernetes.patch(_path(name), {"spec": {"unschedulable": None}})


def address(kubernetes: Kubernetes, name: str) -> str:
    """Tell a node's internal address, "" where it tells none."""
    rows = kubernetes.get(_path(name)).get("status", {}).get("addresses") or []
    return next((str(row["address"]) for row in rows if row["type"] == "InternalIP"), "")


def volumes_in_use(kubernetes: Kubernetes, name: str) -> tuple[str, ...]:
    """Tell the Cinder volumes that a node's kubelet says it uses."""
    rows = kubernetes.get(_path(name)).get("status", {}).get("volumesInUse") or []
    return tuple(sorted(str(row).replace("^", "/").rsplit("/", 1)[-1] for row in rows))


def event_messages(kubernetes: Kubernetes, namespace: str, about: str) -> tuple[str, ...]:
    """Tell what the events of a namespace say, the latest last; only those that name something, such as a volume's id."""
    rows = [row for row in kubernetes.rows(f"/api/v1/namespaces/{namespace}/events") if about in str(row.get("message") or "")]
    rows.sort(key=lambda row: str(row.get("lastTimestamp") or row.get("eventTime") or ""))
    return tuple(str(row["message"]).strip() for row in rows)


def _path(name: str) -> str:
    return f"/api/v1/nodes/{name}"
