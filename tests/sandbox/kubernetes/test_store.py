"""The object store against what the API server's registry does."""

import pytest

from chaoscinder.sandbox.kubernetes.resources import ATTACHMENTS, CLAIMS, DEPLOYMENTS, NODES, PODS
from chaoscinder.sandbox.kubernetes.store import Happened, Object, Store, StoreError
from chaoscinder.sandbox.world import World


@pytest.fixture
def scheduled(store: Store) -> Object:
    return store.create(PODS, {"metadata": {"name": "web", "namespace": "default"}, "spec": {"nodeName": "n1"}, "status": {}})


def test_a_scheduled_pod_stays_until_the_kubelet_deletes_it_with_grace_zero(store: Store, scheduled: Object):
    left = store.delete(PODS, "web", "default")
    meta = left["metadata"]
    assert (meta["deletionTimestamp"], meta["deletionGracePeriodSeconds"]) == ("2026-11-22T12:00:30Z", 30)
    store.delete(PODS, "web", "default", grace_s=0)
    assert store.find(PODS, "web", "default") is None


def test_the_first_deletion_raises_the_generation_once(store: Store, scheduled: Object):
    assert scheduled["metadata"]["generation"] == 1
    assert store.delete(PODS, "web", "default")["metadata"]["generation"] == 2
    assert store.delete(PODS, "web", "default", grace_s=5)["metadata"]["generation"] == 2


def test_a_shortened_grace_period_counts_from_the_first_request(store: Store, world: World, scheduled: Object):
    store.delete(PODS, "web", "default", grace_s=60)
    world.turn(10)
    meta = store.delete(PODS, "web", "default", grace_s=20)["metadata"]
    assert (meta["deletionTimestamp"], meta["deletionGracePeriodSeconds"]) == ("2026-11-22T12:00:20Z", 20)


def test_a_second_deletion_without_a_grace_period_changes_nothing(store: Store, world: World, scheduled: Object):
    first = store.delete(PODS, "web", "default", grace_s=60)
    world.turn(10)
    assert store.delete(PODS, "web", "default") == first


def test_an_unscheduled_pod_goes_at_once(store: Store):
    store.create(PODS, {"metadata": {"name": "web", "namespace": "default"}, "spec": {}})
    store.delete(PODS, "web", "default")
    assert store.find(PODS, "web", "default") is None


def test_finalizers_hold_an_object_until_the_last_is_gone(store: Store):
    store.create(ATTACHMENTS, {"metadata": {"name": "csi-1", "finalizers": ["external-attacher/x"]}, "spec": {}})
    left = store.delete(ATTACHMENTS, "csi-1")
    assert left["metadata"]["deletionTimestamp"] == "2026-11-22T12:00:00Z"
    store.change(ATTACHMENTS, "csi-1", "", lambda new: new["metadata"].pop("finalizers"))
    assert store.find(ATTACHMENTS, "csi-1") is None


def test_only_the_resources_that_count_their_specs_have_a_generation(store: Store):
    claim = store.create(CLAIMS, {"metadata": {"name": "c", "namespace": "default"}, "spec": {}})
    attachment = store.create(ATTACHMENTS, {"metadata": {"name": "a"}, "spec": {}})
    workload = store.create(DEPLOYMENTS, {"metadata": {"name": "d", "namespace": "default"}, "spec": {"replicas": 1}})
    assert [obj["metadata"].get("generation") for obj in (claim, attachment, workload)] == [None, None, 1]
    changed = store.change(DEPLOYMENTS, "d", "default", lambda new: new["spec"].update(replicas=2))
    assert changed["metadata"]["generation"] == 2
    assert store.change(DEPLOYMENTS, "d", "default", lambda new: new.update(status={}))["metadata"]["generation"] == 2


def test_a_listener_is_told_what_the_object_was_before(store: Store):
    told: list[Happened] = []
    store.listen(told.append)
    store.change(NODES, "n1", "", lambda new: new["spec"].update(unschedulable=True))
    store.unlisten(told.append)
    store.change(NODES, "n1", "", lambda new: new["spec"].update(unschedulable=False))
    (event,) = told
    assert event.type == "MODIFIED"
    assert event.previous is not None
    assert (event.previous["spec"], event.object["spec"]) == ({}, {"unschedulable": True})


def test_a_change_that_changes_nothing_is_not_written(store: Store):
    version = store.version
    store.change(NODES, "n1", "", lambda new: None)
    assert store.version == version


def test_what_happened_since_a_version_is_told_in_order(store: Store):
    version = store.version
    store.change(NODES, "n1", "", lambda new: new["spec"].update(unschedulable=True))
    store.delete(NODES, "n1")
    assert [(event.type, event.version) for event in store.since(version, NODES)] == [("MODIFIED", version + 1), ("DELETED", version + 2)]


def test_a_version_that_is_forgotten_is_410_and_one_to_come_is_504(store: Store):
    for number in range(5_001):
        store.change(NODES, "n1", "", lambda new, number=number: new["spec"].update(podCIDR=str(number)))
    with pytest.raises(StoreError, match="too old resource version: 1 ") as old:
        store.since(1, NODES)
    with pytest.raises(StoreError, match="Too large resource version: 9999, current: 5003") as new:
        store.since(9999, NODES)
    assert (old.value.code, old.value.reason, new.value.code, new.value.reason) == (410, "Expired", 504, "Timeout")


def test_a_stale_version_is_a_conflict(store: Store):
    node = store.get(NODES, "n1")
    store.change(NODES, "n1", "", lambda new: new["spec"].update(unschedulable=True))
    with pytest.raises(StoreError) as refusal:
        store.replace(NODES, {**node, "spec": {}}, check_version=node["metadata"]["resourceVersion"])
    assert str(refusal.value) == (
        'Operation cannot be fulfilled on nodes "n1": the object has been modified;'
        " please apply your changes to the latest version and try again"
    )
