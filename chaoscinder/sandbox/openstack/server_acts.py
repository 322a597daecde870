"""What can be done to a server, as a table, and the one machine that does it: checked by the API, worked off by the compute host.

The API sets the first task_state, whatever the host's condition; what follows happens on the host, and waits for it while it is silent.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.departments import Departments
from chaoscinder.sandbox.openstack.durations import Durations
from chaoscinder.sandbox.openstack.faults import strikes
from chaoscinder.sandbox.openstack.instance_actions import InstanceAction
from chaoscinder.sandbox.openstack.refusals import conflict, not_ready, wrong_state
from chaoscinder.sandbox.openstack.servers import PAUSED, RUNNING, SHUTDOWN, Server

REBOOTING_TASKS = ("rebooting", "reboot_pending", "reboot_started", "rebooting_hard", "reboot_pending_hard", "reboot_started_hard")
REBOOTABLE_TASKS = (*REBOOTING_TASKS, "resuming", "unpausing", "pausing", "suspending")  # nova.compute.task_states.ALLOW_REBOOT
RESCUABLE = ("active", "stopped", "error")  # its power_state is that of Nova's fake driver; libvirt's rescue system would run
KEEP_MEMORY = ("pause", "suspend")
NEEDS_HOST = ("os-stop", "os-start")  # nova.compute.api, check_instance_host


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that can be done. name is Nova's word in refusals and records; steps are task_states and how long each lasts.

    cuts_at is the number of the step at whose start the guest loses power (None: the power changes at the end only).
    """

    name: str
    event: str
    vm_states: tuple[str, ...]
    steps: tuple[tuple[str, float], ...]
    vm_state: str
    power_state: int
    busy_with: tuple[str, ...] = ()
    cuts_at: int | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """One act on one server, under way. turn tells whether something newer was begun since."""

    server: Server
    act: Act
    action: InstanceAction
    turn: int
    host: str


def acts(durations: Durations) -> Mapping[str, Act]:
    """Tell all acts by their word in the request (reboot with its type behind it)."""
    d = durations
    lasting = (d.rebooting_s, d.reboot_pending_s, d.reboot_started_s)
    soft_steps = tuple(zip(REBOOTING_TASKS[:3], lasting, strict=True))
    hard_steps = tuple(zip(REBOOTING_TASKS[3:], lasting, strict=True))
    any_state = ("active", "stopped", "paused", "suspended", "error")
    return {
        "os-stop": Act("stop", "compute_stop_instance", ("active", "error"), (("powering-off", d.powering_off_s),), "stopped", SHUTDOWN),
        "os-start": Act("start", "compute_start_instance", ("stopped",), (("powering-on", d.powering_on_s),), "active", RUNNING),
        "pause": Act("pause", "compute_pause_instance", ("active",), (("pausing", d.pausing_s),), "paused", PAUSED),
        "unpause": Act("unpause", "compute_unpause_instance", ("paused",), (("unpausing", d.pausing_s),), "active", RUNNING),
        "suspend": Act("suspend", "compute_suspend_instance", ("active",), (("suspending", d.suspending_s),), "suspended", SHUTDOWN),
        "resume": Act("resume", "compute_resume_instance", ("suspended",), (("resuming", d.resuming_s),), "active", RUNNING),
        "rescue": Act("rescue", "compute_rescue_instance", RESCUABLE, (("rescuing", d.rescuing_s),), "rescued", SHUTDOWN),
        "unrescue": Act("unrescue", "compute_unrescue_instance", ("rescued",), (("unrescuing", d.unrescuing_s),), "active", RUNNING),
        "reboot SOFT": Act("reboot", "compute_reboot_instance", ("active",), soft_steps, "active", RUNNING, cuts_at=1),
        "reboot HARD": Act("reboot", "compute_reboot_instance", any_state, hard_steps, "active", RUNNING, REBOOTABLE_TASKS, cuts_at=1),
    }


def check_unlocked(caller: Caller, server: Server) -> None:
    """Refuse a locked server to everyone but an administrator."""
    if server.locked_by and not caller.is_admin:
        raise conflict(f"Instance {server.id} is locked")


def check_state(server: Server, action: str, vm_states: tuple[str, ...], task_states: tuple[str, ...] = ()) -> None:
    """Refuse by vm_state first, then by task_state, as Nova does."""
    if server.vm_state not in vm_states:
        raise wrong_state(action, server.id, "vm_state", server.vm_state)
    if server.task_state is not None and server.task_state not in task_states:
        raise wrong_state(action, server.id, "task_state", server.task_state)


class Operator:
    """Begins acts on servers and sees them through."""

    def __init__(self, departments: Departments) -> None:
        self._world = departments.world
        self._hosts = departments.hosts
        self._power = departments.power
        self._faults = departments.faults
        self._record = departments.record
        self.acts = acts(departments.durations)

    def begin(self, caller: Caller, server: Server, request: str) -> None:
        """Accept an act, or refuse it; request is its word in the table."""
        act = self.acts[request]
        check_unlocked(caller, server)
        if request in NEEDS_HOST and not server.host:
            raise not_ready(server.id)
        check_state(server, act.name, act.vm_states, act.busy_with)
        action = self._record.start(caller, server.id, act.name)
        if server.task_state in REBOOTING_TASKS:
            self._lose_race(server, action)
            return
        server.turn += 1
        server.work_on(self._world.now, act.steps[0][0])
        job = Job(server, act, action, server.turn, server.host)
        self._hosts.cast(job.host, lambda: self._hosts.take_turn(job.host, server.id, lambda: self._start(job)))

    def _lose_race(self, server: Server, action: InstanceAction) -> None:
        """A second reboot is accepted, finds the first one at work, and fails."""
        expected = ["rebooting_hard", "reboot_pending_hard", "reboot_started_hard"]
        server.fault = f"Conflict updating instance {server.id}. Expected: {{'task_state': {expected}}}. Actual: {{'task_state': None}}"
        self._record.finish(action, error=server.fault)

    def _start(self, job: Job) -> None:
        self._record.begin_event(job.action, job.act.event, job.host)
        self._step(job, 0)

    def _step(self, job: Job, number: int) -> None:
        server, act = job.server, job.act
        is_over = server.vm_state == "deleted" or server.turn != job.turn
        if is_over or number == len(act.steps):
            if not is_over:
                self._end(job)
            self._hosts.end_turn(job.host, server.id)
            return
        task_state, lasts_s = act.steps[number]
        if number:
            server.work_on(self._world.now, task_state)
        if number == act.cuts_at:
            self._power.switch(server.id, False)
        self._world.call_later(lasts_s, lambda: self._go_on(job, number + 1), f"{act.name} {server.name}")

    def _go_on(self, job: Job, number: int) -> None:
        self._hosts.cast(job.host, lambda: self._step(job, number))

    def _end(self, job: Job) -> None:
        server, act = job.server, job.act
        if act.name == "stop" and (refusal := self._refusal(server)):
            server.work_on(self._world.now, None)
            self._record.finish(job.action, error=refusal)
            return
        if act.name == "stop" and server.task_state is None:  # reset while the stop lay in a dead host's queue; see test_hosts
            self._power.put(server.id, act.power_state)
            self._record.finish(job.action, error="Unexpected task state: expecting ['powering-off'] but the actual state is None")
            return
        server.become(self._world.now, act.vm_state, None, act.power_state)
        put = self._power.freeze if act.name in KEEP_MEMORY else self._power.put
        put(server.id, act.power_state)
        self._record.finish(job.action)

    def _refusal(self, server: Server) -> str:
        """Why the hypervisor does not stop a guest; empty when it does."""
        if strikes(self._faults.power_off_fails, server):
            return "Failed to power off instance: the hypervisor refused"
        return "" if self._power.state(server.id) is not None else f"Instance {server.id} could not be found."
