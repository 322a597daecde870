"""Putting a server on the shelf, off its host, and back."""

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.departments import Departments
from chaoscinder.sandbox.openstack.instance_actions import InstanceAction
from chaoscinder.sandbox.openstack.nova_volumes import VolumeAttacher
from chaoscinder.sandbox.openstack.scheduling import NoValidHost
from chaoscinder.sandbox.openstack.server_acts import check_state, check_unlocked
from chaoscinder.sandbox.openstack.servers import RUNNING, SHUTDOWN, Server
from chaoscinder.sandbox.openstack.stories import Story

SHELVABLE = ("active", "stopped", "paused", "suspended")


class Shelf:
    """Where servers lie that no host has. Its volumes stay reserved for a server that lies there."""

    def __init__(self, departments: Departments, volumes: VolumeAttacher) -> None:
        self._world = departments.world
        self._durations = departments.durations
        self._power = departments.power
        self._record = departments.record
        self._scheduler = departments.scheduler
        self._stories = departments.stories
        self._volumes = volumes

    def shelve(self, caller: Caller, server: Server) -> None:
        """Begin to shelve a server; it is offloaded at once (nova.conf [DEFAULT] shelved_offload_time = 0)."""
        check_unlocked(caller, server)
        check_state(server, "shelve", SHELVABLE)
        action = self._record.start(caller, server.id, "shelve")
        server.work_on(self._world.now, "shelving")
        self._stories.begin(server, self._shelve(server, action), "shelve")

    def unshelve(self, caller: Caller, server: Server) -> None:
        """Begin to bring a server back, on any host of its zone."""
        check_unlocked(caller, server)
        check_state(server, "unshelve", ("shelved", "shelved_offloaded"))
        action = self._record.start(caller, server.id, "unshelve")
        if server.vm_state == "shelved_offloaded":
            server.host = server.zone = ""
        server.work_on(self._world.now, "unshelving")
        self._stories.begin(server, self._unshelve(server, action), "unshelve")

    def _shelve(self, server: Server, action: InstanceAction) -> Story:
        durations = self._durations
        yield durations.shelving_s, server.host
        self._power.switch(server.id, False)
        server.become(self._world.now, "shelved", "shelving_offloading", SHUTDOWN)
        yield durations.offloading_s, server.host
        self._volumes.let_go(server)
        server.become(self._world.now, "shelved_offloaded", None, SHUTDOWN)
        yield durations.leaving_s, server.host
        server.host = server.zone = ""
        server.updated_at = self._world.now
        self._record.finish(action)

    def _unshelve(self, server: Server, action: InstanceAction) -> Story:
        durations = self._durations
        yield durations.unshelving_s, ""
        try:
            host = self._scheduler.choose(zone=server.zone)
        except NoValidHost as error:
            server.work_on(self._world.now, None)
            self._record.finish(action, error=str(error))
            return
        yield 0.0, host.name
        server.host, server.zone = host.name, host.zone
        server.work_on(self._world.now, "spawning")
        yield durations.spawning_s, host.name
        self._volumes.take_up(server)
        self._power.switch(server.id, True)
        server.become(self._world.now, "active", None, RUNNING)
        server.launched_at = self._world.now
        self._record.finish(action)
