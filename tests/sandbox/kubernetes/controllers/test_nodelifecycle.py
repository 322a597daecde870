"""Whole zones, most of a zone and whole clusters that are lost, and nodes that only say that they are not ready."""

import itertools

import pytest

from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.controllers import conditions
from chaoscinder.sandbox.kubernetes.resources import NODES
from chaoscinder.sandbox.kubernetes.store import Object
from tests.sandbox.fakes import NODES_AND_ZONES, SERVERS, Scene

UNREACHABLE = "node.kubernetes.io/unreachable=:"
WITH_TAINTS = ("1.20-intree", "1.20-csi", "1.29-csi", "1.36-csi")
WITHOUT_TAINTS = ("1.9-intree", "1.10-intree")
MAIN = {"name": "main", "image": "app:1"}


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


def lose(scene: Scene, *names: str) -> None:
    """Let hypervisors die: Nova goes on calling the servers ACTIVE, so that no profile deletes their Nodes."""
    for name in names:
        scene.power(name, "SHUTOFF")
        scene.cloud.servers[SERVERS[name]] = "ACTIVE"


def home_and_neighbours(scene: Scene) -> tuple[str, list[str]]:
    """The node of the application's pod, and the other two workers in its zone."""
    home = str(scene.pod()["spec"]["nodeName"])
    return home, [name for name in ("node-1", "node-2", "node-3") if name != home]


@pytest.mark.parametrize("profile", WITH_TAINTS)
def test_in_a_small_zone_that_is_mostly_lost_no_more_nodes_are_given_up_until_one_is_back(profile: str) -> None:
    scene = Scene(profile=profile)
    home, others = home_and_neighbours(scene)
    lose(scene, *others)
    scene.world.turn(100)
    assert [f"{UNREACHABLE}NoExecute" in scene.taints(name) for name in others] == [True, True]  # two of four: a normal zone
    lose(scene, home)  # three of four are over 55 %
    scene.world.turn(600)
    assert scene.taints(home) == [f"{UNREACHABLE}NoSchedule"]
    assert "deletionTimestamp" not in scene.pod()["metadata"]
    scene.mark()
    scene.power(others[0], "ACTIVE")
    scene.world.turn(60)
    back = scene.when(f"Node/{others[0]}", "taints=[]")
    assert scene.when(f"Node/{home}", "unreachable:NoExecute") - back == pytest.approx(10, abs=0.2)


@pytest.mark.parametrize("profile", WITHOUT_TAINTS)
def test_before_taints_a_small_zone_that_is_mostly_lost_keeps_its_pods_until_a_node_is_back(profile: str) -> None:
    scene = Scene(profile=profile)
    home, others = home_and_neighbours(scene)
    lose(scene, home, *others)
    scene.world.turn(900)
    assert scene.events("NodeControllerEviction") == []
    assert "deletionTimestamp" not in scene.pod()["metadata"]
    scene.mark()
    scene.power(others[0], "ACTIVE")
    scene.world.turn(60)
    told = [(name, text) for _, name, text in scene.story if name.startswith("Event/") and text.startswith("DeletingAllPods: ")]
    assert told == [(f"Event/{home}", f"DeletingAllPods: Node {home} event: Deleting all Pods from Node {home}.")]
    evicted = scene.when("Event/test-cinder", "NodeControllerEviction: Marking for deletion Pod test-cinder-")
    assert 10 <= evicted - scene.when(f"Node/{others[0]}", "ready=True") <= 25.2  # a look, then one or two turns of ten seconds


def ghosts(zone: str, number: int) -> list[tuple[resources.Resource, Object]]:
    """Nodes whose kubelets never speak."""
    labels = {"topology.kubernetes.io/region": "RegionOne", "topology.kubernetes.io/zone": zone}
    return [(NODES, {"metadata": {"name": f"ghost-{count:02d}", "labels": labels}, "spec": {}}) for count in range(number)]


def given_up(scene: Scene) -> list[str]:
    """The ghosts with a NoExecute taint."""
    names = [row["metadata"]["name"] for row in scene.store.list(NODES) if row["metadata"]["name"].startswith("ghost-")]
    return [name for name in names if f"{UNREACHABLE}NoExecute" in scene.taints(name)]


def test_in_a_large_zone_that_is_mostly_lost_nodes_are_given_up_one_every_hundred_seconds() -> None:
    scene = Scene()
    scene.mark()
    scene.act(lambda: [scene.store.create(resource, ghost) for resource, ghost in ghosts("az-1", 60)])
    scene.world.turn(400)
    at = sorted(scene.when(f"Node/{name}", "unreachable:NoExecute") for name in given_up(scene))
    assert [round(later - earlier) for earlier, later in itertools.pairwise(at)] == [100, 100, 100]


def test_a_zone_with_two_lost_nodes_is_a_normal_one_however_small_it_is() -> None:
    scene = Scene(manifests=ghosts("az-2", 2))
    scene.world.turn(20)
    assert given_up(scene) == ["ghost-00", "ghost-01"]


def test_a_small_zone_is_small_in_a_large_cluster_too() -> None:
    scene = Scene(manifests=ghosts("az-3", 60))
    lose(scene, "node-1", "node-2")
    scene.world.turn(100)
    lose(scene, "node-3")
    scene.world.turn(300)
    assert scene.taints("node-3") == [f"{UNREACHABLE}NoSchedule"]
    assert len(given_up(scene)) > 25  # a zone that is lost whole is given up at the normal rate


def test_a_node_does_not_wait_for_the_turn_of_another_zones() -> None:
    scene = Scene(manifests=ghosts("az-1", 60))
    scene.world.turn(30)
    scene.mark()
    lose(scene, "node-4")
    scene.world.turn(70)
    assert scene.when("Node/node-4", "unreachable:NoExecute") - scene.when("Node/node-4", "ready=Unknown") == pytest.approx(0.1, abs=0.05)


@pytest.mark.parametrize("profile", WITHOUT_TAINTS)
def test_before_taints_the_pods_of_a_lost_zone_are_deleted_node_by_node_and_those_of_a_lost_cluster_never(profile: str) -> None:
    names = [name for name, zone in NODES_AND_ZONES.items() if zone == "az-1"]
    bare = [
        {"metadata": {"name": f"on-{name}", "namespace": "default"}, "spec": {"nodeName": name, "containers": [MAIN]}} for name in names
    ]
    scene = Scene(profile=profile, manifests=[(resources.PODS, pod) for pod in bare])
    lose(scene, *names)
    scene.mark()
    scene.world.turn(400)
    at = sorted(scene.when(f"Event/on-{name}", "NodeControllerEviction") for name in names)
    assert [round(later - earlier) for earlier, later in itertools.pairwise(at)] == [10, 10, 10]

    scene = Scene(profile=profile)
    lose(scene, *NODES_AND_ZONES)
    scene.world.turn(900)
    assert scene.events("NodeControllerEviction") == []


@pytest.mark.parametrize("profile", WITHOUT_TAINTS)
def test_before_taints_the_pods_of_a_node_that_calls_itself_not_ready_are_deleted_300_seconds_after_it_did(profile: str) -> None:
    scene = Scene(profile=profile)
    home = scene.pod()["spec"]["nodeName"]
    scene.mark()
    scene.act(lambda: scene.manager.kubelets.by_node[home].fail("container runtime is down"))
    scene.world.turn(400)
    evicted = scene.when("Event/test-cinder", "NodeControllerEviction")
    assert evicted - scene.when(f"Node/{home}", "ready=False") == pytest.approx(305, abs=5.2)  # two looks of five seconds


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
    scene.world.turn(40)
    assert scene.taints("ghost") == []
    scene.world.turn(20)
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
