"""Writes: what is refused, what they leave alone, and the subresources that write."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chaoscinder.sandbox.kubernetes.resources import NAMESPACES, NODES
from chaoscinder.sandbox.kubernetes.store import Store
from chaoscinder.sandbox.world import World

PODS_PATH = "/api/v1/namespaces/default/pods"
DEPLOYMENTS_PATH = "/apis/apps/v1/namespaces/default/deployments"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
Http = Any
MakePod = Callable[..., dict[str, Any]]


def test_a_name_that_is_taken_is_409(http: Http, pod: MakePod):
    http.post(PODS_PATH, pod())
    assert http.refusal("POST", PODS_PATH, pod()) == (409, "AlreadyExists", 'pods "web" already exists')


def test_a_namespace_has_to_exist_and_to_stay(http: Http, store: Store, pod: MakePod):
    path = "/api/v1/namespaces/nope/pods"
    assert http.refusal("POST", path, pod()) == (404, "NotFound", 'namespaces "nope" not found')
    assert http.get(path)["items"] == []
    store.create(NAMESPACES, {"metadata": {"name": "going", "finalizers": ["x"]}})
    store.delete(NAMESPACES, "going")
    why = "unable to create new content in namespace going because it is being terminated"
    assert http.refusal("POST", "/api/v1/namespaces/going/pods", pod()) == (403, "Forbidden", f'pods "web" is forbidden: {why}')


def test_a_patch_of_an_unknown_type_is_415(http: Http):
    code, reason, message = http.refusal("PATCH", "/api/v1/nodes/n1", {}, content_type="application/json")
    assert (code, reason) == (415, "UnsupportedMediaType")
    assert message == (
        "the body of the request was in an unknown format - accepted media types include: application/json-patch+json,"
        " application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml"
    )


def test_server_side_apply_is_501(http: Http):
    code, _, message = http.refusal("PATCH", "/api/v1/nodes/n1", {}, content_type="application/apply-patch+yaml")
    assert (code, message) == (501, "the sandbox does not implement PATCH /api/v1/nodes/n1 (server-side apply)")


def test_a_spec_that_is_no_object_is_400(http: Http):
    text = "json: cannot unmarshal into Go struct field Pod.spec: not an object"
    assert http.refusal("POST", PODS_PATH, {"spec": "x"}) == (400, "BadRequest", text)


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/api/v1/nodes", b"{", "couldn't get version/kind; json parse error: Expecting property name"),
        (
            "/api/v1/nodes",
            {"apiVersion": "v2", "kind": "Node"},
            "the API version in the data (v2) does not match the expected API version (v1)",
        ),
        ("/api/v1/nodes", {"kind": "Pod"}, 'Pod in version "v1" cannot be handled as a Node'),
        (
            PODS_PATH,
            {"metadata": {"namespace": "x"}},
            "the namespace of the provided object does not match the namespace sent on the request",
        ),
    ],
)
def test_a_body_that_does_not_fit_is_400(http: Http, path: str, body: object, message: str):
    code, reason, text = http.refusal("POST", path, body)
    assert (code, reason) == (400, "BadRequest")
    assert text.startswith(message)


def test_an_object_without_a_name_or_containers_is_422(http: Http):
    code, status = http("POST", PODS_PATH, {"metadata": {}, "spec": {}})
    assert code == 422
    assert status["message"] == (
        'Pod "" is invalid: [metadata.name: Required value: name or generateName is required, spec.containers: Required value]'
    )
    assert status["details"] == {
        "name": "",
        "kind": "Pod",
        "causes": [
            {"reason": "FieldValueRequired", "message": "Required value: name or generateName is required", "field": "metadata.name"},
            {"reason": "FieldValueRequired", "message": "Required value", "field": "spec.containers"},
        ],
    }


def test_a_workload_that_does_not_select_its_own_pods_is_422(http: Http, deployment: dict[str, Any]):
    deployment["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    _, _, message = http.refusal("POST", DEPLOYMENTS_PATH, deployment)
    assert message == (
        'Deployment.apps "web" is invalid: spec.template.metadata.labels: Invalid value: {"app":"other"}:'
        " `selector` does not match template `labels`"
    )


def test_recreate_without_rolling_update_goes_and_with_it_is_422(http: Http, deployment: dict[str, Any]):
    http.post(DEPLOYMENTS_PATH, deployment)
    path = f"{DEPLOYMENTS_PATH}/web"
    _, _, message = http.refusal("PATCH", path, {"spec": {"strategy": {"type": "Recreate"}}}, content_type=MERGE)
    text = "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'"
    assert message == f'Deployment.apps "web" is invalid: {text}'
    patch = {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}
    code, changed = http("PATCH", path, patch, content_type=STRATEGIC)
    assert (code, changed["spec"]["strategy"], changed["metadata"]["generation"]) == (200, {"type": "Recreate"}, 2)


def test_what_is_immutable_stays(http: Http, deployment: dict[str, Any], pod: MakePod):
    http.post(DEPLOYMENTS_PATH, deployment)
    http.post(PODS_PATH, pod())
    selector = {"spec": {"selector": {"matchLabels": {"app": "x"}}, "template": {"metadata": {"labels": {"app": "x"}}}}}
    assert "spec.selector: Invalid value" in http.refusal("PATCH", f"{DEPLOYMENTS_PATH}/web", selector, content_type=MERGE)[2]
    moved = {"spec": {"nodeName": "n2"}}
    assert "spec: Forbidden: pod updates may not change fields" in http.refusal("PATCH", f"{PODS_PATH}/web", moved, content_type=MERGE)[2]
    http("PATCH", "/api/v1/nodes/n1", {"spec": {"providerID": "openstack:///a"}}, content_type=MERGE)
    code, _, message = http.refusal("PATCH", "/api/v1/nodes/n1", {"spec": {"providerID": "openstack:///b"}}, content_type=MERGE)
    assert code == 422
    assert message.endswith('spec.providerID: Forbidden: node updates may not change providerID except from "" to valid')


def test_a_main_write_leaves_the_status_and_a_status_write_leaves_the_rest(http: Http, store: Store):
    node = http.get("/api/v1/nodes/n1")
    status = node["status"]
    _, changed = http("PUT", "/api/v1/nodes/n1", {**node, "spec": {"unschedulable": True}, "status": {}})
    assert (changed["spec"], changed["status"]) == ({"unschedulable": True}, status)
    body = {"spec": {"unschedulable": False}, "status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}
    _, changed = http("PATCH", "/api/v1/nodes/n1/status", body, content_type=STRATEGIC)
    assert (changed["spec"], changed["status"]["conditions"]) == ({"unschedulable": True}, [{"type": "Ready", "status": "Unknown"}])


def test_a_stale_write_is_409(http: Http):
    node = http.get("/api/v1/nodes/n1")
    http("PATCH", "/api/v1/nodes/n1", {"spec": {"unschedulable": True}}, content_type=MERGE)
    text = "the object has been modified; please apply your changes to the latest version and try again"
    expected = (409, "Conflict", f'Operation cannot be fulfilled on nodes "n1": {text}')
    assert http.refusal("PUT", "/api/v1/nodes/n1", node) == expected
    stale = {"metadata": {"resourceVersion": "1"}, "spec": {}}
    assert http.refusal("PATCH", "/api/v1/nodes/n1", stale, content_type=MERGE) == expected
    del node["metadata"]["resourceVersion"]
    assert http("PUT", "/api/v1/nodes/n1", node)[0] == 200


def test_the_scale_of_a_workload_is_read_and_written(http: Http, deployment: dict[str, Any]):
    http.post(DEPLOYMENTS_PATH, deployment)
    path = f"{DEPLOYMENTS_PATH}/web/scale"
    scale = http.get(path)
    assert (scale["kind"], scale["spec"], scale["status"]) == ("Scale", {"replicas": 1}, {"replicas": 0, "selector": "app=web"})
    assert http("PATCH", path, {"spec": {"replicas": 3}}, content_type=MERGE)[1]["spec"] == {"replicas": 3}
    scale["metadata"].pop("resourceVersion")
    assert http("PUT", path, {**scale, "spec": {"replicas": 0}})[1]["spec"] == {"replicas": 0}
    assert http.get(f"{DEPLOYMENTS_PATH}/web")["metadata"]["generation"] == 3
    code, _, message = http.refusal("PUT", path, {**scale, "spec": {"replicas": -1}})
    assert (code, message) == (
        422,
        'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0',
    )


def test_a_binding_puts_a_pod_on_a_node_once(http: Http, pod: MakePod):
    http.post(PODS_PATH, pod())
    binding = {"metadata": {"name": "web"}, "target": {"kind": "Node", "name": "n1"}}
    assert http("POST", f"{PODS_PATH}/web/binding", binding)[0] == 201
    assert http.get(f"{PODS_PATH}/web")["spec"]["nodeName"] == "n1"
    text = 'Operation cannot be fulfilled on pods "web": pod web is already assigned to node "n1"'
    assert http.refusal("POST", "/api/v1/namespaces/default/bindings", binding) == (409, "Conflict", text)


def test_a_request_settles_the_world(world: World, http: Http, store: Store):
    def react() -> bool:
        node = store.get(NODES, "n1")
        if node["spec"].get("unschedulable") and not node["spec"].get("taints"):
            store.change(NODES, "n1", "", lambda new: new["spec"].update(taints=[{"key": "k", "effect": "NoSchedule"}]))
            return True
        return False

    world.add_settler(react)
    _, answer = http("PATCH", "/api/v1/nodes/n1", {"spec": {"unschedulable": True}}, content_type=MERGE)
    assert answer["spec"] == {"unschedulable": True}
    assert http.get("/api/v1/nodes/n1")["spec"]["taints"] == [{"key": "k", "effect": "NoSchedule"}]


def test_what_was_read_cannot_change_what_is_stored(http: Http, store: Store):
    before = json.dumps(store.get(NODES, "n1"))
    http(
        "PATCH",
        "/api/v1/nodes/n1/status",
        [{"op": "add", "path": "/status/volumesInUse", "value": ["v"]}],
        content_type="application/json-patch+json",
    )
    assert json.dumps(store.find(NODES, "n1")) != before
    http.get("/api/v1/nodes/n1")["spec"]["x"] = 1
    assert store.get(NODES, "n1")["spec"] == {}


def test_a_null_that_a_json_patch_leaves_is_no_change_of_the_template(http: Http, deployment: dict[str, Any]):
    spec = http.post(DEPLOYMENTS_PATH, deployment)["spec"]
    template = {**spec["template"], "metadata": {"labels": {"app": "web"}, "creationTimestamp": None}}  # kubectl rollout undo sends this
    patch = [{"op": "replace", "path": "/spec/template", "value": template}]
    code, changed = http("PATCH", f"{DEPLOYMENTS_PATH}/web", patch, content_type="application/json-patch+json")
    assert (code, changed["spec"], changed["metadata"]["generation"]) == (200, spec, 1)
