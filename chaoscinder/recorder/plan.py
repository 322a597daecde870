"""What a sampler is told, once, on its standard input: never in its arguments, where every user of the machine could read it.

A run has up to four series, each a process of its own:

    ""       new connections to the application: the one that the verdict is about
    kept     the same over a few connections that are kept, as a client with a pool feels it
    direct   new connections to another address of the same application: a ClusterIP, a pod
    control  new connections to something that should stay up; where it fails, nobody can tell whether the application did
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace

from chaoscinder.settings import Settings

# An answer later than this is slow: seven times the 45 ms that a cold page of the demo application took, and long before nobody waits.
SLOW_AFTER_S = 0.3
ANY_BELOW_500 = 0
# What an application may say of the pod that answers; the demo application does.
POD_HEADER, UID_HEADER, STARTED_HEADER = "x-pod-name", "x-pod-uid", "x-pod-started"
KEPT, DIRECT, CONTROL = "kept", "direct", "control"
# Shares of a period by which the further series are shifted, so that on a small machine no two ask at the same moment.
PHASES = {KEPT: 0.5, DIRECT: 0.75, CONTROL: 0.25}


@dataclass(frozen=True, slots=True)
class Plan:
    """One series of looks at one address. All times are wall seconds.

    An answer is due answer_within_s after the scheduled moment of its request; a valid one that took longer than slow_after_s is slow.
    Empty patterns check nothing. expected_status ANY_BELOW_500 takes every answer of a server that is well. kept_connections 0 means a new
    connection for every request. phase is the share of a period after each multiple of the period on the monotonic clock. parent_pid is
    the process with which the sampler ends; 0 means none.
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
    kept_connections: int = 0
    phase: float = 0.0
    verify: bool = True
    server_name: str = ""

    def dumps(self) -> str:
        """Write it all, secrets included."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> "Plan":
        """Read what dumps wrote."""
        return cls(**json.loads(text))


@dataclass(frozen=True, slots=True)
class Control:
    """Something that should stay up, and how its certificate is verified."""

    url: str
    ca_file: str = ""
    verify: bool = True
    server_name: str = ""


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


def further(settings: Settings, directory: str, control: Control | None) -> tuple[Plan, ...]:
    """Plan the series beside the headline, as far as they are wanted; control None means none.

    The control is asked without credentials and without the application's headers: a 401 is an answer of something that is up.
    """
    first = headline(settings, directory)
    found = []
    if settings.kept_connections:
        found.append(replace(first, series=KEPT, kept_connections=settings.kept_connections))
    if settings.direct_url:
        found.append(replace(first, series=DIRECT, url=settings.direct_url))
    if control:
        plain = replace(first, headers={}, body_pattern="", backend_pattern="", expected_status=ANY_BELOW_500)
        plain = replace(plain, ca_file=control.ca_file, verify=control.verify, server_name=control.server_name)
        found.append(replace(plain, series=CONTROL, url=control.url))
    return tuple(replace(plan, phase=PHASES[plan.series]) for plan in found)
