"""The status of a Deployment: its counts, and the conditions Available and Progressing."""

from collections.abc import Sequence
from datetime import UTC, datetime

from chaoscinder.sandbox.kubernetes.controllers import conditions
from chaoscinder.sandbox.kubernetes.store import Object

COUNTS = ("replicas", "readyReplicas", "availableReplicas")
STAMP = "%Y-%m-%dT%H:%M:%SZ"


def write(deployment: Object, new: Object | None, old: Sequence[Object], now: datetime) -> None:
    """Write the status of a Deployment that is being edited, from its ReplicaSets' own; a count of 0 is left out as the API does."""
    rows = [*old, *([new] if new else [])]
    before = deployment.get("status") or {}
    status = {"observedGeneration": deployment["metadata"].get("generation", 1), "conditions": before.get("conditions") or []}
    counts = {name: _sum(rows, name) for name in COUNTS}
    counts["updatedReplicas"] = _sum([new] if new else [], "replicas")
    counts["unavailableReplicas"] = max(0, sum(int(row["spec"].get("replicas", 1)) for row in rows) - counts["availableReplicas"])
    status |= {name: count for name, count in counts.items() if count}
    if "terminatingReplicas" in before or _sum(rows, "terminatingReplicas"):
        status["terminatingReplicas"] = _sum(rows, "terminatingReplicas")
    deployment["status"] = status
    _available(deployment, now.strftime(STAMP))
    _progressing(deployment, new, before, now)


def deadline_s(deployment: Object, now: datetime) -> float | None:
    """Seconds until a roll-out that does not move on is called stuck; None when there is nothing to wait for."""
    row = conditions.find(deployment, "Progressing")
    limit = deployment["spec"].get("progressDeadlineSeconds")
    if not row or not limit or row["reason"] in ("NewReplicaSetAvailable", "ProgressDeadlineExceeded"):
        return None
    return max(0.0, float(limit) - _since_s(row["lastUpdateTime"], now)) + 1.0


def _available(deployment: Object, now: str) -> None:
    wanted = int(deployment["spec"].get("replicas", 1))
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    share = str(rolling.get("maxUnavailable", "25%" if rolling else "0"))
    spare = int(share[:-1]) * wanted // 100 if share.endswith("%") else int(share)
    if deployment["status"].get("availableReplicas", 0) >= wanted - spare:
        _put(deployment, "Available", "True", now, "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        _put(deployment, "Available", "False", now, "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")


def _progressing(deployment: Object, new: Object | None, before: Object, now: datetime) -> None:
    if new is None:
        return
    name, status, stamp = new["metadata"]["name"], deployment["status"], now.strftime(STAMP)
    wanted = int(deployment["spec"].get("replicas", 1))
    row = conditions.find(deployment, "Progressing")
    complete = all(status.get(count, 0) == wanted for count in ("replicas", "updatedReplicas", "availableReplicas"))
    if complete:
        _put(deployment, "Progressing", "True", stamp, "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.')
    elif row is not None and row["reason"] == "NewReplicaSetAvailable" and name in row["message"]:
        return  # a roll-out that was complete once stays so: losing a pod is not a roll-out
    elif row is None or name not in row["message"] or _moved(before, status):
        _put(deployment, "Progressing", "True", stamp, "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.')
    elif deadline_s(deployment, now) is not None and _since_s(row["lastUpdateTime"], now) > deployment["spec"]["progressDeadlineSeconds"]:
        _put(deployment, "Progressing", "False", stamp, "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.')


def _moved(before: Object, status: Object) -> bool:
    return any(status.get(name, 0) > before.get(name, 0) for name in ("updatedReplicas", "readyReplicas", "availableReplicas"))


def _put(deployment: Object, type_: str, value: str, now: str, reason: str, message: str) -> None:
    old = conditions.find(deployment, type_)
    same = old is not None and (old["status"], old["reason"], old["message"]) == (value, reason, message) and type_ == "Available"
    keep = same or (reason == "NewReplicaSetAvailable" and old is not None and old["reason"] == reason and old["message"] == message)
    updated = old["lastUpdateTime"] if old and keep else now
    conditions.put(deployment, type_, value, now, reason=reason, message=message, lastUpdateTime=updated)


def _sum(rows: Sequence[Object], name: str) -> int:
    return sum(int(row.get("status", {}).get(name, 0)) for row in rows)


def _since_s(stamp: str, now: datetime) -> float:
    return (now - datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)).total_seconds()
