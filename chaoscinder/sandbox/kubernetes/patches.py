"""The patches the API server takes: JSON Patch (RFC 6902), JSON Merge Patch (RFC 7386) and Kubernetes' strategic merge patch."""

import copy
import json
from typing import Any

import jsonpatch
import jsonpointer

from chaoscinder.sandbox.kubernetes.statuses import bad_request
from chaoscinder.sandbox.kubernetes.store import Object, StoreError
from chaoscinder.sandbox.kubernetes.strategic import strategic_merge

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_PATCH = "application/strategic-merge-patch+json"
APPLY_PATCH = "application/apply-patch+yaml"  # server-side apply: known, not implemented
TYPES = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY_PATCH)


def patched(obj: Object, kind: str, content_type: str, body: bytes) -> Object:
    """Apply a patch to a copy of an object; kind decides what strategic merge does with lists."""
    patch = _read(body)
    if content_type == JSON_PATCH:
        return _json_patched(obj, patch)
    if not isinstance(patch, dict):
        raise bad_request(f"error decoding patch: json: cannot unmarshal {_go_type(patch)} into Go value of type map[string]interface {{}}")
    if content_type == MERGE_PATCH:
        return _an_object(_merged(obj, patch))
    if content_type == STRATEGIC_PATCH:
        return strategic_merge(kind, obj, patch)
    raise unknown_type()


def unknown_type() -> StoreError:
    """The API server's 415."""
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(TYPES)}"
    return StoreError(415, "UnsupportedMediaType", message)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise bad_request(f"error decoding patch: {error}") from error


def _json_patched(obj: Object, patch: Any) -> Object:
    if not isinstance(patch, list):
        raise bad_request(f"error decoding patch: json: cannot unmarshal {_go_type(patch)} into Go value of type jsonpatch.Patch")
    try:
        result = jsonpatch.JsonPatch(patch).apply(obj)
    except jsonpatch.InvalidJsonPatch as error:
        raise bad_request(f"error decoding patch: {error}") from error
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as error:
        message = f"the server rejected our request due to an error in our request: {error}"
        raise StoreError(422, "Invalid", message, {}) from error
    return _an_object(result)


def _an_object(result: Any) -> Object:
    if not isinstance(result, dict):
        raise bad_request("the patch leaves no object behind")
    return result


def _merged(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return copy.deepcopy(result)


def _go_type(value: Any) -> str:
    return {dict: "object", list: "array", str: "string", bool: "bool"}.get(type(value), "number")
