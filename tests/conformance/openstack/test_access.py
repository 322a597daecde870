"""Who may ask what: tokens, application credentials, policies, microversions."""

import re

import pytest

from tests.conformance.openstack.asking import Asker, refused

UNAUTHORIZED = "The request you have made requires authentication."
UNKNOWN = "00000000-0000-0000-0000-000000000000"


def again(cloud):
    """The member with a token of its own, which may be lost."""
    asker = Asker(cloud.member.http, cloud.member.login)
    asker.log_in()
    return asker


@pytest.mark.endpoint("POST /v3/auth/tokens")
def test_a_wrong_password_an_unknown_user_and_a_foreign_project_are_told_the_same(cloud):
    cloud.member.log_in()
    mine, default = cloud.member.login, {"id": "default"}
    for user, password, project in (
        (mine.user, "wrong", mine.project),
        ("nobody", mine.password, mine.project),
        (mine.user, mine.password, cloud.other.login.project),
    ):
        identity = {"methods": ["password"], "password": {"user": {"name": user, "domain": default, "password": password}}}
        answer = cloud.member.authenticate({"identity": identity, "scope": {"project": {"name": project, "domain": default}}})
        assert (answer.status_code, answer.json()) == (401, {"error": {"code": 401, "message": UNAUTHORIZED, "title": "Unauthorized"}})


@pytest.mark.endpoint("POST /v3/auth/tokens", "GET /v3/auth/tokens")
def test_a_token_and_an_application_credential_that_keystone_does_not_know_are_404(cloud):
    def fails(identity):
        answer = cloud.member.authenticate({"identity": identity})
        return answer.status_code, answer.json()["error"]["message"]

    credential = {"methods": ["application_credential"], "application_credential": {"id": "x", "secret": "y"}}
    assert fails(credential) == (404, "Could not find Application Credential: x.")
    strange = (404, "Could not recognize Fernet token")
    assert fails({"methods": ["token"], "token": {"id": "stale"}}) == strange
    code, body = cloud.member.identity("GET", "/auth/tokens", **{"X-Subject-Token": "stale"})
    assert (code, body["error"]["message"]) == strange


@pytest.mark.endpoint("GET /v3/auth/tokens", "DELETE /v3/auth/tokens", "GET /servers", "GET /volumes")
def test_a_token_that_was_revoked_opens_nothing(cloud):
    asker = again(cloud)
    assert asker.identity("GET", "/auth/tokens", **{"X-Subject-Token": asker.token})[0] == 200
    assert asker.compute("GET", "/servers")[0] == 200
    token = asker.token
    assert cloud.admin.identity("DELETE", "/auth/tokens", **{"X-Subject-Token": token})[0] == 204
    asker.token = token + "x"  # the services remember a token that they saw a moment ago; a wrong one they do not
    for ask, path in ((asker.compute, "/servers"), (asker.volume, "/volumes")):
        code, body = ask("GET", path)
        assert (code, body["error"]["code"], body["error"]["message"]) == (401, 401, UNAUTHORIZED)
    assert cloud.admin.identity("GET", "/auth/tokens", **{"X-Subject-Token": token})[0] == 404


@pytest.mark.endpoint(
    "POST /v3/users/{id}/application_credentials",
    "GET /v3/users/{id}/application_credentials",
    "DELETE /v3/users/{id}/application_credentials/{id}",
    "POST /v3/auth/tokens",
)
def test_an_application_credential_opens_its_project_only_and_only_while_it_is_there(cloud):
    asker = again(cloud)
    path = f"/users/{asker.user_id}/application_credentials"
    code, body = asker.identity("POST", path, {"application_credential": {"name": "chaos-conformance"}})
    made = body["application_credential"]
    cloud.finally_(lambda: asker.identity("DELETE", f"{path}/{made['id']}"))
    assert (code, made["project_id"], sorted(row["name"] for row in made["roles"])) == (201, asker.project_id, ["member", "reader"])
    assert made["id"] in [row["id"] for row in asker.identity("GET", path)[1]["application_credentials"]]
    identity = {"methods": ["application_credential"], "application_credential": {"id": made["id"], "secret": made["secret"]}}
    user = Asker(asker.http, asker.login)
    user.accept(asker.authenticate({"identity": identity}))
    assert (user.project_id, user.compute("GET", "/servers")[0]) == (asker.project_id, 200)
    wrong = {**identity, "application_credential": {"id": made["id"], "secret": "wrong"}}
    assert asker.authenticate({"identity": wrong}).status_code == 401
    scoped = asker.authenticate({"identity": identity, "scope": {"project": {"id": asker.project_id}}})
    words = "Error authenticating with application credential: Application credentials cannot request a scope."
    assert (scoped.status_code, scoped.json()["error"]["message"]) == (401, words)
    assert asker.identity("DELETE", f"{path}/{made['id']}")[0] == 204
    answer = asker.authenticate({"identity": identity})
    words = f"Could not find Application Credential: {made['id']}."
    assert (answer.status_code, answer.json()["error"]["message"]) == (404, words)


@pytest.mark.endpoint("GET /servers", "GET /volumes")
@pytest.mark.parametrize("service", ["compute", "volume"])
def test_without_a_token_there_is_nothing_but_a_hint_to_keystone(cloud, service):
    cloud.member.log_in()
    path = {"compute": "/servers", "volume": "/volumes"}[service]
    answer = cloud.member.http.get(cloud.member.places[service] + path, timeout=20)
    assert (answer.status_code, answer.headers["WWW-Authenticate"].startswith("Keystone uri=")) == (401, True)


@pytest.mark.endpoint("GET /servers?all_tenants", "GET /servers/{id}")
def test_members_see_their_project_only(cloud):
    server = cloud.server()
    message = "Policy doesn't allow os_compute_api:servers:index:get_all_tenants to be performed."
    assert cloud.member.compute("GET", "/servers?all_tenants=1") == refused(403, message)
    hidden = refused(404, f"Instance {server} could not be found.")
    assert cloud.other.compute("GET", f"/servers/{server}") == hidden
    assert cloud.other.act(server, "os-stop") == hidden
    assert cloud.other.act(server, "os-resetState", {"state": "error"}) == hidden
    assert server not in [row["id"] for row in cloud.other.compute("GET", "/servers")[1]["servers"]]
    assert server in [row["id"] for row in cloud.admin.compute("GET", "/servers?all_tenants=1")[1]["servers"]]


@pytest.mark.endpoint("POST /servers/{id}/action os-resetState")
def test_a_member_may_not_reset_the_state_of_its_own_server(cloud):
    message = "Policy doesn't allow os_compute_api:os-admin-actions:reset_state to be performed."
    assert cloud.member.act(cloud.server(), "os-resetState", {"state": "error"}) == refused(403, message)


def span(cloud, service):
    """The lowest and the highest microversion of a service, from the document at its root."""
    cloud.member.log_in()
    root = re.sub(r"/v\d.*$", "/", cloud.member.places[service])
    body = cloud.member.http.get(root, timeout=20).json()
    current = next(row for row in body["versions"] if row["status"] == "CURRENT")
    return current["min_version"], current["version"]


@pytest.mark.endpoint("GET /", "GET /servers", "GET /volumes")
def test_a_microversion_out_of_range_is_not_acceptable(cloud):
    for service, path, asked in (("compute", "/servers", "2.999"), ("volume", "/volumes", "3.999")):
        lowest, highest = span(cloud, service)
        asker = cloud.member.at(nova="2.999", cinder="3.999")
        code, body = getattr(asker, service)("GET", path)
        message = f"Version {asked} is not supported by the API. Minimum is {lowest} and maximum is {highest}."
        assert (code, body) == (406, {"computeFault": {"code": 406, "message": message}})


@pytest.mark.endpoint("GET /")
def test_both_services_tell_their_span_of_microversions_without_a_token(cloud):
    assert [span(cloud, service) for service in ("compute", "volume")] == [("2.1", "2.104"), ("3.0", "3.71")]


@pytest.mark.endpoint("GET /v2.1/", "GET /v3/")
def test_novas_own_document_is_open_and_cinders_wants_a_token(cloud):
    cloud.member.log_in()
    nova, cinder = (re.sub(r"/v\d.*$", path, cloud.member.places[name]) for name, path in (("compute", "/v2.1/"), ("volume", "/v3/")))
    assert cloud.member.http.get(nova, timeout=20).json()["version"]["status"] == "CURRENT"
    assert cloud.member.http.get(cinder, timeout=20).status_code == 401
    answer = cloud.member.http.get(cinder, headers={"X-Auth-Token": cloud.member.token}, timeout=20)
    assert (answer.status_code, answer.json()["versions"][0]["id"]) == (200, "v3.0")


@pytest.mark.endpoint("GET /servers")
def test_a_microversion_that_is_no_number_is_a_bad_request(cloud):
    message = "API Version String two is of invalid format. Must be of format MajorNum.MinorNum."
    assert cloud.member.at(nova="two").compute("GET", "/servers") == refused(400, message)


@pytest.mark.endpoint("PUT /os-services/{id}", "GET /attachments")
def test_what_is_newer_than_the_asked_microversion_is_not_there(cloud):
    service_id = cloud.service("compute3")["id"]
    asker = cloud.admin.at(nova="2.52")
    older = refused(400, "'host' is a required property")
    assert asker.compute("PUT", f"/os-services/{service_id}", {"forced_down": True}) == older
    missing = refused(404, "The resource could not be found.")
    assert cloud.member.at(cinder="3.26").volume("GET", "/attachments") == missing
