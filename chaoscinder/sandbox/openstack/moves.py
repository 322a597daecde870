"""How a server gets to another host: cold migration and resize, live migration, evacuation."""

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.departments import Departments
from chaoscinder.sandbox.openstack.flavors import Flavor
from chaoscinder.sandbox.openstack.instance_actions import InstanceAction
from chaoscinder.sandbox.openstack.migrations import DEST_HOST, Migration
from chaoscinder.sandbox.openstack.nova_volumes import VolumeAttacher
from chaoscinder.sandbox.openstack.refusals import bad_request
from chaoscinder.sandbox.openstack.scheduling import NoValidHost
from chaoscinder.sandbox.openstack.server_acts import check_state, check_unlocked
from chaoscinder.sandbox.openstack.servers import NOSTATE, RUNNING, SHUTDOWN, Server
from chaoscinder.sandbox.openstack.stories import Story


class Mover:
    """Moves servers."""

    def __init__(self, departments: Departments, volumes: VolumeAttacher) -> None:
        self._world = departments.world
        self._durations = departments.durations
        self._hosts = departments.hosts
        self._power = departments.power
        self._record = departments.record
        self._migrations = departments.migrations
        self._scheduler = departments.scheduler
        self._stories = departments.stories
        self._volumes = volumes
        self._before: dict[str, Flavor] = {}  # by migration, for its way back

    def migrate(self, caller: Caller, server: Server, flavor: Flavor | None = None, *, host: str = "") -> None:
        """Begin to move a server by stopping it; with a flavor, to resize it on the way."""
        word = "resize" if flavor else "migrate"
        check_unlocked(caller, server)
        check_state(server, word, ("active", "stopped"))
        if flavor == server.flavor:
            raise bad_request("When resizing, instances must change flavor!")
        action = self._record.start(caller, server.id, word)
        row = self._migrations.start(caller, server, "resize" if flavor else "migration", "pre-migrating")
        server.work_on(self._world.now, "resize_prep")
        self._stories.begin(server, self._migrate(server, flavor, host, row, action), word)

    def confirm(self, caller: Caller, server: Server) -> None:
        """Let a moved server stay where it is."""
        check_unlocked(caller, server)
        check_state(server, "confirmResize", ("resized",))
        action = self._record.start(caller, server.id, "confirmResize")
        self._stories.begin(server, self._confirm(server, self._open(server), action), "confirm")

    def revert(self, caller: Caller, server: Server) -> None:
        """Bring a moved server back to where it was."""
        check_unlocked(caller, server)
        check_state(server, "revertResize", ("resized",))
        action = self._record.start(caller, server.id, "revertResize")
        server.work_on(self._world.now, "resize_reverting")
        self._stories.begin(server, self._revert(server, self._open(server), action), "revert")

    def live_migrate(self, caller: Caller, server: Server, *, host: str = "") -> None:
        """Begin to move a running server; from a host whose service is down nothing comes of it."""
        check_unlocked(caller, server)
        check_state(server, "os-migrateLive", ("active", "paused"))
        action = self._record.start(caller, server.id, "live-migration")
        row = self._migrations.start(caller, server, "live-migration", "accepted")
        if not self._hosts.is_up(self._hosts.get(server.host)):
            self._migrations.note(row, "error")
            self._record.finish(action, error=f"Compute service of {server.host} is unavailable at this time.")
            return
        server.work_on(self._world.now, "migrating")
        self._stories.begin(server, self._live_migrate(server, host, row, action), "live migrate")

    def evacuate(self, caller: Caller, server: Server, *, host: str = "", stays_stopped: bool) -> None:
        """Begin to make a server anew elsewhere because its host is down; stays_stopped is so from microversion 2.95 on."""
        check_unlocked(caller, server)
        check_state(server, "evacuate", ("active", "stopped", "error"), (server.task_state or "",))
        if self._hosts.is_up(self._hosts.get(server.host)):
            raise bad_request(f"Compute service of {server.host} is still in use.")
        action = self._record.start(caller, server.id, "evacuate")
        row = self._migrations.start(caller, server, "evacuation", "accepted")
        stays_stopped = stays_stopped or server.vm_state == "stopped"
        server.work_on(self._world.now, "rebuilding")
        self._stories.begin(server, self._evacuate(server, host, row, action, stays_stopped=stays_stopped), "evacuate")

    def _migrate(self, server: Server, flavor: Flavor | None, host: str, row: Migration, action: InstanceAction) -> Story:
        durations, before = self._durations, (server.vm_state, server.power_state)
        dest = self._choose(server, host, row, action)
        if dest is None:
            return
        yield durations.resize_prep_s, dest
        yield 0.0, server.host
        self._before[row.id] = server.flavor
        server.work_on(self._world.now, "resize_migrating")
        self._power.switch(server.id, False)
        yield durations.resize_migrating_s, server.host
        self._volumes.let_go(server)
        self._settle_on(server, dest, row)
        server.work_on(self._world.now, "resize_migrated")
        yield durations.resize_migrated_s, dest
        server.work_on(self._world.now, "resize_finish")
        yield durations.resize_finish_s, dest
        row.new_flavor = (flavor or server.flavor).number
        server.flavor = flavor or server.flavor
        self._volumes.take_up(server)
        server.become(self._world.now, "resized", None, before[1])
        self._power.switch(server.id, before[0] == "active")
        self._close(row, "finished", action)

    def _confirm(self, server: Server, row: Migration, action: InstanceAction) -> Story:
        self._migrations.note(row, "confirming")
        yield self._durations.confirming_s, server.host
        server.become(self._world.now, _resting(server), None, server.power_state)
        self._close(row, "confirmed", action)

    def _revert(self, server: Server, row: Migration, action: InstanceAction) -> Story:
        yield self._durations.confirming_s, server.host
        self._volumes.let_go(server)
        server.host, server.zone, server.flavor = row.source, self._hosts.get(row.source).zone, self._before[row.id]
        yield self._durations.confirming_s, server.host
        self._volumes.take_up(server)
        server.become(self._world.now, _resting(server), None, server.power_state)
        self._close(row, "reverted", action)

    def _live_migrate(self, server: Server, host: str, row: Migration, action: InstanceAction) -> Story:
        dest = self._choose(server, host, row, action)
        if dest is None:
            return
        yield self._durations.live_migrating_s, server.host
        self._settle_on(server, dest, row)
        row.dest_address = None
        self._volumes.move(server)
        server.work_on(self._world.now, None)
        self._close(row, "completed", action)

    def _evacuate(self, server: Server, host: str, row: Migration, action: InstanceAction, *, stays_stopped: bool) -> Story:
        durations = self._durations
        yield durations.rebuilding_s, ""
        dest = self._choose(server, host, row, action)
        if dest is None:
            return
        yield 0.0, dest
        server.become(self._world.now, server.vm_state, "rebuilding", NOSTATE)
        yield durations.rebuilding_s, dest
        server.work_on(self._world.now, "rebuild_block_device_mapping")
        yield durations.rebuilding_s, dest
        server.work_on(self._world.now, "rebuild_spawning")
        yield durations.claiming_s, dest
        self._volumes.move(server, host=dest)
        server.become(self._world.now, "active", None, RUNNING)
        if stays_stopped:
            yield durations.claiming_s, dest
            server.work_on(self._world.now, "powering-off")
            yield durations.powering_off_s, dest
            server.become(self._world.now, "stopped", None, SHUTDOWN)
        self._power.switch(server.id, not stays_stopped)
        yield durations.claiming_s, dest
        self._settle_on(server, dest, row)
        server.updated_at = self._world.now
        self._close(row, "done", action)

    def _choose(self, server: Server, host: str, row: Migration, action: InstanceAction) -> str | None:
        """Choose another host; without one the server stays as it was, and only the records say so."""
        try:
            return self._scheduler.choose(zone=server.zone, host=host, without=(server.host,)).name
        except NoValidHost as error:
            server.work_on(self._world.now, None)
            if row.kind == "evacuation":
                server.fault = str(error)
                server.become(self._world.now, "error", None, server.power_state)
            self._migrations.note(row, "error")
            self._record.finish(action, error=str(error))
            return None

    def _settle_on(self, server: Server, dest: str, row: Migration) -> None:
        server.host, server.zone = dest, self._hosts.get(dest).zone
        row.dest, row.dest_address = dest, DEST_HOST

    def _open(self, server: Server) -> Migration:
        return next(row for row in self._migrations if row.server_id == server.id and row.status == "finished")

    def _close(self, row: Migration, status: str, action: InstanceAction) -> None:
        self._migrations.note(row, status)
        self._record.finish(action)


def _resting(server: Server) -> str:
    return "active" if server.power_state == RUNNING else "stopped"
