"""Proof that the fault happened where the volume was."""

from dataclasses import replace
from types import ModuleType

from chaoscinder.checks.faults import Proof, proof_of_fault
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run


def test_the_stop_is_proved_by_nova_and_by_where_the_volume_was(passing_run: Run) -> None:
    evidence = "server node-2 (e3f30380) held the volume (NOVA and CINDER) and was SHUTOFF 1.3 s after the fault (NOVA)"
    assert proof_of_fault(passing_run) == Proof(evidence, "", 31.751)


def test_the_faults_own_confirmation_proves_it_where_the_recorder_polled_late(passing_run: Run) -> None:
    blind = replace(passing_run, changes=tuple(row for row in passing_run.changes if row.view is not View.NOVA))
    evidence = "server node-2 (e3f30380) held the volume (CINDER) and was SHUTOFF 1.5 s after the fault (NOVA)"
    assert proof_of_fault(blind) == Proof(evidence, "", 32.0)


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
