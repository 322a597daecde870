"""A dry run: the same request on a draft of the store, which nobody hears of and which is thrown away."""

from collections import defaultdict, deque

from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.shelves import Key, Shelf
from chaoscinder.sandbox.kubernetes.store import Object, Store


class Draft(Store):
    """A copy to write on. What is created in it has no resourceVersion, what is changed keeps the old one, as in the real answers."""

    def __init__(self, store: Store) -> None:
        super().__init__(store.world)
        self.version = store.version
        self.history = deque(store.history)
        self._shelves = defaultdict(Shelf, {plural: shelf.copy() for plural, shelf in store._shelves.items()})

    def _write(self, type_: str, resource: Resource, key: Key, obj: Object) -> Object:
        old = self._shelves[resource.plural].get(key)
        if type_ == "ADDED" or old is None:
            obj["metadata"].pop("resourceVersion", None)
        elif "resourceVersion" in old["metadata"]:
            obj["metadata"]["resourceVersion"] = old["metadata"]["resourceVersion"]
        self._shelves[resource.plural].put(key, obj)
        return obj

    def _remove(self, resource: Resource, key: Key, obj: Object) -> Object:
        self._shelves[resource.plural].pop(key)
        return obj
