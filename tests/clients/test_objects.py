"""From the API server's JSON to nouns, on excerpts of what a real API server (1.36) sent."""

from typing import Any

import pytest

from chaoscinder.clients import objects
from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.workload import Kind, Node, Pod, Workload

SERVER = "05bc4d1e-16cb-5ebd-89cd-b2700132aaa0"
VOLUME = "10086573-757b-5cab-8a81-c3cc9a7f1729"


@pytest.mark.parametrize(
    ("provider_id", "server_id"),
    [
        (f"openstack:///{SERVER}", SERVER),
        (f"openstack://RegionOne/{SERVER}", SERVER),
        (f"openstack:///{SERVER.upper()}", SERVER),
        (SERVER, SERVER),
        ("", None),
        (f"aws:///{SERVER}", None),
        ("openstack:///worker-1", None),
    ],
)
def test_the_server_is_found_in_every_form_of_provider_id(provider_id: str, server_id: str | None) -> None:
    assert objects.server_id_of(provider_id) == server_id


def test_a_csi_volume_and_an_in_tree_volume_are_cinders_and_others_are_not() -> None:
    csi = {"spec": {"csi": {"driver": "cinder.csi.openstack.org", "volumeHandle": VOLUME}}}
    in_tree = {"spec": {"cinder": {"volumeID": VOLUME, "fsType": "ext4"}}}
    other = {"spec": {"csi": {"driver": "ebs.csi.aws.com", "volumeHandle": VOLUME}}}
    assert [objects.cinder_volume_of(row) for row in (csi, in_tree, other, {"spec": {"nfs": {}}})] == [VOLUME, VOLUME, None, None]


def test_a_lost_node_is_read_with_its_taints_and_the_csi_nodes_word() -> None:
    raw = {
        "metadata": {"name": "c1"},
        "spec": {
            "providerID": f"openstack:///{SERVER}",
            "taints": [
                {"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule", "timeAdded": "2026-11-22T21:28:42Z"},
                {"key": "node.kubernetes.io/out-of-service", "value": "nodeshutdown", "effect": "NoExecute"},
            ],
        },
        "status": {"conditions": [{"type": "Ready", "status": "Unknown", "reason": "NodeStatusUnknown"}]},
    }
    csi_node = {"spec": {"drivers": [{"name": "cinder.csi.openstack.org", "nodeID": SERVER}]}}
    taints = ("node.kubernetes.io/out-of-service=nodeshutdown:NoExecute", "node.kubernetes.io/unreachable=:NoSchedule")
    assert objects.node(raw, csi_node) == Node("c1", "Unknown", True, taints, SERVER, SERVER)


def test_a_node_that_never_reported_is_unknown() -> None:
    assert objects.node({"metadata": {"name": "c2"}, "spec": {}}) == Node("c2", "Unknown", True, (), None, None)


def pod_spec(claim: str) -> dict[str, Any]:
    """A pod's spec with one claim and the token volume that every pod has."""
    return {
        "nodeName": "b1",
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}, {"name": "token", "projected": {}}],
    }


def test_a_terminating_pod_on_a_dead_node_is_still_running_in_the_apis_words() -> None:
    raw = {
        "metadata": {"namespace": "sc-b", "name": "db-0", "uid": "u-1", "deletionTimestamp": "2026-11-22T21:34:14Z"},
        "spec": pod_spec("data-db-0"),
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}, {"type": "ContainersReady", "status": "True"}]},
    }
    assert objects.pod(raw) == Pod("sc-b", "db-0", "u-1", "b1", "Running", False, True, ("data-db-0",))


def test_a_deployment_and_a_stateful_set_are_read_alike() -> None:
    raw = {
        "metadata": {"namespace": "n", "name": "web"},
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": {"b": "2", "a": "1"}},
            "template": {"spec": pod_spec("data")},
        },
        "status": {"readyReplicas": None},
    }
    assert objects.workload(raw, Kind.DEPLOYMENT) == Workload("n", Kind.DEPLOYMENT, "web", 1, 0, ("data",), "Recreate", "a=1,b=2")


@pytest.mark.parametrize(
    ("meta", "status", "word"),
    [
        ({}, {"attached": True, "attachmentMetadata": {"DevicePath": "/dev/vdb"}}, "attached"),
        ({}, {"attached": False}, "attaching"),
        ({"deletionTimestamp": "2026-11-22T21:27:56Z"}, {"attached": True}, "detaching"),
    ],
)
def test_a_volume_attachment_says_attached_attaching_or_detaching(meta: dict[str, Any], status: dict[str, Any], word: str) -> None:
    raw = {"metadata": meta, "spec": {"nodeName": "i1"}, "status": status}
    device = "/dev/vdb" if word == "attached" else ""
    assert objects.attachment(raw, VOLUME, {"i1": SERVER}) == Attachment(View.KUBERNETES, VOLUME, SERVER, word, device)


def test_the_node_id_annotation_tells_the_server_when_the_node_is_gone() -> None:
    raw = {
        "metadata": {"annotations": {"csi.alpha.kubernetes.io/node-id": SERVER}},
        "spec": {"nodeName": "gone"},
        "status": {"attached": True},
    }
    assert objects.attachment(raw, VOLUME, {}) == Attachment(View.KUBERNETES, VOLUME, SERVER, "attached")
