"""Roll-outs of a workload on one volume, and of one without."""

from chaoscinder.sandbox.kubernetes.controllers import conditions
from chaoscinder.sandbox.kubernetes.resources import DEPLOYMENTS, REPLICASETS
from chaoscinder.sandbox.kubernetes.store import Object
from tests.sandbox.fakes import Scene

PLAIN: Object = {
    "metadata": {"name": "plain", "namespace": "default"},
    "spec": {
        "replicas": 4, "selector": {"matchLabels": {"app": "plain"}},
        "template": {"metadata": {"labels": {"app": "plain"}}, "spec": {"containers": [{"name": "main", "image": "plain:1"}]}},
    },
}  # fmt: skip

EXCLUSIVE = "Volume is already exclusively attached to one node and can't be attached to another"


def roll(scene: Scene, name: str, image: str) -> None:
    def edit(deployment: Object) -> None:
        deployment["spec"]["template"]["spec"]["containers"][0]["image"] = image

    scene.act(lambda: scene.store.change(DEPLOYMENTS, name, "default", edit))


def roll_on(scene: Scene) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}
    scene.act(lambda: scene.store.change(DEPLOYMENTS, "test-cinder", "default", lambda new: new["spec"].update(strategy=strategy)))


def condition(scene: Scene, type_: str) -> tuple[str, str]:
    row = conditions.find(scene.store.get(DEPLOYMENTS, "test-cinder", "default"), type_) or {}
    return row["status"], row["reason"]


def test_a_rolling_update_on_another_node_never_ends_because_both_pods_want_the_volume() -> None:
    scene = Scene()
    home = scene.pod()["spec"]["nodeName"]
    roll_on(scene)
    scene.cordon(home)
    roll(scene, "test-cinder", "demo:2")
    scene.world.turn(590)
    assert condition(scene, "Progressing") == ("True", "ReplicaSetUpdated")
    scene.world.turn(30)
    assert condition(scene, "Progressing") == ("False", "ProgressDeadlineExceeded")
    assert condition(scene, "Available") == ("True", "MinimumReplicasAvailable")
    assert scene.serving() == home
    assert len(scene.pods()) == 2


def test_recreate_ends_the_old_pod_first_and_the_volume_moves() -> None:
    scene = Scene()
    home = scene.pod()["spec"]["nodeName"]
    scene.cordon(home)
    scene.mark()
    roll(scene, "test-cinder", "demo:2")
    scene.turn_until(lambda: scene.serving() not in (home, "refused"), 40)
    assert scene.pod()["spec"]["containers"][0]["image"] == "demo:2"
    gone = next(at for at, name, text in scene.story if name.startswith("Pod/") and text == "DELETED")
    made = next(at for at, name, text in scene.story if name == f"Pod/{scene.pod()['metadata']['name']}")
    assert gone <= made
    assert scene.events("FailedAttachVolume")[-1].endswith(EXCLUSIVE)
    assert condition(scene, "Progressing") == ("True", "NewReplicaSetAvailable")


def test_a_roll_out_without_a_volume_keeps_three_of_four_available_and_can_be_rolled_back() -> None:
    scene = Scene(manifests=[(DEPLOYMENTS, PLAIN)])
    roll(scene, "plain", "plain:2")
    least = 4
    while any(pod["spec"]["containers"][0]["image"] == "plain:1" for pod in scene.pods("plain")):
        scene.world.turn(0.1)
        least = min(least, scene.store.get(DEPLOYMENTS, "plain", "default")["status"].get("availableReplicas", 0))
    scene.world.turn(5)
    assert least == 3
    status = scene.store.get(DEPLOYMENTS, "plain", "default")["status"]
    assert (status["replicas"], status["updatedReplicas"], status["availableReplicas"]) == (4, 4, 4)
    roll(scene, "plain", "plain:1")
    scene.world.turn(20)
    rows = [row for row in scene.store.list(REPLICASETS) if row["spec"]["replicas"] == 4]
    revisions = [row["metadata"]["annotations"]["deployment.kubernetes.io/revision"] for row in rows]
    assert revisions == ["3"]
    assert {pod["spec"]["containers"][0]["image"] for pod in scene.pods("plain")} == {"plain:1"}


def test_scaling_makes_and_ends_pods_and_deleting_takes_everything_along() -> None:
    scene = Scene(manifests=[(DEPLOYMENTS, PLAIN)])
    scene.act(lambda: scene.store.change(DEPLOYMENTS, "plain", "default", lambda new: new["spec"].update(replicas=2)))
    scene.world.turn(3)
    assert len(scene.pods("plain")) == 2
    scene.act(lambda: scene.store.delete(DEPLOYMENTS, "plain", "default"))
    scene.world.turn(3)
    assert scene.pods("plain") == []
    assert [row for row in scene.store.list(REPLICASETS) if row["metadata"]["name"].startswith("plain")] == []


def test_losing_a_pod_is_no_roll_out() -> None:
    scene = Scene()
    scene.power(scene.pod()["spec"]["nodeName"], "SHUTOFF")
    scene.world.turn(60)
    assert condition(scene, "Available") == ("False", "MinimumReplicasUnavailable")
    assert condition(scene, "Progressing") == ("True", "NewReplicaSetAvailable")
