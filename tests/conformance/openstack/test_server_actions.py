"""What can be done to a server in which state, and in which words Nova refuses."""

import pytest

from tests.conformance.openstack.asking import refused, wrong_state
from tests.conformance.openstack.bench import ACTIVE, SHUTOFF

ACTION = "POST /servers/{id}/action"
INTO = {  # how a server gets into a vm_state
    "stopped": ("os-stop", None, SHUTOFF),
    "paused": ("pause", None, ("PAUSED", "paused", None, 3)),
    "suspended": ("suspend", None, ("SUSPENDED", "suspended", None, 4)),
    "error": ("os-resetState", {"state": "error"}, ("ERROR", "error", None, 1)),
    "rescued": ("rescue", {}, ("RESCUE", "rescued", None, 4)),
}
REFUSED = {  # Nova's words for what is not done in that vm_state
    "active": ("start", "unpause", "resume", "unrescue", "confirmResize", "revertResize", "unshelve"),
    "stopped": ("stop", "pause", "suspend", "reboot SOFT", "unpause", "resume", "os-migrateLive"),
    "paused": ("stop", "start", "pause", "suspend", "reboot SOFT", "rescue", "resume"),
    "suspended": ("stop", "start", "pause", "suspend", "reboot SOFT", "unpause", "rescue"),
    "error": ("start", "pause", "suspend", "reboot SOFT", "shelve", "migrate"),
    "rescued": ("stop", "start", "pause", "suspend", "reboot SOFT", "reboot HARD", "rescue"),
}
BODIES = {"rescue": {}, "os-migrateLive": {"host": None, "block_migration": "auto"}}


def request_of(word):
    """The name and body of a request, from Nova's word for it."""
    if word.startswith("reboot"):
        return "reboot", {"type": word.split()[1]}
    return {"start": "os-start", "stop": "os-stop"}.get(word, word), BODIES.get(word)


@pytest.mark.endpoint(f"{ACTION} os-stop", f"{ACTION} os-start")
def test_stop_and_start_go_over_powering_off_and_powering_on(cloud):
    server = cloud.server()
    assert cloud.member.act(server, "os-stop") == (202, None)
    cloud.follow(lambda: cloud.state(server), [("ACTIVE", "active", "powering-off", 1), SHUTOFF])
    assert cloud.member.act(server, "os-start") == (202, None)
    cloud.follow(lambda: cloud.state(server), [("SHUTOFF", "stopped", "powering-on", 4), ACTIVE])


@pytest.mark.endpoint(ACTION)
@pytest.mark.parametrize("vm_state", REFUSED)
def test_what_is_refused_in_each_state_names_action_and_state(cloud, vm_state):
    server = cloud.server()
    if vm_state != "active":
        name, body, state = INTO[vm_state]
        assert cloud.admin.act(server, name, body)[0] in (200, 202)
        cloud.wait(lambda: cloud.state(server) == state)
    for word in REFUSED[vm_state]:
        expected = wrong_state(word.split()[0], server, vm_state)
        assert (word, *cloud.admin.act(server, *request_of(word))) == (word, *expected)


@pytest.mark.endpoint(f"{ACTION} pause", f"{ACTION} unpause", f"{ACTION} suspend", f"{ACTION} resume")
@pytest.mark.parametrize(
    ("there", "state", "back", "doing"),
    [
        ("pause", ("PAUSED", "paused", None, 3), "unpause", ("pausing", "unpausing")),
        ("suspend", ("SUSPENDED", "suspended", None, 4), "resume", ("suspending", "resuming")),
    ],
)
def test_pause_and_suspend_and_their_way_back(cloud, there, state, back, doing):
    server = cloud.server()
    assert cloud.member.act(server, there) == (202, None)
    cloud.follow(lambda: cloud.state(server), [("ACTIVE", "active", doing[0], 1), state])
    assert cloud.member.act(server, back) == (202, None)
    cloud.follow(lambda: cloud.state(server), [(*state[:2], doing[1], state[3]), ACTIVE])


@pytest.mark.endpoint(f"{ACTION} reboot")
def test_a_soft_reboot_shows_reboot(cloud):
    server = cloud.server()
    assert cloud.member.act(server, "reboot", {"type": "SOFT"}) == (202, None)
    tasks = ("rebooting", "reboot_pending", "reboot_started")
    cloud.follow(lambda: cloud.state(server), [*(("REBOOT", "active", task, 1) for task in tasks), ACTIVE])


@pytest.mark.endpoint(f"{ACTION} reboot")
@pytest.mark.parametrize(("vm_state", "status"), [("active", "HARD_REBOOT"), ("stopped", "SHUTOFF"), ("error", "ERROR")])
def test_a_hard_reboot_makes_every_server_active_and_only_an_active_one_shows_it(cloud, vm_state, status):
    server = cloud.server()
    if vm_state != "active":
        name, body, state = INTO[vm_state]
        cloud.admin.act(server, name, body)
        cloud.wait(lambda: cloud.state(server) == state)
    power = cloud.state(server)[3]
    assert cloud.member.act(server, "reboot", {"type": "HARD"}) == (202, None)
    tasks = ("rebooting_hard", "reboot_pending_hard", "reboot_started_hard")
    cloud.follow(lambda: cloud.state(server), [*((status, vm_state, task, power) for task in tasks), ACTIVE])


@pytest.mark.endpoint(f"{ACTION} os-stop", f"{ACTION} os-resetState")
def test_a_server_in_error_can_be_stopped(cloud):
    server = cloud.server()
    assert cloud.admin.act(server, "os-resetState", {"state": "error"}) == (202, None)
    assert cloud.member.act(server, "os-stop") == (202, None)
    cloud.follow(lambda: cloud.state(server), [("ERROR", "error", "powering-off", 1), SHUTOFF])


@pytest.mark.endpoint(ACTION)
def test_what_is_under_way_refuses_another_action_by_its_task_state(cloud):
    server = cloud.server(host="compute3")
    cloud.harm("compute3", "freeze")
    assert cloud.admin.act(server, "reboot", {"type": "HARD"}) == (202, None)
    assert cloud.admin.act(server, "reboot", {"type": "HARD"}) == (202, None)
    for word in ("stop", "pause", "suspend", "rescue", "shelve"):
        name, body = request_of(word)
        assert cloud.admin.act(server, name, body) == wrong_state(word, server, "rebooting_hard", "task_state")


@pytest.mark.endpoint(f"{ACTION} os-resetState")
def test_resetting_the_state_takes_effect_at_once_and_knows_two_words(cloud):
    server = cloud.server()
    cloud.admin.act(server, "os-resetState", {"state": "error"})
    assert cloud.state(server) == ("ERROR", "error", None, 1)
    cloud.admin.act(server, "os-resetState", {"state": "active"})
    assert cloud.state(server) == ACTIVE
    message = "Invalid input for field/attribute state. Value: stopped. 'stopped' is not one of ['active', 'error']"
    assert cloud.admin.act(server, "os-resetState", {"state": "stopped"}) == refused(400, message)


@pytest.mark.endpoint(ACTION)
@pytest.mark.parametrize(
    ("name", "body", "message"),
    [
        ("os-explode", None, "There is no such action: os-explode"),
        (
            "reboot",
            {"type": "WHAT"},
            "Invalid input for field/attribute type. Value: WHAT. 'WHAT' is not one of ['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']",
        ),
    ],
)
def test_actions_that_make_no_sense_are_bad_requests(cloud, name, body, message):
    assert cloud.member.act(cloud.server(), name, body) == refused(400, message)


@pytest.mark.endpoint(ACTION)
def test_an_empty_action_is_malformed(cloud):
    assert cloud.member.compute("POST", f"/servers/{cloud.server()}/action", {}) == refused(400, "Malformed request body")


@pytest.mark.endpoint(f"{ACTION} lock", f"{ACTION} unlock")
def test_a_locked_server_is_stopped_by_administrators_only(cloud):
    server = cloud.server()
    assert cloud.admin.act(server, "lock", {"locked_reason": "chaos"}) == (202, None)
    shown = cloud.member.server(server)
    assert (shown["locked"], shown["locked_reason"]) == (True, "chaos")
    assert cloud.member.act(server, "os-stop") == refused(409, f"Instance {server} is locked")
    assert cloud.admin.act(server, "os-stop") == (202, None)
    cloud.settle(server, "SHUTOFF")
    assert cloud.admin.act(server, "unlock") == (202, None)
    assert cloud.member.act(server, "os-start") == (202, None)


@pytest.mark.endpoint(f"{ACTION} rescue", f"{ACTION} unrescue")
def test_rescue_gives_a_password_and_unrescue_brings_it_back(cloud):
    server = cloud.server()
    code, body = cloud.member.act(server, "rescue", {})
    assert (code, list(body)) == (200, ["adminPass"])
    cloud.follow(lambda: cloud.state(server), [("ACTIVE", "active", "rescuing", 1), ("RESCUE", "rescued", None, 4)])
    assert cloud.member.act(server, "unrescue") == (202, None)
    cloud.follow(lambda: cloud.state(server), [("RESCUE", "rescued", "unrescuing", 4), ACTIVE])


@pytest.mark.endpoint(f"{ACTION} shelve", f"{ACTION} unshelve")
def test_a_shelved_server_leaves_its_host_and_is_not_ready_then(cloud):
    server = cloud.server()
    assert cloud.member.act(server, "shelve") == (202, None)
    offloaded = ("SHELVED_OFFLOADED", "shelved_offloaded", None, 4)
    states = [("ACTIVE", "active", "shelving", 1), ("SHELVED", "shelved", "shelving_offloading", 4), offloaded]
    cloud.follow(lambda: cloud.state(server), states)
    cloud.wait(lambda: cloud.host_of(server) is None)
    assert cloud.member.act(server, "os-stop") == refused(409, f"Instance {server} is not ready")
    assert cloud.member.act(server, "os-start") == refused(409, f"Instance {server} is not ready")
    assert cloud.member.act(server, "unshelve") == (202, None)
    spawning = ("SHELVED_OFFLOADED", "shelved_offloaded", "spawning", 4)
    cloud.follow(lambda: cloud.state(server), [(*offloaded[:2], "unshelving", 4), spawning, ACTIVE])


@pytest.mark.endpoint("GET /servers/{id}/os-instance-actions", "GET /servers/{id}/os-instance-actions/{request}")
def test_what_was_done_is_on_record_the_latest_first(cloud):
    server = cloud.server(fresh=True)
    cloud.member.act(server, "os-stop")
    cloud.settle(server, "SHUTOFF")
    rows = cloud.member.compute("GET", f"/servers/{server}/os-instance-actions")[1]["instanceActions"]
    assert [(row["action"], row["message"]) for row in rows] == [("stop", None), ("create", None)]
    path = f"/servers/{server}/os-instance-actions/{rows[0]['request_id']}"
    [event] = cloud.admin.compute("GET", path)[1]["instanceAction"]["events"]
    assert (event["event"], event["result"], event["host"]) == ("compute_stop_instance", "Success", cloud.host_of(server))
    [seen] = cloud.member.compute("GET", path)[1]["instanceAction"]["events"]
    assert set(event) - set(seen) == {"host", "traceback", "details"}


@pytest.mark.endpoint(
    "GET /servers/{id}/metadata",
    "POST /servers/{id}/metadata",
    "PUT /servers/{id}/metadata/{key}",
    "DELETE /servers/{id}/metadata/{key}",
    "GET /servers/{id}/metadata/{key}",
    "PUT /servers/{id}/metadata",
)
def test_metadata_is_set_read_and_deleted(cloud):
    path = f"/servers/{cloud.server()}/metadata"
    assert cloud.member.compute("PUT", f"{path}/x", {"meta": {"x": "1"}}) == (200, {"meta": {"x": "1"}})
    assert cloud.member.compute("POST", path, {"metadata": {"y": "2"}}) == (200, {"metadata": {"x": "1", "y": "2"}})
    assert cloud.member.compute("GET", f"{path}/x") == (200, {"meta": {"x": "1"}})
    assert cloud.member.compute("DELETE", f"{path}/x") == (204, None)
    assert cloud.member.compute("GET", path) == (200, {"metadata": {"y": "2"}})
    assert cloud.member.compute("PUT", path, {"metadata": {"z": "3"}}) == (200, {"metadata": {"z": "3"}})
    missing = refused(404, "Metadata item was not found")
    assert (cloud.member.compute("GET", f"{path}/x"), cloud.member.compute("DELETE", f"{path}/x")) == (missing, missing)
