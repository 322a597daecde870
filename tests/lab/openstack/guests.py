"""Harm to guests behind Nova's back, and hypervisors that fail or are slow: what lab_driver.py of a compute host reads."""

import json
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.lab.openstack.lab import Lab
from tests.lab.openstack.processes import leader
from tests.lab.openstack.saying import LabError

RUNNING, PAUSED, SHUT_DOWN, CRASHED = 1, 3, 4, 6  # Nova's power states
TAKEN_UP_S = 10.0
OPERATIONS = (
    "spawn",
    "power_off",
    "power_on",
    "reboot",
    "attach_volume",
    "detach_volume",
    "pause",
    "unpause",
    "suspend",
    "resume",
    "destroy",
)
FAILURES = {
    "power_off": "InstancePowerOffFailure",
    "power_on": "InstancePowerOnFailure",
    "detach_volume": "DeviceDetachFailed",
    "attach_volume": "DeviceNotFound",
}


class Guests:
    """The guests of every compute host."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def all(self) -> dict[str, dict[str, Any]]:
        """Every guest by its server's id: host, name, power state."""
        return {
            server: {"host": host, **guest}
            for host in self._lab.hosts
            for server, guest in _read(self._state(host) / "guests.json").items()
        }

    def power_off(self, server: str) -> None:
        """Cut a guest's power; Nova hears of it from the hypervisor a moment later."""
        self.order(server, SHUT_DOWN)

    def power_on(self, server: str) -> None:
        """Switch a guest on."""
        self.order(server, RUNNING)

    def crash(self, server: str) -> None:
        """Let a guest crash."""
        self.order(server, CRASHED)

    def pause(self, server: str) -> None:
        """Pause a guest."""
        self.order(server, PAUSED)

    def remove(self, server: str) -> None:
        """Make a guest unknown to its hypervisor."""
        self.order(server, None)

    def order(self, server: str, state: int | None) -> None:
        """Give a guest another power state (None: gone) and wait until its host has done so; a dead host does when it starts."""
        guests = self.all()
        if server not in guests:
            raise LabError(f"no compute host has a guest for server {server} (there are {len(guests)} guests)")
        host = str(guests[server]["host"])
        order = self._state(host) / "orders" / f"{time.time_ns()}-{uuid.uuid4().hex}.json"
        _write(order, {"server": server, "state": state})
        until = time.monotonic() + TAKEN_UP_S
        while order.exists() and leader(self._lab.places, host):
            if time.monotonic() > until:
                raise LabError(f"nova-compute of {host} did not take up the order for {server} within {TAKEN_UP_S:.0f} s")
            time.sleep(0.05)

    def fail(self, host: str, operation: str, *, error: str | None = None, sleep_s: float = 0.0) -> None:
        """Let an operation of a host's hypervisor be slow, fail, or both; without either it fails in its usual way."""
        if operation not in OPERATIONS:
            raise LabError(f"no operation {operation!r} (there are {', '.join(OPERATIONS)})")
        raised = error or (None if sleep_s else FAILURES.get(operation, "InstancePowerOnFailure"))
        fault = {"sleep": sleep_s, "raise": raised}
        self._change(host, {**self.faults(host), operation: fault})

    def lose_events(self, host: str) -> None:
        """Let a host no longer tell Nova what happens to its guests."""
        self._change(host, {**self.faults(host), "events": "lost"})

    def heal(self, host: str | None = None) -> None:
        """Take every fault off a host, or off all."""
        for name in [host] if host else self._lab.hosts:
            self._change(name, {})

    def faults(self, host: str) -> dict[str, Any]:
        """What is wrong with a host."""
        return _read(self._state(host) / "faults.json")

    def _change(self, host: str, faults: Mapping[str, Any]) -> None:
        _write(self._state(host) / "faults.json", faults)

    def _state(self, host: str) -> Path:
        if host not in self._lab.hosts:
            raise LabError(f"no compute host {host!r} (there are {', '.join(self._lab.hosts)})")
        return self._lab.places.state / host


def _read(file: Path) -> dict[str, Any]:
    return dict(json.loads(file.read_text())) if file.exists() else {}


def _write(file: Path, content: Mapping[str, Any]) -> None:
    file.parent.mkdir(exist_ok=True)
    whole = file.with_suffix(".new")
    whole.write_text(json.dumps(content))
    whole.replace(file)
