"""Which objects concern a target."""

from dataclasses import replace

import pytest

from chaoscinder.model.workload import Kind, Target
from chaoscinder.recorder.family import Family


def about(kind: str, name: str) -> dict[str, object]:
    return {"involvedObject": {"kind": kind, "name": name}}


@pytest.mark.parametrize(
    ("kind", "name", "mine"),
    [
        ("Pod", "web-6d5fcd9584-9c5wf", True),
        ("Pod", "web-7f4b9c6d5-abcde", True),
        ("Pod", "web-api-6d5fcd9584-9c5wf", False),
        ("Pod", "web-0", False),
        ("Pod", "db-0", False),
        ("ReplicaSet", "web-6d5fcd9584", True),
        ("ReplicaSet", "web-api-6d5fcd9584", False),
        ("Deployment", "web", True),
        ("StatefulSet", "web", False),
        ("Deployment", "web-api", False),
        ("PersistentVolumeClaim", "data-web", True),
        ("PersistentVolume", "pv-b", False),
        ("Node", "any", True),
        ("VolumeAttachment", "csi-1", True),
        ("ConfigMap", "web", False),
    ],
)
def test_an_event_concerns_a_deployment_by_its_name(target: Target, kind: str, name: str, mine: bool) -> None:
    assert Family(target).has_event(about(kind, name)) is mine


@pytest.mark.parametrize(("name", "mine"), [("web-0", True), ("web-12", True), ("web-api-0", False), ("web-6d5fcd9584-9c5wf", False)])
def test_the_pods_of_a_stateful_set_are_numbered(target: Target, name: str, mine: bool) -> None:
    family = Family(replace(target, kind=Kind.STATEFULSET, pod="web-0"))
    assert family.has_pod(name) is mine
    assert not family.has_event(about("ReplicaSet", "web-1"))


def test_attachments_and_slices_concern_a_target_by_its_volume_and_its_pods(target: Target) -> None:
    family = Family(target)
    assert family.has_attachment({"spec": {"source": {"persistentVolumeName": "pv-a-data-web"}}})
    assert not family.has_attachment({"spec": {"source": {"inlineVolumeSpec": {}}}})
    assert family.has_slice({"endpoints": [{"targetRef": {"name": "db-0"}}, {"targetRef": {"name": "web-6d5fcd9584-9c5wf"}}]})
    assert not family.has_slice({"endpoints": [{"addresses": ["10.0.0.1"]}]})
    assert not family.has_slice({})
