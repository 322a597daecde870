"""Deleting verbs: delete and deletecollection, with grace, preconditions and propagation."""

from chaoscinder.sandbox.kubernetes.asking import Asked
from chaoscinder.sandbox.kubernetes.reading import select
from chaoscinder.sandbox.kubernetes.resources import (
    ATTACHMENTS,
    CLAIMS,
    CSIDRIVERS,
    CSINODES,
    PODS,
    SERVICEACCOUNTS,
    SERVICES,
    STORAGECLASSES,
    VOLUMES,
    Resource,
)
from chaoscinder.sandbox.kubernetes.statuses import bad_request, success
from chaoscinder.sandbox.kubernetes.store import Object, Store, conflict

_SHOWN = (PODS, SERVICES, SERVICEACCOUNTS, CLAIMS, VOLUMES, STORAGECLASSES, ATTACHMENTS, CSINODES, CSIDRIVERS)  # ReturnDeletedObject
_FINALIZERS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}  # the garbage collector's, who takes them off again


def delete(store: Store, asked: Asked) -> Object:
    """Delete one object; the answer is the object while it goes on existing, else a Status or, for some resources, the last state."""
    options = read_options(asked)
    left = delete_one(store, asked.stored, store.get(asked.stored, asked.name, asked.home), options)
    if store.find(asked.stored, asked.name, asked.home) is not None or asked.stored in _SHOWN:
        return left
    return success(asked.stored, left)


def delete_collection(store: Store, asked: Asked) -> tuple[list[Object], Object]:
    """Delete a selection; the answer is the list of what was selected."""
    options = read_options(asked)
    rows, metadata = select(store, asked)
    return [delete_one(store, asked.stored, row, options) for row in rows], metadata


def read_options(asked: Asked) -> Object:
    """The DeleteOptions of a request: from its body, overruled by its query."""
    options = asked.document() if asked.body.strip() not in (b"", b"null") else {}
    if "gracePeriodSeconds" in asked.args:
        options["gracePeriodSeconds"] = asked.number("gracePeriodSeconds", 0)
    if "propagationPolicy" in asked.args:
        options["propagationPolicy"] = asked.args["propagationPolicy"]
    if "orphanDependents" in asked.args:
        options["propagationPolicy"] = "Orphan" if asked.says("orphanDependents") else "Background"
    return options


def delete_one(store: Store, resource: Resource, obj: Object, options: Object) -> Object:
    """Delete an object with DeleteOptions; gives back its last known state."""
    name, namespace = obj["metadata"]["name"], obj["metadata"].get("namespace", "")
    _check_preconditions(resource, obj, options.get("preconditions") or {})
    policy = options.get("propagationPolicy")
    if policy not in (None, "Background", *_FINALIZERS):
        raise bad_request(f'invalid propagationPolicy: "{policy}"')
    if policy in _FINALIZERS:
        finalizer = _FINALIZERS[policy]
        store.change(resource, name, namespace, lambda new: _add_finalizer(new, finalizer))
    grace = options.get("gracePeriodSeconds")
    return store.delete(resource, name, namespace, grace_s=None if grace is None else 1 if grace < 0 else int(grace))


def _check_preconditions(resource: Resource, obj: Object, wanted: Object) -> None:
    meta = obj["metadata"]
    if wanted.get("uid") not in (None, meta["uid"]):
        why = f"the UID in the precondition ({wanted['uid']}) does not match the UID in record ({meta['uid']})"
        raise conflict(resource, meta["name"], f"{why}. The object might have been deleted and then recreated")
    if wanted.get("resourceVersion") not in (None, meta["resourceVersion"]):
        why = f"the ResourceVersion in the precondition ({wanted['resourceVersion']}) does not match the ResourceVersion in record"
        raise conflict(resource, meta["name"], f"{why} ({meta['resourceVersion']}). The object might have been modified")


def _add_finalizer(obj: Object, finalizer: str) -> None:
    finalizers = obj["metadata"].setdefault("finalizers", [])
    if finalizer not in finalizers:
        finalizers.append(finalizer)
