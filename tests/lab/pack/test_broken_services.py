"""The same activities while a service of the cloud is dead or hangs: the right answer or one line, in bounded time, and nothing left."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Timer

import pytest
from chaoslib.exceptions import ActivityFailed

from chaoscinder.clients.openstack import OpenStack
from chaoscinder.errors import CannotTell, Unreachable
from chaoscinder.probes import volume as probes
from tests.lab.openstack.lab import Lab
from tests.lab.pack.stage import REQUEST_TIMEOUT_S, Stage

Client = Callable[..., OpenStack]
REQUESTS = 3  # a first call is at most this many requests: log in, find the service's version, ask
SPARE_S = 2.0


@pytest.fixture
def recorded(stage: Stage) -> Stage:
    """A stage whose run is being recorded, and that from now on waits for no answer longer than REQUEST_TIMEOUT_S."""
    stage.record()
    stage.request_timeout_s = REQUEST_TIMEOUT_S
    return stage


@contextmanager
def at_most(limit_s: float) -> Iterator[None]:
    """Insist on an end within wall seconds."""
    began = time.monotonic()
    yield
    spent_s = time.monotonic() - began
    assert spent_s <= limit_s, f"it took {spent_s:.1f} s (wanted at most {limit_s:g} s)"


def line_of(act: Callable[[], object], limit_s: float = REQUESTS * REQUEST_TIMEOUT_S + SPARE_S) -> str:
    """The one line that an activity ends with, within the limit."""
    with at_most(limit_s), pytest.raises(ActivityFailed) as failed:
        act()
    assert "\n" not in str(failed.value)
    return str(failed.value)


def test_keystone_is_dead(whole: Lab, recorded: Stage) -> None:
    whole.kill("keystone")
    why = "Unable to establish connection to http://127.0.0.1:"
    line = line_of(recorded.stop)
    assert line.startswith(f"OpenStack did not answer (log in to OpenStack): {why}")
    assert line.endswith("/v3/auth/tokens: Connection refused")
    line = line_of(lambda: probes.attachments_agree(recorded.configuration(), {}))
    assert line.startswith("OpenStack did not answer (attachments of server ")
    assert line.endswith("/v3/auth/tokens: Connection refused")
    whole.start("keystone")
    assert recorded.state() == recorded.untouched


def test_keystone_hangs(whole: Lab, recorded: Stage) -> None:
    whole.freeze("keystone")
    line = line_of(recorded.stop)
    assert line.startswith("OpenStack did not answer (log in to OpenStack): Request to http://127.0.0.1:")
    whole.thaw("keystone")
    assert recorded.state() == recorded.untouched


def test_a_client_that_is_logged_in_outlives_keystone(whole: Lab, stage: Stage, client: Client) -> None:
    ours = client(request_timeout_s=REQUEST_TIMEOUT_S)
    assert ours.server(stage.server_id).status == "ACTIVE"
    assert ours.volume(stage.volume_id).status == "in-use"
    whole.kill("keystone")
    with at_most(REQUESTS * REQUEST_TIMEOUT_S):
        assert ours.server(stage.server_id).status == "ACTIVE"
        assert ours.volume(stage.volume_id).status == "in-use"


@pytest.mark.parametrize("how", ["kill", "freeze"])
def test_the_cinder_api_is_dead_or_hangs(whole: Lab, recorded: Stage, how: str) -> None:
    getattr(whole, how)("cinder")
    line = line_of(recorded.stop, 2 * REQUESTS * REQUEST_TIMEOUT_S)
    assert line.startswith(f"OpenStack did not answer (volume {recorded.volume_id}): ")
    line = line_of(lambda: probes.attachments_agree(recorded.configuration(), {}), 2 * REQUESTS * REQUEST_TIMEOUT_S)
    assert line.startswith(f"OpenStack did not answer (attachments of volume {recorded.volume_id}): ")
    whole.start("cinder") if how == "kill" else whole.thaw("cinder")
    assert recorded.state() == recorded.untouched


def test_cinder_volume_is_dead_and_a_stop_does_not_mind(whole: Lab, recorded: Stage) -> None:
    whole.kill("cinder-volume")
    assert recorded.stop(timeout_s=30.0)["status"] == "SHUTOFF"
    assert probes.attachments_agree(recorded.configuration(), {}) is True
    recorded.start()
    assert recorded.state() == recorded.untouched


@pytest.mark.parametrize("how", ["kill", "freeze"])
def test_the_nova_api_is_dead_or_hangs(whole: Lab, recorded: Stage, how: str) -> None:
    getattr(whole, how)("nova")
    line = line_of(recorded.stop)
    assert line.startswith(f"OpenStack did not answer (server {recorded.server_id}): ")
    whole.start("nova") if how == "kill" else whole.thaw("nova")
    assert recorded.state() == recorded.untouched


def test_the_database_hangs(whole: Lab, recorded: Stage) -> None:
    whole.freeze("mariadb")
    assert line_of(recorded.stop).startswith("OpenStack did not answer (")
    whole.thaw("mariadb")
    assert recorded.state() == recorded.untouched


def test_nova_compute_is_dead_and_stays_dead(whole: Lab, recorded: Stage) -> None:
    host = recorded.tenant.host(recorded.server_id)
    whole.kill(host)
    line = line_of(recorded.stop, 8.0 + REQUESTS * REQUEST_TIMEOUT_S)
    assert line == f"{recorded.name} is ACTIVE; task_state powering-off after 8 s (wanted status SHUTOFF within 8 s)"
    line = line_of(lambda: recorded.start(timeout_s=4.0), 4.0 + REQUESTS * REQUEST_TIMEOUT_S)
    seen = f"server {recorded.name} is ACTIVE; task_state powering-off"
    assert line.startswith(f"Server {recorded.name} is still stopped: {seen} after 4 s (wanted ACTIVE within 4 s); to finish: ")
    whole.start(host)  # does what waited in its queue: the stop
    recorded.start(timeout_s=90.0)
    assert recorded.state() == recorded.untouched


def test_nova_compute_hangs_for_a_while(whole: Lab, recorded: Stage) -> None:
    host = recorded.tenant.host(recorded.server_id)
    whole.freeze(host)
    Timer(5.0, whole.thaw, [host]).start()
    assert recorded.stop(timeout_s=60.0)["status"] == "SHUTOFF"
    recorded.start()
    assert recorded.state() == recorded.untouched


def test_the_message_bus_hangs_while_the_stop_is_asked_for(whole: Lab, recorded: Stage) -> None:
    whole.freeze("rabbit")
    line = line_of(recorded.stop)
    assert line.startswith(f"OpenStack did not answer (stop server {recorded.server_id}): Request to http://127.0.0.1:")
    assert recorded.state()["still to undo"] == 1
    Timer(4.0, whole.thaw, ["rabbit"]).start()
    recorded.start(timeout_s=90.0)
    assert recorded.state() == recorded.untouched


def test_a_hanging_cloud_is_never_a_verdict(whole: Lab, stage: Stage, client: Client) -> None:
    ours = client(request_timeout_s=1.0)
    ours.server(stage.server_id)
    whole.freeze("nova")
    with at_most(REQUESTS * 1.0 + SPARE_S), pytest.raises(Unreachable):
        ours.nova_attachments(stage.volume_id, (stage.server_id,))
    with at_most(2 * REQUESTS * 1.0 + SPARE_S), pytest.raises(CannotTell):
        ours.servers_named(stage.name)


class OnceSaid(logging.Handler):
    """Does something at the moment when a line is logged."""

    def __init__(self, begins: str, act: Callable[[], object]) -> None:
        super().__init__()
        self._begins, self._act = begins, act

    def emit(self, record: logging.LogRecord) -> None:
        """Act on the line, once."""
        if record.getMessage().startswith(self._begins):
            self._begins = "\n"
            self._act()


@pytest.mark.parametrize("service", ["nova", "mariadb"])
def test_a_stop_that_was_given_up_and_is_done_later_is_undone_all_the_same(whole: Lab, recorded: Stage, service: str) -> None:
    logger, handler = logging.getLogger("chaostoolkit"), OnceSaid("stopping server", lambda: whole.freeze(service))
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        line = line_of(recorded.stop, 60.0)
    finally:
        logger.removeHandler(handler)
    assert line.startswith(f"OpenStack did not answer (stop server {recorded.server_id}): Request to ")
    Timer(2.0, whole.thaw, [service]).start()
    recorded.start(timeout_s=60.0)
    time.sleep(10.0)  # Nova does what it was asked for before, if it does
    assert recorded.state() == recorded.untouched
