"""The object store: what etcd and the API server's registry are to a real cluster.

Objects are plain dicts as the API shows them. What find and list give out is shared and must not be changed; change() copies, lets the
caller edit, and writes only if something differs. Every write gets the next resource version and is told to the listeners, which is
what watches and controllers live on. Graceful deletion and finalizers follow the API server; see delete().
"""

from collections import defaultdict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chaoscinder.sandbox.kubernetes.resources import PODS, Resource
from chaoscinder.sandbox.kubernetes.shelves import Key, Shelf, copied
from chaoscinder.sandbox.world import World

Object = dict[str, Any]
Details = dict[str, Any]
HISTORY = 5_000  # watch events kept for a resume; an older resourceVersion gets 410 Expired
GENERATIONS = ("pods", "deployments", "replicasets", "statefulsets", "poddisruptionbudgets", "jobs", "cronjobs")  # they count their specs


class StoreError(Exception):
    """The API server's refusal: HTTP code, its reason word, its message and what its Status says in details."""

    def __init__(self, code: int, reason: str, message: str, details: Details | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.message = message
        self.details = details


@dataclass(frozen=True, slots=True)
class Happened:
    """One watch event: type is ADDED, MODIFIED or DELETED; previous is the object before, None for ADDED."""

    version: int
    type: str
    resource: Resource
    object: Object
    previous: Object | None = None


class Store:
    """All objects of one cluster."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.version = 0
        self.history: deque[Happened] = deque(maxlen=HISTORY)
        self._shelves: defaultdict[str, Shelf] = defaultdict(Shelf)
        self._listeners: list[Callable[[Happened], None]] = []

    def listen(self, listener: Callable[[Happened], None]) -> None:
        """Tell listener of every write from now on, inside the world's lock."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[Happened], None]) -> None:
        """Stop telling it."""
        self._listeners.remove(listener)

    def find(self, resource: Resource, name: str, namespace: str = "") -> Object | None:
        """Look an object up; None where it does not exist. Shared: do not change it."""
        return self._shelves[resource.plural].get((namespace, name))

    def get(self, resource: Resource, name: str, namespace: str = "") -> Object:
        """Look an object up, or refuse with the API server's 404."""
        found = self.find(resource, name, namespace)
        if found is None:
            raise not_found(resource, name)
        return found

    def on_node(self, resource: Resource, node: str) -> list[Object]:
        """The objects of a resource whose spec names a node, in the order of namespace and name. Shared: do not change them."""
        return self._shelves[resource.plural].on_node(node)

    def list(self, resource: Resource, namespace: str | None = None) -> list[Object]:
        """All objects of a resource in the order of namespace and name, of one namespace if told. Shared: do not change them."""
        return self._shelves[resource.plural].ordered(namespace)

    def create(self, resource: Resource, obj: Object) -> Object:
        """Store a new object: uid, creationTimestamp, generateName and generation are filled in."""
        obj = copied(obj)
        meta = obj.setdefault("metadata", {})
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"] + self.suffix()
        key = (meta.get("namespace", "") if resource.namespaced else "", meta["name"])
        if key in self._shelves[resource.plural]:
            raise already_exists(resource, meta["name"])
        obj["kind"], obj["apiVersion"] = resource.kind, resource.api_version
        meta["uid"] = meta.get("uid") or self.world.new_uuid()
        meta["creationTimestamp"] = self.world.stamp()
        if resource.plural in GENERATIONS:
            meta.setdefault("generation", 1)
        return self._write("ADDED", resource, key, obj)

    def change(self, resource: Resource, name: str, namespace: str, edit: Callable[[Object], None]) -> Object:
        """Copy, edit, and write if something differs; the generation rises with the spec."""
        old = self.get(resource, name, namespace)
        new = copied(old)
        edit(new)
        return self.replace(resource, new)

    def replace(self, resource: Resource, obj: Object, *, check_version: str | None = None) -> Object:
        """Write a whole object over the stored one. check_version refuses with 409 Conflict when it is not the stored one's."""
        meta = obj["metadata"]
        key = (meta.get("namespace", "") if resource.namespaced else "", meta["name"])
        old = self.get(resource, key[1], key[0])
        if check_version and check_version != old["metadata"]["resourceVersion"]:
            raise conflict(resource, meta["name"])
        for name in ("uid", "creationTimestamp", "resourceVersion"):
            meta[name] = old["metadata"][name]
        if obj == old:
            return old
        if "generation" in old["metadata"] and obj.get("spec") != old.get("spec"):
            meta["generation"] = old["metadata"]["generation"] + 1
        if meta.get("deletionTimestamp") and not meta.get("finalizers") and meta.get("deletionGracePeriodSeconds", 0) == 0:
            return self._remove(resource, key, obj)
        return self._write("MODIFIED", resource, key, obj)

    def delete(self, resource: Resource, name: str, namespace: str = "", *, grace_s: int | None = None) -> Object:
        """Delete as the API server does.

        A scheduled pod gets a deletionTimestamp of now plus its grace period (30 s unless its spec or grace_s says otherwise) and
        stays until the kubelet deletes it with grace_s 0, which is told as a change first; a second deletion may only shorten that.
        Anything with finalizers stays until they are gone. The rest goes at once, namespaces too (a real one is Terminating until it
        is empty).
        """
        obj = self.get(resource, name, namespace)
        grace = self._grace(resource, obj, grace_s)
        if grace == 0 and not obj["metadata"].get("finalizers"):
            key = (namespace if resource.namespaced else "", name)
            last = self._write("MODIFIED", resource, key, self._ending(obj)) if resource is PODS else obj
            return self._remove(resource, key, copied(last))
        held = obj["metadata"].get("deletionGracePeriodSeconds")
        if obj["metadata"].get("deletionTimestamp") and held is not None and (grace_s is None or grace >= held):
            return obj
        return self.change(resource, name, namespace, lambda new: self._mark(new, grace))

    def suffix(self, length: int = 5) -> str:
        """A random suffix in the API server's alphabet."""
        return "".join(self.world.random.choices("bcdfghjklmnpqrstvwxz2456789", k=length))

    def since(self, version: int, resource: Resource) -> Iterator[Happened]:
        """What happened to a resource after a version, oldest first; 410 where that is no longer known, 504 where it is yet to come."""
        if version > self.version:
            raise too_large(version, self.version)
        if self.history and version < self.history[0].version - 1:
            raise StoreError(410, "Expired", f"too old resource version: {version} ({self.history[0].version})")
        return (event for event in list(self.history) if event.version > version and event.resource is resource)

    def _grace(self, resource: Resource, obj: Object, grace_s: int | None) -> int:
        if resource is not PODS or not obj.get("spec", {}).get("nodeName"):
            return 0
        if obj.get("status", {}).get("phase") in ("Succeeded", "Failed"):
            return 0
        return int(obj["spec"].get("terminationGracePeriodSeconds", 30) if grace_s is None else grace_s)

    def _ending(self, obj: Object) -> Object:
        new: Object = copied(obj)
        self._mark(new, 0)
        return new

    def _mark(self, obj: Object, grace: int) -> None:
        meta = obj["metadata"]
        asked_at = self.world.now
        if meta.get("deletionTimestamp"):  # a grace period that is shortened still counts from when the deletion was asked for
            asked_at = _instant(meta["deletionTimestamp"]) - timedelta(seconds=meta["deletionGracePeriodSeconds"])
        elif "generation" in meta:
            meta["generation"] += 1
        ends_at = max(asked_at + timedelta(seconds=grace), self.world.now)
        meta["deletionTimestamp"] = ends_at.strftime("%Y-%m-%dT%H:%M:%SZ")
        meta["deletionGracePeriodSeconds"] = grace

    def _write(self, type_: str, resource: Resource, key: Key, obj: Object) -> Object:
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        previous = self._shelves[resource.plural].put(key, obj)
        self._tell(Happened(self.version, type_, resource, obj, previous))
        return obj

    def _remove(self, resource: Resource, key: Key, obj: Object) -> Object:
        self.version += 1
        obj["metadata"]["resourceVersion"] = str(self.version)
        previous = self._shelves[resource.plural].pop(key)
        self._tell(Happened(self.version, "DELETED", resource, obj, previous))
        return obj

    def _tell(self, event: Happened) -> None:
        self.history.append(event)
        for listener in list(self._listeners):
            listener(event)


def qualified(resource: Resource) -> str:
    """The resource as the API server names it in messages: pods, deployments.apps."""
    return f"{resource.plural}.{resource.group}" if resource.group else resource.plural


def about(resource: Resource, name: str) -> Details:
    """The details of a Status about one object; kind is the plural there, as in the API server's own answers."""
    return {"name": name, "group": resource.group, "kind": resource.plural} if resource.group else {"name": name, "kind": resource.plural}


def not_found(resource: Resource, name: str) -> StoreError:
    """The API server's 404."""
    return StoreError(404, "NotFound", f'{qualified(resource)} "{name}" not found', about(resource, name))


def already_exists(resource: Resource, name: str) -> StoreError:
    """The API server's 409 for a name that is taken."""
    return StoreError(409, "AlreadyExists", f'{qualified(resource)} "{name}" already exists', about(resource, name))


def conflict(resource: Resource, name: str, why: str = "") -> StoreError:
    """The API server's 409 for a stale resourceVersion, or for another reason why."""
    why = why or "the object has been modified; please apply your changes to the latest version and try again"
    message = f'Operation cannot be fulfilled on {qualified(resource)} "{name}": {why}'
    return StoreError(409, "Conflict", message, about(resource, name))


def too_large(version: int, current: int) -> StoreError:
    """The API server's 504 for a resourceVersion that it has not reached (a client that outlived the last cluster)."""
    causes = [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]
    message = f"Too large resource version: {version}, current: {current}"
    return StoreError(504, "Timeout", message, {"causes": causes, "retryAfterSeconds": 1})


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
