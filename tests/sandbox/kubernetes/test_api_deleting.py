"""Deletions: grace, preconditions, propagation, selections."""

from collections.abc import Callable
from typing import Any

import pytest

from chaoscinder.sandbox.kubernetes.resources import PODS
from chaoscinder.sandbox.kubernetes.store import Store

PODS_PATH = "/api/v1/namespaces/default/pods"
DEPLOYMENTS_PATH = "/apis/apps/v1/namespaces/default/deployments"
MERGE = "application/merge-patch+json"
Http = Any
MakePod = Callable[..., dict[str, Any]]


def test_a_write_cannot_rename_and_cannot_undelete(http: Http, store: Store, pod: MakePod):
    http.post(PODS_PATH, pod(nodeName="n1"))
    store.delete(PODS, "web", "default")
    text = "the name of the object (x) does not match the name on the URL (web)"
    assert http.refusal("PATCH", f"{PODS_PATH}/web", {"metadata": {"name": "x"}}, content_type=MERGE) == (400, "BadRequest", text)
    _, left = http("PATCH", f"{PODS_PATH}/web", {"metadata": {"deletionTimestamp": None, "labels": {"a": "b"}}}, content_type=MERGE)
    assert (left["metadata"]["deletionTimestamp"], left["metadata"]["labels"]) == ("2026-11-22T12:00:30Z", {"app": "web", "a": "b"})


def test_a_pod_on_a_node_is_deleted_with_grace(http: Http, pod: MakePod):
    http.post(PODS_PATH, pod(nodeName="n1"))
    code, left = http("DELETE", f"{PODS_PATH}/web?gracePeriodSeconds=10")
    assert (code, left["kind"], left["metadata"]["deletionGracePeriodSeconds"]) == (200, "Pod", 10)
    code, gone = http("DELETE", f"{PODS_PATH}/web", {"gracePeriodSeconds": 0})
    assert (code, gone["kind"]) == (200, "Pod")
    assert http("GET", f"{PODS_PATH}/web")[0] == 404


def test_a_deleted_deployment_is_a_status_that_names_it(http: Http, deployment: dict[str, Any]):
    uid = http.post(DEPLOYMENTS_PATH, deployment)["metadata"]["uid"]
    assert http("DELETE", f"{DEPLOYMENTS_PATH}/web") == (
        200,
        {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Success",
            "details": {"name": "web", "group": "apps", "kind": "deployments", "uid": uid},
        },
    )


@pytest.mark.parametrize(("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")])
def test_foreground_and_orphan_wait_for_the_garbage_collector(http: Http, deployment: dict[str, Any], policy: str, finalizer: str):
    http.post(DEPLOYMENTS_PATH, deployment)
    code, left = http("DELETE", f"{DEPLOYMENTS_PATH}/web", {"propagationPolicy": policy})
    assert (code, left["kind"], left["metadata"]["finalizers"]) == (200, "Deployment", [finalizer])
    assert left["metadata"]["deletionTimestamp"] == "2026-11-22T12:00:00Z"


def test_a_precondition_guards_a_deletion(http: Http, pod: MakePod):
    made = http.post(PODS_PATH, pod())["metadata"]
    why = f"the UID in the precondition (other) does not match the UID in record ({made['uid']})"
    text = f'Operation cannot be fulfilled on pods "web": {why}. The object might have been deleted and then recreated'
    assert http.refusal("DELETE", f"{PODS_PATH}/web", {"preconditions": {"uid": "other"}}) == (409, "Conflict", text)
    assert http.refusal("DELETE", f"{PODS_PATH}/web", {"preconditions": {"resourceVersion": "1"}})[:2] == (409, "Conflict")
    assert http("DELETE", f"{PODS_PATH}/web", {"preconditions": {"uid": made["uid"]}})[0] == 200


@pytest.mark.parametrize("path", [f"{PODS_PATH}/web", f"{PODS_PATH}/web/eviction"])
def test_a_dry_run_in_delete_options_deletes_nothing(http: Http, pod: MakePod, path: str):
    http.post(PODS_PATH, pod())
    if path.endswith("eviction"):
        answer = http("POST", path, {"metadata": {"name": "web"}, "deleteOptions": {"dryRun": ["All"]}})
    else:
        answer = http("DELETE", path, {"dryRun": ["All"]})
    assert answer[0] == (201 if path.endswith("eviction") else 200)
    assert "deletionTimestamp" not in http.get(f"{PODS_PATH}/web")["metadata"]


def test_a_selection_is_deleted(http: Http, pod: MakePod):
    http.post(PODS_PATH, pod("a"))
    http.post(PODS_PATH, {**pod("b"), "metadata": {"name": "b"}})
    code, gone = http("DELETE", f"{PODS_PATH}?labelSelector=app%3Dweb")
    assert (code, gone["kind"], [row["metadata"]["name"] for row in gone["items"]]) == (200, "PodList", ["a"])
    assert [row["metadata"]["name"] for row in http.get(PODS_PATH)["items"]] == ["b"]
