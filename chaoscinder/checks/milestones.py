"""The steps from the fault to the answer of the replacement, each with the moment at which this run saw it."""

from collections.abc import Callable, Container

from chaoscinder.checks.deeds import act_of, deletes_pod, may_stay
from chaoscinder.checks.faults import shut_off_at
from chaoscinder.checks.recovery import is_ready
from chaoscinder.checks.states import OUT_OF_SERVICE, Moments, first, moments, taint_of
from chaoscinder.model.act import Act
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Change, Milestone
from chaoscinder.model.workload import Target

SKEW_WALL_S = 0.25  # by how much two watches may be apart


def milestones(run: Run, *, recovered_at_s: float | None) -> tuple[Milestone, ...]:
    """Find every step, in the order in which they are due; at_s is None for one that was not seen.

    Steps after our undo are told too: their moments show that the undo brought them about. Empty without a fault or a target.
    """
    when = moments(run)
    if when.fault_s is None or run.target is None:
        return ()
    steps = [
        *_by_us(run, run.target, when, when.fault_s),
        *(step for step in _by_kubernetes(run, run.target, when.fault_s) if step.name not in _beside(run)),
        Milestone("answering", recovered_at_s, "first good answer that lasted" if recovered_at_s is not None else ""),
    ]
    return tuple(steps)


def _by_us(run: Run, target: Target, when: Moments, fault_s: float) -> list[Milestone]:
    """The fault itself, and its effect on the server."""
    act = act_of(run)
    if act is Act.DELETE_POD:
        return [Milestone("fault", fault_s, f"asked Kubernetes to delete pod {target.pod}")]
    asked = f"asked {target.server_name} to shut down" if act is Act.SHUT_DOWN_SERVER else f"asked Nova to stop {target.server_name}"
    off_s = shut_off_at(run, when)
    off = Milestone("server off", off_s, f"Nova: {target.server_name} SHUTOFF" if off_s is not None else "")
    return [Milestone("fault", fault_s, asked), off]


def _beside(run: Run) -> tuple[str, ...]:
    """The steps that cannot come: a pod's deletion takes no node away, and where its volume may stay, nothing is detached."""
    never = ("node not ready", "decision") if deletes_pod(run) else ()
    return (*never, "detached", "attached") if may_stay(run) and not _was_detached(run) else never


def _was_detached(run: Run) -> bool:
    target = run.target
    return target is not None and any(_attached_elsewhere(change, target) for change in run.changes)


def _by_kubernetes(run: Run, target: Target, fault_s: float) -> list[Milestone]:
    def when_first(kind: str, wanted: Callable[[Change], bool], since_s: float = fault_s) -> Change | None:
        return first(run.changes, kind, since_s, lambda change: change.view is View.KUBERNETES and wanted(change))

    lost = when_first("Node", lambda change: change.name == target.node and not is_ready(change.state))
    gone = when_first("Pod", lambda change: change.name == target.pod and change.state is None)
    detached = when_first("VolumeAttachment", lambda change: change.state is None and _node_of(run, change) == target.node)
    attached = when_first("VolumeAttachment", lambda change: _attached_elsewhere(change, target))
    before = {target.pod_uid, *(row.uid for row in run.changes if row.kind == "Pod" and row.at_s < fault_s)}
    ready = when_first("Pod", lambda change: _is_replacement(change, target, before) and bool((change.state or {}).get("ready")))
    decided, why = _decision(run, target, fault_s)
    return [
        Milestone("node not ready", lost.at_s if lost else None, f"Node {target.node} NotReady" if lost else ""),
        Milestone("decision", decided, why),
        Milestone("pod gone", gone.at_s if gone else None, f"pod {target.pod} deleted" if gone else ""),
        Milestone("detached", detached.at_s if detached else None, f"VolumeAttachment to {target.node} gone" if detached else ""),
        Milestone("attached", attached.at_s if attached else None, f"VolumeAttachment to {_node_of(run, attached)}" if attached else ""),
        Milestone("ready", ready.at_s if ready else None, f"pod {ready.name} Ready" if ready else ""),
    ]


def _decision(run: Run, target: Target, fault_s: float) -> tuple[float | None, str]:
    """Find the first sign that somebody decided to give the node up: its taint, its deletion, or the pod's."""

    def decides(change: Change) -> str:
        if change.view is not View.KUBERNETES or change.at_s < fault_s:
            return ""
        if change.kind == "Node" and change.name == target.node:
            taint = taint_of(change.state, OUT_OF_SERVICE)
            return f"Node {target.node} deleted" if change.state is None else f"taint {taint}" if taint else ""
        if change.kind == "Pod" and change.name == target.pod:
            return f"pod {target.pod} marked for deletion" if change.state is None or change.state.get("deleting") else ""
        return ""

    found = [change for change in run.changes if decides(change)]
    # One act may be seen on the pod before it is seen on the node: they are watched apart.
    nearly = [change for change in found if change.at_s <= found[0].at_s + SKEW_WALL_S * run.header.rate]
    chosen = next((change for change in nearly if change.kind == "Node"), found[0] if found else None)
    return (None, "") if chosen is None else (chosen.at_s, decides(chosen))


def _attached_elsewhere(change: Change, target: Target) -> bool:
    state = change.state or {}
    ours = state.get("persistent_volume") == target.persistent_volume
    return ours and state.get("node") != target.node and bool(state.get("attached"))


def _is_replacement(change: Change, target: Target, before: Container[str]) -> bool:
    """Whether a pod came in the target's place: one that holds the workload's name and is none of the objects that were there before."""
    return change.uid not in before and change.name.startswith(f"{target.workload}-")


def _node_of(run: Run, change: Change) -> str:
    """Tell the node that a VolumeAttachment was about when it was last seen."""
    states = [
        row.state for row in run.changes if (row.kind, row.name) == (change.kind, change.name) and row.at_s <= change.at_s and row.state
    ]
    return str(states[-1].get("node") or "") if states else ""
