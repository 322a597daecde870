"""Evictions and the disruption budgets that stand in their way."""

from collections.abc import Callable
from typing import Any

import pytest

from chaoscinder.sandbox.kubernetes.resources import BUDGETS, PODS
from chaoscinder.sandbox.kubernetes.store import Store

PATH = "/api/v1/namespaces/default/pods/web/eviction"
EVICTION = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": "web", "namespace": "default"}}
READY = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
Http = Any


@pytest.fixture
def running(http: Http, store: Store, pod: Callable[..., dict[str, Any]]) -> None:
    http.post("/api/v1/namespaces/default/pods", pod(nodeName="n1"))
    store.change(PODS, "web", "default", lambda new: new.update(status=dict(READY)))


def budget(store: Store, **status: int) -> None:
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    store.create(BUDGETS, {"metadata": {"name": "web", "namespace": "default"}, "spec": spec, "status": status})


@pytest.mark.usefixtures("running")
def test_an_eviction_marks_the_pod_and_deletes_it_with_grace(http: Http):
    assert http("POST", PATH, EVICTION) == (201, {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201})
    left = http.get("/api/v1/namespaces/default/pods/web")
    assert left["metadata"]["deletionTimestamp"] == "2026-11-22T12:00:30Z"
    assert left["status"]["conditions"] == [
        {"type": "Ready", "status": "True"},
        {
            "type": "DisruptionTarget",
            "status": "True",
            "lastProbeTime": None,
            "lastTransitionTime": "2026-11-22T12:00:00Z",
            "reason": "EvictionByEvictionAPI",
            "message": "Eviction API: evicting",
            "observedGeneration": 1,
        },
    ]


@pytest.mark.usefixtures("running")
def test_a_budget_that_is_spent_is_429_with_its_figures(http: Http, store: Store):
    budget(store, observedGeneration=1, currentHealthy=1, desiredHealthy=1, disruptionsAllowed=0)
    code, status = http("POST", PATH, EVICTION)
    assert (code, status["reason"]) == (429, "TooManyRequests")
    assert status["message"] == "Cannot evict pod as it would violate the pod's disruption budget."
    cause = {"reason": "DisruptionBudget", "message": "The disruption budget web needs 1 healthy pods and has 1 currently"}
    assert status["details"]["causes"] == [cause]
    assert "deletionTimestamp" not in http.get("/api/v1/namespaces/default/pods/web")["metadata"]


@pytest.mark.usefixtures("running")
def test_a_budget_that_its_controller_has_not_seen_is_429_too(http: Http, store: Store):
    budget(store)
    answer = http.raw("POST", PATH, EVICTION)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
    assert answer.json["details"]["causes"][0]["message"] == "The disruption budget web is still being processed by the server."


@pytest.mark.usefixtures("running")
def test_an_allowed_eviction_costs_the_budget_one(http: Http, store: Store):
    budget(store, observedGeneration=1, currentHealthy=2, desiredHealthy=1, disruptionsAllowed=1)
    assert http("POST", PATH, EVICTION)[0] == 201
    status = store.get(BUDGETS, "web", "default")["status"]
    assert (status["disruptionsAllowed"], status["disruptedPods"]) == (0, {"web": "2026-11-22T12:00:00Z"})


@pytest.mark.usefixtures("running")
def test_a_pod_that_is_going_already_costs_nothing(http: Http, store: Store):
    budget(store, observedGeneration=1, currentHealthy=1, desiredHealthy=1, disruptionsAllowed=0)
    store.delete(PODS, "web", "default")
    assert http("POST", PATH, EVICTION)[0] == 201


@pytest.mark.usefixtures("running")
def test_two_budgets_for_one_pod_are_an_error(http: Http, store: Store):
    budget(store)
    store.create(BUDGETS, {"metadata": {"name": "b2", "namespace": "default"}, "spec": {"selector": {}}})
    code, status = http("POST", PATH, EVICTION)
    message = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
    assert (code, status["message"]) == (500, message)


def test_a_pod_that_does_not_exist_cannot_be_evicted(http: Http):
    code, status = http("POST", PATH, EVICTION)
    assert (code, status["message"]) == (404, 'pods "web" not found')
