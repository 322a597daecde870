"""Proof that the fault happened where the volume was."""

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from chaoscinder.checks.faults import Proof, proof_of_fault
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Mark


def test_the_stop_is_proved_by_nova_and_by_where_the_volume_was(passing_run: Run) -> None:
    evidence = "server node-2 (e3f30380) held the volume (NOVA and CINDER) and was SHUTOFF 1.3 s after the fault (NOVA)"
    assert proof_of_fault(passing_run) == Proof(evidence, "", 31.751)


def test_the_faults_own_confirmation_proves_it_where_the_recorder_polled_late(passing_run: Run) -> None:
    blind = replace(passing_run, changes=tuple(row for row in passing_run.changes if row.view is not View.NOVA))
    evidence = "server node-2 (e3f30380) held the volume (CINDER) and was SHUTOFF 1.5 s after the fault (NOVA)"
    assert proof_of_fault(blind) == Proof(evidence, "", 32.0)


@pytest.mark.parametrize("says", [{"status": "SHUTOFF", "power_state": 1}, {"status": "ACTIVE", "power_state": 4}, {}])
def test_a_server_is_off_only_where_status_and_power_say_so(passing_run: Run, stories: ModuleType, says: dict[str, Any]) -> None:
    """Nova calls a server SHUTOFF before it has asked the hypervisor, and an ACTIVE one may be down for a moment."""
    nearly = replace(stories.server(1.0, stories.SERVER_2, "node-2"), state=says)
    marks = tuple(row for row in passing_run.marks if row.name != "fault_confirmed")
    assert not proof_of_fault(replace(passing_run, changes=(*stories._before(), nearly), marks=marks)).holds


def test_only_the_faults_own_confirmation_that_the_power_is_off_confirms_it(passing_run: Run, stories: ModuleType) -> None:
    running = Mark(stories.FAULT_S + 1.5, "fault_confirmed", {"status": "ACTIVE", "power_state": 1})
    another = Mark(stories.FAULT_S + 1.5, "problem", {"power_state": 4})
    for mark in (running, another):
        marks = (*(row for row in passing_run.marks if row.name != "fault_confirmed"), mark)
        assert not proof_of_fault(replace(passing_run, changes=stories._before(), marks=marks)).holds


def deletion(run: Run, stories: ModuleType, *more: Mark, gone_s: float | None = None) -> Run:
    """The same run up to its fault, which now deletes the pod; its object is gone after so long, if the recorder saw it go."""
    gone = () if gone_s is None else (stories.gone(stories.pod(0.0, stories.OLD_POD, "node-2", ready=False), gone_s),)
    return replace(run, marks=(Mark(stories.FAULT_S, "fault_started", {"what": "delete-pod"}), *more), changes=(*stories._before(), *gone))


def test_the_deletions_own_confirmation_proves_it_where_the_recorder_did_not_see_the_pod_go(passing_run: Run, stories: ModuleType) -> None:
    ours = Mark(stories.FAULT_S + 8.1, "fault_confirmed", {"pod_uid": "uid-48gss"})
    evidence = (
        "pod test-cinder-6496958d67-48gss used the volume on server node-2 (e3f30380) (NOVA and CINDER)"
        " and was gone 8.1 s after the fault (KUBERNETES)"
    )
    assert proof_of_fault(deletion(passing_run, stories, ours)) == Proof(evidence, "", gone_at_s=38.6)
    missing = Proof("", "pod test-cinder-6496958d67-48gss was never seen gone after the fault")
    for other in (replace(ours, name="undone"), replace(ours, detail={"pod_uid": "uid-other"}), replace(ours, detail={})):
        assert proof_of_fault(deletion(passing_run, stories, other)) == missing


def test_another_pod_that_is_gone_and_a_pod_that_is_only_going_prove_no_deletion(passing_run: Run, stories: ModuleType) -> None:
    run = deletion(passing_run, stories)
    another = stories.gone(stories.pod(0.0, "another", "node-2", ready=True), 2.0)
    going = stories.pod(3.0, stories.OLD_POD, "node-2", ready=False, deleting=True)
    assert not proof_of_fault(replace(run, changes=(*run.changes, another, going))).holds


def test_a_pod_that_was_gone_only_after_our_undo_proves_nothing(passing_run: Run, stories: ModuleType) -> None:
    undo = Mark(stories.FAULT_S + 10.0, "undo_started")
    assert [proof_of_fault(deletion(passing_run, stories, undo, gone_s=gone_s)).holds for gone_s in (9.0, 11.0)] == [True, False]
    assert proof_of_fault(deletion(passing_run, stories, gone_s=11.0)).gone_at_s == stories.FAULT_S + 11.0


def test_a_pod_without_the_volume_proves_nothing(passing_run: Run, stories: ModuleType) -> None:
    run = deletion(passing_run, stories, gone_s=8.0)
    bare = replace(run, changes=tuple(row for row in run.changes if row.view is View.KUBERNETES))
    missing = "nobody saw volume e1b43bb1 on server node-2 (e3f30380) before the fault"
    assert proof_of_fault(bare) == Proof("", missing, gone_at_s=stories.FAULT_S + 8.0)


def test_without_a_fault_there_is_nothing_to_prove(passing_run: Run) -> None:
    assert proof_of_fault(replace(passing_run, marks=())) == Proof("", "nothing was injected (no mark fault_started)")


def test_without_a_target_nothing_is_proved(passing_run: Run) -> None:
    assert proof_of_fault(replace(passing_run, target=None)) == Proof("", "the run has no target")


def test_a_server_that_stayed_active_proves_nothing(passing_run: Run, stories: ModuleType) -> None:
    unhurt = replace(passing_run, changes=stories._before(), marks=tuple(row for row in passing_run.marks if row.name != "fault_confirmed"))
    missing = "server node-2 (e3f30380) was never seen SHUTOFF by Nova after the fault (last seen ACTIVE)"
    assert proof_of_fault(unhurt) == Proof("", missing)


def test_another_server_that_went_off_proves_nothing(passing_run: Run, stories: ModuleType) -> None:
    other = stories.server(1.0, stories.SERVER_1, "node-1", "SHUTOFF")
    marks = tuple(row for row in passing_run.marks if row.name != "fault_confirmed")
    assert not proof_of_fault(replace(passing_run, changes=(*stories._before(), other), marks=marks)).holds


def test_a_shutoff_seen_only_after_our_undo_proves_nothing(passing_run: Run, stories: ModuleType) -> None:
    late = (*stories._before(), stories.server(90.0, stories.SERVER_2, "node-2", "SHUTOFF"))
    marks = tuple(row for row in passing_run.marks if row.name != "fault_confirmed")
    assert not proof_of_fault(replace(passing_run, changes=late, marks=marks)).holds


def test_a_server_without_the_volume_proves_nothing(passing_run: Run, stories: ModuleType) -> None:
    bare = tuple(row for row in passing_run.changes if row.view is View.KUBERNETES or row.at_s > stories.FAULT_S)
    proof = proof_of_fault(replace(passing_run, changes=bare))
    assert proof == Proof("", "nobody saw volume e1b43bb1 on server node-2 (e3f30380) before the fault", 31.751)
