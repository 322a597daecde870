"""Behaviours that a reference tells of and no recording shows whole: two claims, a drain with a budget, a kubelet that stops."""

import json

from werkzeug.test import Client

from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.api import KubernetesApi
from chaoscinder.sandbox.kubernetes.controllers import conditions
from chaoscinder.sandbox.kubernetes.resources import CLAIMS, DEPLOYMENTS, PODS, STATEFULSETS, STORAGECLASSES
from chaoscinder.sandbox.kubernetes.store import Object
from tests.sandbox.fakes import NODES_AND_ZONES, Scene


def claim(name: str, class_: str = "cinder") -> tuple[resources.Resource, Object]:
    spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": class_, "resources": {"requests": {"storage": "1Gi"}}}
    return CLAIMS, {"metadata": {"name": name, "namespace": "default"}, "spec": spec}


def template(app: str, *claims: str) -> Object:
    volumes = [{"name": name, "persistentVolumeClaim": {"claimName": name}} for name in claims]
    return {"metadata": {"labels": {"app": app}}, "spec": {"containers": [{"name": "main", "image": "app:1"}], "volumes": volumes}}


def workload(kind: resources.Resource, app: str, *claims: str) -> tuple[resources.Resource, Object]:
    spec = {"replicas": 1, "serviceName": app, "selector": {"matchLabels": {"app": app}}, "template": template(app, *claims)}
    return kind, {"metadata": {"name": app, "namespace": "default"}, "spec": spec}


def is_ready(scene: Scene, app: str) -> bool:
    return [conditions.status(pod, "Ready") for pod in scene.pods(app)] == ["True"]


def attached(scene: Scene) -> dict[str, list[str]]:
    """Nodes of each claim's VolumeAttachments."""
    volumes = {row["metadata"]["name"]: row["spec"]["claimRef"]["name"] for row in scene.store.list(resources.VOLUMES)}
    found: dict[str, list[str]] = {}
    for row in scene.store.list(resources.ATTACHMENTS):
        found.setdefault(volumes[row["spec"]["source"]["persistentVolumeName"]], []).append(row["spec"]["nodeName"])
    return found


def test_a_pod_with_two_claims_starts_when_both_are_there_and_moves_with_both() -> None:
    scene = Scene(manifests=[claim("one"), claim("two"), workload(DEPLOYMENTS, "pair", "one", "two")])
    home = scene.pod("pair")["spec"]["nodeName"]
    assert (is_ready(scene, "pair"), attached(scene)["one"], attached(scene)["two"]) == (True, [home], [home])
    scene.cordon(home)
    scene.mark()
    scene.act(lambda: scene.store.delete(PODS, scene.pod("pair")["metadata"]["name"], "default"))
    scene.turn_until(lambda: is_ready(scene, "pair"), 60)
    new = scene.pod("pair")
    there = new["spec"]["nodeName"]
    assert there != home
    assert (attached(scene)["one"], attached(scene)["two"]) == ([there], [there])
    told = [text for _, name, text in scene.story if name == f"Event/{new['metadata']['name']}"]
    assert sum("Multi-Attach error" in text for text in told) == 2
    succeeded = [at for at, name, text in scene.story if name.startswith("Event/pair") and "SuccessfulAttachVolume" in text]
    started = scene.when(f"Event/{new['metadata']['name']}", "Started")
    assert (len(succeeded), started > max(succeeded)) == (2, True)


def test_after_the_eviction_a_deployment_has_a_pod_that_waits_and_a_statefulset_has_none() -> None:
    scene = Scene(manifests=[claim("a"), claim("b"), workload(DEPLOYMENTS, "web", "a"), workload(STATEFULSETS, "db", "b")])
    for name in NODES_AND_ZONES:
        scene.power(name, "SHUTOFF") if name in {scene.pod("web")["spec"]["nodeName"], scene.pod("db")["spec"]["nodeName"]} else None
    scene.world.turn(420)
    assert [("deletionTimestamp" in pod["metadata"], pod["status"]["phase"]) for pod in scene.pods("web")] == [
        (True, "Running"),
        (False, "Pending"),
    ]
    assert [("deletionTimestamp" in pod["metadata"], pod["status"]["phase"]) for pod in scene.pods("db")] == [(True, "Running")]


def test_a_drain_waits_for_the_budget_until_another_pod_is_ready() -> None:
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    budget = {"metadata": {"name": "web", "namespace": "default"}, "spec": spec}
    scene = Scene(manifests=[workload(DEPLOYMENTS, "web"), (resources.BUDGETS, budget)])
    api = KubernetesApi(scene.world, scene.store, git_version="v1.36.2", rate=1.0, log=lambda _: "", tokens={"": "me"})
    home = scene.pod("web")["spec"]["nodeName"]
    scene.cordon(home)

    def evict() -> tuple[int, str]:
        name = next(pod["metadata"]["name"] for pod in scene.pods("web") if pod["spec"].get("nodeName") == home)
        meta = {"name": name, "namespace": "default"}
        body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": meta}
        answer = Client(api).post(f"/api/v1/namespaces/default/pods/{name}/eviction", json=body)
        document = json.loads(answer.data)
        causes = (document.get("details") or {}).get("causes") or [{"message": ""}]
        return answer.status_code, causes[0]["message"]

    assert evict() == (429, "The disruption budget web needs 1 healthy pods and has 1 currently")
    scene.world.turn(5)
    assert evict()[0] == 429  # as long as there is one replica the drain hangs
    scene.act(lambda: scene.store.change(DEPLOYMENTS, "web", "default", lambda new: new["spec"].update(replicas=2)))
    scene.world.turn(5)
    assert evict() == (201, "")
    scene.world.turn(5)
    assert home not in [pod["spec"]["nodeName"] for pod in scene.pods("web")]
    api.close()


def test_a_claim_that_waits_for_its_consumer_ties_the_pod_to_its_zone_for_ever() -> None:
    class_ = {"metadata": {"name": "late"}, "provisioner": "cinder.csi.openstack.org", "volumeBindingMode": "WaitForFirstConsumer"}
    scene = Scene(manifests=[(STORAGECLASSES, class_), claim("data", "late"), workload(DEPLOYMENTS, "web", "data")])
    home = scene.pod("web")["spec"]["nodeName"]
    zone = NODES_AND_ZONES[home]
    for name, where in NODES_AND_ZONES.items():
        scene.cordon(name, where == zone) if not name.startswith("control-plane") else None
    scene.act(lambda: scene.store.delete(PODS, scene.pod("web")["metadata"]["name"], "default"))
    scene.world.turn(30)
    (pod,) = scene.pods("web")
    assert "nodeName" not in pod["spec"]
    assert "node(s) didn't match PersistentVolume's node affinity" in (conditions.find(pod, "PodScheduled") or {})["message"]
    scene.cordon(home, False)
    scene.turn_until(lambda: is_ready(scene, "web"), 30)
    assert scene.pod("web")["spec"]["nodeName"] == home


def test_a_kubelet_that_stops_leaves_its_containers_running_and_finds_them_again() -> None:
    scene = Scene()
    home, uid = scene.pod()["spec"]["nodeName"], scene.pod()["metadata"]["uid"]
    kubelet = scene.manager.kubelets.by_node[home]
    scene.mark()
    scene.act(kubelet.stop)
    scene.world.turn(150)
    assert scene.containers.is_running(uid)
    assert (conditions.status(scene.pod(), "Ready"), scene.serving()) == ("False", "refused")  # not a black hole: the node has power
    scene.act(kubelet.resume)
    scene.world.turn(1)
    (status,) = scene.pod()["status"]["containerStatuses"]
    assert (scene.pod()["metadata"]["uid"], status["restartCount"], scene.serving()) == (uid, 0, home)
    scene.world.turn(6)
    assert scene.taints(home) == []


def test_a_kubelet_that_is_back_after_the_eviction_ends_its_pod_and_the_volume_moves() -> None:
    scene = Scene()
    home, uid = scene.pod()["spec"]["nodeName"], scene.pod()["metadata"]["uid"]
    kubelet = scene.manager.kubelets.by_node[home]
    scene.act(kubelet.stop)
    scene.world.turn(480)
    assert (scene.containers.is_running(uid), len(scene.pods())) == (True, 2)
    scene.mark()
    scene.act(kubelet.resume)
    back = scene.turn_until(lambda: scene.serving() not in ("timeout", "refused"), 60)
    assert (scene.containers.is_running(uid), len(scene.pods())) == (False, 1)
    assert back <= 18.8 + 1  # recorded: Running 18.8 s after the return
    assert scene.attachments() == [(scene.pod()["spec"]["nodeName"], True, False)]
