"""What freed the volume, why nothing would have, and the steps in between."""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from chaoscinder.checks.milestones import milestones
from chaoscinder.checks.recovery import NONE_NEEDED, WAYS_OUT, hung, remediation, stuck_after_undo, why_stuck
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Change, Mark, Milestone

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


def lost(stories: ModuleType, *rows: Change) -> tuple[Change, ...]:
    """The node is lost 47.8 s after the fault, and something else happens."""
    return (*stories._before(), stories.node(47.8, "node-2", ready="Unknown"), *rows)


def test_what_happened_to_another_node_or_pod_freed_nothing(failing_run: Run, stories: ModuleType) -> None:
    others = (
        stories.node(50.0, "node-1", ready="Unknown", taints=[TAINT]),
        stories.node(60.0, "node-1"),
        stories.gone(stories.node(0.0, "node-1"), 70.0),
        stories.node(70.0, "node-3", taints=[TAINT]),
        stories.gone(stories.pod(0.0, stories.NEW_POD, "node-1", ready=True), 80.0),
        stories.gone(stories.pod(0.0, "another-pod", "node-2", ready=True), 85.0),
        replace(stories.gone(stories.node(0.0, "node-2"), 90.0), view=View.NOVA),
    )
    assert remediation(story(failing_run, *lost(stories, *others))) == "none seen"


def test_what_was_so_before_the_fault_freed_nothing(failing_run: Run, stories: ModuleType) -> None:
    rows = (stories.node(-5.0, "node-2", ready="Unknown", taints=[TAINT]), stories.node(-4.0, "node-2"))
    assert remediation(story(failing_run, *stories._before(), *rows)) == "none seen"


def test_a_pod_that_went_while_its_node_was_still_there_was_not_forced(failing_run: Run, stories: ModuleType) -> None:
    old = stories.pod(0.0, stories.OLD_POD, "node-2", ready=True)
    assert remediation(story(failing_run, *lost(stories, stories.gone(old, 40.0)))) == "none seen"
    assert remediation(story(failing_run, *stories._before(), stories.gone(old, 60.0))) == "none seen"
    at_once = remediation(story(failing_run, *lost(stories, stories.gone(old, 47.8))))
    assert at_once == f"pod {stories.OLD_POD} force-deleted on the lost node, 47.8 s after the fault"


def test_what_came_with_our_undo_counts_and_what_came_after_it_does_not(failing_run: Run, stories: ModuleType) -> None:
    """Our undo began 911 s after the fault."""
    assert remediation(story(failing_run, *lost(stories, stories.node(911.5, "node-2")))) == "none seen"
    assert remediation(story(failing_run, *lost(stories, stories.node(911.0, "node-2")))) == (
        "node node-2 came back by itself, 911.0 s after the fault"
    )


def test_of_several_things_that_free_a_volume_the_strongest_is_told(failing_run: Run, stories: ModuleType) -> None:
    back = stories.node(60.0, "node-2")
    gone = stories.gone(back, 70.0)
    tainted = stories.node(80.0, "node-2", ready="Unknown", taints=[TAINT])
    assert remediation(story(failing_run, *lost(stories, back, gone, tainted))).startswith("out-of-service taint on node-2, 80.0 s")
    assert remediation(story(failing_run, *lost(stories, back, gone))).startswith("Node node-2 deleted, 70.0 s")
    too_late = replace(tainted, at_s=stories.FAULT_S + 912.0)
    assert remediation(story(failing_run, *lost(stories, gone, too_late))).startswith("Node node-2 deleted, 70.0 s")


def test_a_deleted_pod_needs_no_remediation(passing_run: Run) -> None:
    deleted = (Mark(30.5, "fault_started", {"what": "delete-pod"}),)
    assert remediation(replace(passing_run, marks=deleted)) == NONE_NEEDED
    assert remediation(replace(passing_run, marks=deleted, target=None)) == "none seen"


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


def changed(row: Change, **state: Any) -> Change:
    return replace(row, state={**(row.state or {}), **state})


@pytest.mark.parametrize(
    "other",
    [
        lambda stories: changed(stories.server(899.0, stories.SERVER_2, "node-2", "SHUTOFF", holds=True), power_state=1),
        lambda stories: changed(stories.server(899.0, stories.SERVER_2, "node-2", "SHUTOFF", holds=True), power_state=7),
        lambda stories: changed(stories.server(899.0, stories.SERVER_2, "node-2", "SHUTOFF", holds=True), status="ERROR"),
        lambda stories: stories.gone(stories.server(0.0, stories.SERVER_2, "node-2"), 899.0),
        lambda stories: stories.node(899.0, "node-2"),
        lambda stories: stories.gone(stories.node(0.0, "node-2"), 899.0),
        lambda stories: stories.pod(899.0, stories.OLD_POD, "node-2", ready=False),
        lambda stories: stories.gone(stories.pod(0.0, stories.OLD_POD, "node-2", ready=False), 899.0),
        lambda stories: stories.volume_attachment(899.0, stories.OLD_VA, "node-2", attached=False),
        lambda stories: stories.volume_attachment(899.0, stories.OLD_VA, "node-1", attached=True),
        lambda stories: stories.volume_attachment(899.0, stories.OLD_VA, "node-3", attached=True),
        lambda stories: changed(stories.volume_attachment(899.0, stories.OLD_VA, "node-2", attached=True), persistent_volume="pvc-9"),
        lambda stories: changed(stories.volume_attachment(899.0, stories.OLD_VA, "node-2", attached=True), persistent_volume="pvc-0"),
        lambda stories: stories.gone(stories.volume_attachment(0.0, stories.OLD_VA, "node-2", attached=True), 899.0),
        lambda stories: stories.node(899.0, "node-2", ready="Unknown", taints=[TAINT]),
    ],
    ids=[
        "powered on", "suspended", "no SHUTOFF", "server gone", "node Ready", "node gone", "pod not deleted", "pod gone", "not attached",
        "attached elsewhere", "attached farther", "another volume", "one more volume", "attachment gone", "tainted",
    ],
)  # fmt: skip
def test_each_of_the_five_facts_is_needed(failing_run: Run, stories: ModuleType, other: Callable[[ModuleType], Change]) -> None:
    assert why_stuck(story(failing_run, *failing_run.changes, other(stories)), stories.FAULT_S + 900.0) == ()


def test_nobody_knows_that_it_is_stuck_where_nobody_looked_any_more(failing_run: Run, stories: ModuleType) -> None:
    at_s = stories.FAULT_S + 900.0
    assert why_stuck(replace(failing_run, watched_to_s={"NOVA": at_s - 40.0}), at_s) != ()  # 2 s wall at rate 20
    assert why_stuck(replace(failing_run, watched_to_s={"NOVA": at_s - 40.5}), at_s) == ()
    assert why_stuck(replace(failing_run, target=None), at_s) == ()


def test_what_a_probe_found_to_hang_is_told_until_our_undo_and_after_it(passing_run: Run, stories: ModuleType) -> None:
    """Our undo began 85.262 s after the fault."""
    undo_s = stories.FAULT_S + 85.262
    first, last = (Mark(undo_s + at_s, "stuck_attachment", {"lines": [f"at {at_s}"]}) for at_s in (-2.0, 0.0))
    later, empty = Mark(undo_s + 5.0, "stuck_attachment", {"lines": ["after"]}), Mark(undo_s + 6.0, "stuck_attachment", {"lines": None})
    others = (Mark(undo_s, "a_mark", {"lines": ["no"]}), Mark(undo_s + 5.0, "the_mark", {"lines": ["no"]}))
    run = replace(passing_run, marks=(*passing_run.marks, first, last, others[0], later, others[1]))
    assert [hung(run, undo_s + at_s) for at_s in (-3.0, -2.0, -0.5, 0.0, 4.0, 5.0)] == [
        (), ("at -2.0",), ("at -2.0",), ("at 0.0",), ("at 0.0",), ("after",)
    ]  # fmt: skip
    assert why_stuck(run, undo_s) == ("at 0.0",)
    assert stuck_after_undo(run) == ("after",)
    assert stuck_after_undo(replace(run, marks=(*run.marks, empty))) == ()
    assert stuck_after_undo(replace(run, marks=(*passing_run.marks, last))) == ()  # with the undo is not after it
    assert stuck_after_undo(replace(run, marks=(later,))) == ()  # nothing was undone


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
