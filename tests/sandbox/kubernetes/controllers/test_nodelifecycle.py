"""Whole zones and whole clusters that are lost, and nodes that only say that they are not ready."""

import itertools

import pytest

from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.controllers import conditions
from chaoscinder.sandbox.kubernetes.resources import NODES
from tests.sandbox.fakes import NODES_AND_ZONES, Scene

UNREACHABLE = "node.kubernetes.io/unreachable=:"


def tainted_at(scene: Scene, names: list[str]) -> list[float]:
    return sorted(scene.when(f"Node/{name}", "unreachable:NoExecute") for name in names)


def test_the_nodes_of_a_lost_zone_are_tainted_one_every_ten_seconds() -> None:
    scene = Scene()
    zone = [name for name, zone in NODES_AND_ZONES.items() if zone == "az-1"]
    scene.mark()
    for name in zone:
        scene.power(name, "SHUTOFF")
    scene.world.turn(120)
    at = tainted_at(scene, zone)
    gaps = [round(later - earlier) for earlier, later in itertools.pairwise(at)]
    assert gaps == [10, 10, 10]
    assert scene.taints("node-4") == []


def test_the_replacement_of_a_lost_zones_pod_has_nowhere_to_go() -> None:
    scene = Scene()
    for name, zone in NODES_AND_ZONES.items():
        if zone == "az-1":
            scene.power(name, "SHUTOFF")
    scene.world.turn(500)
    new = scene.pods()[-1]
    assert "nodeName" not in new["spec"]
    assert conditions.find(new, "PodScheduled") == {
        "type": "PodScheduled", "status": "False", "reason": "Unschedulable", "lastProbeTime": None,
        "lastTransitionTime": new["metadata"]["creationTimestamp"],
        "message": "0/5 nodes are available: 1 node(s) didn't match PersistentVolume's node affinity, "
        "4 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/5 nodes are available: "
        "5 Preemption is not helpful for scheduling.",
    }  # fmt: skip


def test_when_every_node_is_lost_nobody_is_evicted_and_a_return_is_noticed() -> None:
    scene = Scene()
    for name in NODES_AND_ZONES:
        scene.power(name, "SHUTOFF")
    scene.world.turn(600)
    assert [taint for name in NODES_AND_ZONES for taint in scene.taints(name) if taint.endswith("NoExecute")] == []
    assert "deletionTimestamp" not in scene.pod()["metadata"]
    scene.power("node-4", "ACTIVE")
    scene.world.turn(40)
    assert scene.taints("node-4") == []
    scene.world.turn(60)
    assert f"{UNREACHABLE}NoExecute" in scene.taints("node-1")


def test_a_kubelet_that_calls_itself_not_ready_keeps_its_pods_ready_until_they_are_evicted_and_moved() -> None:
    scene = Scene()
    home = scene.pod()["spec"]["nodeName"]
    scene.mark()
    scene.act(lambda: scene.manager.kubelets.by_node[home].fail("container runtime is down"))
    scene.world.turn(17)
    assert scene.taints(home) == ["node.kubernetes.io/not-ready=:NoSchedule", "node.kubernetes.io/not-ready=:NoExecute"]
    assert [row["reportingComponent"] for row in scene.store.list(resources.EVENTS) if row["reason"] == "NodeNotReady"] == ["kubelet"]
    scene.world.turn(270)
    assert conditions.status(scene.pod(), "Ready") == "True"
    scene.turn_until(lambda: scene.serving() not in (home, "refused"), 60)
    evicted = next(at for at, _, text in scene.story if "Marking for deletion" in text)
    assert evicted - scene.when(f"Node/{home}", "not-ready:NoExecute") == pytest.approx(300, abs=0.1)
    assert scene.when("VolumeAttachment", "deleting=True") - evicted <= 11  # a living kubelet unmounts: no 6 minutes


def test_a_node_that_never_posted_is_called_so() -> None:
    scene = Scene()
    scene.act(lambda: scene.store.create(NODES, {"metadata": {"name": "ghost"}, "spec": {}}))
    scene.world.turn(60)
    ready = conditions.find(scene.node("ghost"), "Ready") or {}
    seen = (ready["status"], ready["reason"], ready["message"])
    assert seen == ("Unknown", "NodeStatusNeverUpdated", "Kubelet never posted node status.")
    assert f"{UNREACHABLE}NoExecute" in scene.taints("ghost")


def test_leases_are_renewed_every_ten_seconds_and_statuses_posted_only_when_they_change() -> None:
    scene = Scene()
    posted = (conditions.find(scene.node("node-3"), "Ready") or {})["lastHeartbeatTime"]
    first = scene.store.get(resources.LEASES, "node-3", "kube-node-lease")["spec"]["renewTime"]
    scene.world.turn(10)
    second = scene.store.get(resources.LEASES, "node-3", "kube-node-lease")["spec"]["renewTime"]
    assert first < second
    assert (conditions.find(scene.node("node-3"), "Ready") or {})["lastHeartbeatTime"] == posted
    scene.world.turn(300)
    assert (conditions.find(scene.node("node-3"), "Ready") or {})["lastHeartbeatTime"] > posted
