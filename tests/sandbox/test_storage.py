"""The external-attacher and the Cinder CSI controller: what they write, and how often they try."""

import itertools

import pytest

from chaoscinder.sandbox.kubernetes.resources import ATTACHMENTS, PODS
from chaoscinder.sandbox.kubernetes.store import Object
from tests.sandbox.fakes import SERVERS, VOLUME, Scene


def attachment(scene: Scene) -> Object:
    (found,) = scene.store.list(ATTACHMENTS)
    return found


def test_an_attached_volume_carries_finalizer_node_id_and_device() -> None:
    scene = Scene()
    found = attachment(scene)
    assert found["metadata"]["finalizers"] == ["external-attacher/cinder-csi-openstack-org"]
    assert found["metadata"]["annotations"] == {"csi.alpha.kubernetes.io/node-id": SERVERS[scene.pod()["spec"]["nodeName"]]}
    assert found["status"] == {"attached": True, "attachmentMetadata": {"DevicePath": "/dev/vdb"}}


def test_a_refusal_is_written_down_and_tried_again_after_one_two_four_seconds() -> None:
    scene = Scene()
    scene.cordon(scene.pod()["spec"]["nodeName"])
    scene.act(lambda: scene.store.delete(PODS, scene.pod()["metadata"]["name"], "default"))
    scene.turn_until(lambda: scene.cloud.volumes[VOLUME] == "available", 30)
    scene.cloud.refuses = True
    tried = []
    scene.cloud.calls.clear()
    for _ in range(400):
        before = len(scene.cloud.calls)
        scene.world.turn(0.1)
        tried += [scene.world.now_s] * (len(scene.cloud.calls) - before)
    gaps = [later - earlier for earlier, later in itertools.pairwise(tried)]
    calls_s = scene.profile.csi_calls_s + scene.profile.attacher_mark_s
    assert gaps[:4] == [pytest.approx(pause_s + calls_s, abs=0.2) for pause_s in (1, 2, 4, 8)]
    assert attachment(scene)["status"]["attachError"]["message"].startswith(
        "rpc error: code = Internal desc = [ControllerPublishVolume] Attach Volume failed with error failed to attach"
    )


def test_a_volume_that_never_arrives_is_given_up_after_fifteen_looks() -> None:
    scene = Scene()
    scene.cordon(scene.pod()["spec"]["nodeName"])
    scene.act(lambda: scene.store.delete(PODS, scene.pod()["metadata"]["name"], "default"))
    scene.turn_until(lambda: scene.cloud.volumes[VOLUME] == "available", 30)
    scene.cloud.attach_s = 1e9
    scene.turn_until(lambda: scene.cloud.volumes[VOLUME] == "reserved", 30)
    scene.mark()
    scene.turn_until(lambda: bool(scene.store.list(ATTACHMENTS)[0]["status"].get("attachError")), 70)
    assert scene.now_s == pytest.approx(59.2, abs=0.6)


def test_a_deletion_during_an_attach_is_done_after_it() -> None:
    scene = Scene()
    home = scene.pod()["spec"]["nodeName"]
    scene.cordon(home)
    scene.act(lambda: scene.store.delete(PODS, scene.pod()["metadata"]["name"], "default"))
    scene.turn_until(lambda: scene.cloud.volumes[VOLUME] == "reserved", 30)
    scene.act(lambda: scene.store.delete(ATTACHMENTS, attachment(scene)["metadata"]["name"]))
    scene.world.turn(60)
    there = scene.pod()["spec"]["nodeName"]
    assert scene.cloud.attached_servers(VOLUME) == (SERVERS[there],)
    assert scene.attachments() == [(there, True, False)]
