"""Stop the Nova server under the workload, and start exactly what this run stopped.

The undo is on disk (intent.jsonl, synced) and on the server (metadata) before Nova is asked, and both go only after the server
was seen ACTIVE again. A run stops at most one server.
"""

import logging
from typing import Any

from chaoscinder.clients.site import Site
from chaoscinder.errors import CannotTell, NotFound, Refused
from chaoscinder.faults.target import resolve
from chaoscinder.model.workload import Server, Target
from chaoscinder.runs import RunDirectory, why_not_recording
from chaoscinder.waiting import wait_for

METADATA_RUN = "chaoscinder_run"
METADATA_UNDO = "chaoscinder_undo"
SHUTDOWN = 4  # Nova's power_state of a server that is off

logger = logging.getLogger("chaostoolkit")


def stop(site: Site, run: RunDirectory, timeout_s: float) -> dict[str, Any]:
    """Stop the server that holds the workload's volume and wait for SHUTOFF; idempotent within a run."""
    silent = why_not_recording(run)
    if silent:
        raise CannotTell(f"no fault without a record: {silent} (wanted a live recorder of run {run.header.run_id})")
    target = run.target()
    if target is None:
        raise CannotTell(f"run {run.header.run_id} has no target (wanted the one that its control resolved)")
    if not run.open_intents():
        _check_still_true(site, target)
        _intend(site, run, target)
        _ask_to_stop(site, run, target)
    server = _wait_for_status(site, target.server_id, "SHUTOFF", timeout_s)
    run.mark("fault_confirmed", status=server.status, power_state=server.power_state)
    return {"server": target.server_name, "server_id": target.server_id, "status": server.status, "held_volume": target.volume_id}


def start_what_was_stopped(site: Site, run: RunDirectory | None, timeout_s: float) -> dict[str, Any]:
    """Undo every open intent of this run; nothing to do is a success."""
    intents = run.open_intents() if run is not None else ()
    for intent in intents:
        assert run is not None
        run.mark("undo_started", server_id=intent["target_id"])
        end_state = start(site, str(intent["target_id"]), timeout_s)
        site.openstack.delete_metadata(str(intent["target_id"]), (METADATA_RUN, METADATA_UNDO))
        run.undone(str(intent["id"]), end_state=end_state)
        run.mark("undone", server_id=intent["target_id"], end_state=end_state)
    return {"started": [intent["name"] for intent in intents]}


def start(site: Site, server_id: str, timeout_s: float) -> str:
    """Start a server unless it is ACTIVE and wait until it is; returns the status seen last."""
    server = site.openstack.server(server_id)
    if server.task_state:
        server = wait_for(
            site.clock, timeout_s, lambda: site.openstack.server(server_id), until=lambda seen: not seen.task_state, describe=_described,
            wanted="no task in progress",
        )  # fmt: skip
    if server.status != "ACTIVE":
        logger.info("starting server %s (%s)", server.name, server.id)
        site.openstack.start_server(server_id)
    return _wait_for_status(site, server_id, "ACTIVE", timeout_s).status


def _check_still_true(site: Site, target: Target) -> None:
    now = resolve(site.settings, site.kubernetes, site.openstack)
    if now != target:
        raise Refused(
            f"the target changed since the run began: pod {now.pod} on {now.node} (wanted {target.pod} on {target.node}); not stopping"
        )
    server = site.openstack.server(target.server_id)
    if server.status != "ACTIVE" or server.task_state:
        raise Refused(f"server {_described(server)} (wanted ACTIVE and no task): not stopping")


def _intend(site: Site, run: RunDirectory, target: Target) -> None:
    undo = f"openstack server start {target.server_id}"
    run.intend("Server", target.server_name, "stopped", undo, target_id=target.server_id)
    site.openstack.set_metadata(target.server_id, {METADATA_RUN: run.header.run_id, METADATA_UNDO: "start"})


def _ask_to_stop(site: Site, run: RunDirectory, target: Target) -> None:
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
