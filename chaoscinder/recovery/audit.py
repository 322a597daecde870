"""The state of everything that a fault on a target may touch, as plain data (shape: chaoscinder.checks.restoration)."""

from collections.abc import Mapping
from typing import Any

from chaoscinder.checks.restoration import restored
from chaoscinder.clients.site import Site
from chaoscinder.errors import CannotTell, NotFound
from chaoscinder.model.run import Touched
from chaoscinder.model.workload import Node, Server, Target
from chaoscinder.waiting import POLL_WALL_S, Progress


def take(site: Site, target: Target) -> dict[str, Any]:
    """Look at server, node, volume and attachments, and at every other node and its server; null for what is gone."""
    return {
        "server": _server(site, target),
        "node": _node(site, target),
        "attachments": _attachments(site, target),
        "volume": _volume(site, target),
        "others": _others(site, target),
    }


def wait_until_restored(
    site: Site, target: Target, before: Mapping[str, Any], touched: tuple[Touched, ...], limit_s: float
) -> dict[str, Any]:
    """Audit until all is as before, for at most limit_s cluster seconds; the last audit is returned either way.

    An API that does not answer is asked again until the time is over; then CannotTell says so.
    """
    deadline, progress, problem = site.clock.deadline(limit_s), Progress(site.clock), ""
    audit: dict[str, Any] | None = None
    while True:
        try:
            audit = take(site, target)
            problem = "; ".join(restored(before, audit, touched)[1])
        except CannotTell as error:
            problem = str(error)
        if deadline.passed or (audit is not None and restored(before, audit, touched)[0] is True):
            break
        progress.say(lambda now=problem: f"waiting {deadline.spent_s:.0f} of {limit_s:g} s until all is as before: {now}")  # type: ignore[misc]
        site.clock.sleep_wall(POLL_WALL_S)
    if audit is None:
        raise CannotTell(f"the state after the run could not be audited for {deadline.spent_s:.0f} s: {problem}")
    return audit


def _server(site: Site, target: Target) -> dict[str, Any] | None:
    try:
        server = site.openstack.server(target.server_id)
    except NotFound:
        return None
    return _server_row(server)


def _node(site: Site, target: Target) -> dict[str, Any] | None:
    try:
        node = site.kubernetes.node(target.node)
    except NotFound:
        return None
    return _node_row(node)


def _volume(site: Site, target: Target) -> dict[str, Any] | None:
    try:
        volume = site.openstack.volume(target.volume_id)
    except NotFound:
        return None
    return {"id": volume.id, "status": volume.status}


def _others(site: Site, target: Target) -> list[dict[str, Any]]:
    """Every other node with its server: a fault of ours has no business there, and nobody would look there for what it left."""
    servers = {row.id: row for row in site.openstack.servers()}
    rows = [node for node in site.kubernetes.nodes() if node.name != target.node]
    return [{"node": _node_row(node), "server": _server_row(servers.get(node.server_id or ""))} for node in rows]


def _server_row(server: Server | None) -> dict[str, Any] | None:
    if server is None:
        return None
    return {"id": server.id, "status": server.status, "power_state": server.power_state, "metadata": dict(server.metadata)}


def _node_row(node: Node) -> dict[str, Any]:
    return {
        "name": node.name,
        "ready": node.ready,
        "schedulable": node.schedulable,
        "taints": list(node.taints),
        "annotations": dict(node.marks),
    }


def _attachments(site: Site, target: Target) -> list[dict[str, Any]]:
    known = tuple(sorted({node.server_id for node in site.kubernetes.nodes() if node.server_id} | {target.server_id}))
    rows = (
        *site.kubernetes.attachments(target.persistent_volume, target.volume_id),
        *site.openstack.nova_attachments(target.volume_id, known),
        *site.openstack.volume_attachments(target.volume_id),
    )
    return [{"view": row.view.value, "server_id": row.server_id, "status": row.status} for row in rows]
