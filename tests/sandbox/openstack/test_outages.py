"""API services that are dead, and a bus or a database that is frozen."""

import threading

import pytest

from chaoscinder.sandbox.openstack.outages import Outages

WALL_LIMIT_S = 10.0


def test_a_dead_service_answers_503_like_a_load_balancer_before_it(cloud, demo, a):
    demo.log_in()
    cloud.outages.kill("nova")
    assert demo.client.get("/compute/v2.1/servers").status_code == 503
    assert demo.volume("GET", "/volumes")[0] == 200
    cloud.outages.start("nova")
    assert demo.compute("GET", "/servers")[0] == 200


def test_with_keystone_dead_a_live_token_works_and_nobody_logs_in(cloud, demo, a):
    demo.log_in()
    cloud.outages.kill("keystone")
    assert demo.compute("GET", f"/servers/{a}")[0] == 200
    assert demo.client.post("/identity/v3/auth/tokens", json={}).status_code == 503


def test_with_cinder_dead_nova_gives_up_after_its_retries(demo, cloud, a, v):
    waited = []
    cloud._gate.wait = waited.append
    cloud.outages.kill("cinder")
    code, body = demo.compute("POST", f"/servers/{a}/os-volume_attachments", {"volumeAttachment": {"volumeId": v}})
    words = "Unexpected API Error. Please contact the administrator\n<class 'nova.exception.CinderConnectionFailed'>"
    assert (code, body, waited) == (500, {"computeFault": {"code": 500, "message": words}}, [3.6])
    assert demo.compute("GET", f"/servers/{a}/os-volume_attachments") == (200, {"volumeAttachments": []})


@pytest.mark.parametrize(("part", "method", "held"), [("rabbit", "GET", False), ("rabbit", "POST", True), ("mariadb", "GET", True)])
def test_a_frozen_bus_holds_what_changes_something_and_a_frozen_database_everything(part, method, held):
    outages = Outages()
    outages.freeze(part)
    passed = threading.Event()
    waiter = threading.Thread(target=lambda: (outages.hold("nova", method), passed.set()))
    waiter.start()
    if not held:
        assert passed.wait(WALL_LIMIT_S)
    assert passed.is_set() is not held
    outages.thaw(part)
    assert passed.wait(WALL_LIMIT_S)
    waiter.join()


def test_what_cannot_fail_is_named():
    with pytest.raises(ValueError, match=r"'glance' is no part that can fail \(wanted one of keystone, nova, cinder\)"):
        Outages().kill("glance")
