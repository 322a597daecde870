"""Watches, read directly: what is sent, from where, and that nothing is left behind."""

import json
from collections.abc import Iterator
from typing import Any

from chaoscinder.sandbox.kubernetes.api import KubernetesApi
from chaoscinder.sandbox.kubernetes.resources import NODES
from chaoscinder.sandbox.kubernetes.store import HISTORY, Store
from chaoscinder.sandbox.kubernetes.watching import Limits, Watch
from chaoscinder.sandbox.world import World

Http = Any
NODES_PATH = "/api/v1/nodes?watch=1"


class Stream:
    """The lines of a watch, one by one."""

    def __init__(self, http: Http, path: str, accept: str = "") -> None:
        self._answer = http.raw("GET", path, accept=accept)
        assert self._answer.status_code == 200
        self._chunks: Iterator[bytes] = iter(self._answer.response)
        assert next(self._chunks) == b""  # the headers go out before anything happens

    def next(self) -> tuple[str, Any]:
        event = json.loads(next(self._chunks))
        return event["type"], event["object"]

    def named(self) -> tuple[str, str]:
        type_, obj = self.next()
        return type_, obj["metadata"]["name"]

    def rest(self) -> list[tuple[str, Any]]:
        return [(event["type"], event["object"]) for event in map(json.loads, self._chunks)]

    def close(self) -> None:
        self._answer.close()


def cordon(store: Store, name: str = "n1", unschedulable: bool = True) -> None:
    store.change(NODES, name, "", lambda new: new["spec"].update(unschedulable=unschedulable))


def test_a_watch_without_a_version_begins_with_what_there_is(http: Http, store: Store):
    stream = Stream(http, NODES_PATH)
    assert stream.named() == ("ADDED", "n1")
    cordon(store)
    store.create(NODES, {"metadata": {"name": "n2"}})
    store.delete(NODES, "n1")
    assert [stream.named() for _ in range(3)] == [("MODIFIED", "n1"), ("ADDED", "n2"), ("DELETED", "n1")]
    stream.close()


def test_a_watch_resumes_after_a_version(http: Http, store: Store):
    version = http.get("/api/v1/nodes")["metadata"]["resourceVersion"]
    cordon(store)
    stream = Stream(http, f"{NODES_PATH}&resourceVersion={version}")
    type_, node = stream.next()
    assert (type_, node["metadata"]["resourceVersion"]) == ("MODIFIED", str(int(version) + 1))
    cordon(store, unschedulable=False)
    assert stream.named() == ("MODIFIED", "n1")
    stream.close()


def test_an_object_that_leaves_the_selection_is_deleted_and_one_that_enters_is_added(http: Http, store: Store):
    stream = Stream(http, f"{NODES_PATH}&fieldSelector=spec.unschedulable%3Dtrue")
    cordon(store)
    cordon(store, unschedulable=False)
    store.change(NODES, "n1", "", lambda new: new["metadata"].update(labels={"a": "b"}))
    cordon(store)
    assert [stream.named() for _ in range(3)] == [("ADDED", "n1"), ("DELETED", "n1"), ("ADDED", "n1")]
    stream.close()


def test_a_watch_of_one_namespace_hears_nothing_of_others(http: Http, store: Store):
    stream = Stream(http, "/api/v1/namespaces/default/configmaps?watch=true&timeoutSeconds=1")
    http.post("/api/v1/namespaces", {"metadata": {"name": "other"}})
    http.post("/api/v1/namespaces/other/configmaps", {"metadata": {"name": "x"}})
    http.post("/api/v1/namespaces/default/configmaps", {"metadata": {"name": "y"}})
    assert stream.named() == ("ADDED", "y")
    stream.close()


def test_a_version_that_is_too_old_is_an_error_event(http: Http, store: Store):
    for number in range(HISTORY + 1):
        store.change(NODES, "n1", "", lambda new, number=number: new["spec"].update(podCIDR=str(number)))
    stream = Stream(http, f"{NODES_PATH}&resourceVersion=1")
    ((type_, status),) = stream.rest()
    assert type_ == "ERROR"
    assert (status["kind"], status["code"], status["reason"]) == ("Status", 410, "Expired")
    assert status["message"].startswith("too old resource version: 1 ")
    stream.close()


def test_a_watch_ends_at_its_timeout_with_a_bookmark(http: Http, store: Store):
    stream = Stream(http, f"{NODES_PATH}&timeoutSeconds=1&allowWatchBookmarks=true")
    assert stream.named() == ("ADDED", "n1")
    *_, last = stream.rest()
    metadata = {"resourceVersion": "2", "creationTimestamp": None}
    assert last == ("BOOKMARK", {"kind": "Node", "apiVersion": "v1", "metadata": metadata})
    stream.close()


def test_a_watch_without_bookmarks_just_ends(http: Http):
    stream = Stream(http, f"{NODES_PATH}&timeoutSeconds=1&resourceVersion=2")
    assert stream.rest() == []
    stream.close()


def limited(store: Store, limits: Limits) -> Watch:
    watch = Watch(store, NODES, lambda obj: True, lambda obj: obj, bookmark={"kind": "Node"}, limits=limits)
    watch.start(2)
    assert next(watch) == b""
    return watch


def test_bookmarks_come_again_and_again(store: Store):
    watch = limited(store, Limits(bookmark_s=0.01))
    assert json.loads(next(watch))["object"]["metadata"]["resourceVersion"] == "2"
    store.create(NODES, {"metadata": {"name": "n2"}})
    assert json.loads(next(watch))["object"]["metadata"]["name"] == "n2"
    assert json.loads(next(watch))["object"]["metadata"]["resourceVersion"] == "3"
    watch.close()


def test_the_end_of_the_initial_events_is_marked_on_demand(http: Http):
    stream = Stream(http, f"{NODES_PATH}&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan")
    assert stream.named() == ("ADDED", "n1")
    type_, mark = stream.next()
    assert (type_, mark["metadata"]["annotations"]) == ("BOOKMARK", {"k8s.io/initial-events-end": "true"})
    stream.close()


def test_closing_the_api_ends_every_watch_and_refuses_new_ones(http: Http, api: KubernetesApi):
    stream = Stream(http, f"{NODES_PATH}&resourceVersion=2")
    assert len(api.watches) == 1
    api.close()
    assert stream.rest() == []
    stream.close()
    late = Stream(http, f"{NODES_PATH}&resourceVersion=2")
    assert late.rest() == []
    late.close()
    assert len(api.watches) == 0


def test_a_client_that_left_leaves_no_listener_behind(http: Http, api: KubernetesApi, store: Store):
    before = len(store._listeners)
    for _ in range(3):
        http.raw("GET", NODES_PATH).close()  # never read from
        stream = Stream(http, NODES_PATH)
        stream.named()
        stream.close()
    assert (len(store._listeners), len(api.watches)) == (before, 0)


def test_a_client_that_does_not_read_is_cut_off(store: Store):
    watch = limited(store, Limits(backlog=2))
    for number in range(5):
        store.change(NODES, "n1", "", lambda new, number=number: new["spec"].update(podCIDR=str(number)))
    assert len(list(watch)) == 3
    watch.close()


def test_a_table_is_watched_row_by_row_in_cluster_time(http: Http, store: Store, world: World):
    world.turn(300)
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    stream = Stream(http, f"{NODES_PATH}&includeObject=None", accept)
    type_, document = stream.next()
    assert (type_, document["kind"], document["rows"]) == ("ADDED", "Table", [{"cells": TABLE_ROW}])
    stream.close()


TABLE_ROW = ["n1", "Ready", "<none>", "5m", "", "<none>", "<none>", "<unknown>", "<unknown>", "<unknown>"]
