"""Status objects: how the API server says yes without an object, and no."""

import json
from typing import Any

from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.store import Object, StoreError, about, qualified

Cause = dict[str, str]


def failure(refusal: StoreError) -> Object:
    """Write a refusal as a v1 Status."""
    details = dict(refusal.details or {})
    metadata = {"continue": details.pop("continue")} if "continue" in details else {}
    status: Object = {"kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure", "message": refusal.message}
    if refusal.reason:
        status["reason"] = refusal.reason
    if details:
        status["details"] = details
    return {**status, "code": refusal.code}


def success(resource: Resource | None = None, obj: Object | None = None, *, code: int = 200) -> Object:
    """Write what the API server answers where there is no object to show; a deleted object is named in details."""
    status: Object = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
    if resource and obj:
        return {**status, "details": {**about(resource, obj["metadata"]["name"]), "uid": obj["metadata"]["uid"]}}
    return {**status, "code": code}


def bad_request(message: str) -> StoreError:
    """A request that cannot be understood."""
    return StoreError(400, "BadRequest", message)


def not_implemented(method: str, path: str, why: str = "") -> StoreError:
    """What a real cluster may do and the sandbox does not: said aloud, with method and path, never an empty success."""
    return StoreError(501, "NotImplemented", f"the sandbox does not implement {method} {path}{f' ({why})' if why else ''}")


def forbidden(resource: Resource, name: str, why: str) -> StoreError:
    """The API server's 403."""
    return StoreError(403, "Forbidden", f'{qualified(resource)} "{name}" is forbidden: {why}', about(resource, name))


def required(field: str, why: str = "") -> Cause:
    """A field that has to be there."""
    return {"reason": "FieldValueRequired", "message": f"Required value{f': {why}' if why else ''}", "field": field}


def invalid_value(field: str, value: Any, why: str) -> Cause:
    """A field with a value that cannot be."""
    return {"reason": "FieldValueInvalid", "message": f"Invalid value: {_go(value)}: {why}", "field": field}


def not_supported(field: str, value: str, supported: tuple[str, ...]) -> Cause:
    """A field whose value is none of those that exist."""
    listed = ", ".join(f'"{word}"' for word in supported)
    return {"reason": "FieldValueNotSupported", "message": f'Unsupported value: "{value}": supported values: {listed}', "field": field}


def not_allowed(field: str, why: str) -> Cause:
    """A field that may not be there, or may not change."""
    return {"reason": "FieldValueForbidden", "message": f"Forbidden: {why}", "field": field}


def duplicate(field: str, value: str) -> Cause:
    """A field that says the same twice."""
    return {"reason": "FieldValueDuplicate", "message": f"Duplicate value: {value}", "field": field}


def not_found_value(field: str, value: str) -> Cause:
    """A field that refers to what is not there."""
    return {"reason": "FieldValueNotFound", "message": f'Not found: "{value}"', "field": field}


def _go(value: Any) -> str:
    """A value as field.Error prints it: JSON, since 1.34 (Go syntax for structures before)."""
    if value is None:
        return '"null"'
    if isinstance(value, dict | list):
        return json.dumps(value, separators=(",", ":"), sort_keys=True)
    return json.dumps(value, ensure_ascii=False)


def invalid(resource: Resource, name: str, causes: list[Cause]) -> StoreError:
    """The API server's 422: one cause is quoted as it is, several in brackets."""
    texts = [f"{cause['field']}: {cause['message']}" for cause in causes]
    listed = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    qualifier = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    details = {**about(resource, name), "kind": resource.kind, "causes": causes}
    return StoreError(422, "Invalid", f'{qualifier} "{name}" is invalid: {listed}', details)
