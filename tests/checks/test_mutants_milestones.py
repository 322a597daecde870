"""Mistakes in chaoscinder.checks.milestones that cosmic-ray made and nobody noticed."""

from dataclasses import replace

from chaoscinder.checks.milestones import milestones
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Change


def test_another_pod_that_is_deleted_decides_nothing(passing_run: Run) -> None:
    assert passing_run.target is not None
    fault_s = next(mark.at_s for mark in passing_run.marks if mark.name == "fault_started")
    other = Change(fault_s + 0.5, View.KUBERNETES, "Pod", "somebody-else", "u-9", {"deleting": True})
    changes = tuple(sorted((*passing_run.changes, other), key=lambda row: row.at_s))
    seen = milestones(replace(passing_run, changes=changes), recovered_at_s=None)
    assert seen == milestones(passing_run, recovered_at_s=None)
