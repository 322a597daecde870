"""The lab, a tenant in it, our own client on it, and a cluster whose nodes are its servers."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chaoscinder.clients.openstack import OpenStack
from chaoscinder.settings import Settings
from tests.lab.openstack.guests import Guests
from tests.lab.openstack.lab import Lab
from tests.lab.openstack.running import TESTS_VARIABLE
from tests.lab.pack.credentials import Credentials
from tests.lab.pack.stage import Estate, Stage
from tests.lab.pack.tenant import Tenant, until

MEMBER, ADMIN, OTHER = "lab-member", "lab-admin", "lab-other"
Client = Callable[..., OpenStack]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test here the time that a real cloud needs, and a second try, and bear what openstacksdk 4.22 says about itself."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.timeout(400))
            item.add_marker(pytest.mark.flaky(reruns=1))
            item.add_marker(pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"))


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The lab, up; a test run that did not ask for it (see docs/lab.md) skips, one that did never does."""
    if os.environ.get(TESTS_VARIABLE) != "1":
        pytest.skip(f"wants a real OpenStack: `make lab-test` runs this ({TESTS_VARIABLE} is not 1)")
    found = Lab()
    if not found.is_up:
        pytest.fail(f"the lab in {found.places.root} is not up (wanted by {TESTS_VARIABLE}=1): `make lab`")
    return found


@pytest.fixture
def whole(lab: Lab, connections: tuple[Any, Any]) -> Iterator[Lab]:
    """A lab that a test may break: afterwards every service runs again, nothing is frozen, no hypervisor fails."""
    yield lab
    Guests(lab).heal()
    for one in lab.status():
        if one.word == "frozen":
            lab.thaw(one.name)
        elif one.word == "down":
            lab.start(one.name)
    until(lambda: _in_service(connections[1]), lambda seen: len(seen) == len(lab.hosts) + 2, "what is in service", 120.0)


def _in_service(admin: Any) -> list[str]:
    computes = [row.host for row in admin.compute.services(binary="nova-compute") if row.state == "up"]
    return [*computes, *(row.binary for row in admin.block_storage.services() if row.state == "up")]


@pytest.fixture
def guests(whole: Lab) -> Guests:
    """What happens behind Nova's back."""
    return Guests(whole)


@pytest.fixture(scope="session")
def connections(lab: Lab) -> Iterator[tuple[Any, Any]]:
    """openstacksdk for arranging and looking: as member and as administrator."""
    import openstack

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OS_CLIENT_CONFIG_FILE", str(lab.places.clouds))
        made = [openstack.connect(cloud=cloud, compute_default_microversion="2.95") for cloud in (MEMBER, ADMIN)]
    yield made[0], made[1]
    for connection in made:
        connection.close()


@pytest.fixture
def tenant(connections: tuple[Any, Any]) -> Iterator[Tenant]:
    """A tenant that leaves nothing behind."""
    made = Tenant(*connections)
    yield made
    made.close()


@pytest.fixture
def client(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """Makes our own client of a cloud of the lab."""
    made: list[OpenStack] = []

    def make(cloud: str = MEMBER, **settings: Any) -> OpenStack:
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(lab.places.clouds))
        monkeypatch.setenv("OS_CLOUD", cloud)
        made.append(OpenStack(Settings(**settings)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture(scope="session")
def estates(connections: tuple[Any, Any]) -> Iterator[list[Estate]]:
    """The servers and the volume under the workload: kept from test to test as long as each leaves them as they were."""
    kept: list[Estate] = []
    yield kept
    for estate in kept:
        estate.close()


@pytest.fixture
def stage(
    lab: Lab, connections: tuple[Any, Any], estates: list[Estate], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    """A workload on a server of the lab, and a run of ours that records it."""
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(lab.places.clouds))
    monkeypatch.setenv("OS_CLOUD", MEMBER)
    if estates and not estates[-1].is_whole():
        estates.pop().close()
    if not estates:
        estates.append(Estate(Tenant(*connections)))
    made = Stage(estates[-1], tmp_path, monkeypatch)
    yield made
    made.close()


@pytest.fixture
def credentials(lab: Lab, connections: tuple[Any, Any], tmp_path: Path) -> Iterator[Credentials]:
    """Application credentials of the member, with fewer roles or with access rules."""
    made = Credentials(connections[0], lab.places.clouds, tmp_path)
    yield made
    made.close()


@pytest.fixture
def use(stage: Stage, credentials: Credentials, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Lets everything that logs in from now on use an application credential of its own: use(roles=..., rules=...)."""

    def use(**limits: Any) -> None:
        for name, value in credentials.make(**limits).items():
            monkeypatch.setenv(name, value)

    return use
