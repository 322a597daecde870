"""What freed the volume, why nothing would have, and the steps in between."""

from dataclasses import replace
from types import ModuleType

import pytest

from chaoscinder.checks.milestones import milestones
from chaoscinder.checks.recovery import WAYS_OUT, remediation, why_stuck
from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Change, Milestone

TAINT = "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"


def story(run: Run, *changes: Change) -> Run:
    """The same run with other changes, in order."""
    return replace(run, changes=tuple(sorted(changes, key=lambda change: change.at_s)))


def test_the_out_of_service_taint_is_told_with_its_node_and_time(passing_run: Run) -> None:
    assert remediation(passing_run) == "out-of-service taint on node-2, 68.7 s after the fault"


def test_nothing_is_told_where_only_our_undo_helped(failing_run: Run) -> None:
    assert remediation(failing_run) == "none seen"


def test_nothing_freed_what_was_never_broken(passing_run: Run) -> None:
    assert remediation(replace(passing_run, marks=())) == "none seen"


def test_a_deleted_node_is_told(failing_run: Run, stories: ModuleType) -> None:
    lost = stories.node(47.8, "node-2", ready="Unknown")
    run = story(failing_run, *stories._before(), lost, stories.gone(lost, 68.6))
    assert remediation(run) == "Node node-2 deleted, 68.6 s after the fault"


def test_a_node_that_came_back_is_told(failing_run: Run, stories: ModuleType) -> None:
    run = story(failing_run, *stories._before(), stories.node(47.8, "node-2", ready="Unknown"), stories.node(150.0, "node-2"))
    assert remediation(run) == "node node-2 came back by itself, 150.0 s after the fault"


def test_a_node_that_never_went_away_did_not_come_back(failing_run: Run, stories: ModuleType) -> None:
    assert remediation(story(failing_run, *stories._before(), stories.node(10.0, "node-2"))) == "none seen"


def test_a_force_deleted_pod_is_told(failing_run: Run, stories: ModuleType) -> None:
    old = stories.pod(350.6, stories.OLD_POD, "node-2", ready=False, deleting=True)
    run = story(failing_run, *stories._before(), *stories._shut_off(), old, stories.gone(old, 780.2))
    assert remediation(run) == f"pod {stories.OLD_POD} force-deleted on the lost node, 780.2 s after the fault"


def test_a_shut_off_node_never_lets_its_volume_go(failing_run: Run, stories: ModuleType) -> None:
    assert why_stuck(failing_run, stories.FAULT_S + 900.0) == (
        "Server node-2 (e3f30380) is SHUTOFF and stays so.",
        "Node node-2 is NotReady, and its object is kept: the server still exists.",
        f"Pod {stories.OLD_POD} is Terminating, and its object stays: only the kubelet of the lost node could end it.",
        "Its VolumeAttachment to node-2 is kept: the volume counts as wanted there while that pod object exists.",
        "Nobody set the taint node.kubernetes.io/out-of-service on node node-2.",
        WAYS_OUT,
    )


@pytest.mark.parametrize("after_fault_s", [-1.0, 20.0, 200.0, 930.0])
def test_no_reason_is_given_while_the_states_do_not_show_it(failing_run: Run, stories: ModuleType, after_fault_s: float) -> None:
    assert why_stuck(failing_run, stories.FAULT_S + after_fault_s) == ()


def test_a_tainted_node_is_not_called_stuck(passing_run: Run, stories: ModuleType) -> None:
    assert why_stuck(passing_run, stories.FAULT_S + 70.0) == ()


def test_every_step_from_the_fault_to_the_answer_has_its_time(passing_run: Run, stories: ModuleType) -> None:
    def step(name: str, after_fault_s: float, evidence: str) -> Milestone:
        return Milestone(name, pytest.approx(stories.FAULT_S + after_fault_s), evidence)  # type: ignore[arg-type]

    assert milestones(passing_run, recovered_at_s=111.0) == (
        step("fault", 0.0, "asked Nova to stop node-2"),
        step("server off", 1.251, "Nova: node-2 SHUTOFF"),
        step("node not ready", 45.693, "Node node-2 NotReady"),
        step("decision", 68.729, f"taint {TAINT}"),
        step("pod gone", 75.747, f"pod {stories.OLD_POD} deleted"),
        step("detached", 77.075, "VolumeAttachment to node-2 gone"),
        step("attached", 78.999, "VolumeAttachment to node-1"),
        step("ready", 79.648, f"pod {stories.NEW_POD} Ready"),
        step("answering", 80.5, "first good answer that lasted"),
    )


def test_a_step_that_was_not_seen_has_no_time(failing_run: Run, stories: ModuleType) -> None:
    run = story(failing_run, *stories._before(), *stories._shut_off())
    unseen = [(row.name, row.evidence) for row in milestones(run, recovered_at_s=None) if row.at_s is None]
    assert unseen == [(name, "") for name in ("decision", "pod gone", "detached", "attached", "ready", "answering")]


def test_without_a_fault_there_are_no_steps(passing_run: Run) -> None:
    assert milestones(replace(passing_run, marks=()), recovered_at_s=None) == ()
