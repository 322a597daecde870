"""Names, labels and annotations: what may be written there, and the API server's words for what may not (util/validation)."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chaoscinder.sandbox.kubernetes.resources import (
    CLUSTERROLEBINDINGS,
    CLUSTERROLES,
    NAMESPACES,
    ROLEBINDINGS,
    ROLES,
    SERVICES,
    Resource,
)
from chaoscinder.sandbox.kubernetes.statuses import Cause, invalid_value, required

MOST_ANNOTATIONS = 256 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of name: its expression, its length, what is said of a wrong one and the examples that are given."""

    expression: str
    longest: int
    words: str
    examples: tuple[str, ...]

    def wrong(self, text: str) -> list[str]:
        """What is wrong with a text."""
        found = [f"must be no more than {self.longest} characters"] if len(text) > self.longest else []
        return found if re.fullmatch(self.expression, text) else [*found, self.text()]

    def text(self) -> str:
        """What is said of a name that does not match."""
        examples = ", or ".join(f"'{each}', " for each in self.examples).replace(", , or", ",  or")
        return f"{self.words} (e.g. {examples}regex used for validation is '{self.expression}')"


_ENDS = "and must start and end with an alphanumeric character"
_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
SUBDOMAIN = Kind(
    rf"{_LABEL}(\.{_LABEL})*",
    253,
    f"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', {_ENDS}",
    ("example.com",),
)
LABEL = Kind(
    _LABEL, 63, f"a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', {_ENDS}", ("my-name", "123-abc")
)
LABEL_1035 = Kind(
    "[a-z]([-a-z0-9]*[a-z0-9])?",
    63,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character,"
    " and end with an alphanumeric character",
    ("my-name", "abc-123"),
)
LABEL_VALUE = Kind(
    "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?",
    63,
    f"a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', {_ENDS}",
    ("MyValue", "my_value", "12345"),
)
QUALIFIED = Kind(
    "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]",
    63,
    f"must consist of alphanumeric characters, '-', '_' or '.', {_ENDS}",
    ("MyName", "my.name", "123-abc"),
)
CONFIG_KEY = Kind(
    "[-._a-zA-Z0-9]+",
    253,
    "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
    ("key.name", "KEY_NAME", "key-name"),
)
_OF_KIND: dict[Resource, Kind] = {NAMESPACES: LABEL, SERVICES: LABEL_1035}
_FREE = (ROLES, ROLEBINDINGS, CLUSTERROLES, CLUSTERROLEBINDINGS)  # whose names may be any part of a path


def meta_causes(resource: Resource, meta: Mapping[str, Any]) -> list[Cause]:
    """What is wrong with the metadata of an object."""
    return _name_causes(resource, meta) + label_causes(meta.get("labels"), "metadata.labels") + _annotation_causes(meta.get("annotations"))


def label_causes(labels: Mapping[str, str] | None, path: str) -> list[Cause]:
    """What is wrong with labels."""
    causes = []
    for key, value in (labels or {}).items():
        causes += [invalid_value(path, key, why) for why in qualified_wrong(key)]
        causes += [invalid_value(path, value, why) for why in LABEL_VALUE.wrong(value)]
    return causes


def qualified_wrong(name: str) -> list[str]:
    """What is wrong with the key of a label, an annotation or a taint."""
    prefix, slash, rest = name.rpartition("/")
    if "/" in prefix:
        example = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
        return [f"a qualified name {QUALIFIED.text()}{example}"]
    found = []
    if slash:
        found += ["prefix part must be non-empty"] if not prefix else [f"prefix part {why}" for why in SUBDOMAIN.wrong(prefix)]
    if not rest:
        found.append("name part must be non-empty")
    return found + [f"name part {why}" for why in QUALIFIED.wrong(rest)]


def _name_causes(resource: Resource, meta: Mapping[str, Any]) -> list[Cause]:
    name = meta.get("name")
    if not name:
        return [] if meta.get("generateName") else [required("metadata.name", "name or generateName is required")]
    wrong: Callable[[str], list[str]] = _path_wrong if resource in _FREE else _OF_KIND.get(resource, SUBDOMAIN).wrong
    return [invalid_value("metadata.name", name, why) for why in wrong(name)]


def _path_wrong(name: str) -> list[str]:
    if name in (".", ".."):
        return [f"may not be '{name}'"]
    return [f"may not contain '{illegal}'" for illegal in ("/", "%") if illegal in name]


def _annotation_causes(annotations: Mapping[str, str] | None) -> list[Cause]:
    causes = []
    for key in annotations or {}:
        causes += [invalid_value("metadata.annotations", key, why) for why in qualified_wrong(key.lower())]
    size = sum(len(key.encode()) + len(value.encode()) for key, value in (annotations or {}).items())
    if size > MOST_ANNOTATIONS:
        causes.append({"reason": "FieldValueTooLong", "message": f"Too long: may not be more than {MOST_ANNOTATIONS} bytes",
                       "field": "metadata.annotations"})  # fmt: skip
    return causes
