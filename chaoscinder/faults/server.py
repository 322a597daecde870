"""Take the Nova server under the workload down. The undo, starting it again, is chaoscinder.recovery.undo. A run takes at most one down."""

import logging
from collections.abc import Callable
from typing import Any

from chaoscinder.clients.site import Site
from chaoscinder.errors import NotFound, Refused
from chaoscinder.faults import acting, guard
from chaoscinder.model.act import Act
from chaoscinder.model.leftover import RUN_KEY
from chaoscinder.model.workload import Server, Target
from chaoscinder.runs import RunDirectory
from chaoscinder.waiting import halt, wait_for

SHUTDOWN = 4  # Nova's power_state of a server that is off

logger = logging.getLogger("chaostoolkit")


def stop(site: Site, run: RunDirectory, timeout_s: float) -> dict[str, Any]:
    """Stop the server that holds the workload's volume and wait for SHUTOFF; idempotent within a run."""
    target = acting.target_of(run)
    if not acting.already(run, "Server"):
        insist(site, run, target, Act.STOP_SERVER, "stopping")
        acting.intend_on_server(site, run, target, "stopped", "start", "stopping")
        ask(run, target, Act.STOP_SERVER, "stopping", lambda: site.openstack.stop_server(target.server_id))
    return wait_until_off(site, run, target, timeout_s)


def insist(site: Site, run: RunDirectory, target: Target, act: Act, doing: str) -> None:
    """Refuse unless target, server and everything around it are as they must be before the server goes."""
    acting.insist_on_same(site, target, doing)
    server = site.openstack.server(target.server_id)
    if server.status != "ACTIVE" or server.task_state:
        raise Refused(f"server {_described(server)} (wanted ACTIVE and no task): not {doing}")
    holder = dict(server.metadata).get(RUN_KEY)
    if holder:
        raise Refused(f"server {server.name} carries the metadata of run {holder[:8]} (wanted none): not {doing}")
    guard.insist(site, run, acts=(act,))


def ask(run: RunDirectory, target: Target, act: Act, doing: str, call: Callable[[], None], *, by_nova: bool = True) -> None:
    """Name the target in the log, mark the moment, and ask.

    by_nova: an accepted request is on Nova's own record, under the server's id; of a shutdown from inside Nova knows nothing.
    """
    halt.heed()
    what = (target.server_name, target.server_id, target.pod, target.volume_id)
    logger.info("%s server %s (%s): node of pod %s, holds volume %s", doing, *what)
    run.mark("fault_started", what=act.value, server_id=target.server_id, server=target.server_name, node=target.node)
    try:
        call()
    except Refused:
        run.mark("fault_refused", server_id=target.server_id)  # an answer: nothing of it is still to come
        raise
    run.mark("fault_accepted", **({"server_id": target.server_id} if by_nova else {"server": target.server_name}))


def wait_until_off(site: Site, run: RunDirectory, target: Target, timeout_s: float) -> dict[str, Any]:
    """Wait until Nova says SHUTOFF, and mark that."""
    server = _wait_for_status(site, target.server_id, "SHUTOFF", timeout_s)
    run.mark("fault_confirmed", status=server.status, power_state=server.power_state)
    return {"server": target.server_name, "server_id": target.server_id, "status": server.status, "held_volume": target.volume_id}


def _wait_for_status(site: Site, server_id: str, status: str, timeout_s: float) -> Server:
    def look() -> Server:
        try:
            return site.openstack.server(server_id)
        except NotFound as error:
            raise Refused(f"server {server_id} is gone while waiting for {status}: {error}") from error

    return wait_for(site.clock, timeout_s, look, until=lambda seen: seen.status == status, describe=_described, wanted=f"status {status}")


def _described(server: Server) -> str:
    task = f"; task_state {server.task_state}" if server.task_state else ""
    return f"{server.name} is {server.status}{task}"
