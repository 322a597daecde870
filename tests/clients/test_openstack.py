"""What our OpenStack client says when nobody is there to answer."""

import socket

import pytest

from chaoscinder.clients.openstack import OpenStack
from chaoscinder.errors import Unreachable
from chaoscinder.settings import Settings

pytestmark = pytest.mark.filterwarnings("ignore:Support for InfluxDB")  # what openstacksdk 4.22 says about itself whenever it connects


def test_a_refused_connection_is_told_with_its_address_and_the_systems_own_reason() -> None:
    with socket.socket() as bound:  # nobody listens
        bound.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{bound.getsockname()[1]}/v3"
        keys = {"region": "RegionOne", "auth_url": url, "project_name": "demo", "username": "demo", "password": "secret"}
        ours = OpenStack(Settings(cloud_auth={**keys, "user_domain_name": "Default", "project_domain_name": "Default"}))
        with pytest.raises(Unreachable) as silent:
            ours.server("05bc4d1e-16cb-5ebd-89cd-b2700132aaa0")
        ours.close()
    asked = "server 05bc4d1e-16cb-5ebd-89cd-b2700132aaa0"
    why = f"Unable to establish connection to {url}/auth/tokens: Connection refused"
    assert str(silent.value) == f"OpenStack did not answer ({asked}): {why}"
