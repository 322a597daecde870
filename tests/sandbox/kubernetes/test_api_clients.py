"""The official Python client, and chaosk8s on top of it, against the API server over a socket."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kubernetes import client as k8s
from kubernetes import watch
from kubernetes.client.exceptions import ApiException

from chaoscinder.sandbox.kubernetes.api import KubernetesApi
from chaoscinder.sandbox.kubernetes.resources import EVENTS, NODES, PODS
from chaoscinder.sandbox.kubernetes.store import Store
from chaoscinder.sandbox.world import World

Object = dict[str, Any]
MakePod = Callable[..., Object]


@pytest.fixture
def core(client: Any) -> Any:
    return k8s.CoreV1Api(client)


def test_objects_are_created_listed_and_read(core: Any, pod: MakePod):
    core.create_namespaced_pod("default", pod(nodeName="n1"))
    core.create_namespaced_pod("default", k8s.V1Pod(metadata=k8s.V1ObjectMeta(name="typed"), spec=pod()["spec"]))
    assert [row.metadata.name for row in core.list_namespaced_pod("default").items] == ["typed", "web"]
    assert [row.metadata.name for row in core.list_pod_for_all_namespaces(field_selector="spec.nodeName=n1").items] == ["web"]
    assert core.list_namespaced_pod("default", label_selector="app in (web)", limit=1).metadata.remaining_item_count is None
    read = core.read_namespaced_pod("web", "default")
    assert (read.spec.termination_grace_period_seconds, read.status.phase) == (30, "Pending")


def test_a_node_is_cordoned_and_tainted_by_strategic_merge(core: Any):
    core.patch_node("n1", {"spec": {"unschedulable": True}})
    taint = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}
    core.patch_node("n1", {"spec": {"taints": [taint]}})
    spec = core.read_node("n1").spec
    assert (spec.unschedulable, [(row.key, row.effect) for row in spec.taints]) == (True, [(taint["key"], "NoExecute")])
    core.patch_node("n1", [{"op": "remove", "path": "/spec/taints"}])
    assert core.read_node("n1").spec.taints is None


def test_a_deployment_is_patched_scaled_and_deleted(client: Any, deployment: Object):
    apps = k8s.AppsV1Api(client)
    apps.create_namespaced_deployment("default", deployment)
    template = {"spec": {"containers": [{"name": "main", "env": [{"name": "A", "value": "1"}]}]}}
    changed = apps.patch_namespaced_deployment("web", "default", {"spec": {"template": template}})
    (container,) = changed.spec.template.spec.containers
    assert (container.image, container.env[0].value, changed.metadata.generation) == ("registry.invalid/app:1", "1", 2)
    assert apps.patch_namespaced_deployment_scale("web", "default", {"spec": {"replicas": 3}}).spec.replicas == 3
    assert apps.delete_namespaced_deployment("web", "default").status == "Success"


def test_a_pod_is_deleted_with_grace_and_evicted(core: Any, pod: MakePod):
    core.create_namespaced_pod("default", pod("a", nodeName="n1"))
    core.create_namespaced_pod("default", pod("b", nodeName="n1"))
    assert core.delete_namespaced_pod("a", "default", grace_period_seconds=7).metadata.deletion_grace_period_seconds == 7
    eviction = k8s.V1Eviction(metadata=k8s.V1ObjectMeta(name="b"), delete_options=k8s.V1DeleteOptions(grace_period_seconds=5))
    core.create_namespaced_pod_eviction("b", "default", eviction)
    assert core.read_namespaced_pod("b", "default").metadata.deletion_grace_period_seconds == 5
    core.delete_namespaced_pod("b", "default", body=k8s.V1DeleteOptions(grace_period_seconds=0))
    assert [row.metadata.name for row in core.list_namespaced_pod("default").items] == ["a"]


def test_a_refusal_arrives_as_the_clients_exception(core: Any):
    with pytest.raises(ApiException) as caught:
        core.read_node("nope")
    assert (caught.value.status, caught.value.reason) == (404, "NOT FOUND")
    assert '"message":"nodes \\"nope\\" not found"' in caught.value.body


def test_a_log_is_read(core: Any, pod: MakePod):
    core.create_namespaced_pod("default", pod())
    answer = core.read_namespaced_pod_log("web", "default", _preload_content=False)
    assert answer.data.startswith(b"hello\nfrom ")


def test_a_watch_hears_what_happens_and_ends_at_its_timeout(core: Any, store: Store, world: World):
    def cordon() -> None:
        with world.step():
            store.change(NODES, "n1", "", lambda new: new["spec"].update(unschedulable=True))

    heard = []
    timer = threading.Timer(0.1, cordon)
    timer.start()
    for event in watch.Watch().stream(core.list_node, timeout_seconds=1, allow_watch_bookmarks=True):
        heard.append((event["type"], event["raw_object"]["metadata"].get("name", "")))
    timer.join()
    assert heard[:2] == [("ADDED", "n1"), ("MODIFIED", "n1")]
    assert set(heard[2:]) == {("BOOKMARK", "")}


def test_a_stopped_watch_leaves_no_listener_once_its_server_writes_again(core: Any, api: KubernetesApi, store: Store, world: World):
    watching = watch.Watch()
    for _ in watching.stream(core.list_node, timeout_seconds=5):
        watching.stop()
    for _ in range(200):
        with world.step():
            store.change(NODES, "n1", "", lambda new: new["spec"].update(podCIDR=str(store.version)))
        if len(api.watches) == 0:
            break
        threading.Event().wait(0.02)
    assert len(api.watches) == 0


def test_closing_the_api_ends_a_watch_of_the_client(core: Any, api: KubernetesApi):
    timer = threading.Timer(0.2, api.close)
    timer.start()
    response = core.list_node(watch=True, timeout_seconds=60, _preload_content=False)
    lines = [line for line in response.stream() if line.strip()]
    timer.join()
    response.release_conn()
    assert len(lines) == 1


def test_custom_objects_reach_every_group(client: Any, store: Store):
    custom = k8s.CustomObjectsApi(client)
    body = {"metadata": {"name": "csi-1"}, "spec": {"attacher": "x", "nodeName": "n1", "source": {"persistentVolumeName": "pv"}}}
    custom.create_cluster_custom_object("storage.k8s.io", "v1", "volumeattachments", body)
    rows = custom.list_cluster_custom_object("storage.k8s.io", "v1", "volumeattachments")["items"]
    assert [(row["metadata"]["name"], row["status"]) for row in rows] == [("csi-1", {"attached": False})]


@pytest.fixture
def secrets(api_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What chaosk8s needs to find the sandbox: no kubeconfig, an address."""
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    return {"KUBERNETES_HOST": api_url}


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # chaosk8s makes a client for each call and closes none
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_chaosk8s_cordons_reads_events_and_terminates_pods(secrets: dict[str, str], store: Store, world: World, core: Any, pod: MakePod):
    from chaosk8s.event.probes import get_events
    from chaosk8s.node.actions import cordon_node, uncordon_node
    from chaosk8s.node.probes import verify_nodes_condition
    from chaosk8s.pod.actions import terminate_pods
    from chaosk8s.pod.probes import count_pods, read_pod_logs

    cordon_node(name="n1", secrets=secrets)
    assert core.read_node("n1").spec.unschedulable is True
    uncordon_node(name="n1", secrets=secrets)
    assert not core.read_node("n1").spec.unschedulable
    assert verify_nodes_condition(condition_type="Ready", condition_value="True", secrets=secrets) is True
    core.create_namespaced_pod("default", pod(nodeName="n1"))
    with world.step():
        store.change(PODS, "web", "default", lambda new: new["status"].update(phase="Running", startTime=world.stamp()))
        event = {"metadata": {"name": "e", "namespace": "default"}, "reason": "FailedAttachVolume", "message": "m", "type": "Warning"}
        store.create(EVENTS, event)
    assert count_pods(label_selector="app=web", phase="Running", ns="default", secrets=secrets) == 1
    (found,) = get_events(field_selector="reason=FailedAttachVolume", secrets=secrets)["items"]
    assert found["note"] == "m"
    (log,) = read_pod_logs(label_selector="app=web", last="300s", ns="default", container_name="main", secrets=secrets).values()
    assert log.startswith("hello\nfrom ")
    terminate_pods(label_selector="app=web", ns="default", grace_period=0, secrets=secrets)
    assert core.list_namespaced_pod("default").items == []
