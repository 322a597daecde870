"""Version documents and microversions of Nova and Cinder."""

import pytest
from werkzeug.test import Client

from chaoscinder.sandbox.openstack import OpenStack
from chaoscinder.sandbox.world import World


def test_nova_tells_its_versions_without_a_token(demo):
    both = demo.client.get("/compute/").get_json()["versions"]
    assert [(row["id"], row["status"], row["min_version"], row["version"]) for row in both] == [
        ("v2.0", "DEPRECATED", "", ""),
        ("v2.1", "CURRENT", "2.1", "2.104"),
    ]
    one = demo.client.get("/compute/v2.1/").get_json()["version"]
    assert (one["id"], one["version"], one["links"][0]["href"]) == ("v2.1", "2.104", "http://localhost/compute/v2.1/")


def test_cinder_tells_its_versions_at_its_root_only_without_a_token(demo):
    several, one = demo.client.get("/volume/"), demo.client.get("/volume/v3/")
    assert (several.status_code, one.status_code) == (300, 401)
    [version] = several.get_json()["versions"]
    assert (version["id"], version["min_version"], version["version"]) == ("v3.0", "3.0", "3.71")
    assert demo.volume("GET", "/") == (200, several.get_json())


@pytest.mark.parametrize(
    ("headers", "used"),
    [
        ({}, "2.1"),
        ({"X-OpenStack-Nova-API-Version": "2.53"}, "2.53"),
        ({"OpenStack-API-Version": "compute 2.95"}, "2.95"),
        ({"OpenStack-API-Version": "volume 3.70, compute 2.95"}, "2.95"),
        ({"OpenStack-API-Version": "compute latest"}, "2.104"),
        ({"OpenStack-API-Version": "volume 3.70"}, "2.1"),
    ],
)
def test_nova_answers_at_the_version_that_was_asked_for(demo, headers, used):
    demo.log_in()
    answer = demo.client.get("/compute/v2.1/servers", headers={"X-Auth-Token": demo.token, **headers})
    told = (answer.headers["OpenStack-API-Version"], answer.headers["X-OpenStack-Nova-API-Version"])
    assert (answer.status_code, told) == (200, (f"compute {used}", used))


def test_a_version_out_of_range_is_not_acceptable(demo):
    message = "Version 2.105 is not supported by the API. Minimum is 2.1 and maximum is 2.104."
    assert demo.at("2.105").compute("GET", "/servers") == (406, {"computeFault": {"code": 406, "message": message}})
    demo.cinder = "3.99"
    message = "Version 3.99 is not supported by the API. Minimum is 3.0 and maximum is 3.71."
    assert demo.volume("GET", "/volumes") == (406, {"computeFault": {"code": 406, "message": message}})


def test_a_version_that_is_no_number_is_a_bad_request(demo):
    message = "API Version String two is of invalid format. Must be of format MajorNum.MinorNum."
    assert demo.at("two").compute("GET", "/servers") == (400, {"badRequest": {"code": 400, "message": message}})


def test_an_older_release_ends_at_its_own_maximum():
    cloud = OpenStack(World(), release="2024.1")
    assert Client(cloud.wsgi).get("/compute/v2.1/").get_json()["version"]["version"] == "2.96"


def test_an_unknown_release_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"'1999\.1' is not known to the sandbox \(known: 2020\.2, .*2026\.2\)"):
        OpenStack(World(), release="1999.1")


def test_cinder_has_no_attachments_before_3_27(demo):
    demo.cinder = "3.26"
    message = "The resource could not be found."
    assert demo.volume("GET", "/attachments") == (404, {"itemNotFound": {"code": 404, "message": message}})
