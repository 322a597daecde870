"""What becomes of a PersistentVolume and of the Cinder volume behind it when the claim goes, or the object itself."""

import itertools
from typing import Any

import pytest

from chaoscinder.sandbox import profiles
from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.resources import CLAIMS, DEPLOYMENTS, VOLUMES
from chaoscinder.sandbox.kubernetes.store import Object
from tests.sandbox.fakes import SERVERS, VOLUME, Scene

CSI = ("1.20-csi", "1.29-csi", "1.36-csi")
IN_TREE = ("1.9-intree", "1.10-intree", "1.20-intree")
CLAIM = "test-cinder-volume"
PROVISIONERS = "external-provisioner.volume.kubernetes.io/finalizer"
PROTECTION = "kubernetes.io/pv-protection"


def name_of(scene: Scene) -> str:
    (volume,) = scene.store.list(VOLUMES)
    return str(volume["metadata"]["name"])


def phases(scene: Scene) -> list[str]:
    return [row["status"]["phase"] for row in scene.store.list(VOLUMES)]


def finalizers(scene: Scene) -> list[str]:
    (volume,) = scene.store.list(VOLUMES)
    return list(volume["metadata"].get("finalizers") or [])


def policy(scene: Scene, word: str) -> None:
    def edit(volume: Object) -> None:
        volume["spec"]["persistentVolumeReclaimPolicy"] = word

    scene.act(lambda: scene.store.change(VOLUMES, name_of(scene), "", edit))


def scale(scene: Scene, replicas: int) -> None:
    scene.act(lambda: scene.store.change(DEPLOYMENTS, "test-cinder", "default", lambda new: new["spec"].update(replicas=replicas)))


def give_up(scene: Scene) -> None:
    """Delete the application's claim and let its pod end."""
    scene.act(lambda: scene.store.delete(CLAIMS, CLAIM, "default"))
    scale(scene, 0)


def end(scene: Scene) -> None:
    """Delete the claim when nothing holds its volume any more."""
    scale(scene, 0)
    scene.turn_until(lambda: scene.cloud.volumes[VOLUME] == "available" and not scene.attachments(), 60)
    scene.act(lambda: scene.store.delete(CLAIMS, CLAIM, "default"))


def events(scene: Scene, reason: str) -> list[tuple[str, str, str]]:
    """Type, component and message of the events of a reason."""
    rows = [row for row in scene.store.list(resources.EVENTS) if row["reason"] == reason]
    return [(row["type"], row["source"]["component"], row["message"]) for row in rows]


def by_hand(source: dict[str, Any]) -> list[tuple[resources.Resource, Object]]:
    """A volume that an administrator wrote, for a claim that is gone."""
    reference = {"kind": "PersistentVolumeClaim", "namespace": "default", "name": "gone", "uid": "5f5c1bd5-2c57-4a63-8d9c-6d4ee8ae2a4f"}
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "persistentVolumeReclaimPolicy": "Delete", **source}
    return [(VOLUMES, {"metadata": {"name": "mine"}, "spec": {**spec, "claimRef": reference}, "status": {"phase": "Bound"}})]


@pytest.mark.parametrize("profile", profiles.names())
def test_the_default_worlds_volume_is_left_alone_as_long_as_its_claim_is_there(profile: str) -> None:
    scene = Scene(profile=profile)
    scale(scene, 0)
    scene.world.turn(1800)
    assert (phases(scene), scene.cloud.volumes) == (["Bound"], {VOLUME: "available"})
    assert finalizers(scene) == ([PROVISIONERS, PROTECTION] if profile == "1.36-csi" else [PROTECTION])


@pytest.mark.parametrize("profile", CSI)
def test_the_external_provisioner_deletes_a_volume_when_its_attachment_is_gone(profile: str) -> None:
    scene = Scene(profile=profile)
    name, home = name_of(scene), scene.pod()["spec"]["nodeName"]
    scene.mark()
    give_up(scene)
    scene.turn_until(lambda: scene.store.find(VOLUMES, name) is None, 60)
    assert events(scene, "VolumeFailedDelete") == [
        ("Warning", "cinder.csi.openstack.org", f"persistentvolume {name} is still attached to node {home}")
    ]
    told = [at for at, about, _ in scene.story if about == f"Event/{name}"]
    assert [round(later - earlier, 3) for earlier, later in itertools.pairwise(told)] == [1, 2, 4][: len(told) - 1]
    assert scene.when("VolumeAttachment", "DELETED") <= scene.when(f"PersistentVolume/{name}", "DELETED") <= told[-1] + 8
    assert scene.cloud.calls[-2:] == [("detach", SERVERS[home], VOLUME), ("delete", "", VOLUME)]
    assert scene.cloud.volumes == {}


@pytest.mark.parametrize("profile", IN_TREE)
def test_in_tree_the_controller_deletes_it_at_a_resync_after_the_detach(profile: str) -> None:
    scene = Scene(profile=profile)
    name, home = name_of(scene), scene.pod()["spec"]["nodeName"]
    scene.mark()
    give_up(scene)
    scene.turn_until(lambda: "Released" in phases(scene), 60)
    scene.turn_until(lambda: scene.store.find(VOLUMES, name) is None, 60)
    assert events(scene, "VolumeDelete") == [
        ("Normal", "persistentvolume-controller", f'Cannot delete the volume "{VOLUME}", it\'s still attached to a node')
    ]
    assert events(scene, "VolumeFailedDelete") == []
    assert scene.world.now_s % 15 < 0.3
    assert scene.cloud.calls[-2:] == [("detach", SERVERS[home], VOLUME), ("delete", "", VOLUME)]
    assert scene.cloud.volumes == {}


@pytest.mark.parametrize("profile", profiles.names())
def test_a_claim_in_use_keeps_everything(profile: str) -> None:
    scene = Scene(profile=profile)
    scene.act(lambda: scene.store.delete(CLAIMS, CLAIM, "default"))
    scene.world.turn(600)
    assert (phases(scene), scene.cloud.volumes) == (["Bound"], {VOLUME: "in-use"})
    assert "deletionTimestamp" in scene.store.get(CLAIMS, CLAIM, "default")["metadata"]


@pytest.mark.parametrize("profile", profiles.names())
def test_a_retained_volume_stays_released_until_its_policy_is_changed(profile: str) -> None:
    scene = Scene(profile=profile)
    policy(scene, "Retain")
    assert finalizers(scene) == [PROTECTION]
    policy(scene, "Delete")
    assert finalizers(scene) == ([PROTECTION, PROVISIONERS] if profile == "1.36-csi" else [PROTECTION])
    policy(scene, "Retain")
    end(scene)
    scene.world.turn(600)
    assert (phases(scene), scene.cloud.volumes) == (["Released"], {VOLUME: "available"})
    policy(scene, "Delete")
    scene.world.turn(15)
    assert (phases(scene), scene.cloud.volumes) == ([], {})


def test_a_provisioned_volume_goes_with_its_claim() -> None:
    class_ = {"metadata": {"name": "early"}, "provisioner": "cinder.csi.openstack.org", "volumeBindingMode": "Immediate"}
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": "early", "resources": {"requests": {"storage": "2Gi"}}}
    claim: Object = {"metadata": {"name": "data", "namespace": "default"}, "spec": spec}
    scene = Scene(manifests=[(resources.STORAGECLASSES, class_), (CLAIMS, claim)])
    volume = scene.store.get(VOLUMES, scene.store.get(CLAIMS, "data", "default")["spec"]["volumeName"])
    assert volume["metadata"]["finalizers"] == [PROVISIONERS, PROTECTION]
    scene.act(lambda: scene.store.delete(CLAIMS, "data", "default"))
    assert scene.cloud.calls[-1] == ("delete", "", volume["spec"]["csi"]["volumeHandle"])
    assert scene.store.find(VOLUMES, volume["metadata"]["name"]) is None


@pytest.mark.parametrize(("profile", "left"), [("1.20-csi", [VOLUME]), ("1.29-csi", [VOLUME]), ("1.36-csi", []), ("1.10-intree", [VOLUME])])
def test_what_is_behind_an_object_that_was_deleted_before_its_claim_is_left_behind_until_1_31(profile: str, left: list[str]) -> None:
    scene = Scene(profile=profile)
    scene.act(lambda: scene.store.delete(VOLUMES, name_of(scene)))
    scene.world.turn(60)
    assert phases(scene) == ["Bound"]  # protected: it is Terminating, and goes on working
    end(scene)
    scene.world.turn(60)
    assert (phases(scene), list(scene.cloud.volumes)) == ([], left)


NO_DELETER = 'getting deleter volume plugin for volume "mine": no deletable volume plugin matched'
OURS = {"csi": {"driver": "cinder.csi.openstack.org", "volumeHandle": VOLUME}}
NFS = {"nfs": {"server": "192.0.2.7", "path": "/srv"}}


@pytest.mark.parametrize(
    ("profile", "source", "message"),
    [
        ("1.20-csi", OURS, f"Error {NO_DELETER}"), ("1.29-csi", OURS, f"error {NO_DELETER}"), ("1.36-csi", NFS, f"error {NO_DELETER}"),
        ("1.9-intree", NFS, f"Error {NO_DELETER}"),
    ],
)  # fmt: skip
def test_a_volume_that_nobody_provisioned_and_nobody_can_delete_is_failed(profile: str, source: dict[str, Any], message: str) -> None:
    scene = Scene(profile=profile, manifests=by_hand(source))
    scene.world.turn(60)
    assert scene.store.get(VOLUMES, "mine")["status"] == {"phase": "Failed", "message": message}
    assert events(scene, "VolumeFailedDelete") == [("Warning", "persistentvolume-controller", message)]
    assert VOLUME in scene.cloud.volumes


@pytest.mark.parametrize(
    ("profile", "source"), [("1.36-csi", {"csi": {"driver": "cinder.csi.openstack.org", "volumeHandle": "other"}}),
                            ("1.10-intree", {"cinder": {"volumeID": "other"}})],
)  # fmt: skip
def test_a_volume_that_somebody_else_made_in_cinder_is_deleted_where_its_deleter_is_known(profile: str, source: dict[str, Any]) -> None:
    scene = Scene(profile=profile)
    scene.act(lambda: scene.cloud.volumes.update(other="available"))
    scene.act(lambda: [scene.store.create(resource, obj) for resource, obj in by_hand(source)])
    assert scene.store.find(VOLUMES, "mine") is None
    assert scene.cloud.volumes == {VOLUME: "in-use"}


def test_the_volume_of_another_driver_stays_released() -> None:
    scene = Scene(manifests=by_hand({"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": "vol-1"}}))
    assert scene.store.get(VOLUMES, "mine")["status"] == {"phase": "Released"}


REFUSED = "Invalid volume: Volume available cannot be deleted."


def test_a_refusal_of_cinders_is_told_and_asked_again_in_doubling_pauses() -> None:
    scene = Scene()
    name = name_of(scene)
    scene.mark()
    scale(scene, 0)
    scene.turn_until(lambda: scene.cloud.volumes[VOLUME] == "available" and not scene.attachments(), 60)
    scene.cloud.refuses = True
    scene.mark()
    scene.act(lambda: scene.store.delete(CLAIMS, CLAIM, "default"))
    scene.world.turn(1300)
    assert events(scene, "VolumeFailedDelete") == [
        (
            "Warning", "cinder.csi.openstack.org",
            "rpc error: code = Internal desc = DeleteVolume failed with error Expected HTTP response code [202 204] when accessing "
            f"[DELETE /volumes/{VOLUME}], but got 400 instead: " + f'{{"badRequest": {{"code": 400, "message": "{REFUSED}"}}}}',
        )
    ]  # fmt: skip
    at = [at for at, about, _ in scene.story if about == f"Event/{name}"]
    assert at == [0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111]
    assert phases(scene) == ["Released"]
    scene.cloud.refuses = False
    scene.world.turn(300)
    assert (phases(scene), scene.cloud.volumes) == ([], {})


def test_in_tree_a_refusal_makes_it_failed_which_does_not_keep_it_from_being_deleted_later() -> None:
    scene = Scene(profile="1.20-intree")
    scale(scene, 0)
    scene.turn_until(lambda: scene.cloud.volumes[VOLUME] == "available", 60)
    scene.cloud.refuses = True
    scene.act(lambda: scene.store.delete(CLAIMS, CLAIM, "default"))
    scene.world.turn(60)
    message = f"Bad request with: [], error message: {REFUSED}"
    assert scene.store.get(VOLUMES, name_of(scene))["status"] == {"phase": "Failed", "message": message}
    assert events(scene, "VolumeFailedDelete") == [("Warning", "persistentvolume-controller", message)]
    assert [row["count"] for row in scene.store.list(resources.EVENTS) if row["reason"] == "VolumeFailedDelete"] == [1]
    assert len([call for call in scene.cloud.calls if call[0] == "delete"]) > 3
    scene.cloud.refuses = False
    scene.world.turn(60)
    assert (phases(scene), scene.cloud.volumes) == ([], {})


def test_a_volume_that_is_gone_from_cinder_is_as_good_as_deleted_for_csi_and_failed_in_tree() -> None:
    scene = Scene()
    scale(scene, 0)
    scene.turn_until(lambda: scene.cloud.volumes[VOLUME] == "available" and not scene.attachments(), 60)
    del scene.cloud.volumes[VOLUME]
    scene.act(lambda: scene.store.delete(CLAIMS, CLAIM, "default"))
    assert phases(scene) == []

    scene = Scene(profile="1.20-intree")
    scale(scene, 0)
    scene.turn_until(lambda: scene.cloud.volumes[VOLUME] == "available", 60)
    del scene.cloud.volumes[VOLUME]
    scene.act(lambda: scene.store.delete(CLAIMS, CLAIM, "default"))
    message = f"error occurred getting volume by ID: {VOLUME}, err: Resource not found"
    assert scene.store.get(VOLUMES, name_of(scene))["status"] == {"phase": "Failed", "message": message}


def test_a_volume_that_is_nobodys_is_available() -> None:
    spec = {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "", "nfs": NFS["nfs"]}
    scene = Scene(manifests=[(VOLUMES, {"metadata": {"name": "mine"}, "spec": spec})])
    assert scene.store.get(VOLUMES, "mine")["status"] == {"phase": "Available"}
    scene.act(lambda: scene.store.delete(VOLUMES, "mine"))
    assert scene.store.find(VOLUMES, "mine") is None
