"""Stop the Nova server under the workload. The undo, starting it again, is chaoscinder.recovery.undo.

The undo is on disk (intent.jsonl, synced) and on the server (metadata, read back) before Nova is asked. A run stops at most one server.
"""

import logging
from datetime import timedelta
from typing import Any

from chaoscinder.clients.site import Site
from chaoscinder.errors import CannotTell, NotFound, Refused
from chaoscinder.faults import guard
from chaoscinder.faults.target import resolve
from chaoscinder.model.leftover import RUN_KEY, marking
from chaoscinder.model.workload import Server, Target
from chaoscinder.runs import RunDirectory, why_not_recording
from chaoscinder.waiting import halt, wait_for

SHUTDOWN = 4  # Nova's power_state of a server that is off

logger = logging.getLogger("chaostoolkit")


def stop(site: Site, run: RunDirectory, timeout_s: float) -> dict[str, Any]:
    """Stop the server that holds the workload's volume and wait for SHUTOFF; idempotent within a run."""
    halt.heed()
    silent = why_not_recording(run)
    if silent:
        raise CannotTell(f"no fault without a record: {silent} (wanted a live recorder of run {run.header.run_id})")
    target = run.target()
    if target is None:
        raise CannotTell(f"run {run.header.run_id} has no target (wanted the one that its control resolved)")
    if not run.open_intents():
        _check_still_true(site, target)
        guard.insist(site, run)
        _intend(site, run, target)
        _ask_to_stop(site, run, target)
    server = _wait_for_status(site, target.server_id, "SHUTOFF", timeout_s)
    run.mark("fault_confirmed", status=server.status, power_state=server.power_state)
    return {"server": target.server_name, "server_id": target.server_id, "status": server.status, "held_volume": target.volume_id}


def _check_still_true(site: Site, target: Target) -> None:
    now = resolve(site.settings, site.kubernetes, site.openstack)
    if now != target:
        raise Refused(
            f"the target changed since the run began: pod {now.pod} on {now.node} (wanted {target.pod} on {target.node}); not stopping"
        )
    server = site.openstack.server(target.server_id)
    if server.status != "ACTIVE" or server.task_state:
        raise Refused(f"server {_described(server)} (wanted ACTIVE and no task): not stopping")
    holder = dict(server.metadata).get(RUN_KEY)
    if holder:
        raise Refused(f"server {server.name} carries the metadata of run {holder[:8]} (wanted none): not stopping")


def _intend(site: Site, run: RunDirectory, target: Target) -> None:
    """Write down the undo, here and on the server, and read back that it is ours: of two runs at one moment only one goes on."""
    undo = f"openstack server start {target.server_id}"
    detail = {"undo_word": "start", "target_id": target.server_id, "project_id": site.openstack.project_id()}
    run.intend("Server", target.server_name, "stopped", undo, **detail)
    until = site.clock.wall_now() + timedelta(seconds=site.settings.run_limit_s / site.settings.rate)
    wanted = marking(run.run_id, "start", until)
    site.openstack.set_metadata(target.server_id, wanted)
    seen = dict(site.openstack.server(target.server_id).metadata)
    differing = sorted(key for key, value in wanted.items() if seen.get(key) != value)
    if differing:
        raise Refused(f"server {target.server_name} does not carry our metadata as written ({', '.join(differing)}): not stopping")


def _ask_to_stop(site: Site, run: RunDirectory, target: Target) -> None:
    halt.heed()
    logger.info(
        "stopping server %s (%s): node of pod %s, holds volume %s", target.server_name, target.server_id, target.pod, target.volume_id
    )
    run.mark("fault_started", what="stop-server", server_id=target.server_id, server=target.server_name, node=target.node)
    site.openstack.stop_server(target.server_id)
    run.mark("fault_accepted", server_id=target.server_id)


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
