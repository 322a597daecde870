"""Nova's model: servers, what is done to them, and the hosts they are on. It knows no HTTP."""

from collections.abc import Mapping, Sequence

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.cinder import Cinder
from chaoscinder.sandbox.openstack.durations import Durations
from chaoscinder.sandbox.openstack.faults import Faults
from chaoscinder.sandbox.openstack.hosts import Hosts
from chaoscinder.sandbox.openstack.instance_actions import InstanceActions
from chaoscinder.sandbox.openstack.nova_volumes import VolumeAttacher
from chaoscinder.sandbox.openstack.power import Power
from chaoscinder.sandbox.openstack.refusals import forbidden, no_instance, not_found
from chaoscinder.sandbox.openstack.server_acts import Operator, check_state, check_unlocked
from chaoscinder.sandbox.openstack.servers import Server
from chaoscinder.sandbox.world import World

METADATA_STATES = ("active", "paused", "suspended", "stopped")  # nova.compute.api.update_instance_metadata


class Nova:
    """All servers. hosts, power, faults, volumes and actions are its departments and may be asked directly."""

    def __init__(self, world: World, durations: Durations, *, cinder: Cinder, faults: Faults) -> None:
        self.world = world
        self.durations = durations
        self.faults = faults
        self.hosts = Hosts(world, durations)
        self.power = Power()
        self.actions = InstanceActions(world)
        self.operator = Operator(world, durations, hosts=self.hosts, power=self.power, faults=faults, record=self.actions)
        self.volumes = VolumeAttacher(world, durations, cinder=cinder, hosts=self.hosts, faults=faults, record=self.actions)
        self._servers: dict[str, Server] = {}
        self._numbers = 0

    def add(self, caller: Caller, name: str, *, zone: str, host: str, metadata: Mapping[str, str]) -> Server:
        """Have a server that is ACTIVE, with its guest running, at once."""
        self._numbers += 1
        now = self.world.now
        server = Server(
            id=self.world.new_uuid(),
            number=self._numbers,
            name=name,
            project_id=caller.project_id,
            user_id=caller.user_id,
            host=self.hosts.ensure(host, zone).name,
            zone=zone,
            created_at=now,
            updated_at=now,
            metadata=dict(metadata),
        )
        self._servers[server.id] = server
        self.actions.finish(self.actions.start(caller, server.id, "create"))
        self.power.switch(server.id, True)
        return server

    def list(self, caller: Caller, *, all_projects: bool = False) -> Sequence[Server]:
        """The servers of the caller's project, or of all, the latest first."""
        if all_projects and not caller.is_admin:
            raise forbidden("os_compute_api:servers:index:get_all_tenants")
        rows = [server for server in self._servers.values() if all_projects or server.project_id == caller.project_id]
        return sorted(rows, key=lambda server: server.number, reverse=True)

    def everyone(self) -> Sequence[Server]:
        """All servers, whoever owns them."""
        return list(self._servers.values())

    def find(self, server_id: str) -> Server | None:
        """Look a server up, whoever owns it."""
        return self._servers.get(server_id)

    def get(self, caller: Caller, server_id: str) -> Server:
        """Look a server up for a caller, or refuse with 404."""
        server = self._servers.get(server_id)
        if server is None or not caller.may_see(server.project_id):
            raise no_instance(server_id)
        return server

    def reset_state(self, caller: Caller, server: Server, state: str) -> None:
        """Overwrite what Nova believes (active or error), whatever is true."""
        if not caller.is_admin:
            raise forbidden("os_compute_api:os-admin-actions:reset_state")
        self.actions.finish(self.actions.start(caller, server.id, "resetState"))
        server.become(self.world.now, state, None, server.power_state)

    def lock(self, caller: Caller, server: Server, reason: str | None) -> None:
        """Lock a server against everyone but administrators."""
        server.locked_by = "owner" if server.project_id == caller.project_id else "admin"
        server.locked_reason = reason
        self.actions.finish(self.actions.start(caller, server.id, "lock"))

    def unlock(self, caller: Caller, server: Server) -> None:
        """Unlock it; what an administrator locked, only an administrator unlocks."""
        if server.locked_by == "admin" and not caller.is_admin:
            raise forbidden("os_compute_api:os-lock-server:unlock:unlock_override")
        server.locked_by = server.locked_reason = None
        self.actions.finish(self.actions.start(caller, server.id, "unlock"))

    def delete(self, caller: Caller, server: Server) -> None:
        """Delete a server: through its host, or at once by the API alone when the host's service is down."""
        check_unlocked(caller, server)
        action = self.actions.start(caller, server.id, "delete")
        server.turn += 1
        server.work_on(self.world.now, "deleting")
        if not self.hosts.is_up(self.hosts.get(server.host)):
            self._forget(server)
            self.actions.finish(action)
            return
        self.hosts.cast(server.host, lambda: self.actions.begin_event(action, "compute_terminate_instance", server.host))
        self.world.call_later(self.durations.deleting_s, lambda: self._end_delete(server), f"delete {server.name}")

    def set_metadata(self, caller: Caller, server: Server, items: Mapping[str, str], *, replace: bool = False) -> None:
        """Add to a server's metadata, or replace it whole."""
        self._check_metadata(caller, server, "update_instance_metadata")
        server.metadata = dict(items) if replace else {**server.metadata, **items}
        server.updated_at = self.world.now

    def delete_metadata(self, caller: Caller, server: Server, key: str) -> None:
        """Delete one metadata item."""
        metadata_item(server, key)
        self._check_metadata(caller, server, "delete_instance_metadata")
        server.metadata = {name: value for name, value in server.metadata.items() if name != key}
        server.updated_at = self.world.now

    def _check_metadata(self, caller: Caller, server: Server, action: str) -> None:
        check_unlocked(caller, server)
        check_state(server, action, METADATA_STATES, (server.task_state or "",))

    def _end_delete(self, server: Server) -> None:
        self.hosts.cast(server.host, lambda: self._forget(server))

    def _forget(self, server: Server) -> None:
        if self._servers.pop(server.id, None) is None:
            return
        server.vm_state = "deleted"
        self.volumes.release_all(server)
        if self.hosts.is_alive(server.host):
            self.power.switch(server.id, False)


def metadata_item(server: Server, key: str) -> str:
    """One metadata value, or Nova's 404."""
    if key not in server.metadata:
        raise not_found("Metadata item was not found")
    return server.metadata[key]
