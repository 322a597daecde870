"""What is kept of each object: excerpts of objects of a real 1.36 control plane in, a few fields out."""

import pytest

from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.timeline import Event
from chaoscinder.model.workload import Server, Volume
from chaoscinder.recorder import states

NODE = {
    "metadata": {"name": "c1"},
    "spec": {
        "providerID": "openstack:///027eb444-bfc5-5f85-9f34-eb09aaaad16d",
        "taints": [
            {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule", "timeAdded": "2026-11-22T21:28:42Z"},
            {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute", "timeAdded": "2026-11-22T21:28:44Z"},
            {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"},
        ],
    },
    "status": {
        "conditions": [
            {"type": "MemoryPressure", "status": "Unknown"},
            {"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"},
        ],
        "volumesInUse": [
            "kubernetes.io/csi/cinder.csi.openstack.org^10086573-757b-5cab-8a81-c3cc9a7f1729",
            "kubernetes.io/csi/cinder.csi.openstack.org^4fdc80f1-f071-53ec-8c2d-8e746a240735",
            "kubernetes.io/csi/ebs.csi.aws.com^vol-1",
        ],
        "volumesAttached": [{"name": "kubernetes.io/cinder/4fdc80f1-f071-53ec-8c2d-8e746a240735", "devicePath": ""}],
    },
}
POD = {
    "metadata": {
        "name": "db-0", "namespace": "sc-b", "uid": "ee28f829-29f4-4e17-8b1d-3426a8702f98", "deletionTimestamp": "2026-11-22T21:34:14Z",
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "c99731f7", "controller": True}],
    },
    "spec": {"nodeName": "b1", "containers": [{"name": "main"}]},
    "status": {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": "False"}, {"type": "ContainersReady", "status": "True"}],
        "containerStatuses": [{"name": "main", "state": {"running": {"startedAt": "2026-11-22T21:27:38Z"}}, "ready": True}],
    },
}  # fmt: skip
ATTACHMENT = {
    "metadata": {"name": "csi-ef58", "uid": "534b6181", "deletionTimestamp": "2026-11-22T21:27:56Z", "finalizers": ["external-attacher/x"]},
    "spec": {"attacher": "cinder.csi.openstack.org", "source": {"persistentVolumeName": "pv-i-data-web"}, "nodeName": "i1"},
    "status": {"attached": True, "attachmentMetadata": {"DevicePath": "/dev/vdb"}},
}


def test_a_node_keeps_readiness_taints_its_server_and_its_cinder_volumes_only() -> None:
    assert states.node_state(NODE) == {
        "ready": "Unknown",
        "taints": [
            "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute",
            "node.kubernetes.io/unreachable=:NoExecute",
            "node.kubernetes.io/unreachable=:NoSchedule",
        ],
        "schedulable": True,
        "server_id": "027eb444-bfc5-5f85-9f34-eb09aaaad16d",
        "volumes_in_use": ["10086573-757b-5cab-8a81-c3cc9a7f1729", "4fdc80f1-f071-53ec-8c2d-8e746a240735"],
        "volumes_attached": ["4fdc80f1-f071-53ec-8c2d-8e746a240735"],
    }


def test_a_node_without_anything_is_unknown_and_has_no_server() -> None:
    assert states.node_state({"metadata": {"name": "x"}, "spec": {"unschedulable": True}}) == {
        "ready": "Unknown", "taints": [], "schedulable": False, "server_id": None, "volumes_in_use": [], "volumes_attached": [],
    }  # fmt: skip


def test_a_pod_that_ends_on_a_dead_node_is_deleting_and_not_ready() -> None:
    assert states.pod_state(POD) == {
        "phase": "Running", "node": "b1", "ready": False, "deleting": True, "waiting": "", "owner": "StatefulSet/db",
    }  # fmt: skip


def test_a_pod_says_what_its_first_waiting_container_waits_for() -> None:
    waiting = {"state": {"waiting": {"reason": "ContainerCreating"}}}
    status = {"phase": "Pending", "initContainerStatuses": [{"state": {"terminated": {}}}], "containerStatuses": [waiting]}
    pod = {"metadata": {"name": "p", "namespace": "n", "uid": "u"}, "spec": {}, "status": status}
    assert states.pod_state(pod) == {
        "phase": "Pending", "node": None, "ready": False, "deleting": False, "waiting": "ContainerCreating", "owner": "",
    }  # fmt: skip


def test_a_volume_attachment_that_goes_is_still_attached() -> None:
    assert states.attachment_state(ATTACHMENT) == {
        "node": "i1", "persistent_volume": "pv-i-data-web", "attached": True, "deleting": True, "attach_error": "", "detach_error": "",
    }  # fmt: skip


def test_a_volume_attachment_keeps_its_errors_and_may_have_no_status_yet() -> None:
    error = {"attached": False, "attachError": {"time": "2026-11-22T21:28:27Z", "message": "rpc error: code = Internal"}}
    assert states.attachment_state({**ATTACHMENT, "status": error})["attach_error"] == "rpc error: code = Internal"
    assert states.attachment_state({"metadata": {}, "spec": ATTACHMENT["spec"]})["attached"] is False


def test_a_slice_sends_traffic_to_what_is_ready_or_says_nothing() -> None:
    endpoints = [
        {"addresses": ["10.0.0.2"], "conditions": {"ready": True}, "targetRef": {"kind": "Pod", "name": "web-b"}},
        {"addresses": ["10.0.0.1"], "conditions": {"ready": False}, "targetRef": {"kind": "Pod", "name": "web-a"}},
        {"addresses": ["10.0.0.3"], "conditions": {}},
    ]
    assert states.slice_state({"endpoints": endpoints}) == {"ready": ["10.0.0.3", "web-b"], "not_ready": ["web-a"]}
    assert states.slice_state({"endpoints": None}) == {"ready": [], "not_ready": []}


def test_a_server_keeps_novas_words_and_its_volumes_in_order() -> None:
    server = Server("s1", "worker-1", "ACTIVE", 1, "powering-off", "active")
    assert states.server_state(server, ("v2", "v1")) == {
        "name": "worker-1", "status": "ACTIVE", "power_state": 1, "task_state": "powering-off", "vm_state": "active",
        "volumes": ["v1", "v2"],
    }  # fmt: skip


def test_a_volume_counts_only_attached_servers_but_tells_every_record() -> None:
    volume = Volume("v1", "pvc-1", "in-use", 3, "nova")
    rows = [
        Attachment(View.CINDER, "v1", server, status) for server, status in (("s2", "attached"), ("s3", "attaching"), (None, "reserved"))
    ]
    assert states.volume_state(volume, rows) == {
        "status": "in-use",
        "servers": ["s2"],
        "attachments": [
            {"status": "attached", "server_id": "s2"},
            {"status": "attaching", "server_id": "s3"},
            {"status": "reserved", "server_id": None},
        ],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (
            {
                "type": "Warning", "reason": "FailedAttachVolume", "message": "Multi-Attach error \n", "count": 3,
                "source": {"component": "attachdetach-controller"}, "involvedObject": {"kind": "Pod", "name": "web-1"},
            },
            Event(0.0, "Warning", "FailedAttachVolume", "attachdetach-controller", "Multi-Attach error", "Pod/web-1", 3),
        ),
        (
            {
                "type": "Normal", "reason": "Scheduled", "message": "m", "series": {"count": 2}, "reportingComponent": "default-scheduler",
                "source": {}, "involvedObject": {"kind": "Pod", "name": "web-1"},
            },
            Event(0.0, "Normal", "Scheduled", "default-scheduler", "m", "Pod/web-1", 2),
        ),
        ({}, Event(0.0, "", "", "", "", "/", 1)),
    ],
)  # fmt: skip
def test_an_event_keeps_who_said_what_about_whom(obj: dict[str, object], expected: Event) -> None:
    assert states.event_of(obj) == expected
