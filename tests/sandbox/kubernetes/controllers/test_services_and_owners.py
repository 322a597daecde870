"""Endpoints, disruption budgets, namespaces and what goes with its owner."""

from chaoscinder.sandbox.kubernetes import defaults, resources
from chaoscinder.sandbox.kubernetes.resources import BUDGETS, DEPLOYMENTS, ENDPOINTS, NAMESPACES, PODS, SERVICES, SLICES
from chaoscinder.sandbox.kubernetes.store import Object
from tests.sandbox.fakes import Scene


def slice_of(scene: Scene) -> Object:
    (found,) = scene.store.list(SLICES, "default")
    return found


def test_a_slice_tells_the_ready_pod_and_its_port() -> None:
    scene = Scene()
    pod, found = scene.pod(), slice_of(scene)
    (endpoint,) = found["endpoints"]
    meta = pod["metadata"]
    assert endpoint == {
        "addresses": [pod["status"]["podIP"]],
        "conditions": {"ready": True, "serving": True, "terminating": False},
        "nodeName": pod["spec"]["nodeName"],
        "targetRef": {"kind": "Pod", "namespace": "default", "name": meta["name"], "uid": meta["uid"]},
        "zone": "az-1",
    }
    assert found["ports"] == [{"name": "http", "port": 8080, "protocol": "TCP"}]
    assert found["metadata"]["labels"]["kubernetes.io/service-name"] == "test-cinder"
    assert scene.store.get(ENDPOINTS, "test-cinder", "default")["subsets"][0]["addresses"][0]["ip"] == pod["status"]["podIP"]
    assert scene.traffic.led == (meta["uid"],)


def test_a_deleted_pod_loses_the_traffic_at_once() -> None:
    scene = Scene()
    scene.act(lambda: scene.store.delete(PODS, scene.pod()["metadata"]["name"], "default"))
    assert scene.serving() == "refused"
    assert [row["conditions"] for row in slice_of(scene)["endpoints"]] == [{"ready": False, "serving": True, "terminating": True}]


def test_a_deleted_service_takes_its_slice_and_its_endpoints_along() -> None:
    scene = Scene()
    scene.act(lambda: scene.store.delete(SERVICES, "test-cinder", "default"))
    assert scene.store.list(SLICES) == []
    assert scene.store.list(ENDPOINTS) == []


def test_a_deleted_namespace_is_emptied_and_a_new_one_is_furnished() -> None:
    scene = Scene()
    scene.act(lambda: scene.store.create(NAMESPACES, defaults.apply(NAMESPACES, {"metadata": {"name": "shop"}})))
    assert scene.store.find(resources.SERVICEACCOUNTS, "default", "shop") is not None
    scene.act(lambda: scene.store.delete(NAMESPACES, "shop"))
    assert scene.store.find(resources.SERVICEACCOUNTS, "default", "shop") is None


def test_an_orphaning_deletion_leaves_the_replica_set() -> None:
    scene = Scene()

    def delete() -> None:
        scene.store.change(DEPLOYMENTS, "test-cinder", "default", lambda new: new["metadata"].update(finalizers=["orphan"]))
        scene.store.delete(DEPLOYMENTS, "test-cinder", "default")

    scene.act(delete)
    (left,) = scene.store.list(resources.REPLICASETS)
    assert scene.store.list(DEPLOYMENTS) == []
    assert "ownerReferences" not in left["metadata"]
    assert len(scene.pods()) == 1


def test_a_foreground_deletion_waits_for_the_replica_set() -> None:
    scene = Scene()

    def delete() -> None:
        scene.store.change(DEPLOYMENTS, "test-cinder", "default", lambda new: new["metadata"].update(finalizers=["foregroundDeletion"]))
        scene.store.delete(DEPLOYMENTS, "test-cinder", "default")

    scene.act(delete)
    scene.world.turn(3)
    assert (scene.store.list(DEPLOYMENTS), scene.store.list(resources.REPLICASETS), scene.pods()) == ([], [], [])


def test_a_budget_counts_the_pods_it_guards() -> None:
    scene = Scene()
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "test-cinder"}}}
    scene.act(lambda: scene.store.create(BUDGETS, {"metadata": {"name": "web", "namespace": "default"}, "spec": spec}))
    scene.world.turn(0.1)
    status = scene.store.get(BUDGETS, "web", "default")["status"]
    assert status == {"currentHealthy": 1, "desiredHealthy": 1, "expectedPods": 1, "disruptionsAllowed": 0, "observedGeneration": 1}
    scene.act(lambda: scene.store.change(BUDGETS, "web", "default", lambda new: new["spec"].update(minAvailable="0%")))
    scene.world.turn(0.1)
    assert scene.store.get(BUDGETS, "web", "default")["status"]["disruptionsAllowed"] == 1
