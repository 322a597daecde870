"""Reads: lists, selections, pages, tables, logs and events."""

from collections.abc import Callable
from typing import Any

from chaoscinder.sandbox.world import World

PODS_PATH = "/api/v1/namespaces/default/pods"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
Http = Any
MakePod = Callable[..., dict[str, Any]]


def test_a_list_is_selected_by_labels_fields_and_namespace(http: Http, pod: MakePod):
    http.post("/api/v1/namespaces", {"metadata": {"name": "other"}})
    http.post(PODS_PATH, pod("a", nodeName="n1"))
    http.post(PODS_PATH, pod("b"))
    http.post("/api/v1/namespaces/other/pods", pod("c", nodeName="n1"))

    def names(path: str) -> list[str]:
        return [row["metadata"]["name"] for row in http.get(path)["items"]]

    assert names("/api/v1/pods") == ["a", "b", "c"]
    assert names(PODS_PATH) == ["a", "b"]
    assert names("/api/v1/pods?fieldSelector=spec.nodeName%3Dn1") == ["a", "c"]
    assert names("/api/v1/pods?labelSelector=app!%3Dweb") == []
    assert http.refusal("GET", "/api/v1/pods?fieldSelector=spec.x%3D1") == (400, "BadRequest", "field label not supported: spec.x")


def test_a_list_comes_in_pages(http: Http, pod: MakePod):
    for name in "abcde":
        http.post(PODS_PATH, pod(name))
    seen, token, left = [], "", []
    while True:
        page = http.get(f"{PODS_PATH}?limit=2&continue={token}")
        seen += [row["metadata"]["name"] for row in page["items"]]
        left.append(page["metadata"].get("remainingItemCount"))
        token = page["metadata"].get("continue")
        if not token:
            break
    assert (seen, left) == (["a", "b", "c", "d", "e"], [3, 1, None])
    assert http.refusal("GET", f"{PODS_PATH}?limit=2&continue=xx")[0] == 400


def test_a_list_knows_its_version_and_none_that_is_to_come(http: Http):
    page = http.get("/api/v1/nodes?resourceVersion=0")
    assert (page["kind"], page["apiVersion"], page["metadata"]) == ("NodeList", "v1", {"resourceVersion": "2"})
    code, reason, message = http.refusal("GET", "/api/v1/nodes?resourceVersion=99")
    assert (code, reason, message) == (504, "Timeout", "Too large resource version: 99, current: 2")
    page = http.get("/api/v1/nodes?resourceVersion=1&resourceVersionMatch=Exact")  # before there was a node
    assert (page["metadata"], page["items"]) == ({"resourceVersion": "1"}, [])


def test_a_table_shows_cluster_time(http: Http, world: World):
    world.turn(600)
    code, document = http("GET", "/api/v1/nodes", accept=TABLE)
    assert (code, document["kind"], document["metadata"]) == (200, "Table", {"resourceVersion": "2"})
    assert document["rows"][0]["cells"][:4] == ["n1", "Ready", "<none>", "10m"]
    assert document["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_the_metadata_alone_can_be_had(http: Http):
    _, document = http("GET", "/api/v1/nodes", accept="application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io")
    assert (document["kind"], [sorted(item) for item in document["items"]]) == (
        "PartialObjectMetadataList",
        [["apiVersion", "kind", "metadata"]],
    )


def test_the_log_of_a_pod_is_what_its_process_wrote(http: Http, pod: MakePod):
    uid = http.post(PODS_PATH, pod())["metadata"]["uid"]
    assert http.raw("GET", f"{PODS_PATH}/web/log").data.decode() == f"hello\nfrom {uid}\n"
    assert http.raw("GET", f"{PODS_PATH}/web/log?tailLines=1&container=main").data.decode() == f"from {uid}\n"
    assert http.refusal("GET", f"{PODS_PATH}/web/log?container=x")[2] == "container x is not valid for pod web"
    warned = http.raw("GET", f"{PODS_PATH}/web/log?timestamps=true&sinceSeconds=5")
    text = "the sandbox keeps no times of log lines: timestamps, sinceSeconds changed nothing"
    assert warned.headers["Warning"] == f'299 - "{text}"'
    assert http.refusal("GET", f"{PODS_PATH}/web/log?follow=true")[0] == 501
    assert http.refusal("GET", f"{PODS_PATH}/nope/log")[0] == 404


def test_an_event_is_shown_by_both_groups(http: Http):
    event = {
        "metadata": {"name": "web.1"},
        "involvedObject": {"kind": "Pod", "name": "web", "namespace": "default"},
        "reason": "FailedAttachVolume",
        "message": "Multi-Attach error",
        "type": "Warning",
        "source": {"component": "attachdetach-controller"},
        "firstTimestamp": "2026-11-22T12:00:00Z",
        "lastTimestamp": "2026-11-22T12:00:00Z",
        "count": 1,
        "reportingComponent": "attachdetach-controller",
    }
    http.post("/api/v1/namespaces/default/events", event)
    path = "/apis/events.k8s.io/v1/events?fieldSelector=regarding.name%3Dweb,reason%3DFailedAttachVolume"
    document = http.get(path)
    assert (document["kind"], document["apiVersion"]) == ("EventList", "events.k8s.io/v1")
    (shown,) = document["items"]
    del shown["metadata"]
    assert shown == {
        "kind": "Event",
        "apiVersion": "events.k8s.io/v1",
        "regarding": {"kind": "Pod", "name": "web", "namespace": "default"},
        "reason": "FailedAttachVolume",
        "note": "Multi-Attach error",
        "type": "Warning",
        "deprecatedSource": {"component": "attachdetach-controller"},
        "deprecatedFirstTimestamp": "2026-11-22T12:00:00Z",
        "deprecatedLastTimestamp": "2026-11-22T12:00:00Z",
        "deprecatedCount": 1,
        "eventTime": None,
        "reportingController": "attachdetach-controller",
        "reportingInstance": "",
    }


def test_an_event_of_the_new_group_is_stored_as_one_of_the_old(http: Http):
    event = {"metadata": {"name": "e"}, "regarding": {"kind": "Node", "name": "n1"}, "note": "hello", "reason": "R", "type": "Normal"}
    http.post("/apis/events.k8s.io/v1/namespaces/default/events", {**event, "apiVersion": "events.k8s.io/v1", "kind": "Event"})
    stored = http.get("/api/v1/namespaces/default/events/e")
    assert (stored["apiVersion"], stored["involvedObject"], stored["message"]) == ("v1", {"kind": "Node", "name": "n1"}, "hello")
