"""Shut the server under the workload down from inside, over ssh, as a person would. The undo starts the Nova server again."""

from typing import Any

from chaoscinder.clients import nodes
from chaoscinder.clients.site import Site
from chaoscinder.clients.ssh import Ssh
from chaoscinder.faults import acting, server
from chaoscinder.model.act import Act
from chaoscinder.model.workload import Target
from chaoscinder.runs import RunDirectory


def shut_down(site: Site, run: RunDirectory, timeout_s: float) -> dict[str, Any]:
    """Shut down the server that holds the workload's volume and wait until Nova says SHUTOFF; idempotent within a run.

    The guards prove beforehand that the host is the target's server, and the command proves it once more over its own connection.
    """
    target = acting.target_of(run)
    if not acting.already(run, "Server"):
        server.insist(site, run, target, Act.SHUT_DOWN_SERVER, "shutting down")
        host = host_of(site, target)
        acting.intend_on_server(site, run, target, "shut down", "boot", "shutting down")
        server.ask(run, target, Act.SHUT_DOWN_SERVER, "shutting down", lambda: host.shut_down(target.server_id), by_nova=False)
    return server.wait_until_off(site, run, target, timeout_s)


def host_of(site: Site, target: Target) -> Ssh:
    """The way into the target's node."""
    return Ssh(site.settings, target.node, nodes.address(site.kubernetes, target.node))
