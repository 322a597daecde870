"""When a volume leaves a node that cannot be asked any more, and what happens when Nova refuses."""

import pytest

from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.controllers.disks import Disk
from chaoscinder.sandbox.kubernetes.resources import NODES, PODS
from tests.sandbox.fakes import SERVERS, VOLUME, Scene

EXCLUSIVE = "Volume is already exclusively attached to one node and can't be attached to another"


def dead_node(remediation: str = "none") -> tuple[Scene, str]:
    scene = Scene(remediation=remediation)
    victim = scene.pod()["spec"]["nodeName"]
    scene.mark()
    scene.power(victim, "SHUTOFF")
    return scene, victim


def test_the_name_of_an_attachment_is_the_real_ones() -> None:
    disk = Disk("pv", "b12c4cc9-9c60-44b8-81ea-f09dd2b70c7c", "cinder.csi.openstack.org")
    name = disk.attachment("bcmt-sandbox3-3c2w2e-1912-1-worker-02")
    assert name == "csi-bfe5b6f39e81fcf053d9542200844c6fe147276d7ad19438c37c92acc6eaf4cc"  # cloud-provider-openstack issue 944


def test_after_a_force_delete_on_a_dead_node_the_volume_leaves_six_minutes_later() -> None:
    scene, victim = dead_node()
    scene.world.turn(58)
    old = scene.pod()
    scene.act(lambda: scene.store.delete(PODS, old["metadata"]["name"], "default", grace_s=0))
    deleted = scene.now_s
    scene.turn_until(lambda: scene.serving() not in ("timeout", "refused"), 400)
    assert scene.when("VolumeAttachment", "deleting=True") - deleted == pytest.approx(360.1, abs=0.3)
    assert scene.events("FailedAttachVolume")[0].endswith(EXCLUSIVE)
    assert [node for node, _, _ in scene.attachments()] == [scene.pod()["spec"]["nodeName"]]
    assert victim != scene.pod()["spec"]["nodeName"]


def test_a_server_that_nova_does_not_know_takes_its_node_along_and_costs_six_minutes_all_the_same() -> None:
    scene, victim = Scene(), ""
    victim = scene.pod()["spec"]["nodeName"]
    scene.mark()
    scene.act(lambda: scene.cloud.delete(SERVERS[victim]))
    scene.turn_until(lambda: scene.serving() not in ("timeout", "refused"), 600)
    gone = scene.when(f"Node/{victim}", "DELETED")
    pod_gone = next(at for at, name, text in scene.story if name.startswith("Pod/") and text == "DELETED")
    assert scene.when(f"Event/{victim}", "DeletingNode") == gone
    assert scene.events("DeletingNode") == [f"Deleting node {victim} because it does not exist in the cloud provider"]
    assert 40 <= pod_gone - gone <= 60  # quarantine 40 s, pod GC every 20 s
    assert scene.when("VolumeAttachment", "deleting=True") - pod_gone == pytest.approx(360, abs=0.3)
    assert scene.events("RemovingNode") == [f"Node {victim} event: Removing Node {victim} from Controller"]
    assert scene.store.find(resources.CSINODES, victim) is None
    assert scene.store.find(resources.LEASES, victim, "kube-node-lease") is None
    assert ("detach", SERVERS[victim], VOLUME) not in scene.cloud.calls  # the driver takes a missing server for detached


def test_the_out_of_service_taint_on_a_living_node_switches_the_safety_check_off() -> None:
    scene = Scene()
    home = scene.pod()["spec"]["nodeName"]
    scene.mark()
    taint = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}
    scene.act(lambda: scene.store.change(NODES, home, "", lambda new: new["spec"].update(taints=[taint])))
    scene.turn_until(lambda: scene.serving() not in (home, "refused"), 30)
    old_gone = next(at for at, name, text in scene.story if name.startswith("Pod/") and text == "DELETED")
    detached = scene.when("VolumeAttachment", "deleting=True")
    assert detached - old_gone == pytest.approx(0.1, abs=0.05)
    assert scene.taints(home) == ["node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"]  # nobody removes it


def test_a_deleted_node_under_a_living_kubelet_costs_six_minutes_too() -> None:
    scene = Scene()
    home = scene.pod()["spec"]["nodeName"]
    scene.mark()
    scene.act(lambda: scene.store.delete(NODES, home))
    back = scene.turn_until(lambda: scene.serving() not in (home, "refused"), 500)
    assert 400 <= back <= 440  # recorded: 409 s
    assert scene.pod()["spec"]["nodeName"] != home


def test_a_refused_attach_is_told_and_tried_again_until_it_succeeds() -> None:
    scene = Scene()
    home = scene.pod()["spec"]["nodeName"]
    scene.cordon(home)
    scene.mark()
    scene.act(lambda: scene.store.delete(PODS, scene.pod()["metadata"]["name"], "default"))
    scene.turn_until(lambda: scene.cloud.volumes[VOLUME] == "available", 30)
    scene.cloud.refuses = True
    scene.world.turn(20)
    (failed,) = [text for text in scene.events("FailedAttachVolume") if not text.startswith("Multi-Attach")]
    server = SERVERS[scene.pod()["spec"]["nodeName"]]
    volume = scene.store.list(resources.VOLUMES)[0]["metadata"]["name"]
    why = f"[ControllerPublishVolume] Attach Volume failed with error failed to attach {VOLUME} volume to {server} compute"
    head = f'AttachVolume.Attach failed for volume "{volume}" : rpc error: code = Internal desc = {why}'
    assert failed.startswith(f"{head}: Expected HTTP response code [200 202]")
    (event,) = [row for row in scene.store.list(resources.EVENTS) if row["message"] == failed]
    assert 4 <= event["count"] <= 6
    scene.cloud.refuses = False
    scene.turn_until(lambda: scene.serving() not in (home, "refused"), 60)


def test_a_refused_detach_writes_no_event_and_kubernetes_tries_the_next_node_regardless() -> None:
    scene = Scene()
    home = scene.pod()["spec"]["nodeName"]
    scene.cordon(home)
    scene.cloud.refuses = True
    scene.act(lambda: scene.store.delete(PODS, scene.pod()["metadata"]["name"], "default"))
    scene.mark()
    scene.turn_until(lambda: len(scene.attachments()) == 2, 30)
    row = next(row for row in scene.store.list(resources.ATTACHMENTS) if row["spec"]["nodeName"] == home)
    assert row["status"]["attached"] is True
    assert "ControllerUnpublishVolume Detach Volume failed with error failed to detach volume" in row["status"]["detachError"]["message"]
    assert not [text for text in scene.events() if "DetachVolume" in text]
    scene.cloud.refuses = False
    scene.turn_until(lambda: scene.serving() not in (home, "refused"), 120)
    assert scene.cloud.attached_servers(VOLUME) == (SERVERS[scene.pod()["spec"]["nodeName"]],)


def test_a_volume_that_never_arrives_is_told_in_the_drivers_words() -> None:
    scene = Scene()
    home = scene.pod()["spec"]["nodeName"]
    scene.cordon(home)
    scene.act(lambda: scene.store.delete(PODS, scene.pod()["metadata"]["name"], "default"))
    scene.turn_until(lambda: scene.cloud.volumes[VOLUME] == "available", 30)
    scene.cloud.attach_s = 1e9
    scene.mark()
    scene.world.turn(125)
    volume = scene.store.list(resources.VOLUMES)[0]["metadata"]["name"]
    told = [text for text in scene.events("FailedAttachVolume") if "Multi-Attach" not in text]
    assert f'AttachVolume.Attach failed for volume "{volume}" : ' in told[0]
    assert told[0].endswith(f'failed to attach volume: volume "{VOLUME}" failed to be attached within the allotted time')


def test_without_an_attacher_an_attach_times_out_after_two_minutes() -> None:
    scene = Scene()
    source = {"driver": "other.csi", "volumeHandle": "h-1"}
    spec = {"accessModes": ["ReadWriteOnce"], "capacity": {"storage": "1Gi"}, "csi": source}
    wish = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "orphan"}}]
    pod = {"containers": [{"name": "main", "image": "app:1"}], "volumes": volumes}

    def create() -> None:
        scene.store.create(resources.VOLUMES, {"metadata": {"name": "pv-1"}, "spec": spec})
        scene.store.create(resources.CLAIMS, {"metadata": {"name": "orphan", "namespace": "default"}, "spec": wish})
        scene.store.create(PODS, {"metadata": {"name": "bare", "namespace": "default"}, "spec": pod})

    scene.mark()
    scene.act(create)
    scene.world.turn(121)
    why = "timed out waiting for external-attacher of other.csi CSI driver to attach volume h-1"
    assert scene.events("FailedAttachVolume", "bare") == [f'AttachVolume.Attach failed for volume "pv-1" : {why}']
    assert scene.when("Event/bare", "timed out") == pytest.approx(120.1, abs=0.1)


def test_what_a_third_party_detached_is_attached_again_within_a_minute() -> None:
    scene = Scene()
    home = scene.pod()["spec"]["nodeName"]
    scene.mark()
    scene.act(lambda: scene.cloud.detach(SERVERS[home], VOLUME))
    scene.world.turn(1)
    assert scene.cloud.attached_servers(VOLUME) == ()
    back = scene.turn_until(lambda: scene.cloud.attached_servers(VOLUME) == (SERVERS[home],), 70)
    assert back <= 62
