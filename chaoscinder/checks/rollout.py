"""Whether update strategy and access modes let a rollout finish, or make it wait for itself. Pure.

The trap: a RollingUpdate makes the next pod before it ends the last one. A ReadWriteOnce volume can be on one node only, so a next pod on
another node waits for the volume, and the last pod is kept until the next one is Ready: after progressDeadlineSeconds the rollout is called
failed, and goes on waiting. A deletion of a pod is not a rollout: it does not ask the strategy.
"""

import math
from collections.abc import Callable

from chaoscinder.checks.sentences import listed
from chaoscinder.model.rollout import Forecast, Mount, Outlook, Rollout
from chaoscinder.model.workload import Kind

ONE_POD = "ReadWriteOncePod"
ONE_NODE = "ReadWriteOnce"
MANY = ("ReadWriteMany", "ReadOnlyMany")
DEFAULT = "25%"  # apps/v1 defaults of maxSurge and maxUnavailable


def forecast(rollout: Rollout) -> Forecast:
    """Tell what would become of a rollout that began now, on nodes that have room."""
    bound = [mount for mount in rollout.shared if not set(mount.access_modes) & set(MANY)]
    names = listed(f"{mount.claim} ({', '.join(mount.access_modes) or 'no access mode'})" for mount in bound)
    if rollout.strategy == "OnDelete":
        return Forecast(Outlook.WAITS, "OnDelete: a pod is replaced when somebody deletes it")
    if not bound:
        return Forecast(Outlook.FINISHES, "no claim that all its pods mount is bound to one node or one pod")
    if rollout.replicas > 1:
        return _shared_by_several(rollout, bound, names)
    if rollout.kind is Kind.STATEFULSET or rollout.strategy == "Recreate":
        word = "a StatefulSet" if rollout.kind is Kind.STATEFULSET else "Recreate"
        return Forecast(Outlook.FINISHES, f"{word} ends the last pod before it makes the next one, so {names} is free for it")
    return _rolling(rollout, bound, names)


def fenceposts(rollout: Rollout) -> tuple[int, int]:
    """Resolve maxSurge (rounded up) and maxUnavailable (rounded down) to pods; where both are 0, one is unavailable."""
    surge = _resolved(rollout.max_surge or DEFAULT, rollout.replicas, math.ceil)
    unavailable = _resolved(rollout.max_unavailable or DEFAULT, rollout.replicas, math.floor)
    return (surge, 1) if not surge and not unavailable else (surge, unavailable)


def _rolling(rollout: Rollout, bound: list[Mount], names: str) -> Forecast:
    surge, unavailable = fenceposts(rollout)
    told = f"RollingUpdate with {surge} more and {unavailable} fewer pods"
    if unavailable:
        return Forecast(Outlook.FINISHES, f"{told}: the last pod may end first, so {names} is free for the next one")
    if any(ONE_POD in mount.access_modes for mount in bound):
        return Forecast(Outlook.NEVER, f"{told}: the next pod waits for {names}, the last one for the next to be Ready (wanted Recreate)")
    return Forecast(
        Outlook.BY_LUCK,
        f"{told}: a next pod on another node waits for {names}, and the last one is kept until it is Ready; only on the same node it"
        " finishes (wanted Recreate, or maxSurge 0 and maxUnavailable 1)",
    )


def _shared_by_several(rollout: Rollout, bound: list[Mount], names: str) -> Forecast:
    told = f"{rollout.replicas} replicas share {names}"
    if any(ONE_POD in mount.access_modes for mount in bound):
        return Forecast(Outlook.NEVER, f"{told}: only one pod can ever use it")
    return Forecast(Outlook.BY_LUCK, f"{told}: a pod on another node than the others never starts")


def _resolved(told: str, replicas: int, rounded: Callable[[float], int]) -> int:
    share = told.removesuffix("%")
    return int(told) if share == told else rounded(int(share) * replicas / 100)
