"""The cells of a pod in a table: what kubectl calls its status is worked out from phase, reasons, containers and deletion."""

from datetime import datetime
from typing import Any

from chaoscinder.sandbox.kubernetes.ages import age
from chaoscinder.sandbox.kubernetes.store import Object

NONE = "<none>"


def pod_cells(pod: Object, now: datetime) -> list[Any]:
    """Name, Ready, Status, Restarts, Age, IP, Node, Nominated Node, Readiness Gates."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    containers = status.get("containerStatuses") or []
    ready = sum(1 for each in containers if each.get("ready") and "running" in (each.get("state") or {}))
    return [
        pod["metadata"]["name"],
        f"{ready}/{len(spec.get('containers') or [])}",
        pod_status(pod),
        _restarts(containers, now),
        age(pod["metadata"].get("creationTimestamp"), now),
        status.get("podIP") or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        NONE,
    ]


def pod_status(pod: Object) -> str:
    """The word kubectl prints under STATUS."""
    status = pod.get("status") or {}
    word = str(status.get("reason") or status.get("phase") or "Unknown")
    for container in reversed(status.get("containerStatuses") or []):
        word = _container_word(container) or word
    if pod["metadata"].get("deletionTimestamp"):
        if status.get("reason") == "NodeLost":
            return "Unknown"
        if status.get("phase") not in ("Succeeded", "Failed"):
            return "Terminating"
    return word


def _container_word(container: Object) -> str:
    state = container.get("state") or {}
    if state.get("waiting"):
        return str(state["waiting"].get("reason") or "")
    ended = state.get("terminated")
    if not ended:
        return ""
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _restarts(containers: list[Object], now: datetime) -> str:
    count = sum(each.get("restartCount", 0) for each in containers)
    ends = [((each.get("lastState") or {}).get("terminated") or {}).get("finishedAt") for each in containers]
    last = max((end for end in ends if end), default=None)
    return f"{count} ({age(last, now)} ago)" if count and last else str(count)
