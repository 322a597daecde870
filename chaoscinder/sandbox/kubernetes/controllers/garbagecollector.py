"""The garbage collector: what is owned goes with its owner (ownerReferences), unless the owner's deletion orphans it."""

from collections.abc import Iterator

from chaoscinder.sandbox.kubernetes.controllers.cluster import Controller
from chaoscinder.sandbox.kubernetes.resources import ALL, EVENTS, Resource
from chaoscinder.sandbox.kubernetes.store import Happened, Object

OWNABLE = tuple(resource for resource in ALL if resource is not EVENTS)
FOREGROUND, ORPHAN = "foregroundDeletion", "orphan"


class GarbageCollector(Controller):
    """Wakes when something was deleted, or is being deleted with a finalizer of its own."""

    watches = OWNABLE

    def concerns(self, event: Happened) -> bool:
        """Only deletions."""
        held = set(event.object["metadata"].get("finalizers") or []) & {FOREGROUND, ORPHAN}
        return event.type == "DELETED" or bool(held and event.object["metadata"].get("deletionTimestamp"))

    def sync(self) -> None:
        """Finish deletions that wait for their dependents, then delete what lost its owner."""
        for resource, obj in list(self._all()):
            if obj["metadata"].get("deletionTimestamp"):
                self._finish(resource, obj)
        uids = {obj["metadata"]["uid"] for _, obj in self._all()}
        for resource, obj in list(self._all()):
            owners = obj["metadata"].get("ownerReferences") or []
            if owners and not any(owner["uid"] in uids for owner in owners):
                self._delete(resource, obj)

    def _finish(self, resource: Resource, obj: Object) -> None:
        finalizers = obj["metadata"].get("finalizers") or []
        dependents = [(kind, row) for kind, row in self._all() if _is_owned(row, obj)]
        if ORPHAN in finalizers:
            for kind, row in dependents:
                self.store.change(kind, row["metadata"]["name"], row["metadata"].get("namespace", ""), lambda new: _disown(new, obj))
            self._drop(resource, obj, ORPHAN)
        elif FOREGROUND in finalizers:
            for kind, row in dependents:
                self._delete(kind, row)
            if not any(_is_owned(row, obj) for _, row in self._all()):
                self._drop(resource, obj, FOREGROUND)

    def _drop(self, resource: Resource, obj: Object, finalizer: str) -> None:
        meta = obj["metadata"]
        self.store.change(resource, meta["name"], meta.get("namespace", ""), lambda new: new["metadata"]["finalizers"].remove(finalizer))

    def _delete(self, resource: Resource, obj: Object) -> None:
        meta = obj["metadata"]
        found = self.store.find(resource, meta["name"], meta.get("namespace", ""))
        if found is not None and found["metadata"]["uid"] == meta["uid"] and not found["metadata"].get("deletionTimestamp"):
            self.store.delete(resource, meta["name"], meta.get("namespace", ""))

    def _all(self) -> Iterator[tuple[Resource, Object]]:
        return ((resource, obj) for resource in OWNABLE for obj in self.store.list(resource))


def _is_owned(obj: Object, owner: Object) -> bool:
    return any(row["uid"] == owner["metadata"]["uid"] for row in obj["metadata"].get("ownerReferences") or [])


def _disown(obj: Object, owner: Object) -> None:
    rows = [row for row in obj["metadata"]["ownerReferences"] if row["uid"] != owner["metadata"]["uid"]]
    obj["metadata"]["ownerReferences"] = rows
    if not rows:
        del obj["metadata"]["ownerReferences"]
