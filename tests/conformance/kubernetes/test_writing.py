"""Writes: create, replace, the three patches, status, scale, dry runs, and fields that nobody knows."""

import json

import pytest
from kubernetes import client as k8s

from tests.conformance.kubernetes.cluster import Cluster, deployment, pod, refused

STRATEGIC = "application/strategic-merge-patch+json"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
DEPLOYMENTS = "/apis/apps/v1/namespaces/{home}/deployments"
PATCH = "PATCH /apis/apps/v1/namespaces/{}/deployments/{}"
CREATE = "POST /apis/apps/v1/namespaces/{}/deployments"


def patch(cluster: Cluster, path: str, body: object, kind: str) -> dict:
    answer = cluster.ask("PATCH", path, body, Content_Type=kind)
    assert answer.status_code == 200, answer.text
    return answer.json()


def made(cluster: Cluster, home: str, **spec: object) -> str:
    """Make a Deployment and tell its path."""
    path = DEPLOYMENTS.format(home=home)
    assert cluster.ask("POST", path, deployment(**spec)).status_code == 201
    return f"{path}/web"


@pytest.mark.endpoint(CREATE)
def test_a_name_that_is_taken_is_409(cluster: Cluster, home: str):
    made(cluster, home)
    text = 'deployments.apps "web" already exists'
    assert cluster.status("POST", DEPLOYMENTS.format(home=home), deployment()) == (409, "AlreadyExists", text)


@pytest.mark.endpoint("POST /api/v1/namespaces/{}/pods")
def test_a_name_is_made_from_a_prefix(cluster: Cluster, home: str):
    body = {**pod(), "metadata": {"generateName": "web-"}}
    name = k8s.CoreV1Api(cluster.client()).create_namespaced_pod(home, body).metadata.name
    assert (name[:4], len(name)) == ("web-", 9)


@pytest.mark.endpoint("PUT /apis/apps/v1/namespaces/{}/deployments/{}")
def test_a_replacement_of_what_has_changed_is_409(cluster: Cluster, home: str):
    made(cluster, home)
    apps = k8s.AppsV1Api(cluster.client())
    mine, yours = apps.read_namespaced_deployment("web", home), apps.read_namespaced_deployment("web", home)
    mine.spec.replicas, yours.spec.paused = 0, True
    apps.replace_namespaced_deployment("web", home, yours)
    why = "the object has been modified; please apply your changes to the latest version and try again"
    text = f'Operation cannot be fulfilled on deployments.apps "web": {why}'
    assert refused(apps.replace_namespaced_deployment, "web", home, mine) == (409, "Conflict", text)
    mine.metadata.resource_version = None
    assert apps.replace_namespaced_deployment("web", home, mine).spec.paused is None  # without a version the last one wins


@pytest.mark.endpoint(PATCH)
def test_a_strategic_merge_patch_knows_containers_by_name(cluster: Cluster, home: str):
    path = made(cluster, home)
    containers = [{"name": "main", "image": "registry.invalid/app:2"}, {"name": "side", "image": "registry.invalid/side:1"}]
    found = patch(cluster, path, {"spec": {"template": {"spec": {"containers": containers}}}}, STRATEGIC)
    rows = found["spec"]["template"]["spec"]["containers"]
    assert {row["name"]: row["image"] for row in rows} == {"main": "registry.invalid/app:2", "side": "registry.invalid/side:1"}
    gone = {"spec": {"template": {"spec": {"containers": [{"name": "side", "$patch": "delete"}]}}}}
    rows = patch(cluster, path, gone, STRATEGIC)["spec"]["template"]["spec"]["containers"]
    assert ([row["name"] for row in rows], found["metadata"]["generation"]) == (["main"], 2)


@pytest.mark.endpoint(PATCH)
def test_a_merge_patch_replaces_lists_and_null_takes_away(cluster: Cluster, home: str):
    path = made(cluster, home)
    containers = [{"name": "other", "image": "registry.invalid/other:1"}]
    found = patch(cluster, path, {"spec": {"template": {"spec": {"containers": containers}}}}, MERGE)
    assert [row["name"] for row in found["spec"]["template"]["spec"]["containers"]] == ["other"]
    patch(cluster, path, {"metadata": {"annotations": {"a": "b", "c": "d"}}}, MERGE)
    left = patch(cluster, path, {"metadata": {"annotations": {"a": None}}}, MERGE)["metadata"]["annotations"]
    assert (left.get("a"), left["c"]) == (None, "d")


@pytest.mark.endpoint(PATCH)
def test_a_json_patch_does_what_it_says_or_nothing(cluster: Cluster, home: str):
    path = made(cluster, home)
    steps = [{"op": "test", "path": "/spec/paused", "value": True}, {"op": "replace", "path": "/spec/replicas", "value": 3}]
    code, reason, message = cluster.status("PATCH", path, steps, Content_Type=JSON_PATCH)
    assert (code, reason, message.startswith("the server rejected our request due to an error in our request")) == (422, "Invalid", True)
    found = patch(cluster, path, [{"op": "add", "path": "/metadata/labels", "value": {"a": "b"}}], JSON_PATCH)
    assert (found["metadata"]["labels"], found["spec"]["replicas"]) == ({"a": "b"}, 0)


@pytest.mark.endpoint(PATCH)
def test_a_patch_of_an_unknown_kind_is_415_and_server_side_apply_501(cluster: Cluster, home: str):
    path = made(cluster, home)
    assert cluster.status("PATCH", path, {}, Content_Type="application/json")[:2] == (415, "UnsupportedMediaType")
    text = f"the sandbox does not implement PATCH {path} (server-side apply)"
    wanted = (501, "NotImplemented", text)
    assert cluster.status("PATCH", f"{path}?fieldManager=me", {}, Content_Type="application/apply-patch+yaml") == wanted


@pytest.mark.endpoint("PATCH /api/v1/namespaces/{}/pods/{}/status", "PUT /api/v1/namespaces/{}/pods/{}/status")
def test_status_and_spec_are_written_apart(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    core.create_namespaced_pod(home, pod(nodeName="elsewhere"))
    path = f"/api/v1/namespaces/{home}/pods/web"
    found = patch(cluster, f"{path}/status", {"metadata": {"labels": {"a": "b"}}, "status": {"message": "mine"}}, MERGE)
    assert (found["metadata"]["labels"], found["status"]["message"]) == ({"app": "web"}, "mine")
    found = patch(cluster, path, {"metadata": {"labels": {"a": "b"}}, "status": {"message": "yours"}}, MERGE)
    assert (found["metadata"]["labels"], found["status"]["message"]) == ({"app": "web", "a": "b"}, "mine")
    found["status"]["message"] = "theirs"
    assert cluster.ask("PUT", f"{path}/status", found).json()["status"]["message"] == "theirs"
    assert cluster.status("PUT", f"{path}/status", found)[:2] == (409, "Conflict")


@pytest.mark.endpoint("PATCH /apis/apps/v1/namespaces/{}/deployments/{}/scale", "GET /apis/apps/v1/namespaces/{}/deployments/{}/scale")
def test_a_scale_is_read_and_written(cluster: Cluster, home: str):
    path = made(cluster, home)
    apps = k8s.AppsV1Api(cluster.client())
    scale = apps.read_namespaced_deployment_scale("web", home)
    assert (scale.spec.replicas, scale.status.selector) == (0, "app=web")
    assert patch(cluster, f"{path}/scale", {"spec": {"replicas": 0}}, MERGE)["spec"] == {"replicas": 0}
    text = 'Deployment.apps "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'
    assert cluster.status("PATCH", f"{path}/scale", {"spec": {"replicas": -1}}, Content_Type=MERGE) == (422, "Invalid", text)


@pytest.mark.endpoint(CREATE, PATCH, "DELETE /apis/apps/v1/namespaces/{}/deployments/{}")
def test_a_dry_run_answers_as_if_and_changes_nothing(cluster: Cluster, home: str):
    apps = k8s.AppsV1Api(cluster.client())
    found = apps.create_namespaced_deployment(home, deployment(), dry_run="All")
    assert (found.metadata.resource_version, found.spec.revision_history_limit, bool(found.metadata.uid)) == (None, 10, True)
    assert apps.list_namespaced_deployment(home).items == []
    path = made(cluster, home)
    before = cluster.ask("GET", path).json()
    found = patch(cluster, f"{path}?dryRun=All", {"spec": {"paused": True}}, MERGE)
    assert (found["spec"]["paused"], found["metadata"]["resourceVersion"]) == (True, before["metadata"]["resourceVersion"])
    assert cluster.ask("DELETE", path, {"dryRun": ["All"]}).status_code == 200
    assert cluster.ask("GET", path).json() == before
    assert cluster.kubectl("delete", "deployment", "web", "--dry-run=server", home=home).startswith('deployment.apps "web" deleted')
    assert cluster.ask("GET", path).json() == before
    text = 'CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: "some": supported values: "All"'
    assert cluster.status("POST", f"{DEPLOYMENTS.format(home=home)}?dryRun=some", deployment("x")) == (422, "Invalid", text)


@pytest.mark.endpoint(CREATE)
def test_unknown_fields_are_warned_of_refused_or_ignored(cluster: Cluster, home: str):
    path = DEPLOYMENTS.format(home=home)
    body = deployment(replicass=2)
    body["spec"]["template"]["spec"]["containers"][0]["imagee"] = "x"
    fields = 'unknown field "spec.template.spec.containers[0].imagee", unknown field "spec.replicass"'
    text = f'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: {fields}'
    assert cluster.status("POST", f"{path}?fieldValidation=Strict", body) == (400, "BadRequest", text)
    warned = cluster.ask("POST", path, body)
    assert 'unknown field \\"spec.replicass\\"' in warned.headers["Warning"]
    assert "replicass" not in warned.json()["spec"]
    ignored = cluster.ask("POST", f"{path}?fieldValidation=Ignore", {**body, "metadata": {"name": "quiet"}})
    assert (ignored.status_code, ignored.headers.get("Warning")) == (201, None)


@pytest.mark.endpoint("POST /api/v1/namespaces")
def test_kubectl_creates_with_protobuf(cluster: Cluster, home: str):
    cluster.kubectl("create", "deployment", "web", "--image=registry.invalid/app:1", "--replicas=0", "--port=80", home=home)
    container = cluster.ask("GET", f"{DEPLOYMENTS.format(home=home)}/web").json()["spec"]["template"]["spec"]["containers"][0]
    assert (container["name"], container["ports"]) == ("app", [{"containerPort": 80, "protocol": "TCP"}])
    cluster.kubectl("create", "poddisruptionbudget", "web", "--selector=app=web", "--min-available=50%", home=home)
    budget = cluster.ask("GET", f"/apis/policy/v1/namespaces/{home}/poddisruptionbudgets/web").json()
    assert budget["spec"] == {"minAvailable": "50%", "selector": {"matchLabels": {"app": "web"}}}
    cluster.kubectl("create", "secret", "generic", "s", "--from-literal=k=v", home=home)
    assert cluster.ask("GET", f"/api/v1/namespaces/{home}/secrets/s").json()["data"] == {"k": "dg=="}


@pytest.mark.endpoint("POST /api/v1/namespaces/{}/pods")
def test_protobuf_that_cannot_be_read_is_refused_aloud(cluster: Cluster, home: str):
    kind = "application/vnd.kubernetes.protobuf"
    code, reason, message = cluster.status("POST", f"/api/v1/namespaces/{home}/pods", b"k8s\x00\x12\x03abc", Content_Type=kind)
    assert (code, reason, "protobuf" in message) == (501, "NotImplemented", True)
    assert cluster.status("POST", f"/api/v1/namespaces/{home}/pods", b"{}", Content_Type="application/yaml")[0] == 415


@pytest.mark.endpoint("POST /api/v1/namespaces/{}/pods")
def test_what_is_no_json_is_400(cluster: Cluster, home: str):
    assert cluster.status("POST", f"/api/v1/namespaces/{home}/pods", b"{")[:2] == (400, "BadRequest")
    assert cluster.status("POST", f"/api/v1/namespaces/{home}/pods", b"[]")[:2] == (400, "BadRequest")
    wrong = json.dumps({**pod(), "apiVersion": "v2"}).encode()
    text = "the API version in the data (v2) does not match the expected API version (v1)"
    assert cluster.status("POST", f"/api/v1/namespaces/{home}/pods", wrong) == (400, "BadRequest", text)
