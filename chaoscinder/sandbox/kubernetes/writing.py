"""Writing verbs: create, replace and patch, of objects and of their status.

A write to an object never changes its status, a write to its status never anything else (for resources that have a status
subresource). What the server owns in the metadata stays as it is.
"""

import copy
from typing import Any

from chaoscinder.sandbox.kubernetes import batch, defaults, patches, validation
from chaoscinder.sandbox.kubernetes.asking import Asked
from chaoscinder.sandbox.kubernetes.decoding import decode
from chaoscinder.sandbox.kubernetes.resources import (
    ATTACHMENTS,
    BUDGETS,
    CLAIMS,
    CRONJOBS,
    CSIDRIVERS,
    CSINODES,
    EVENTS,
    JOBS,
    LEASES,
    NAMESPACES,
    NODES,
    PODS,
    SERVICEACCOUNTS,
    STORAGECLASSES,
    Resource,
)
from chaoscinder.sandbox.kubernetes.statuses import bad_request, forbidden, invalid, invalid_value, not_implemented
from chaoscinder.sandbox.kubernetes.store import Object, Store, StoreError, conflict
from chaoscinder.sandbox.kubernetes.views import read

_SERVER_OWNED = ("creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation")
_NEEDS_VERSION = (LEASES, BUDGETS, ATTACHMENTS, CSINODES, CSIDRIVERS)  # AllowUnconditionalUpdate is false in their strategies
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def create(store: Store, asked: Asked) -> Object:
    """Create an object from the body, with the defaults and checks of the API server."""
    resource = asked.stored
    obj = read(asked.resource, _checked_kind(asked, asked.document()))
    meta = obj["metadata"] = dict(obj.get("metadata") or {})
    if meta.get("resourceVersion"):
        raise StoreError(500, "", "resourceVersion should not be set on objects to be created")
    for field in ("uid", "resourceVersion", "selfLink", *_SERVER_OWNED):
        meta.pop(field, None)
    _settle_namespace(store, asked, meta)
    if _has_status(resource) and resource is not NODES:  # a kubelet registers its Node with a status
        obj.pop("status", None)
    defaults.apply(resource, obj)
    _admit(store, resource, obj)
    validation.check_new(resource, obj)
    _refuse_unsupported(asked, resource, obj)
    asked.guard(resource, obj, None)
    return store.create(resource, obj)


def replace(store: Store, asked: Asked) -> Object:
    """Replace an object, or its status, by the body."""
    old = store.get(asked.stored, asked.name, asked.home)
    new = read(asked.resource, _checked_kind(asked, asked.document()))
    version = (new.get("metadata") or {}).get("resourceVersion")
    if not version and asked.stored in _NEEDS_VERSION:
        raise invalid(asked.stored, asked.name, [invalid_value("metadata.resourceVersion", 0, "must be specified for an update")])
    return _save(store, asked, old, new)


def patch(store: Store, asked: Asked) -> Object:
    """Patch an object, or its status, with the body."""
    if asked.content_type == patches.APPLY_PATCH:
        raise not_implemented(asked.method, asked.path, "server-side apply")
    if asked.content_type not in patches.TYPES:
        raise patches.unknown_type()
    if asked.resource is not asked.stored:
        raise not_implemented(asked.method, asked.path, "patch events as v1 events")
    old = store.get(asked.stored, asked.name, asked.home)
    sent = patches.patched(old, asked.stored.kind, asked.content_type, asked.body)
    return _save(store, asked, old, _decoded(asked, sent))


def _save(store: Store, asked: Asked, old: Object, sent: Object) -> Object:
    resource = asked.stored
    meta = dict(sent.get("metadata") or {})
    _check_identity(asked, old, meta)
    version = meta.get("resourceVersion")
    new = _status_of(old, sent) if asked.subresource == "status" else _all_but_status(resource, old, {**sent, "metadata": meta})
    new["kind"], new["apiVersion"] = resource.kind, resource.api_version
    if asked.subresource != "status":
        defaults.refresh(resource, new)
        validation.check_change(resource, old, new)
        asked.guard(resource, new, old)
    return store.replace(resource, new, check_version=version)


def _status_of(old: Object, sent: Object) -> Object:
    new = copy.deepcopy(old)
    new["status"] = copy.deepcopy(sent.get("status") or {})
    return new


def _all_but_status(resource: Resource, old: Object, sent: Object) -> Object:
    new = copy.deepcopy(_left_out(sent))
    meta = new["metadata"]
    meta.update({"name": old["metadata"]["name"], "resourceVersion": old["metadata"]["resourceVersion"]})
    if "namespace" in old["metadata"]:
        meta["namespace"] = old["metadata"]["namespace"]
    for field in _SERVER_OWNED:
        meta.pop(field, None)
        if field in old["metadata"]:
            meta[field] = old["metadata"][field]
    if _has_status(resource):
        new.pop("status", None)
        if "status" in old:
            new["status"] = copy.deepcopy(old["status"])
    return new


def _check_identity(asked: Asked, old: Object, meta: Object) -> None:
    if meta.get("name", asked.name) != asked.name:
        raise bad_request(f"the name of the object ({meta['name']}) does not match the name on the URL ({asked.name})")
    if meta.get("namespace", asked.home) != asked.home:
        raise bad_request(f"the namespace of the object ({meta['namespace']}) does not match the namespace on the URL ({asked.home})")
    uid = old["metadata"]["uid"]
    if meta.get("uid", uid) != uid:
        why = f"Precondition failed: UID in precondition: {meta['uid']}, UID in object meta: {uid}"
        raise conflict(asked.stored, asked.name, why)


def _checked_kind(asked: Asked, document: Object) -> Object:
    kind, version = document.get("kind"), document.get("apiVersion")
    if version and version != asked.resource.api_version:
        expected = asked.resource.api_version
        raise bad_request(f"the API version in the data ({version}) does not match the expected API version ({expected})")
    if kind and kind != asked.resource.kind:
        raise bad_request(f'{kind} in version "{asked.resource.version}" cannot be handled as a {asked.resource.kind}')
    for field in ("metadata", "spec", "status"):
        if not isinstance(document.get(field) or {}, dict):
            raise bad_request(f"json: cannot unmarshal into Go struct field {asked.resource.kind}.{field}: not an object")
    return _decoded(asked, _left_out(document))


def _decoded(asked: Asked, document: Object) -> Object:
    decoded, unknown = decode(asked.resource, document)
    asked.note_unknown(unknown)
    return decoded


def _left_out(document: Object) -> Object:
    return {key: _without_nulls(value) if key in ("metadata", "spec") else value for key, value in document.items() if value is not None}


def _without_nulls(value: Any) -> Any:
    """A null in a manifest counts as a field that was left out."""
    if isinstance(value, dict):
        return {key: _without_nulls(entry) for key, entry in value.items() if entry is not None}
    return [_without_nulls(entry) for entry in value] if isinstance(value, list) else value


def _settle_namespace(store: Store, asked: Asked, meta: Object) -> None:
    if not asked.resource.namespaced:
        meta.pop("namespace", None)
        return
    if meta.get("namespace", asked.namespace) != asked.namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    meta["namespace"] = asked.namespace
    home = store.get(NAMESPACES, asked.home)
    if home["metadata"].get("deletionTimestamp") and asked.stored is not EVENTS:
        why = f"unable to create new content in namespace {asked.namespace} because it is being terminated"
        raise forbidden(asked.stored, str(meta.get("name") or meta.get("generateName")), why)


def _admit(store: Store, resource: Resource, obj: Object) -> None:
    """Do what the admission plugins ServiceAccount and DefaultStorageClass do, and what a Job's strategy does with its uid."""
    if resource is PODS:
        _check_account(store, obj)
    if resource is JOBS:
        meta = obj["metadata"]
        if not meta.get("name") and meta.get("generateName"):
            meta["name"] = meta["generateName"] + store.suffix()
        if meta.get("name"):
            batch.own(obj, store.world.new_uuid())
    if resource is CLAIMS and obj["spec"].get("storageClassName") is None:
        classes = [row for row in store.list(STORAGECLASSES) if (row["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true"]
        if classes:
            obj["spec"]["storageClassName"] = classes[0]["metadata"]["name"]


def _refuse_unsupported(asked: Asked, resource: Resource, obj: Object) -> None:
    """A field of a Job that nobody here acts on is refused aloud."""
    spec = obj.get("spec") or {}
    job = spec if resource is JOBS else (spec.get("jobTemplate") or {}).get("spec") or {} if resource is CRONJOBS else {}
    if field := batch.unsupported(job):
        raise not_implemented(asked.method, asked.path, field)


def _check_account(store: Store, pod: Object) -> None:
    name, home = pod["spec"].get("serviceAccountName", "default"), pod["metadata"]["namespace"]
    if name != "default" and store.find(SERVICEACCOUNTS, name, home) is None:
        why = f'error looking up service account {home}/{name}: serviceaccount "{name}" not found'
        raise forbidden(PODS, str(pod["metadata"].get("name") or pod["metadata"].get("generateName") or ""), why)


def _has_status(resource: Resource) -> bool:
    return "status" in resource.subresources
