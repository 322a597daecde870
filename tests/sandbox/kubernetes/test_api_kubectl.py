"""kubectl against the API server. Skipped, and saying so, where there is no kubectl on PATH."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chaoscinder.sandbox.kubernetes.resources import DEPLOYMENTS, NAMESPACES, NODES
from chaoscinder.sandbox.kubernetes.store import Store
from chaoscinder.sandbox.world import World

Http = Any
Kubectl = Callable[..., str]
Object = dict[str, Any]


def columns(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_kubectl_sees_the_version_of_the_sandbox(kubectl: Kubectl):
    assert "Server Version: v1.36.2+chaoscinder-sandbox" in kubectl("version").splitlines()


def test_kubectl_gets_with_ages_in_cluster_time(kubectl: Kubectl, http: Http, world: World, pod: Callable[..., Object]):
    http.post("/api/v1/namespaces/default/pods", pod(nodeName="n1"))
    world.turn(3000)
    assert columns(kubectl("get", "nodes")) == [["NAME", "STATUS", "ROLES", "AGE", "VERSION"], ["n1", "Ready", "<none>", "50m"]]
    header, row = columns(kubectl("get", "pods", "-A", "-o", "wide"))
    assert header[:8] == ["NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE"]
    assert row == ["default", "web", "0/1", "Pending", "0", "50m", "<none>", "n1", "<none>", "<none>"]
    assert kubectl("get", "po", "web", "-o", "jsonpath={.spec.nodeName}") == "n1"
    assert kubectl("get", "pods", "-l", "app=other") == "No resources found in default namespace.\n"


def test_kubectl_cordons_taints_and_undoes_both(kubectl: Kubectl, store: Store):
    assert kubectl("cordon", "n1") == "node/n1 cordoned\n"
    kubectl("taint", "node", "n1", "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute")
    taint = {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"}
    assert store.get(NODES, "n1")["spec"] == {"unschedulable": True, "taints": [taint]}
    assert "SchedulingDisabled" in kubectl("get", "node", "n1")
    assert kubectl("taint", "node", "n1", "node.kubernetes.io/out-of-service-") == "node/n1 untainted\n"
    assert kubectl("uncordon", "n1") == "node/n1 uncordoned\n"
    assert store.get(NODES, "n1")["spec"] == {}


def test_kubectl_describes(kubectl: Kubectl, http: Http, pod: Callable[..., Object], deployment: Object):
    http.post("/api/v1/namespaces/default/pods", pod(nodeName="n1"))
    http.post("/apis/apps/v1/namespaces/default/deployments", deployment)
    about = {
        "kind": "Pod",
        "name": "web",
        "namespace": "default",
        "uid": http.get("/api/v1/namespaces/default/pods/web")["metadata"]["uid"],
    }
    event = {
        "metadata": {"name": "e"},
        "involvedObject": about,
        "reason": "FailedAttachVolume",
        "message": "Multi-Attach",
        "type": "Warning",
    }
    http.post("/api/v1/namespaces/default/events", event)
    described = kubectl("describe", "pod", "web")
    assert "node.kubernetes.io/unreachable:NoExecute op=Exists for 300s" in described
    assert "FailedAttachVolume" in described
    assert "RollingUpdateStrategy:  25% max unavailable, 25% max surge" in kubectl("describe", "deployment", "web")
    assert "Non-terminated Pods:          (1 in total)" in kubectl("describe", "node", "n1")


def test_kubectl_applies_scales_and_deletes(kubectl: Kubectl, store: Store, deployment: Object):
    document = {"apiVersion": "apps/v1", "kind": "Deployment", **deployment}
    assert kubectl("apply", "-f", "-", stdin=json.dumps(document)) == "deployment.apps/web created\n"
    document["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.invalid/app:2"
    assert kubectl("apply", "-f", "-", stdin=json.dumps(document)) == "deployment.apps/web configured\n"
    assert kubectl("scale", "deployment/web", "--replicas=3") == "deployment.apps/web scaled\n"
    spec = store.get(DEPLOYMENTS, "web", "default")["spec"]
    assert (spec["replicas"], spec["template"]["spec"]["containers"][0]["image"]) == (3, "registry.invalid/app:2")
    assert kubectl("delete", "deployment", "web") == 'deployment.apps "web" deleted\n'
    assert kubectl("get", "deployment", "web", rc=1) == 'Error from server (NotFound): deployments.apps "web" not found\n'


def test_kubectl_create_sends_protobuf_and_is_told_the_way_out(kubectl: Kubectl, store: Store):
    document = kubectl("create", "namespace", "demo", "--dry-run=client", "-o", "json")
    assert kubectl("apply", "-f", "-", stdin=document) == "namespace/demo created\n"
    assert store.get(NAMESPACES, "demo")["status"] == {"phase": "Active"}
    seen = kubectl("create", "namespace", "again", rc=None)
    assert "namespace/again created" in seen or "the sandbox reads no protobuf" in seen  # JSON before kubectl 1.32


def test_kubectl_watches_rows(kubectl: Kubectl, store: Store):
    rows = columns(kubectl("get", "nodes", "-w", "--request-timeout=1s"))
    assert rows == [["NAME", "STATUS", "ROLES", "AGE", "VERSION"], ["n1", "Ready", "<none>", "0s"]]


def test_kubectl_drains_and_deletes_by_force(kubectl: Kubectl, http: Http, pod: Callable[..., Object]):
    http.post("/api/v1/namespaces/default/pods", pod(nodeName="n1"))
    assert "cannot delete Pods that declare no controller" in kubectl("drain", "n1", rc=1)
    kubectl("drain", "n1", "--force", "--timeout=1s", rc=1)  # no kubelet here: the pod stays Terminating
    assert http.get("/api/v1/namespaces/default/pods/web")["status"]["conditions"][0]["reason"] == "EvictionByEvictionAPI"
    kubectl("delete", "pod", "web", "--force", "--grace-period=0")
    assert http("GET", "/api/v1/namespaces/default/pods/web")[0] == 404


@pytest.mark.parametrize("words", [("logs", "web"), ("auth", "can-i", "create", "pods"), ("get", "--raw", "/readyz"), ("api-resources",)])
def test_kubectl_is_content_with(kubectl: Kubectl, http: Http, pod: Callable[..., Object], words: tuple[str, ...]):
    http.post("/api/v1/namespaces/default/pods", pod())
    assert kubectl(*words)
