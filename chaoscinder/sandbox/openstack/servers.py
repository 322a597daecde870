"""Nova's servers: what is known of each, and the word that follows from it."""

from dataclasses import dataclass, field
from datetime import datetime

RUNNING, PAUSED, SHUTDOWN = 1, 3, 4  # nova.compute.power_state
STATUS = {  # nova.api.openstack.common._STATE_MAP, the states that occur here
    "active": "ACTIVE",
    "stopped": "SHUTOFF",
    "paused": "PAUSED",
    "suspended": "SUSPENDED",
    "error": "ERROR",
    "deleted": "DELETED",
}
STATUS_WHILE = {  # by task_state, for active servers only
    "rebooting": "REBOOT",
    "reboot_pending": "REBOOT",
    "reboot_started": "REBOOT",
    "rebooting_hard": "HARD_REBOOT",
    "reboot_pending_hard": "HARD_REBOOT",
    "reboot_started_hard": "HARD_REBOOT",
}


@dataclass(slots=True)
class Server:
    """One server. locked_by is owner, admin or None; fault is what its last failure left, shown while it is in ERROR."""

    id: str
    number: int
    name: str
    project_id: str
    user_id: str
    host: str
    zone: str
    created_at: datetime
    updated_at: datetime
    metadata: dict[str, str] = field(default_factory=dict)
    vm_state: str = "active"
    task_state: str | None = None
    power_state: int = RUNNING
    locked_by: str | None = None
    locked_reason: str | None = None
    fault: str | None = None
    turn: int = 0  # counts what was begun; what was begun before the latest is not carried on

    @property
    def status(self) -> str:
        """Nova's word for it, from vm_state and task_state."""
        if self.vm_state == "active" and self.task_state in STATUS_WHILE:
            return STATUS_WHILE[self.task_state]
        return STATUS[self.vm_state]

    def become(self, now: datetime, vm_state: str, task_state: str | None, power_state: int) -> None:
        """Take on a state."""
        self.vm_state, self.task_state, self.power_state, self.updated_at = vm_state, task_state, power_state, now

    def work_on(self, now: datetime, task_state: str | None) -> None:
        """Change only what is being done to it."""
        self.become(now, self.vm_state, task_state, self.power_state)
