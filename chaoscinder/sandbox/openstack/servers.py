"""Nova's servers: what is known of each, and the word that follows from it."""

from dataclasses import dataclass, field
from datetime import datetime

from chaoscinder.sandbox.openstack.flavors import DEFAULT, Flavor

NOSTATE, RUNNING, PAUSED, SHUTDOWN, CRASHED = 0, 1, 3, 4, 6  # nova.compute.power_state
STATUS = {  # nova.api.openstack.common._STATE_MAP, the states that occur here
    "active": "ACTIVE",
    "building": "BUILD",
    "stopped": "SHUTOFF",
    "paused": "PAUSED",
    "suspended": "SUSPENDED",
    "rescued": "RESCUE",
    "resized": "VERIFY_RESIZE",
    "shelved": "SHELVED",
    "shelved_offloaded": "SHELVED_OFFLOADED",
    "error": "ERROR",
    "deleted": "DELETED",
}
REBOOT_STATUS = {
    "rebooting": "REBOOT",
    "reboot_pending": "REBOOT",
    "reboot_started": "REBOOT",
    "rebooting_hard": "HARD_REBOOT",
    "reboot_pending_hard": "HARD_REBOOT",
    "reboot_started_hard": "HARD_REBOOT",
}
REBUILD_STATUS = dict.fromkeys(("rebuilding", "rebuild_block_device_mapping", "rebuild_spawning"), "REBUILD")
RESIZE_STATUS = dict.fromkeys(("resize_prep", "resize_migrating", "resize_migrated", "resize_finish"), "RESIZE")
STATUS_WHILE = {  # by vm_state and task_state, from the same map
    "active": {**REBOOT_STATUS, **REBUILD_STATUS, **RESIZE_STATUS, "migrating": "MIGRATING"},
    "stopped": {**REBUILD_STATUS, **RESIZE_STATUS},
    "error": REBUILD_STATUS,
    "paused": {"migrating": "MIGRATING"},
    "resized": {"resize_reverting": "REVERT_RESIZE"},
}


@dataclass(slots=True)
class Server:
    """One server. host and zone are empty while it is on no host; locked_by is owner, admin or None.

    fault is what its last failure left, shown while it is in ERROR.
    """

    id: str
    number: int
    name: str
    project_id: str
    user_id: str
    host: str
    zone: str
    created_at: datetime
    updated_at: datetime
    flavor: Flavor = DEFAULT
    image_id: str = ""
    launched_at: datetime | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    description: str | None = None
    vm_state: str = "active"
    task_state: str | None = None
    power_state: int = RUNNING
    locked_by: str | None = None
    locked_reason: str | None = None
    fault: str | None = None
    was_placed: bool = False  # a host was chosen for it once
    turn: int = 0  # counts what was begun; what was begun before the latest is not carried on

    @property
    def status(self) -> str:
        """Nova's word for it, from vm_state and task_state."""
        while_ = STATUS_WHILE.get(self.vm_state, {})
        return while_.get(self.task_state or "", STATUS[self.vm_state])

    def become(self, now: datetime, vm_state: str, task_state: str | None, power_state: int) -> None:
        """Take on a state."""
        self.vm_state, self.task_state, self.power_state, self.updated_at = vm_state, task_state, power_state, now

    def work_on(self, now: datetime, task_state: str | None) -> None:
        """Change only what is being done to it."""
        self.become(now, self.vm_state, task_state, self.power_state)
