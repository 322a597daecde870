"""Strategic merge patch: a merge patch that knows by which key the items of some lists are the same thing.

Which lists those are comes from the patchStrategy and patchMergeKey tags of the Kubernetes API types (k8s.io/api, v1). A list that is
not named here is replaced whole: tolerations, node taints and volumesAttached are such lists in Kubernetes, too.
"""

import copy
from typing import Any

from chaoscinder.sandbox.kubernetes.statuses import bad_request
from chaoscinder.sandbox.kubernetes.store import Object, StoreError

PRIMITIVE = ""  # a list of plain values that is merged as a set

_CONTAINER = {"env": "name", "ports": "containerPort", "volumeMounts": "mountPath", "volumeDevices": "devicePath"}
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")

MERGE_KEYS: dict[tuple[str, str], str] = {  # (the field that holds the list's parent, the list) -> key
    ("metadata", "ownerReferences"): "uid",
    ("metadata", "finalizers"): PRIMITIVE,
    ("spec", "podCIDRs"): PRIMITIVE,
    ("spec", "ports"): "port",  # Service
    ("spec", "drivers"): "name",  # CSINode
    ("spec", "volumes"): "name",
    ("spec", "imagePullSecrets"): "name",
    ("spec", "hostAliases"): "ip",
    ("spec", "topologySpreadConstraints"): "topologyKey",
    ("spec", "schedulingGates"): "name",
    ("spec", "resourceClaims"): "name",
    ("status", "conditions"): "type",
    ("status", "addresses"): "type",
    ("status", "podIPs"): "ip",
    ("status", "hostIPs"): "ip",
    ("ServiceAccount", "secrets"): "name",
    **{("spec", containers): "name" for containers in _CONTAINERS},
    **{(containers, field): key for containers in _CONTAINERS for field, key in _CONTAINER.items()},
}


def strategic_merge(kind: str, obj: Object, patch: Object) -> Object:
    """Merge patch into a copy of obj, which is of that kind."""
    merged = _merge_map(kind, obj, patch)
    return merged if isinstance(merged, dict) else {}


def _merge_map(parent: str, target: Object, patch: Object) -> Object:
    directive = patch.get("$patch")
    if directive == "replace":
        return copy.deepcopy({key: value for key, value in patch.items() if key != "$patch"})
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise bad_request(f"Unknown patch type found: {directive}")
    result = copy.deepcopy(target)
    for key in sorted(patch, key=lambda name: not name.startswith("$deleteFromPrimitiveList/")):
        _merge_field(parent, result, key, patch[key], patch)
    return _keep(result, patch.get("$retainKeys"))


def _merge_field(parent: str, result: Object, key: str, value: Any, patch: Object) -> None:
    if key.startswith("$deleteFromPrimitiveList/"):
        _drop_values(result, key.partition("/")[2], value)
    elif key.startswith("$setElementOrder/"):
        if (field := key.partition("/")[2]) not in patch:
            result[field] = _ordered(result.get(field), value, MERGE_KEYS.get((parent, field)))
    elif key.startswith("$"):
        return
    elif value is None:
        result.pop(key, None)
    elif isinstance(value, dict):
        old = result.get(key)
        result[key] = _merge_map(key, old if isinstance(old, dict) else {}, value)
    elif isinstance(value, list) and (parent, key) in MERGE_KEYS:
        result[key] = _merge_list(key, result.get(key) or [], value, MERGE_KEYS[parent, key])
        result[key] = _ordered(result[key], patch.get(f"$setElementOrder/{key}"), MERGE_KEYS[parent, key])
    else:
        result[key] = copy.deepcopy(value)


def _merge_list(field: str, target: list[Any], patch: list[Any], key: str) -> list[Any]:
    if key == PRIMITIVE:
        return target + [value for value in patch if value not in target]
    if any(isinstance(item, dict) and item.get("$patch") == "replace" for item in patch):
        return [copy.deepcopy(item) for item in patch if item.get("$patch") != "replace"]
    result = list(target)
    for item in patch:
        place = _place(result, item, key)
        if item.get("$patch") == "delete":
            result[place:] = result[place + 1 :]
        else:
            result[place : place + 1] = [_merge_map(field, result[place] if place < len(result) else {}, item)]
    return result


def _place(items: list[Any], wanted: Any, key: str) -> int:
    if not isinstance(wanted, dict) or key not in wanted:
        raise StoreError(500, "", f"map: {wanted} does not contain declared merge key: {key}")
    return next((place for place, item in enumerate(items) if item.get(key) == wanted[key]), len(items))


def _ordered(items: Any, order: Any, key: str | None) -> Any:
    if not items or not order or key is None:
        return items
    names = [entry.get(key) if isinstance(entry, dict) else entry for entry in order]

    def rank(item: Any) -> int:
        name = item.get(key) if isinstance(item, dict) else item
        return names.index(name) if name in names else len(names)

    return sorted(items, key=rank)


def _drop_values(result: Object, field: str, values: Any) -> None:
    if field in result:
        result[field] = [value for value in result[field] if value not in values]


def _keep(result: Object, keys: Any) -> Object:
    return result if keys is None else {key: value for key, value in result.items() if key in keys}
