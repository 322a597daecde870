"""What every fault does before it acts: a live record, a target that is still the same, the guards, and the undo written down.

The undo is on disk (intent.jsonl, synced) and on what is touched, read back, before anything is asked for.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from chaoscinder import runs
from chaoscinder.clients import nodes
from chaoscinder.clients.site import Site
from chaoscinder.errors import CannotTell, Refused
from chaoscinder.faults.target import resolve
from chaoscinder.model.leftover import marking, node_marking
from chaoscinder.model.workload import Target
from chaoscinder.runs import RunDirectory, why_not_recording
from chaoscinder.waiting import halt


def live_run() -> RunDirectory:
    """Insist on a run that our control began in this process."""
    run = runs.live()
    if run is None:
        raise CannotTell("no fault without a record (wanted the control chaoscinder.controls.recording in the experiment)")
    return run


def target_of(run: RunDirectory) -> Target:
    """Insist on a run that goes on and is being recorded, and tell its target."""
    halt.heed()
    silent = why_not_recording(run)
    if silent:
        raise CannotTell(f"no fault without a record: {silent} (wanted a live recorder of run {run.header.run_id})")
    target = run.target()
    if target is None:
        raise CannotTell(f"run {run.header.run_id} has no target (wanted the one that its control resolved)")
    return target


def already(run: RunDirectory, what: str) -> bool:
    """Whether this run did something to an object of this kind and has not undone it yet: an act is done once."""
    return any(row["what"] == what for row in run.open_intents())


def insist_on_same(site: Site, target: Target, doing: str) -> None:
    """Refuse when the chain from the workload to its volume is another one than at the start of the run."""
    now = resolve(site.settings, site.kubernetes, site.openstack)
    if now != target:
        seen = f"pod {now.pod} on {now.node} (wanted {target.pod} on {target.node})"
        raise Refused(f"the target changed since the run began: {seen}; not {doing}")


def intend_on_server(site: Site, run: RunDirectory, target: Target, did: str, undo_word: str, doing: str) -> None:
    """Write down, here and in the server's metadata, how its loss is undone; of two runs at one moment only one goes on."""
    detail = {"undo_word": undo_word, "target_id": target.server_id, "project_id": site.openstack.project_id()}
    run.intend("Server", target.server_name, did, f"openstack server start {target.server_id}", **detail)
    wanted = marking(run.run_id, undo_word, expires_at(site))
    site.openstack.set_metadata(target.server_id, wanted)
    seen = dict(site.openstack.server(target.server_id).metadata)
    _insist_on_marks(f"server {target.server_name} does not carry our metadata", wanted, seen, doing)


def intend_on_node(site: Site, run: RunDirectory, node: str) -> None:
    """Write down, here and in the node's annotations, that it is to be uncordoned."""
    detail = {"undo_word": "uncordon", "target_id": node, "cluster_id": site.settings.cluster_id}
    run.intend("Node", node, "cordoned", f"kubectl uncordon {node}", **detail)
    wanted = node_marking(run.run_id, "uncordon", expires_at(site))
    nodes.mark(site.kubernetes, node, wanted)
    _insist_on_marks(f"node {node} does not carry our annotations", wanted, dict(site.kubernetes.node(node).marks), "cordoning")


def intend_on_pod(site: Site, run: RunDirectory, target: Target) -> None:
    """Write down that the pod's controller must have replaced it; a pod that is deleted can carry nothing, so only here."""
    workload = f"{target.namespace}/{target.kind}/{target.workload}"
    detail = {"undo_word": "see-replaced", "target_id": workload, "cluster_id": site.settings.cluster_id}
    undo = f"its {target.kind} makes another one: kubectl -n {target.namespace} get pods"
    run.intend("Pod", target.pod, "deleted", undo, **detail)


def expires_at(site: Site) -> datetime:
    """Tell when this run is over at the latest, by its own limits."""
    return site.clock.wall_now() + timedelta(seconds=site.settings.run_limit_s / site.settings.rate)


def _insist_on_marks(told: str, wanted: Mapping[str, str], seen: Mapping[str, str], doing: str) -> None:
    differing = sorted(key for key, value in wanted.items() if seen.get(key) != value)
    if differing:
        raise Refused(f"{told} as written ({', '.join(differing)}): not {doing}")
