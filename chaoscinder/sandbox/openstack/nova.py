"""Nova's model: servers, what is done to them, and the hosts they are on. It knows no HTTP."""

from collections.abc import Mapping, Sequence

from chaoscinder.sandbox.openstack.building import Builder, Wanted
from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.cinder import Cinder
from chaoscinder.sandbox.openstack.departments import Departments
from chaoscinder.sandbox.openstack.durations import Durations
from chaoscinder.sandbox.openstack.faults import Faults
from chaoscinder.sandbox.openstack.flavors import Flavors
from chaoscinder.sandbox.openstack.hosts import Host, Hosts
from chaoscinder.sandbox.openstack.instance_actions import InstanceAction, InstanceActions
from chaoscinder.sandbox.openstack.migrations import Migrations
from chaoscinder.sandbox.openstack.moves import Mover
from chaoscinder.sandbox.openstack.nova_volumes import VIRTIO, VolumeAttacher
from chaoscinder.sandbox.openstack.outages import Outages
from chaoscinder.sandbox.openstack.power import Power
from chaoscinder.sandbox.openstack.refusals import bad_request, forbidden, no_instance, not_found
from chaoscinder.sandbox.openstack.releases import Release
from chaoscinder.sandbox.openstack.scheduling import Scheduler
from chaoscinder.sandbox.openstack.server_acts import Operator, check_state, check_unlocked
from chaoscinder.sandbox.openstack.servers import NOSTATE, Server
from chaoscinder.sandbox.openstack.shelving import Shelf
from chaoscinder.sandbox.openstack.stories import Stories
from chaoscinder.sandbox.world import World

METADATA_STATES = ("active", "paused", "suspended", "stopped")  # nova.compute.api.update_instance_metadata


class Nova:
    """All servers. hosts, power, faults, volumes and actions are its departments and may be asked directly."""

    def __init__(
        self,
        world: World,
        durations: Durations,
        *,
        cinder: Cinder,
        faults: Faults,
        release: Release,
        outages: Outages,
        device_prefix: str = VIRTIO,
    ) -> None:
        self.world = world
        self.durations = durations
        self.faults = faults
        self.flavors = Flavors()
        self.hosts = Hosts(world, durations)
        self.power = Power()
        self.actions = InstanceActions(world)
        self.migrations = Migrations(world)
        self.scheduler = Scheduler(self.hosts, self.everyone)
        self._servers: dict[str, Server] = {}
        self._numbers = 0
        departments = self._departments()
        self.volumes = VolumeAttacher(departments, cinder=cinder, release=release, outages=outages, device_prefix=device_prefix)
        self.operator = Operator(departments)
        self.builder = Builder(departments, new=self._new, everyone=self.everyone)
        self.mover = Mover(departments, self.volumes)
        self.shelf = Shelf(departments, self.volumes)

    def add(self, caller: Caller, name: str, *, zone: str, host: str, metadata: Mapping[str, str]) -> Server:
        """Have a server that is ACTIVE, with its guest running, at once."""
        server = self._new(caller, Wanted(name, self.flavors.default, metadata=metadata))
        server.host, server.zone, server.launched_at = self.hosts.ensure(host, zone).name, zone, self.world.now
        server.was_placed = True
        self.actions.finish(self.actions.start(caller, server.id, "create"))
        self.power.switch(server.id, True)
        return server

    def list(self, caller: Caller, *, all_projects: bool = False) -> Sequence[Server]:
        """The servers of the caller's project, or of all, the latest first."""
        if all_projects and not caller.is_admin:
            raise forbidden("os_compute_api:servers:index:get_all_tenants")
        mine = [server for server in self._servers.values() if all_projects or server.project_id == caller.project_id]
        rows = [server for server in mine if server.vm_state != "deleted"]
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

    def force(self, host: Host, *, down: bool) -> None:
        """Tell Nova that a host is down, or that it is not after all; evacuated ones must have restarted first."""
        if not down and self.migrations.evacuations_from(host.name, "done"):
            raise bad_request(
                f"Unable to force up host {host.name} as `done` evacuation migration records remain associated with the host. Ensure the "
                "compute service has been restarted, allowing these records to move to `completed` before retrying this request."
            )
        host.forced_down = down

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
        if not server.host or not self.hosts.is_up(self.hosts.get(server.host)):
            self._forget(server)
            self.actions.finish(action)
            return
        self.hosts.cast(server.host, lambda: self.actions.begin_event(action, "compute_terminate_instance", server.host))
        self.world.call_later(self.durations.deleting_s, lambda: self._end_delete(server, action), f"delete {server.name}")

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

    def _departments(self) -> Departments:
        return Departments(
            self.world,
            self.durations,
            self.hosts,
            self.power,
            self.faults,
            self.actions,
            self.migrations,
            self.scheduler,
            Stories(self.world, self.hosts),
        )

    def _new(self, caller: Caller, wanted: Wanted) -> Server:
        self._numbers += 1
        now = self.world.now
        server = Server(
            id=self.world.new_uuid(),
            number=self._numbers,
            name=wanted.name,
            project_id=caller.project_id,
            user_id=caller.user_id,
            host="",
            zone="",
            created_at=now,
            updated_at=now,
            flavor=wanted.flavor,
            image_id=wanted.image_id,
            metadata=dict(wanted.metadata),
            description=wanted.description,
        )
        self._servers[server.id] = server
        return server

    def _end_delete(self, server: Server, action: InstanceAction) -> None:
        self.hosts.cast(server.host, lambda: self._remove(server, action))

    def _remove(self, server: Server, action: InstanceAction) -> None:
        """The host has done it: the server is shown as DELETED for a moment, and then no more."""
        if server.vm_state != "deleted":
            self._release(server)
            self.actions.finish(action)
            self.world.call_later(self.durations.deleted_s, lambda: self._drop(server.id), "deleted")

    def _drop(self, server_id: str) -> None:
        self._servers.pop(server_id, None)

    def _forget(self, server: Server) -> None:
        if self._servers.pop(server.id, None) is not None:
            self._release(server)

    def _release(self, server: Server) -> None:
        server.become(self.world.now, "deleted", None, NOSTATE)
        self.volumes.release_all(server)
        if not server.host or self.hosts.is_alive(server.host):
            self.power.switch(server.id, False)


def metadata_item(server: Server, key: str) -> str:
    """One metadata value, or Nova's 404."""
    if key not in server.metadata:
        raise not_found("Metadata item was not found")
    return server.metadata[key]
