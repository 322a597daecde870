"""Application credentials that may do less than their user: fewer roles, and access rules, which each service holds requests against."""

import uuid
from urllib.parse import urlsplit

import pytest

from tests.conformance.openstack.asking import Asker

UNAUTHORIZED = "The request you have made requires authentication."


def made(cloud, **wanted):
    """Makes a credential of the member, and logs in with it."""
    asker = Asker(cloud.member.http, cloud.member.login)
    asker.log_in()
    path = f"/users/{asker.user_id}/application_credentials"
    code, body = asker.identity("POST", path, {"application_credential": {"name": f"chaos-rules-{uuid.uuid4().hex[:8]}", **wanted}})
    assert code == 201, body
    credential = body["application_credential"]
    cloud.finally_(lambda: asker.identity("DELETE", f"{path}/{credential['id']}"))
    identity = {"methods": ["application_credential"], "application_credential": {"id": credential["id"], "secret": credential["secret"]}}
    user = Asker(asker.http, asker.login)
    answer = user.authenticate({"identity": identity})
    user.accept(answer)
    return user, answer.json()["token"]


def prefix(cloud, service):
    """The path of a service's endpoint, which rules are written with."""
    cloud.member.log_in()
    return urlsplit(cloud.member.places[service]).path.rstrip("/")


def code_of(answer):
    return answer[0]


@pytest.mark.endpoint("POST /v3/users/{id}/application_credentials", "POST /v3/auth/tokens", "GET /servers", "GET /volumes")
def test_only_what_a_rule_names_is_allowed_and_the_rest_is_as_without_a_token(cloud):
    server, nova = cloud.server(), prefix(cloud, "compute")
    rules = [{"service": "compute", "method": "GET", "path": f"{nova}/servers/{{server_id}}"}]
    user, token = made(cloud, access_rules=rules)
    told = token["application_credential"]["access_rules"]
    assert [{key: row[key] for key in ("service", "method", "path")} for row in told] == rules
    assert code_of(user.compute("GET", f"/servers/{server}")) == 200
    assert code_of(user.compute("GET", "/servers/detail")) == 200  # one segment, too
    for ask, method, path in (
        (user.compute, "GET", "/servers"),
        (user.compute, "GET", f"/servers/{server}/os-volume_attachments"),
        (user.compute, "DELETE", f"/servers/{server}"),
        (user.volume, "GET", "/volumes"),
    ):
        code, body = ask(method, path)
        assert (code, body["error"]["code"], body["error"]["message"]) == (401, 401, UNAUTHORIZED), path


@pytest.mark.endpoint("POST /v3/users/{id}/application_credentials", "GET /servers", "GET /volumes")
def test_two_stars_are_any_number_of_segments_and_one_is_one(cloud):
    server, nova = cloud.server(), prefix(cloud, "compute")
    rules = [{"service": "compute", "method": "GET", "path": f"{nova}/servers/**"}]
    user, _ = made(cloud, access_rules=rules)
    assert code_of(user.compute("GET", f"/servers/{server}/os-volume_attachments")) == 200
    assert code_of(user.compute("GET", "/servers")) == 401
    user, _ = made(cloud, access_rules=[{**rules[0], "path": f"{nova}/servers/*"}])
    assert code_of(user.compute("GET", f"/servers/{server}/os-volume_attachments")) == 401


@pytest.mark.endpoint("POST /v3/users/{id}/application_credentials", "GET /servers")
def test_a_credential_of_a_reader_reads_and_no_more(cloud):
    server = cloud.server()
    user, token = made(cloud, roles=[{"name": "reader"}])
    assert [row["name"] for row in token["roles"]] == ["reader"]
    assert code_of(user.compute("GET", f"/servers/{server}")) == 200
    message = "Policy doesn't allow os_compute_api:servers:stop to be performed."
    assert user.act(server, "os-stop") == (403, {"forbidden": {"code": 403, "message": message}})
