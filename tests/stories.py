"""Two complete runs of the node-shutdown experiment, as a recorder at rate 20 would have seen them.

With remediation: times and states as in a recording of a real Kubernetes 1.36 control plane with a real Nova and Cinder. Without: the
timeline of the same control plane when nobody acts (NotReady, eviction 300 s later, then nothing), until our undo starts the server.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from chaoscinder.model.attachment import View
from chaoscinder.model.run import Aims, Header, Run, Touched
from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.model.timeline import Change, Event, Mark
from chaoscinder.model.workload import Kind, Target
from chaoscinder.model.write import ReadBack, Write, WriteOutcome

RATE = 20.0
FAULT_S = 30.5
SERVER_1 = "17c12a07-885c-48aa-8266-9ee0aaeb0192"
SERVER_2 = "e3f30380-0d6c-4aee-b7c5-ef0ebca0ab33"
VOLUME = "e1b43bb1-a5de-41c6-87fa-3cf45766163b"
PV = "pvc-54b5a18a-b9ba-49bd-9e63-ebc2d96dd9c6"
OLD_POD = "test-cinder-6496958d67-48gss"
NEW_POD = "test-cinder-6496958d67-6klsl"
OLD_VA = "csi-a4b37206e0d1a178271d350b7ec49efe05cb6c95a27570f4d6c7f06379f04652"
NEW_VA = "csi-fffd196280b078476ea9c81a2f4a5c9ecf7db243b4269a6363b28d2b327f0527"
UNREACHABLE = ["node.kubernetes.io/unreachable=:NoSchedule", "node.kubernetes.io/unreachable=:NoExecute"]
SHUT_DOWN = [*UNREACHABLE, "node.cloudprovider.kubernetes.io/shutdown=:NoSchedule"]
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"

TARGET = Target(
    namespace="default",
    workload="test-cinder",
    kind=Kind.DEPLOYMENT,
    pod=OLD_POD,
    pod_uid="uid-48gss",
    node="node-2",
    server_id=SERVER_2,
    server_name="node-2",
    claim="test-cinder-volume",
    persistent_volume=PV,
    volume_id=VOLUME,
)

AUDIT: Mapping[str, Any] = {
    "server": {"id": SERVER_2, "status": "ACTIVE", "power_state": 1, "metadata": {}},
    "node": {"name": "node-2", "ready": "True", "schedulable": True, "taints": []},
    "attachments": [
        {"view": "KUBERNETES", "server_id": SERVER_2, "status": "attached"},
        {"view": "NOVA", "server_id": SERVER_2, "status": "attached"},
        {"view": "CINDER", "server_id": SERVER_2, "status": "attached"},
    ],
    "rows": None,
}


def header(**changes: Any) -> Header:
    """The header of a run in the sandbox."""
    made = Header(
        run_id="3f2a9c41",
        experiment="node-shutdown",
        experiment_sha256="9b" * 32,
        started_at=datetime(2026, 11, 22, 23, 3, 46, tzinfo=UTC),
        anchor_s=1000.0,
        rate=RATE,
        sandbox=True,
        aims=Aims(),
        versions={"chaostoolkit": "1.19.0", "chaostoolkit-lib": "1.44.0", "kubernetes-server": "v1.36.2"},
        settings={"namespace": "default", "workload": "test-cinder"},
    )
    return replace(made, **changes)


def passing() -> Run:
    """The story with remediation: out for 79 to 81 s."""
    back_s = FAULT_S + 80.178
    writes = _writes(136, refused_from=FAULT_S + 47.161, back_s=back_s)
    return Run(
        header=header(),
        target=TARGET,
        marks=_marks((80.3, "recovered", {}), (85.262, "undo_started", {}), (95.8, "undone", {}), (108.2, "recording_ended", {})),
        samples=_samples(138, refused_from=FAULT_S + 47.161, back_s=back_s),
        writes=writes,
        read_backs=(_read_back(FAULT_S + 84.0, writes), _read_back(FAULT_S + 107.793, writes)),
        changes=_in_order(_before(), _shut_off(), _freed(), _moved(75.7), _returned(85.8, 92.572)),
        events=_events(
            (45.712, "Normal", "NodeNotReady", "node-controller", "Node node-2 status is now: NodeNotReady", "Node/node-2"),
            (
                68.739,
                "Normal",
                "TaintManagerEviction",
                "taint-eviction-controller",
                f"Marking for deletion Pod default/{OLD_POD}",
                f"Pod/{OLD_POD}",
            ),
            (68.781, "Normal", "Scheduled", "default-scheduler", f"Successfully assigned default/{NEW_POD} to node-1", f"Pod/{NEW_POD}"),
            (68.862, "Warning", "FailedAttachVolume", "attachdetach-controller", _multi_attach(), f"Pod/{NEW_POD}"),
            (
                79.181,
                "Normal",
                "SuccessfulAttachVolume",
                "attachdetach-controller",
                f'AttachVolume.Attach succeeded for volume "{PV}" ',
                f"Pod/{NEW_POD}",
            ),
            (79.388, "Normal", "Started", "kubelet", "Container started", f"Pod/{NEW_POD}"),
        ),
        touched=_touched(),
        platform={"status": "completed", "deviated": False, "interrupted": False, "baseline_met": True, "failed_activities": []},
        before=AUDIT,
        after={**AUDIT, "attachments": [{**row, "server_id": SERVER_1} for row in AUDIT["attachments"]], "rows": 0},
    )


def failing() -> Run:
    """The story without remediation: out until our undo, 911 s after the fault, lets the node come back."""
    back_s = FAULT_S + 938.3
    writes = _writes(985, refused_from=FAULT_S + 49.3, back_s=back_s)
    return Run(
        header=header(),
        target=TARGET,
        marks=_marks((910.2, "not_recovered", {}), (911.0, "undo_started", {}), (925.0, "undone", {}), (960.2, "recording_ended", {})),
        samples=_samples(989, refused_from=FAULT_S + 49.3, back_s=back_s),
        writes=writes,
        read_backs=(_read_back(FAULT_S + 959.0, writes),),
        changes=_in_order(_before(), _shut_off(), _evicted(350.6), _moved(921.2), _returned(913.0, 919.0)),
        events=_events(
            (47.8, "Normal", "NodeNotReady", "node-controller", "Node node-2 status is now: NodeNotReady", "Node/node-2"),
            (
                350.6,
                "Normal",
                "TaintManagerEviction",
                "taint-eviction-controller",
                f"Marking for deletion Pod default/{OLD_POD}",
                f"Pod/{OLD_POD}",
            ),
            (350.8, "Warning", "FailedAttachVolume", "attachdetach-controller", _multi_attach(), f"Pod/{NEW_POD}"),
        ),
        touched=_touched(),
        platform={"status": "completed", "deviated": True, "interrupted": False, "baseline_met": True, "failed_activities": []},
        before=AUDIT,
        after={**AUDIT, "attachments": [{**row, "server_id": SERVER_1} for row in AUDIT["attachments"]], "rows": 0},
    )


def refused() -> Run:
    """A run whose application was not well before the fault: nothing was injected."""
    return replace(
        passing(),
        marks=(Mark(1.0, "baseline_started"), Mark(31.0, "baseline_not_met", {"outages": 1}), Mark(31.2, "recording_ended")),
        samples=tuple(_sample(float(at), Outcome.OK if at < 20 else Outcome.SERVER_ERROR) for at in range(32)),
        writes=(),
        read_backs=(),
        changes=_before(),
        events=(),
        touched=(),
        platform={"status": "interrupted", "deviated": False, "interrupted": True, "baseline_met": None},
        after=AUDIT,
    )


# --- the parts, times in seconds since the fault ---


def node(at_s: float, name: str, *, ready: str = "True", taints: Iterable[str] = (), holds: bool = False) -> Change:
    """A Node's state; holds means that it uses the volume and has it attached."""
    volumes = [VOLUME] if holds else []
    state = {"ready": ready, "taints": list(taints), "schedulable": True, "volumes_in_use": volumes, "volumes_attached": volumes}
    return Change(FAULT_S + at_s, View.KUBERNETES, "Node", name, f"uid-{name}", state)


def pod(
    at_s: float, name: str, on: str | None, *, ready: bool, phase: str = "Running", deleting: bool = False, waiting: str = ""
) -> Change:
    """A pod's state."""
    state = {
        "phase": phase,
        "node": on,
        "ready": ready,
        "deleting": deleting,
        "waiting": waiting,
        "owner": "ReplicaSet/test-cinder-6496958d67",
    }
    return Change(FAULT_S + at_s, View.KUBERNETES, "Pod", name, f"uid-{name[-5:]}", state)


def volume_attachment(at_s: float, name: str, on: str, *, attached: bool, deleting: bool = False) -> Change:
    """A VolumeAttachment's state."""
    state = {"node": on, "persistent_volume": PV, "attached": attached, "deleting": deleting, "attach_error": "", "detach_error": ""}
    return Change(FAULT_S + at_s, View.KUBERNETES, "VolumeAttachment", name, f"uid-{name[4:9]}", state)


def endpoints(at_s: float, ready: Iterable[str] = (), not_ready: Iterable[str] = ()) -> Change:
    """Where the Service sends traffic."""
    state = {"ready": list(ready), "not_ready": list(not_ready)}
    return Change(FAULT_S + at_s, View.KUBERNETES, "EndpointSlice", "test-cinder-q2sjw", "uid-q2sjw", state)


def server(at_s: float, uid: str, name: str, status: str = "ACTIVE", *, task: str | None = None, holds: bool = False) -> Change:
    """A Server's state in Nova."""
    off = status == "SHUTOFF"
    state = {
        "name": name,
        "status": status,
        "power_state": 4 if off else 1,
        "task_state": task,
        "vm_state": "stopped" if off else "active",
        "volumes": [VOLUME] if holds else [],
    }
    return Change(FAULT_S + at_s, View.NOVA, "Server", name, uid, state)


def cinder(at_s: float, *servers: str) -> Change:
    """The volume's state in Cinder, attached to these servers."""
    rows = [f"{number:08d}-7c29-41c4-ac5b-c71b4c0c10f7 attached {uid}" for number, uid in enumerate(servers)]
    state = {"status": "in-use" if servers else "available", "servers": list(servers), "attachments": rows}
    return Change(FAULT_S + at_s, View.CINDER, "Volume", VOLUME, VOLUME, state)


def gone(change: Change, at_s: float) -> Change:
    """The same object going away."""
    return replace(change, at_s=FAULT_S + at_s, state=None)


def _before() -> tuple[Change, ...]:
    return (
        node(-30.0, "node-1"),
        node(-30.0, "node-2", holds=True),
        pod(-30.0, OLD_POD, "node-2", ready=True),
        volume_attachment(-30.0, OLD_VA, "node-2", attached=True),
        endpoints(-30.0, ready=[OLD_POD]),
        server(-29.0, SERVER_1, "node-1"),
        server(-29.0, SERVER_2, "node-2", holds=True),
        cinder(-29.0, SERVER_2),
    )


def _shut_off() -> tuple[Change, ...]:
    """From the stop to NotReady."""
    return (
        server(1.251, SERVER_2, "node-2", "SHUTOFF", holds=True),
        node(45.693, "node-2", ready="Unknown", holds=True),
        pod(45.712, OLD_POD, "node-2", ready=False),
        endpoints(45.73, not_ready=[OLD_POD]),
        node(45.778, "node-2", ready="Unknown", taints=UNREACHABLE, holds=True),
        node(49.454, "node-2", ready="Unknown", taints=SHUT_DOWN, holds=True),
    )


def _freed() -> tuple[Change, ...]:
    """The out-of-service taint, and the eviction that follows it."""
    return (
        node(68.729, "node-2", ready="Unknown", taints=[*SHUT_DOWN, OUT_OF_SERVICE], holds=True),
        *_evicted(68.757),
        pod(75.7, OLD_POD, "node-2", ready=False, phase="Failed", deleting=True),
    )


def _evicted(at_s: float) -> tuple[Change, ...]:
    """The old pod marked for deletion, its replacement waiting for the volume."""
    return (
        pod(at_s, OLD_POD, "node-2", ready=False, deleting=True),
        pod(at_s + 0.011, NEW_POD, None, ready=False, phase="Pending"),
        pod(at_s + 0.077, NEW_POD, "node-1", ready=False, phase="Pending", waiting="ContainerCreating"),
    )


def _moved(at_s: float) -> tuple[Change, ...]:
    """From the moment at which the old pod goes: detach, attach, start."""
    old = volume_attachment(at_s + 0.061, OLD_VA, "node-2", attached=True, deleting=True)
    old_pod = pod(at_s, OLD_POD, "node-2", ready=False, deleting=True)
    shut = at_s < 100
    slow = 0.0 if shut else 12.6  # a node that came back reports its volumes with its next status
    return (
        gone(old_pod, at_s + 0.047),
        old,
        cinder(at_s + slow + 0.798),
        server(at_s + slow + 1.065, SERVER_2, "node-2", "SHUTOFF" if shut else "ACTIVE"),
        gone(old, at_s + slow + 1.375),
        volume_attachment(at_s + slow + 1.773, NEW_VA, "node-1", attached=False),
        server(at_s + slow + 2.748, SERVER_1, "node-1", holds=True),
        cinder(at_s + slow + 2.782, SERVER_1),
        volume_attachment(at_s + slow + 3.299, NEW_VA, "node-1", attached=True),
        node(at_s + slow + 3.489, "node-1", holds=True),
        pod(at_s + slow + 3.675, NEW_POD, "node-1", ready=False),
        pod(at_s + slow + 3.948, NEW_POD, "node-1", ready=True),
        endpoints(at_s + slow + 3.957, ready=[NEW_POD]),
    )


def _returned(started_s: float, ready_s: float) -> tuple[Change, ...]:
    """The server started again, its node Ready, its taints gone."""
    holds = started_s > 100
    return (
        server(started_s, SERVER_2, "node-2", "SHUTOFF", task="powering-on", holds=holds),
        server(started_s + 0.6, SERVER_2, "node-2", holds=holds),
        node(ready_s, "node-2", taints=UNREACHABLE[1:]),
        node(ready_s + 3.15, "node-2"),
    )


def _marks(*after: tuple[float, str, Mapping[str, Any]]) -> tuple[Mark, ...]:
    first = (
        Mark(0.0, "baseline_started"),
        Mark(30.1, "baseline_met"),
        Mark(FAULT_S, "fault_started", {"what": "stop-server", "server_id": SERVER_2, "server": "node-2", "node": "node-2"}),
        Mark(FAULT_S + 0.04, "fault_accepted", {"server_id": SERVER_2}),
        Mark(FAULT_S + 1.5, "fault_confirmed", {"status": "SHUTOFF", "power_state": 4}),
    )
    return (*first, *(Mark(FAULT_S + at_s, name, detail) for at_s, name, detail in after))


def _samples(until: int, *, refused_from: float, back_s: float) -> tuple[Sample, ...]:
    def outcome(at_s: float) -> Outcome:
        if at_s < FAULT_S or at_s >= back_s:
            return Outcome.OK
        return Outcome.CONNECT_TIMEOUT if at_s < refused_from else Outcome.REFUSED

    return tuple(_sample(float(at_s), outcome(at_s), OLD_POD if at_s < FAULT_S else NEW_POD) for at_s in range(until + 1))


def _sample(at_s: float, outcome: Outcome, backend: str = OLD_POD) -> Sample:
    latency_s = {Outcome.OK: 0.004, Outcome.CONNECT_TIMEOUT: 0.9}.get(outcome, 0.002)
    return Sample(at_s, outcome, 0.001, latency_s, 200 if outcome.is_up else 0, backend if outcome.is_up else None)


def _writes(until: int, *, refused_from: float, back_s: float) -> tuple[Write, ...]:
    def answer(at_s: float) -> tuple[WriteOutcome, str, float]:
        if at_s < FAULT_S or at_s >= back_s:
            return WriteOutcome.ACKNOWLEDGED, "201", 0.2
        return (WriteOutcome.UNKNOWN, "timeout", 18.0) if at_s < refused_from else (WriteOutcome.REJECTED, "connection refused", 0.1)

    rows = []
    for number, at_s in enumerate(range(5, until, 10), start=1):
        said, why, took_s = answer(at_s)
        rows.append(Write(number, f"chaoscinder-3f2a9c41-{number}", float(at_s), at_s + took_s, said, why))
    return tuple(rows)


def _read_back(at_s: float, writes: Iterable[Write]) -> ReadBack:
    kept = (write for write in writes if write.outcome is WriteOutcome.ACKNOWLEDGED and write.done_at_s < at_s)
    return ReadBack(at_s, tuple((write.id, 1) for write in kept))


def _events(*rows: tuple[float, str, str, str, str, str]) -> tuple[Event, ...]:
    return tuple(Event(FAULT_S + at_s, kind, reason, source, message, about, 1) for at_s, kind, reason, source, message, about in rows)


def _multi_attach() -> str:
    return f'Multi-Attach error for volume "{PV}" Volume is already used by pod(s) {OLD_POD}'


def _touched() -> tuple[Touched, ...]:
    return (Touched("Server", "node-2", "stopped", f"openstack server start {SERVER_2}", True, "ACTIVE"),)


def _in_order(*parts: Iterable[Change]) -> tuple[Change, ...]:
    at: Callable[[Change], float] = lambda change: change.at_s  # noqa: E731
    return tuple(sorted((change for part in parts for change in part), key=at))
