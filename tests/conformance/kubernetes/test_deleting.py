"""Deletions: with grace, with force, with conditions, with finalizers, in what order; and evictions."""

import pytest
from kubernetes import client as k8s

from tests.conformance.kubernetes.cluster import Cluster, deployment, pod, refused

DELETE = "DELETE /api/v1/namespaces/{}/pods/{}"
EVICT = "POST /api/v1/namespaces/{}/pods/{}/eviction"
MERGE = "application/merge-patch+json"


def running(cluster: Cluster, home: str, **spec: object) -> k8s.V1Pod:
    """A pod whose process runs."""
    core = k8s.CoreV1Api(cluster.client())
    core.create_namespaced_pod(home, pod(nodeName="node-4", **spec))
    cluster.until(lambda: core.read_namespaced_pod("web", home).status.phase == "Running")
    return core.read_namespaced_pod("web", home)


@pytest.mark.endpoint(DELETE)
def test_a_running_pod_is_deleted_with_grace(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    running(cluster, home)
    left = core.delete_namespaced_pod("web", home)
    assert left.metadata.deletion_grace_period_seconds == 30
    assert (left.metadata.deletion_timestamp - cluster.world.now).total_seconds() > 28
    shorter = core.delete_namespaced_pod("web", home, grace_period_seconds=5)
    assert shorter.metadata.deletion_grace_period_seconds == 5
    longer = core.delete_namespaced_pod("web", home, grace_period_seconds=60)
    assert longer.metadata.deletion_grace_period_seconds == 5
    cluster.turn(5)
    assert refused(core.read_namespaced_pod, "web", home) == (404, "NotFound", 'pods "web" not found')


@pytest.mark.endpoint(DELETE)
def test_a_pod_is_deleted_with_force_and_one_without_a_node_goes_at_once(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    running(cluster, home)
    assert core.delete_namespaced_pod("web", home, grace_period_seconds=0).metadata.deletion_grace_period_seconds == 0
    assert refused(core.read_namespaced_pod, "web", home)[0] == 404
    core.create_namespaced_pod(home, pod(schedulerName="nobody"))
    core.delete_namespaced_pod("web", home)
    assert refused(core.read_namespaced_pod, "web", home)[0] == 404


@pytest.mark.endpoint(DELETE)
def test_a_deletion_may_depend_on_uid_and_version(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    meta = core.create_namespaced_pod(home, pod(schedulerName="nobody")).metadata
    why = f"the UID in the precondition (other) does not match the UID in record ({meta.uid}). The object might have been deleted and"
    text = f'Operation cannot be fulfilled on pods "web": {why} then recreated'
    assert refused(core.delete_namespaced_pod, "web", home, body={"preconditions": {"uid": "other"}}) == (409, "Conflict", text)
    stale = {"preconditions": {"resourceVersion": "1"}}
    assert refused(core.delete_namespaced_pod, "web", home, body=stale)[:2] == (409, "Conflict")
    core.delete_namespaced_pod("web", home, body={"preconditions": {"uid": meta.uid}})
    assert refused(core.read_namespaced_pod, "web", home)[0] == 404


@pytest.mark.endpoint("DELETE /api/v1/namespaces/{}/configmaps/{}")
def test_what_has_a_finalizer_stays_until_it_is_taken_off(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    core.create_namespaced_config_map(home, {"metadata": {"name": "c", "finalizers": ["example.com/wait"]}})
    core.delete_namespaced_config_map("c", home)
    assert core.read_namespaced_config_map("c", home).metadata.deletion_timestamp is not None
    core.patch_namespaced_config_map("c", home, {"metadata": {"finalizers": None}})
    assert refused(core.read_namespaced_config_map, "c", home)[0] == 404


@pytest.mark.endpoint("DELETE /apis/apps/v1/namespaces/{}/deployments/{}")
@pytest.mark.parametrize(("policy", "sets_left"), [("Background", 0), ("Foreground", 0), ("Orphan", 1)])
def test_what_is_owned_goes_along_or_not(cluster: Cluster, home: str, policy: str, sets_left: int):
    apps = k8s.AppsV1Api(cluster.client())
    apps.create_namespaced_deployment(home, deployment())
    assert len(apps.list_namespaced_replica_set(home).items) == 1
    apps.delete_namespaced_deployment("web", home, propagation_policy=policy)
    cluster.turn(1)
    assert refused(apps.read_namespaced_deployment, "web", home)[0] == 404
    assert len(apps.list_namespaced_replica_set(home).items) == sets_left


@pytest.mark.endpoint("DELETE /api/v1/namespaces/{}/configmaps")
def test_a_selection_is_deleted(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    for name in "abc":
        core.create_namespaced_config_map(home, {"metadata": {"name": name, "labels": {"last": str(name == "c")}}})
    core.delete_collection_namespaced_config_map(home, label_selector="last=False")
    assert [row.metadata.name for row in core.list_namespaced_config_map(home).items] == ["c", "kube-root-ca.crt"]


@pytest.mark.endpoint(EVICT)
def test_an_eviction_asks_the_budget(cluster: Cluster, home: str):
    core, policy = k8s.CoreV1Api(cluster.client()), k8s.PolicyV1Api(cluster.client())
    running(cluster, home)
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    policy.create_namespaced_pod_disruption_budget(home, {"metadata": {"name": "web"}, "spec": spec})
    cluster.turn(2)
    body = {"metadata": {"name": "web"}}
    answer = cluster.ask("POST", f"/api/v1/namespaces/{home}/pods/web/eviction", body)
    status = answer.json()
    assert (answer.status_code, status["reason"]) == (429, "TooManyRequests")
    assert status["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    cause = {"reason": "DisruptionBudget", "message": "The disruption budget web needs 1 healthy pods and has 1 currently"}
    assert status["details"]["causes"] == [cause]
    policy.delete_namespaced_pod_disruption_budget("web", home)
    core.create_namespaced_pod_eviction("web", home, body)
    found = core.read_namespaced_pod("web", home)
    [target] = [row for row in found.status.conditions if row.type == "DisruptionTarget"]
    assert (target.reason, target.message) == ("EvictionByEvictionAPI", "Eviction API: evicting")
    assert found.metadata.deletion_grace_period_seconds == 30


@pytest.mark.endpoint("DELETE /api/v1/namespaces/{}")
def test_what_lives_in_a_namespace_goes_with_it(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    core.create_namespaced_config_map(home, {"metadata": {"name": "c"}})
    core.delete_namespace(home)
    cluster.turn(1)
    assert refused(core.read_namespace, home) == (404, "NotFound", f'namespaces "{home}" not found')
    assert core.list_namespaced_config_map(home).items == []
    assert refused(core.create_namespaced_config_map, home, {"metadata": {"name": "d"}})[0] == 404
