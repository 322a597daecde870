"""Watches: from a version, with selectors, bookmarks and an end; and what is too old."""

import json
import time

import pytest
from kubernetes import client as k8s
from kubernetes import watch
from kubernetes.client.exceptions import ApiException

from chaoscinder.sandbox.kubernetes.resources import CONFIGMAPS
from chaoscinder.sandbox.kubernetes.store import HISTORY
from tests.conformance.kubernetes.cluster import Cluster, pod

WATCH = "GET /api/v1/namespaces/{}/configmaps?watch"


def config_map(cluster: Cluster, home: str, name: str, **labels: str) -> str:
    meta = {"name": name, "labels": labels}
    return k8s.CoreV1Api(cluster.client()).create_namespaced_config_map(home, {"metadata": meta}).metadata.resource_version


def lines(cluster: Cluster, home: str, query: str = "") -> list[tuple[str, str]]:
    """Type and name of each event of a watch that ends after a second."""
    answer = cluster.ask("GET", f"/api/v1/namespaces/{home}/configmaps?watch=1&timeoutSeconds=1{query}")
    rows = [json.loads(line) for line in answer.text.splitlines()]
    return [(row["type"], row["object"]["metadata"].get("name", "")) for row in rows]


@pytest.mark.endpoint(WATCH)
def test_a_watch_from_a_version_tells_what_happened_since(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    version = config_map(cluster, home, "a")
    config_map(cluster, home, "b")
    core.patch_namespaced_config_map("a", home, {"data": {"k": "v"}})
    core.delete_namespaced_config_map("b", home)
    seen = []
    for event in watch.Watch().stream(core.list_namespaced_config_map, home, resource_version=version, timeout_seconds=1):
        seen.append((event["type"], event["object"].metadata.name))
    assert seen == [("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]


@pytest.mark.endpoint(WATCH)
def test_a_watch_without_a_version_begins_with_what_is_there(cluster: Cluster, home: str):
    config_map(cluster, home, "a")
    assert lines(cluster, home) == [("ADDED", "a"), ("ADDED", "kube-root-ca.crt")]


@pytest.mark.endpoint(WATCH)
def test_what_leaves_a_selection_is_deleted_for_its_watch(cluster: Cluster, home: str):
    version = config_map(cluster, home, "a", color="red")
    core = k8s.CoreV1Api(cluster.client())
    core.patch_namespaced_config_map("a", home, {"metadata": {"labels": {"color": "blue"}}})
    core.patch_namespaced_config_map("a", home, {"metadata": {"labels": {"color": "red"}}})
    query = f"&resourceVersion={version}&labelSelector=color%3Dred"
    assert lines(cluster, home, query) == [("DELETED", "a"), ("ADDED", "a")]


@pytest.mark.endpoint(WATCH)
def test_a_watch_ends_at_its_time_with_a_bookmark_if_wanted(cluster: Cluster, home: str):
    version = config_map(cluster, home, "a")
    began = time.monotonic()
    assert set(lines(cluster, home, f"&resourceVersion={version}&allowWatchBookmarks=true")) == {("BOOKMARK", "")}
    assert 0.9 <= time.monotonic() - began < 5


@pytest.mark.endpoint(WATCH)
def test_a_streaming_list_says_where_its_beginning_ends(cluster: Cluster, home: str):
    path = f"/api/v1/namespaces/{home}/configmaps?watch=1&timeoutSeconds=1&sendInitialEvents=true&allowWatchBookmarks=true"
    answer = cluster.ask("GET", f"{path}&resourceVersionMatch=NotOlderThan")
    rows = [json.loads(line) for line in answer.text.splitlines()]
    assert [row["type"] for row in rows[:2]] == ["ADDED", "BOOKMARK"]
    assert rows[1]["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


@pytest.mark.endpoint(WATCH)
def test_a_version_that_is_forgotten_is_410_in_the_stream(cluster: Cluster, home: str):
    version = config_map(cluster, home, "a")
    with cluster.world.step():
        for number in range(HISTORY + 1):
            cluster.store.change(CONFIGMAPS, "a", home, lambda new, number=number: new.update(data={"n": str(number)}))
    oldest = cluster.store.history[0].version
    stream = watch.Watch().stream(k8s.CoreV1Api(cluster.client()).list_namespaced_config_map, home, resource_version=version)
    with pytest.raises(ApiException) as caught:
        list(stream)
    assert (caught.value.status, caught.value.reason) == (410, f"Expired: too old resource version: {version} ({oldest})")


@pytest.mark.endpoint("GET /api/v1/namespaces/{}/pods?watch")
def test_a_forced_deletion_is_told_twice(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    version = core.create_namespaced_pod(home, pod(nodeName="control-plane-1")).metadata.resource_version
    core.delete_namespaced_pod("web", home, grace_period_seconds=0)
    path = f"/api/v1/namespaces/{home}/pods?watch=1&timeoutSeconds=1&resourceVersion={version}"
    rows = [json.loads(line) for line in cluster.ask("GET", path).text.splitlines()]
    told = [(row["type"], row["object"]["metadata"].get("deletionGracePeriodSeconds")) for row in rows]
    assert told[-2:] == [("MODIFIED", 0), ("DELETED", 0)]


@pytest.mark.endpoint("GET /api/v1/nodes?watch")
def test_kubectl_watches(cluster: Cluster):
    rows = cluster.kubectl("get", "nodes", "-w", "--request-timeout=1s", "-o", "name").split()
    assert rows == [f"node/{name}" for name in ("control-plane-1", "node-1", "node-2", "node-3", "node-4")]
