"""`kubectl get` and what it is asked most: the tables, whole."""

import json

import pytest
import yaml

from tests.commands.terminal import ADDRESS, AGE, APP_POD, APP_SET, PV, Like, Terminal, table

IMAGE = "registry.invalid/chaoscinder-demo:0.1.0"
NONE = "<none>"
WORKERS = ("worker-1", "worker-2", "worker-3", "worker-4")


def test_nodes(terminal: Terminal) -> None:
    assert table(terminal.kubectl("get", "nodes")) == [
        ["NAME", "STATUS", "ROLES", "AGE", "VERSION"],
        ["control-plane-1", "Ready", "control-plane", AGE, "v1.36.2"],
        *[[name, "Ready", NONE, AGE, "v1.36.2"] for name in WORKERS],
    ]


def test_nodes_wide(terminal: Terminal) -> None:
    assert table(terminal.kubectl("get", "nodes", "worker-1", "-o", "wide")) == [
        ["NAME", "STATUS", "ROLES", "AGE", "VERSION", "INTERNAL-IP", "EXTERNAL-IP", "OS-IMAGE", "KERNEL-VERSION", "CONTAINER-RUNTIME"],
        ["worker-1", "Ready", NONE, AGE, "v1.36.2", "192.168.0.12", NONE, "chaoscinder sandbox", "sandbox", "sandbox://0"],
    ]


def test_pods(terminal: Terminal) -> None:
    assert table(terminal.kubectl("get", "pods")) == [["NAME", "READY", "STATUS", "RESTARTS", "AGE"], [APP_POD, "1/1", "Running", "0", AGE]]


def test_pods_wide(terminal: Terminal) -> None:
    assert table(terminal.kubectl("get", "pods", "-o", "wide")) == [
        ["NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "NODE", "NOMINATED NODE", "READINESS GATES"],
        [APP_POD, "1/1", "Running", "0", AGE, ADDRESS, Like("worker-[123]"), NONE, NONE],
    ]


def test_pods_of_a_namespace_without_any(terminal: Terminal) -> None:
    assert terminal.kubectl("get", "pods", "-n", "kube-public") == "No resources found in kube-public namespace.\n"


def test_a_pod_that_is_not_there(terminal: Terminal) -> None:
    assert terminal.kubectl("get", "pod", "nobody", rc=1) == 'Error from server (NotFound): pods "nobody" not found\n'


def test_deployments(terminal: Terminal) -> None:
    assert table(terminal.kubectl("get", "deploy", "-o", "wide")) == [
        ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"],
        ["test-cinder", "1/1", "1", "1", AGE, "test-cinder", IMAGE, "app=test-cinder"],
    ]


def test_replica_sets(terminal: Terminal) -> None:
    assert table(terminal.kubectl("get", "rs", "-o", "wide")) == [
        ["NAME", "DESIRED", "CURRENT", "READY", "AGE", "CONTAINERS", "IMAGES", "SELECTOR"],
        [APP_SET, "1", "1", "1", AGE, "test-cinder", IMAGE, Like("app=test-cinder,pod-template-hash=[a-z0-9]+")],
    ]


def test_claims(terminal: Terminal) -> None:
    assert table(terminal.kubectl("get", "pvc")) == [
        ["NAME", "STATUS", "VOLUME", "CAPACITY", "ACCESS MODES", "STORAGECLASS", "VOLUMEATTRIBUTESCLASS", "AGE"],
        ["test-cinder-volume", "Bound", PV, "3Gi", "RWO", "cinder", "<unset>", AGE],
    ]


def test_volumes(terminal: Terminal) -> None:
    assert table(terminal.kubectl("get", "pv")) == [
        [
            "NAME", "CAPACITY", "ACCESS MODES", "RECLAIM POLICY", "STATUS", "CLAIM", "STORAGECLASS", "VOLUMEATTRIBUTESCLASS",
            "REASON", "AGE",
        ],
        [PV, "3Gi", "RWO", "Delete", "Bound", "default/test-cinder-volume", "cinder", "<unset>", "", AGE],
    ]  # fmt: skip


def test_volume_attachments(terminal: Terminal) -> None:
    assert table(terminal.kubectl("get", "volumeattachments")) == [
        ["NAME", "ATTACHER", "PV", "NODE", "ATTACHED", "AGE"],
        [Like("csi-[0-9a-f]{64}"), "cinder.csi.openstack.org", PV, terminal.app_node(), "true", AGE],
    ]


def test_several_kinds_at_once(terminal: Terminal) -> None:
    seen = terminal.kubectl("get", "deploy,pvc,sc", "-o", "name")
    assert seen.split() == [
        "deployment.apps/test-cinder", "persistentvolumeclaim/test-cinder-volume", "storageclass.storage.k8s.io/cinder",
    ]  # fmt: skip


def test_events_of_a_pod(terminal: Terminal) -> None:
    pod = terminal.app_pod()
    seen = table(terminal.kubectl("get", "events", "--field-selector", f"involvedObject.name={pod}", "--sort-by=.metadata.resourceVersion"))
    attached = f'AttachVolume.Attach succeeded for volume "{terminal.field("{.items[0].metadata.name}", "pv")}"'
    assert [row for row in seen if row[2] != "Unhealthy"] == [
        ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"],
        [AGE, "Normal", "Scheduled", f"pod/{pod}", f"Successfully assigned default/{pod} to {terminal.app_node()}"],
        [AGE, "Normal", "SuccessfulAttachVolume", f"pod/{pod}", attached],
        [AGE, "Normal", "Pulled", f"pod/{pod}", f'Container image "{IMAGE}" already present on machine and can be accessed by the pod'],
        [AGE, "Normal", "Created", f"pod/{pod}", "Container created"],
        [AGE, "Normal", "Started", f"pod/{pod}", "Container started"],
    ]


def test_events_wide(terminal: Terminal) -> None:
    seen = table(terminal.kubectl("get", "events", "-o", "wide", "--field-selector", "reason=Started"))
    assert seen == [
        ["LAST SEEN", "TYPE", "REASON", "OBJECT", "SUBOBJECT", "SOURCE", "MESSAGE", "FIRST SEEN", "COUNT", "NAME"],
        [
            AGE, "Normal", "Started", Like("pod/.*"), "spec.containers{test-cinder}", f"kubelet, {terminal.app_node()}",
            "Container started", AGE, "1", Like(r"test-cinder-.*\.[0-9a-f]+"),
        ],
    ]  # fmt: skip


@pytest.mark.parametrize(("form", "read"), [("yaml", yaml.safe_load), ("json", json.loads)])
def test_a_whole_claim(terminal: Terminal, form: str, read: "object") -> None:
    assert callable(read)
    seen = read(terminal.kubectl("get", "pvc", "test-cinder-volume", "-o", form))
    assert (seen["kind"], seen["apiVersion"], sorted(seen)) == (
        "PersistentVolumeClaim", "v1", ["apiVersion", "kind", "metadata", "spec", "status"],
    )  # fmt: skip
    assert seen["spec"] == {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "3Gi"}}, "storageClassName": "cinder",
        "volumeMode": "Filesystem", "volumeName": PV,
    }  # fmt: skip
    assert seen["status"] == {"phase": "Bound", "accessModes": ["ReadWriteOnce"], "capacity": {"storage": "3Gi"}}


def test_a_list_in_json(terminal: Terminal) -> None:
    seen = json.loads(terminal.kubectl("get", "nodes", "-o", "json"))
    assert (seen["kind"], [row["metadata"]["name"] for row in seen["items"]]) == ("List", ["control-plane-1", *WORKERS])


def test_jsonpath(terminal: Terminal) -> None:
    assert terminal.kubectl("get", "deployment", "-o=jsonpath={.items[*].spec.strategy.type}") == "Recreate"
    named = '{range .items[*]}{.metadata.name}={.status.nodeInfo.kubeletVersion}{"\\n"}{end}'
    assert terminal.kubectl("get", "nodes", "-o", f"jsonpath={named}").split()[0] == "control-plane-1=v1.36.2"


def test_custom_columns(terminal: Terminal) -> None:
    seen = table(terminal.kubectl("get", "nodes", "-o", "custom-columns=NAME:.metadata.name,SERVER:.spec.providerID"))
    assert seen[:2] == [["NAME", "SERVER"], ["control-plane-1", Like("openstack:///[0-9a-f-]{36}")]]


def test_by_label_and_by_field(terminal: Terminal) -> None:
    zone = terminal.kubectl("get", "nodes", "-l", "topology.kubernetes.io/zone=az-2", "-o", "name")
    assert zone == "node/worker-4\n"
    here = terminal.kubectl("get", "pods", "--field-selector", f"spec.nodeName={terminal.app_node()}", "-o", "name")
    assert here == f"pod/{terminal.app_pod()}\n"


def test_version(terminal: Terminal) -> None:
    assert terminal.program is not None
    assert terminal.program.version in terminal.kubectl("version")
    assert "v1.36.2+chaoscinder-sandbox" in terminal.kubectl("version")
