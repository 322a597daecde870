"""The API server's 422: what is wrong with an object, field by field, for the plain cases.

An object that passes here may still be refused by a real API server: unknown fields, quantities and most enumerations are not checked.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from chaoscinder.sandbox.kubernetes.resources import CLAIMS, DEPLOYMENTS, NODES, PODS, REPLICASETS, STATEFULSETS, Resource
from chaoscinder.sandbox.kubernetes.selectors import selects
from chaoscinder.sandbox.kubernetes.statuses import Cause, duplicate, invalid, invalid_value, not_allowed, not_supported, required
from chaoscinder.sandbox.kubernetes.store import Object

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAME_TEXT = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an"
    " alphanumeric character (e.g. 'example.com', regex used for validation is"
    r" '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_EFFECTS = ("NoSchedule", "PreferNoSchedule", "NoExecute")
_NOT_NEGATIVE = "must be greater than or equal to 0"
_POD_TEXT = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_CLAIM_TEXT = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"


def check_new(resource: Resource, obj: Object) -> None:
    """Refuse an object that may not be created."""
    meta = obj["metadata"]
    causes = _name_causes(meta) + _causes(resource, obj)
    if causes:
        raise invalid(resource, meta.get("name") or meta.get("generateName") or "", causes)


def check_change(resource: Resource, old: Object, new: Object) -> None:
    """Refuse a change that may not be made."""
    causes = _causes(resource, new)
    changed = _CHANGES.get(resource)
    if changed:
        causes += changed(old.get("spec") or {}, new.get("spec") or {})
    if causes:
        raise invalid(resource, new["metadata"]["name"], causes)


def _name_causes(meta: Mapping[str, Any]) -> list[Cause]:
    name = meta.get("name")
    if not name and not meta.get("generateName"):
        return [required("metadata.name", "name or generateName is required")]
    if name and (len(name) > 253 or not _NAME.fullmatch(name)):
        return [invalid_value("metadata.name", name, _NAME_TEXT)]
    return []


def _causes(resource: Resource, obj: Object) -> list[Cause]:
    check = _CHECKS.get(resource)
    return check(obj.get("spec") or {}) if check else []


def _pod_causes(spec: Mapping[str, Any], path: str = "spec") -> list[Cause]:
    containers = spec.get("containers") or []
    if not containers:
        return [required(f"{path}.containers")]
    causes = []
    for place, container in enumerate(containers):
        causes += [required(f"{path}.containers[{place}].{field}") for field in ("name", "image") if not container.get(field)]
    return causes


def _workload_causes(spec: Mapping[str, Any]) -> list[Cause]:
    causes = []
    if (spec.get("replicas") or 0) < 0:
        causes.append(invalid_value("spec.replicas", spec["replicas"], _NOT_NEGATIVE))
    selector, labels = spec.get("selector"), _labels(spec)
    if not selector:
        causes.append(required("spec.selector"))
    elif not selects(selector, labels):
        causes.append(invalid_value("spec.template.metadata.labels", labels, "`selector` does not match template `labels`"))
    return causes + _pod_causes((spec.get("template") or {}).get("spec") or {}, "spec.template.spec")


def _deployment_causes(spec: Mapping[str, Any]) -> list[Cause]:
    strategy = spec.get("strategy") or {}
    causes = _workload_causes(spec)
    if strategy.get("type") not in ("Recreate", "RollingUpdate"):
        causes.append(not_supported("spec.strategy.type", strategy.get("type", ""), ("Recreate", "RollingUpdate")))
    if strategy.get("type") == "Recreate" and strategy.get("rollingUpdate") is not None:
        why = "may not be specified when strategy `type` is 'Recreate'"
        causes.append(not_allowed("spec.strategy.rollingUpdate", why))
    return causes


def _node_causes(spec: Mapping[str, Any]) -> list[Cause]:
    causes: list[Cause] = []
    seen: set[tuple[str, str]] = set()
    for place, taint in enumerate(spec.get("taints") or []):
        key, effect = taint.get("key", ""), taint.get("effect", "")
        if not key:
            causes.append(required(f"metadata.taints[{place}].key"))
        if effect not in _EFFECTS:
            causes.append(not_supported(f"metadata.taints[{place}].effect", effect, _EFFECTS))
        if (key, effect) in seen:
            causes.append(duplicate(f"metadata.taints[{place}]", f"{key}:{effect}"))
        seen.add((key, effect))
    return causes


def _claim_causes(spec: Mapping[str, Any]) -> list[Cause]:
    causes = []
    if not spec.get("accessModes"):
        causes.append(required("spec.accessModes", "at least 1 access mode is required"))
    if not ((spec.get("resources") or {}).get("requests") or {}).get("storage"):
        causes.append(required("spec.resources[storage]"))
    return causes


def _selector_changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Cause]:
    if old.get("selector") == new.get("selector"):
        return []
    return [invalid_value("spec.selector", (new.get("selector") or {}).get("matchLabels") or {}, "field is immutable")]


def _node_changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Cause]:
    if not old.get("providerID") or old["providerID"] == new.get("providerID"):
        return []
    return [not_allowed("spec.providerID", 'node updates may not change providerID except from "" to valid')]


def _pod_changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Cause]:
    if _fixed_of_pod(old) == _fixed_of_pod(new) and all(each in (new.get("tolerations") or []) for each in old.get("tolerations") or []):
        return []
    return [not_allowed("spec", _POD_TEXT)]


def _fixed_of_pod(spec: Mapping[str, Any]) -> dict[str, Any]:
    fixed = {key: value for key, value in spec.items() if key not in ("tolerations", "activeDeadlineSeconds", "schedulingGates")}
    for field in ("containers", "initContainers"):
        fixed[field] = [{key: value for key, value in container.items() if key != "image"} for container in spec.get(field) or []]
    return fixed


def _claim_changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Cause]:
    may_change = ("resources", "volumeAttributesClassName", *(() if old.get("volumeName") else ("volumeName",)))
    fixed = [{key: value for key, value in spec.items() if key not in may_change} for spec in (old, new)]
    return [] if fixed[0] == fixed[1] else [not_allowed("spec", _CLAIM_TEXT)]


def _labels(spec: Mapping[str, Any]) -> Mapping[str, str]:
    return ((spec.get("template") or {}).get("metadata") or {}).get("labels") or {}


_CHECKS: dict[Resource, Callable[[Mapping[str, Any]], list[Cause]]] = {
    PODS: _pod_causes,
    DEPLOYMENTS: _deployment_causes,
    REPLICASETS: _workload_causes,
    STATEFULSETS: _workload_causes,
    NODES: _node_causes,
    CLAIMS: _claim_causes,
}
_CHANGES: dict[Resource, Callable[[Mapping[str, Any], Mapping[str, Any]], list[Cause]]] = {
    PODS: _pod_changed,
    DEPLOYMENTS: _selector_changed,
    REPLICASETS: _selector_changed,
    STATEFULSETS: _selector_changed,
    NODES: _node_changed,
    CLAIMS: _claim_changed,
}
