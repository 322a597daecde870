"""Reads Kubernetes' protobuf (runtime.Unknown), which kubectl sends since 1.32 when it creates something without a manifest.

Go always sends a field that is no pointer, empty or not, so an empty value counts as left out, but for fields that are pointers there.
A field that schema.py does not know is refused, never dropped. Answers are JSON, which every client takes.
"""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from chaoscinder.sandbox.kubernetes.schema import INLINE, Field, messages, name_of

MAGIC = b"k8s\x00"
_POINTERS = frozenset(
    "replicas gracePeriodSeconds backoffLimit parallelism completions activeDeadlineSeconds ttlSecondsAfterFinished"
    " terminationGracePeriodSeconds revisionHistoryLimit progressDeadlineSeconds successfulJobsHistoryLimit failedJobsHistoryLimit"
    " startingDeadlineSeconds runAsUser runAsGroup fsGroup defaultMode mode tolerationSeconds priority partition"
    " automountServiceAccountToken optional suspend enableServiceLinks shareProcessNamespace runAsNonRoot allowPrivilegeEscalation"
    " readOnlyRootFilesystem privileged immutable controller blockOwnerDeletion orphanDependents allowVolumeExpansion hostUsers"
    " attachRequired podInfoOnMount storageCapacity requiresRepublish seLinuxMount".split()
)


class NotRead(ValueError):
    """A body that cannot be read."""


def document(body: bytes) -> dict[str, Any]:
    """Read an object as JSON would have it."""
    if not body.startswith(MAGIC):
        raise NotRead("the body does not begin as Kubernetes' protobuf does")
    envelope = dict(_entries(body[len(MAGIC) :]))
    head = {number: bytes(text).decode() for number, text in _entries(envelope.get(1, b""))}
    api_version, kind = head.get(1, ""), head.get(2, "")
    name = name_of(api_version, kind)
    if name is None:
        raise NotRead(f"{kind} of {api_version}")
    return {"apiVersion": api_version, "kind": kind, **_message(name, envelope.get(2, b""))}


def _message(name: str, data: bytes) -> dict[str, Any]:
    fields = messages()[name]
    result: dict[str, Any] = {}
    for number, raw in _entries(data):
        field = fields.get(number)
        if field is not None:
            _put(result, field, raw)
        elif raw:
            raise NotRead(f"field {number} of {name}")
    return result


def _put(result: dict[str, Any], field: Field, raw: Any) -> None:
    if field.many == "%":
        entry = dict(_entries(raw))
        result.setdefault(field.name, {})[bytes(entry.get(1, b"")).decode()] = _value(field.type, entry.get(2, b""))
    elif field.many == "*":
        result.setdefault(field.name, []).append(_value(field.type, raw))
    elif field.name in INLINE:
        result |= _message(field.type, raw)
    else:
        value = _value(field.type, raw)
        if value is not None and (field.name in _POINTERS or value not in ("", 0, False)):
            result[field.name] = value


def _value(type_: str, raw: Any) -> Any:
    scalar = _SCALARS.get(type_)
    if scalar:
        return scalar(raw)
    found = _message(type_, raw)
    return found.get("items", []) if type_.endswith("ExtraValue") else found


def _time(raw: bytes) -> str | None:
    parts = dict(_entries(raw))
    if not parts:
        return None
    at = datetime.fromtimestamp(_signed(parts.get(1, 0)), UTC).replace(microsecond=parts.get(2, 0) // 1000)
    return at.isoformat(timespec="microseconds" if at.microsecond else "seconds").replace("+00:00", "Z")


def _int_or_string(raw: bytes) -> int | str:
    parts = dict(_entries(raw))
    return bytes(parts.get(3, b"")).decode() if parts.get(1, 0) == 1 else _signed(parts.get(2, 0))


def _raw_extension(raw: bytes) -> Any:
    import json

    return json.loads(dict(_entries(raw)).get(1, b"null") or b"null")


def _signed(number: int) -> int:
    return number - (1 << 64) if number >= 1 << 63 else number


_SCALARS: dict[str, Any] = {
    "s": lambda raw: bytes(raw).decode(),
    "b": bool,
    "i": _signed,
    "l": _signed,
    "y": lambda raw: base64.b64encode(raw).decode(),
    "Time": _time,
    "Quantity": lambda raw: bytes(dict(_entries(raw)).get(1, b"")).decode(),
    "IntOrString": _int_or_string,
    "Duration": lambda raw: _signed(dict(_entries(raw)).get(1, 0)),
    "RawExtension": _raw_extension,
}


def _entries(data: bytes) -> Iterator[tuple[int, Any]]:
    """The fields of a message as they come: number, and an integer or bytes."""
    place = 0
    while place < len(data):
        tag, place = _varint(data, place)
        wire = tag & 7
        if wire == 0:
            value, place = _varint(data, place)
            yield tag >> 3, value
            continue
        length, place = _varint(data, place) if wire == 2 else ({1: 8, 5: 4}.get(wire, 0), place)
        if wire not in (1, 2, 5) or place + length > len(data):
            raise NotRead("a field does not end where the body does")
        yield tag >> 3, data[place : place + length]
        place += length


def _varint(data: bytes, place: int) -> tuple[int, int]:
    result = shift = 0
    while place < len(data):
        result |= (data[place] & 0x7F) << shift
        place += 1
        if data[place - 1] < 0x80:
            return result, place
        shift += 7
    raise NotRead("a number does not end")
