"""Where a run can be stopped: found by playing each experiment once, undisturbed, and reading what went over the wire."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.torture.proxy import Asked, Site
from tests.torture.stage import EXPERIMENTS, Played, Stage

# What an experiment wants of its sandbox, where it is not what everybody gets.
OPTIONS: dict[str, tuple[str, ...]] = {"stuck-attachment": ("--remediation", "none")}
# Nobody frees its volume: it ends at the deadline, which comes soon after the eviction (stage.EVICTED_AFTER_S).
SETTINGS: dict[str, dict[str, str]] = {"stuck-attachment": {"CHAOSCINDER_RECOVERY_DEADLINE_S": "240"}}
SAMPLER = "GET app /"
DISCOVERY = ("GET /identity/v3", "GET /compute/v2.1", "GET /volume/v3/")
RENEWAL_S = "900"  # cluster seconds of baseline after which the Lease has surely been renewed


@dataclass(frozen=True, slots=True)
class Point:
    """One moment of one experiment: a site, and whether before or after its first request."""

    experiment: str
    site: Site
    after: bool
    number: int = 1

    def __str__(self) -> str:
        return f"{self.experiment} {'after' if self.after else 'before'} {self.site}"


def experiments(names: Sequence[str] = ()) -> list[str]:
    """The experiments there are, the well-known one first."""
    found = sorted(path.stem for path in EXPERIMENTS.glob("*.json"))
    return [name for name in sorted(found, key=lambda name: (name != "node-shutdown", name)) if not names or name in names]


def path_of(name: str) -> Path:
    """The file of an experiment."""
    return EXPERIMENTS / f"{name}.json"


def options_of(name: str) -> tuple[str, ...]:
    """The options of the sandbox that it wants."""
    return OPTIONS.get(name, ())


def rehearse(stage: Stage, name: str) -> tuple[Played, list[str]]:
    """Play an experiment undisturbed, long enough for the Lease to be renewed; what it left."""
    cwd = stage.place()
    played = stage.play(path_of(name), cwd, CHAOSCINDER_BASELINE_S=RENEWAL_S, **SETTINGS.get(name, {}))
    time.sleep(0.2)
    return played, stage.residue(str(cwd))


def sites(log: Iterable[Asked]) -> list[Site]:
    """The distinct sites of a run in their order, without the sampler's looks."""
    return [site for site in dict.fromkeys(row.site for row in log) if not (site.call == SAMPLER and site.process == "-")]


def call_of(site: Site) -> tuple[str, ...]:
    """What makes a read another one: its process, its method and path, and the function that makes it.

    What tells an API's versions is read by the client on its first use, whoever has it first: that is one call of each process.
    """
    return (site.process, site.call) if site.call in DISCOVERY else (site.process, site.call, site.inner)


def points(name: str, log: Iterable[Asked], known: set[tuple[str, ...]]) -> list[Point]:
    """Before and after each distinct mutating call, and once at each distinct read that no experiment before this one has.

    known is added to.
    """
    found = []
    for site in sites(log):
        if site.mutates:
            found += [Point(name, site, False), Point(name, site, True)]
        elif (key := call_of(site)) not in known:
            known.add(key)
            found.append(Point(name, site, len(found) % 2 == 1))
    return found
