"""Label selectors and field selectors, as they stand in a query, made into questions about one object."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.statuses import bad_request
from chaoscinder.sandbox.kubernetes.store import Object

Matches = Callable[[Object], bool]
Labels = Mapping[str, str]

_META = {"metadata.name": "", "metadata.namespace": ""}
_INVOLVED = {f"involvedObject.{field}": "" for field in ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")}
_POD = ("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName", "status.phase", "status.podIP")
FIELDS: dict[str, dict[str, str]] = {  # kind -> label -> what a missing field counts as (pkg/apis/core/v1/conversion.go)
    "Pod": {**_META, **dict.fromkeys(_POD, ""), "spec.hostNetwork": "false", "status.nominatedNodeName": ""},
    "Node": {"metadata.name": "", "spec.unschedulable": "false"},
    "Namespace": {"metadata.name": "", "status.phase": ""},
    "Job": {**_META, "status.successful": ""},
    "ReplicaSet": {**_META, "status.replicas": "0"},
    "Secret": {**_META, "type": ""},
    "Service": {**_META, "spec.clusterIP": "", "spec.type": ""},
    "Event": {**_META, **_INVOLVED, "reason": "", "type": "", "source": "", "reportingComponent": ""},
}
_REGARDING = {f"regarding.{label.partition('.')[2]}": label for label in _INVOLVED}
NEW_EVENT_FIELDS = {**_REGARDING, "reportingController": "reportingComponent", "reason": "reason", "type": "type"}

_SET = re.compile(r"^(?P<key>[^\s!=<>,()]+)\s+(?P<op>in|notin)\s*\((?P<values>[^()]*)\)$")
_COMPARED = re.compile(r"^(?P<key>[^\s!=<>,()]+)\s*(?P<op>==|=|!=|>|<)\s*(?P<value>[^\s!=<>,()]*)$")
_PRESENT = re.compile(r"^(?P<op>!?)\s*(?P<key>[^\s!=<>,()]+)$")
_FIELD = re.compile(r"^(?P<key>[^!=]+)(?P<op>!=|==|=)(?P<value>.*)$")


def label_selector(text: str) -> Callable[[Labels], bool]:
    """Read a label selector of a query: equality and set based terms, all of which must hold."""
    terms = [_label_term(term.strip()) for term in _split(text)]
    return lambda labels: all(term(labels) for term in terms)


def selects(selector: Mapping[str, Any] | None, labels: Labels) -> bool:
    """Whether the selector of an object (matchLabels and matchExpressions) fits; a missing one fits nothing, an empty one everything."""
    if selector is None:
        return False
    wanted = selector.get("matchLabels") or {}
    return all(labels.get(key) == value for key, value in wanted.items()) and all(
        _expression(expression, labels) for expression in selector.get("matchExpressions") or []
    )


def selector_text(selector: Mapping[str, Any] | None) -> str:
    """Write an object's selector as a query would."""
    terms = [f"{key}={value}" for key, value in sorted(((selector or {}).get("matchLabels") or {}).items())]
    for expression in (selector or {}).get("matchExpressions") or []:
        key, operator, values = expression["key"], expression["operator"], ",".join(expression.get("values") or [])
        words = {"In": f"{key} in ({values})", "NotIn": f"{key} notin ({values})", "Exists": key, "DoesNotExist": f"!{key}"}
        terms.append(words.get(operator, ""))
    return ",".join(terms)


def field_selector(resource: Resource, text: str) -> Matches:
    """Read a field selector of a query; a field that the API server does not index for this resource is its 400."""
    terms = [_field_term(resource, term.strip()) for term in re.split(r"(?<!\\),", text) if term.strip()]
    return lambda obj: all(term(obj) for term in terms)


def _split(text: str) -> list[str]:
    return [term for term in re.split(r",(?![^()]*\))", text) if term.strip()]


def _label_term(term: str) -> Callable[[Labels], bool]:
    if found := _SET.match(term):
        key, values = found["key"], {value.strip() for value in found["values"].split(",")}
        if found["op"] == "in":
            return lambda labels: labels.get(key) in values
        return lambda labels: labels.get(key) not in values
    if found := _COMPARED.match(term):
        return _compared(found["key"], found["op"], found["value"])
    if found := _PRESENT.match(term):
        key, absent = found["key"], bool(found["op"])
        return lambda labels: (key in labels) is not absent
    raise bad_request(f"unable to parse requirement: found '{term}', expected: a label selector term")


def _compared(key: str, operator: str, value: str) -> Callable[[Labels], bool]:
    if operator == "!=":
        return lambda labels: labels.get(key) != value
    if operator in ("=", "=="):
        return lambda labels: labels.get(key) == value
    if not re.fullmatch(r"-?\d+", value):
        raise bad_request(f"for 'Gt', 'Lt' operators, the value must be an integer: {value}")
    limit, sign = int(value), 1 if operator == ">" else -1
    return lambda labels: bool(re.fullmatch(r"-?\d+", labels.get(key, ""))) and (int(labels[key]) - limit) * sign > 0


def _expression(expression: Mapping[str, Any], labels: Labels) -> bool:
    key, operator, values = expression["key"], expression["operator"], expression.get("values") or []
    if operator in ("In", "NotIn"):
        return (labels.get(key) in values) is (operator == "In")
    return (key in labels) is (operator == "Exists")


def _field_term(resource: Resource, term: str) -> Matches:
    found = _FIELD.match(term)
    if not found:
        raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
    label, missing = _known_field(resource, found["key"].strip())
    value, wanted = re.sub(r"\\([,=\\])", r"\1", found["value"]), found["op"] != "!="
    return lambda obj: (_field(obj, label, missing) == value) is wanted


def _known_field(resource: Resource, label: str) -> tuple[str, str]:
    if resource.group == "events.k8s.io" and label not in _META:
        if label not in NEW_EVENT_FIELDS:
            raise bad_request(f"field label not supported: {label}")
        label = NEW_EVENT_FIELDS[label]
    known = FIELDS.get(resource.kind, _META)
    if label in known:
        return label, known[label]
    if resource.kind in FIELDS:
        raise bad_request(f"field label not supported: {label}")
    raise bad_request(f'"{label}" is not a known field selector: only {_quoted(known)}')


def _quoted(labels: Mapping[str, str]) -> str:
    return ", ".join(f'"{label}"' for label in labels)


def _field(obj: Object, label: str, missing: str) -> str:
    if label == "source":
        return str((obj.get("source") or {}).get("component") or obj.get("reportingComponent") or "")
    value: Any = obj
    for part in label.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return missing if value is None else str(value).lower() if isinstance(value, bool) else str(value)
