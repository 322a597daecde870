"""Keystone: who gets a token, who does not, and in which words."""

import pytest

UNAUTHORIZED = {"error": {"code": 401, "message": "The request you have made requires authentication.", "title": "Unauthorized"}}
MALFORMED = (
    "The server could not comply with the request since it is either malformed or otherwise incorrect. "
    "The client is assumed to be in error."
)
DEFAULT = {"id": "default"}


def password_of(name="demo", password="chaos", domain=DEFAULT):
    user = {"name": name, "password": password, **({"domain": domain} if domain else {})}
    return {"methods": ["password"], "password": {"user": user}}


def log_in(demo, identity, scope=None):
    body = {"auth": {"identity": identity, **({"scope": scope} if scope else {})}}
    answer = demo.client.post("/identity/v3/auth/tokens", json=body)
    return answer.status_code, answer.headers.get("X-Subject-Token"), answer.get_json()


def project(name="demo", domain=DEFAULT):
    return {"project": {"name": name, **({"domain": domain} if domain else {})}}


def test_the_catalog_leads_to_all_services_at_the_address_of_the_request(cloud, demo):
    _, _, body = log_in(demo, password_of(), project())
    urls = {row["type"]: {endpoint["url"] for endpoint in row["endpoints"]} for row in body["token"]["catalog"]}
    assert urls == {
        "identity": {"http://localhost/identity"},
        "compute": {"http://localhost/compute/v2.1"},
        "block-storage": {"http://localhost/volume/v3"},
        "volumev3": {f"http://localhost/volume/v3/{cloud.project.id}"},
    }
    interfaces = [(row["interface"], row["region"]) for row in body["token"]["catalog"][0]["endpoints"]]
    assert interfaces == [("public", "RegionOne"), ("internal", "RegionOne"), ("admin", "RegionOne")]


def test_a_token_says_who_where_and_how_long(cloud, demo):
    code, _, body = log_in(demo, password_of(domain={"name": "Default"}), project())
    token = body["token"]
    assert code == 201
    assert token["user"] == {
        "domain": {"id": "default", "name": "Default"},
        "id": cloud.demo.id,
        "name": "demo",
        "password_expires_at": None,
    }
    assert token["project"] == {"domain": {"id": "default", "name": "Default"}, "id": cloud.project.id, "name": "demo"}
    assert [role["name"] for role in token["roles"]] == ["member", "reader"]
    assert (token["issued_at"], token["expires_at"]) == ("2026-11-22T21:40:00.000000Z", "2026-11-22T22:40:00.000000Z")


def test_user_and_project_may_be_named_by_id(cloud, demo):
    identity = {"methods": ["password"], "password": {"user": {"id": cloud.demo.id, "password": "chaos"}}}
    code, _, body = log_in(demo, identity, {"project": {"id": cloud.project.id}})
    assert (code, body["token"]["project"]["name"]) == (201, "demo")


@pytest.mark.parametrize(
    ("identity", "scope"),
    [
        (password_of(password="wrong"), project()),
        (password_of(name="nobody"), project()),
        (password_of(domain={"id": "elsewhere"}), project()),
        (password_of(), project("other")),
        (password_of(), project("nowhere")),
        (password_of(), {"system": {"all": True}}),
    ],
)
def test_every_failed_log_in_gets_the_same_answer(demo, identity, scope):
    assert log_in(demo, identity, scope) == (401, None, UNAUTHORIZED)


@pytest.mark.parametrize(
    ("identity", "scope", "missing"),
    [
        (password_of(domain=None), project(), "domain in user"),
        (password_of(), project(domain=None), "domain in project"),
        ({"methods": ["password"]}, None, "password in identity"),
    ],
)
def test_a_name_without_a_domain_is_a_bad_request(demo, identity, scope, missing):
    message = f"Expecting to find {missing}. {MALFORMED}"
    assert log_in(demo, identity, scope) == (400, None, {"error": {"code": 400, "message": message, "title": "Bad Request"}})


def test_an_unscoped_token_has_no_catalog_and_can_be_scoped_later(demo):
    _, unscoped, body = log_in(demo, password_of())
    assert sorted(body["token"]) == ["audit_ids", "expires_at", "issued_at", "methods", "user"]
    code, _, body = log_in(demo, {"methods": ["token"], "token": {"id": unscoped}}, project())
    assert (code, body["token"]["methods"]) == (201, ["password", "token"])
    assert demo.client.get("/compute/v2.1/servers", headers={"X-Auth-Token": unscoped}).status_code == 401


def test_an_application_credential_carries_its_own_project(cloud, demo):
    made = cloud.application_credential
    by_id = {"methods": ["application_credential"], "application_credential": {"id": made.id, "secret": made.secret}}
    by_name = {"name": made.name, "user": {"name": "demo", "domain": DEFAULT}, "secret": made.secret}
    for identity in (by_id, {**by_id, "application_credential": by_name}):
        code, _, body = log_in(demo, identity)
        assert (code, body["token"]["project"]["name"]) == (201, "demo")
    code, _, body = log_in(demo, by_id, project())
    message = "Error authenticating with application credential: Application credentials cannot request a scope."
    assert (code, body["error"]["message"]) == (401, message)


def test_a_token_is_shown_checked_and_revoked(demo):
    _, token, _ = log_in(demo, password_of(), project())
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    shown = demo.client.get("/identity/v3/auth/tokens", headers=headers)
    assert (shown.status_code, shown.headers["X-Subject-Token"], shown.get_json()["token"]["user"]["name"]) == (200, token, "demo")
    checked = demo.client.head("/identity/v3/auth/tokens", headers=headers)
    assert (checked.status_code, checked.data) == (200, b"")
    missing = demo.client.get("/identity/v3/auth/tokens", headers={**headers, "X-Subject-Token": "other"})
    assert missing.status_code == 404
    assert demo.client.delete("/identity/v3/auth/tokens", headers=headers).status_code == 204
    assert demo.client.get("/identity/v3/auth/tokens", headers=headers).get_json() == UNAUTHORIZED


def test_a_token_expires_in_cluster_time(cloud, demo):
    assert demo.compute("GET", "/servers") == (200, {"servers": []})
    cloud.world.turn(3599)
    assert demo.compute("GET", "/servers") == (200, {"servers": []})
    cloud.world.turn(1)
    answer = demo.send("GET", "/compute/v2.1/servers")
    assert (answer.status_code, answer.get_json()) == (401, UNAUTHORIZED)
    assert answer.headers["WWW-Authenticate"] == 'Keystone uri="http://localhost/identity"'


def test_version_documents_need_no_token(demo):
    several = demo.client.get("/identity/")
    one = demo.client.get("/identity/v3/")
    assert several.status_code == 300
    assert one.get_json()["version"] == several.get_json()["versions"]["values"][0]
    assert (one.get_json()["version"]["id"], one.get_json()["version"]["links"][0]["href"]) == ("v3.14", "http://localhost/identity/v3/")


def test_what_is_missing_is_answered_501_with_its_path(demo):
    answer = demo.client.get("/identity/v3/domains")
    message = "The sandbox does not do GET /identity/v3/domains"
    assert (answer.status_code, answer.get_json()) == (501, {"error": {"code": 501, "message": message, "title": "Not Implemented"}})
    assert demo.client.get("/image/v2/images").get_json() == {
        "notImplemented": {"code": 501, "message": "The sandbox does not do GET /image/v2/images"}
    }
    assert demo.compute("POST", "/os-keypairs", {}) == (
        501,
        {"notImplemented": {"code": 501, "message": "The sandbox does not do POST /compute/v2.1/os-keypairs"}},
    )
