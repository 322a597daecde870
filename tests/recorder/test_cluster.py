"""Watches through the real client, against a server that says over HTTP what a real API server says."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chaoscinder.clients.kubernetes import Kubernetes
from chaoscinder.clock import Clock
from chaoscinder.errors import CannotTell
from chaoscinder.model.workload import Target
from chaoscinder.recorder import cluster, states
from chaoscinder.recorder.changes import Changes, Problems
from chaoscinder.recorder.clouds import Poll
from chaoscinder.recorder.cluster import Events, Objects, Pulse, Watch
from chaoscinder.runs import RunDirectory
from chaoscinder.settings import Settings
from tests.api_server import ApiServer

PODS = "/api/v1/namespaces/shop/pods"
clock = Clock()


def pod(uid: str, version: str, phase: str = "Running") -> dict[str, Any]:
    return {
        "metadata": {"name": f"web-{uid}", "namespace": "shop", "uid": uid, "resourceVersion": version},
        "spec": {"nodeName": "b1"},
        "status": {"phase": phase},
    }


def event(type_: str, obj: dict[str, Any]) -> dict[str, Any]:
    return {"type": type_, "object": obj}


def bookmark(version: str) -> dict[str, Any]:
    return event("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": version}})


EXPIRED = event("ERROR", {"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version: 1 (9)"})


@pytest.fixture
def kubernetes(api: ApiServer) -> Iterator[Kubernetes]:
    """The real client."""
    made = Kubernetes(Settings(request_timeout_s=2.0))
    yield made
    made.close()


class Rig:
    """One watch of pods in a thread, its changes and problems."""

    def __init__(self, api: ApiServer, kubernetes: Kubernetes, run: RunDirectory) -> None:
        self.run = run
        self.changes = Changes(run)
        self.problems = Problems(lambda: 0.0)
        self.api = api
        self.watch = Watch(kubernetes, PODS, Objects(self.changes, "Pod", states.pod_state), self.problems, labelSelector="app=web")
        self.stop = threading.Event()
        self.thread = threading.Thread(target=self.watch.run, args=(self.stop,), daemon=True)
        self.thread.start()

    def until(self, done: Callable[[], bool]) -> None:
        deadline = clock.deadline(5.0)
        while not done() and not deadline.passed:
            clock.sleep_wall(0.01)

    def end(self) -> list[tuple[str, str | None]]:
        self.stop.set()
        self.api.close()
        self.thread.join(10.0)
        assert not self.thread.is_alive()
        return [(change.uid, (change.state or {}).get("phase")) for change in self.run.read().changes]


def test_a_watch_lists_then_follows_and_goes_on_where_it_was(api: ApiServer, kubernetes: Kubernetes, run: RunDirectory) -> None:
    api.list(PODS, pod("u1", "5", "Pending"), version="10")
    api.watch(PODS, event("MODIFIED", pod("u1", "11")), bookmark("15"))
    api.watch(PODS, event("ADDED", pod("u2", "16")), event("DELETED", pod("u1", "17")))
    rig = Rig(api, kubernetes, run)
    rig.until(lambda: len(api.asked) == 4)
    assert rig.end() == [("u1", "Pending"), ("u1", "Running"), ("u2", "Running"), ("u1", None)]
    common = {"labelSelector": "app=web"}
    follow = {"watch": "true", "timeoutSeconds": "60", "allowWatchBookmarks": "true", **common}
    assert [query for _, query in api.asked] == [
        {"limit": "500", **common}, *({"resourceVersion": version, **follow} for version in ("10", "15", "17")),
    ]  # fmt: skip


def test_a_history_that_is_gone_is_listed_again_and_what_vanished_meanwhile_is_written(
    api: ApiServer, kubernetes: Kubernetes, run: RunDirectory
) -> None:
    api.list(PODS, pod("u1", "5"), pod("u2", "6"), version="10")
    api.list(PODS, pod("u2", "6"), pod("u3", "30"), version="31")
    api.watch(PODS, EXPIRED)
    rig = Rig(api, kubernetes, run)
    rig.until(lambda: len(api.asked) == 4)
    assert rig.end() == [("u1", "Running"), ("u2", "Running"), ("u3", "Running"), ("u1", None)]
    assert rig.problems.lines() == []


def test_a_long_list_is_read_page_by_page(api: ApiServer, kubernetes: Kubernetes, run: RunDirectory) -> None:
    api.list(PODS, pod("u1", "5"), version="10", token="more")
    api.list(PODS, pod("u2", "6"), version="10")
    rig = Rig(api, kubernetes, run)
    rig.until(rig.watch.looked.is_set)
    assert rig.end() == [("u1", "Running"), ("u2", "Running")]
    assert api.asked[1][1]["continue"] == "more"


def test_a_refusal_is_a_problem_and_is_tried_again(api: ApiServer, kubernetes: Kubernetes, run: RunDirectory) -> None:
    api.list(PODS, code=403)
    api.list(PODS, code=500)
    api.list(PODS, pod("u1", "5"))
    api.watch(PODS, event("ERROR", {"code": 500, "message": "etcd is ill"}))
    rig = Rig(api, kubernetes, run)
    rig.until(lambda: len(rig.problems.lines()) == 3)
    assert rig.end() == [("u1", "Running")]
    assert rig.problems.lines() == [
        f"Kubernetes refused GET {PODS} with 403: told so (at 0.0 s)",
        f"Kubernetes answered GET {PODS} with 500: told so (at 0.0 s)",
        f"Kubernetes broke the watch of {PODS} off: 500 etcd is ill (at 0.0 s)",
    ]


def test_events_from_before_the_recording_are_history_and_the_rest_is_written_once_for_each_count(run: RunDirectory) -> None:
    def seen(uid: str, count: int) -> dict[str, Any]:
        return {"metadata": {"uid": uid}, "reason": uid, "count": count, "involvedObject": {"kind": "Node", "name": "b1"}}

    sink = Events(run, lambda obj: obj["metadata"]["uid"] != "other", lambda: run.header.anchor_s + 1.0)
    sink.listed([seen("old", 4)])
    sink.happened("ADDED", seen("new", 1))
    sink.happened("MODIFIED", seen("new", 2))
    sink.happened("MODIFIED", seen("old", 5))
    sink.happened("DELETED", seen("new", 2))
    sink.happened("ADDED", seen("other", 1))
    sink.listed([seen("old", 5), seen("new", 2), seen("between", 1)])
    assert [(row.reason, row.count) for row in run.read().events] == [("new", 1), ("new", 2), ("old", 5), ("between", 1)]


def test_what_is_not_ours_is_left_out_but_what_was_ours_stays_ours(run: RunDirectory, target: Target) -> None:
    changes = Changes(run)
    mine = cluster.Family(target)
    sink = Objects(changes, "EndpointSlice", states.slice_state, mine=mine.has_slice)

    def slice_of(uid: str, *pods: str) -> dict[str, Any]:
        endpoints = [{"targetRef": {"name": name}, "conditions": {"ready": True}} for name in pods]
        return {"metadata": {"name": uid, "uid": uid}, "endpoints": endpoints}

    sink.listed([slice_of("ours", "web-6d5fcd9584-9c5wf"), slice_of("theirs", "db-0")])
    sink.happened("MODIFIED", slice_of("ours"))
    assert [(change.name, change.state) for change in run.read().changes] == [
        ("ours", {"ready": ["web-6d5fcd9584-9c5wf"], "not_ready": []}),
        ("ours", {"ready": [], "not_ready": []}),
    ]


def test_everything_of_a_target_is_watched_and_default_only_once(
    api: ApiServer, kubernetes: Kubernetes, run: RunDirectory, target: Target
) -> None:
    found = cluster.watches(kubernetes, run, target, "app=web", Changes(run), Problems(lambda: 0.0), clock.monotonic_s)
    assert [watch.path for watch in found] == [
        "/api/v1/namespaces/shop/pods",
        "/api/v1/nodes",
        "/apis/storage.k8s.io/v1/volumeattachments",
        "/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices",
        "/api/v1/namespaces/default/events",
        "/api/v1/namespaces/shop/events",
    ]


def test_the_pulse_counts_as_a_look_only_while_no_watch_is_lost(api: ApiServer, kubernetes: Kubernetes, run: RunDirectory) -> None:
    api.list(PODS, pod("u1", "5"), version="10")
    api.list("/api/v1/nodes")
    rig = Rig(api, kubernetes, run)
    rig.until(rig.watch.looked.is_set)
    pulse = Poll("kubernetes", Pulse(kubernetes, [rig.watch]).look, rig.problems, every_s=1.0, now=clock.monotonic_s)
    before_s = clock.monotonic_s()
    pulse.look()
    looked_s = pulse.looked_s or 0.0
    assert before_s <= looked_s <= clock.monotonic_s()
    rig.watch.lost.set()
    pulse.look()
    assert pulse.looked_s == looked_s
    assert rig.problems.lines() == [f"Kubernetes answers, but {PODS} could not be followed (at 0.0 s)"]
    rig.end()


@pytest.mark.parametrize(("path", "lost"), [(PODS, True), ("/api/v1/nodes", True), ("/apis/storage.k8s.io/v1/volumeattachments", False)])
def test_only_what_older_api_servers_do_not_have_is_not_lost_where_it_was_never_found(
    api: ApiServer, kubernetes: Kubernetes, run: RunDirectory, path: str, lost: bool
) -> None:
    problems, stop = Problems(lambda: 0.0), threading.Event()
    watch = Watch(kubernetes, path, Objects(Changes(run), "Pod", states.pod_state), problems)
    thread = threading.Thread(target=watch.run, args=(stop,), daemon=True)
    thread.start()
    deadline = clock.deadline(5.0)
    while not problems.lines() and not deadline.passed:
        clock.sleep_wall(0.01)
    assert [line.partition(":")[0] for line in problems.lines()] == [f"Kubernetes has no {path}"]
    assert (watch.looked.is_set(), watch.lost.is_set()) == (False, lost)
    if lost:
        api.list("/api/v1/nodes")
        with pytest.raises(CannotTell, match=f"^Kubernetes answers, but {path} could not be followed$"):
            Pulse(kubernetes, [watch]).look()
    stop.set()
    thread.join(10.0)


def test_a_watch_is_lost_from_a_failure_until_it_was_listed_again(api: ApiServer, kubernetes: Kubernetes, run: RunDirectory) -> None:
    watch = Watch(kubernetes, PODS, Objects(Changes(run), "Pod", states.pod_state), Problems(lambda: 0.0))
    stop = threading.Event()
    thread = threading.Thread(target=watch.run, args=(stop,), daemon=True)
    thread.start()
    assert watch.lost.wait(5.0)
    api.list(PODS, pod("u1", "5"), version="10")
    assert watch.looked.wait(5.0)
    assert not watch.lost.is_set()
    stop.set()
    api.close()
    thread.join(10.0)
