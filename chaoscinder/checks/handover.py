"""From a deleted pod to the next one: how long two pods could hold one volume, and whether Multi-Attach was told and went by.

ReadWriteOnce keeps a volume to one node, not to one pod: on the same node the next pod mounts it while the last one is still ending.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from chaoscinder.checks.deeds import deletes_pod
from chaoscinder.checks.sentences import seconds, short
from chaoscinder.checks.states import first, moments
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Change, Event
from chaoscinder.model.workload import Target

MULTI_ATTACH = "Multi-Attach error"
ATTACHED = "SuccessfulAttachVolume"


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two pods on one node that could hold one volume: from when the next one was bound to the node until the last one's object was gone.

    Moments on the run's axis as this run saw them. running_s is when the next one was first seen Running, None where that came after.
    """

    last: str
    next: str
    node: str
    bound_s: float
    running_s: float | None
    gone_s: float


def told(run: Run) -> tuple[str, ...]:
    """Tell a reader about the handover, one line each; nothing where the fault was no deletion of a pod."""
    fault_s, target = moments(run).fault_s, run.target
    if fault_s is None or target is None or not deletes_pod(run):
        return ()
    return (*(_overlap_line(row, target, fault_s) for row in overlaps(run, target, fault_s)), *multi_attach(run, target, fault_s))


def overlaps(run: Run, target: Target, fault_s: float) -> tuple[Overlap, ...]:
    """Find every pod that came after the fault, and was bound to the deleted pod's node while that one was still there."""
    gone = first(run.changes, "Pod", fault_s, lambda change: change.uid == target.pod_uid and change.state is None)
    if gone is None:
        return ()
    pods = [row for row in run.changes if row.kind == "Pod"]
    before = {target.pod_uid, *(row.uid for row in pods if row.at_s < fault_s)}
    others = dict.fromkeys(row.uid for row in pods if row.uid not in before)
    found = (_overlap([row for row in pods if row.uid == uid], target, gone.at_s) for uid in others)
    return tuple(row for row in found if row is not None)


def multi_attach(run: Run, target: Target, fault_s: float) -> tuple[str, ...]:
    """Tell whether Kubernetes said Multi-Attach of the target's volume after the fault, and whether it attached it later."""
    mine = [row for row in run.events if row.at_s >= fault_s and target.persistent_volume in row.message]
    said = [row for row in mine if MULTI_ATTACH in row.message]
    if not said:
        return ()
    over = next((row for row in mine if row.reason == ATTACHED and row.at_s >= said[0].at_s and row.about == said[0].about), None)
    since = f"Multi-Attach of volume {short(target.volume_id)} was told {seconds(said[0].at_s - fault_s)} after the fault"
    return (f"{since} and was over {_gone(run, target, said[0], over, fault_s)}",)


def _gone(run: Run, target: Target, said: Event, over: Event | None, fault_s: float) -> str:
    """Say when the volume was attached after all: by its event, else by its VolumeAttachment or, in-tree, by the new node's own word."""
    attached = next((row for row in run.changes if row.at_s >= said.at_s and _attaches(row, target)), None)
    at_s = over.at_s if over is not None else attached.at_s if attached is not None else None
    return (
        f"{seconds(at_s - fault_s)} after it: the volume was attached" if at_s is not None else "never: the volume was not attached again"
    )


def _attaches(change: Change, target: Target) -> bool:
    state = change.state or {}
    if change.view is not View.KUBERNETES or state.get("node", change.name) == target.node:
        return False
    by_object = change.kind == "VolumeAttachment" and state.get("persistent_volume") == target.persistent_volume
    return (by_object and bool(state.get("attached"))) or (
        change.kind == "Node" and target.volume_id in (state.get("volumes_attached") or ())
    )


def _overlap(next_one: Sequence[Change], target: Target, gone_s: float) -> Overlap | None:
    mine = [row for row in next_one if row.at_s < gone_s]
    bound = next((row for row in mine if (row.state or {}).get("node") == target.node), None)
    running = next((row for row in mine if (row.state or {}).get("phase") == "Running"), None)
    if bound is None:
        return None
    return Overlap(target.pod, bound.name, target.node, bound.at_s, running.at_s if running else None, gone_s)


def _overlap_line(row: Overlap, target: Target, fault_s: float) -> str:
    pods = f"{row.last} (deleted) and {row.next}"
    window = f"from {seconds(row.bound_s - fault_s)} to {seconds(row.gone_s - fault_s)} after the fault"
    ran = f"both ran for the last {seconds(row.gone_s - row.running_s)}" if row.running_s else "the second one ran only after that"
    lasted = seconds(row.gone_s - row.bound_s)
    return f"for {lasted} two pods could hold volume {short(target.volume_id)} on {row.node}: {pods}, {window}; {ran}"
