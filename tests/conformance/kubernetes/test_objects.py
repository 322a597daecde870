"""Secrets, ConfigMaps, Leases and events."""

import pytest
from kubernetes import client as k8s

from tests.conformance.kubernetes.cluster import Cluster, pod, refused


@pytest.mark.endpoint("POST /api/v1/namespaces/{}/secrets")
def test_texts_of_a_secret_are_kept_in_base64(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    body = {"metadata": {"name": "s"}, "data": {"a": "MQ==", "b": "Mg=="}, "stringData": {"b": "two"}}
    found = core.create_namespaced_secret(home, body)
    assert (found.data, found.string_data, found.type) == ({"a": "MQ==", "b": "dHdv"}, None, "Opaque")
    changed = core.patch_namespaced_secret("s", home, {"stringData": {"c": "3"}})
    assert changed.data == {"a": "MQ==", "b": "dHdv", "c": "Mw=="}


@pytest.mark.endpoint("POST /api/v1/namespaces/{}/secrets")
def test_what_is_no_base64_is_refused(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    text = 'Secret in version "v1" cannot be handled as a Secret: illegal base64 data at input byte 2'
    assert refused(core.create_namespaced_secret, home, {"metadata": {"name": "s"}, "data": {"a": "ab!c"}}) == (400, "BadRequest", text)


@pytest.mark.endpoint("PATCH /api/v1/namespaces/{}/secrets/{}")
def test_the_type_of_a_secret_stays(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    core.create_namespaced_secret(home, {"metadata": {"name": "s"}})
    text = 'Secret "s" is invalid: type: Invalid value: "other": field is immutable'
    assert refused(core.patch_namespaced_secret, "s", home, {"type": "other"}) == (422, "Invalid", text)


@pytest.mark.endpoint("PATCH /api/v1/namespaces/{}/configmaps/{}")
def test_an_immutable_config_map_stays(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    core.create_namespaced_config_map(home, {"metadata": {"name": "c"}, "data": {"k": "v"}, "immutable": True})
    why = "Forbidden: field is immutable when `immutable` is set"
    wanted = (422, "Invalid", f'ConfigMap "c" is invalid: data: {why}')
    assert refused(core.patch_namespaced_config_map, "c", home, {"data": {"k": "w"}}) == wanted
    wanted = (422, "Invalid", f'ConfigMap "c" is invalid: immutable: {why}')
    assert refused(core.patch_namespaced_config_map, "c", home, {"immutable": False}) == wanted
    core.patch_namespaced_config_map("c", home, {"metadata": {"labels": {"a": "b"}}})
    core.delete_namespaced_config_map("c", home)


@pytest.mark.endpoint("PUT /apis/coordination.k8s.io/v1/namespaces/{}/leases/{}")
def test_two_who_want_a_lease(cluster: Cluster, home: str):
    api = k8s.CoordinationV1Api(cluster.client())
    spec = {"holderIdentity": "a", "leaseDurationSeconds": 15, "renewTime": "2026-11-22T12:00:00.000000Z", "leaseTransitions": 0}
    api.create_namespaced_lease(home, {"metadata": {"name": "lock"}, "spec": spec})
    first, second = api.read_namespaced_lease("lock", home), api.read_namespaced_lease("lock", home)
    first.spec.holder_identity, second.spec.holder_identity = "b", "c"
    assert api.replace_namespaced_lease("lock", home, first).spec.holder_identity == "b"
    assert refused(api.replace_namespaced_lease, "lock", home, second)[:2] == (409, "Conflict")
    second.metadata.resource_version = None
    why = "metadata.resourceVersion: Invalid value: 0: must be specified for an update"
    assert refused(api.replace_namespaced_lease, "lock", home, second) == (
        422, "Invalid", f'Lease.coordination.k8s.io "lock" is invalid: {why}',
    )  # fmt: skip


@pytest.mark.endpoint("POST /apis/events.k8s.io/v1/namespaces/{}/events", "GET /api/v1/namespaces/{}/events")
def test_an_event_has_two_forms(cluster: Cluster, home: str):
    core, events = k8s.CoreV1Api(cluster.client()), k8s.EventsV1Api(cluster.client())
    about = {"kind": "Pod", "name": "web", "namespace": home, "apiVersion": "v1"}
    body = {
        "metadata": {"name": "web.1"}, "eventTime": "2026-11-22T12:00:00.000000Z", "reportingController": "me",
        "reportingInstance": "me-1", "action": "Looking", "reason": "Seen", "type": "Normal", "regarding": about, "note": "there it is",
    }  # fmt: skip
    events.create_namespaced_event(home, body)
    [old] = core.list_namespaced_event(home, field_selector="involvedObject.name=web,reason=Seen").items
    assert (old.message, old.involved_object.name, old.reporting_component) == ("there it is", "web", "me")
    [new] = events.list_namespaced_event(home, field_selector="regarding.name=web").items
    assert (new.note, new.regarding.name) == ("there it is", "web")


@pytest.mark.endpoint("GET /api/v1/namespaces/{}/events")
def test_the_controllers_write_events(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    core.create_namespaced_pod(home, pod())
    cluster.turn(5)
    reasons = [row.reason for row in core.list_namespaced_event(home, field_selector="involvedObject.name=web").items]
    assert set(reasons) >= {"Scheduled", "Created", "Started"}


@pytest.mark.endpoint("POST /api/v1/namespaces/{}/pods")
def test_a_pod_of_an_account_that_is_not_there_is_refused(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    text = f'pods "web" is forbidden: error looking up service account {home}/robot: serviceaccount "robot" not found'
    assert refused(core.create_namespaced_pod, home, pod(serviceAccountName="robot")) == (403, "Forbidden", text)
