"""A stop that Nova does after the undo has looked: it is waited for and undone, and none of it is ever called restored."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Timer

import pytest
import yaml
from chaoslib.exceptions import ActivityFailed

from chaoscinder.recovery.late import SHARE
from tests.lab.openstack.lab import Lab
from tests.lab.pack.conftest import MEMBER
from tests.lab.pack.front import Front, behind
from tests.lab.pack.stage import Stage

HELD_UP_S = 5.0
ANSWER_S = 8.0  # every request is given so long, the one that is kept back as well


@pytest.fixture
def front(lab: Lab, stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Front]:
    """A stage whose credentials reach Nova over a front that keeps back every stop."""
    made = Front(lab.ports["nova"], b'"os-stop"')
    clouds = tmp_path / "clouds.yaml"
    clouds.write_text(json.dumps(behind(yaml.safe_load(lab.places.clouds.read_text()), MEMBER, made)))
    monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(clouds))
    yield made
    made.close()


def fails(act: object, *told: object, **more: object) -> str:
    """The one line that an activity ends with."""
    with pytest.raises(ActivityFailed) as failed:
        act(*told, **more)  # type: ignore[operator]
    assert "\n" not in str(failed.value)
    return str(failed.value)


def test_a_stop_that_reaches_nova_after_the_undo_has_seen_active_is_undone(front: Front, stage: Stage) -> None:
    stage.record()
    stage.request_timeout_s = ANSWER_S
    assert fails(stage.stop).startswith(f"OpenStack did not answer (stop server {stage.server_id}): ")
    assert stage.state()["server"] == ("ACTIVE", 1, None, False)
    Timer(HELD_UP_S, front.let_go).start()
    assert stage.start(timeout_s=90.0) == {"started": [stage.name]}
    assert (front.answers, stage.state()) == ([202], stage.untouched)


def test_a_stop_that_was_given_up_and_never_comes_is_watched_for_and_then_done(front: Front, stage: Stage) -> None:
    stage.record()
    stage.request_timeout_s = ANSWER_S
    fails(stage.stop)
    began = time.monotonic()
    assert stage.start(timeout_s=12.0) == {"started": [stage.name]}
    assert time.monotonic() - began >= 12.0 * SHARE
    assert (front.answers, stage.state()) == ([], stage.untouched)


def test_a_stop_that_waits_for_a_dead_host_is_not_forgotten_when_somebody_resets_the_state(whole: Lab, stage: Stage) -> None:
    stage.record()
    stage.request_timeout_s = ANSWER_S
    host = stage.tenant.host(stage.server_id)
    whole.kill(host)
    assert "task_state powering-off" in fails(stage.stop)
    stage.tenant.admin.compute.reset_server_state(stage.server_id, "active")
    line = fails(stage.start, timeout_s=3.0)
    seen = f"server {stage.name} is ACTIVE, but Nova accepted a stop that its host has not carried out yet"
    assert line.startswith(f"Server {stage.name} is still stopped: {seen} after ")
    assert stage.state()["marks"] != []
    Timer(1.0, whole.start, [host]).start()
    assert stage.start(timeout_s=150.0) == {"started": [stage.name]}
    assert stage.state() == stage.untouched
