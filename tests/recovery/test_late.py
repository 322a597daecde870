"""A stop that comes after the undo has seen ACTIVE: at the sandbox, whose Nova is reached over a front that keeps the stop back."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from threading import Timer
from typing import Any

import pytest

from chaoscinder.clients.site import Site
from chaoscinder.errors import TimedOut, Unreachable
from chaoscinder.model.leftover import KEYS, marking
from chaoscinder.model.workload import Server
from chaoscinder.recovery import late, undo
from chaoscinder.recovery.late import Asked
from chaoscinder.runs import RunDirectory
from chaoscinder.sandbox import files
from chaoscinder.sandbox.launch import Plan, Sandbox
from chaoscinder.sandbox.server import serve
from chaoscinder.settings import Settings
from tests.lab.pack.front import Front, behind

pytestmark = pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning", "ignore::PendingDeprecationWarning")
RATE = 20.0
RUN = "r" * 32


@pytest.fixture
def sandbox(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox in this process, with clouds.yaml leading over a front to its Nova."""
    made = Sandbox(Plan(tmp_path / "world", rate=RATE))
    server = serve(made, 0)
    made.boot()
    files.write(made, server.url)
    yield made
    made.close()
    server.close()


@pytest.fixture
def front(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    state = json.loads((sandbox.plan.directory / "sandbox.json").read_text())
    clouds = sandbox.plan.directory / "clouds.yaml"
    made = Front(state["port"], b'"os-stop"')
    there: dict[str, Any] = behind(json.loads(clouds.read_text()), files.CLOUD, made, "/compute/v2.1")
    clouds.write_text(json.dumps(there))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds))
    monkeypatch.setenv("OS_CLOUD", files.CLOUD)
    yield made
    made.close()


@pytest.fixture
def site(front: Front) -> Iterator[Site]:
    made = Site(Settings(rate=RATE, request_timeout_s=1.0))
    yield made
    made.close()


@pytest.fixture
def server(site: Site) -> Server:
    """A server that carries the marks of a run whose stop got no answer."""
    found = min(site.openstack.servers(), key=lambda row: row.name)
    site.openstack.set_metadata(found.id, marking(RUN, "start", site.clock.now()))
    with pytest.raises(Unreachable):
        site.openstack.stop_server(found.id)
    return site.openstack.server(found.id)


def marks(site: Site, id: str) -> set[str]:
    return set(dict(site.openstack.server(id).metadata)) & set(KEYS)


def test_a_stop_that_comes_after_the_undo_has_seen_active_is_undone(site: Site, front: Front, server: Server) -> None:
    assert server.status == "ACTIVE"
    Timer(0.5, front.let_go).start()
    assert undo.start_server(site, server.id, RUN, site.clock.deadline(600.0), Asked.MAYBE) == "ACTIVE"
    assert (front.answers, marks(site, server.id)) == ([202], set())
    assert [row.name for row in site.openstack.server_actions(server.id)][:2] == ["start", "stop"]


def test_a_stop_that_never_comes_is_watched_for(site: Site, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert undo.start_server(site, server.id, RUN, site.clock.deadline(600.0), Asked.MAYBE) == "ACTIVE"
    words = f"server {server.name} is ACTIVE, and a stop that got no answer may still come: watching for 30 s"
    assert words in [row.message for row in caplog.records]
    assert marks(site, server.id) == set()


def test_a_run_that_never_asked_is_undone_at_once(site: Site, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert undo.start_server(site, server.id, RUN, site.clock.deadline(600.0), Asked.NO) == "ACTIVE"
    assert not [row.message for row in caplog.records if "may still come" in row.message]


def test_a_stop_that_waits_for_a_dead_host_is_not_forgotten_when_the_state_is_reset(
    sandbox: Sandbox, site: Site, front: Front, server: Server
) -> None:
    host = sandbox.openstack.nova.find(server.id).host  # type: ignore[union-attr]
    with sandbox.world.step():
        sandbox.openstack.lifecycle.fail_host(host, guests_die=False)
    front.let_go()
    while site.openstack.server(server.id).task_state != "powering-off":
        site.clock.sleep_wall(0.02)
    with sandbox.world.step():
        sandbox.openstack.nova.find(server.id).task_state = None  # type: ignore[union-attr]  # what os-resetState active does
    line = f"server {server.name} is ACTIVE, but Nova accepted a stop that its host has not carried out yet after "
    with pytest.raises(TimedOut, match=line):
        undo.start_server(site, server.id, RUN, site.clock.deadline(20.0), Asked.YES)
    assert marks(site, server.id) == set(KEYS)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ((), Asked.MAYBE),
        (("baseline_started",), Asked.NO),
        (("baseline_started", "fault_started"), Asked.MAYBE),
        (("baseline_started", "fault_started", "fault_refused"), Asked.NO),
        (("baseline_started", "fault_started", "fault_accepted"), Asked.YES),
    ],
)
def test_the_marks_tell_how_far_a_run_came(tmp_path: Path, names: tuple[str, ...], told: Asked) -> None:
    run = RunDirectory(tmp_path)
    for name in names:
        run.mark(name, server_id="s1")
    assert late.asked(run, "s1") is told
