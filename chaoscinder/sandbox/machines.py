"""The guests as somebody meets them who is logged in, or who stands in front of the host: orderly shutdown, panic, a stopped kubelet.

Nothing here is told to an API; each finds out as it would. To be called inside the world's step.
"""

from typing import TYPE_CHECKING

from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.controllers.cloudnodelifecycle import server_of
from chaoscinder.sandbox.kubernetes.controllers.kubelet import Kubelet

if TYPE_CHECKING:
    from chaoscinder.sandbox.launch import Sandbox

SHUTDOWN_S = 4.0  # cluster seconds from the command until the power is off, as a small cloud image takes (2 to 8 s)


class Machines:
    """The guests of one sandbox, by the names of their nodes."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._stopped: set[str] = set()
        self._lives: dict[str, int] = {}

    def names(self) -> list[str]:
        """The nodes that have a server."""
        return [row["metadata"]["name"] for row in self._sandbox.store.list(resources.NODES) if server_of(row)]

    def server(self, node: str) -> str:
        """The id of a node's server; a Node that was deleted meanwhile is still known by its kubelet."""
        if node not in self._sandbox.manager.kubelets.by_node:
            raise ValueError(f"there is no node {node!r} with a server (wanted one of {', '.join(self.names())})")
        return self._kubelet(node).server

    def is_running(self, node: str) -> bool:
        """Whether the guest runs now."""
        return self._sandbox.openstack.is_running(self.server(node))

    def kubelet_is_active(self, node: str) -> bool:
        """Whether the guest's kubelet runs."""
        return self.is_running(node) and node not in self._stopped

    def boot_id(self, node: str) -> str:
        """The kernel's id of this boot."""
        found = self._sandbox.store.find(resources.NODES, node)
        return str((found or {}).get("status", {}).get("nodeInfo", {}).get("bootID", ""))

    def shut_down(self, node: str) -> None:
        """Shut the guest down in order: its services end, everything is written out, then the power goes.

        The node's status stays as it was, as with a kubelet without graceful node shutdown (shutdownGracePeriod 0, its default).
        """
        kubelet, doors = self._kubelet(node), self._sandbox.doors
        kubelet.say_farewell()
        self.stop_kubelet(node)
        if doors is not None:
            doors.refuse(node)
        for uid in kubelet.workers:
            self._sandbox.processes.terminate(uid)
        life = self._lives[node] = self._lives.get(node, 0) + 1
        self._sandbox.world.call_later(SHUTDOWN_S, lambda: self._power_off(node) if self._lives[node] == life else None, "guest shutdown")

    def crash(self, node: str) -> None:
        """Let the guest's kernel panic and hang (kernel.panic=0): for its hypervisor, and so for Nova, it goes on running."""
        self._forget(node)
        self._sandbox.openstack.nova.power.hang(self.server(node))

    def stop_kubelet(self, node: str) -> None:
        """Stop the kubelet; containers go on unseen."""
        self._stopped.add(node)
        self._kubelet(node).stop()

    def start_kubelet(self, node: str) -> None:
        """Start it again; it says so in an event, as every kubelet that starts."""
        kubelet = self._kubelet(node)
        self._stopped.discard(node)
        if not kubelet.alive and not kubelet.cut_off and self.is_running(node):
            kubelet.tell("Starting", "Starting kubelet.")
            kubelet.resume()

    def cut_off(self, node: str) -> None:
        """Let nothing pass between the node and the API server; containers and their users notice nothing."""
        self._kubelet(node).disconnect()

    def reconnect(self, node: str) -> None:
        """Let the node reach the API server again."""
        kubelet = self._kubelet(node)
        kubelet.cut_off = False
        if node not in self._stopped:
            kubelet.reconnect()

    def start(self, node: str) -> None:
        """Let the guest run again, whatever ended it: with Nova where Nova knows that it is down, else behind its back."""
        self._forget(node)
        server, nova = self.server(node), self._sandbox.openstack.nova
        row = next(row for row in nova.everyone() if row.id == server)
        request = {"stopped": "os-start", "paused": "unpause", "suspended": "resume"}.get(row.vm_state)
        if row.task_state is None and request:
            nova.operator.begin(self._sandbox.openstack.caller(), row, request)
        elif not self.is_running(node):
            self._sandbox.openstack.lifecycle.give_power(server)

    def forget_if_off(self, server_id: str, running: bool) -> None:
        """A guest that lost its power boots with its kubelet running, whatever had stopped it before."""
        for node, kubelet in self._sandbox.manager.kubelets.by_node.items():
            if kubelet.server == server_id and not running:
                self._forget(node)

    def _power_off(self, node: str) -> None:
        sandbox = self._sandbox
        if self.is_running(node):
            for uid in self._kubelet(node).workers:
                sandbox.processes.kill(uid)
            sandbox.shadows.flush(node)
            sandbox.openstack.lifecycle.cut_power(self.server(node))

    def _forget(self, node: str) -> None:
        self._lives[node] = self._lives.get(node, 0) + 1
        self._stopped.discard(node)

    def _kubelet(self, node: str) -> Kubelet:
        return self._sandbox.manager.kubelets.by_node[node]
