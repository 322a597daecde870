"""What one walk measured, in cluster seconds since the act; the claims are judged from nothing else."""

from dataclasses import dataclass, field

from tests.note.looks import Away


@dataclass(frozen=True)
class Told:
    """One event about a pod, as `describe` shows it."""

    type: str
    reason: str
    by: str
    message: str
    count: int


@dataclass(frozen=True)
class Deletion:
    """A pod deleted with `kubectl delete pod`. Seconds count from the moment at which it was seen Terminating."""

    strategy: str
    old: str
    new: str
    old_node: str
    new_node: str
    old_address: str
    new_address: str
    beside: bool  # the new pod ContainerCreating while the old one was Terminating
    created_s: float
    old_ended_s: float
    ready_s: float
    away: Away
    answered_by: str  # what the web UI said at its end
    events: tuple[Told, ...]


@dataclass(frozen=True)
class Rollout:
    """A template change. Seconds count from the change; None: not within watched_s."""

    strategy: str
    other_node: bool
    watched_s: float
    old_terminating_s: float | None
    old_gone_s: float | None
    created_s: float | None
    ready_s: float | None
    status: str
    events: tuple[Told, ...]


@dataclass(frozen=True)
class NodeLoss:
    """A node shut down from inside. Seconds count from the shutdown."""

    strategy: str
    node: str
    server: str
    how: str
    node_gone_s: float | None  # None: not within 300 s
    created_s: float
    ready_s: float
    waited_s: float  # from the new pod's creation to the look at its events
    status: str  # the new pod's at that look
    events: tuple[Told, ...]
    removed_s: float | None  # openstack server remove volume
    deleting_node: str  # the event about the Node
    away: Away


@dataclass
class Evidence:
    """A walk through one profile."""

    profile: str
    rate: float
    default_strategy: str = ""
    deletions: list[Deletion] = field(default_factory=list)
    move: Deletion | None = None
    rollouts: list[Rollout] = field(default_factory=list)
    loss: NodeLoss | None = None

    def rollout(self, strategy: str, *, other_node: bool) -> Rollout | None:
        """The roll-out that was tried this way."""
        return next((row for row in self.rollouts if (row.strategy, row.other_node) == (strategy, other_node)), None)

    def deletion(self, strategy: str) -> Deletion | None:
        """The deletion on one node under a strategy."""
        return next((row for row in self.deletions if row.strategy == strategy), None)
