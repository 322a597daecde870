"""Requests that are answered wrongly, late or not at all, and what was carried out of them."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from chaoscinder.sandbox import call_sites
from chaoscinder.sandbox.api_faults import Rule
from chaoscinder.sandbox.launch import Plan, Sandbox
from chaoscinder.sandbox.server import Server, serve
from tests.sandbox.control import Control

NODES = "/api/v1/nodes"
UUID = "00000000-0000-4000-8000-000000000001"

SITES = [
    ("GET", "/api/v1/pods", "watch=1&resourceVersion=7", b"", "kubernetes GET /api/v1/pods watch"),
    ("GET", "/api/v1/namespaces/default", "", b"", "kubernetes GET /api/v1/namespaces/{name}"),
    ("PATCH", "/api/v1/nodes/worker-1", "", b"{}", "kubernetes PATCH /api/v1/nodes/{name}"),
    ("GET", "/api/v1/namespaces/x/pods/a/log", "", b"", "kubernetes GET /api/v1/namespaces/{namespace}/pods/{name}/log"),
    (
        "PUT",
        "/apis/apps/v1/namespaces/x/deployments/a",
        "",
        b"{}",
        "kubernetes PUT /apis/apps/v1/namespaces/{namespace}/deployments/{name}",
    ),
    ("GET", "/version", "", b"", "kubernetes GET /version"),
    ("POST", "/identity/v3/auth/tokens", "", b"{}", "keystone POST /v3/auth/tokens"),
    ("POST", f"/compute/v2.1/servers/{UUID}/action", "", b'{"os-stop": null}', "nova POST /v2.1/servers/{id}/action os-stop"),
    ("GET", "/compute/v2.1/servers/detail", "name=a", b"", "nova GET /v2.1/servers/detail"),
    ("DELETE", f"/compute/v2.1/servers/{UUID}/metadata/mine", "", b"", "nova DELETE /v2.1/servers/{id}/metadata/{key}"),
    ("GET", f"/volume/v3/{UUID.replace('-', '')}/volumes/{UUID}", "", b"", "cinder GET /v3/{id}/volumes/{id}"),
]


@pytest.mark.parametrize(("method", "path", "query", "body", "site"), SITES)
def test_a_call_site_has_no_names_in_it(method: str, path: str, query: str, body: bytes, site: str) -> None:
    assert call_sites.of(method, path, query, body).site == site


@pytest.mark.parametrize(
    ("method", "path", "changes"),
    [
        ("GET", NODES, False),
        ("POST", "/identity/v3/auth/tokens", False),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", False),
        ("POST", "/compute/v2.1/servers/1/action", True),
        ("DELETE", NODES + "/a", True),
    ],
)
def test_what_only_asks_is_no_change(method: str, path: str, changes: bool) -> None:
    assert call_sites.of(method, path, "", b"").changes is changes


RULES = [
    ({"what": "reset"}, "reset before it is carried out: every request (from number 1 on)"),
    (
        {"what": "status", "status": 409, "service": "nova", "method": "POST", "act": "os-stop", "first": 2, "count": 1},
        "status 409 before it is carried out: nova POST os-stop (number 2)",
    ),
    (
        {"what": "delay", "delay_s": 1.5, "path": NODES, "count": 3, "when": "after"},
        f"delay 1.5 s after it is carried out: {NODES} (from number 1 on, 3 of them)",
    ),
]


@pytest.mark.parametrize(("rule", "words"), RULES)
def test_a_rule_says_what_it_does(rule: dict[str, Any], words: str) -> None:
    assert Rule(**rule).in_words() == words


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox in this process."""
    made = Sandbox(Plan(tmp_path_factory.mktemp("sandbox"), rate=100.0))
    made.boot()
    yield made
    made.close()


@pytest.fixture(scope="module")
def server(world: Sandbox) -> Iterator[Server]:
    made = serve(world, 0)
    yield made
    made.close()


@pytest.fixture
def control(world: Sandbox, server: Server) -> Iterator[Control]:
    """Its own paths, from nothing: no rule, no request counted."""
    made = Control(server.url, world.token)
    made.mend()
    made.forget()
    yield made
    made.mend()


def ask(control: Control, path: str = NODES, *, method: str = "GET", body: object = None, limit_s: float = 10.0) -> requests.Response:
    """Ask an API as the sandbox's user."""
    headers = {"Authorization": f"Bearer {control.token}"}
    return requests.request(method, control.url + path, headers=headers, json=body, timeout=limit_s)


def label(control: Control, value: str, **how: Any) -> requests.Response:
    """Change something: worker-4's label."""
    headers = {"Authorization": f"Bearer {control.token}", "Content-Type": "application/merge-patch+json"}
    body = {"metadata": {"labels": {"test": value}}}
    return requests.patch(f"{control.url}{NODES}/worker-4", json=body, headers=headers, timeout=10, **how)


def labelled(control: Control) -> str | None:
    """What the label is."""
    return ask(control, f"{NODES}/worker-4").json()["metadata"]["labels"].get("test")


def token_of(world: Sandbox, control: Control) -> requests.Response:
    user, project = world.openstack.demo, {"name": "demo", "domain": {"id": "default"}}
    who = {"name": user.name, "password": user.password, "domain": {"id": "default"}}
    body = {"auth": {"identity": {"methods": ["password"], "password": {"user": who}}, "scope": {"project": project}}}
    return requests.post(f"{control.url}/identity/v3/auth/tokens", json=body, timeout=10)


def test_each_request_is_counted_by_its_call_site(control: Control) -> None:
    for path in (NODES, f"{NODES}/worker-1", f"{NODES}/worker-2", "/compute/v2.1/servers"):
        ask(control, path)
    nodes = f"kubernetes GET {NODES}"
    assert control.counts() == {nodes: 1, f"{nodes}/{{name}}": 2, "nova GET /v2.1/servers": 1}
    rows = control.requests()
    assert [(row["path"], row["status"], row["carried_out"], row["fault"]) for row in rows] == [
        (NODES, 200, True, ""),
        (f"{NODES}/worker-1", 200, True, ""),
        (f"{NODES}/worker-2", 200, True, ""),
        ("/v2.1/servers", 401, True, ""),
    ]
    assert [row["path"] for row in control.requests(since=rows[2]["number"])] == ["/v2.1/servers"]
    control.forget()
    assert control.counts() == {}


def test_only_the_kth_matching_request_fails(control: Control) -> None:
    with control.spoilt("status", status=503, service="kubernetes", path=f"{NODES}/*", first=2, count=1):
        ask(control, NODES)
        codes = [ask(control, f"{NODES}/{name}").status_code for name in ("worker-1", "worker-2", "worker-1")]
    assert codes == [200, 503, 200]


def test_the_next_requests_fail_and_then_no_more(control: Control) -> None:
    with control.spoilt("status", status=500, count=2) as fault:
        assert [ask(control).status_code for _ in range(4)] == [500, 500, 200, 200]
        shown = control.fault(fault)
    assert (shown["seen"], shown["struck"], shown["held"]) == (4, 2, [])


def test_a_refusal_is_in_the_words_of_its_service(world: Sandbox, control: Control) -> None:
    with control.spoilt("status", status=500):
        found = {path: ask(control, path).json() for path in (NODES, "/compute/v2.1/servers", "/volume/v3", "/identity/v3")}
    erred = "Unexpected API Error. Please contact the administrator\n<class 'oslo_db.exception.DBConnectionError'>"
    status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": "InternalError", "code": 500}
    assert found == {
        NODES: {**status, "message": "Internal error occurred: etcdserver: request timed out"},
        "/compute/v2.1/servers": {"computeFault": {"code": 500, "message": erred}},
        "/volume/v3": {
            "computeFault": {"code": 500, "message": "The server has either erred or is incapable of performing the requested operation."}
        },
        "/identity/v3": {
            "error": {
                "code": 500,
                "message": "An unexpected error prevented the server from fulfilling your request.",
                "title": "Internal Server Error",
            }
        },
    }


def test_the_proxy_in_front_says_503_in_plain_text(control: Control) -> None:
    with control.spoilt("status", status=503, service="nova"):
        answer = ask(control, "/compute/v2.1/servers")
    assert (answer.status_code, answer.headers["Content-Type"], answer.text) == (
        503,
        "text/plain",
        "503 Service Unavailable",
    )


def test_an_answer_may_be_anything(control: Control) -> None:
    with control.spoilt("status", status=200, body="<html>login"):
        assert (ask(control).status_code, ask(control).text) == (200, "<html>login")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_reset_is_a_reset(control: Control, when: str) -> None:
    label(control, "old").raise_for_status()
    with control.spoilt("reset", method="PATCH", when=when), pytest.raises(requests.ConnectionError, match="Connection reset by peer"):
        label(control, when)
    assert labelled(control) == {"before": "old", "after": "after"}[when]
    row = next(row for row in control.requests() if row["fault"])
    assert (row["site"], row["status"], row["carried_out"]) == (f"kubernetes PATCH {NODES}/{{name}}", None, when == "after")


def test_a_refusal_after_the_change_hides_a_change_that_was_made(control: Control) -> None:
    with control.spoilt("status", status=504, method="changing", when="after"):
        assert label(control, "hidden").status_code == 504
    assert labelled(control) == "hidden"


def test_a_delay_is_in_wall_seconds_and_the_request_is_carried_out_though_its_client_left(control: Control) -> None:
    with control.spoilt("delay", delay_s=0.3, method="PATCH"):
        began = time.monotonic()
        assert label(control, "slow").status_code == 200
        assert 0.3 <= time.monotonic() - began < 2
        with pytest.raises(requests.ReadTimeout):
            requests.patch(
                f"{control.url}{NODES}/worker-4",
                json={"metadata": {"labels": {"test": "late"}}},
                headers={"Authorization": f"Bearer {control.token}", "Content-Type": "application/merge-patch+json"},
                timeout=0.1,
            )
        wait_until(lambda: labelled(control) == "late")


def wait_until(true: Any, limit_s: float = 10.0) -> None:
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(("when", "then"), [("before", "old"), ("after", "held")])
def test_a_request_that_hangs_shows_itself_and_goes_on_when_it_is_let_go(control: Control, when: str, then: str) -> None:
    label(control, "old").raise_for_status()
    with control.spoilt("hang", method="PATCH", when=when, count=1) as fault:
        answers: list[int] = []
        asking = threading.Thread(target=lambda: answers.append(label(control, "held").status_code))
        asking.start()
        held = control.fault(fault, struck=1)["held"]
        assert ([row["path"] for row in held], labelled(control), answers) == ([f"{NODES}/worker-4"], then, [])
        control.release(fault)
        asking.join(10)
        assert (answers, labelled(control), control.fault(fault)["held"]) == ([200], "held", [])


KILLED = """
from urllib.request import Request, urlopen
headers = {{"Authorization": "Bearer {token}", "Content-Type": "application/merge-patch+json"}}
urlopen(Request("{url}{path}", data=b'{{"metadata": {{"labels": {{"test": "killed"}}}}}}', headers=headers, method="PATCH"))
"""


@pytest.mark.parametrize(("when", "then"), [("before", "old"), ("after", "killed")])
def test_a_client_can_be_killed_before_and_after_its_request_is_carried_out(control: Control, when: str, then: str) -> None:
    label(control, "old").raise_for_status()
    script = KILLED.format(url=control.url, token=control.token, path=f"{NODES}/worker-4")
    with control.spoilt("hang", method="changing", when=when, count=1) as fault:
        client = subprocess.Popen([sys.executable, "-c", script])
        control.fault(fault, struck=1)
        client.send_signal(signal.SIGKILL)
        client.wait(10)
        wait_until(lambda: control.fault(fault)["left"] == 1)
        assert (control.fault(fault)["held"], labelled(control)) == ([], then)
        control.release(fault)
    assert labelled(control) == then


def test_a_rule_that_ends_lets_go_what_it_held(control: Control) -> None:
    fault = control.spoil("hang", path=NODES)
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(ask(control).status_code))
    asking.start()
    control.fault(fault, struck=1)
    control.mend()
    asking.join(10)
    assert (answers, control.ask("GET", "api-faults")) == ([200], {"api_faults": []})


def test_the_oldest_rule_that_strikes_has_the_request_and_the_others_count_it(control: Control) -> None:
    first, second = control.spoil("status", status=500, first=2, count=1), control.spoil("status", status=502, first=2)
    assert [ask(control).status_code for _ in range(3)] == [200, 500, 502]
    assert [(row["id"], row["seen"], row["struck"]) for row in control.ask("GET", "api-faults")["api_faults"]] == [
        (first, 3, 1),
        (second, 3, 1),
    ]


def test_a_watch_is_spoilt_before_it_begins(control: Control) -> None:
    with control.spoilt("status", status=410, act="watch", when="after"):
        assert ask(control, f"{NODES}?watch=1&timeoutSeconds=1").status_code == 410
        assert ask(control).status_code == 200


def test_a_client_can_be_chosen_by_its_name(control: Control) -> None:
    with control.spoilt("status", status=500, agent="kubectl/*"):
        assert ask(control).status_code == 200
        assert requests.get(control.url + "/version", headers={"User-Agent": "kubectl/v1.36.2"}, timeout=5).status_code == 500


def test_a_login_can_fail_and_what_has_a_token_works_on(world: Sandbox, control: Control) -> None:
    token = token_of(world, control).headers["X-Subject-Token"]
    with control.spoilt("status", status=503, service="keystone"):
        assert token_of(world, control).status_code == 503
        servers = requests.get(f"{control.url}/compute/v2.1/servers", headers={"X-Auth-Token": token}, timeout=5)
    assert servers.status_code == 200


BAD = [
    ({}, "a rule says what: status, reset, delay, hang"),
    ({"what": "rain"}, "what is 'rain' (wanted one of status, reset, delay, hang)"),
    ({"what": "reset", "colour": "red"}, "a rule has no colour"),
    ({"what": "reset", "service": "swift"}, "service is 'swift' (wanted one of *, kubernetes, keystone, nova, cinder)"),
    ({"what": "reset", "first": 0}, "first is at least 1, count and delay_s are not negative, and status is from 200 to 599"),
    ({"what": "status", "status": "red"}, "invalid literal for int() with base 10: 'red'"),
]


@pytest.mark.parametrize(("rule", "line"), BAD)
def test_a_rule_that_cannot_be_is_one_line(control: Control, rule: dict[str, object], line: str) -> None:
    headers = {"Authorization": f"Bearer {control.token}"}
    answer = requests.post(f"{control.url}/_sandbox/api-faults", json=rule, headers=headers, timeout=5)
    assert (answer.status_code, answer.json()) == (400, {"message": f"the fault cannot be had: {line}"})
