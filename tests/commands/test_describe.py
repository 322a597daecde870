"""`kubectl describe`, in a sandbox as fast as the wall: its ages are counted by kubectl's own clock."""

import pytest

from tests.commands.terminal import ADDRESS, APP_POD, PV, SHOWN_AGE, Like, Terminal, section, told

CLAIM_FIELDS = ("Name", "StorageClass", "Status", "Volume", "Capacity", "Access Modes")
WHEN = Like(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")


@pytest.fixture(scope="module")
def rate() -> str:
    return "1"


def test_a_node(terminal: Terminal) -> None:
    seen = terminal.kubectl("describe", "node", "worker-1")
    fields = told(seen)
    assert {name: fields[name] for name in ("Name", "Roles", "Taints", "Unschedulable")} == {
        "Name": "worker-1", "Roles": "<none>", "Taints": "<none>", "Unschedulable": "false",
    }  # fmt: skip
    assert fields["ProviderID"] == Like("openstack:///[0-9a-f-]{36}")
    assert section(seen, "Conditions") == [
        ["Type", "Status", "LastHeartbeatTime", "LastTransitionTime", "Reason", "Message"],
        ["MemoryPressure", "False", WHEN, WHEN, "KubeletHasSufficientMemory", "kubelet has sufficient memory available"],
        ["DiskPressure", "False", WHEN, WHEN, "KubeletHasNoDiskPressure", "kubelet has no disk pressure"],
        ["PIDPressure", "False", WHEN, WHEN, "KubeletHasSufficientPID", "kubelet has sufficient PID available"],
        ["Ready", "True", WHEN, WHEN, "KubeletReady", "kubelet is posting ready status"],
    ]
    registered = "Node worker-1 event: Registered Node worker-1 in Controller"
    header = ["Type", "Reason", "Age", "From", "Message"]
    rows = [header, ["Normal", "RegisteredNode", SHOWN_AGE, "node-controller", registered]]
    assert terminal.program is not None
    looks_by_uid = terminal.program.minor >= 23  # before, kubectl asked for a node's events by its name in the place of its uid only
    assert section(seen, "Events") == (rows if looks_by_uid else [])


def test_the_node_of_a_pod_counts_what_it_asks_for(terminal: Terminal) -> None:
    seen = terminal.kubectl("describe", "node", terminal.app_node())
    assert "Non-terminated Pods:          (1 in total)" in seen
    (row,) = [line.split() for line in seen.splitlines() if line.strip().startswith("default")]
    assert row[:2] == ["default", terminal.app_pod()]
    assert row[2:10] == ["20m", "(0%)", "0", "(0%)", "48Mi", "(0%)", "128Mi", "(1%)"]


def test_a_pod(terminal: Terminal) -> None:
    pod, node = terminal.app_pod(), terminal.app_node()
    seen = terminal.kubectl("describe", "pod", pod)
    fields = told(seen)
    wanted = ("Name", "Namespace", "Labels", "Status", "IP", "Controlled By", "QoS Class", "Node-Selectors")
    assert {name: fields[name] for name in wanted} == {
        "Name": APP_POD, "Namespace": "default", "Labels": "app=test-cinder", "Status": "Running", "IP": ADDRESS,
        "Controlled By": Like("ReplicaSet/test-cinder-[a-z0-9]+"), "QoS Class": "Burstable", "Node-Selectors": "<none>",
    }  # fmt: skip
    assert fields["Node"].split("/")[0] == node
    assert fields["Tolerations"] == "node.kubernetes.io/not-ready:NoExecute op=Exists for 300s"
    assert "    Type:        PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)\n" in seen
    assert "    ClaimName:   test-cinder-volume\n" in seen
    image = "registry.invalid/chaoscinder-demo:0.1.0"
    assert [row for row in section(seen, "Events") if row[1] != "Unhealthy"] == [
        ["Type", "Reason", "Age", "From", "Message"],
        ["Normal", "Scheduled", SHOWN_AGE, "default-scheduler", f"Successfully assigned default/{pod} to {node}"],
        [
            "Normal", "SuccessfulAttachVolume", SHOWN_AGE, "attachdetach-controller",
            Like(r'AttachVolume\.Attach succeeded for volume "pvc-[0-9a-f-]{36}"'),
        ],
        ["Normal", "Pulled", SHOWN_AGE, "kubelet", f'Container image "{image}" already present on machine and can be accessed by the pod'],
        ["Normal", "Created", SHOWN_AGE, "kubelet", "Container created"],
        ["Normal", "Started", SHOWN_AGE, "kubelet", "Container started"],
    ]  # fmt: skip
    assert "<invalid>" not in seen


def test_a_claim_that_was_provisioned(terminal: Terminal) -> None:
    terminal.kubectl("apply", "-f", "-", stdin=CLAIM_AND_POD)
    terminal.kubectl("wait", "--for=condition=Ready", "pod/reader", "--timeout=40s")
    node = terminal.field("{.spec.nodeName}", "pod", "reader")
    seen = terminal.kubectl("describe", "pvc", "scratch")
    fields = told(seen)
    assert {name: fields[name] for name in (*CLAIM_FIELDS, "Used By", "Finalizers")} == {
        "Name": "scratch", "StorageClass": "cinder", "Status": "Bound", "Volume": PV, "Capacity": "1Gi", "Access Modes": "RWO",
        "Used By": "reader", "Finalizers": "[kubernetes.io/pvc-protection]",
    }  # fmt: skip
    assert f"volume.kubernetes.io/selected-node: {node}" in seen
    waiting = (
        "Waiting for a volume to be created either by the external provisioner 'cinder.csi.openstack.org' or manually by the system "
        "administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
    )
    assert section(seen, "Events") == [
        ["Type", "Reason", "Age", "From", "Message"],
        [
            "Normal", "WaitForFirstConsumer", SHOWN_AGE, "persistentvolume-controller",
            "waiting for first consumer to be created before binding",
        ],
        ["Normal", "ExternalProvisioning", SHOWN_AGE, "persistentvolume-controller", waiting],
        [
            "Normal", "Provisioning", SHOWN_AGE, "cinder.csi.openstack.org",
            'External provisioner is provisioning volume for claim "default/scratch"',
        ],
        [
            "Normal", "ProvisioningSucceeded", SHOWN_AGE, "cinder.csi.openstack.org",
            f"Successfully provisioned volume {fields['Volume']}",
        ],
    ]  # fmt: skip
    assert "<invalid>" not in seen
    terminal.kubectl("delete", "pod/reader", "pvc/scratch", "--grace-period=1")


CLAIM_AND_POD = """
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: scratch}
spec: {accessModes: [ReadWriteOnce], storageClassName: cinder, resources: {requests: {storage: 1Gi}}}
---
apiVersion: v1
kind: Pod
metadata: {name: reader}
spec:
  containers: [{name: reader, image: "registry.invalid/reader:1", volumeMounts: [{name: data, mountPath: /data}]}]
  volumes: [{name: data, persistentVolumeClaim: {claimName: scratch}}]
"""
