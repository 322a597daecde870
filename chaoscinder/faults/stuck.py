"""Look whether the workload's volume hangs on a server that Kubernetes forgot. The repair is told, never done."""

import logging

from chaoscinder.checks import stuck
from chaoscinder.clients import nodes
from chaoscinder.clients.site import Site
from chaoscinder.errors import NotFound
from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.stuck import Scene, Stuck
from chaoscinder.model.workload import Node, Server, Workload
from chaoscinder.runs import RunDirectory
from chaoscinder.settings import require_named_target
from chaoscinder.waiting import POLL_WALL_S, Progress, halt

LASTS_S = 15.0  # cluster seconds for which it must be found so: one look may fall into an ordinary move

logger = logging.getLogger("chaostoolkit")


def wait_for_stuck(site: Site, run: RunDirectory | None, within_s: float) -> Stuck | None:
    """Look until the volume is stuck and safe to free, or the workload back, for at most within_s cluster seconds; tell and mark it."""
    require_named_target(site.settings)
    deadline, progress, lasting = site.clock.deadline(within_s), Progress(site.clock), site.clock.deadline(LASTS_S)
    while True:
        halt.heed()
        workload = site.kubernetes.workload(site.settings.namespace, site.settings.workload)
        found = stuck.find(scene(site, workload))
        if found is None:
            lasting = site.clock.deadline(LASTS_S)
            if deadline.passed or _is_back(site, workload):
                return None
        elif lasting.passed and ((found.event and found.safe) or deadline.passed):
            return _told(run, found)
        progress.say(lambda: f"waiting {deadline.spent_s:.0f} of {within_s:g} s until the workload is ready or its volume stuck")
        site.clock.sleep_wall(POLL_WALL_S)


def scene(site: Site, workload: Workload) -> Scene:
    """Take down who wants the volume, who says where it is, and who has it."""
    persistent_volume, volume_id = site.kubernetes.cinder_volume(workload.namespace, _claim(site, workload))
    all_nodes = site.kubernetes.nodes()
    attachments = _attachments(site, persistent_volume, volume_id, all_nodes)
    holder = _holder(site, attachments)
    node = next((node for node in all_nodes if holder is not None and node.server_id == holder.id), None)
    return Scene(
        volume_id=volume_id,
        attachments=attachments,
        pods=site.kubernetes.pods(workload),
        nodes=all_nodes,
        messages=nodes.event_messages(site.kubernetes, workload.namespace, volume_id),
        holder=holder,
        in_use=None if node is None else _in_use(site, node.name),
    )


def _in_use(site: Site, node: str) -> tuple[str, ...] | None:
    try:
        return nodes.volumes_in_use(site.kubernetes, node)
    except NotFound:
        return None  # it was deleted since the nodes were listed


def _is_back(site: Site, workload: Workload) -> bool:
    """Whether its pods are ready, and the application answers: a pod on a server that was just stopped is called Ready for a while."""
    ready = [pod for pod in site.kubernetes.pods(workload) if pod.ready and not pod.deleting]
    return len(ready) >= workload.desired > 0 and site.web.look().reachable


def _claim(site: Site, workload: Workload) -> str:
    claims = workload.claims or tuple(claim for pod in site.kubernetes.pods(workload) for claim in pod.claims)
    wanted = [claim for claim in dict.fromkeys(claims) if site.settings.claim in ("", claim)]
    if len(wanted) != 1:
        raise NotFound(f"{workload.kind} {workload.name} mounts {len(wanted)} claims (wanted one: set claim)")
    return wanted[0]


def _attachments(site: Site, persistent_volume: str, volume_id: str, all_nodes: tuple[Node, ...]) -> tuple[Attachment, ...]:
    cinder = site.openstack.volume_attachments(volume_id)
    named = {node.server_id for node in all_nodes} | {row.server_id for row in cinder}
    servers = tuple(sorted(server_id for server_id in named if server_id and _exists(site, server_id)))
    return (
        *site.kubernetes.attachments(persistent_volume, volume_id),
        *site.openstack.nova_attachments(volume_id, servers),
        *cinder,
    )


def _exists(site: Site, server_id: str) -> bool:
    try:
        site.openstack.server(server_id)
    except NotFound:
        return False
    return True


def _holder(site: Site, attachments: tuple[Attachment, ...]) -> Server | None:
    named = {row.server_id for row in attachments if row.view is View.CINDER and row.server_id}
    if len(named) != 1:
        return None
    try:
        return site.openstack.server(named.pop())
    except NotFound:
        return None


def _told(run: RunDirectory | None, found: Stuck) -> Stuck:
    for line in found.lines:
        logger.warning("chaoscinder: %s", line)
    if run is not None:
        detail = {"volume_id": found.volume_id, "server_id": found.server_id, "repair": found.repair, "safe": found.safe}
        run.note("stuck_attachment", **detail, lines=list(found.lines))
    return found
