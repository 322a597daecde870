"""The shutdown and the move, recorded on real Kubernetes, Nova and Cinder, played on the sandbox's controllers and its own cloud."""

import json

from tests.timelines import compare
from tests.timelines.compare import Difference
from tests.timelines.rows import Change
from tests.timelines.whole import Whole, recorded

WHOLE_KINDS = ("Pod/", "Node/", "VolumeAttachment/", "EndpointSlice/", "Event of ", "nova ", "cinder ")
POLL_S = 1.0  # Nova and Cinder were asked each second
UNKNOWN_S, OUT_OF_SERVICE_S = 45.693, 68.729
UNREACHABLE, SHUTDOWN = "node.kubernetes.io/unreachable=:", "node.cloudprovider.kubernetes.io/shutdown=:NoSchedule"
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"
# The stand-in cloud controller took the shutdown taint off when the server ran again, a real one waits until the node is Ready; and the
# stand-in kubelet cleared volumesInUse with its first status, a real one only when it knows its volumes again.
KNOWN = [
    ("missing", "Node/node-2 taints", json.dumps([f"{UNREACHABLE}NoSchedule", f"{UNREACHABLE}NoExecute", OUT_OF_SERVICE])),
    ("extra", "Node/node-2 taints", json.dumps([f"{UNREACHABLE}NoExecute", SHUTDOWN, OUT_OF_SERVICE])),
    ("missing", "Node/node-2 volumesInUse", "null"),
    ("value", "Node/node-2 taints", json.dumps([f"{UNREACHABLE}NoExecute", OUT_OF_SERVICE])),
]


def tolerance(change: Change) -> float:
    return 1.0 + (POLL_S if change.about.startswith(("nova", "cinder")) else 0.0)


def told(found: list[Difference]) -> list[tuple[str, str, str]]:
    return [(row.kind, f"{row.change.about} {row.change.what}", row.change.value) for row in found]


def compared(ours: list[Change], name: str, end_s: float) -> list[Difference]:
    kept = [change for change in ours if change.about.startswith(WHOLE_KINDS) and change.at_s <= end_s]
    return compare.differences(kept, [change for change in recorded(name) if change.at_s <= end_s], tolerance)


def test_a_server_that_is_stopped_and_remediated_tells_the_recorded_story() -> None:
    ticks = {
        "node-monitor": [UNKNOWN_S], "lease/node-2": [UNKNOWN_S - 52.5], "cloud-node-monitor": [49.454], "pod-gc": [75.7],
        "status/node-1": [75.092], "remediation": [OUT_OF_SERVICE_S],
    }  # fmt: skip
    # The recorded operator waited 23 s; ours keeps to its word and waits 15 s.
    story = Whole(ticks=ticks, nodes=["node-2", "node-1"], remediation="out-of-service", remediation_confirm_s=22.5)
    story.begin()
    story.act_on_server("node-2", "os-stop")
    story.turn_to(85.262)
    story.act_on_server("node-2", "os-start")
    story.turn_to(100)
    found = compared(story.told(), "stop-with-remediation", 100)
    assert told(found) == KNOWN, "\n" + compare.table(found)


def test_a_pod_that_is_deleted_on_a_cordoned_node_tells_the_recorded_story() -> None:
    ticks = {"status/node-1": [1.114], "status/node-2": [8.613]}
    story = Whole(ticks=ticks, nodes=["node-1", "node-2"])
    story.cordon("node-1", True)
    story.begin()
    story.delete_pod()
    story.turn_to(9.63)
    story.cordon("node-1", False)
    story.turn_to(20)
    found = compared(story.told(), "delete-cordoned", 20)
    assert told(found) == [], "\n" + compare.table(found)
