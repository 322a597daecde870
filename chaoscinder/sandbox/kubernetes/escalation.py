"""Nobody grants more than they hold: Roles and bindings are refused to who neither has their rules nor may escalate or bind.

pkg/registry/rbac/*/policybased, and k8s.io/component-helpers/auth/rbac/validation for what covers what.
"""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chaoscinder.sandbox.kubernetes.attributes import Attributes
from chaoscinder.sandbox.kubernetes.rbac import Authorizer, Rule, allows
from chaoscinder.sandbox.kubernetes.resources import CLUSTERROLEBINDINGS, CLUSTERROLES, ROLEBINDINGS, ROLES, Resource
from chaoscinder.sandbox.kubernetes.statuses import forbidden
from chaoscinder.sandbox.kubernetes.store import Object
from chaoscinder.sandbox.kubernetes.users import MASTERS, User

_FIELDS = {"apiGroups": "APIGroups", "resources": "Resources", "nonResourceURLs": "NonResourceURLs", "resourceNames": "ResourceNames"}


def check(authorizer: Authorizer, user: User, resource: Resource, obj: Object, old: Object | None) -> None:
    """Refuse a Role or a binding that grants what a user does not hold; other objects pass."""
    if MASTERS in user.groups:
        return
    if resource in (ROLES, CLUSTERROLES) and (old is None or old.get("rules") != obj.get("rules")):
        _check_role(authorizer, user, resource, obj)
    elif resource in (ROLEBINDINGS, CLUSTERROLEBINDINGS):
        _check_binding(authorizer, user, resource, obj)


def _check_role(authorizer: Authorizer, user: User, resource: Resource, role: Object) -> None:
    meta = role["metadata"]
    home = meta.get("namespace", "")
    wanted = Attributes("escalate", resource.group, resource.plural, name=meta.get("name", ""), namespace=home)
    if not authorizer.decide(user, wanted).allowed:
        _confirm(authorizer, user, resource, role, role.get("rules") or [])


def _check_binding(authorizer: Authorizer, user: User, resource: Resource, binding: Object) -> None:
    reference, home = binding["roleRef"], binding["metadata"].get("namespace", "")
    plural = ROLES.plural if reference["kind"] == "Role" else CLUSTERROLES.plural
    wanted = Attributes("bind", resource.group, plural, name=reference["name"], namespace=home)
    if not authorizer.decide(user, wanted).allowed:
        _confirm(authorizer, user, resource, binding, authorizer.rules_of(reference, home))


def _confirm(authorizer: Authorizer, user: User, resource: Resource, obj: Object, rules: Sequence[Rule]) -> None:
    meta = obj["metadata"]
    held = authorizer.rules(user, meta.get("namespace", ""))
    missing = [each for rule in rules for each in _simple(rule) if not any(allows(rule, wanted) for rule in held for wanted in [_of(each)])]
    if missing:
        groups = " ".join(json.dumps(group) for group in user.groups)
        texts = "\n".join(sorted(_text(rule) for rule in _compact(missing)))
        why = f'user "{user.name}" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:\n{texts}'
        raise forbidden(resource, meta.get("name", ""), why)


def _simple(rule: Rule) -> Iterator[dict[str, str]]:
    """A rule as rules of one group, one resource, one name and one verb each."""
    verbs = rule.get("verbs") or []
    for path, verb in itertools.product(rule.get("nonResourceURLs") or [], verbs):
        yield {"nonResourceURLs": path, "verbs": verb}
    parts = (rule.get("apiGroups") or [], rule.get("resources") or [], rule.get("resourceNames") or [""], verbs)
    for group, resource, name, verb in itertools.product(*parts):
        named = {"resourceNames": name} if name else {}
        yield {"apiGroups": group, "resources": resource, **named, "verbs": verb}


def _of(simple: Mapping[str, str]) -> Attributes:
    if "nonResourceURLs" in simple:
        return Attributes(simple["verbs"], path=simple["nonResourceURLs"])
    resource, _, subresource = simple["resources"].partition("/")
    return Attributes(simple["verbs"], simple["apiGroups"], resource, subresource, simple.get("resourceNames", ""))


def _compact(simple: Sequence[Mapping[str, str]]) -> list[dict[str, list[str]]]:
    """Rules that differ in nothing but the verb become one."""
    found: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for rule in simple:
        verbs = found.setdefault(tuple((key, value) for key, value in rule.items() if key != "verbs"), [])
        verbs += [verb for verb in (rule["verbs"],) if verb not in verbs]
    return [{**{name: [value] for name, value in key}, "verbs": verbs} for key, verbs in found.items()]


def _text(rule: Mapping[str, Any]) -> str:
    parts = [f"{title}:{_list(rule[name])}" for name, title in _FIELDS.items() if name in rule]
    return "{" + ", ".join([*parts, f"Verbs:{_list(rule['verbs'])}"]) + "}"


def _list(values: Sequence[str]) -> str:
    return f"[{' '.join(json.dumps(value) for value in values)}]"
