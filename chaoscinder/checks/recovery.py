"""What freed the volume; and where nothing did, why nothing would have.

The rule for a shut-off node: since Kubernetes 1.11 a SHUTOFF server no longer makes its Node go away, so nobody deletes the pod object; and
while that object exists the attach-detach controller takes the volume for wanted on the node, so its 6-minute force detach never starts.
"""

from collections.abc import Callable

from chaoscinder.checks.deeds import deletes_pod
from chaoscinder.checks.sentences import seconds, short
from chaoscinder.checks.states import (
    OUT_OF_SERVICE,
    SHUTDOWN,
    State,
    first,
    is_target_server,
    latest,
    moments,
    objects,
    taint_of,
)
from chaoscinder.checks.watching import heard_at
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Change

STUCK = "stuck_attachment"  # the mark of a probe that found the volume on a server that Kubernetes forgot
NONE_SEEN = "none seen"
NONE_NEEDED = "none needed (a pod was deleted, its node lives)"
WAYS_OUT = (
    "Only these would end it: the node comes back; the out-of-service taint; the pod is force-deleted (and 6 more minutes); "
    "or the Node is deleted (40 to 80 s and 6 more minutes)."
)


def remediation(run: Run) -> str:
    """Tell what was seen to free the volume between the fault and our undo, with its time; "none seen" where nothing did."""
    when = moments(run)
    if when.fault_s is None or run.target is None:
        return NONE_SEEN
    if deletes_pod(run):
        return NONE_NEEDED
    for text, change in _candidates(run, when.fault_s):
        if change is not None and change.at_s <= when.judged_to_s:
            return f"{text}, {seconds(change.at_s - when.fault_s)} after the fault"
    return NONE_SEEN


def why_stuck(run: Run, at_s: float) -> tuple[str, ...]:
    """Tell, one line each, why nothing would end an outage that still lasts at a moment; empty when the states do not show it."""
    if hung(run, at_s):
        return hung(run, at_s)
    if run.target is None or not heard_at(run, at_s):
        return ()
    facts = _stuck_facts(run, at_s)
    if not all(holds for holds, _ in facts):
        return ()
    return (*(text for _, text in facts), WAYS_OUT)


def hung(run: Run, at_s: float) -> tuple[str, ...]:
    """Tell, one line each, what was found to hang on a server that Kubernetes forgot, until a moment; empty when nothing was."""
    return _stuck_lines(run, lambda mark_s: mark_s <= at_s)


def stuck_after_undo(run: Run) -> tuple[str, ...]:
    """Tell, one line each, what still hangs on a server that Kubernetes forgot after our undo, and what would free it."""
    undo_s = moments(run).undo_s
    return () if undo_s is None else _stuck_lines(run, lambda mark_s: mark_s > undo_s)


def _stuck_lines(run: Run, when: Callable[[float], bool]) -> tuple[str, ...]:
    marks = [mark for mark in run.marks if mark.name == STUCK and when(mark.at_s)]
    return tuple(str(line) for line in marks[-1].detail.get("lines") or ()) if marks else ()


def _candidates(run: Run, fault_s: float) -> tuple[tuple[str, Change | None], ...]:
    """List what may free a volume, the strongest first."""
    assert run.target is not None
    node = run.target.node

    def about_node(change: Change) -> bool:
        return change.view is View.KUBERNETES and change.name == node

    tainted = first(run.changes, "Node", fault_s, lambda change: about_node(change) and bool(taint_of(change.state, OUT_OF_SERVICE)))
    deleted = first(run.changes, "Node", fault_s, lambda change: about_node(change) and change.state is None)
    lost = first(run.changes, "Node", fault_s, lambda change: about_node(change) and not is_ready(change.state))
    back = first(run.changes, "Node", lost.at_s, lambda change: about_node(change) and is_ready(change.state)) if lost else None
    gone = first(run.changes, "Pod", fault_s, lambda change: change.name == run.target.pod and change.state is None)  # type: ignore[union-attr]
    forced = gone if lost and gone and gone.at_s >= lost.at_s else None
    return (
        (f"out-of-service taint on {node}", tainted),
        (f"Node {node} deleted", deleted),
        (f"node {node} came back by itself", back),
        (f"pod {run.target.pod} force-deleted on the lost node", forced),
    )


def _stuck_facts(run: Run, at_s: float) -> tuple[tuple[bool, str], ...]:
    """List the five facts that together mean that nothing will move."""
    target = run.target
    assert target is not None
    server = next((row.state for row in latest(run.changes, at_s) if is_target_server(row, run)), None) or {}
    node = objects(run.changes, View.KUBERNETES, "Node", at_s).get(target.node)
    pod = objects(run.changes, View.KUBERNETES, "Pod", at_s).get(target.pod) or {}
    held = [row for row in objects(run.changes, View.KUBERNETES, "VolumeAttachment", at_s).values() if _holds(row, run)]
    return (
        (
            server.get("status") == "SHUTOFF" and server.get("power_state") == SHUTDOWN,
            f"Server {target.server_name} ({short(target.server_id)}) is SHUTOFF and stays so.",
        ),
        (node is not None and not is_ready(node), f"Node {target.node} is NotReady, and its object is kept: the server still exists."),
        (
            bool(pod.get("deleting")),
            f"Pod {target.pod} is Terminating, and its object stays: only the kubelet of the lost node could end it.",
        ),
        (bool(held), f"Its VolumeAttachment to {target.node} is kept: the volume counts as wanted there while that pod object exists."),
        (taint_of(node, OUT_OF_SERVICE) is None, f"Nobody set the taint {OUT_OF_SERVICE} on node {target.node}."),
    )


def is_ready(state: State | None) -> bool:
    """Whether a Node's state says Ready."""
    return (state or {}).get("ready") == "True"


def _holds(attachment: State, run: Run) -> bool:
    assert run.target is not None
    ours = attachment.get("persistent_volume") == run.target.persistent_volume
    return ours and attachment.get("node") == run.target.node and bool(attachment.get("attached"))
