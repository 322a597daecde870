"""Nova's record of what was done to each server, as os-instance-actions tells it."""

from dataclasses import dataclass, field
from datetime import datetime

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.refusals import not_found
from chaoscinder.sandbox.world import World


@dataclass(slots=True)
class ActionEvent:
    """One piece of work on a compute host. result is None while it goes on."""

    name: str
    host: str
    started_at: datetime
    finished_at: datetime | None = None
    result: str | None = None
    details: str | None = None


@dataclass(slots=True)
class InstanceAction:
    """One request that changed a server. message is "Error" when its work failed, else None."""

    name: str
    server_id: str
    caller: Caller
    started_at: datetime
    updated_at: datetime
    message: str | None = None
    events: list[ActionEvent] = field(default_factory=list)


class InstanceActions:
    """The record, server by server, the latest action last. It outlives the server."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._actions: dict[str, list[InstanceAction]] = {}

    def start(self, caller: Caller, server_id: str, name: str) -> InstanceAction:
        """Write down that an action was accepted."""
        action = InstanceAction(name, server_id, caller, self._world.now, self._world.now)
        self._actions.setdefault(server_id, []).append(action)
        return action

    def begin_event(self, action: InstanceAction, name: str, host: str) -> None:
        """Write down that a compute host began to work on it."""
        action.events.append(ActionEvent(name, host, self._world.now))

    def finish(self, action: InstanceAction, *, error: str | None = None) -> None:
        """Write down how it ended; error is the hypervisor's complaint."""
        action.updated_at = self._world.now
        action.message = None if error is None else "Error"
        for event in action.events:
            event.finished_at = self._world.now
            event.result = "Success" if error is None else "Error"
            event.details = error

    def of(self, server_id: str) -> list[InstanceAction]:
        """All actions on a server, the latest first."""
        return self._actions.get(server_id, [])[::-1]

    def get(self, server_id: str, request_id: str) -> InstanceAction:
        """One action by the id of its request, or Nova's 404."""
        for action in self._actions.get(server_id, []):
            if action.caller.request_id == request_id:
                return action
        raise not_found(f"Action {request_id} not found")
