"""From what a run asks for to what an administrator allows: RBAC manifests, access rules, and what a token's own rules leave out."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chaoscinder.model.access import BLOCK_STORAGE, CloudCall, CloudRule, ClusterCall, Needs

Json = dict[str, Any]
RBAC = "rbac.authorization.k8s.io"
LABELS = {"app.kubernetes.io/managed-by": "chaoscinder"}
# By which of these a rule may name the service, is decided by [keystone_authtoken] service_type of the service.
ALIASES = {BLOCK_STORAGE: frozenset({BLOCK_STORAGE, "volumev3", "volume"})}
# What keystonemiddleware makes of a rule's path: {anything} and * are one segment, ** is any number of them.
PART = re.compile(r"(?P<tag>{[^}]*})|(?P<wild>\*(?=$|[^\*]))|(?P<rest>\*\*)|(?P<literal>[^{}\*])")


@dataclass(frozen=True, slots=True)
class Account:
    """The ServiceAccount that is to run an experiment, and the name of its roles."""

    namespace: str
    name: str


def manifests(needs: Needs, account: Account) -> list[Json]:
    """The ServiceAccount, a role for the cluster, one for each namespace that the run asks in, and their bindings."""
    calls = minimal(needs.cluster)
    found = [_object("v1", "ServiceAccount", account.name, account.namespace)]
    for place in sorted({call.place for call in calls}):
        kind = "Role" if place else "ClusterRole"
        role = _object(f"{RBAC}/v1", kind, account.name, place)
        binding = _object(f"{RBAC}/v1", f"{kind}Binding", account.name, place)
        role["rules"] = rules(call for call in calls if call.place == place)
        binding["roleRef"] = {"apiGroup": RBAC, "kind": kind, "name": account.name}
        binding["subjects"] = [{"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}]
        found += [role, binding]
    return found


def minimal(calls: Iterable[ClusterCall]) -> list[ClusterCall]:
    """The calls without those that another one of them allows: the same in the whole cluster, or about any name."""
    known = set(calls)
    whole = {replace(call, names=()) for call in known if not call.names}

    def covered(call: ClusterCall) -> bool:
        plain = replace(call, names=())
        return (bool(call.names) and plain in whole) or (bool(call.place) and replace(plain, place="") in whole)

    return sorted(call for call in known if not covered(call))


def rules(calls: Iterable[ClusterCall]) -> list[Json]:
    """The rules of one role: verbs together that are about the same, then resources together that have the same verbs."""
    verbs: dict[tuple[str, str, tuple[str, ...]], set[str]] = defaultdict(set)
    for call in calls:
        verbs[call.group, call.resource, call.names].add(call.verb)
    alike: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = defaultdict(list)
    for (group, resource, names), words in sorted(verbs.items()):
        alike[group, names, tuple(sorted(words))].append(resource)
    return [
        {"apiGroups": [group], "resources": resources, **({"resourceNames": list(names)} if names else {}), "verbs": list(words)}
        for (group, names, words), resources in alike.items()
    ]


def access_rules(needs: Needs, paths: Mapping[str, str], names: Mapping[str, str] | None = None) -> list[Json]:
    """The access rules of an application credential. paths are those of the services' endpoints, names what a rule calls them."""
    rows = {(call.service, call.method, whole_path(call, paths[call.service])) for call in needs.cloud}
    return [
        {"service": (names or {}).get(service, service), "method": method, "path": path}
        for service, method, path in sorted(rows)
        if not any(row != (service, method, path) and row[:2] == (service, method) and _covers(row[2], path) for row in rows)
    ]


def policy_rules(needs: Needs) -> list[str]:
    """The names of the policy rules that must allow the user's role, for a cloud with a policy of its own."""
    return sorted({call.rule for call in needs.cloud if call.rule})


def whole_path(call: CloudCall, endpoint: str) -> str:
    """The path of a request below its service's host; the document of a service's versions is above the project."""
    base = endpoint.rstrip("/")
    if call.path != "/":
        return base + call.path
    return re.match(r"(?:.*/)?v\d[\d.]*(?=/|$)|", base).group() + "/"  # type: ignore[union-attr]


def refused(calls: Iterable[CloudCall], given: Iterable[CloudRule] | None, paths: Mapping[str, str]) -> Iterator[CloudCall]:
    """Tell which requests a token with these access rules could not make; none where it has no such rules."""
    if given is None:
        return
    known = [(rule, re.compile(f"^{_regex(rule.path)}$")) for rule in given]
    for call in sorted(set(calls)):
        path = re.sub(r"{[^}]*}", "x", whole_path(call, paths[call.service]))
        services = ALIASES.get(call.service, frozenset({call.service}))
        if not any(rule.service in services and rule.method == call.method and pattern.match(path) for rule, pattern in known):
            yield call


def _covers(pattern: str, path: str) -> bool:
    """Whether a rule with this path allows every request that one with the other path allows."""
    return re.match(f"^{_regex(pattern)}$", re.sub(r"{[^}]*}", "x", path)) is not None and not ("{" in path and "{" not in pattern)


def _regex(path: str) -> str:
    found = ""
    for match in PART.finditer(path):
        part = match.groupdict()
        found += r"[^\/]+" if part["tag"] or part["wild"] else ".*" if part["rest"] else part["literal"]
    return found


def _object(api_version: str, kind: str, name: str, namespace: str) -> Json:
    where = {"namespace": namespace} if namespace else {}
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name, **where, "labels": dict(LABELS)}}
