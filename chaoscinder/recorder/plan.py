"""What the sampler is told, once, on its standard input: never in its arguments, where every user of the machine could read it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from chaoscinder.settings import Settings

# An answer later than this is slow: seven times the 45 ms that a cold page of the demo application took, and long before nobody waits.
SLOW_AFTER_S = 0.3


@dataclass(frozen=True, slots=True)
class Plan:
    """One series of looks at one address. All times are wall seconds.

    An answer is due answer_within_s after the scheduled moment of its request; a valid one that took longer than slow_after_s is slow.
    Empty patterns check nothing. parent_pid is the process with which the sampler ends; 0 means none.
    """

    directory: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ca_file: str = ""
    expected_status: int = 200
    body_pattern: str = ""
    backend_pattern: str = ""
    period_s: float = 0.05
    answer_within_s: float = 0.9
    slow_after_s: float = SLOW_AFTER_S
    series: str = ""
    parent_pid: int = 0

    def dumps(self) -> str:
        """Write it all, secrets included."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> "Plan":
        """Read what dumps wrote."""
        return cls(**json.loads(text))


def headline(settings: Settings, directory: str) -> Plan:
    """Plan the series that the verdict is about: new connections to the application's address."""
    return Plan(
        directory=directory,
        url=settings.app_url,
        headers=settings.app_headers,
        ca_file=settings.app_ca_file,
        expected_status=settings.app_expected_status,
        body_pattern=settings.app_body_pattern,
        backend_pattern=settings.app_backend_pattern,
        period_s=1 / settings.samples_per_s,
        answer_within_s=settings.answer_within_s,
        slow_after_s=min(SLOW_AFTER_S, settings.answer_within_s / 3),
    )
