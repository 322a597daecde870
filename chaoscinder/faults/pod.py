"""Delete the workload's pod, in its own grace period. Nothing brings it back; the undo is to see that its controller replaced it."""

import logging
from typing import Any

from chaoscinder.clients.site import Site
from chaoscinder.errors import NotFound
from chaoscinder.faults import acting, guard
from chaoscinder.model.act import Act
from chaoscinder.model.workload import Target
from chaoscinder.runs import RunDirectory
from chaoscinder.waiting import halt, wait_for

logger = logging.getLogger("chaostoolkit")


def delete(site: Site, run: RunDirectory, timeout_s: float) -> dict[str, Any]:
    """Delete the pod that holds the workload's volume and wait until its object is gone; idempotent within a run."""
    target = acting.target_of(run)
    if not acting.already(run, "Pod"):
        acting.insist_on_same(site, target, "deleting")
        guard.insist(site, run, acts=(Act.DELETE_POD,))
        acting.intend_on_pod(site, run, target)
        _ask(site, run, target)
    wait_for(
        site.clock, timeout_s, lambda: _seen(site, target), until=lambda seen: not seen,
        describe=lambda seen: seen, wanted=f"pod {target.pod} gone",
    )  # fmt: skip
    run.mark("fault_confirmed", pod=target.pod, pod_uid=target.pod_uid, gone=True)
    return {"pod": target.pod, "pod_uid": target.pod_uid, "node": target.node, "held_volume": target.volume_id}


def path(target: Target) -> str:
    """The pod's address in the API."""
    return f"/api/v1/namespaces/{target.namespace}/pods/{target.pod}"


def _ask(site: Site, run: RunDirectory, target: Target) -> None:
    halt.heed()
    logger.info("deleting pod %s/%s on %s: holds volume %s", target.namespace, target.pod, target.node, target.volume_id)
    run.mark("fault_started", what=Act.DELETE_POD.value, pod=target.pod, pod_uid=target.pod_uid, node=target.node)
    site.kubernetes.delete(path(target), target.pod_uid)
    run.mark("fault_accepted", pod=target.pod)


def _seen(site: Site, target: Target) -> str:
    """Say how the pod is; "" once its object is gone. A StatefulSet's next pod has its name, and another uid."""
    try:
        seen = site.kubernetes.get(path(target))
    except NotFound:
        return ""
    if seen["metadata"]["uid"] != target.pod_uid:
        return ""
    return f"pod {target.pod} is {'Terminating' if 'deletionTimestamp' in seen['metadata'] else 'not even marked for deletion'}"
