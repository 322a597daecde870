"""What ends while the lab starts is started again, and not for ever."""

import sys
import time

import pytest

from tests.lab.openstack import processes
from tests.lab.openstack.places import Places
from tests.lab.openstack.revival import Revival
from tests.lab.openstack.saying import LabError
from tests.lab.openstack.services import Service

FAILS = (sys.executable, "-c", "raise RuntimeError('dictionary changed size during iteration')")
STAYS = (sys.executable, "-c", "import time; time.sleep(60)")


def ended(places: Places, name: str) -> None:
    """Wait until a service has ended."""
    until = time.monotonic() + 10
    while processes.leader(places, name) is not None:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_an_ended_service_is_started_again_and_one_that_runs_is_left_alone(places: Places) -> None:
    processes.start(places, "one", STAYS, {})
    processes.start(places, "two", FAILS, {})
    ended(places, "two")
    before = processes.leader(places, "one")
    Revival(places, {"one": Service("one", STAYS, {}), "two": Service("two", STAYS, {})}).look()
    assert processes.leader(places, "one") == before
    assert processes.leader(places, "two") is not None


def test_one_that_ends_each_time_is_told_with_its_last_words(places: Places) -> None:
    revival = Revival(places, {"two": Service("two", FAILS, {})})
    wanted = r"two ended 4 times while it started: RuntimeError: dictionary changed size during iteration \(see .*two\.out\)"
    for _ in range(3):
        revival.look()
        ended(places, "two")
    with pytest.raises(LabError, match=wanted):
        revival.look()
