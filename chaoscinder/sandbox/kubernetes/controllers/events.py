"""Event objects as the real components write them: names, sources, counts and time stamps.

Most components write the old style (source, firstTimestamp, lastTimestamp, count); the scheduler writes the new one (eventTime, action,
series on a repeat). An event lives in the namespace of what it is about, or in default where that has none.
"""

from datetime import timedelta
from typing import Any

from chaoscinder.sandbox.kubernetes.resources import EVENTS
from chaoscinder.sandbox.kubernetes.store import Object, Store
from chaoscinder.sandbox.world import World

KEPT_S = 3600.0  # kube-apiserver --event-ttl, 1 h


class Recorder:
    """Writes events; the same one again raises the count of the first."""

    def __init__(self, world: World, store: Store) -> None:
        self._world = world
        self._store = store
        self._written: dict[tuple[str, ...], tuple[str, str]] = {}
        self._serial = 0

    def normal(self, about: Object, reason: str, message: str, *, by: str, host: str = "", field_path: str = "") -> None:
        """Record that something happened as it should."""
        self._old_style("Normal", about, reason, message, by, host, field_path)

    def warning(self, about: Object, reason: str, message: str, *, by: str, host: str = "", field_path: str = "") -> None:
        """Record that something did not work."""
        self._old_style("Warning", about, reason, message, by, host, field_path)

    def scheduling(self, type_: str, about: Object, reason: str, message: str, *, action: str, by: str) -> None:
        """Record an event in the scheduler's new style."""
        key = (by, "", about["metadata"]["uid"], type_, reason, message)
        if not self._repeat(key, _raise_series(self._micro())):
            extra: Object = {"source": {}, "eventTime": self._micro(), "action": action, "firstTimestamp": None, "lastTimestamp": None}
            extra |= {"reportingComponent": by, "reportingInstance": by}
            self._create(key, about, "", {"type": type_, "reason": reason, "message": message} | extra)

    def forget_old(self) -> None:
        """Delete the events whose time is over, as the API server's storage does."""
        limit = (self._world.now - timedelta(seconds=KEPT_S)).strftime("%Y-%m-%dT%H:%M:%SZ")
        for event in self._store.list(EVENTS):
            last = event.get("lastTimestamp") or (event.get("series") or {}).get("lastObservedTime") or event.get("eventTime") or ""
            if str(last) < limit:
                self._store.delete(EVENTS, event["metadata"]["name"], event["metadata"]["namespace"])

    def _old_style(self, type_: str, about: Object, reason: str, message: str, by: str, host: str, field_path: str) -> None:
        key = (by, host, about["metadata"]["uid"], type_, reason, message, field_path)
        if self._repeat(key, _raise_count(self._world.stamp())):
            return
        source = {"component": by} | ({"host": host} if host else {})
        stamps = {"firstTimestamp": self._world.stamp(), "lastTimestamp": self._world.stamp(), "count": 1, "eventTime": None}
        text = {"type": type_, "reason": reason, "message": message}
        self._create(key, about, field_path, text | stamps | {"source": source, "reportingComponent": by, "reportingInstance": host})

    def _repeat(self, key: tuple[str, ...], edit: Any) -> bool:
        name, namespace = self._written.get(key, ("", ""))
        if not name or self._store.find(EVENTS, name, namespace) is None:
            return False
        self._store.change(EVENTS, name, namespace, edit)
        return True

    def _create(self, key: tuple[str, ...], about: Object, field_path: str, fields: dict[str, Any]) -> None:
        meta = about["metadata"]
        involved = {"kind": about["kind"], "name": meta["name"], "uid": meta["uid"], "apiVersion": about["apiVersion"]}
        involved |= {"resourceVersion": meta.get("resourceVersion", "")}
        if meta.get("namespace"):
            involved["namespace"] = meta["namespace"]
        if field_path:
            involved["fieldPath"] = field_path
        self._serial += 1
        name = f"{meta['name']}.{int(self._world.now.timestamp() * 1_000_000) * 1000 + self._serial % 1000:x}"
        namespace = meta.get("namespace") or "default"
        self._store.create(EVENTS, {"metadata": {"name": name, "namespace": namespace}, "involvedObject": involved} | fields)
        self._written[key] = (name, namespace)

    def _micro(self) -> str:
        return self._world.now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _raise_count(stamp: str) -> Any:
    def edit(event: Object) -> None:
        event["count"] += 1
        event["lastTimestamp"] = stamp

    return edit


def _raise_series(stamp: str) -> Any:
    def edit(event: Object) -> None:
        event["series"] = {"count": (event.get("series") or {"count": 1})["count"] + 1, "lastObservedTime": stamp}

    return edit
