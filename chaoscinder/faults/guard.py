"""The guard of every fault: look around, judge, refuse. What it found is kept in the run's directory."""

from collections.abc import Sequence

from chaoscinder.checks import safety
from chaoscinder.clients.site import Site
from chaoscinder.errors import Refused
from chaoscinder.faults import survey
from chaoscinder.model.act import Act
from chaoscinder.model.preflight import Preflight
from chaoscinder.runs import RunDirectory, layout


def look(site: Site, run_id: str = "", acts: Sequence[Act] = (Act.STOP_SERVER,)) -> Preflight:
    """Look around and judge whether these acts may be done, touching nothing."""
    return safety.judge(survey.take(site, run_id, acts))


def insist(site: Site, run: RunDirectory | None = None, run_id: str = "", acts: Sequence[Act] = (Act.STOP_SERVER,)) -> Preflight:
    """Refuse with one line when a finding blocks; run is this run's directory once it has one."""
    found = look(site, run.run_id if run is not None else run_id, acts)
    if run is not None:
        run.write_json(layout.PREFLIGHT, {"findings": found.findings, "touches": found.touches, "dies": found.dies})
    if found.blocking:
        lines = "; ".join(f"{row.guard}: {row.about} {row.says}" for row in found.blocking)
        raise Refused(f"preflight found {len(found.blocking)} that block: {lines}")
    return found
