"""Role-based access control: whether the roles that are bound to a user grant what it asks for (plugin/pkg/auth/authorizer/rbac).

The sandbox's own controllers do not ask: they are the control plane.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from chaoscinder.sandbox.kubernetes.attributes import Attributes
from chaoscinder.sandbox.kubernetes.resources import CLUSTERROLEBINDINGS, CLUSTERROLES, ROLEBINDINGS, ROLES
from chaoscinder.sandbox.kubernetes.selectors import selects
from chaoscinder.sandbox.kubernetes.store import Object, Store, StoreError, not_found
from chaoscinder.sandbox.kubernetes.users import MASTERS, User, account_name

Rule = Mapping[str, Any]
EVERYTHING: tuple[Rule, ...] = (
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is granted, and why; reason is as the API server words it, and often empty."""

    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Grant:
    """A rule that a user holds, and by which binding."""

    rule: Rule
    by: str


class Authorizer:
    """Answers from the Roles and bindings that are in the store now."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def decide(self, user: User, wanted: Attributes) -> Decision:
        """Whether a user may do one thing."""
        if MASTERS in user.groups:
            return Decision(True)
        grants, missing = self.grants(user, wanted.namespace)
        found = next((grant for grant in grants if allows(grant.rule, wanted)), None)
        if found:
            return Decision(True, f"RBAC: allowed by {found.by}")
        return Decision(False, f"RBAC: {_aggregate(missing)}" if missing else "")

    def refuse(self, user: User, wanted: Attributes) -> None:
        """Refuse with 403, in the API server's words, what a user may not do."""
        decision = self.decide(user, wanted)
        if not decision.allowed:
            raise refusal(user, wanted, decision.reason)

    def rules(self, user: User, namespace: str) -> list[Rule]:
        """Every rule that a user holds in a namespace ("" for the whole cluster)."""
        head = list(EVERYTHING) if MASTERS in user.groups else []
        return head + [grant.rule for grant in self.grants(user, namespace)[0]]

    def grants(self, user: User, namespace: str) -> tuple[list[Grant], list[str]]:
        """What a user holds, and in which words a role that is bound to it was not found."""
        grants: list[Grant] = []
        missing: list[str] = []
        for binding, subject in self._bindings(user, namespace):
            reference = binding["roleRef"]
            try:
                rules = self.rules_of(reference, binding["metadata"].get("namespace", ""))
            except StoreError as error:
                missing.append(error.message)
                continue
            by = _binding_text(binding, subject)
            grants += [Grant(rule, by) for rule in rules]
        return grants, missing

    def rules_of(self, reference: Mapping[str, str], namespace: str) -> Sequence[Rule]:
        """The rules of the role that a binding refers to; 404 where there is none."""
        resource, home = (ROLES, namespace) if reference["kind"] == "Role" else (CLUSTERROLES, "")
        role = self._store.find(resource, reference["name"], home)
        if role is None:  # in the words of a lister, which names the kind and not the resource
            raise not_found(replace(resource, plural=resource.kind.lower()), reference["name"])
        return self.rules_of_role(role)

    def rules_of_role(self, role: Object, seen: frozenset[str] = frozenset()) -> Sequence[Rule]:
        """The rules of a ClusterRole; of one with an aggregationRule those of all the roles that it selects."""
        name = role["metadata"]["name"]
        selectors = (role.get("aggregationRule") or {}).get("clusterRoleSelectors")
        if not selectors or name in seen:
            return role.get("rules") or []
        rules: list[Rule] = []
        for each in self._store.list(CLUSTERROLES):
            labels = each["metadata"].get("labels") or {}
            if each["metadata"]["name"] != name and any(selects(selector, labels) for selector in selectors):
                rules += [rule for rule in self.rules_of_role(each, seen | {name}) if rule not in rules]
        return rules

    def _bindings(self, user: User, namespace: str) -> Iterator[tuple[Object, Object]]:
        rows = self._store.list(CLUSTERROLEBINDINGS) + (self._store.list(ROLEBINDINGS, namespace) if namespace else [])
        for binding in rows:
            home = binding["metadata"].get("namespace", "")
            subject = next((each for each in binding.get("subjects") or [] if _is(each, user, home)), None)
            if subject is not None:
                yield binding, subject


def allows(rule: Rule, wanted: Attributes) -> bool:
    """Whether a rule covers one thing."""
    if not _has(rule.get("verbs"), wanted.verb):
        return False
    if wanted.path:
        return any(_path_fits(pattern, wanted.path) for pattern in rule.get("nonResourceURLs") or ())
    names = rule.get("resourceNames") or ()
    if names and wanted.name not in names:
        return False
    return _has(rule.get("apiGroups"), wanted.group) and _resource_fits(rule.get("resources") or (), wanted)


def refusal(user: User, wanted: Attributes, reason: str = "") -> StoreError:
    """The API server's 403 for a request."""
    why = f"{_cannot(user, wanted)}{f': {reason}' if reason else ''}"
    if wanted.path:
        return StoreError(403, "Forbidden", f"forbidden: {why}", {})
    qualified = f"{wanted.resource}.{wanted.group}" if wanted.group else wanted.resource
    named = f'{qualified} "{wanted.name}"' if wanted.name else qualified
    details = {"name": wanted.name, "group": wanted.group, "kind": wanted.resource}
    return StoreError(403, "Forbidden", f"{named} is forbidden: {why}", {key: value for key, value in details.items() if value})


def _cannot(user: User, wanted: Attributes) -> str:
    if wanted.path:
        return f'User "{user.name}" cannot {wanted.verb} path "{wanted.path}"'
    resource = f"{wanted.resource}/{wanted.subresource}" if wanted.subresource else wanted.resource
    where = f'in the namespace "{wanted.namespace}"' if wanted.namespace else "at the cluster scope"
    return f'User "{user.name}" cannot {wanted.verb} resource "{resource}" in API group "{wanted.group}" {where}'


def _is(subject: Mapping[str, str], user: User, home: str) -> bool:
    kind, name = subject.get("kind"), subject.get("name", "")
    if kind == "ServiceAccount":
        namespace = subject.get("namespace") or home
        return bool(namespace) and user.name == account_name(namespace, name)
    return (kind == "User" and name == user.name) or (kind == "Group" and name in user.groups)


def _has(values: Sequence[str] | None, wanted: str) -> bool:
    return wanted in (values or ()) or "*" in (values or ())


def _resource_fits(patterns: Sequence[str], wanted: Attributes) -> bool:
    whole = f"{wanted.resource}/{wanted.subresource}" if wanted.subresource else wanted.resource
    return bool({"*", whole, *([f"*/{wanted.subresource}"] if wanted.subresource else [])} & set(patterns))


def _path_fits(pattern: str, path: str) -> bool:
    return pattern in ("*", path) or (pattern.endswith("*") and path.startswith(pattern.rstrip("*")))


def _binding_text(binding: Object, subject: Mapping[str, str]) -> str:
    meta, role = binding["metadata"], binding["roleRef"]
    home = meta.get("namespace", "")
    name = f"{meta['name']}/{home}" if home else meta["name"]
    who = f"{subject['name']}/{subject.get('namespace') or home}" if subject["kind"] == "ServiceAccount" else subject["name"]
    return f'{binding["kind"]} "{name}" of {role["kind"]} "{role["name"]}" to {subject["kind"]} "{who}"'


def _aggregate(messages: Sequence[str]) -> str:
    unique = list(dict.fromkeys(messages))
    return unique[0] if len(unique) == 1 else f"[{', '.join(unique)}]"
