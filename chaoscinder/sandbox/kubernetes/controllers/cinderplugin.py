"""The in-tree Cinder volume plugin: the attach-detach controller calls Nova and Cinder itself, and no VolumeAttachment exists.

It asks Nova, then watches Cinder until the volume is in use or available. An attach that finds the volume on another server fails; since
1.10 that other attachment is then believed and given up in order, before (1.9.6) it failed for ever. And 1.9.6 takes a server that is not
ACTIVE for one that is not there, so it forgets what such a server has attached.
"""

from collections.abc import Callable

from chaoscinder.sandbox.kubernetes.controllers.attachments import Attachments, Held, Wanting
from chaoscinder.sandbox.kubernetes.controllers.cloudnodelifecycle import server_of
from chaoscinder.sandbox.kubernetes.controllers.disks import Disk
from chaoscinder.sandbox.kubernetes.resources import NODES
from chaoscinder.sandbox.ports import CloudError

NO_INSTANCE = "instance not found"


class CinderPlugin(Attachments):
    """The operations of the in-tree plugin. servers remembers which server a node was, for when the Node is gone."""

    def attach(self, disk: Disk, node: str, wanting: Wanting) -> None:
        """Attach through Nova, and wait for Cinder."""
        held = self.held.setdefault((disk.handle, node), Held(disk, node))
        self._running.add(disk.handle)
        server = self._server(node)
        problem = self._ask_attach(held, server)
        if problem:
            self._attach_failed(held, wanting, problem)
            return
        self._watch_volume(
            lambda: server in self._cloud.attached_servers(disk.handle),
            self._profile.cinder_attach_polls,
            lambda: self._attached(held, wanting),
            lambda: self._attach_failed(held, wanting, f'volume "{disk.handle}" failed to be attached within the alloted time'),
        )

    def detach(self, held: Held) -> None:
        """Detach through Nova, and wait for Cinder; a server that is not there has nothing attached."""
        self._running.add(held.disk.handle)
        held.reported = False
        self.report()
        server = self._server(held.node)
        problem = self._ask_detach(held, server)
        if problem:
            self._detach_failed(held, problem)
            return
        self._watch_volume(
            lambda: server not in self._cloud.attached_servers(held.disk.handle) or not self._is_there(server),
            self._profile.cinder_detach_polls,
            lambda: self._detached(held),
            lambda: self._detach_failed(held, f'volume "{held.disk.handle}" failed to detach within the alloted time'),
        )

    def verify(self) -> None:
        """Forget what Nova does not show attached any more (each --attach-detach-reconcile-sync-period)."""
        for place, held in list(self.held.items()):
            if held.confirmed and not self.is_running(held.disk.handle) and not self._is_attached_to(held):
                del self.held[place]

    def _is_attached_to(self, held: Held) -> bool:
        server = self._server(held.node)
        return self._is_there(server) and server in self._cloud.attached_servers(held.disk.handle)

    def _ask_attach(self, held: Held, server: str) -> str | None:
        handle = held.disk.handle
        if self._cloud.server_status(server) is None or (self._profile.shutoff_deletes_node and not self._is_active(server)):
            return NO_INSTANCE
        others = [other for other in self._cloud.attached_servers(handle) if other != server]
        if others:
            return self._elsewhere(held, others[0])
        if server in self._cloud.attached_servers(handle):
            return None
        try:
            self._cloud.attach(server, handle)
        except CloudError as error:
            return f"failed to attach {handle} volume to {server} compute: {_said(error)}"
        return None

    def _elsewhere(self, held: Held, other: str) -> str:
        """The volume is on a server that nobody told of: since 1.10 its attachment is believed from now on, and given up in order."""
        nodes = [node["metadata"]["name"] for node in self._store.list(NODES) if server_of(node) == other]
        if self._profile.dangling_attachments and nodes:
            self.held[(held.disk.handle, nodes[0])] = Held(held.disk, nodes[0], confirmed=True, reported=True)
        text = self._profile.texts["different_instance"]
        return text.format(volume=held.disk.handle, device=held.disk.device, server=other)

    def _ask_detach(self, held: Held, server: str) -> str | None:
        handle = held.disk.handle
        if not self._is_there(server) or server not in self._cloud.attached_servers(handle):
            return None
        try:
            self._cloud.detach(server, handle)
        except CloudError as error:
            return None if error.code == 404 else f"failed to delete volume {handle} from compute {server} attached: {_said(error)}"
        return None

    def _watch_volume(self, is_over: Callable[[], bool], times: int, done: Callable[[], None], failed: Callable[[], None]) -> None:
        def ask(left: int, wait_s: float) -> None:
            if self._abandoned:
                return
            if is_over():
                done()
            elif left <= 1:
                failed()
            else:
                self._world.call_later(wait_s, lambda: ask(left - 1, wait_s * self._profile.cinder_poll_factor), "volume-poll")

        ask(times, self._profile.cinder_poll_first_s)

    def _server(self, node: str) -> str:
        found = self._store.find(NODES, node)
        if found is not None and (server := server_of(found)):
            self._servers[node] = server
        return self._servers.get(node, "")

    def _is_there(self, server: str) -> bool:
        """Whether the plugin finds a server when it detaches and verifies."""
        status = self._cloud.server_status(server)
        return status is not None and (status == "ACTIVE" or not self._profile.volumes_need_active)

    def _is_active(self, server: str) -> bool:
        return self._cloud.server_status(server) == "ACTIVE"


def _said(error: CloudError) -> str:
    """The words of the plugin's client library (gophercloud v1) for a refusal; the address is left out."""
    match error.code:
        case 400:
            return f"Bad request with: [], error message: {error.message}"
        case 500:
            return "Internal Server Error"
    return f"Expected HTTP response code [200] when accessing [], but got {error.code} instead\n{error.message}"
