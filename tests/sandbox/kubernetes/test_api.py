"""The API server itself: what it says about itself, whom it lets in, and what it refuses whole."""

from typing import Any

import pytest

from chaoscinder.sandbox.kubernetes.api import KubernetesApi
from chaoscinder.sandbox.kubernetes.store import Store
from chaoscinder.sandbox.world import World

PODS_PATH = "/api/v1/namespaces/default/pods"
Http = Any


def test_the_version_says_that_it_is_the_sandbox(http: Http):
    version = http.get("/version")
    assert (version["major"], version["minor"], version["gitVersion"]) == ("1", "36", "v1.36.2+chaoscinder-sandbox")
    assert version["chaoscinder"] == {"sandbox": True, "rate": 20.0}


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_it_says_that_it_is_well(http: Http, path: str):
    assert http.raw("GET", path).data == b"ok"


def test_discovery_lists_groups_and_resources(http: Http):
    assert http.get("/api")["versions"] == ["v1"]
    assert [group["name"] for group in http.get("/apis")["groups"]] == [
        "apps",
        "batch",
        "coordination.k8s.io",
        "discovery.k8s.io",
        "policy",
        "storage.k8s.io",
        "rbac.authorization.k8s.io",
        "events.k8s.io",
        "authorization.k8s.io",
        "authentication.k8s.io",
    ]
    assert http.get("/apis/apps")["preferredVersion"] == {"groupVersion": "apps/v1", "version": "v1"}
    rows = {row["name"]: row for row in http.get("/api/v1")["resources"]}
    assert rows["pods/eviction"] == {
        "name": "pods/eviction",
        "singularName": "",
        "namespaced": True,
        "kind": "Eviction",
        "group": "policy",
        "version": "v1",
        "verbs": ["create"],
    }
    assert rows["nodes"]["shortNames"] == ["no"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/api/v1/namespaces/default/pods/nope", 'pods "nope" not found'),
        ("/apis/apps/v1/namespaces/default/deployments/nope", 'deployments.apps "nope" not found'),
        ("/api/v1/nodes/nope", 'nodes "nope" not found'),
        ("/apis/apps/v1/namespaces/default/deployments/nope/scale", 'deployments.apps "nope" not found'),
    ],
)
def test_what_does_not_exist_is_404(http: Http, path: str, message: str):
    assert http.refusal("GET", path) == (404, "NotFound", message)


def test_the_details_of_a_refusal_name_the_object(http: Http):
    _, status = http("GET", "/apis/apps/v1/namespaces/default/deployments/nope")
    assert status == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'deployments.apps "nope" not found',
        "reason": "NotFound",
        "details": {"name": "nope", "group": "apps", "kind": "deployments"},
        "code": 404,
    }


@pytest.mark.parametrize(
    ("method", "path", "what"),
    [
        ("GET", "/apis/autoscaling/v2/horizontalpodautoscalers", "GET /apis/autoscaling/v2/horizontalpodautoscalers"),
        ("GET", "/api/v1/namespaces/default/pods/web/exec", "GET /api/v1/namespaces/default/pods/web/exec"),
        ("GET", "/metrics", "GET /metrics"),
        ("GET", "/apis/autoscaling/v2", "GET /apis/autoscaling/v2"),
    ],
)
def test_what_the_sandbox_cannot_do_is_501_with_method_and_path(http: Http, method: str, path: str, what: str):
    body = {"metadata": {"name": "x"}} if method == "POST" else None
    assert http.refusal(method, path, body) == (501, "NotImplemented", f"the sandbox does not implement {what}")


@pytest.mark.parametrize(("method", "path"), [("POST", "/api/v1/nodes/n1"), ("POST", "/api/v1/pods"), ("GET", f"{PODS_PATH}/web/eviction")])
def test_a_method_that_does_not_fit_is_405(http: Http, method: str, path: str):
    expected = (405, "MethodNotAllowed", "the server does not allow this method on the requested resource")
    assert http.refusal(method, path, {} if method == "POST" else None) == expected


def test_everybody_may_do_everything_where_no_tokens_are_known(http: Http):
    review = {"spec": {"resourceAttributes": {"verb": "get", "resource": "pods"}}}
    head = {"kind": "SelfSubjectAccessReview", "apiVersion": "authorization.k8s.io/v1", "metadata": {}}
    answer = (201, {**head, **review, "status": {"allowed": True}})
    assert http("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review) == answer


def test_without_a_known_token_nobody_comes_in_but_to_ask_who_it_is(world: World, store: Store, http: Http):
    guarded = type(http)(KubernetesApi(world, store, git_version="v1.36.2", rate=1.0, tokens={"secret": "admin"}))
    anonymous = 'nodes is forbidden: User "system:anonymous" cannot list resource "nodes" in API group "" at the cluster scope'
    assert guarded.refusal("GET", "/api/v1/nodes") == (403, "Forbidden", anonymous)
    assert guarded("GET", "/version")[0] == 200
    guarded.headers["Authorization"] = "Bearer wrong"
    assert guarded.refusal("GET", "/version") == (401, "Unauthorized", "Unauthorized")
    guarded.headers["Authorization"] = "Bearer secret"
    assert guarded("GET", "/api/v1/nodes")[0] == 200
    _, review = guarded("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
    who = {"username": "admin", "groups": ["system:masters", "system:authenticated"]}
    head = {"kind": "SelfSubjectReview", "apiVersion": "authentication.k8s.io/v1", "metadata": {}}
    assert review == {**head, "status": {"userInfo": who}}


def test_a_bug_is_500_and_no_broken_connection(http: Http, store: Store, caplog: pytest.LogCaptureFixture):
    def broken() -> bool:
        raise RuntimeError("boom")

    store.world.add_settler(broken)
    assert http.refusal("GET", "/api/v1/nodes") == (500, "InternalError", "Internal error occurred: see the sandbox's log")
    assert "GET /api/v1/nodes" in caplog.text
