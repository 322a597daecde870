"""Keystone or the Cinder API dead, the message bus or the database frozen: what Nova answers then, and when."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.conformance.openstack.asking import Asker, password_of
from tests.conformance.openstack.bench import ACTIVE, SHUTOFF

ACTION = "POST /servers/{id}/action"
NO_CINDER = "Unexpected API Error. Please contact the administrator\n<class 'nova.exception.CinderConnectionFailed'>"
HELD_S = 3


def is_unreachable(ask: Callable[[], requests.Response]) -> bool:
    """Whether nobody answers: a service of its own refuses the connection, behind the sandbox's one address it is a 503."""
    try:
        return ask().status_code == 503
    except requests.ConnectionError:
        return True


@pytest.mark.endpoint("POST /servers/{id}/os-volume_attachments", "GET /servers/{id}/os-volume_attachments")
def test_without_cinders_api_nova_cannot_attach_and_still_tells_what_is_attached(cloud):
    server, volume = cloud.attached()
    more = cloud.volume()
    cloud.harm("cinder", "kill")
    assert cloud.member.attach(server, more) == (500, {"computeFault": {"code": 500, "message": NO_CINDER}})
    rows = cloud.member.compute("GET", f"/servers/{server}/os-volume_attachments")[1]["volumeAttachments"]
    assert [row["volumeId"] for row in rows] == [volume]
    cloud.harm("cinder", "start")
    assert cloud.volume_state(more) == ("available", 0)


@pytest.mark.endpoint("POST /v3/auth/tokens", "GET /servers", f"{ACTION} os-stop")
def test_without_keystone_a_token_that_was_used_just_now_still_works_and_nobody_logs_in(cloud):
    server = cloud.server()
    cloud.harm("keystone", "kill")
    assert cloud.member.act(server, "os-stop") == (202, None)
    assert server in [row["id"] for row in cloud.member.compute("GET", "/servers")[1]["servers"]]
    anybody = Asker(cloud.member.http, cloud.member.login)
    assert is_unreachable(lambda: anybody.authenticate(password_of(anybody.login)))
    cloud.harm("keystone", "start")
    assert anybody.authenticate(password_of(anybody.login)).status_code == 201
    cloud.wait(lambda: cloud.state(server) == SHUTOFF)


@pytest.mark.endpoint(f"{ACTION} os-stop")
def test_while_the_message_bus_is_frozen_a_stop_is_not_answered_and_nothing_is_lost(cloud):
    server = cloud.server()
    assert cloud.member.server(server)["status"] == "ACTIVE"
    with ThreadPoolExecutor(1) as aside:
        cloud.harm("rabbit", "freeze")
        reply = aside.submit(lambda: cloud.member.act(server, "os-stop"))
        cloud.witness.pass_time(HELD_S)
        assert (reply.done(), cloud.member.compute("GET", "/servers")[0]) == (False, 200)
        cloud.harm("rabbit", "thaw")
        assert reply.result() == (202, None)
    cloud.wait(lambda: cloud.state(server) == SHUTOFF)


@pytest.mark.endpoint("GET /servers/{id}")
def test_while_the_database_is_frozen_nothing_is_answered_and_then_everything(cloud):
    server = cloud.server()
    with ThreadPoolExecutor(1) as aside:
        cloud.harm("mariadb", "freeze")
        reply = aside.submit(lambda: cloud.state(server))
        cloud.witness.pass_time(HELD_S)
        assert reply.done() is False
        cloud.harm("mariadb", "thaw")
        assert reply.result() == ACTIVE
