"""Polls of Nova and Cinder, with clouds that are written out by hand."""

import threading
from dataclasses import dataclass, field

from chaoscinder.clock import Clock
from chaoscinder.errors import NotFound, Unreachable
from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.workload import Server, Target, Volume
from chaoscinder.recorder.changes import Changes, Problems
from chaoscinder.recorder.clouds import Poll, Servers, Volumes
from chaoscinder.runs import RunDirectory


@dataclass
class PaperCloud:
    """A cloud on paper: server id to its volumes, volume id to its attachment records; asleep answers nothing."""

    servers: dict[str, list[str]] = field(default_factory=dict)
    volumes: dict[str, list[tuple[str | None, str]]] = field(default_factory=dict)
    asleep: bool = False

    def server(self, server_id: str) -> Server:
        if self.asleep:
            raise Unreachable("Nova sleeps")
        if server_id not in self.servers:
            raise NotFound(server_id)
        return Server(server_id, f"name-{server_id}", "ACTIVE", 1, None, "active")

    def server_volumes(self, server_id: str) -> tuple[str, ...]:
        return tuple(self.servers[server_id])

    def volume(self, volume_id: str) -> Volume:
        if volume_id not in self.volumes:
            raise NotFound(volume_id)
        return Volume(volume_id, "pvc-1", "in-use", 3, "nova")

    def volume_attachments(self, volume_id: str) -> tuple[Attachment, ...]:
        return tuple(Attachment(View.CINDER, volume_id, server, status) for server, status in self.volumes[volume_id])


def seen(run: RunDirectory) -> list[tuple[View, str, str]]:
    return [(change.view, change.name, change.uid) for change in run.read().changes]


def test_the_targets_server_is_asked_for_and_told_when_it_is_gone(run: RunDirectory, target: Target) -> None:
    cloud = PaperCloud({target.server_id: [target.volume_id]})
    look = Servers(cloud, target, Changes(run)).look
    look()
    look()
    cloud.servers.clear()
    look()
    states = [change.state for change in run.read().changes]
    assert states == [
        {
            "name": f"name-{target.server_id}", "status": "ACTIVE", "power_state": 1, "task_state": None, "vm_state": "active",
            "volumes": [target.volume_id],
        },
        None,
    ]  # fmt: skip


def test_every_server_that_cinder_a_volume_attachment_or_a_pod_names_is_asked_for(run: RunDirectory, target: Target) -> None:
    changes = Changes(run)
    cloud = PaperCloud(
        {target.server_id: [], "s-cinder": [], "s-node2": [], "s-node3": [], "s-idle": []}, {target.volume_id: [("s-cinder", "attaching")]}
    )
    servers, volumes = Servers(cloud, target, changes), Volumes(cloud, target, changes)
    for number, server in ((2, "s-node2"), (3, "s-node3"), (4, "s-idle")):
        changes.note(View.KUBERNETES, "Node", f"node{number}", f"n{number}", {"server_id": server})
    changes.note(View.KUBERNETES, "VolumeAttachment", "csi-1", "va1", {"node": "node2"})
    changes.note(View.KUBERNETES, "Pod", "web-1", "p1", {"node": "node3"})
    changes.note(View.KUBERNETES, "Pod", "web-2", "p2", {"node": None})
    volumes.look()
    servers.look()
    polled = {uid for view, _, uid in seen(run) if view is View.NOVA}
    assert polled == {target.server_id, "s-cinder", "s-node2", "s-node3"}


def test_a_server_stays_of_interest_after_the_volume_left_it(run: RunDirectory, target: Target) -> None:
    changes = Changes(run)
    cloud = PaperCloud({target.server_id: [], "s2": [target.volume_id]}, {target.volume_id: [("s2", "attached")]})
    servers, volumes = Servers(cloud, target, changes), Volumes(cloud, target, changes)
    volumes.look()
    servers.look()
    cloud.servers["s2"], cloud.volumes[target.volume_id] = [], []
    volumes.look()
    servers.look()
    last = [change.state for change in run.read().changes if change.uid == "s2"][-1]
    assert last is not None
    assert last["volumes"] == []


def test_a_volume_that_is_gone_is_told(run: RunDirectory, target: Target) -> None:
    cloud = PaperCloud({}, {target.volume_id: []})
    look = Volumes(cloud, target, Changes(run)).look
    look()
    cloud.volumes.clear()
    look()
    assert [change.state for change in run.read().changes] == [{"status": "in-use", "servers": [], "attachments": []}, None]


def test_a_cloud_that_sleeps_is_a_problem_and_is_asked_again(run: RunDirectory, target: Target) -> None:
    cloud, problems = PaperCloud({target.server_id: []}, asleep=True), Problems(lambda: 7.0)
    poll = Poll("nova", Servers(cloud, target, Changes(run)).look, problems, every_s=1.0, now=Clock().monotonic_s)
    poll.look()
    assert not poll.looked.is_set()
    cloud.asleep = False
    poll.look()
    assert poll.looked.is_set()
    assert problems.lines() == ["Nova sleeps (at 7.0 s)"]
    assert len(seen(run)) == 1


def test_a_poll_looks_once_more_when_it_is_told_to_stop(run: RunDirectory) -> None:
    looks: list[int] = []
    poll = Poll("nova", lambda: looks.append(1), Problems(lambda: 0.0), every_s=1.0, now=Clock().monotonic_s)
    stop = threading.Event()
    stop.set()
    poll.run(stop)
    assert looks == [1]


def test_a_poll_asks_as_often_as_it_was_told_and_never_more_than_ten_times_a_second(run: RunDirectory) -> None:
    def rounds(every_s: float) -> int:
        looks: list[int] = []
        stop = threading.Event()
        poll = Poll("nova", lambda: looks.append(1), Problems(lambda: 0.0), every_s=every_s, now=Clock().monotonic_s)
        timer = threading.Timer(0.55, stop.set)
        timer.start()
        poll.run(stop)
        timer.join()
        return len(looks)

    assert (rounds(30.0), rounds(0.001) <= 7) == (2, True)
