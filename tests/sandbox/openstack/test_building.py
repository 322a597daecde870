"""Servers that are made, and what the scheduler and silent hosts do to it. Texts as recorded from Nova 34."""


def create(asker, **more):
    wanted = {"name": "new", "flavorRef": "42", "imageRef": "i", "networks": "none", **more}
    code, body = asker.compute("POST", "/servers", {"server": wanted})
    assert code == 202, body
    return body["server"]["id"]


def state(cloud, server):
    found = cloud.nova.find(server)
    return found.status, found.task_state, found.host


def test_the_emptiest_host_is_chosen(cloud, demo, a, b):
    cloud.add_server("more", host="compute2")
    server = create(demo)
    cloud.world.turn(2)
    assert (state(cloud, server), cloud.is_running(server)) == (("ACTIVE", None, "compute1"), True)


def test_a_host_that_just_fell_silent_is_chosen_and_the_server_is_built_when_it_returns(cloud, admin, a):
    cloud.lifecycle.fail_host("compute1")
    server = create(admin, host="compute1")
    cloud.world.turn(30)
    assert state(cloud, server) == ("BUILD", None, "")
    cloud.lifecycle.revive_host("compute1")
    cloud.world.turn(2)
    assert state(cloud, server) == ("ACTIVE", None, "compute1")


def test_a_host_that_is_known_to_be_down_is_no_candidate(cloud, admin, a):
    cloud.lifecycle.fail_host("compute1")
    cloud.world.turn(100)
    server = create(admin, host="compute1")
    cloud.world.turn(1)
    fault = cloud.nova.find(server).fault
    assert (state(cloud, server), fault) == (("ERROR", None, ""), "No valid host was found. There are not enough hosts available.")


def test_a_spawn_that_fails_on_one_host_is_tried_on_another(cloud, demo, a, b):
    cloud.add_server("more", host="compute2")
    cloud.nova.faults.spawn_fails.add("compute1")
    server = create(demo)
    cloud.world.turn(4)
    assert state(cloud, server) == ("ACTIVE", None, "compute2")


def test_a_server_is_deleted_while_it_is_being_built(cloud, demo, a):
    server = create(demo)
    assert demo.compute("DELETE", f"/servers/{server}") == (204, None)
    cloud.world.turn(5)
    assert cloud.nova.find(server) is None


def test_what_the_sandbox_cannot_do_for_a_new_server_is_501(demo, a):
    wanted = {"name": "new", "flavorRef": "42", "networks": [{"uuid": "n"}]}
    code, body = demo.compute("POST", "/servers", {"server": wanted})
    assert (code, body["notImplemented"]["message"]) == (501, "The sandbox does not do servers with networks")
    code, body = demo.compute("POST", "/servers", {"server": {**wanted, "networks": "none", "key_name": "k"}})
    assert (code, body["notImplemented"]["message"]) == (501, "The sandbox does not do servers with key_name")
