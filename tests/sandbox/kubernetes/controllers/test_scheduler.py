"""Where pods go, and what is said about those that cannot go anywhere."""

import pytest

from chaoscinder.sandbox.kubernetes import defaults, resources
from chaoscinder.sandbox.kubernetes.controllers.conditions import find
from chaoscinder.sandbox.kubernetes.resources import CLAIMS, PODS, STORAGECLASSES
from chaoscinder.sandbox.kubernetes.store import Object
from tests.sandbox.fakes import Scene


def pod(**spec: object) -> Object:
    body = {"containers": [{"name": "main", "image": "app:1"}], **spec}
    return defaults.apply(PODS, {"metadata": {"name": "bare", "namespace": "default"}, "spec": body})


def claim(class_: str = "early") -> Object:
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": class_, "resources": {"requests": {"storage": "2Gi"}}}
    return defaults.apply(CLAIMS, {"metadata": {"name": "data", "namespace": "default"}, "spec": spec})


def with_claim() -> Object:
    return pod(volumes=[{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}])


def test_a_cordoned_cluster_is_told_node_by_node() -> None:
    scene = Scene()
    scene.only()
    scene.act(lambda: scene.store.create(PODS, pod()))
    assert scene.events("FailedScheduling") == [
        "0/5 nodes are available: 1 node(s) had untolerated taint(s), 4 node(s) were unschedulable. no new claims to deallocate, "
        "preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling."
    ]
    scene.cordon("node-2", False)
    scene.world.turn(1)
    assert scene.store.get(PODS, "bare", "default")["spec"]["nodeName"] == "node-2"


def test_a_node_selector_and_a_missing_claim_are_told() -> None:
    scene = Scene()
    scene.act(lambda: scene.store.create(PODS, pod(nodeSelector={"kubernetes.io/hostname": "nowhere"})))
    scene.act(lambda: scene.store.delete(PODS, "bare", "default"))
    scene.act(lambda: scene.store.create(PODS, with_claim()))
    assert scene.events("FailedScheduling") == [
        "0/5 nodes are available: 1 node(s) had untolerated taint(s), 4 node(s) didn't match Pod's node affinity/selector. "
        "no new claims to deallocate, preemption: 0/5 nodes are available: 5 Preemption is not helpful for scheduling.",
        '0/5 nodes are available: persistentvolumeclaim "data" not found. not found',
    ]


def test_an_unbound_immediate_claim_is_waited_for_and_then_the_pod_follows_its_zone() -> None:
    scene = Scene()
    class_ = {"metadata": {"name": "early"}, "provisioner": "cinder.csi.openstack.org", "volumeBindingMode": "Immediate"}
    scene.act(lambda: scene.store.create(STORAGECLASSES, class_))
    scene.act(lambda: scene.store.create(CLAIMS, claim()))
    scene.act(lambda: scene.store.create(PODS, with_claim()))
    assert scene.events("FailedScheduling") == ["0/5 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"]
    scene.world.turn(30)
    found = scene.store.get(PODS, "bare", "default")
    assert found["spec"]["nodeName"] != "node-4"
    assert (find(found, "Ready") or {})["status"] == "True"
    assert scene.store.get(CLAIMS, "data", "default")["status"] == {
        "phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "2Gi"},
    }  # fmt: skip


def test_a_claim_that_waits_for_its_consumer_is_provisioned_in_the_consumers_zone() -> None:
    scene = Scene()
    scene.only("node-4")
    class_ = {"metadata": {"name": "late"}, "provisioner": "cinder.csi.openstack.org", "volumeBindingMode": "WaitForFirstConsumer"}
    scene.act(lambda: scene.store.create(STORAGECLASSES, class_))
    scene.act(lambda: scene.store.create(CLAIMS, claim("late")))
    scene.world.turn(5)
    assert scene.events("WaitForFirstConsumer") == ["waiting for first consumer to be created before binding"]
    assert scene.store.get(CLAIMS, "data", "default")["status"]["phase"] == "Pending"
    scene.act(lambda: scene.store.create(PODS, with_claim()))
    scene.world.turn(30)
    bound = scene.store.get(CLAIMS, "data", "default")
    volume = scene.store.get(resources.VOLUMES, bound["spec"]["volumeName"])
    assert volume["spec"]["nodeAffinity"]["required"]["nodeSelectorTerms"][0]["matchExpressions"][0]["values"] == ["az-2"]
    assert scene.store.get(PODS, "bare", "default")["spec"]["nodeName"] == "node-4"
    scene.act(lambda: scene.store.delete(PODS, "bare", "default", grace_s=0))
    scene.act(lambda: scene.store.delete(CLAIMS, "data", "default"))
    assert scene.store.get(resources.VOLUMES, bound["spec"]["volumeName"])["status"]["phase"] == "Released"


@pytest.mark.parametrize("seed", range(4))
def test_a_pod_goes_to_the_node_for_which_its_claim_was_provisioned(seed: int) -> None:
    scene = Scene(seed=seed)
    class_ = {"metadata": {"name": "late"}, "provisioner": "cinder.csi.openstack.org", "volumeBindingMode": "WaitForFirstConsumer"}
    scene.act(lambda: scene.store.create(STORAGECLASSES, class_))
    scene.act(lambda: scene.store.create(CLAIMS, claim("late")))
    scene.act(lambda: scene.store.create(PODS, with_claim()))
    scene.world.turn(30)
    selected = scene.store.get(CLAIMS, "data", "default")["metadata"]["annotations"]["volume.kubernetes.io/selected-node"]
    assert scene.store.get(PODS, "bare", "default")["spec"]["nodeName"] == selected


def test_a_preferred_node_is_taken_and_the_emptiest_otherwise() -> None:
    scene = Scene()
    home = scene.pod()["spec"]["nodeName"]
    expression = {"key": "kubernetes.io/hostname", "operator": "In", "values": [home]}
    preferred = [{"weight": 100, "preference": {"matchExpressions": [expression]}}]
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
    scene.act(lambda: scene.store.create(PODS, pod(affinity=affinity)))
    assert scene.store.get(PODS, "bare", "default")["spec"]["nodeName"] == home
    other = pod()
    other["metadata"]["name"] = "other"
    scene.act(lambda: scene.store.create(PODS, other))
    assert scene.store.get(PODS, "other", "default")["spec"]["nodeName"] != home
