"""A deleted pod: what proves it, what is claimed of its volume, and how long two pods could hold that."""

from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from chaoscinder.checks import handover
from chaoscinder.checks.deeds import act_of, may_stay
from chaoscinder.checks.faults import proof_of_fault
from chaoscinder.checks.milestones import milestones
from chaoscinder.checks.verdict import judge
from chaoscinder.model.act import Act
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outcome
from chaoscinder.model.timeline import Change, Event, Mark
from chaoscinder.model.verdict import Result, Value


@pytest.fixture
def same_node(passing_run: Run, stories: ModuleType) -> Run:
    """A pod deleted and replaced on its node: the old one is gone after 8 s, the new one runs since 3 s, users were away for 0.5 to 9 s."""
    old, new = stories.OLD_POD, stories.NEW_POD
    changes = (
        *stories._before(),
        stories.pod(0.1, old, "node-2", ready=True, deleting=True),
        stories.pod(0.2, new, None, ready=False, phase="Pending"),
        stories.pod(0.5, new, "node-2", ready=False, phase="Pending", waiting="ContainerCreating"),
        stories.pod(3.0, new, "node-2", ready=False),
        stories.gone(stories.pod(0.0, old, "node-2", ready=False), 8.0),
        stories.pod(9.0, new, "node-2", ready=True),
        stories.node(107.0, "node-2", holds=True),
    )
    return of_pod(passing_run, stories, changes, away_s=(0.5, 9.0))


@pytest.fixture
def other_node(same_node: Run, stories: ModuleType) -> Run:
    """The same with its node cordoned: the volume follows the pod to node-1, Multi-Attach is told at 0.6 s and over at 14 s."""
    marks = (Mark(stories.FAULT_S - 1.0, "cordoned", {"node": "node-2"}), *same_node.marks)
    old, new = stories.OLD_POD, stories.NEW_POD
    changes = (
        *stories._before(),
        stories.pod(0.1, old, "node-2", ready=True, deleting=True),
        stories.pod(0.5, new, "node-1", ready=False, phase="Pending"),
        stories.gone(stories.pod(0.0, old, "node-2", ready=False), 8.0),
        stories.gone(stories.volume_attachment(0.0, stories.OLD_VA, "node-2", attached=True), 11.0),
        stories.server(11.0, stories.SERVER_2, "node-2"),
        stories.server(12.0, stories.SERVER_1, "node-1", holds=True),
        stories.cinder(12.0, stories.SERVER_1),
        stories.volume_attachment(13.0, stories.NEW_VA, "node-1", attached=True),
        stories.pod(16.0, new, "node-1", ready=True),
    )
    words = f'Multi-Attach error for volume "{stories.PV}" Volume is already used by pod(s) {old}'
    events = (
        Event(stories.FAULT_S + 0.6, "Warning", "FailedAttachVolume", "attachdetach-controller", words, f"Pod/{new}", 1),
        Event(
            stories.FAULT_S + 14.0, "Normal", handover.ATTACHED, "attachdetach-controller", f'succeeded for "{stories.PV}"', f"Pod/{new}", 1
        ),
    )
    return replace(same_node, marks=marks, changes=changes, events=events)


def of_pod(run: Run, stories: ModuleType, changes: tuple[Change, ...], *, away_s: tuple[float, float]) -> Run:
    """The passing run as the deletion of its pod."""
    since_s, until_s = (stories.FAULT_S + at_s for at_s in away_s)
    samples = tuple(replace(sample, outcome=Outcome.REFUSED if since_s <= sample.at_s < until_s else Outcome.OK) for sample in run.samples)
    times: dict[str, tuple[float, dict[str, Any]]] = {
        "fault_started": (0.0, {"what": "delete-pod", "pod": stories.OLD_POD}),
        "fault_accepted": (0.05, {}),
        "fault_confirmed": (8.1, {"pod_uid": "uid-48gss", "gone": True}),
        "undo_started": (85.0, {}),
    }
    kept = tuple(mark for mark in run.marks if mark.name not in times)
    made = tuple(Mark(stories.FAULT_S + at_s, name, detail) for name, (at_s, detail) in times.items())
    marks = tuple(sorted((*kept, *made), key=lambda mark: mark.at_s))
    return replace(run, marks=marks, samples=samples, changes=changes, events=())


def result(run: Run, name: str) -> tuple[Result, str]:
    """What became of one objective, and why."""
    return next((row.result, row.reason) for row in judge(run).objectives if row.name == name)


def test_a_run_that_does_not_say_what_it_did_stopped_a_server(passing_run: Run, same_node: Run, other_node: Run) -> None:
    assert [act_of(run) for run in (passing_run, same_node)] == [Act.STOP_SERVER, Act.DELETE_POD]
    assert [may_stay(run) for run in (passing_run, same_node, other_node)] == [False, True, False]


def test_a_deletion_is_proved_by_the_pod_that_is_gone_and_the_volume_that_was_there(same_node: Run) -> None:
    proof = proof_of_fault(same_node)
    assert (proof.holds, proof.gone_at_s) == (True, 38.5)
    assert proof.evidence == (
        "pod test-cinder-6496958d67-48gss used the volume on server node-2 (e3f30380) (NOVA and CINDER)"
        " and was gone 8.0 s after the fault (KUBERNETES)"
    )


def test_a_pod_that_was_never_seen_gone_is_no_proof(same_node: Run) -> None:
    there = replace(
        same_node,
        marks=tuple(mark for mark in same_node.marks if mark.name != "fault_confirmed"),
        changes=tuple(change for change in same_node.changes if change.state is not None),
    )
    assert proof_of_fault(there).missing == "pod test-cinder-6496958d67-48gss was never seen gone after the fault"
    assert judge(there).value is Value.INCONCLUSIVE


def test_a_pod_of_the_same_name_that_is_gone_is_no_proof(same_node: Run) -> None:
    other = replace(same_node.target, pod_uid="uid-other")  # type: ignore[type-var]
    assert not proof_of_fault(replace(same_node, target=other)).holds


def test_a_volume_may_stay_where_its_next_pod_is_ready(same_node: Run) -> None:
    assert result(same_node, "volume") == (
        Result.MET,
        "the volume stayed on node-2, where test-cinder-6496958d67-6klsl is ready, all three views agree",
    )
    assert (judge(same_node).value, judge(same_node).remediation) == (
        Value.PASS,
        "none needed (a pod was deleted, its node lives)",
    )


def test_a_volume_that_stays_where_no_pod_is_ready_is_a_miss(same_node: Run, stories: ModuleType) -> None:
    waiting = stories.pod(20.0, stories.NEW_POD, "node-2", ready=False)
    unready = replace(same_node, changes=(*same_node.changes, waiting))
    assert result(unready, "volume") == (Result.MISSED, "the volume stayed on node-2, where no pod of the workload is ready")


def test_with_its_node_cordoned_a_volume_that_stays_is_no_pass(same_node: Run, stories: ModuleType) -> None:
    cordoned = replace(same_node, marks=(Mark(1.0, "cordoned", {"node": "node-2"}), *same_node.marks))
    assert result(cordoned, "volume")[0] is Result.NOT_TESTED
    assert judge(cordoned).value is Value.INCONCLUSIVE


def test_the_window_in_which_two_pods_could_hold_one_volume_is_told(same_node: Run, stories: ModuleType) -> None:
    (found,) = handover.overlaps(same_node, stories.TARGET, stories.FAULT_S)
    assert (found.last, found.next, found.node) == (stories.OLD_POD, stories.NEW_POD, "node-2")
    assert [at_s - stories.FAULT_S for at_s in (found.bound_s, found.running_s or 0.0, found.gone_s)] == pytest.approx([0.5, 3.0, 8.0])
    assert handover.told(same_node) == (
        "for 7.5 s two pods could hold volume e1b43bb1 on node-2: test-cinder-6496958d67-48gss (deleted) and test-cinder-6496958d67-6klsl,"
        " from 0.5 s to 8.0 s after the fault; both ran for the last 5.0 s",
    )
    assert set(handover.told(same_node)) <= set(judge(same_node).findings)


def test_a_pod_that_came_after_the_last_one_was_gone_shared_nothing(same_node: Run, stories: ModuleType) -> None:
    late = tuple(
        replace(change, at_s=max(change.at_s, stories.FAULT_S + 8.5)) if change.name == stories.NEW_POD else change
        for change in same_node.changes
    )
    assert handover.told(replace(same_node, changes=late)) == ()


def test_only_a_pod_that_came_after_the_fault_is_the_next_one(same_node: Run, stories: ModuleType) -> None:
    """Another replica of the workload that was there before, and what else is about that node, share nothing."""
    replica = (stories.pod(-30.0, "test-cinder-1", "node-2", ready=False), stories.pod(1.0, "test-cinder-1", "node-2", ready=True))
    leaving = stories.volume_attachment(1.0, stories.OLD_VA, "node-2", attached=True, deleting=True)
    busy = replace(same_node, changes=tuple(sorted((*same_node.changes, *replica, leaving), key=lambda row: row.at_s)))
    assert handover.told(busy) == handover.told(same_node)


def test_a_pod_that_was_never_seen_gone_leaves_the_window_untold(same_node: Run) -> None:
    assert handover.told(replace(same_node, changes=tuple(row for row in same_node.changes if row.state is not None))) == ()


def test_a_next_pod_that_ran_only_after_the_last_one_was_gone_is_told_so(same_node: Run, stories: ModuleType) -> None:
    def slow(change: Change) -> Change:
        running = change.name == stories.NEW_POD and (change.state or {}).get("phase") == "Running"
        return replace(change, at_s=max(change.at_s, stories.FAULT_S + 8.0)) if running else change

    (line,) = handover.told(replace(same_node, changes=tuple(slow(row) for row in same_node.changes)))
    assert line.endswith("from 0.5 s to 8.0 s after the fault; the second one ran only after that")


def test_multi_attach_is_told_with_its_end(other_node: Run) -> None:
    assert handover.told(other_node) == (
        "Multi-Attach of volume e1b43bb1 was told 0.6 s after the fault and was over 14.0 s after it: the volume was attached",
    )
    assert result(other_node, "volume") == (Result.MET, "the volume moved from node-2 to node-1, all three views agree")


def test_multi_attach_that_never_ended_is_said_to_have_not(other_node: Run) -> None:
    stuck = replace(
        other_node,
        events=other_node.events[:1],
        changes=tuple(change for change in other_node.changes if change.kind != "VolumeAttachment" or change.state is None),
    )
    assert handover.told(stuck)[0].endswith("and was over never: the volume was not attached again")


@pytest.mark.parametrize(
    ("kind", "name", "state", "counts"),
    [
        ("VolumeAttachment", "va", {"node": "node-1", "persistent_volume": "PV", "attached": True}, True),
        ("VolumeAttachment", "va", {"node": "node-1", "persistent_volume": "PV", "attached": False}, False),
        ("VolumeAttachment", "va", {"node": "node-1", "persistent_volume": "another", "attached": True}, False),
        ("VolumeAttachment", "va", {"node": "node-2", "persistent_volume": "PV", "attached": True}, False),
        ("Node", "node-1", {"volumes_attached": ["VOLUME"]}, True),
        ("Node", "node-1", {"volumes_attached": ["another"]}, False),
        ("Node", "node-1", {}, False),
        ("Node", "node-2", {"volumes_attached": ["VOLUME"]}, False),
        ("Event", "node-1", {"persistent_volume": "PV", "volumes_attached": ["VOLUME"], "attached": True}, False),
    ],
)
def test_without_the_event_multi_attach_is_over_with_the_volume_on_another_node(
    other_node: Run, stories: ModuleType, kind: str, name: str, state: dict[str, Any], counts: bool
) -> None:
    """By its VolumeAttachment or, of the in-tree plugin, by the new node's own word."""
    ours = {"PV": stories.PV, "VOLUME": stories.VOLUME}
    named = {key: [ours.get(one, one) for one in row] if isinstance(row, list) else ours.get(row, row) for key, row in state.items()}
    change = Change(stories.FAULT_S + 13.0, View.KUBERNETES, kind, name, f"uid-{name}", named)
    (line,) = handover.told(replace(other_node, events=other_node.events[:1], changes=(*stories._before(), change)))
    over = "13.0 s after it: the volume was attached" if counts else "never: the volume was not attached again"
    assert line.endswith(f"and was over {over}")


def test_multi_attach_before_the_fault_or_of_another_volume_is_not_told(other_node: Run, stories: ModuleType) -> None:
    early = replace(other_node.events[0], at_s=stories.FAULT_S - 1.0)
    other = replace(other_node.events[0], message='Multi-Attach error for volume "pvc-of-somebody-else"')
    assert handover.told(replace(other_node, events=(early, other))) == ()


def test_an_end_of_multi_attach_is_that_of_the_same_pod_and_later(other_node: Run, stories: ModuleType) -> None:
    """Another pod that got the volume, and one that had got it before, end nothing; here the new VolumeAttachment does, after 13 s."""
    said, over = other_node.events
    elsewhere, before = replace(over, about="Pod/another", at_s=stories.FAULT_S + 5.0), replace(over, at_s=stories.FAULT_S + 0.2)
    (line,) = handover.told(replace(other_node, events=(before, said, elsewhere)))
    assert line.endswith("and was over 13.0 s after it: the volume was attached")


def test_another_failure_to_attach_is_not_called_multi_attach(other_node: Run) -> None:
    other = replace(other_node.events[0], message=f'AttachVolume.Attach failed for volume "{other_node.target.persistent_volume}"')  # type: ignore[union-attr]
    assert handover.told(replace(other_node, events=(other,))) == ()


def test_there_is_no_handover_to_tell_of_without_a_deleted_pod(passing_run: Run, same_node: Run) -> None:
    without = [passing_run, replace(same_node, marks=()), replace(same_node, target=None)]
    assert [handover.told(run) for run in without] == [(), (), ()]


def test_the_steps_of_a_deletion_are_those_that_can_come(same_node: Run, other_node: Run) -> None:
    assert [step.name for step in milestones(same_node, recovered_at_s=40.0)] == ["fault", "pod gone", "ready", "answering"]
    assert [step.name for step in milestones(other_node, recovered_at_s=50.0)] == [
        "fault", "pod gone", "detached", "attached", "ready", "answering",
    ]  # fmt: skip
    assert milestones(same_node, recovered_at_s=40.0)[0].evidence == "asked Kubernetes to delete pod test-cinder-6496958d67-48gss"


def test_the_story_of_a_deletion_names_no_stopped_server(same_node: Run) -> None:
    told = judge(same_node).story
    assert told[0] == (
        "Pod test-cinder-6496958d67-48gss, which used volume e1b43bb1 on server node-2 (e3f30380), was asked to go 30.5 s into the run,"
        " and was gone 8.0 s later."
    )
    assert told[2].startswith("The volume stayed on node-2; ")
