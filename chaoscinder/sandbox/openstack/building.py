"""Making a server: the quota, the scheduler, the host's steps, and what happens when a host fails at it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.departments import Departments
from chaoscinder.sandbox.openstack.faults import strikes
from chaoscinder.sandbox.openstack.flavors import Flavor
from chaoscinder.sandbox.openstack.instance_actions import InstanceAction
from chaoscinder.sandbox.openstack.refusals import bad_request, quota_exceeded
from chaoscinder.sandbox.openstack.scheduling import NoValidHost
from chaoscinder.sandbox.openstack.servers import NOSTATE, RUNNING, Server
from chaoscinder.sandbox.openstack.stories import Story

QUOTAS = {"instances": 10, "cores": 20, "ram": 51200}  # nova.conf [quota]
MOST_ATTEMPTS = 3  # nova.conf [scheduler] max_attempts
BEFORE_SPAWNING = ("networking", "block_device_mapping")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request to make a server asks for; host and zone may be empty."""

    name: str
    flavor: Flavor
    image_id: str = ""
    host: str = ""
    zone: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    description: str | None = None


class Builder:
    """Makes servers. new puts one on record, everyone tells those that there are."""

    def __init__(
        self, departments: Departments, *, new: Callable[[Caller, Wanted], Server], everyone: Callable[[], Sequence[Server]]
    ) -> None:
        self._world = departments.world
        self._durations = departments.durations
        self._hosts = departments.hosts
        self._power = departments.power
        self._faults = departments.faults
        self._record = departments.record
        self._scheduler = departments.scheduler
        self._stories = departments.stories
        self._new = new
        self._everyone = everyone

    def create(self, caller: Caller, wanted: Wanted) -> Server:
        """Begin to make a server, or refuse."""
        if wanted.host and self._hosts.find(wanted.host) is None:
            raise bad_request(f"Compute host {wanted.host} could not be found.")
        if wanted.zone and wanted.zone not in {host.zone for host in self._hosts}:
            raise bad_request("The requested availability zone is not available")
        self._check_quota(caller, wanted.flavor)
        server = self._new(caller, wanted)
        server.become(self._world.now, "building", "scheduling", NOSTATE)
        action = self._record.start(caller, server.id, "create")
        self._stories.begin(server, self._build(server, wanted, action), "build")
        return server

    def usage(self, project_id: str) -> dict[str, int]:
        """What a project uses of its quotas."""
        mine = [server for server in self._everyone() if server.project_id == project_id and server.vm_state != "deleted"]
        cores, ram = sum(server.flavor.vcpus for server in mine), sum(server.flavor.ram_mib for server in mine)
        return {"instances": len(mine), "cores": cores, "ram": ram}

    def _check_quota(self, caller: Caller, flavor: Flavor) -> None:
        used, asked = self.usage(caller.project_id), {"instances": 1, "cores": flavor.vcpus, "ram": flavor.ram_mib}
        over = sorted(name for name in QUOTAS if used[name] + asked[name] > QUOTAS[name])
        if over:
            rows = [", ".join(str(table[name]) for name in over) for table in (asked, used, QUOTAS)]
            raise quota_exceeded(f"{', '.join(over)}: Requested {rows[0]}, but already used {rows[1]} of {rows[2]} {', '.join(over)}")

    def _build(self, server: Server, wanted: Wanted, action: InstanceAction) -> Story:
        durations, tried = self._durations, list[str]()
        yield durations.scheduling_s, ""
        while True:
            try:
                host = self._scheduler.choose(zone=wanted.zone, host=wanted.host, without=tried)
            except NoValidHost as error:
                self._give_up(server, action, _exhausted(server) if tried else str(error))
                return
            yield from self._try_on(server, host.name, host.zone)
            if not strikes(self._faults.spawn_fails, server):
                self._become_active(server, action)
                return
            tried.append(host.name)
            yield from self._leave(server, tried)

    def _try_on(self, server: Server, host: str, zone: str) -> Story:
        durations = self._durations
        server.work_on(self._world.now, None)
        yield durations.claiming_s, host
        server.host, server.zone, server.was_placed = host, zone, True
        server.work_on(self._world.now, None)
        for task_state in BEFORE_SPAWNING:
            yield durations.claiming_s, host
            server.work_on(self._world.now, task_state)
        yield durations.claiming_s, host
        server.work_on(self._world.now, "spawning")
        yield durations.spawning_s, host

    def _leave(self, server: Server, tried: list[str]) -> Story:
        """The host gives up; the conductor asks for another one, three times at the most."""
        server.host = server.zone = ""
        yield self._durations.rescheduling_s, ""
        server.work_on(self._world.now, "scheduling")
        yield self._durations.rescheduling_s, ""
        if len(tried) >= MOST_ATTEMPTS:
            tried.extend(host.name for host in self._hosts)

    def _become_active(self, server: Server, action: InstanceAction) -> None:
        server.become(self._world.now, "active", None, RUNNING)
        server.launched_at = self._world.now
        self._power.switch(server.id, True)
        self._record.finish(action)

    def _give_up(self, server: Server, action: InstanceAction, message: str) -> None:
        server.fault = message
        server.become(self._world.now, "error", None, NOSTATE)
        self._record.finish(action, error=message)


def _exhausted(server: Server) -> str:
    reason = "Exhausted all hosts available for retrying build failures for instance"
    return f"Exceeded maximum number of retries. {reason} {server.id}."
