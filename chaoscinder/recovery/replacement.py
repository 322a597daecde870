"""The undo of a deleted pod: nothing can bring it back, so what counts is that its controller replaced it."""

from chaoscinder.clients.site import Site
from chaoscinder.clock import Deadline
from chaoscinder.errors import NotFound
from chaoscinder.recovery.steps import go_on

GONE = "gone"


def see_replaced(site: Site, workload: str, _run_id: str, deadline: Deadline) -> str:
    """Wait until a workload (NAMESPACE/Kind/NAME) has as many ready pods as it wants, none of them on its way out; returns the end state.

    Its pods are counted, not its status: that still tells of a pod that was deleted a moment ago.
    """
    try:
        return go_on(site.clock, deadline, lambda: _step(site, workload), wanted="every replica ready")
    except NotFound:
        return GONE


def _step(site: Site, named: str) -> tuple[str, str]:
    namespace, _, name = named.partition("/")
    workload = site.kubernetes.workload(namespace, name)
    ready = [pod for pod in site.kubernetes.pods(workload) if pod.ready and not pod.deleting]
    told = f"{len(ready)} of {workload.desired} replicas ready"
    if len(ready) < workload.desired:
        return "", f"{named} has {told}"
    return f"{told}: {', '.join(f'{pod.name} on {pod.node}' for pod in ready)}", ""
