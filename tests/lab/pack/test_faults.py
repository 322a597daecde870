"""The activities stop_server and start_server on a real server: what they do, what they refuse, and that nothing is left changed."""

import pytest
from chaoslib.exceptions import ActivityFailed

from chaoscinder import runs
from chaoscinder.probes import volume as probes
from tests.lab.openstack.guests import Guests
from tests.lab.pack.stage import Stage


def refusal(stage: Stage, **changes: object) -> str:
    """The one line that stop_server refuses with."""
    with pytest.raises(ActivityFailed) as refused:
        stage.stop(**changes)  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_the_server_is_stopped_and_started_again_and_the_volume_stays_with_it(stage: Stage) -> None:
    stage.record()
    stopped = stage.stop(timeout_s=30.0)
    assert stopped == {"server": stage.name, "server_id": stage.server_id, "status": "SHUTOFF", "held_volume": stage.volume_id}
    assert {key: stage.state()[key] for key in ("server", "volume", "held by")} == {
        "server": ("SHUTOFF", 4, None, False),
        "volume": "in-use",
        "held by": [stage.server_id],
    }
    assert stage.start() == {"started": [stage.name]}
    assert stage.state() == stage.untouched


def test_stopping_twice_in_one_run_stops_once(stage: Stage) -> None:
    run = stage.record()
    assert stage.stop(timeout_s=30.0) == stage.stop(timeout_s=30.0)
    assert len(run.open_intents()) == 1
    stage.start()
    assert stage.state() == stage.untouched


def test_without_a_record_nothing_is_stopped(stage: Stage) -> None:
    assert refusal(stage) == "no fault without a record (wanted the control chaoscinder.controls.recording in the experiment)"
    assert stage.state() == stage.untouched


def test_another_project_is_refused_before_anything_is_touched(stage: Stage) -> None:
    stage.record()
    mine = stage.tenant.member.current_project_id
    line = refusal(stage, cloud_project_id="f" * 32)
    assert line == f"the OpenStack credentials are for project {mine} (wanted {'f' * 32}): nothing was touched"
    assert stage.state() == stage.untouched


def test_a_server_whose_power_was_cut_behind_nova_is_not_stopped_again(stage: Stage, guests: Guests) -> None:
    run = stage.record()
    guests.power_off(stage.server_id)
    stage.tenant.wait(stage.server_id, "SHUTOFF")
    assert refusal(stage) == f"server {stage.name} is SHUTOFF (wanted ACTIVE and no task): not stopping"
    assert (stage.state()["marks"], run.open_intents()) == ([], ())
    stage.tenant.member.compute.start_server(stage.server_id)
    stage.tenant.wait(stage.server_id, "ACTIVE")
    assert stage.state() == stage.untouched


def test_a_locked_server_is_refused_and_carries_nothing_of_ours(stage: Stage) -> None:
    stage.record()
    stage.tenant.admin.compute.lock_server(stage.server_id)
    line = refusal(stage)
    assert line.endswith(f"with 409: Instance {stage.server_id} is locked")
    stage.start()
    stage.tenant.admin.compute.unlock_server(stage.server_id)
    assert stage.state() == stage.untouched


def test_a_volume_that_moved_away_is_refused(stage: Stage) -> None:
    stage.record()
    stage.tenant.member.compute.delete_volume_attachment(stage.server_id, stage.volume_id)
    stage.tenant.wait_volume(stage.volume_id, "available")
    wanted = f"(wanted in-use on server {stage.name} {stage.server_id}, where the pod is)"
    assert refusal(stage) == f"volume {stage.volume_id} is available, attached to nothing in Cinder {wanted}"
    assert stage.state()["server"] == ("ACTIVE", 1, None, False)
    assert stage.state()["marks"] == []


def test_the_probes_say_yes_while_all_three_views_agree_and_no_when_nova_let_go(stage: Stage) -> None:
    configuration = stage.configuration()
    assert probes.attachments_agree(configuration, {}) is True
    assert probes.volume_follows_workload(configuration, {}) is True
    stage.tenant.member.compute.delete_volume_attachment(stage.server_id, stage.volume_id)
    stage.tenant.wait_volume(stage.volume_id, "available")
    assert probes.attachments_agree(configuration, {}) is False
    assert probes.volume_follows_workload(configuration, {}) is False


def test_a_power_off_that_fails_is_told_and_leaves_nothing(stage: Stage, guests: Guests) -> None:
    run = stage.record()
    guests.fail(stage.tenant.host(stage.server_id), "power_off")
    assert refusal(stage) == f"{stage.name} is ACTIVE after 8 s (wanted status SHUTOFF within 8 s)"
    assert run.open_intents() != ()
    stage.start()
    assert stage.state() == stage.untouched


def test_a_server_that_will_not_start_is_told_and_started_by_the_next_try(stage: Stage, guests: Guests) -> None:
    stage.record()
    stage.stop(timeout_s=30.0)
    host = stage.tenant.host(stage.server_id)
    guests.fail(host, "power_on")
    guests.fail(host, "reboot")
    with pytest.raises(
        ActivityFailed, match=f"Server {stage.name} is still stopped: .*to finish: openstack server start {stage.server_id}"
    ):
        stage.start(timeout_s=6.0)
    guests.heal()
    stage.start()
    assert stage.state() == stage.untouched


def test_the_recorder_saw_novas_and_cinders_states(stage: Stage) -> None:
    run = stage.record()
    stage.stop(timeout_s=30.0)
    stage.start()
    stage.close()
    seen = run.read()
    states = [row.state["status"] for row in seen.changes if row.kind == "Server" and row.uid == stage.server_id and row.state]
    assert (states[0], "SHUTOFF" in states, states[-1]) == ("ACTIVE", True, "ACTIVE")
    assert {row.state["status"] for row in seen.changes if row.kind == "Volume" and row.state} == {"in-use"}
    assert runs.live() is None
