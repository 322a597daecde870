"""The three kinds of patch."""

import json
from typing import Any

import pytest

from chaoscinder.sandbox.kubernetes.patches import JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, patched
from chaoscinder.sandbox.kubernetes.store import StoreError


def strategic(obj: dict[str, Any], patch: Any, kind: str = "Pod") -> dict[str, Any]:
    return patched(obj, kind, STRATEGIC_PATCH, json.dumps(patch).encode())


def test_containers_and_their_variables_are_merged_by_name():
    pod = {"spec": {"containers": [{"name": "a", "image": "x:1", "env": [{"name": "K", "value": "1"}]}, {"name": "b", "image": "y:1"}]}}
    patch = {"spec": {"containers": [{"name": "a", "env": [{"name": "L", "value": "2"}]}, {"name": "c", "image": "z:1"}]}}
    expected = [
        {"name": "a", "image": "x:1", "env": [{"name": "K", "value": "1"}, {"name": "L", "value": "2"}]},
        {"name": "b", "image": "y:1"},
        {"name": "c", "image": "z:1"},
    ]
    assert strategic(pod, patch) == {"spec": {"containers": expected}}
    assert pod["spec"]["containers"][0]["env"] == [{"name": "K", "value": "1"}]


def test_the_template_of_a_workload_is_merged_like_a_pod():
    workload = {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "x:1", "ports": [{"containerPort": 80}]}]}}}}
    patch = {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "x:2"}]}}}}
    expected = {"spec": {"template": {"spec": {"containers": [{"name": "a", "image": "x:2", "ports": [{"containerPort": 80}]}]}}}}
    assert strategic(workload, patch, "Deployment") == expected


def test_an_item_is_deleted_by_its_key():
    pod = {"spec": {"volumes": [{"name": "a", "emptyDir": {}}, {"name": "b", "emptyDir": {}}]}}
    assert strategic(pod, {"spec": {"volumes": [{"name": "a", "$patch": "delete"}]}}) == {"spec": {"volumes": [pod["spec"]["volumes"][1]]}}
    assert strategic(pod, {"spec": {"volumes": [{"name": "c", "$patch": "delete"}]}}) == pod


def test_a_list_and_a_map_are_replaced_on_demand():
    pod = {"metadata": {"labels": {"a": "1"}}, "spec": {"volumes": [{"name": "a"}, {"name": "b"}]}}
    patch = {"metadata": {"labels": {"$patch": "replace", "b": "2"}}, "spec": {"volumes": [{"$patch": "replace"}, {"name": "c"}]}}
    assert strategic(pod, patch) == {"metadata": {"labels": {"b": "2"}}, "spec": {"volumes": [{"name": "c"}]}}


def test_conditions_are_merged_by_type():
    node = {"status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "False"}]}}
    patch = {"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}
    expected = [{"type": "Ready", "status": "Unknown"}, {"type": "DiskPressure", "status": "False"}]
    assert strategic(node, patch, "Node") == {"status": {"conditions": expected}}


@pytest.mark.parametrize(("path", "item"), [("tolerations", {"key": "b"}), ("taints", {"key": "b", "effect": "NoExecute"})])
def test_tolerations_and_taints_have_no_merge_key_and_are_replaced(path: str, item: dict[str, str]):
    assert strategic({"spec": {path: [{"key": "a"}]}}, {"spec": {path: [item]}}, "Node") == {"spec": {path: [item]}}


def test_null_removes_a_field_and_retain_keys_removes_the_others():
    workload = {"spec": {"paused": True, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}}}
    patch = {"spec": {"paused": None, "strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    assert strategic(workload, patch, "Deployment") == {"spec": {"strategy": {"type": "Recreate"}}}


def test_finalizers_are_a_set_and_lose_values_by_directive():
    obj = {"metadata": {"finalizers": ["a", "b"]}}
    patch = {"metadata": {"$deleteFromPrimitiveList/finalizers": ["a"], "finalizers": ["b", "c"]}}
    assert strategic(obj, patch) == {"metadata": {"finalizers": ["b", "c"]}}


def test_kubectl_says_the_order_of_a_list():
    pod = {"spec": {"containers": [{"name": "a"}, {"name": "b"}]}}
    patch = {"spec": {"$setElementOrder/containers": [{"name": "c"}, {"name": "b"}, {"name": "a"}], "containers": [{"name": "c"}]}}
    assert strategic(pod, patch) == {"spec": {"containers": [{"name": "c"}, {"name": "b"}, {"name": "a"}]}}


def test_an_item_without_its_key_is_refused():
    with pytest.raises(StoreError, match="does not contain declared merge key: name"):
        strategic({"spec": {"containers": [{"name": "a"}]}}, {"spec": {"containers": [{"image": "x"}]}})


def test_a_merge_patch_replaces_lists_and_removes_nulls():
    obj = {"spec": {"taints": [{"key": "a"}], "unschedulable": True, "deep": {"a": 1, "b": 2}}}
    patch = {"spec": {"taints": [{"key": "b"}], "unschedulable": None, "deep": {"a": None, "c": {"d": None, "e": 1}}}}
    expected = {"spec": {"taints": [{"key": "b"}], "deep": {"b": 2, "c": {"e": 1}}}}
    assert patched(obj, "Node", MERGE_PATCH, json.dumps(patch).encode()) == expected


def test_a_json_patch_tests_adds_replaces_and_removes():
    obj = {"metadata": {"labels": {"a/b": "1"}}, "spec": {"taints": [{"key": "a"}]}}
    patch = [
        {"op": "test", "path": "/metadata/labels/a~1b", "value": "1"},
        {"op": "add", "path": "/spec/taints/-", "value": {"key": "b"}},
        {"op": "replace", "path": "/metadata/labels/a~1b", "value": "2"},
        {"op": "remove", "path": "/spec/taints/0"},
    ]
    expected = {"metadata": {"labels": {"a/b": "2"}}, "spec": {"taints": [{"key": "b"}]}}
    assert patched(obj, "Node", JSON_PATCH, json.dumps(patch).encode()) == expected
    assert obj["spec"]["taints"] == [{"key": "a"}]


@pytest.mark.parametrize(
    ("patch", "code"),
    [
        ([{"op": "remove", "path": "/spec/none"}], 422),
        ([{"op": "test", "path": "/spec", "value": 1}], 422),
        ([{"op": "add", "path": "/a/b/c", "value": 1}], 422),
        ([{"op": "fly", "path": "/spec"}], 400),
        ({"spec": {}}, 400),
    ],
)
def test_a_json_patch_that_cannot_be_applied_is_refused(patch: Any, code: int):
    with pytest.raises(StoreError) as refusal:
        patched({"spec": {}}, "Node", JSON_PATCH, json.dumps(patch).encode())
    assert refusal.value.code == code


def test_a_patch_that_is_no_json_is_refused():
    with pytest.raises(StoreError, match="error decoding patch") as refusal:
        patched({}, "Node", MERGE_PATCH, b"{")
    assert refusal.value.code == 400
