"""Resources that show the objects of another one: an event of events.k8s.io/v1 is an event of v1 under other field names."""

import copy
from collections.abc import Mapping

from chaoscinder.sandbox.kubernetes.resources import ALL, EVENTS, Resource
from chaoscinder.sandbox.kubernetes.store import Object

NEW_EVENTS = Resource("events.k8s.io", "v1", "events", "Event", True, ("ev",))
SERVED: tuple[Resource, ...] = (*ALL, NEW_EVENTS)

_NEW_NAMES = {
    "involvedObject": "regarding",
    "message": "note",
    "reportingComponent": "reportingController",
    "source": "deprecatedSource",
    "firstTimestamp": "deprecatedFirstTimestamp",
    "lastTimestamp": "deprecatedLastTimestamp",
    "count": "deprecatedCount",
}
_OLD_NAMES = {new: old for old, new in _NEW_NAMES.items()}


def stored(resource: Resource) -> Resource:
    """The resource under which the store keeps the objects of this one."""
    return EVENTS if resource is NEW_EVENTS else resource


def shown(resource: Resource, obj: Object) -> Object:
    """A stored object as this resource shows it. Shared with the store: do not change it."""
    if resource is not NEW_EVENTS:
        return obj
    return {"eventTime": None, **_renamed(obj, _NEW_NAMES), "apiVersion": resource.api_version}


def read(resource: Resource, obj: Object) -> Object:
    """What a client sent for this resource, as the store keeps it."""
    if resource is not NEW_EVENTS:
        return obj
    return {**_renamed(copy.deepcopy(obj), _OLD_NAMES), "apiVersion": EVENTS.api_version}


def _renamed(obj: Object, names: Mapping[str, str]) -> Object:
    return {names.get(key, key): value for key, value in obj.items()}
