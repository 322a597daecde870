"""A virt driver for nova-compute: Nova's own fake driver, with guests that outlive the process and can be harmed from outside.

In the host's state_path:
    guests.json        {SERVER: {"name": ..., "state": power state}}, written by this driver and by nobody else
    orders/*.json      {"server": SERVER, "state": power state or null}: what happens to a guest behind Nova's back, as `virsh destroy`
                       would; taken up within OUTSIDE_EVERY_S (or when nova-compute starts), and then a lifecycle event tells Nova
    faults.json        {"detach_volume": {"sleep": 5, "raise": "DeviceDetachFailed"}, ...}: operations of the hypervisor that are
                       slow, or fail; "events": "lost" keeps Nova in the dark about orders until its periodic look

Nova loads drivers from its own package only, so `up` puts a copy of this file there.
"""

import json
import threading
import time
from pathlib import Path

import nova.conf
from nova import exception
from nova.compute import power_state
from nova.virt import event, fake

CONF = nova.conf.CONF
OUTSIDE_EVERY_S = 0.2
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
LEAVES = {  # Nova's fake driver leaves 1 (running) on a paused or suspended guest; libvirt does not
    "pause": power_state.PAUSED,
    "suspend": power_state.SHUTDOWN,
    "unpause": power_state.RUNNING,
    "resume": power_state.RUNNING,
}
EVENTS = {
    power_state.RUNNING: event.EVENT_LIFECYCLE_STARTED,
    power_state.PAUSED: event.EVENT_LIFECYCLE_PAUSED,
}
ARGUMENTS = {
    "DeviceDetachFailed": {"device": "vdb", "reason": "injected by the lab"},
    "DeviceNotFound": {"device": "vdb"},
    "InstancePowerOffFailure": {"reason": "injected by the lab"},
    "InstancePowerOnFailure": {"reason": "injected by the lab"},
}


class LabDriver(fake.FakeDriverWithoutFakeNodes):
    """A small host whose guests are a file."""

    vcpus, memory_mb, local_gb = 64, 65536, 1028

    def init_host(self, host):
        """Find the guests of the last time as they are now, and begin to watch for orders."""
        super().init_host(host)
        self._lock = threading.RLock()
        kept = _read("guests.json")
        self.instances = {uuid: fake.FakeInstance(guest["name"], guest["state"], uuid) for uuid, guest in kept.items()}
        for operation in OPERATIONS:
            setattr(self, operation, self._with_faults(operation, getattr(self, operation)))
        self._take_orders()
        threading.Thread(target=self._watch, daemon=True).start()

    def _with_faults(self, operation, perform):
        def call(*args, **kwargs):
            _suffer(operation)
            with self._lock:
                try:
                    return perform(*args, **kwargs)
                finally:
                    self._leave(operation, [*args, *kwargs.values()])
                    self._save()

        return call

    def _leave(self, operation, arguments):
        server = next((argument for argument in arguments if hasattr(argument, "vm_state")), None)
        if operation in LEAVES and server is not None and server.uuid in self.instances:
            self.instances[server.uuid].state = LEAVES[operation]

    def _save(self):
        _write("guests.json", {uuid: {"name": guest.name, "state": guest.state} for uuid, guest in self.instances.items()})

    def _watch(self):
        while True:
            time.sleep(OUTSIDE_EVERY_S)
            for uuid, state in self._take_orders():
                if _read("faults.json").get("events") != "lost":
                    self.emit_event(event.LifecycleEvent(uuid, EVENTS.get(state, event.EVENT_LIFECYCLE_STOPPED)))

    def _take_orders(self):
        """Do what was ordered, and tell which guests changed to what."""
        changed = []
        with self._lock:
            for file in sorted(Path(CONF.state_path, "orders").glob("*.json")):
                order = json.loads(file.read_text())
                if self._harm(order["server"], order["state"]):
                    changed.append((order["server"], order["state"]))
                    self._save()
                file.unlink()
        return changed

    def _harm(self, uuid, state):
        guest = self.instances.get(uuid)
        if guest is None or guest.state == state:
            return False
        if state is None:
            del self.instances[uuid]
        else:
            guest.state = state
        return True


def _suffer(operation):
    fault = _read("faults.json").get(operation)
    if not fault:
        return
    time.sleep(fault.get("sleep", 0))
    if fault.get("raise"):
        raise getattr(exception, fault["raise"])(**ARGUMENTS.get(fault["raise"], {}))


def _read(name):
    try:
        return json.loads(Path(CONF.state_path, name).read_text())
    except FileNotFoundError:
        return {}


def _write(name, content):
    whole = Path(CONF.state_path, f"{name}.new")
    whole.write_text(json.dumps(content))
    whole.replace(whole.with_suffix(""))
