"""What is wrong with a Role or a binding (pkg/apis/rbac/validation)."""

from collections.abc import Mapping
from typing import Any

from chaoscinder.sandbox.kubernetes.resources import CLUSTERROLEBINDINGS, CLUSTERROLES, ROLEBINDINGS, ROLES, Resource
from chaoscinder.sandbox.kubernetes.statuses import Cause, invalid_value, not_supported, required
from chaoscinder.sandbox.kubernetes.store import Object

GROUP = "rbac.authorization.k8s.io"
_BOTH = "rules cannot apply to both regular resources and non-resource URLs"
_NAMES = "resource names cannot apply to multiple resources"


def fill_binding(binding: Object) -> None:
    """Fill in the API groups that a binding left out."""
    (binding.get("roleRef") or {}).setdefault("apiGroup", GROUP)
    for subject in binding.get("subjects") or []:
        if subject.get("kind") in ("User", "Group"):
            subject.setdefault("apiGroup", GROUP)


def causes(resource: Resource, obj: Object) -> list[Cause]:
    """Nothing for what is neither a Role nor a binding."""
    if resource in (ROLES, CLUSTERROLES):
        rules = enumerate(obj.get("rules") or [])
        return [cause for place, rule in rules for cause in _rule(rule, f"rules[{place}]", resource.namespaced)]
    if resource in (ROLEBINDINGS, CLUSTERROLEBINDINGS):
        return _binding(obj, resource.namespaced)
    return []


def _rule(rule: Mapping[str, Any], path: str, namespaced: bool) -> list[Cause]:
    found = [] if rule.get("verbs") else [required(f"{path}.verbs", "verbs must contain at least one value")]
    urls = rule.get("nonResourceURLs")
    if urls:
        if namespaced:
            found.append(invalid_value(f"{path}.nonResourceURLs", urls, "namespaced rules cannot apply to non-resource URLs"))
        if any(rule.get(field) for field in ("apiGroups", "resources", "resourceNames")):
            found.append(invalid_value(f"{path}.nonResourceURLs", urls, _BOTH))
        return found
    if not rule.get("apiGroups"):
        found.append(required(f"{path}.apiGroups", "resource rules must supply at least one api group"))
    if not rule.get("resources"):
        found.append(required(f"{path}.resources", "resource rules must supply at least one resource"))
    if rule.get("resourceNames") and len(rule.get("resources") or []) > 1:
        found.append(required(f"{path}.resourceNames", _NAMES))
    return found


def _binding(binding: Object, namespaced: bool) -> list[Cause]:
    reference = binding.get("roleRef") or {}
    kinds = ("Role", "ClusterRole") if namespaced else ("ClusterRole",)
    found = []
    if reference.get("apiGroup") != GROUP:
        found.append(not_supported("roleRef.apiGroup", reference.get("apiGroup", ""), (GROUP,)))
    if reference.get("kind") not in kinds:
        found.append(not_supported("roleRef.kind", reference.get("kind", ""), kinds))
    if not reference.get("name"):
        found.append(required("roleRef.name"))
    subjects = enumerate(binding.get("subjects") or [])
    return found + [cause for place, subject in subjects for cause in _subject(subject, f"subjects[{place}]", namespaced)]


def _subject(subject: Mapping[str, str], path: str, namespaced: bool) -> list[Cause]:
    found = [] if subject.get("name") else [required(f"{path}.name")]
    kind = subject.get("kind", "")
    if kind == "ServiceAccount":
        if subject.get("apiGroup"):
            found.append(not_supported(f"{path}.apiGroup", subject["apiGroup"], ("",)))
        if not namespaced and not subject.get("namespace"):
            found.append(required(f"{path}.namespace"))
    elif kind in ("User", "Group"):
        if subject.get("apiGroup") != GROUP:
            found.append(not_supported(f"{path}.apiGroup", subject.get("apiGroup", ""), (GROUP,)))
    else:
        found.append(not_supported(f"{path}.kind", kind, ("ServiceAccount", "User", "Group")))
    return found
