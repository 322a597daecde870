"""Lists: selectors, pages, tables; and what the server says of itself."""

import pytest
from kubernetes import client as k8s

from chaoscinder.sandbox.kubernetes.store import HISTORY
from tests.conformance.kubernetes.cluster import Cluster, pod, refused

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
LIST_PODS = "GET /api/v1/namespaces/{}/pods"


def pods(cluster: Cluster, home: str, *names: str) -> None:
    for number, name in enumerate(names):
        labels = {"app": "web", "tier": "front" if number % 2 else "back"} | ({"last": ""} if name == names[-1] else {})
        body = {**pod(name, nodeName="control-plane-1" if number else None), "metadata": {"name": name, "labels": labels}}
        assert cluster.ask("POST", f"/api/v1/namespaces/{home}/pods", body).status_code == 201


@pytest.mark.endpoint(LIST_PODS)
@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ("app=web", "abc"), ("tier==back", "ac"), ("tier!=back", "b"), ("tier in (back,front)", "abc"), ("tier notin (back)", "b"),
        ("last", "c"), ("!last", "ab"), ("app=web,tier=front", "b"), ("app=other", ""),
    ],
)  # fmt: skip
def test_a_label_selector_selects(cluster: Cluster, home: str, selector: str, names: str):
    pods(cluster, home, "a", "b", "c")
    rows = k8s.CoreV1Api(cluster.client()).list_namespaced_pod(home, label_selector=selector).items
    assert "".join(row.metadata.name for row in rows) == names


@pytest.mark.endpoint(LIST_PODS, "GET /api/v1/events", "GET /api/v1/nodes")
def test_a_field_selector_selects_and_an_unknown_field_is_refused(cluster: Cluster, home: str):
    pods(cluster, home, "a", "b")
    core = k8s.CoreV1Api(cluster.client())

    def named(selector: str) -> list[str]:
        return [row.metadata.name for row in core.list_namespaced_pod(home, field_selector=selector).items]

    assert named("metadata.name=a") == ["a"]
    assert named("metadata.name!=a") == ["b"]
    assert named("spec.nodeName=control-plane-1,status.phase=Pending") == ["b"]
    text = "field label not supported: spec.color"
    assert refused(core.list_namespaced_pod, home, field_selector="spec.color=red") == (400, "BadRequest", text)
    assert refused(core.list_namespaced_pod, home, label_selector="a in b")[:2] == (400, "BadRequest")


@pytest.mark.endpoint(LIST_PODS)
def test_pages_show_one_moment(cluster: Cluster, home: str):
    pods(cluster, home, "a", "b", "c", "d", "e")
    core = k8s.CoreV1Api(cluster.client())
    page = core.list_namespaced_pod(home, limit=2)
    assert ([row.metadata.name for row in page.items], page.metadata.remaining_item_count) == (["a", "b"], 3)
    core.delete_namespaced_pod("d", home, grace_period_seconds=0)
    pods(cluster, home, "bb")
    version = page.metadata.resource_version
    page = core.list_namespaced_pod(home, limit=2, _continue=page.metadata._continue)
    assert ([row.metadata.name for row in page.items], page.metadata.resource_version) == (["c", "d"], version)
    page = core.list_namespaced_pod(home, limit=2, _continue=page.metadata._continue)
    assert ([row.metadata.name for row in page.items], page.metadata._continue) == (["e"], None)
    assert [row.metadata.name for row in core.list_namespaced_pod(home).items] == ["a", "b", "bb", "c", "e"]


@pytest.mark.endpoint(LIST_PODS)
def test_a_page_that_comes_too_late_is_410_with_a_token_for_the_rest(cluster: Cluster, home: str):
    pods(cluster, home, "a", "b", "c")
    path = f"/api/v1/namespaces/{home}/pods"
    token = cluster.ask("GET", f"{path}?limit=1").json()["metadata"]["continue"]
    with cluster.world.step():
        for number in range(HISTORY + 1):
            cluster.store.change(_pods(), "c", home, lambda new, number=number: new["metadata"]["labels"].update(n=str(number)))
    answer = cluster.ask("GET", f"{path}?limit=1&continue={token}")
    status = answer.json()
    assert (answer.status_code, status["reason"]) == (410, "Expired")
    assert status["message"].startswith("The provided continue parameter is too old to display a consistent list result.")
    rest = cluster.ask("GET", f"{path}?limit=5&continue={status['metadata']['continue']}").json()
    assert [row["metadata"]["name"] for row in rest["items"]] == ["b", "c"]


def _pods():
    from chaoscinder.sandbox.kubernetes.resources import PODS

    return PODS


@pytest.mark.endpoint(LIST_PODS)
def test_a_list_has_a_version_and_may_be_asked_for_one(cluster: Cluster, home: str):
    pods(cluster, home, "a")
    core = k8s.CoreV1Api(cluster.client())
    before = core.list_namespaced_pod(home).metadata.resource_version
    pods(cluster, home, "b")
    old = core.list_namespaced_pod(home, resource_version=before, resource_version_match="Exact")
    assert ([row.metadata.name for row in old.items], old.metadata.resource_version) == (["a"], before)
    code, reason, message = refused(core.list_namespaced_pod, home, resource_version=str(int(before) + 10_000))
    assert (code, reason, message.partition(":")[0]) == (504, "Timeout", "Too large resource version")


@pytest.mark.endpoint("GET /apis/batch/v1/namespaces/{}/cronjobs", "GET /api/v1/namespaces/{}/serviceaccounts")
def test_a_table_has_the_columns_that_kubectl_prints(cluster: Cluster, home: str):
    cluster.turn(120)
    table = cluster.ask("GET", f"/api/v1/namespaces/{home}/serviceaccounts", Accept=TABLE).json()
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Secrets", "Age"]
    assert [row["cells"] for row in table["rows"]] == [["default", 0, "2m"]]
    table = cluster.ask("GET", f"/apis/batch/v1/namespaces/{home}/cronjobs", Accept=TABLE).json()
    names = "Name Schedule Timezone Suspend Active Last_Schedule Age Containers Images Selector"
    assert [column["name"].replace(" ", "_") for column in table["columnDefinitions"]] == names.split()
    assert cluster.kubectl("get", "jobs", "-o", "wide", home=home) == f"No resources found in {home} namespace.\n"


@pytest.mark.endpoint("GET /apis", "GET /api", "GET /apis/{}/{}")
def test_discovery_in_pieces_and_in_one(cluster: Cluster):
    pieces = {
        row["name"]
        for version in ("api/v1", "apis/apps/v1", "apis/batch/v1")
        for row in cluster.ask("GET", f"/{version}").json()["resources"]
    }
    documents = [cluster.ask("GET", path, Accept=AGGREGATED) for path in ("/api", "/apis")]
    assert [answer.headers["Content-Type"] for answer in documents] == [
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
    ] * 2
    whole = set()
    for group in documents[0].json()["items"] + documents[1].json()["items"]:
        for resource in group["versions"][0]["resources"] if group["metadata"].get("name", "") in ("", "apps", "batch") else []:
            whole |= {resource["resource"], *(f"{resource['resource']}/{part['subresource']}" for part in resource.get("subresources", []))}
    assert whole == pieces
    [batch] = [group for group in documents[1].json()["items"] if group["metadata"]["name"] == "batch"]
    assert batch["versions"][0]["resources"][1] == {
        "resource": "cronjobs",
        "responseKind": {"group": "batch", "version": "v1", "kind": "CronJob"},
        "scope": "Namespaced",
        "singularResource": "cronjob",
        "verbs": ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"],
        "shortNames": ["cj"],
        "categories": ["all"],
        "subresources": [{"subresource": "status", "responseKind": {"group": "batch", "version": "v1", "kind": "CronJob"},
                          "verbs": ["get", "patch", "update"]}],
    }  # fmt: skip


@pytest.mark.endpoint("GET /apis")
def test_what_is_not_served_is_501_with_its_path_and_never_an_empty_list(cluster: Cluster):
    path = "/apis/autoscaling/v2/horizontalpodautoscalers"
    assert cluster.status("GET", path) == (501, "NotImplemented", f"the sandbox does not implement GET {path}")
    assert "error: the server doesn't have a resource type" in cluster.kubectl("get", "hpa", rc=1)
