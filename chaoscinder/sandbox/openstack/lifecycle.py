"""What Nova does about guests that changed behind its back: the hypervisor's lifecycle events, and the periodic power sync."""

from collections.abc import Callable

from chaoscinder.sandbox.openstack.faults import strikes
from chaoscinder.sandbox.openstack.nova import Nova
from chaoscinder.sandbox.openstack.servers import CRASHED, PAUSED, RUNNING, SHUTDOWN, Server

SYNC_STEP_S = 0.03  # between noting a guest's power, beginning to follow it, and being done; recorded: three states within 0.1 s
DOWN = (SHUTDOWN, CRASHED)
SETTLED = ("active", "stopped", "paused", "suspended")


class Lifecycle:
    """Changes guests and hosts without asking Nova, and lets Nova find out."""

    def __init__(self, nova: Nova) -> None:
        self._nova = nova
        self._syncs: dict[str, int] = {}
        nova.hosts.on_start(self._sync_from_now_on)

    def cut_power(self, server_id: str) -> None:
        """Take a guest's power away behind Nova's back; Nova notes SHUTOFF when the hypervisor's held-back event arrives."""
        self.put_guest(server_id, SHUTDOWN)

    def give_power(self, server_id: str) -> None:
        """Start a guest behind Nova's back; Nova stops one that it believes stopped."""
        self.put_guest(server_id, RUNNING)

    def put_guest(self, server_id: str, state: int | None) -> None:
        """Bring a guest into any state behind Nova's back (6 crashed, None gone).

        The hypervisor holds back stop events; of a crash and a disappearance it tells nothing that Nova believes.
        """
        self._nova.power.put(server_id, state)
        server = self._nova.find(server_id)
        if server is None or strikes(self._nova.faults.events_lost, server) or state not in (SHUTDOWN, RUNNING, PAUSED):
            return
        held_s = self._nova.durations.lifecycle_event_s if state == SHUTDOWN else 0.0
        self._later(held_s, lambda: self.sync(server_id))

    def fail_host(self, name: str, *, guests_die: bool = True) -> None:
        """Lose a compute host: nova-compute falls silent, and its guests lose power unless only the service died."""
        self._nova.hosts.fail(name)
        for server in self._on(name) if guests_die else []:
            self._nova.power.switch(server.id, False)

    def revive_host(self, name: str, *, restarted: bool = True) -> None:
        """Let it return: its queue is worked off; guests that stayed off are found by the next power sync."""
        self._nova.hosts.revive(name, restarted=restarted)
        for row in self._nova.migrations.evacuations_from(name, "done") if restarted else []:
            self._nova.migrations.note(row, "completed")

    def sync(self, server_id: str) -> None:
        """Compare Nova's record with the guest, and follow the guest down, or make it follow the record."""
        server, power = self._nova.find(server_id), self._nova.power
        if server is None or not self._nova.hosts.is_alive(server.host):
            return
        state = power.state(server_id)
        if server.task_state is not None or state not in (*DOWN, RUNNING, PAUSED) or server.vm_state not in SETTLED:
            return
        if state != server.power_state and (server.vm_state, state) != ("stopped", RUNNING):
            server.become(self._nova.world.now, server.vm_state, None, state)
        if (server.vm_state == "active" and state in DOWN) or (server.vm_state, state) == ("stopped", RUNNING):
            server.turn += 1
            turn, wait_s = server.turn, SYNC_STEP_S if server.vm_state == "active" else 0.0
            self._later(wait_s, lambda: self._stop(server, turn))

    def _sync_from_now_on(self, host: str) -> None:
        """Sync the guests of a host once in a period, counted from the start of its service."""
        self._syncs[host] = self._syncs.get(host, 0) + 1
        self._sync_later(host, self._syncs[host])

    def _sync_later(self, host: str, start: int) -> None:
        def sync() -> None:
            if self._syncs[host] == start:
                for server in self._on(host):
                    self.sync(server.id)
                self._sync_later(host, start)

        self._later(self._nova.durations.power_sync_s, sync)

    def _stop(self, server: Server, turn: int) -> None:
        """Stop a server as the sync does: powering-off, and then the state that the guest has or must have."""
        if server.turn != turn or server.task_state is not None:
            return
        state = self._nova.power.state(server.id)
        server.become(self._nova.world.now, server.vm_state, "powering-off", state if state in DOWN else RUNNING)
        self._later(SYNC_STEP_S, lambda: self._stopped(server, turn))

    def _stopped(self, server: Server, turn: int) -> None:
        if server.turn == turn:
            self._nova.power.put(server.id, SHUTDOWN)
            server.become(self._nova.world.now, "stopped", None, SHUTDOWN)

    def _later(self, after_s: float, act: Callable[[], None]) -> None:
        if after_s:
            self._nova.world.call_later(after_s, act, "power sync")
        else:
            act()

    def _on(self, host: str) -> list[Server]:
        return [server for server in self._nova.everyone() if server.host == host]
