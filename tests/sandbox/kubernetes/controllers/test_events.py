"""Event objects: what the real ones look like."""

from datetime import UTC, datetime

from chaoscinder.sandbox.kubernetes.controllers.events import Recorder
from chaoscinder.sandbox.kubernetes.resources import EVENTS
from chaoscinder.sandbox.kubernetes.store import Store
from chaoscinder.sandbox.world import World

NODE = {"kind": "Node", "apiVersion": "v1", "metadata": {"name": "node-1", "uid": "u1", "resourceVersion": "7"}}
POD = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": "web", "namespace": "shop", "uid": "u2", "resourceVersion": "8"}}


def test_the_same_event_again_raises_the_count() -> None:
    world = World(epoch=datetime(2026, 11, 22, tzinfo=UTC))
    store = Store(world)
    recorder = Recorder(world, store)
    recorder.normal(NODE, "NodeNotReady", "Node node-1 status is now: NodeNotReady", by="node-controller")
    world.turn(5)
    recorder.normal(NODE, "NodeNotReady", "Node node-1 status is now: NodeNotReady", by="node-controller")
    (event,) = store.list(EVENTS)
    assert {key: value for key, value in event.items() if key != "metadata"} == {
        "kind": "Event", "apiVersion": "v1", "type": "Normal", "reason": "NodeNotReady",
        "message": "Node node-1 status is now: NodeNotReady", "source": {"component": "node-controller"},
        "involvedObject": {"kind": "Node", "name": "node-1", "uid": "u1", "apiVersion": "v1", "resourceVersion": "7"},
        "firstTimestamp": "2026-11-22T00:00:00Z", "lastTimestamp": "2026-11-22T00:00:05Z", "count": 2, "eventTime": None,
        "reportingComponent": "node-controller", "reportingInstance": "",
    }  # fmt: skip
    assert event["metadata"]["namespace"] == "default"


def test_the_scheduler_writes_the_new_style_and_a_series() -> None:
    world = World(epoch=datetime(2026, 11, 22, tzinfo=UTC))
    store = Store(world)
    recorder = Recorder(world, store)
    recorder.scheduling("Warning", POD, "FailedScheduling", "0/1 nodes", action="Scheduling", by="default-scheduler")
    recorder.scheduling("Warning", POD, "FailedScheduling", "0/1 nodes", action="Scheduling", by="default-scheduler")
    (event,) = store.list(EVENTS)
    seen = (event["metadata"]["namespace"], event["source"], event["action"], event["series"]["count"], "count" in event)
    assert seen == ("shop", {}, "Scheduling", 2, False)
    assert event["eventTime"] == "2026-11-22T00:00:00.000000Z"


def test_events_are_forgotten_after_an_hour() -> None:
    world = World(epoch=datetime(2026, 11, 22, tzinfo=UTC))
    store = Store(world)
    recorder = Recorder(world, store)
    recorder.warning(POD, "Unhealthy", "no", by="kubelet", host="node-1", field_path="spec.containers{web}")
    world.turn(3601)
    recorder.forget_old()
    assert store.list(EVENTS) == []
