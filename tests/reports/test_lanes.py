"""The lanes: who said what, when."""

from dataclasses import replace
from itertools import pairwise

from chaoscinder.model.attachment import View
from chaoscinder.model.timeline import Change
from chaoscinder.reports import states
from chaoscinder.reports.axis import Axis
from chaoscinder.reports.lanes import Bar, lanes_of
from chaoscinder.reports.palette import Tone
from chaoscinder.reports.states import Look
from chaoscinder.reports.swimlanes import placed
from tests.reports.examples import FAULT, NEW, OLD, SERVER_1, SERVER_2, VOLUME, empty, node, passing, pod, server, stuck, without_fault


def told(lanes: tuple) -> dict[str, list[str]]:
    return {f"{lane.group}: {lane.label}": [bar.look.said for bar in lane.bars] for lane in lanes}


def test_a_run_in_which_the_volume_moved_tells_every_state_of_its_objects() -> None:
    assert told(lanes_of(*passing(), 190.0)) == {
        "Kubernetes: endpoints ready": [OLD, "none ready", NEW],
        f"Kubernetes: pod {OLD}": ["Running on node-2", "Running, not ready on node-2", "Terminating on node-2"],
        f"Kubernetes: pod {NEW}": [
            "Pending: not scheduled",
            "Pending on node-1: ContainerCreating",
            "Running, not ready on node-1",
            "Running on node-1",
        ],
        "Kubernetes: attachment node-2": ["attached", "detaching"],
        "Kubernetes: attachment node-1": ["attaching", "attached"],
        "Kubernetes: node node-1": ["Ready"],
        "Kubernetes: node node-2": ["Ready", "NotReady (Unknown)", "Ready"],
        "Kubernetes: taints node-2": [
            "",
            "unreachable",
            "shutdown, unreachable",
            "out-of-service, shutdown, unreachable",
            "out-of-service, unreachable",
            "unreachable",
            "",
        ],
        "Nova: server node-2": ["ACTIVE", "ACTIVE, powering-off", "SHUTOFF", "SHUTOFF, powering-on", "ACTIVE"],
        "Nova: server node-1": ["ACTIVE"],
        "Nova: volume is on": ["node-2", "no server", "node-1"],
        "Cinder: volume": ["in-use on node-2", "available, on no server", "in-use on node-1"],
    }


def test_a_run_in_which_nothing_freed_the_volume_shows_what_holds_it() -> None:
    found = told(lanes_of(*stuck(), 1030.0))
    assert found[f"Kubernetes: pod {OLD}"][-1] == "Terminating on node-2"
    assert found["Kubernetes: attachment node-2"] == ["attached"]
    assert found["Cinder: volume"] == ["in-use on node-2"]


def test_a_bar_lasts_until_the_next_state_and_the_last_one_until_the_end() -> None:
    attachment = next(lane for lane in lanes_of(*passing(), 190.0) if lane.label == "attachment node-2")
    assert [(bar.start_s, bar.end_s) for bar in attachment.bars] == [(0.5, FAULT + 75.76), (FAULT + 75.76, FAULT + 77.08)]
    cinder = lanes_of(*passing(), 190.0)[-1]
    assert cinder.bars[-1].end_s == 190.0


def test_nodes_pods_and_servers_that_have_no_part_in_the_story_are_left_out() -> None:
    run, verdict = passing()
    stranger = Change(
        1.0,
        View.KUBERNETES,
        "Pod",
        "test-cinder-api-5f-x",
        "uid",
        {"phase": "Running", "owner": "ReplicaSet/test-cinder-api-5f", "node": "node-9"},
    )
    run = replace(run, changes=(*run.changes, stranger, node(1.0, "node-9"), server(1.0, "other", "node-9")))
    assert told(lanes_of(run, verdict, 190.0)) == told(lanes_of(*passing(), 190.0))


def test_two_attachments_at_once_are_bad_news_in_both_clouds() -> None:
    both = {"a": {"volumes": [VOLUME]}, "b": {"volumes": [VOLUME]}}
    assert states.nova_volume(VOLUME, str.upper)(both) == Look(("A and B", "2 servers"), Tone.BAD)
    assert states.cinder_volume(str.upper)({"status": "in-use", "servers": ["a", "b"]}) == Look(("in-use on A and B", "in-use"), Tone.BAD)


def test_states_without_their_keys_are_told_as_unknown_not_as_good() -> None:
    assert states.node({}).tone is Tone.BAD
    assert states.pod({}) == Look(("unknown",), Tone.IDLE)
    assert states.taints({"taints": None}) == Look((), Tone.CHANGING)
    assert states.volume_attachment({"attach_error": "no such volume"}) == Look(("attaching: no such volume", "attaching"), Tone.BAD)


def test_a_cordoned_node_says_so() -> None:
    assert states.node({"ready": "True", "schedulable": False}).said == "Ready, cordoned"


def test_without_records_there_are_no_lanes_and_without_a_target_every_object_is_told() -> None:
    assert lanes_of(*empty(), 1.0) == ()
    run, verdict = without_fault()
    found = told(lanes_of(replace(run, target=None), verdict, 40.0))
    assert found["Kubernetes: node control-plane-1"] == ["Ready"]


def test_a_server_without_a_known_name_is_told_by_the_beginning_of_its_id() -> None:
    run, verdict = passing()
    run = replace(run, changes=tuple(change for change in run.changes if change.kind != "Server" or change.uid == SERVER_2))
    assert told(lanes_of(run, verdict, 190.0))["Cinder: volume"][-1] == f"in-use on {SERVER_1[:8]}"


def test_short_bars_keep_two_pixels_and_never_cover_each_other() -> None:
    axis = Axis(0.0, 1000.0, 0.0, "start", 0.0, 100.0)
    moments = [0.0, 500.0, 500.1, 500.2, 500.3, 999.9]
    found = [Bar(start, end, Look((str(start),), Tone.GOOD)) for start, end in zip(moments, [*moments[1:], 1000.0], strict=True)]
    pixels = [(left, right) for _, left, right in placed(found, axis)]
    assert all(right - left >= 2 for left, right in pixels)
    assert all(before[1] <= after[0] for before, after in pairwise(pixels[:-1]))
    assert pixels[-1][1] <= 100.0


def test_a_pod_that_waits_for_a_node_is_not_scheduled() -> None:
    assert states.pod(pod(0.0, NEW, "Pending", None).state or {}).said == "Pending: not scheduled"
