"""Runs and verdicts written by hand for the reports: a node shut down with the volume moving (or not), dense enough to look real.

Figures follow a recording of a real Kubernetes 1.36 control plane: timeouts from the stop, NotReady after 45.7 s, refused from 47.2 s, the
out-of-service taint at 68.7 s, the volume detached at 76.5 s and attached elsewhere at 78.5 s, an answer at 80.2 s.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chaoscinder.model.attachment import View
from chaoscinder.model.run import Aims, Header, Run, Touched
from chaoscinder.model.sample import Outage, Outcome, Sample
from chaoscinder.model.timeline import Change, Event, Mark, Milestone
from chaoscinder.model.verdict import Availability, Episode, Latency, Level, Movement, Objective, Result, Value, Verdict
from chaoscinder.model.workload import Kind, Target
from chaoscinder.model.write import Account, ReadBack, Write, WriteOutcome

SERVER_1, SERVER_2 = "17c12a07-885c-48aa-8266-9ee0aaeb0192", "e3f30380-0d6c-4aee-b7c5-ef0ebca0ab33"
VOLUME = "e1b43bb1-a5de-41c6-87fa-3cf45766163b"
PV = "pvc-54b5a18a-b9ba-49bd-9e63-ebc2d96dd9c6"
OLD, NEW = "test-cinder-6496958d67-48gss", "test-cinder-6496958d67-6klsl"
SET = "test-cinder-6496958d67"
FAULT = 40.0
TARGET = Target("default", "test-cinder", Kind.DEPLOYMENT, OLD, "uid-old", "node-2", SERVER_2, "node-2", "test-cinder-volume", PV, VOLUME)
UNREACHABLE = ("node.kubernetes.io/unreachable=:NoSchedule", "node.kubernetes.io/unreachable=:NoExecute")
SHUTDOWN = "node.cloudprovider.kubernetes.io/shutdown=:NoSchedule"
TAINT = "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"


def header(rate: float = 20.0, **changes: Any) -> Header:
    """A header of a run in the sandbox, or of a real one at rate 1."""
    made = Header(
        run_id="20261122T230414Z-node-shutdown-3f9a",
        experiment="node-shutdown",
        experiment_sha256="9f2c4b1de0a7" * 5 + "1234",
        started_at=datetime(2026, 11, 22, 23, 4, 14, tzinfo=UTC),
        anchor_s=1000.0,
        rate=rate,
        sandbox=rate != 1.0,
        aims=Aims(levels={"writes": Level.OPTIONAL}),
        versions={
            "chaoscinder": "0.1.0",
            "chaostoolkit": "1.19.0",
            "kubernetes": "v1.36.2",
            "nova": "2.100",
            "cinder": "3.71",
            "python": "3.11.2",
        },
        settings={"namespace": "default", "workload": "test-cinder", "address": "127.0.0.1:41873", "outage_budget_s": "180"},
    )
    return replace(made, **changes)


def looks(until_s: float, rate: float, answer: Any, per_s: float = 20.0) -> tuple[Sample, ...]:
    """Samples at per_s a wall second from 0 until a cluster time; answer tells (outcome, latency)."""
    chance = random.Random(7)
    return tuple(_looks(until_s, rate / per_s, answer, chance))


def _looks(until_s: float, step_s: float, answer: Any, chance: random.Random) -> Iterator[Sample]:
    for slot in range(int(until_s / step_s)):
        at_s = slot * step_s
        outcome, latency_s = answer(at_s, chance)
        backend = (OLD if at_s < FAULT + 60 else NEW) if outcome is Outcome.OK else None
        yield Sample(at_s, outcome, chance.random() * 0.002, latency_s, 200 if outcome is Outcome.OK else 0, backend)


def healthy(at_s: float, chance: random.Random) -> tuple[Outcome, float]:
    """An ordinary answer with a tail."""
    return Outcome.OK, chance.lognormvariate(-4.5, 0.35) * (6 if chance.random() < 0.01 else 1)


def outage_until(end_s: float) -> Any:
    """Answers of a stopped server: timeouts, then refused, then (after end_s) slow and good ones."""

    def answer(at_s: float, chance: random.Random) -> tuple[Outcome, float]:
        since_s = at_s - FAULT
        if since_s < 1.2 or since_s >= end_s + 3:
            return healthy(at_s, chance)
        if since_s < 47.2:
            return Outcome.CONNECT_TIMEOUT, 0.9
        if since_s < end_s:
            return Outcome.REFUSED, chance.lognormvariate(-7.3, 0.2)
        return Outcome.OK, chance.lognormvariate(-2.5, 0.5)

    return answer


def node(at_s: float, name: str, ready: str = "True", taints: tuple[str, ...] = ()) -> Change:
    """A change of a Node."""
    return Change(at_s, View.KUBERNETES, "Node", name, name, {"ready": ready, "taints": list(taints), "schedulable": True})


def pod(at_s: float, name: str, phase: str, on: str | None, *, ready: bool = False, deleting: bool = False, waiting: str = "") -> Change:
    """A change of a Pod of the workload."""
    state = {"phase": phase, "node": on, "ready": ready, "deleting": deleting, "waiting": waiting, "owner": f"ReplicaSet/{SET}"}
    return Change(at_s, View.KUBERNETES, "Pod", name, f"uid-{name}", state)


def attachment(at_s: float, name: str, on: str, *, attached: bool, deleting: bool = False) -> Change:
    """A change of a VolumeAttachment of the workload's volume."""
    state = {"node": on, "persistent_volume": PV, "attached": attached, "deleting": deleting, "attach_error": "", "detach_error": ""}
    return Change(at_s, View.KUBERNETES, "VolumeAttachment", name, f"uid-{name}", state)


def endpoints(at_s: float, ready: list[str]) -> Change:
    """A change of the service's EndpointSlice."""
    return Change(at_s, View.KUBERNETES, "EndpointSlice", "test-cinder-q2sjw", "uid-slice", {"ready": ready, "not_ready": []})


def server(
    at_s: float, server_id: str, name: str, status: str = "ACTIVE", task: str | None = None, volumes: tuple[str, ...] = ()
) -> Change:
    """A change of a Server as Nova tells it."""
    state = {"name": name, "status": status, "power_state": 1, "task_state": task, "vm_state": "", "volumes": list(volumes)}
    return Change(at_s, View.NOVA, "Server", name, server_id, state)


def volume(at_s: float, status: str, *servers: str) -> Change:
    """A change of the Volume as Cinder tells it."""
    return Change(at_s, View.CINDER, "Volume", "pvc-54b5a18a", VOLUME, {"status": status, "servers": list(servers), "attachments": []})


def gone(at_s: float, kind: str, name: str) -> Change:
    """An object of Kubernetes that went away."""
    return Change(at_s, View.KUBERNETES, kind, name, f"uid-{name}", None)


def before() -> list[Change]:
    """What the watches tell when they begin."""
    return [
        node(0.4, "node-1"),
        node(0.4, "node-2"),
        node(0.4, "node-3"),
        node(0.4, "control-plane-1"),
        pod(0.4, OLD, "Running", "node-2", ready=True),
        attachment(0.5, "csi-a4b3", "node-2", attached=True),
        endpoints(0.5, [OLD]),
        server(0.9, SERVER_2, "node-2", volumes=(VOLUME,)),
        server(0.9, SERVER_1, "node-1"),
        volume(1.0, "in-use", SERVER_2),
    ]


def away() -> list[Change]:
    """What happens to a stopped node until its pod should be evicted."""
    return [
        server(FAULT + 0.6, SERVER_2, "node-2", "ACTIVE", "powering-off", (VOLUME,)),
        server(FAULT + 1.3, SERVER_2, "node-2", "SHUTOFF", None, (VOLUME,)),
        node(FAULT + 45.7, "node-2", "Unknown", UNREACHABLE[:1]),
        pod(FAULT + 45.71, OLD, "Running", "node-2"),
        endpoints(FAULT + 45.73, []),
        node(FAULT + 45.78, "node-2", "Unknown", UNREACHABLE),
        node(FAULT + 49.5, "node-2", "Unknown", (*UNREACHABLE, SHUTDOWN)),
    ]


def moved() -> list[Change]:
    """How the volume moves once the out-of-service taint is there."""
    return [
        node(FAULT + 68.7, "node-2", "Unknown", (*UNREACHABLE, SHUTDOWN, TAINT)),
        pod(FAULT + 68.76, OLD, "Running", "node-2", deleting=True),
        pod(FAULT + 68.77, NEW, "Pending", None),
        pod(FAULT + 68.78, NEW, "Pending", "node-1", waiting="ContainerCreating"),
        pod(FAULT + 75.7, OLD, "Failed", "node-2", deleting=True),
        gone(FAULT + 75.75, "Pod", OLD),
        attachment(FAULT + 75.76, "csi-a4b3", "node-2", attached=True, deleting=True),
        volume(FAULT + 76.5, "available"),
        server(FAULT + 76.8, SERVER_2, "node-2", "SHUTOFF"),
        gone(FAULT + 77.08, "VolumeAttachment", "csi-a4b3"),
        attachment(FAULT + 77.5, "csi-fffd", "node-1", attached=False),
        server(FAULT + 78.4, SERVER_1, "node-1", volumes=(VOLUME,)),
        volume(FAULT + 78.5, "in-use", SERVER_1),
        attachment(FAULT + 79.0, "csi-fffd", "node-1", attached=True),
        pod(FAULT + 79.4, NEW, "Running", "node-1"),
        pod(FAULT + 79.65, NEW, "Running", "node-1", ready=True),
        endpoints(FAULT + 79.66, [NEW]),
    ]


def restored(at_s: float) -> list[Change]:
    """How the node comes back."""
    return [
        server(at_s + 0.5, SERVER_2, "node-2", "SHUTOFF", "powering-on"),
        server(at_s + 1.1, SERVER_2, "node-2"),
        node(at_s + 3.5, "node-2", "Unknown", (*UNREACHABLE, TAINT)),
        node(at_s + 7.3, "node-2", "True", (UNREACHABLE[1], TAINT)),
        node(at_s + 8.4, "node-2", "True", UNREACHABLE[1:]),
        node(at_s + 10.5, "node-2"),
    ]


def event(at_s: float, type_: str, reason: str, source: str, about: str, message: str, count: int = 1) -> Event:
    """A Kubernetes event."""
    return Event(FAULT + at_s, type_, reason, source, message, about, count)


EVENTS = (
    event(45.71, "Normal", "NodeNotReady", "node-controller", "Node/node-2", "Node node-2 status is now: NodeNotReady"),
    event(45.72, "Warning", "NodeNotReady", "node-controller", f"Pod/{OLD}", "Node is not ready"),
    event(68.74, "Normal", "TaintManagerEviction", "taint-eviction-controller", f"Pod/{OLD}", f"Marking for deletion Pod default/{OLD}"),
    event(68.77, "Normal", "SuccessfulCreate", "replicaset-controller", f"ReplicaSet/{SET}", f"Created pod: {NEW}"),
    event(68.78, "Normal", "Scheduled", "default-scheduler", f"Pod/{NEW}", f"Successfully assigned default/{NEW} to node-1"),
    event(
        68.86,
        "Warning",
        "FailedAttachVolume",
        "attachdetach-controller",
        f"Pod/{NEW}",
        f'Multi-Attach error for volume "{PV}" Volume is already used by pod(s) {OLD}',
        3,
    ),
    event(
        79.18,
        "Normal",
        "SuccessfulAttachVolume",
        "attachdetach-controller",
        f"Pod/{NEW}",
        f'AttachVolume.Attach succeeded for volume "{PV}"',
    ),
    event(79.39, "Normal", "Started", "kubelet", f"Pod/{NEW}", "Container started"),
)


def marks(*, recovered_s: float | None, undo_s: float, end_s: float) -> tuple[Mark, ...]:
    """What the run did, with the fault at its place."""
    over = Mark(FAULT + recovered_s + 10, "recovered", {"stable_s": 10.0}) if recovered_s else Mark(undo_s - 0.5, "not_recovered")
    return (
        Mark(2.0, "baseline_started"),
        Mark(34.0, "baseline_met"),
        Mark(FAULT, "fault_started", {"action": "stop_server", "server": "node-2"}),
        Mark(FAULT + 0.6, "fault_accepted"),
        Mark(FAULT + 1.3, "fault_confirmed", {"status": "SHUTOFF"}),
        over,
        Mark(undo_s, "undo_started"),
        Mark(undo_s + 10.5, "undone"),
        Mark(end_s, "recording_ended"),
    )


def writes(end_s: float) -> tuple[Write, ...]:
    """A write each 3 s; no answer during the outage."""
    moments = [3.0 * index for index in range(1, int(end_s / 3))]
    outcome = {True: WriteOutcome.UNKNOWN, False: WriteOutcome.ACKNOWLEDGED}
    return tuple(Write(n, f"w-{n}", at_s, at_s + 0.1, outcome[FAULT < at_s < FAULT + 80]) for n, at_s in enumerate(moments))


def objective(
    name: str, target: str, measured: str, result: Result = Result.MET, reason: str = "", level: Level = Level.REQUIRED
) -> Objective:
    """A line of the acceptance table."""
    return Objective(name, level, result, target, measured, reason)


def passing(rate: float = 20.0) -> tuple[Run, Verdict]:
    """The volume moved and every write is there: 20 looks a wall second, at a rate of 20 or 1."""
    period_s, end_s = rate / 20, 190.0
    run = Run(
        header=header(rate),
        target=TARGET,
        marks=marks(recovered_s=80.2, undo_s=FAULT + 95.0, end_s=end_s),
        samples=looks(end_s, rate, outage_until(80.2)),
        writes=writes(end_s),
        read_backs=(ReadBack(FAULT + 118.0, ()),),
        changes=tuple(before() + away() + moved() + restored(FAULT + 95.0)),
        events=EVENTS,
        touched=(Touched("Server", f"node-2 ({SERVER_2})", "stopped", "start", True, "ACTIVE"),),
        platform={"status": "completed", "deviated": False},
        problems=("watch of pods was cut after 61 s and taken up again",),
    )
    away_for = Outage(41.0 + 0.2 - period_s, 41.2, 120.2 - period_s, 120.2, ((Outcome.CONNECT_TIMEOUT, 46), (Outcome.REFUSED, 33)))
    return run, _passed(away_for, period_s, rate)


def _passed(away_for: Outage, period_s: float, rate: float) -> Verdict:
    count = 150 / period_s
    bad = round(79 / period_s)
    return Verdict(
        value=Value.PASS,
        reason="away for 78.0 to 80.0 s (budget 180 s), the volume moved, and no acknowledged write is lost",
        outcome="success",
        restored=True,
        objectives=(
            objective("baseline", "30 s without a failure", "31.0 s"),
            objective("fault", "the server that held the volume went down", "node-2 was SHUTOFF after 1.3 s"),
            objective("samples", "at most 1 % missed", "0 of 3,000 missed"),
            objective("outage", "at most 180 s", "78.0 to 80.0 s"),
            objective("recovery", "within 900 s, stable for 10 s", "80.2 s"),
            objective("volume", "moved, and all views agree", "node-2 to node-1"),
            objective("writes", "every acknowledged write read back", "33 of 33", level=Level.OPTIONAL),
            objective("restored", "nothing left behind", "server ACTIVE, node Ready, no taint"),
        ),
        findings=(
            "A Multi-Attach warning was seen 3 times while the volume moved.",
            "23 of the 80 s passed between NotReady and the out-of-service taint.",
        ),
        remediation="out-of-service taint",
        story=(
            "Server node-2, which held the volume of default/test-cinder, was stopped through Nova.",
            "Users saw timeouts for 46.0 s, then refused connections for 33.0 s, until the pod ran on node-1.",
            "Of that, 45.7 s went by until the node was NotReady, 23.0 s until the out-of-service taint, and 11.5 s to move the volume.",
        ),
        availability=Availability(
            outages=(away_for,),
            total_s=(away_for.shortest_s, away_for.longest_s),
            by_time=0.4733,
            by_request=0.4731,
            samples=round(count),
            bad=bad,
            missed=0,
            late_p99_s=0.0021,
            period_s=0.05,
            episodes=(Episode(1, 1, (away_for.shortest_s, away_for.longest_s)),),
            longest_s=(away_for.shortest_s, away_for.longest_s),
            agree_within=0.0067,
            first_failure_s=(0.2, 1.2),
            first_success_s=(80.2 - period_s, 80.2),
            recovered_s=(80.2 - period_s, 80.2),
            latency_recovered_s=(82.2, 83.2),
            latency_before=Latency(40, 0.0111, 0.0198, 0.0621),
            latency_during=Latency(1, 0.0113, 0.0171, 0.0175),
            latency_after=Latency(70, 0.0114, 0.0881, 0.1702),
        ),
        account=Account(62, 35, 0, 27, 35, 2, (), (), True),
        movement=Movement(VOLUME, SERVER_2, "node-2", SERVER_1, "node-1", True),
        fault_at_s=FAULT,
        milestones=(
            Milestone("server down", FAULT + 1.3, "Nova: node-2 is SHUTOFF"),
            Milestone("node NotReady", FAULT + 45.7, "Ready is Unknown"),
            Milestone("out-of-service taint", FAULT + 68.7, TAINT),
            Milestone("volume detached", FAULT + 76.5, "Cinder: available"),
            Milestone("volume attached elsewhere", FAULT + 78.5, "Cinder: in-use on node-1"),
            Milestone("pod ready", FAULT + 79.65, NEW),
            Milestone("web UI answers", FAULT + 80.2, "first good answer"),
        ),
    )


def stuck(rate: float = 20.0) -> tuple[Run, Verdict]:
    """Nothing frees the volume: pod Terminating, VolumeAttachment kept, the outage never ends; 120 wall seconds."""
    end_s, undo_s = 1030.0, FAULT + 905.0
    evicted = [
        pod(FAULT + 345.8, OLD, "Running", "node-2", deleting=True),
        pod(FAULT + 345.9, NEW, "Pending", None),
        pod(FAULT + 346.0, NEW, "Pending", "node-1", waiting="ContainerCreating"),
    ]
    run, verdict = passing(rate)
    run = replace(
        run,
        marks=marks(recovered_s=None, undo_s=undo_s, end_s=end_s),
        samples=looks(end_s, rate, outage_until(10_000.0)),
        changes=tuple(before() + away() + evicted + restored(undo_s)),
        events=EVENTS[:2],
        problems=(),
    )
    away_for = Outage(40.2, 41.2, 1029.0, None, ((Outcome.CONNECT_TIMEOUT, 46), (Outcome.REFUSED, 942)))
    return run, _failed(verdict, away_for)


def _failed(verdict: Verdict, away_for: Outage) -> Verdict:
    assert verdict.availability
    return replace(
        verdict,
        value=Value.FAIL,
        reason="did not recover within 900 s: the shut-down node kept the volume and nothing would have ended it",
        outcome="deviated",
        objectives=(
            objective("baseline", "30 s without a failure", "31.0 s"),
            objective("outage", "at most 180 s", "at least 987.8 s", Result.MISSED, "the web UI never answered again"),
            objective("recovery", "within 900 s, stable for 10 s", "not recovered", Result.MISSED, f"pod {NEW} waits for its volume"),
            objective("volume", "moved, and all views agree", "still on node-2", Result.MISSED, "its VolumeAttachment was kept"),
            objective("writes", "every acknowledged write read back", "", Result.NOT_TESTED, "nobody could read back", Level.OPTIONAL),
        ),
        findings=("The server was started again 905 s after the fault; the node was Ready 7 s later.",),
        stuck=(
            f"Pod {OLD} stayed Terminating: its node does not answer and nobody said that it is out of service.",
            "The VolumeAttachment of node-2 was kept: Kubernetes does not detach by force from a node it cannot ask.",
            "No out-of-service taint was seen, and nothing in the cluster sets one.",
        ),
        milestones=(*verdict.milestones[:2], Milestone("volume detached", None, "its VolumeAttachment was kept")),
        remediation="none seen",
        story=(
            "Server node-2, which held the volume of default/test-cinder, was stopped through Nova.",
            "Users saw timeouts for 46.0 s and refused connections until the end.",
            f"Pod {OLD} was still Terminating and the volume still attached to node-2 when the deadline of 900 s passed.",
        ),
        availability=replace(
            verdict.availability,
            outages=(away_for,),
            total_s=(away_for.shortest_s, None),
            by_time=0.0012,
            by_request=0.0012,
            samples=990,
            bad=988,
            episodes=(Episode(1, 1, (away_for.shortest_s, None)),),
            longest_s=(away_for.shortest_s, None),
            first_success_s=None,
            recovered_s=None,
            latency_recovered_s=None,
            latency_after=None,
        ),
        account=Account(340, 13, 0, 327, 0, 0, (), (), False),
        movement=Movement(VOLUME, SERVER_2, "node-2", SERVER_2, "node-2", True),
    )


def without_fault() -> tuple[Run, Verdict]:
    """A run that recorded 40 s and never did anything: INCONCLUSIVE."""
    run = Run(header=header(1.0), target=TARGET, samples=looks(40.0, 1.0, healthy), changes=tuple(before()))
    verdict = Verdict(
        value=Value.INCONCLUSIVE,
        reason="no proof that the fault happened",
        outcome="inconclusive",
        restored=None,
        objectives=(objective("fault", "the server that held the volume went down", "", Result.NOT_TESTED, "no fault was started"),),
        findings=(),
        remediation="none seen",
        story=("Nothing was broken.", "The web UI answered throughout.", "No conclusion about losing a node may be drawn."),
        availability=Availability(
            (), (0.0, 0.0), 1.0, 1.0, 800, 0, 0, 0.0019, 0.05, recovered_s=(0.0, 0.0), latency_after=Latency(800, 0.011, 0.02, 0.06)
        ),
        account=None,
        movement=None,
        fault_at_s=None,
    )
    return run, verdict


def empty() -> tuple[Run, Verdict]:
    """A run that ended before anything but its header was written."""
    verdict = Verdict(Value.NOT_RUN, "nothing was recorded", "aborted", None, (), (), "none seen", (), None, None, None, None)
    return Run(header=header(20.0)), verdict


def short_outage(minutes: int = 30, per_s: float = 20.0) -> tuple[Run, Verdict]:
    """A long run on a real cluster with a single outage of 0.35 s, 600 s after its start."""
    run, verdict = passing(1.0)
    assert verdict.availability

    def answer(at_s: float, chance: random.Random) -> tuple[Outcome, float]:
        return (Outcome.RESET, 0.004) if 600.0 <= at_s < 600.35 else healthy(at_s, chance)

    samples = looks(minutes * 60.0, 1.0, answer, per_s)
    blink = Outage(599.95, 600.0, 600.3, 600.35, ((Outcome.RESET, 7),))
    seen = replace(verdict.availability, outages=(blink,), total_s=(0.3, 0.4), longest_s=(0.3, 0.4), by_time=0.9998, by_request=0.9998)
    moments = (Mark(598.0, "fault_started"), Mark(598.4, "fault_confirmed"), Mark(650.0, "undo_started"), Mark(655.0, "undone"))
    return replace(run, samples=samples, marks=moments), replace(verdict, availability=seen, fault_at_s=598.0)


HOSTILE = '<script>alert("x")</script>\x1b[31m\u202e&amp;|`[a](http://evil.example)@all\n# no'


def hostile() -> tuple[Run, Verdict]:
    """Names and messages that try to get out of the document they are put in."""
    run, verdict = passing()
    states = (
        pod(0.6, HOSTILE, HOSTILE, HOSTILE),
        node(0.6, HOSTILE, HOSTILE, (HOSTILE,)),
        attachment(0.6, HOSTILE, HOSTILE, attached=False),
        server(0.6, HOSTILE, HOSTILE, HOSTILE, HOSTILE, (VOLUME,)),
        volume(0.6, HOSTILE, HOSTILE),
        endpoints(0.6, [HOSTILE]),
    )
    target = replace(TARGET, workload=HOSTILE, namespace=HOSTILE, server_name=HOSTILE)
    run = replace(
        run,
        header=replace(run.header, experiment=HOSTILE, run_id=HOSTILE, settings={HOSTILE: HOSTILE}, versions={HOSTILE: HOSTILE}),
        target=target,
        changes=(*run.changes, *states),
        marks=(*run.marks, Mark(50.0, HOSTILE, {HOSTILE: HOSTILE})),
        events=(Event(50.0, HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE, 1),),
        touched=(Touched(HOSTILE, HOSTILE, HOSTILE, HOSTILE, False, HOSTILE),),
        platform={HOSTILE: HOSTILE},
        problems=(HOSTILE,),
    )
    lines = (objective(HOSTILE, HOSTILE, HOSTILE, Result.MISSED, HOSTILE),)
    told = replace(verdict, reason=HOSTILE, story=(HOSTILE,), findings=(HOSTILE,), remediation=HOSTILE, objectives=lines)
    return run, replace(told, movement=Movement(HOSTILE, HOSTILE, HOSTILE, None, None, False, HOSTILE))
