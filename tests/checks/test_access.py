"""From what a run asks for to what an administrator allows."""

import pytest

from chaoscinder.checks.access import Account, access_rules, manifests, minimal, policy_rules, refused, whole_path
from chaoscinder.model.access import BLOCK_STORAGE, COMPUTE, CloudCall, CloudRule, ClusterCall, Needs

GET_LEASE = ClusterCall("coordination.k8s.io", "leases", "get", "shop", ("chaoscinder",))
LIST_PODS, LIST_PODS_THERE, WATCH_PODS = (
    ClusterCall("", "pods", verb, place) for verb, place in (("list", ""), ("list", "shop"), ("watch", "shop"))
)
SHOW = CloudCall(COMPUTE, "GET", "/servers/{server_id}", "os_compute_api:servers:show")
DETAIL = CloudCall(COMPUTE, "GET", "/servers/detail", "os_compute_api:servers:detail")
STOP = CloudCall(COMPUTE, "POST", "/servers/{server_id}/action", "os_compute_api:servers:stop")
START = CloudCall(COMPUTE, "POST", "/servers/{server_id}/action", "os_compute_api:servers:start")
VERSIONS, VOLUME = CloudCall(BLOCK_STORAGE, "GET", "/"), CloudCall(BLOCK_STORAGE, "GET", "/volumes/{volume_id}", "volume:get")
PATHS = {COMPUTE: "/v2.1", BLOCK_STORAGE: "/v3/{project_id}"}


def test_what_is_allowed_in_the_whole_cluster_or_for_any_name_is_not_allowed_twice() -> None:
    anyone = ClusterCall("coordination.k8s.io", "leases", "get", "shop")
    assert minimal([LIST_PODS, LIST_PODS_THERE, WATCH_PODS, GET_LEASE, anyone]) == [LIST_PODS, WATCH_PODS, anyone]


def test_a_manifest_has_an_account_a_role_for_each_place_and_their_bindings() -> None:
    labels = {"app.kubernetes.io/managed-by": "chaoscinder"}
    subjects = [{"kind": "ServiceAccount", "name": "runner", "namespace": "chaos"}]
    group, version = "rbac.authorization.k8s.io", "rbac.authorization.k8s.io/v1"
    there = {"name": "runner", "namespace": "shop", "labels": labels}
    whole = {"name": "runner", "labels": labels}
    lease = {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "resourceNames": ["chaoscinder"], "verbs": ["get"]}
    assert manifests(Needs(frozenset({LIST_PODS, WATCH_PODS, GET_LEASE})), Account("chaos", "runner")) == [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "runner", "namespace": "chaos", "labels": labels}},
        {
            "apiVersion": version,
            "kind": "ClusterRole",
            "metadata": whole,
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}],
        },
        {
            "apiVersion": version,
            "kind": "ClusterRoleBinding",
            "metadata": whole,
            "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "runner"},
            "subjects": subjects,
        },
        {
            "apiVersion": version,
            "kind": "Role",
            "metadata": there,
            "rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["watch"]}, lease],
        },
        {
            "apiVersion": version,
            "kind": "RoleBinding",
            "metadata": there,
            "roleRef": {"apiGroup": group, "kind": "Role", "name": "runner"},
            "subjects": subjects,
        },
    ]


def test_access_rules_have_whole_paths_once_and_none_that_another_one_covers() -> None:
    needs = Needs(cloud=frozenset({SHOW, DETAIL, STOP, START, VERSIONS, VOLUME}))
    assert access_rules(needs, PATHS, {BLOCK_STORAGE: "volumev3"}) == [
        {"service": "volumev3", "method": "GET", "path": "/v3/"},
        {"service": "volumev3", "method": "GET", "path": "/v3/{project_id}/volumes/{volume_id}"},
        {"service": "compute", "method": "GET", "path": "/v2.1/servers/{server_id}"},
        {"service": "compute", "method": "POST", "path": "/v2.1/servers/{server_id}/action"},
    ]
    assert policy_rules(needs) == [
        "os_compute_api:servers:detail",
        "os_compute_api:servers:show",
        "os_compute_api:servers:start",
        "os_compute_api:servers:stop",
        "volume:get",
    ]


def test_a_rule_for_any_volume_covers_the_one_for_all_of_them_in_every_project() -> None:
    details = CloudCall(BLOCK_STORAGE, "GET", "/volumes/detail", "volume:get_all")
    assert access_rules(Needs(cloud=frozenset({VOLUME, details})), PATHS) == [
        {"service": "block-storage", "method": "GET", "path": "/v3/{project_id}/volumes/{volume_id}"}
    ]


@pytest.mark.parametrize(
    ("endpoint", "path"),
    [("/v3/abc", "/v3/"), ("/volume/v3", "/volume/v3/"), ("/volume/v3/{project_id}", "/volume/v3/"), ("", "/"), ("/v3", "/v3/")],
)
def test_the_versions_of_a_service_are_above_its_project(endpoint: str, path: str) -> None:
    assert whole_path(VERSIONS, endpoint) == path


def rule(path: str, method: str = "GET", service: str = COMPUTE) -> CloudRule:
    return CloudRule(service, method, path)


@pytest.mark.parametrize(
    ("rules", "missing"),
    [
        (None, []),
        ((), [SHOW, VOLUME]),
        ((rule("/v2.1/servers/{id}"), rule("/v3/*/volumes/*", service="volumev3")), []),
        ((rule("/v2.1/**"), rule("/v3/**", service=BLOCK_STORAGE)), []),
        ((rule("/v2.1/servers/{id}", "POST"), rule("/v3/{p}/volumes/{v}")), [SHOW, VOLUME]),
        ((rule("/v2.1/*"), rule("/v3/{p}/{v}", service=BLOCK_STORAGE)), [SHOW, VOLUME]),
    ],
)
def test_requests_that_no_access_rule_names_are_refused(rules: tuple[CloudRule, ...] | None, missing: list[CloudCall]) -> None:
    assert sorted(refused([SHOW, VOLUME], rules, PATHS)) == sorted(missing)
