"""What Go makes of a client's JSON: fields of the wrong type are refused, unknown ones reported, as the API server's decoder does it."""

import re
from typing import Any

from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.schema import Field, by_name, name_of
from chaoscinder.sandbox.kubernetes.statuses import bad_request
from chaoscinder.sandbox.kubernetes.store import Object

_QUANTITY = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?P<suffix>[eEinumkKMGTP]*[-+]?\d*)")
_SUFFIX = re.compile(r"|[numkMGTPE]|[KMGTPE]i|[eE][-+]?\d+")
_FORMAT = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
_GO = {"s": "string", "b": "bool", "i": "int32", "l": "int64", "y": "[]uint8"}
_FREE = ("Time", "IntOrString", "Duration", "RawExtension")  # taken as they come
_VOLUMES = (
    "gcePersistentDisk awsElasticBlockStore gitRepo glusterfs rbd flexVolume cephfs flocker fc azureFile vsphereVolume quobyte"
    " azureDisk photonPersistentDisk portworxVolume scaleIO storageos iscsi nfs"
).split()
_ALSO = {  # fields that schema.py leaves out, or that came later
    "Volume": _VOLUMES,
    "PersistentVolumeSpec": _VOLUMES,
    "PodSpec": ["hostnameOverride", "workloadRef"],
    "Container": ["restartPolicyRules"],
}


class Mistyped(ValueError):
    """A value that does not fit its field, in Go's words."""


def decode(resource: Resource, document: Object) -> tuple[Object, list[str]]:
    """An object as its type has it, and which fields the type does not know; 400 for a value of the wrong type."""
    message = name_of(resource.api_version, resource.kind)
    if message is None:
        return document, []
    unknown: list[str] = []
    try:
        return _message(message, document, "", "", unknown), unknown
    except Mistyped as error:
        head = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        raise bad_request(f"{head}: {error}") from error


def _message(message: str, value: Object, path: str, place: str, unknown: list[str]) -> Object:
    """path names fields as Go's decoder does, place as the API server's strict one does: with the numbers of list items."""
    fields, also = by_name(message), _ALSO.get(message, ())
    result = {}
    for name, entry in value.items():
        field = fields.get(name)
        here = (f"{path}.{name}".lstrip("."), f"{place}.{name}".lstrip("."))
        if field is not None and entry is not None:
            entry = _field(message, field, entry, *here, unknown)
        elif field is None and name not in also and not (name in ("kind", "apiVersion") and "metadata" in fields):
            unknown.append(here[1])
            continue
        result[name] = entry
    return result


def _field(message: str, field: Field, value: Any, path: str, place: str, unknown: list[str]) -> Any:
    if field.many == "*" or field.type.endswith("ExtraValue"):
        if not isinstance(value, list):
            raise _mistyped(message, path, value, f"[]{_go_type(field.type)}")
        return [_one(message, field, entry, path, f"{place}[{number}]", unknown) for number, entry in enumerate(value)]
    if field.many == "%":
        if not isinstance(value, dict):
            raise _mistyped(message, path, value, f"map[string]{_go_type(field.type)}")
        return {key: _one(message, field, entry, path, f"{place}.{key}", unknown) for key, entry in value.items()}
    return _one(message, field, value, path, place, unknown)


def _one(message: str, field: Field, value: Any, path: str, place: str, unknown: list[str]) -> Any:
    if value is None or field.type in _FREE or field.type.endswith("ExtraValue"):
        return value
    if field.type == "Quantity":
        return quantity(value)
    if field.type in _GO:
        if not _fits(field.type, value):
            raise _mistyped(message, path, value, _GO[field.type])
        if field.type == "y":
            _check_base64(value)
        return value
    if not isinstance(value, dict):
        raise _mistyped(message, path, value, _go_type(field.type))
    return _message(field.type, value, path, place, unknown)


def quantity(value: Any) -> str:
    """A quantity as text; Mistyped for what is none."""
    text = str(value)
    found = _QUANTITY.fullmatch(text) if not isinstance(value, bool | dict | list) else None
    if found is None:
        raise Mistyped(_FORMAT)
    if not _SUFFIX.fullmatch(found["suffix"]):
        raise Mistyped("unable to parse quantity's suffix")
    return text


def _check_base64(text: str) -> None:
    """Go names the place of the first byte that cannot be read."""
    wrong = re.search(r"[^A-Za-z0-9+/=\r\n]", text)
    if wrong or len(text.strip()) % 4:
        raise Mistyped(f"illegal base64 data at input byte {wrong.start() if wrong else len(text.strip()) // 4 * 4}")


def _fits(type_: str, value: Any) -> bool:
    wanted: Any = {"s": str, "b": bool, "y": str}.get(type_, int)
    return isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))


def _mistyped(message: str, path: str, value: Any, go_type: str) -> Mistyped:
    kinds: list[tuple[Any, str]] = [(bool, "bool"), (str, "string"), (dict, "object"), (list, "array")]
    kind = next((word for type_, word in kinds if isinstance(value, type_)), "number")
    if isinstance(value, float) and go_type in ("int32", "int64"):
        kind = f"number {value}"
    return Mistyped(f"json: cannot unmarshal {kind} into Go struct field {message.rpartition('/')[2]}.{path} of type {go_type}")


def _go_type(type_: str) -> str:
    return _GO.get(type_) or {"Quantity": "resource.Quantity"}.get(type_) or f"v1.{type_.rpartition('/')[2]}"
