"""Watches of Kubernetes: list, then follow; list again when the history is gone; wait longer after each failure in a row."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from chaoscinder.errors import CannotTell, NotFound, Refused
from chaoscinder.model.attachment import View
from chaoscinder.model.workload import Target
from chaoscinder.recorder import states
from chaoscinder.recorder.changes import Changes, Problems
from chaoscinder.recorder.family import Family
from chaoscinder.runs import RunDirectory

Json = dict[str, Any]
WATCH_S = 60.0  # wall seconds; a watch is opened again after that, from where it was
PAGE = 500  # the API server's own reflectors ask for as many
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 10.0  # wall seconds between attempts
GONE = 410
NODES = "/api/v1/nodes"
MAY_LACK = ("/volumeattachments", "/endpointslices")  # what an API server before 1.13 and 1.21 does not have


class Cluster(Protocol):
    """What a watch asks of a Kubernetes client."""

    def get(self, path: str, **query: Any) -> Json:
        """GET a path as JSON."""

    def watch(self, path: str, *, resource_version: str, timeout_s: float, **query: Any) -> Iterator[Json]:
        """Follow a path's watch events, raw."""


class Sink(Protocol):
    """Where the objects of one watch go."""

    def listed(self, items: list[Json]) -> None:
        """Take everything there is."""

    def happened(self, type_: str, obj: Json) -> None:
        """Take one watch event: ADDED, MODIFIED or DELETED."""


class Watch:
    """One path, followed for ever. looked is set once it was listed; lost is set from a failure until it was listed again.

    What an older API server does not have is not lost.
    """

    def __init__(self, cluster: Cluster, path: str, sink: Sink, problems: Problems, **query: Any) -> None:
        self.path = path
        self.looked = threading.Event()
        self.lost = threading.Event()
        self._cluster = cluster
        self._sink = sink
        self._problems = problems
        self._query = query

    def run(self, stop: threading.Event) -> None:
        """Follow until told to stop."""
        wait_s = FIRST_WAIT_S
        while not stop.is_set():
            try:
                version = self.list()
                wait_s = FIRST_WAIT_S
                self.follow(version, stop)
            except (CannotTell, NotFound, Refused) as error:
                lacks = isinstance(error, NotFound) and self.path.endswith(MAY_LACK) and not self.looked.is_set()
                if not lacks:
                    self.lost.set()
                self._problems.note(str(error))
                stop.wait(wait_s)
                wait_s = min(2 * wait_s, LONGEST_WAIT_S)

    def list(self) -> str:
        """Take everything there is, page by page; the version to follow from."""
        items: list[Json] = []
        page = self._cluster.get(self.path, limit=PAGE, **self._query)
        items += page["items"]
        while token := page["metadata"].get("continue"):
            page = self._cluster.get(self.path, limit=PAGE, **self._query, **{"continue": token})
            items += page["items"]
        self._sink.listed(items)
        self.lost.clear()
        self.looked.set()
        return str(page["metadata"]["resourceVersion"])

    def follow(self, version: str, stop: threading.Event) -> None:
        """Take what happens from a version on; returns when the history before the next event is gone."""
        while not stop.is_set():
            for event in self._cluster.watch(self.path, resource_version=version, timeout_s=WATCH_S, **self._query):
                obj = event["object"]
                if event["type"] == "ERROR":
                    if obj.get("code") == GONE:
                        return
                    raise CannotTell(f"Kubernetes broke the watch of {self.path} off: {obj.get('code')} {obj.get('message')}")
                version = str(obj["metadata"]["resourceVersion"])
                if event["type"] != "BOOKMARK":
                    self._sink.happened(event["type"], obj)


class Objects:
    """Keeps the states of one kind."""

    def __init__(
        self, changes: Changes, kind: str, state: Callable[[Json], Json], *, mine: Callable[[Mapping[str, Any]], bool] = bool
    ) -> None:
        self._changes = changes
        self._kind = kind
        self._state = state
        self._mine = mine

    def listed(self, items: list[Json]) -> None:
        """Keep all of ours, and say which went away unseen."""
        for obj in items:
            self._keep(obj)
        self._changes.keep_only(View.KUBERNETES, self._kind, {obj["metadata"]["uid"] for obj in items})

    def happened(self, type_: str, obj: Json) -> None:
        """Keep it, or say that it went away."""
        if type_ == "DELETED":
            self._changes.gone(View.KUBERNETES, self._kind, obj["metadata"]["uid"])
        else:
            self._keep(obj)

    def _keep(self, obj: Json) -> None:
        meta = obj["metadata"]
        if self._mine(obj) or self._changes.knows(View.KUBERNETES, self._kind, meta["uid"]):
            self._changes.note(View.KUBERNETES, self._kind, meta["name"], meta["uid"], self._state(obj))


class Events:
    """Writes down events as they come; those that were there before the recording began are history of another day."""

    def __init__(self, run: RunDirectory, mine: Callable[[Json], bool], now: Callable[[], float]) -> None:
        self._run = run
        self._mine = mine
        self._now = now
        self._counts: dict[str, int] | None = None

    def listed(self, items: list[Json]) -> None:
        """Write down what is new since the last time; the first time only remember."""
        if self._counts is None:
            self._counts = {obj["metadata"]["uid"]: states.event_of(obj).count for obj in items}
        for obj in items:
            self.happened("ADDED", obj)

    def happened(self, type_: str, obj: Json) -> None:
        """Write an event down when it is new or happened once more."""
        counts = self._counts = self._counts if self._counts is not None else {}
        event, uid = states.event_of(obj), obj["metadata"]["uid"]
        if type_ != "DELETED" and counts.get(uid) != event.count:
            counts[uid] = event.count
            if self._mine(obj):
                self._run.event(self._now(), event)


class Pulse:
    """One short question, for a poll: a quiet watch cannot be told from one whose server has gone.

    It counts as a look only while no watch is lost: what cannot be followed from the first moment on was not seen either.
    """

    def __init__(self, cluster: Cluster, followed: Sequence[Watch]) -> None:
        self._cluster = cluster
        self._followed = followed

    def look(self) -> None:
        """Ask for one node; CannotTell while a watch is lost."""
        self._cluster.get(NODES, limit=1)
        lost = [watch.path for watch in self._followed if watch.lost.is_set()]
        if lost:
            raise CannotTell(f"Kubernetes answers, but {', '.join(lost)} could not be followed")


def watches(
    cluster: Cluster, run: RunDirectory, target: Target, selector: str, changes: Changes, problems: Problems, now: Callable[[], float]
) -> list[Watch]:
    """Everything of the cluster that concerns a target."""
    family, inside = Family(target), f"/api/v1/namespaces/{target.namespace}"
    pods = Watch(cluster, f"{inside}/pods", Objects(changes, "Pod", states.pod_state), problems, labelSelector=selector)
    plain: list[tuple[str, Sink]] = [
        (NODES, Objects(changes, "Node", states.node_state)),
        (
            "/apis/storage.k8s.io/v1/volumeattachments",
            Objects(changes, "VolumeAttachment", states.attachment_state, mine=family.has_attachment),
        ),
        (
            f"/apis/discovery.k8s.io/v1/namespaces/{target.namespace}/endpointslices",
            Objects(changes, "EndpointSlice", states.slice_state, mine=family.has_slice),
        ),
    ]
    # Events about nodes and other objects without a namespace live in the namespace default.
    for namespace in sorted({target.namespace, "default"}):
        plain.append((f"/api/v1/namespaces/{namespace}/events", Events(run, family.has_event, now)))
    return [pods, *(Watch(cluster, path, sink, problems) for path, sink in plain)]
