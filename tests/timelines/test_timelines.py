"""Each recording of a real control plane is played again, and must tell the same story (docs/timelines.md)."""

import pytest

from chaoscinder.sandbox import profiles
from tests.timelines import compare, recording, replay, settings


@pytest.mark.parametrize("name", recording.names())
def test_the_sandbox_tells_the_story_that_was_recorded(name: str) -> None:
    found = replay.differences(recording.load(name))
    seen = [(row.kind, row.change.about, row.change.what, row.change.value) for row in found]
    assert seen == [], "\n" + compare.table(found)


def test_there_is_a_recording_of_each_scenario_and_none_is_empty() -> None:
    sizes = {name: len(recording.load(name).rows) for name in recording.names()}
    assert sizes == {
        "1.20-a": 95, "1.20-e": 72, "1.36-a": 121, "1.36-b": 97, "1.36-c": 109, "1.36-d": 89, "1.36-e": 85, "1.36-f": 33,
    }  # fmt: skip


def test_the_stand_ins_of_the_recordings_are_in_no_profile_that_people_use() -> None:
    stand_in = settings.profile(recording.load("1.36-c"))
    for name in profiles.names():
        profile = profiles.load(name)
        assert (profile.stopped_exit_code, profile.container_start_s, profile.csi_calls_s) == (0, 0.2, 0.4)
        assert profile.taint_pass_s == 0.1
    assert (stand_in.stopped_exit_code, stand_in.container_start_s, stand_in.csi_calls_s) == (1, 1.0, 3.0)


def test_the_events_of_a_replay_live_in_the_right_namespace_and_carry_their_components_fields() -> None:
    played = replay.Replay(recording.load("1.36-c"))
    played.run()
    for event in played.store.list(replay.resources.EVENTS):
        about = event["involvedObject"]
        assert event["metadata"]["namespace"] == about.get("namespace", "default")
        assert ("namespace" in about) == (about["kind"] != "Node")
        if event["reportingComponent"] == "default-scheduler":
            assert (event["source"], event["action"], "count" in event) == ({}, "Binding", False)
        else:
            assert event["source"]["component"] == event["reportingComponent"]
            assert {"firstTimestamp", "lastTimestamp", "count"} <= event.keys()
