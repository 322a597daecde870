"""Polls of Nova and Cinder: the servers and the volume that concern the target, one look every Settings.poll_every_s."""

import threading
from collections.abc import Callable
from typing import Protocol

from chaoscinder.errors import CannotTell, NotFound, Refused
from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.workload import Server, Target, Volume
from chaoscinder.recorder import states
from chaoscinder.recorder.changes import Changes, Problems

AT_LEAST_S = 0.1  # wall seconds: never more than ten rounds a second, whatever the rate


class Cloud(Protocol):
    """What a poll asks of an OpenStack client."""

    def server(self, server_id: str) -> Server:
        """One server."""

    def server_volumes(self, server_id: str) -> tuple[str, ...]:
        """The volumes that Nova says are attached to it."""

    def volume(self, volume_id: str) -> Volume:
        """One volume."""

    def volume_attachments(self, volume_id: str) -> tuple[Attachment, ...]:
        """What Cinder says about where it is attached."""


class Servers:
    """Nova's half: the target's server, and every other one that the volume or a pod of the workload comes to."""

    def __init__(self, cloud: Cloud, target: Target, changes: Changes) -> None:
        self._cloud = cloud
        self._changes = changes
        self._ids = [target.server_id]

    def look(self) -> None:
        """Ask for all of them once."""
        self._ids += [server_id for server_id in concerned(self._changes) if server_id not in self._ids]
        for server_id in self._ids:
            try:
                server = self._cloud.server(server_id)
                state = states.server_state(server, self._cloud.server_volumes(server_id))
                self._changes.note(View.NOVA, "Server", server.name, server_id, state)
            except NotFound:
                self._changes.gone(View.NOVA, "Server", server_id)


class Volumes:
    """Cinder's half: the target's volume with every attachment record of it."""

    def __init__(self, cloud: Cloud, target: Target, changes: Changes) -> None:
        self._cloud = cloud
        self._changes = changes
        self._id = target.volume_id

    def look(self) -> None:
        """Ask once."""
        try:
            volume = self._cloud.volume(self._id)
            state = states.volume_state(volume, self._cloud.volume_attachments(self._id))
            self._changes.note(View.CINDER, "Volume", volume.name or volume.id, volume.id, state)
        except NotFound:
            self._changes.gone(View.CINDER, "Volume", self._id)


def concerned(changes: Changes) -> list[str]:
    """The servers that a VolumeAttachment, a pod of the workload or Cinder names now, in no order that matters."""
    nodes = {name: state["server_id"] for name, state in changes.states(View.KUBERNETES, "Node")}
    places = [state["node"] for kind in ("VolumeAttachment", "Pod") for _, state in changes.states(View.KUBERNETES, kind)]
    named = [row["server_id"] for _, state in changes.states(View.CINDER, "Volume") for row in state["attachments"]]
    found = {nodes.get(place) for place in places} | set(named)
    return sorted(server_id for server_id in found if server_id)


class Poll:
    """Looks again and again, and once more when told to stop, so that the end state is on record.

    looked is set after the first answer; looked_s is when the last look that was answered began, None before there was one.
    """

    def __init__(self, name: str, look: Callable[[], None], problems: Problems, *, every_s: float, now: Callable[[], float]) -> None:
        """every_s: wall seconds from the beginning of one look to that of the next."""
        self.path = name
        self.looked = threading.Event()
        self.looked_s: float | None = None
        self._look = look
        self._problems = problems
        self._every_s = max(AT_LEAST_S, every_s)
        self._now = now

    def run(self, stop: threading.Event) -> None:
        """Look until told to stop."""
        while not stop.is_set():
            started = self._now()
            self.look()
            stop.wait(max(0.0, self._every_s - (self._now() - started)))
        self.look()

    def look(self) -> None:
        """Look once; what cannot be told is a problem."""
        began_s = self._now()
        try:
            self._look()
            self.looked_s = began_s
            self.looked.set()
        except (CannotTell, Refused) as error:
            self._problems.note(str(error))
