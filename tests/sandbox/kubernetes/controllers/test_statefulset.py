"""StatefulSets: one pod of a name, and what that means on a dead node."""

import copy

from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.resources import PODS, STATEFULSETS
from tests.sandbox.fakes import SERVERS, Scene

TEMPLATE = {
    "metadata": {"labels": {"app": "db"}},
    "spec": {"containers": [{"name": "main", "image": "db:1", "volumeMounts": [{"name": "data", "mountPath": "/data"}]}]},
}
CLAIM = {
    "metadata": {"name": "data"},
    "spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "cinder", "resources": {"requests": {"storage": "1Gi"}}},
}
STATEFULSET = {
    "metadata": {"name": "db", "namespace": "default"},
    "spec": {
        "replicas": 1, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}}, "template": TEMPLATE,
        "volumeClaimTemplates": [CLAIM],
    },
}  # fmt: skip

EXCLUSIVE = "Volume is already exclusively attached to one node and can't be attached to another"


def scene_with(replicas: int = 1) -> Scene:
    manifest = copy.deepcopy(STATEFULSET)
    manifest["spec"]["replicas"] = replicas  # type: ignore[index]
    return Scene(manifests=[(STATEFULSETS, manifest)])


def test_its_claims_are_made_and_provisioned_and_its_pods_come_one_after_the_other() -> None:
    scene = scene_with(2)
    assert [pod["metadata"]["name"] for pod in scene.pods("db")] == ["db-0", "db-1"]
    claims = scene.store.list(resources.CLAIMS, "default")
    assert [(row["metadata"]["name"], row["status"]["phase"]) for row in claims] == [
        ("data-db-0", "Bound"),
        ("data-db-1", "Bound"),
        ("test-cinder-volume", "Bound"),
    ]
    assert scene.events("SuccessfulCreate", "db") == [
        "Create Claim data-db-0 Pod db-0 in StatefulSet db success",
        "Create Pod db-0 in StatefulSet db successful",
        "Create Claim data-db-1 Pod db-1 in StatefulSet db success",
        "Create Pod db-1 in StatefulSet db successful",
    ]
    status = scene.store.get(STATEFULSETS, "db", "default")["status"]
    assert (status["replicas"], status["readyReplicas"], status["updatedReplicas"]) == (2, 2, 2)


def test_a_terminating_pod_on_a_dead_node_is_never_replaced() -> None:
    scene = scene_with()
    victim = scene.pod("db")["spec"]["nodeName"]
    uid = scene.pod("db")["metadata"]["uid"]
    scene.power(victim, "SHUTOFF")
    scene.world.turn(900)
    assert scene.pod("db")["metadata"]["uid"] == uid
    assert "deletionTimestamp" in scene.pod("db")["metadata"]
    scene.act(lambda: scene.store.delete(PODS, "db-0", "default", grace_s=0))
    assert scene.pod("db")["metadata"]["uid"] != uid
    scene.world.turn(1)
    assert scene.events("FailedAttachVolume", "db-0")[-1].endswith(EXCLUSIVE)


def test_a_node_that_is_back_ends_the_terminating_pod_and_its_name_is_free_again() -> None:
    scene = scene_with()
    victim, uid = scene.pod("db")["spec"]["nodeName"], scene.pod("db")["metadata"]["uid"]
    scene.power(victim, "SHUTOFF")
    scene.world.turn(480)
    scene.power(victim, "ACTIVE")
    scene.world.turn(scene.profile.boot_s + 1)
    assert scene.pod("db")["metadata"]["uid"] != uid


def test_a_deleted_server_frees_the_name_after_the_quarantine() -> None:
    scene = scene_with()
    victim, uid = scene.pod("db")["spec"]["nodeName"], scene.pod("db")["metadata"]["uid"]
    scene.mark()
    scene.act(lambda: scene.cloud.delete(SERVERS[victim]))
    replaced = scene.turn_until(lambda: scene.pods("db") != [] and scene.pod("db")["metadata"]["uid"] != uid, 200)
    assert replaced - scene.when(f"Node/{victim}", "DELETED") <= 61


def test_a_new_template_replaces_the_pods_from_the_highest_down() -> None:
    scene = scene_with(2)
    scene.mark()
    container = {"name": "main", "image": "db:2"}
    scene.act(
        lambda: scene.store.change(
            STATEFULSETS, "db", "default", lambda new: new["spec"]["template"]["spec"].update(containers=[container])
        )
    )
    scene.world.turn(60)
    assert [pod["spec"]["containers"][0]["image"] for pod in scene.pods("db")] == ["db:2", "db:2"]
    assert scene.when("Pod/db-1", "DELETED") < scene.when("Pod/db-0", "DELETED")


def test_scaling_down_ends_the_highest_pod_and_keeps_its_claim() -> None:
    scene = scene_with(2)
    scene.act(lambda: scene.store.change(STATEFULSETS, "db", "default", lambda new: new["spec"].update(replicas=1)))
    scene.world.turn(5)
    assert [pod["metadata"]["name"] for pod in scene.pods("db")] == ["db-0"]
    assert scene.store.find(resources.CLAIMS, "data-db-1", "default") is not None
