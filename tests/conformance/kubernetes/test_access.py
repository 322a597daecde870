"""Who may do what: ServiceAccounts and their tokens, RBAC, reviews, impersonation."""

import base64
import json

import pytest
from kubernetes import client as k8s

from tests.conformance.kubernetes.cluster import Cluster, pod, refused

REVIEWS = "/apis/authorization.k8s.io/v1"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
GROUP = "rbac.authorization.k8s.io"


def account(cluster: Cluster, home: str, name: str = "robot") -> str:
    """Make a ServiceAccount and give back a token of it."""
    core = k8s.CoreV1Api(cluster.client())
    core.create_namespaced_service_account(home, {"metadata": {"name": name}})
    return core.create_namespaced_service_account_token(name, home, {"spec": {}}).status.token


def grant(cluster: Cluster, home: str, *rules: dict, name: str = "reader", account: str = "robot") -> None:
    """Make a Role and bind it to a ServiceAccount."""
    api = k8s.RbacAuthorizationV1Api(cluster.client())
    api.create_namespaced_role(home, {"metadata": {"name": name}, "rules": list(rules)})
    bind(cluster, home, {"kind": "Role", "name": name}, account)


def bind(cluster: Cluster, home: str, role: dict, account: str = "robot") -> None:
    subjects = [{"kind": "ServiceAccount", "name": account, "namespace": home}]
    body = {"metadata": {"name": f"{role['name']}-{account}"}, "roleRef": {"apiGroup": GROUP, **role}, "subjects": subjects}
    k8s.RbacAuthorizationV1Api(cluster.client()).create_namespaced_role_binding(home, body)


def user(home: str) -> str:
    return f"system:serviceaccount:{home}:robot"


def rule(verbs: str, resources: str, group: str = "", **more: list[str]) -> dict:
    return {"apiGroups": [group], "resources": resources.split(), "verbs": verbs.split(), **more}


@pytest.mark.endpoint("POST /api/v1/namespaces/{}/serviceaccounts/{}/token")
def test_a_token_speaks_for_its_account_and_may_nothing_yet(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client(account(cluster, home)))
    text = f'pods is forbidden: User "{user(home)}" cannot list resource "pods" in API group "" in the namespace "{home}"'
    assert refused(core.list_namespaced_pod, home) == (403, "Forbidden", text)
    text = f'nodes is forbidden: User "{user(home)}" cannot list resource "nodes" in API group "" at the cluster scope'
    assert refused(core.list_node) == (403, "Forbidden", text)


@pytest.mark.endpoint("GET /api/v1/namespaces/{}/pods/{}", "GET /api/v1/namespaces/{}/pods/{}/log", "DELETE /api/v1/namespaces/{}/pods")
def test_a_refusal_names_object_subresource_and_verb(cluster: Cluster, home: str):
    token = account(cluster, home)
    who = f'User "{user(home)}" cannot'
    where = f'in API group "" in the namespace "{home}"'
    pods = f"/api/v1/namespaces/{home}/pods"
    wanted = {
        ("GET", f"{pods}/web"): f'pods "web" is forbidden: {who} get resource "pods" {where}',
        ("GET", f"{pods}/web/log"): f'pods "web" is forbidden: {who} get resource "pods/log" {where}',
        ("GET", f"{pods}?watch=1"): f'pods is forbidden: {who} watch resource "pods" {where}',
        ("DELETE", pods): f'pods is forbidden: {who} deletecollection resource "pods" {where}',
        ("POST", f"{pods}/web/eviction"): f'pods "web" is forbidden: {who} create resource "pods/eviction" {where}',
        ("PATCH", f"{pods}/web"): f'pods "web" is forbidden: {who} patch resource "pods" {where}',
        ("GET", f"/api/v1/namespaces/{home}"): f'namespaces "{home}" is forbidden: {who} get resource "namespaces" {where}',
        ("GET", "/metrics"): f'forbidden: {who} get path "/metrics"',
        ("DELETE", "/apis/apps/v1/namespaces/x/deployments/d"): f'deployments.apps "d" is forbidden: {who} delete resource "deployments"'
        ' in API group "apps" in the namespace "x"',
    }  # fmt: skip
    found = {asked: cluster.status(*asked, token=token) for asked in wanted}
    assert found == {asked: (403, "Forbidden", text) for asked, text in wanted.items()}


@pytest.mark.endpoint(
    "POST /apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles", "POST /apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings"
)
def test_a_role_grants_its_verbs_on_its_resources_in_its_namespace(cluster: Cluster, home: str):
    token = account(cluster, home)
    grant(cluster, home, rule("get list watch", "pods"), rule("patch", "deployments/scale", "apps"))
    core = k8s.CoreV1Api(cluster.client(token))
    assert core.list_namespaced_pod(home).items == []
    assert refused(core.list_namespaced_pod, "default")[0] == 403
    assert refused(core.list_pod_for_all_namespaces)[0] == 403
    assert refused(core.create_namespaced_pod, home, pod())[0] == 403
    scale = f"/apis/apps/v1/namespaces/{home}/deployments/d/scale"
    merge = "application/merge-patch+json"
    assert cluster.ask("PATCH", scale, {}, token=token, Content_Type=merge).status_code == 404  # let through, and not there
    assert cluster.ask("PATCH", scale.removesuffix("/scale"), {}, token=token, Content_Type=merge).status_code == 403


@pytest.mark.endpoint("GET /api/v1/namespaces/{}/secrets/{}")
def test_a_rule_with_names_grants_these_objects_only(cluster: Cluster, home: str):
    token = account(cluster, home)
    grant(cluster, home, rule("get list", "secrets", resourceNames=["mine"]))
    core = k8s.CoreV1Api(cluster.client(token))
    assert refused(core.read_namespaced_secret, "mine", home) == (404, "NotFound", 'secrets "mine" not found')
    assert refused(core.read_namespaced_secret, "other", home)[0] == 403
    assert core.list_namespaced_secret(home, field_selector="metadata.name=mine").items == []
    assert refused(core.list_namespaced_secret, home)[0] == 403


@pytest.mark.endpoint("POST /apis/rbac.authorization.k8s.io/v1/clusterrolebindings", "POST /apis/rbac.authorization.k8s.io/v1/clusterroles")
def test_a_cluster_role_is_bound_in_a_namespace_or_for_the_whole_cluster(cluster: Cluster, home: str):
    token = account(cluster, home)
    core, rbac = k8s.CoreV1Api(cluster.client(token)), k8s.RbacAuthorizationV1Api(cluster.client())
    bind(cluster, home, {"kind": "ClusterRole", "name": "view"})
    assert core.list_namespaced_pod(home).items == []
    assert refused(core.list_namespaced_pod, "default")[0] == 403
    assert refused(core.list_namespaced_secret, home)[0] == 403  # view does not show secrets
    rbac.create_cluster_role({"metadata": {"name": f"nodes-{home}"}, "rules": [rule("list", "nodes")]})
    subject = {"kind": "ServiceAccount", "name": "robot", "namespace": home}
    reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": f"nodes-{home}"}
    rbac.create_cluster_role_binding({"metadata": {"name": f"nodes-{home}"}, "roleRef": reference, "subjects": [subject]})
    assert len(core.list_node().items) == 5
    rbac.delete_cluster_role_binding(f"nodes-{home}")
    assert refused(core.list_node)[0] == 403


@pytest.mark.endpoint("GET /apis/rbac.authorization.k8s.io/v1/clusterroles")
def test_the_default_roles_are_there_and_sum_up_what_is_labeled_for_them(cluster: Cluster, home: str):
    names = {row.metadata.name for row in k8s.RbacAuthorizationV1Api(cluster.client()).list_cluster_role().items}
    assert names >= {"cluster-admin", "admin", "edit", "view", "system:discovery", "system:basic-user", "system:public-info-viewer"}
    token = account(cluster, home)
    bind(cluster, home, {"kind": "ClusterRole", "name": "admin"})
    core, rbac = k8s.CoreV1Api(cluster.client(token)), k8s.RbacAuthorizationV1Api(cluster.client(token))
    assert core.create_namespaced_config_map(home, {"metadata": {"name": "c"}}).metadata.name == "c"
    assert [row.metadata.name for row in rbac.list_namespaced_role_binding(home).items] == ["admin-robot"]
    assert refused(core.delete_namespace, "default")[0] == 403


@pytest.mark.endpoint("POST /apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings")
def test_a_binding_to_a_role_that_is_not_there_says_so_in_the_refusal(cluster: Cluster, home: str):
    token = account(cluster, home)
    bind(cluster, home, {"kind": "ClusterRole", "name": "nobody"})
    text = f'pods is forbidden: User "{user(home)}" cannot list resource "pods" in API group "" in the namespace "{home}"'
    missing = 'RBAC: clusterrole.rbac.authorization.k8s.io "nobody" not found'
    assert cluster.status("GET", f"/api/v1/namespaces/{home}/pods", token=token) == (403, "Forbidden", f"{text}: {missing}")


@pytest.mark.endpoint("POST /apis/rbac.authorization.k8s.io/v1/namespaces/{}/roles")
def test_nobody_grants_what_they_do_not_hold(cluster: Cluster, home: str):
    token = account(cluster, home)
    grant(cluster, home, rule("create", "roles rolebindings", GROUP), rule("get", "pods"))
    rules = [rule("get list", "pods"), rule("get", "secrets")]
    body = {"metadata": {"name": "more"}, "rules": rules}
    groups = f'["system:serviceaccounts" "system:serviceaccounts:{home}" "system:authenticated"]'
    text = (
        f'roles.rbac.authorization.k8s.io "more" is forbidden: user "{user(home)}" (groups={groups}) is attempting to grant RBAC'
        ' permissions not currently held:\n{APIGroups:[""], Resources:["pods"], Verbs:["list"]}\n'
        '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}'
    )
    assert cluster.status("POST", f"{RBAC}/namespaces/{home}/roles", body, token=token) == (403, "Forbidden", text)
    fewer = {"metadata": {"name": "fewer"}, "rules": [rule("get", "pods")]}
    assert cluster.ask("POST", f"{RBAC}/namespaces/{home}/roles", fewer, token=token).status_code == 201
    reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": "cluster-admin"}
    all_of_it = {"metadata": {"name": "all"}, "roleRef": reference, "subjects": []}
    assert cluster.status("POST", f"{RBAC}/namespaces/{home}/rolebindings", all_of_it, token=token)[0] == 403


@pytest.mark.endpoint("PUT /apis/rbac.authorization.k8s.io/v1/namespaces/{}/rolebindings/{}")
def test_the_role_of_a_binding_cannot_change(cluster: Cluster, home: str):
    account(cluster, home)
    bind(cluster, home, {"kind": "ClusterRole", "name": "view"})
    path = f"{RBAC}/namespaces/{home}/rolebindings/view-robot"
    binding = cluster.ask("GET", path).json()
    binding["roleRef"]["name"] = "edit"
    assert cluster.status("PUT", path, binding) == (
        422,
        "Invalid",
        'RoleBinding.rbac.authorization.k8s.io "view-robot" is invalid: roleRef: Invalid value:'
        ' {"APIGroup":"rbac.authorization.k8s.io","Kind":"ClusterRole","Name":"edit"}: cannot change roleRef',
    )


@pytest.mark.endpoint("GET /api/v1/nodes")
def test_an_unknown_token_is_401_and_none_at_all_is_anonymous(cluster: Cluster):
    assert cluster.status("GET", "/api/v1/nodes", token="nonsense") == (401, "Unauthorized", "Unauthorized")
    text = 'nodes is forbidden: User "system:anonymous" cannot list resource "nodes" in API group "" at the cluster scope'
    assert cluster.status("GET", "/api/v1/nodes", token=None) == (403, "Forbidden", text)
    assert cluster.ask("GET", "/version", token=None).status_code == 200  # system:public-info-viewer


@pytest.mark.endpoint("POST /api/v1/namespaces/{}/serviceaccounts/{}/token")
def test_a_token_is_over_when_its_time_is_or_its_account_is_gone(cluster: Cluster, home: str):
    core = k8s.CoreV1Api(cluster.client())
    long = account(cluster, home)
    short = core.create_namespaced_service_account_token("robot", home, {"spec": {"expirationSeconds": 600}}).status.token
    claims = json.loads(base64.urlsafe_b64decode(short.split(".")[1] + "=="))
    assert (claims["exp"] - claims["iat"], claims["sub"], claims["aud"]) == (
        600,
        user(home),
        ["https://kubernetes.default.svc.cluster.local"],
    )
    cluster.turn(599)
    assert cluster.ask("GET", "/api", token=short).status_code == 200
    cluster.turn(2)
    assert cluster.ask("GET", "/api", token=short).status_code == 401
    assert cluster.ask("GET", "/api", token=long).status_code == 200
    core.delete_namespaced_service_account("robot", home)
    assert cluster.ask("GET", "/api", token=long).status_code == 401
    core.create_namespaced_service_account(home, {"metadata": {"name": "robot"}})
    assert cluster.ask("GET", "/api", token=long).status_code == 401  # another account of that name


@pytest.mark.endpoint("POST /api/v1/namespaces/{}/serviceaccounts/{}/token")
def test_a_token_for_less_than_ten_minutes_is_refused(cluster: Cluster, home: str):
    account(cluster, home)
    why = "spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes"
    path = f"/api/v1/namespaces/{home}/serviceaccounts/robot/token"
    wanted = (422, "Invalid", f'TokenRequest.authentication.k8s.io "" is invalid: {why}')
    assert cluster.status("POST", path, {"spec": {"expirationSeconds": 60}}) == wanted


@pytest.mark.endpoint("POST /api/v1/namespaces/{}/secrets")
def test_a_secret_of_an_account_is_filled_with_a_token(cluster: Cluster, home: str):
    account(cluster, home)
    core = k8s.CoreV1Api(cluster.client())
    meta = {"name": "old", "annotations": {"kubernetes.io/service-account.name": "robot"}}
    core.create_namespaced_secret(home, {"metadata": meta, "type": "kubernetes.io/service-account-token"})
    data = {key: base64.b64decode(value).decode() for key, value in core.read_namespaced_secret("old", home).data.items()}
    assert (data["namespace"], data["ca.crt"]) == (home, cluster.authority.pem)
    text = f'cannot list resource "pods" in API group "" in the namespace "{home}"'
    assert text in cluster.status("GET", f"/api/v1/namespaces/{home}/pods", token=data["token"])[2]
    core.delete_namespaced_secret("old", home)
    assert cluster.status("GET", "/api", token=data["token"])[0] == 401
    lost = {"name": "lost", "annotations": {"kubernetes.io/service-account.name": "nobody"}}
    core.create_namespaced_secret(home, {"metadata": lost, "type": "kubernetes.io/service-account-token"})
    assert refused(core.read_namespaced_secret, "lost", home)[0] == 404


@pytest.mark.endpoint("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
def test_a_review_answers_as_a_request_would_be(cluster: Cluster, home: str):
    api = k8s.AuthorizationV1Api(cluster.client(account(cluster, home)))
    grant(cluster, home, rule("get", "pods"))

    def ask(verb: str, resource: str) -> tuple[bool, str | None]:
        attributes = {"verb": verb, "resource": resource, "namespace": home}
        status = api.create_self_subject_access_review({"spec": {"resourceAttributes": attributes}}).status
        return status.allowed, status.reason

    by = f'RoleBinding "reader-robot/{home}" of Role "reader" to ServiceAccount "robot/{home}"'
    assert ask("get", "pods") == (True, f"RBAC: allowed by {by}")
    assert ask("delete", "pods") == (False, None)
    path = {"spec": {"nonResourceAttributes": {"verb": "get", "path": "/healthz"}}}
    assert api.create_self_subject_access_review(path).status.allowed is True
    code, _, message = cluster.status("POST", f"{REVIEWS}/selfsubjectaccessreviews", {"spec": {}})
    assert (code, "exactly one of nonResourceAttributes or resourceAttributes must be specified" in message) == (422, True)


@pytest.mark.endpoint(
    "POST /apis/authorization.k8s.io/v1/subjectaccessreviews", "POST /apis/authorization.k8s.io/v1/namespaces/{}/localsubjectaccessreviews"
)
def test_a_review_of_somebody_else(cluster: Cluster, home: str):
    token = account(cluster, home)
    grant(cluster, home, rule("get", "pods"))
    api = k8s.AuthorizationV1Api(cluster.client())
    attributes = {"verb": "get", "resource": "pods", "namespace": home}
    spec = {"user": user(home), "resourceAttributes": attributes}
    assert api.create_subject_access_review({"spec": spec}).status.allowed is True
    assert api.create_namespaced_local_subject_access_review(home, {"spec": {**spec, "user": "ada"}}).status.allowed is False
    assert api.create_subject_access_review({"spec": {**spec, "user": "ada", "groups": ["system:masters"]}}).status.allowed is True
    assert cluster.status("POST", f"{REVIEWS}/subjectaccessreviews", {"spec": spec}, token=token)[0] == 403


@pytest.mark.endpoint("POST /apis/authorization.k8s.io/v1/selfsubjectrulesreviews")
def test_the_rules_of_an_account(cluster: Cluster, home: str):
    api = k8s.AuthorizationV1Api(cluster.client(account(cluster, home)))
    grant(cluster, home, rule("get", "pods", resourceNames=["web"]))
    status = api.create_self_subject_rules_review({"spec": {"namespace": home}}).status
    rows = [(row.verbs, row.api_groups, row.resources, row.resource_names) for row in status.resource_rules]
    assert rows == [
        (["create"], ["authorization.k8s.io"], ["selfsubjectaccessreviews", "selfsubjectrulesreviews"], None),
        (["create"], ["authentication.k8s.io"], ["selfsubjectreviews"], None),
        (["get"], [""], ["pods"], ["web"]),
    ]
    assert status.incomplete is False


@pytest.mark.endpoint("POST /apis/authentication.k8s.io/v1/selfsubjectreviews", "POST /apis/authentication.k8s.io/v1/tokenreviews")
def test_who_somebody_is_and_whose_a_token_is(cluster: Cluster, home: str):
    token = account(cluster, home)
    api = k8s.AuthenticationV1Api(cluster.client(token))
    groups = ["system:serviceaccounts", f"system:serviceaccounts:{home}", "system:authenticated"]
    who = api.create_self_subject_review({}).status.user_info
    assert (who.username, who.groups, list(who.extra)) == (user(home), groups, ["authentication.kubernetes.io/credential-id"])
    admin = k8s.AuthenticationV1Api(cluster.client())
    assert admin.create_token_review({"spec": {"token": token}}).status.user.username == user(home)
    assert admin.create_token_review({"spec": {"token": "x"}}).status.authenticated is None


@pytest.mark.endpoint("GET /api/v1/namespaces/{}/pods")
def test_an_administrator_impersonates_and_others_may_not(cluster: Cluster, home: str):
    token = account(cluster, home)
    core = k8s.CoreV1Api(cluster.client(impersonate=user(home)))
    text = f'pods is forbidden: User "{user(home)}" cannot list resource "pods" in API group "" in the namespace "{home}"'
    assert refused(core.list_namespaced_pod, home) == (403, "Forbidden", text)
    core = k8s.CoreV1Api(cluster.client(token, impersonate="ada"))
    text = f'users "ada" is forbidden: User "{user(home)}" cannot impersonate resource "users" in API group "" at the cluster scope'
    assert refused(core.list_namespaced_pod, home) == (403, "Forbidden", text)


@pytest.mark.endpoint("POST /api/v1/namespaces/{}/serviceaccounts/{}/token", "GET /api/v1/namespaces/{}/pods")
def test_kubectl_with_a_token_is_judged_by_it(cluster: Cluster, home: str):
    cluster.kubectl("create", "serviceaccount", "robot", home=home)
    cluster.kubectl("create", "role", "reader", "--verb=get,list", "--resource=pods", home=home)
    cluster.kubectl("create", "rolebinding", "reader", "--role=reader", f"--serviceaccount={home}:robot", home=home)
    token = cluster.kubectl("create", "token", "robot", home=home).strip()
    assert cluster.kubectl("get", "pods", token=token, home=home) == f"No resources found in {home} namespace.\n"
    text = f'pods is forbidden: User "{user(home)}" cannot list resource "pods" in API group "" in the namespace "default"'
    assert cluster.kubectl("get", "pods", "-n", "default", rc=1, token=token) == f"Error from server (Forbidden): {text}\n"
    assert cluster.kubectl("auth", "can-i", "list", "pods", token=token, home=home) == "yes\n"
    assert cluster.kubectl("auth", "can-i", "delete", "pods", "--as", user(home), rc=1, home=home) == "no\n"
    assert cluster.kubectl("get", "nodes", rc=1, token="x") == "error: You must be logged in to the server (Unauthorized)\n"
