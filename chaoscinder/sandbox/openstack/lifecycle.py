"""What Nova does about guests that changed behind its back: the hypervisor's lifecycle events, and the periodic power sync."""

from chaoscinder.sandbox.openstack.nova import Nova
from chaoscinder.sandbox.openstack.servers import RUNNING, SHUTDOWN, Server


class Lifecycle:
    """Changes guests without asking Nova, and lets Nova find out."""

    def __init__(self, nova: Nova) -> None:
        self._nova = nova

    def cut_power(self, server_id: str) -> None:
        """Take a guest's power away behind Nova's back; Nova notes SHUTOFF when the hypervisor's held-back event arrives."""
        self._nova.power.switch(server_id, False)
        self._nova.world.call_later(self._nova.durations.lifecycle_event_s, lambda: self.sync(server_id), "lifecycle event")

    def give_power(self, server_id: str) -> None:
        """Start a guest behind Nova's back; Nova stops one that it believes stopped."""
        self._nova.power.switch(server_id, True)
        self.sync(server_id)

    def fail_host(self, name: str, *, guests_die: bool = True) -> None:
        """Lose a compute host: nova-compute falls silent, and its guests lose power unless only the service died."""
        self._nova.hosts.fail(name)
        for server in self._on(name) if guests_die else []:
            self._nova.power.switch(server.id, False)

    def revive_host(self, name: str) -> None:
        """Let it return: its queue is worked off; guests that stayed off are found by the next power sync."""
        self._nova.hosts.revive(name)
        self._nova.world.call_later(self._nova.durations.power_sync_s, lambda: self._sync_host(name), "power sync")

    def sync(self, server_id: str) -> None:
        """Compare Nova's record with the guest, and follow the guest down, or make it follow the record."""
        server = self._nova.find(server_id)
        if server is None or not self._nova.hosts.is_alive(server.host) or server.task_state is not None:
            return
        running = self._nova.power.is_running(server_id)
        if server.vm_state == "active" and not running:
            server.become(self._nova.world.now, "stopped", None, SHUTDOWN)
        elif server.vm_state == "stopped" and running:
            server.become(self._nova.world.now, "stopped", "powering-off", RUNNING)
            self._nova.world.call_later(self._nova.durations.powering_off_s, lambda: self._stop_again(server), "stop again")

    def _sync_host(self, name: str) -> None:
        for server in self._on(name):
            self.sync(server.id)

    def _stop_again(self, server: Server) -> None:
        self._nova.power.switch(server.id, False)
        server.become(self._nova.world.now, "stopped", None, SHUTDOWN)

    def _on(self, host: str) -> list[Server]:
        return [server for server in self._nova.everyone() if server.host == host]
