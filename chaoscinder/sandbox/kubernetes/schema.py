"""The fields of what clients send: names, types and numbers, from the generated.proto files of k8s.io/api 0.32 (and later fields by name).

A line in schema_core.py and schema_groups.py is a message: the names of its fields in the order of their numbers, which count up from 1
but where one is given. After the colon stands the type where it is not a string: b boolean, i and l integers of 32 and 64 bits, y bytes, a
message's name; * a list, % a map from strings.
"""

import functools
from dataclasses import dataclass

from chaoscinder.sandbox.kubernetes.schema_core import MESSAGES as CORE
from chaoscinder.sandbox.kubernetes.schema_groups import MESSAGES as GROUPS

PARTS = ("authentication", "storage", "events", "discovery")  # whose messages share a name with another group's
INLINE = ("volumeSource", "persistentVolumeSource", "handler", "localObjectReference", "ephemeralContainerCommon")  # embedded in Go


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message; many is "*" for a list, "%" for a map from strings."""

    name: str
    type: str
    many: str = ""


@functools.cache
def messages() -> dict[str, dict[int, Field]]:
    """Every message by its name: its fields by their numbers."""
    return dict(_read(line) for line in (CORE + GROUPS).replace("\n  ", " ").split("\n") if line)


@functools.cache
def by_name(message: str) -> dict[str, Field]:
    """The fields of a message by their names in JSON; what is embedded in Go has none of its own there."""
    found: dict[str, Field] = {}
    for field in messages()[message].values():
        found |= by_name(field.type) if field.name in INLINE else {field.name: field}
    return found


def name_of(api_version: str, kind: str) -> str | None:
    """The message of a kind; None for one that is not known."""
    part = api_version.partition("/")[0].partition(".")[0]
    for name in (f"{part}/{kind}", kind):
        if name in messages():
            return name
    return None


def _read(line: str) -> tuple[str, dict[int, Field]]:
    name, _, rest = line.partition(": ")
    number, fields = 0, {}
    for word in rest.split():
        given, _, text = word.rpartition("=")
        number = int(given) if given else number + 1
        field, _, type_ = text.partition(":")
        fields[number] = Field(field, type_.lstrip("*%") or "s", type_[:1] if type_[:1] in ("*", "%") else "")
    return name, fields
