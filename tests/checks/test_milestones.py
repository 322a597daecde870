"""The steps from the fault to the answer of the replacement."""

from collections.abc import Callable
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from chaoscinder.checks.milestones import milestones
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Change, Mark

TAINT = "taint node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"
OTHER = "test-cinder-other-replica"


def steps(run: Run, stories: ModuleType) -> dict[str, tuple[float | None, str]]:
    """Each step with its time after the fault and what was seen."""
    return {
        row.name: (None if row.at_s is None else round(row.at_s - stories.FAULT_S, 3), row.evidence)
        for row in milestones(run, recovered_at_s=None)
    }


def among(run: Run, *further: Change) -> Run:
    """The run with further changes."""
    return replace(run, changes=tuple(sorted((*run.changes, *further), key=lambda row: row.at_s)))


def without(run: Run, unwanted: Callable[[Change], bool]) -> Run:
    return replace(run, changes=tuple(row for row in run.changes if not unwanted(row)))


def test_every_step_of_a_stopped_server_has_its_moment_and_what_showed_it(passing_run: Run, stories: ModuleType) -> None:
    assert steps(passing_run, stories) == {
        "fault": (0.0, "asked Nova to stop node-2"),
        "server off": (1.251, "Nova: node-2 SHUTOFF"),
        "node not ready": (45.693, "Node node-2 NotReady"),
        "decision": (68.729, TAINT),
        "pod gone": (75.747, "pod test-cinder-6496958d67-48gss deleted"),
        "detached": (77.075, "VolumeAttachment to node-2 gone"),
        "attached": (78.999, "VolumeAttachment to node-1"),
        "ready": (79.648, "pod test-cinder-6496958d67-6klsl Ready"),
        "answering": (None, ""),
    }
    assert milestones(passing_run, recovered_at_s=110.6)[-1].evidence == "first good answer that lasted"


def test_a_step_that_nobody_saw_has_no_moment(passing_run: Run, stories: ModuleType) -> None:
    unhurt = replace(passing_run, changes=stories._before(), marks=tuple(row for row in passing_run.marks if row.name == "fault_started"))
    seen = steps(unhurt, stories)
    assert seen.pop("fault") == (0.0, "asked Nova to stop node-2")
    assert seen == dict.fromkeys(
        ("server off", "node not ready", "decision", "pod gone", "detached", "attached", "ready", "answering"), (None, "")
    )


def test_a_server_that_was_shut_down_from_inside_was_asked_itself(passing_run: Run, stories: ModuleType) -> None:
    marks = tuple(replace(row, detail={"what": "shut-down-server"}) if row.name == "fault_started" else row for row in passing_run.marks)
    assert steps(replace(passing_run, marks=marks), stories)["fault"] == (0.0, "asked node-2 to shut down")


def test_without_a_fault_or_a_target_there_are_no_steps(passing_run: Run) -> None:
    assert milestones(replace(passing_run, marks=()), recovered_at_s=1.0) == ()
    assert milestones(replace(passing_run, target=None), recovered_at_s=1.0) == ()


@pytest.mark.parametrize(
    "noise",
    [
        lambda at: [at.node(2.0, "node-1", ready="False"), at.node(3.0, "node-1")],
        lambda at: [at.node(2.0, "node-3", taints=[at.OUT_OF_SERVICE]), at.gone(at.node(0.0, "node-3"), 3.0)],
        lambda at: [at.node(-5.0, "node-2", taints=[at.OUT_OF_SERVICE], holds=True), at.node(-4.0, "node-2", holds=True)],
        lambda at: [at.pod(0.5, "somebody-else", "node-2", ready=False, deleting=True)],
        lambda at: [at.gone(at.pod(0.0, "somebody-else", "node-2", ready=True), 1.0)],
        lambda at: [at.pod(1.0, "somebody-else", "node-1", ready=True)],
        lambda at: [at.pod(1.0, at.OLD_POD, "node-2", ready=True)],
        lambda at: [at.pod(-9.0, OTHER, "node-1", ready=True), at.pod(2.0, OTHER, "node-1", ready=True)],
        lambda at: [at.gone(at.volume_attachment(0.0, "csi-other", "node-1", attached=True), 2.0)],
    ],
    ids=[
        "another node was not ready",
        "another node was given up",
        "the node had been given up for a while before the fault",
        "a pod of somebody else was deleted",
        "a pod of somebody else was gone",
        "a pod of somebody else became ready",
        "the lost pod was still called ready",
        "another replica was ready all the time",
        "something else was detached",
    ],
)
def test_what_somebody_else_does_is_no_step(passing_run: Run, stories: ModuleType, noise: Callable[[Any], list[Change]]) -> None:
    assert steps(among(passing_run, *noise(stories)), stories) == steps(passing_run, stories)


def test_only_kubernetes_tells_of_its_own_steps(passing_run: Run, stories: ModuleType) -> None:
    """A cloud that has an object of the node's name and kind says nothing about the Node."""
    other = replace(stories.gone(stories.node(0.0, "node-2"), 2.0), view=View.NOVA)
    assert steps(among(passing_run, other), stories) == steps(passing_run, stories)


def test_a_decision_is_the_first_of_a_taint_a_deleted_node_and_a_deleted_pod(passing_run: Run, stories: ModuleType) -> None:
    def decision(run: Run) -> tuple[float | None, str]:
        return steps(run, stories)["decision"]

    untainted = without(passing_run, lambda row: row.kind == "Node" and stories.OUT_OF_SERVICE in str(row.state))
    assert decision(untainted) == (68.757, "pod test-cinder-6496958d67-48gss marked for deletion")
    deleted = among(untainted, stories.gone(stories.node(0.0, "node-2"), 60.0))
    assert decision(deleted) == (60.0, "Node node-2 deleted")
    only_gone = without(untainted, lambda row: row.name == stories.OLD_POD and bool((row.state or {}).get("deleting")))
    assert decision(only_gone) == (75.747, "pod test-cinder-6496958d67-48gss marked for deletion")


@pytest.mark.parametrize(
    ("ahead_s", "told"), [(4.9, (68.729, TAINT)), (5.1, (63.629, "pod test-cinder-6496958d67-48gss marked for deletion"))]
)
def test_one_act_that_is_seen_on_the_pod_first_is_told_of_the_node(
    passing_run: Run, stories: ModuleType, ahead_s: float, told: tuple[float, str]
) -> None:
    """At rate 20 two watches may be five cluster seconds apart."""
    first = stories.pod(68.729 - ahead_s, stories.OLD_POD, "node-2", ready=False, deleting=True)
    assert steps(among(passing_run, first), stories)["decision"] == told


def test_a_detached_volume_is_told_by_the_node_that_its_attachment_was_last_about(passing_run: Run, stories: ModuleType) -> None:
    once = stories.volume_attachment(-20.0, "csi-once", "node-2", attached=True)
    unseen = stories.gone(replace(once, name="csi-unseen"), 50.0)
    assert steps(among(passing_run, unseen), stories)["detached"] == (77.075, "VolumeAttachment to node-2 gone")
    assert steps(among(passing_run, unseen, once, stories.gone(once, 60.0)), stories)["detached"][0] == 60.0


def test_the_steps_that_a_deleted_pod_cannot_bring_are_left_out(passing_run: Run, stories: ModuleType) -> None:
    marks = tuple(replace(row, detail={"what": "delete-pod"}) if row.name == "fault_started" else row for row in passing_run.marks)
    moved = replace(passing_run, marks=marks)
    assert list(steps(moved, stories)) == ["fault", "pod gone", "detached", "attached", "ready", "answering"]
    stayed = without(moved, lambda row: row.name == stories.NEW_VA)
    assert list(steps(stayed, stories)) == ["fault", "pod gone", "ready", "answering"]
    cordoned = replace(stayed, marks=(*marks, Mark(1.0, "cordoned")))
    assert list(steps(cordoned, stories)) == ["fault", "pod gone", "detached", "attached", "ready", "answering"]
