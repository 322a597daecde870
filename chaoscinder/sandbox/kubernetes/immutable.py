"""What may not change once an object exists, and the API server's words for it."""

from collections.abc import Callable, Mapping
from typing import Any

from chaoscinder.sandbox.kubernetes.pod_validation import number_of
from chaoscinder.sandbox.kubernetes.resources import (
    CLAIMS,
    CLUSTERROLEBINDINGS,
    CONFIGMAPS,
    DEPLOYMENTS,
    JOBS,
    NODES,
    PODS,
    REPLICASETS,
    ROLEBINDINGS,
    SECRETS,
    SERVICES,
    STATEFULSETS,
    STORAGECLASSES,
    Resource,
)
from chaoscinder.sandbox.kubernetes.statuses import Cause, invalid_value, not_allowed
from chaoscinder.sandbox.kubernetes.store import Object

IMMUTABLE = "field is immutable"
_POD_TEXT = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_CLAIM_TEXT = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
_SET_FREE = (
    "replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy", "minReadySeconds",
)  # fmt: skip
_SET_NAMED = f"{', '.join(f'{each!r}' for each in _SET_FREE[:-1])} and '{_SET_FREE[-1]}'"
_SET_TEXT = f"updates to statefulset spec for fields other than {_SET_NAMED} are forbidden"
Spec = Mapping[str, Any]


def causes(resource: Resource, old: Object, new: Object) -> list[Cause]:
    """Everything that a change may not touch."""
    if resource in _OBJECTS:
        return _OBJECTS[resource](old, new)
    check = _SPECS.get(resource)
    return check(old.get("spec") or {}, new.get("spec") or {}) if check else []


def _selector(old: Spec, new: Spec) -> list[Cause]:
    return _fields(old, new, "selector")


def _fields(old: Spec, new: Spec, *names: str) -> list[Cause]:
    return [invalid_value(f"spec.{name}", new.get(name), IMMUTABLE) for name in names if old.get(name) != new.get(name)]


def _job(old: Spec, new: Spec) -> list[Cause]:
    return _fields(old, new, "completions", "selector", "template", "completionMode")


def _stateful_set(old: Spec, new: Spec) -> list[Cause]:
    fixed = [{key: value for key, value in spec.items() if key not in _SET_FREE} for spec in (old, new)]
    return [] if fixed[0] == fixed[1] else [not_allowed("spec", _SET_TEXT)]


def _node(old: Spec, new: Spec) -> list[Cause]:
    if not old.get("providerID") or old["providerID"] == new.get("providerID"):
        return []
    return [not_allowed("spec.providerID", 'node updates may not change providerID except from "" to valid')]


def _pod(old: Spec, new: Spec) -> list[Cause]:
    """The real text goes on with a difference in Go's words."""
    if _fixed_of_pod(old) == _fixed_of_pod(new) and all(each in (new.get("tolerations") or []) for each in old.get("tolerations") or []):
        return []
    return [not_allowed("spec", _POD_TEXT)]


def _fixed_of_pod(spec: Spec) -> dict[str, Any]:
    fixed = {key: value for key, value in spec.items() if key not in ("tolerations", "activeDeadlineSeconds", "schedulingGates")}
    for field in ("containers", "initContainers"):
        fixed[field] = [{key: value for key, value in container.items() if key != "image"} for container in spec.get(field) or []]
    return fixed


def _claim(old: Spec, new: Spec) -> list[Cause]:
    """The real text of the first goes on with a difference in Go's words."""
    may_change = ("resources", "volumeAttributesClassName", *(() if old.get("volumeName") else ("volumeName",)))
    fixed = [{key: value for key, value in spec.items() if key not in may_change} for spec in (old, new)]
    found = [] if fixed[0] == fixed[1] else [not_allowed("spec", _CLAIM_TEXT)]
    before, after = (number_of(_storage(spec)) for spec in (old, new))
    if after != before and not old.get("volumeName"):
        found = [not_allowed("spec", _CLAIM_TEXT)]
    if after < before:
        found.append(not_allowed("spec.resources.requests.storage", "field can not be less than status.capacity"))
    return found


def _storage(spec: Spec) -> str:
    return str(((spec.get("resources") or {}).get("requests") or {}).get("storage", "0"))


def _service(old: Spec, new: Spec) -> list[Cause]:
    if not old.get("clusterIP") or old["clusterIP"] == new.get("clusterIP") or new.get("type") == "ExternalName":
        return []
    return [invalid_value("spec.clusterIPs[0]", new.get("clusterIP"), "may not change once set")]


def _binding(old: Object, new: Object) -> list[Cause]:
    changed = old.get("roleRef") != new.get("roleRef")
    return [invalid_value("roleRef", _in_order(new.get("roleRef") or {}), "cannot change roleRef")] if changed else []


def _in_order(reference: Spec) -> dict[str, Any]:
    """As the API server's own type shows it."""
    return {"APIGroup": reference.get("apiGroup", ""), "Kind": reference.get("kind", ""), "Name": reference.get("name", "")}


def _data(old: Object, new: Object) -> list[Cause]:
    if not old.get("immutable"):
        return []
    found = []
    if not new.get("immutable"):
        found.append(not_allowed("immutable", "field is immutable when `immutable` is set"))
    for field in ("data", "binaryData"):
        if (old.get(field) or {}) != (new.get(field) or {}):
            found.append(not_allowed(field, "field is immutable when `immutable` is set"))
    return found


def _secret(old: Object, new: Object) -> list[Cause]:
    changed = old.get("type") != new.get("type")
    return ([invalid_value("type", new.get("type"), IMMUTABLE)] if changed else []) + _data(old, new)


def _storage_class(old: Object, new: Object) -> list[Cause]:
    found = []
    if (old.get("parameters") or {}) != (new.get("parameters") or {}):
        found.append(not_allowed("parameters", "updates to parameters are forbidden."))
    if old.get("provisioner") != new.get("provisioner"):
        found.append(not_allowed("provisioner", "updates to provisioner are forbidden."))
    if old.get("reclaimPolicy") != new.get("reclaimPolicy"):
        found.append(not_allowed("reclaimPolicy", "updates to reclaimPolicy are forbidden."))
    mode = new.get("volumeBindingMode")
    return found + ([] if old.get("volumeBindingMode") == mode else [invalid_value("volumeBindingMode", mode, IMMUTABLE)])


_SPECS: dict[Resource, Callable[[Spec, Spec], list[Cause]]] = {
    PODS: _pod,
    DEPLOYMENTS: _selector,
    REPLICASETS: _selector,
    STATEFULSETS: _stateful_set,
    JOBS: _job,
    NODES: _node,
    CLAIMS: _claim,
    SERVICES: _service,
}
_OBJECTS: dict[Resource, Callable[[Object, Object], list[Cause]]] = {
    CONFIGMAPS: _data,
    SECRETS: _secret,
    STORAGECLASSES: _storage_class,
    ROLEBINDINGS: _binding,
    CLUSTERROLEBINDINGS: _binding,
}
