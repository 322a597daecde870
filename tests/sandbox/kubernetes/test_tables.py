"""Server-side tables and the ages in them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from chaoscinder.sandbox.kubernetes.ages import human_duration
from chaoscinder.sandbox.kubernetes.cells import cells
from chaoscinder.sandbox.kubernetes.resources import CSIDRIVERS, NODES
from chaoscinder.sandbox.kubernetes.tables import COLUMNS, table

NOW = datetime(2026, 11, 22, 12, 0, 0, tzinfo=UTC)
BORN = "2026-11-22T11:55:00Z"


def meta(name: str = "x", **more: Any) -> dict[str, Any]:
    return {"name": name, "creationTimestamp": BORN, **more}


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-5, "<invalid>"),
        (-0.5, "0s"),
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (599, "9m59s"),
        (600, "10m"),
        (10_799, "179m"),
        (10_800, "3h"),
        (28_799, "7h59m"),
        (28_800, "8h"),
        (172_799, "47h"),
        (172_800, "2d"),
        (176_400, "2d1h"),
        (864_000, "10d"),
        (86_400 * 800, "2y70d"),
    ],
)
def test_a_duration_is_written_as_kubectl_writes_it(seconds: float, text: str):
    assert human_duration(seconds) == text


def running(ready: bool = True, **status: Any) -> dict[str, Any]:
    container = {"name": "main", "ready": ready, "restartCount": 0, "state": {"running": {}}}
    spec = {"nodeName": "n1", "containers": [{"name": "main"}]}
    return {
        "metadata": meta(),
        "spec": spec,
        "status": {"phase": "Running", "podIP": "10.0.0.1", "containerStatuses": [container], **status},
    }


def test_a_running_pod_in_a_row():
    assert cells("pods", running(), NOW) == ["x", "1/1", "Running", "0", "5m", "10.0.0.1", "n1", "<none>", "<none>"]


def test_a_pod_on_a_dead_node_is_terminating_and_still_counts_as_ready():
    pod = running()
    pod["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"
    assert cells("pods", pod, NOW)[1:3] == ["1/1", "Terminating"]


def test_a_waiting_container_says_why():
    state = {"name": "main", "ready": False, "restartCount": 0, "state": {"waiting": {"reason": "ContainerCreating"}}}
    assert cells("pods", running(phase="Pending", containerStatuses=[state]), NOW)[1:3] == ["0/1", "ContainerCreating"]


def test_a_restart_says_when():
    ended = {"terminated": {"exitCode": 1, "finishedAt": "2026-11-22T11:59:30Z"}}
    state = {"name": "main", "ready": True, "restartCount": 2, "state": {"running": {}}, "lastState": ended}
    assert cells("pods", running(containerStatuses=[state]), NOW)[3] == "2 (30s ago)"


def test_an_ended_container_shows_its_exit_code():
    state = {"name": "main", "ready": False, "restartCount": 0, "state": {"terminated": {"exitCode": 137}}}
    assert cells("pods", running(phase="Failed", containerStatuses=[state]), NOW)[2] == "ExitCode:137"


@pytest.mark.parametrize(
    ("status", "unschedulable", "word"),
    [("True", False, "Ready"), ("Unknown", False, "NotReady"), ("False", True, "NotReady,SchedulingDisabled"), (None, False, "Unknown")],
)
def test_a_node_in_a_row(status: str | None, unschedulable: bool, word: str):
    node = {
        "metadata": meta("n1", labels={"node-role.kubernetes.io/control-plane": ""}),
        "spec": {"unschedulable": unschedulable},
        "status": {
            "conditions": [{"type": "Ready", "status": status}] if status else [],
            "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}],
            "nodeInfo": {
                "kubeletVersion": "v1.36.2",
                "osImage": "Debian",
                "kernelVersion": "6.1",
                "containerRuntimeVersion": "containerd://2",
            },
        },
    }
    expected = ["n1", word, "control-plane", "5m", "v1.36.2", "10.0.0.1", "<none>", "Debian", "6.1", "containerd://2"]
    assert cells("nodes", node, NOW) == expected


WORKLOAD = {
    "replicas": 2,
    "selector": {"matchLabels": {"app": "web"}},
    "template": {"spec": {"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y:1"}]}},
}


@pytest.mark.parametrize(
    ("plural", "obj", "expected"),
    [
        (
            "deployments",
            {"spec": WORKLOAD, "status": {"readyReplicas": 1, "updatedReplicas": 2, "availableReplicas": 1}},
            ["x", "1/2", 2, 1, "5m", "a,b", "x:1,y:1", "app=web"],
        ),
        ("replicasets", {"spec": WORKLOAD, "status": {"replicas": 2}}, ["x", 2, 2, 0, "5m", "a,b", "x:1,y:1", "app=web"]),
        ("statefulsets", {"spec": WORKLOAD, "status": {}}, ["x", "0/2", "5m", "a,b", "x:1,y:1"]),
        (
            "persistentvolumeclaims",
            {
                "spec": {"volumeName": "pv-1", "storageClassName": "cinder", "volumeMode": "Filesystem"},
                "status": {"phase": "Bound", "capacity": {"storage": "3Gi"}, "accessModes": ["ReadWriteOnce"]},
            },
            ["x", "Bound", "pv-1", "3Gi", "RWO", "cinder", "<unset>", "5m", "Filesystem"],
        ),
        (
            "persistentvolumes",
            {
                "spec": {
                    "capacity": {"storage": "3Gi"},
                    "accessModes": ["ReadWriteOnce"],
                    "persistentVolumeReclaimPolicy": "Delete",
                    "claimRef": {"namespace": "default", "name": "data"},
                    "storageClassName": "cinder",
                    "volumeMode": "Filesystem",
                },
                "status": {"phase": "Bound"},
            },
            ["x", "3Gi", "RWO", "Delete", "Bound", "default/data", "cinder", "<unset>", "", "5m", "Filesystem"],
        ),
        (
            "services",
            {"spec": {"type": "NodePort", "clusterIP": "10.96.0.9", "ports": [{"port": 80, "nodePort": 30080}], "selector": {"a": "b"}}},
            ["x", "NodePort", "10.96.0.9", "<none>", "80:30080/TCP", "5m", "a=b"],
        ),
        (
            "volumeattachments",
            {
                "spec": {"attacher": "cinder.csi.openstack.org", "nodeName": "n1", "source": {"persistentVolumeName": "pv-1"}},
                "status": {"attached": True},
            },
            ["x", "cinder.csi.openstack.org", "pv-1", "n1", "true", "5m"],
        ),
        (
            "events",
            {
                "type": "Warning",
                "reason": "FailedAttachVolume",
                "message": "AttachVolume.Attach succeeded ",
                "involvedObject": {"kind": "Pod", "name": "web"},
                "source": {"component": "attachdetach-controller"},
                "firstTimestamp": "2026-11-22T11:58:00Z",
                "lastTimestamp": "2026-11-22T11:59:00Z",
                "count": 3,
            },
            [
                "60s",
                "Warning",
                "FailedAttachVolume",
                "pod/web",
                "",
                "attachdetach-controller",
                "AttachVolume.Attach succeeded",
                "2m",
                3,
                "x",
            ],
        ),
        (
            "events",
            {
                "type": "Normal",
                "reason": "Scheduled",
                "message": "m",
                "involvedObject": {"kind": "Pod", "name": "web"},
                "reportingComponent": "default-scheduler",
                "eventTime": "2026-11-22T11:59:59.000000Z",
            },
            ["1s", "Normal", "Scheduled", "pod/web", "", "default-scheduler", "m", "1s", 1, "x"],
        ),
        ("namespaces", {"status": {"phase": "Active"}}, ["x", "Active", "5m"]),
        ("leases", {"spec": {"holderIdentity": "n1"}}, ["x", "n1", "5m"]),
        ("csidrivers", {}, ["x", "5m"]),
    ],
)
def test_a_row_of(plural: str, obj: dict[str, Any], expected: list[Any]):
    row = cells(plural, {"metadata": meta(), **obj}, NOW)
    assert row == expected
    assert len(row) == len(COLUMNS.get(plural, "Name, Age").split(","))


def test_the_default_storage_class_is_marked():
    obj = {
        "metadata": meta("cinder", annotations={"storageclass.kubernetes.io/is-default-class": "true"}),
        "provisioner": "cinder.csi.openstack.org",
        "reclaimPolicy": "Delete",
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
    }
    expected = ["cinder (default)", "cinder.csi.openstack.org", "Delete", "WaitForFirstConsumer", True, "5m"]
    assert cells("storageclasses", obj, NOW) == expected


def test_a_table_without_columns_of_its_own_has_name_and_age():
    name = {"name": "Name", "type": "string", "format": "name", "description": "", "priority": 0}
    row = {"cells": ["x", "5m"], "object": {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": meta()}}
    assert table(CSIDRIVERS, [{"metadata": meta()}], {"resourceVersion": "7"}, NOW) == {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": {"resourceVersion": "7"},
        "columnDefinitions": [name, {"name": "Age", "type": "string", "format": "", "description": "", "priority": 0}],
        "rows": [row],
    }


def test_wide_columns_have_priority_one():
    columns = table(NODES, [], {}, NOW)["columnDefinitions"]
    assert [column["name"] for column in columns if column["priority"]] == [
        "Internal-IP",
        "External-IP",
        "OS-Image",
        "Kernel-Version",
        "Container-Runtime",
    ]
