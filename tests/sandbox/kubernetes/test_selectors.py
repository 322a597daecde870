"""Label and field selectors."""

import pytest

from chaoscinder.sandbox.kubernetes.resources import DEPLOYMENTS, EVENTS, NODES, PODS, Resource
from chaoscinder.sandbox.kubernetes.selectors import field_selector, label_selector, selector_text, selects
from chaoscinder.sandbox.kubernetes.store import StoreError
from chaoscinder.sandbox.kubernetes.views import NEW_EVENTS

WEB, DB, BARE = {"app": "web", "tier": "1"}, {"app": "db", "tier": "3"}, {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [WEB, DB, BARE]),
        ("app=web", [WEB]),
        ("app==web,tier=1", [WEB]),
        ("app!=web", [DB, BARE]),
        ("app in (web, db)", [WEB, DB]),
        ("app in (web),tier notin (3)", [WEB]),
        ("app notin (web)", [DB, BARE]),
        ("app", [WEB, DB]),
        ("!app", [BARE]),
        ("tier>2", [DB]),
        ("tier < 2", [WEB]),
        ("name in (None)", []),
    ],
)
def test_a_label_selector_selects(text: str, expected: list[dict[str, str]]):
    matches = label_selector(text)
    assert [labels for labels in (WEB, DB, BARE) if matches(labels)] == expected


@pytest.mark.parametrize("text", ["a in (b", "=b", "a=b=c", "a in b"])
def test_a_label_selector_that_cannot_be_read_is_refused(text: str):
    with pytest.raises(StoreError) as refusal:
        label_selector(text)
    assert refusal.value.code == 400


def test_the_selector_of_an_object_selects():
    selector = {"matchLabels": {"app": "db"}, "matchExpressions": [{"key": "tier", "operator": "In", "values": ["3", "4"]}]}
    assert [labels for labels in (WEB, DB, BARE) if selects(selector, labels)] == [DB]
    assert [labels for labels in (WEB, BARE) if selects({}, labels)] == [WEB, BARE]
    assert not selects(None, WEB)
    assert selector_text(selector) == "app=db,tier in (3,4)"


POD = {"metadata": {"name": "web", "namespace": "default"}, "spec": {"nodeName": "n1"}, "status": {"phase": "Running"}}
NODE = {"metadata": {"name": "n1"}, "spec": {"unschedulable": True}}
EVENT = {
    "metadata": {"name": "web.1", "namespace": "default"},
    "involvedObject": {"kind": "Pod", "name": "web"},
    "reason": "FailedAttachVolume",
    "type": "Warning",
    "reportingComponent": "attachdetach-controller",
}


@pytest.mark.parametrize(
    ("resource", "obj", "text", "expected"),
    [
        (PODS, POD, "spec.nodeName=n1,status.phase!=Succeeded", True),
        (PODS, POD, "spec.nodeName=n2", False),
        (PODS, POD, "metadata.name==web,metadata.namespace=default", True),
        (PODS, {"metadata": {"name": "a"}}, "spec.nodeName=", True),
        (NODES, NODE, "spec.unschedulable=true", True),
        (NODES, {"metadata": {"name": "n2"}, "spec": {}}, "spec.unschedulable=false", True),
        (EVENTS, EVENT, "involvedObject.kind=Pod,involvedObject.name=web,type=Warning", True),
        (EVENTS, EVENT, "source=attachdetach-controller", True),
        (EVENTS, EVENT, "reason=Killing", False),
        (NEW_EVENTS, EVENT, "regarding.kind=Pod,reason=FailedAttachVolume,reportingController=attachdetach-controller", True),
        (DEPLOYMENTS, {"metadata": {"name": "web"}}, "metadata.name=web", True),
    ],
)
def test_a_field_selector_selects(resource: Resource, obj: dict[str, object], text: str, expected: bool):
    assert field_selector(resource, text)(obj) is expected


@pytest.mark.parametrize(
    ("resource", "text", "message"),
    [
        (PODS, "spec.colour=red", "field label not supported: spec.colour"),
        (NODES, "metadata.namespace=x", "field label not supported: metadata.namespace"),
        (NEW_EVENTS, "involvedObject.name=web", "field label not supported: involvedObject.name"),
        (DEPLOYMENTS, "spec.x=1", '"spec.x" is not a known field selector: only "metadata.name", "metadata.namespace"'),
        (PODS, "spec.nodeName", "invalid selector: 'spec.nodeName'; can't understand 'spec.nodeName'"),
    ],
)
def test_a_field_that_is_not_indexed_is_refused_in_the_servers_words(resource: Resource, text: str, message: str):
    with pytest.raises(StoreError) as refusal:
        field_selector(resource, text)
    assert (refusal.value.code, refusal.value.message) == (400, message)
