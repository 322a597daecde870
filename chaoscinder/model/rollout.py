"""What decides whether a rollout of a workload can finish: how its controller replaces pods, and on how many nodes its volumes may be."""

from dataclasses import dataclass
from enum import StrEnum

from chaoscinder.model.workload import Kind


@dataclass(frozen=True, slots=True)
class Mount:
    """One claim that every pod of a workload mounts, and the access modes of the volume behind it."""

    claim: str
    access_modes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rollout:
    """A workload's word about its rollouts, as the API says it: numbers or shares such as 25%.

    shared are the claims that all its pods mount, and not what a StatefulSet makes for each pod from its claim templates.
    """

    kind: Kind
    strategy: str
    replicas: int
    max_surge: str = ""
    max_unavailable: str = ""
    shared: tuple[Mount, ...] = ()


class Outlook(StrEnum):
    """What becomes of a rollout by itself."""

    FINISHES = "finishes"
    BY_LUCK = "finishes by luck"
    NEVER = "never finishes"
    WAITS = "waits for a person"


@dataclass(frozen=True, slots=True)
class Forecast:
    """The outlook, and why."""

    outlook: Outlook
    why: str
