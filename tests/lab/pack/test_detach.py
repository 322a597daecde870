"""Somebody detaches the workload's volume while its hypervisor refuses, or is slow: what our activities say, and that nothing is left."""

import pytest
from chaoslib.exceptions import ActivityFailed

from chaoscinder.probes import volume as probes
from tests.lab.openstack.guests import Guests
from tests.lab.pack.stage import Stage
from tests.lab.pack.tenant import until

SLOW_S = 20.0


def latest(stage: Stage) -> tuple[str, str | None]:
    """What Nova says was done to the server last, and with which result."""
    seen = next(iter(stage.tenant.admin.compute.server_actions(stage.server_id)))
    return seen.action, seen.message


def test_a_refused_detach_changes_no_view_and_the_server_is_stopped_and_started_as_ever(stage: Stage, guests: Guests) -> None:
    stage.record()
    guests.fail(stage.tenant.host(stage.server_id), "detach_volume")
    stage.tenant.member.compute.delete_volume_attachment(stage.server_id, stage.volume_id)
    until(lambda: latest(stage), lambda seen: seen == ("detach_volume", "Error"), "the latest action")
    assert probes.attachments_agree(stage.configuration(), {}) is True
    assert probes.volume_follows_workload(stage.configuration(), {}) is True
    assert stage.stop(timeout_s=30.0)["held_volume"] == stage.volume_id
    assert stage.start() == {"started": [stage.name]}
    assert stage.state() == stage.untouched


def test_while_a_slow_detach_goes_on_nothing_is_stopped_and_no_probe_says_that_all_is_well(stage: Stage, guests: Guests) -> None:
    stage.record()
    guests.fail(stage.tenant.host(stage.server_id), "detach_volume", sleep_s=SLOW_S)
    stage.tenant.member.compute.delete_volume_attachment(stage.server_id, stage.volume_id)
    stage.tenant.wait_volume(stage.volume_id, "detaching")
    with pytest.raises(ActivityFailed) as refused:
        stage.stop()
    wanted = f"(wanted in-use on server {stage.name} {stage.server_id}, where the pod is)"
    assert str(refused.value) == f"volume {stage.volume_id} is detaching, attached to {stage.server_id} in Cinder {wanted}"
    stage.tenant.wait_volume(stage.volume_id, "available")
    assert probes.attachments_agree(stage.configuration(), {}) is False
    assert (stage.state()["server"], stage.state()["marks"], stage.state()["still to undo"]) == (("ACTIVE", 1, None, False), [], 0)
    stage.tenant.member.compute.create_volume_attachment(stage.server_id, volume_id=stage.volume_id)
    stage.tenant.wait_volume(stage.volume_id, "in-use")
    assert stage.state() == stage.untouched
