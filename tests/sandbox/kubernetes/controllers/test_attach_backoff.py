"""How long the attach-detach controller waits after a failure, against a recording of a real control plane (1.36.2)."""

import itertools

import pytest

from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.resources import ATTACHMENTS, PODS
from tests.sandbox.fakes import Scene

# Seconds between the events of an attach that keeps failing: its back-off and a first look at the VolumeAttachment after 0.5 s.
RECORDED_GAPS = (1, 1.5, 2.6, 4.5, 8.6, 16.6)
DRIVER = "other.csi"  # no attacher of the sandbox's serves it: the tests write what one would


def scene_with_a_foreign_volume() -> Scene:
    scene = Scene()
    spec = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "csi": {"driver": DRIVER, "volumeHandle": "h-1"}}
    wish = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}

    def create() -> None:
        scene.store.create(resources.VOLUMES, {"metadata": {"name": "pv-1"}, "spec": spec})
        scene.store.create(resources.CLAIMS, {"metadata": {"name": "foreign", "namespace": "default"}, "spec": wish})
        pod(scene, "first", "node-1")

    scene.act(create)
    scene.world.turn(0.2)
    return scene


def pod(scene: Scene, name: str, node: str) -> None:
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "foreign"}}]
    selector = {"kubernetes.io/hostname": node}
    spec = {"containers": [{"name": "main", "image": "app:1"}], "volumes": volumes, "nodeSelector": selector}
    scene.store.create(PODS, {"metadata": {"name": name, "namespace": "default"}, "spec": spec})


def attachments(scene: Scene) -> list[str]:
    """The VolumeAttachments of the foreign driver, by node."""
    return [row["spec"]["nodeName"] for row in scene.store.list(ATTACHMENTS) if row["spec"]["attacher"] == DRIVER]


def write_status(scene: Scene, node: str, **status: object) -> None:
    (name,) = [
        row["metadata"]["name"]
        for row in scene.store.list(ATTACHMENTS)
        if row["spec"]["attacher"] == DRIVER and row["spec"]["nodeName"] == node
    ]
    scene.act(lambda: scene.store.change(ATTACHMENTS, name, "", lambda new: new.update(status=status)))


def failures(scene: Scene, about: str) -> int:
    rows = scene.store.list(resources.EVENTS)
    return sum(row["count"] for row in rows if row["involvedObject"]["name"] == about and row["reason"] == "FailedAttachVolume")


def test_an_attach_error_is_told_again_and_again_at_the_recorded_pauses_in_one_event() -> None:
    scene = scene_with_a_foreign_volume()
    write_status(scene, "node-1", attached=False, attachError={"message": "no", "time": scene.world.stamp()})
    scene.mark()
    told: list[float] = []
    while len(told) < 7:
        before = failures(scene, "first")
        scene.world.turn(0.05)
        told += [scene.now_s] * (failures(scene, "first") - before)
    assert told[0] <= 0.6
    assert [later - earlier for earlier, later in itertools.pairwise(told)] == [pytest.approx(gap_s, abs=0.15) for gap_s in RECORDED_GAPS]
    (event,) = [row for row in scene.store.list(resources.EVENTS) if row["reason"] == "FailedAttachVolume"]
    assert event["message"] == 'AttachVolume.Attach failed for volume "pv-1" : no'


def test_an_attach_that_works_at_last_is_noticed_at_the_end_of_the_pause() -> None:
    scene = scene_with_a_foreign_volume()
    write_status(scene, "node-1", attached=False, attachError={"message": "no", "time": scene.world.stamp()})
    scene.world.turn(25)  # in the pause of 16 s, which began 19.7 s after the first failure
    write_status(scene, "node-1", attached=True)
    scene.mark()
    scene.turn_until(lambda: scene.events("SuccessfulAttachVolume", "first") != [], 20)
    assert 5 <= scene.now_s <= 17


def test_without_an_attacher_a_detach_is_given_up_after_two_minutes_and_the_next_node_tried_all_the_same() -> None:
    scene = scene_with_a_foreign_volume()
    write_status(scene, "node-1", attached=True)
    scene.world.turn(12)
    name = next(row["metadata"]["name"] for row in scene.store.list(ATTACHMENTS) if row["spec"]["attacher"] == DRIVER)
    scene.act(lambda: scene.store.change(ATTACHMENTS, name, "", lambda new: new["metadata"].update(finalizers=["somebody/else"])))
    scene.act(lambda: scene.store.delete(PODS, "first", "default", grace_s=0))
    scene.turn_until(lambda: bool(scene.store.get(ATTACHMENTS, name)["metadata"].get("deletionTimestamp")), 15)
    scene.mark()
    scene.act(lambda: pod(scene, "second", "node-2"))
    scene.world.turn(119)
    assert attachments(scene) == ["node-1"]
    scene.turn_until(lambda: sorted(attachments(scene)) == ["node-1", "node-2"], 5)
    assert scene.now_s == pytest.approx(120.05, abs=0.5)  # recorded: 120.05 s after the deletion


def test_a_detach_error_makes_the_second_attachment_at_once_without_any_event() -> None:
    scene = scene_with_a_foreign_volume()
    write_status(scene, "node-1", attached=True)
    scene.world.turn(12)
    name = next(row["metadata"]["name"] for row in scene.store.list(ATTACHMENTS) if row["spec"]["attacher"] == DRIVER)
    scene.act(lambda: scene.store.change(ATTACHMENTS, name, "", lambda new: new["metadata"].update(finalizers=["somebody/else"])))
    scene.act(lambda: scene.store.delete(PODS, "first", "default", grace_s=0))
    scene.act(lambda: pod(scene, "second", "node-2"))
    scene.turn_until(lambda: bool(scene.store.get(ATTACHMENTS, name)["metadata"].get("deletionTimestamp")), 15)
    told = len(scene.events())
    write_status(scene, "node-1", attached=True, detachError={"message": "no", "time": scene.world.stamp()})
    scene.mark()
    scene.turn_until(lambda: len(attachments(scene)) == 2, 5)
    assert scene.now_s <= 0.75  # recorded: 0.4 s
    assert [text for text in scene.events()[told:] if "etach" in text] == []
