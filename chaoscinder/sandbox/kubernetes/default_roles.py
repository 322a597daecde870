"""The roles and bindings that every cluster has from its beginning (pkg/.../rbac/bootstrappolicy), as far as their resources exist here.

Left out are the roles of components (system:node, system:kube-scheduler, ...): the sandbox's components do not ask.
"""

from collections.abc import Sequence

from chaoscinder.sandbox.kubernetes.resources import CLUSTERROLEBINDINGS, CLUSTERROLES
from chaoscinder.sandbox.kubernetes.store import Object, Store
from chaoscinder.sandbox.kubernetes.users import ACCOUNTS, AUTHENTICATED, MASTERS

GROUP = "rbac.authorization.k8s.io"
_AGGREGATE = f"{GROUP}/aggregate-to-"
_READ = ["get", "list", "watch"]
_WRITE = ["create", "delete", "deletecollection", "patch", "update"]
_ALL = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_PAGES = ["/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version", "/version/"]
_PUBLIC = ["/healthz", "/livez", "/readyz", "/version", "/version/"]
_STREAMS = ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy"]


def build(store: Store) -> None:
    """Create what is missing of them."""
    for resource, rows in ((CLUSTERROLES, _roles()), (CLUSTERROLEBINDINGS, _bindings())):
        for row in rows:
            if store.find(resource, row["metadata"]["name"]) is None:
                store.create(resource, row)


def _roles() -> list[Object]:
    everything = [_rule(["*"], ["*"], ["*"]), {"nonResourceURLs": ["*"], "verbs": ["*"]}]
    return [
        _role("cluster-admin", everything),
        _sum("admin"),
        _sum("edit", into="admin"),
        _sum("view", into="edit"),
        _role("system:aggregate-to-admin", _admin_rules(), into="admin"),
        _role("system:aggregate-to-edit", _edit_rules(), into="edit"),
        _role("system:aggregate-to-view", _view_rules(), into="view"),
        _role("system:basic-user", _self_rules()),
        _role("system:discovery", [{"nonResourceURLs": _PAGES, "verbs": ["get"]}]),
        _role("system:public-info-viewer", [{"nonResourceURLs": _PUBLIC, "verbs": ["get"]}]),
        _role("system:service-account-issuer-discovery", [{"nonResourceURLs": ["/.well-known/openid-configuration"], "verbs": ["get"]}]),
        _role("system:auth-delegator", _delegator_rules()),
    ]


def _bindings() -> list[Object]:
    everybody = [AUTHENTICATED, "system:unauthenticated"]
    return [
        _binding("cluster-admin", [MASTERS]),
        _binding("system:basic-user", [AUTHENTICATED]),
        _binding("system:discovery", [AUTHENTICATED]),
        _binding("system:public-info-viewer", everybody),
        _binding("system:service-account-issuer-discovery", [ACCOUNTS]),
    ]


def _admin_rules() -> list[Object]:
    return [_rule(["authorization.k8s.io"], ["localsubjectaccessreviews"], ["create"]), _rule([GROUP], ["rolebindings", "roles"], _ALL)]


def _edit_rules() -> list[Object]:
    core = ["configmaps", "events", "persistentvolumeclaims", "secrets", "serviceaccounts", "services", "services/proxy"]
    apps = ["daemonsets", "deployments", "deployments/rollback", "deployments/scale"]
    apps += ["replicasets", "replicasets/scale", "statefulsets", "statefulsets/scale"]
    return [
        _rule([""], [*_STREAMS, "secrets", "services/proxy"], _READ),
        _rule([""], ["serviceaccounts"], ["impersonate"]),
        _rule([""], ["pods", *_STREAMS], _WRITE),
        _rule([""], ["pods/eviction"], ["create"]),
        _rule([""], core, _WRITE),
        _rule([""], ["serviceaccounts/token"], ["create"]),
        _rule(["apps"], apps, _WRITE),
        _rule(["batch"], ["cronjobs", "jobs"], _WRITE),
        _rule(["policy"], ["poddisruptionbudgets"], _WRITE),
        _rule(["coordination.k8s.io"], ["leases"], _ALL),
    ]


def _view_rules() -> list[Object]:
    core = ["configmaps", "endpoints", "persistentvolumeclaims", "persistentvolumeclaims/status", "pods"]
    states = ["bindings", "events", "limitranges", "namespaces/status", "pods/log", "pods/status"]
    states += ["resourcequotas", "resourcequotas/status"]
    return [
        _rule([""], [*core, "serviceaccounts", "services", "services/status"], _READ),
        _rule([""], states, _READ),
        _rule([""], ["namespaces"], _READ),
        _rule(["discovery.k8s.io"], ["endpointslices"], _READ),
        _rule(["apps"], _with("deployments", "replicasets", "statefulsets", parts=("scale", "status")), _READ),
        _rule(["batch"], _with("cronjobs", "jobs", parts=("status",)), _READ),
        _rule(["policy"], _with("poddisruptionbudgets", parts=("status",)), _READ),
    ]


def _self_rules() -> list[Object]:
    reviews = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]
    own = _rule(["authentication.k8s.io"], ["selfsubjectreviews"], ["create"])
    return [_rule(["authorization.k8s.io"], reviews, ["create"]), own]


def _delegator_rules() -> list[Object]:
    reviews = (("authentication.k8s.io", "tokenreviews"), ("authorization.k8s.io", "subjectaccessreviews"))
    return [_rule([group], [resource], ["create"]) for group, resource in reviews]


def _with(*resources: str, parts: Sequence[str]) -> list[str]:
    return [each for name in resources for each in (name, *(f"{name}/{part}" for part in parts))]


def _rule(groups: list[str], resources: list[str], verbs: list[str]) -> Object:
    return {"apiGroups": groups, "resources": resources, "verbs": verbs}


def _meta(name: str, into: str = "") -> Object:
    labels = {"kubernetes.io/bootstrapping": "rbac-defaults"} | ({f"{_AGGREGATE}{into}": "true"} if into else {})
    return {"name": name, "labels": labels, "annotations": {"rbac.authorization.kubernetes.io/autoupdate": "true"}}


def _role(name: str, rules: list[Object], into: str = "") -> Object:
    return {"metadata": _meta(name, into), "rules": rules}


def _sum(name: str, into: str = "") -> Object:
    selector = {"matchLabels": {f"{_AGGREGATE}{name}": "true"}}
    return {"metadata": _meta(name, into), "aggregationRule": {"clusterRoleSelectors": [selector]}, "rules": None}


def _binding(role: str, groups: list[str]) -> Object:
    subjects = [{"kind": "Group", "apiGroup": GROUP, "name": group} for group in groups]
    reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": role}
    return {"metadata": _meta(role), "roleRef": reference, "subjects": subjects}
