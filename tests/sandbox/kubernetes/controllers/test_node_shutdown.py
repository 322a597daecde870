"""The story of a server that is stopped under a volume, against a recording of a real control plane (1.36.2) on a real Nova and Cinder."""

import pytest

from chaoscinder.sandbox.kubernetes import resources
from tests.sandbox.fakes import Scene

# Seconds after the old pod's end in the recording (75.747 s there), and what happened then.
RECORDED_AFTER_THE_POD = {
    "old VolumeAttachment deleting": 0.014,
    "old VolumeAttachment gone": 1.328,
    "new VolumeAttachment": 1.726,
    "new VolumeAttachment marked": 1.788,
    "new VolumeAttachment attached": 3.252,
    "attach told": 3.434,
}
START_S, READY_S = 0.2, 0.26  # recorded: from the volume's arrival to the container's start, and from there to Ready


def volume_name(scene: Scene) -> str:
    return str(scene.store.list(resources.VOLUMES)[0]["metadata"]["name"])


def shut_down(seed: int = 1, remediation: str = "out-of-service") -> tuple[Scene, str]:
    scene = Scene(remediation=remediation, seed=seed)
    victim = str(scene.pod()["spec"]["nodeName"])
    scene.mark()
    scene.power(victim, "SHUTOFF")
    return scene, victim


def test_a_stopped_server_is_a_black_hole_until_its_node_is_not_ready_and_refuses_from_then_on() -> None:
    scene, victim = shut_down()
    seen = []
    while scene.now_s < 90:
        answer = scene.serving()
        if not seen or seen[-1] != answer:
            seen.append(answer)
        scene.world.turn(0.25)
    new = scene.pod()["spec"]["nodeName"]
    assert seen == ["timeout", "refused", new]
    assert new != victim


@pytest.mark.parametrize("seed", range(1, 9))
def test_with_remediation_each_step_comes_when_the_recording_says(seed: int) -> None:
    scene, victim = shut_down(seed)
    old = scene.pod()["metadata"]["name"]
    scene.turn_until(lambda: scene.serving() not in ("timeout", "refused"), 120)
    new = scene.pod()["metadata"]["name"]
    not_ready, taint = scene.when(f"Node/{victim}", "ready=Unknown"), scene.when(f"Node/{victim}", "out-of-service")
    gone = scene.when(f"Pod/{old}", "DELETED")
    first, second = dict.fromkeys(name for _, name, _ in scene.story if name.startswith("VolumeAttachment"))
    seen = {
        "old VolumeAttachment deleting": scene.when(first, "deleting=True"),
        "old VolumeAttachment gone": scene.when(first, "DELETED"),
        "new VolumeAttachment": scene.when(second, "node="),
        "new VolumeAttachment marked": scene.when(second, "finalizers=1"),
        "new VolumeAttachment attached": scene.when(second, "attached=True"),
        "attach told": scene.when(f"Event/{new}", "SuccessfulAttachVolume"),
    }
    there = scene.pod()["spec"]["nodeName"]
    usable = max(scene.when(f"Node/{there}", "in_use=1"), scene.when(f"Node/{there}", "attached=1"))
    started, ready = scene.when(f"Event/{new}", "Started"), scene.when(f"Pod/{new}", "Ready=True")
    assert 35 <= not_ready <= 60  # grace 50 s, Lease up to 10 s old, looked at every 5 s
    assert 15 <= taint - not_ready <= 17  # SHUTOFF seen for 15 s, looked at every second
    assert 0 <= gone - taint <= 20  # pod GC looks every 20 s
    assert list(seen.values()) == sorted(seen.values())
    assert taint <= scene.when(f"Node/{there}", "in_use=1") <= taint + 10  # the kubelet reports every 10 s
    assert (started, ready) == (pytest.approx(usable + START_S, abs=0.1), pytest.approx(started + READY_S, abs=0.5))
    assert seen == {name: pytest.approx(gone + after_s, abs=1.0) for name, after_s in RECORDED_AFTER_THE_POD.items()}


def test_the_events_of_the_old_and_the_new_pod_come_in_the_recorded_order() -> None:
    scene, victim = shut_down()
    old = scene.pod()["metadata"]["name"]
    scene.world.turn(95)
    new, volume = scene.pod()["metadata"]["name"], scene.store.list(resources.VOLUMES)[0]["metadata"]["name"]
    scene.story[:] = [row for row in scene.story if row[0] > 0]
    told = [
        text for _, name, text in scene.story if name in (f"Event/{old}", f"Event/{new}", f"Event/{victim}") and "Unhealthy" not in text
    ]
    assert told == [
        f"NodeNotReady: Node {victim} status is now: NodeNotReady",
        "NodeNotReady: Node is not ready",
        f"TaintManagerEviction: Cancelling deletion of Pod default/{old}",
        f"TaintManagerEviction: Marking for deletion Pod default/{old}",
        f"Scheduled: Successfully assigned default/{new} to {scene.pod()['spec']['nodeName']}",
        f'FailedAttachVolume: Multi-Attach error for volume "{volume}" Volume is already used by pod(s) {old}',
        f'SuccessfulAttachVolume: AttachVolume.Attach succeeded for volume "{volume}" ',
        'Pulled: Container image "registry.invalid/chaoscinder-demo:0.1.0" already present on machine and can be accessed by the pod',
        "Created: Container created",
        "Started: Container started",
    ]


def test_the_node_comes_back_says_so_and_loses_every_taint() -> None:
    scene, victim = shut_down()
    scene.world.turn(100)
    assert scene.taints(victim) == [
        "node.kubernetes.io/unreachable=:NoSchedule",
        "node.kubernetes.io/unreachable=:NoExecute",
        "node.cloudprovider.kubernetes.io/shutdown=:NoSchedule",
        "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute",
    ]
    assert "volumesInUse" in scene.node(victim)["status"]  # nobody but its kubelet clears that
    scene.mark()
    scene.power(victim, "ACTIVE")
    scene.world.turn(20)
    ready = scene.when(f"Node/{victim}", "ready=True")
    told = [text.partition(":")[0] for _, name, text in scene.story if name == f"Event/{victim}"]
    assert told == ["Starting", "Rebooted", "NodeReady"]
    assert ready == scene.profile.boot_s
    assert scene.taints(victim) == []
    assert max(at for at, name, text in scene.story if name == f"Node/{victim}" and "taints" in text) <= ready + 5
    assert "volumesInUse" not in scene.node(victim)["status"]


def test_without_remediation_nothing_ends_it() -> None:
    scene, victim = shut_down(remediation="none")
    old = scene.pod()["metadata"]["name"]
    scene.world.turn(900)
    before, after = scene.pods()
    tainted = scene.when(f"Node/{victim}", "unreachable:NoExecute")
    evicted = scene.when(f"Event/{old}", "Marking for deletion Pod default/")
    assert evicted - tainted == pytest.approx(300, abs=0.2)
    assert (before["metadata"]["name"], before["status"]["phase"], "deletionTimestamp" in before["metadata"]) == (old, "Running", True)
    assert next(iter(after["status"]["containerStatuses"][0]["state"]["waiting"].values())) == "ContainerCreating"
    assert scene.attachments() == [(victim, True, False)]
    assert scene.events("FailedAttachVolume") == [
        f'Multi-Attach error for volume "{volume_name(scene)}" Volume is already used by pod(s) {old}'
    ]
    assert scene.serving() == "refused"
    assert scene.taints(victim) == [
        "node.kubernetes.io/unreachable=:NoSchedule",
        "node.kubernetes.io/unreachable=:NoExecute",
        "node.cloudprovider.kubernetes.io/shutdown=:NoSchedule",
    ]


def test_a_node_that_is_back_before_the_eviction_starts_its_pod_again() -> None:
    scene, victim = shut_down(remediation="none")
    uid = scene.pod()["metadata"]["uid"]
    scene.world.turn(150)
    scene.mark()
    scene.power(victim, "ACTIVE")
    back = scene.turn_until(lambda: scene.serving() == victim, 30)
    scene.world.turn(5)
    pod = scene.pod()
    (status,) = pod["status"]["containerStatuses"]
    assert pod["metadata"]["uid"] == uid
    assert (status["restartCount"], status["lastState"]["terminated"]["exitCode"]) == (1, 255)
    assert back <= scene.profile.boot_s + 10 + 1  # its volume must be reported in use first, once every 10 s
    assert scene.events("TaintManagerEviction") == [f"Cancelling deletion of Pod default/{pod['metadata']['name']}"]
    assert scene.attachments() == [(victim, True, False)]
    assert scene.taints(victim) == []


def test_a_node_that_is_back_after_the_eviction_ends_the_old_pod_and_the_new_one_moves() -> None:
    scene, victim = shut_down(remediation="none")
    old = scene.pod()["metadata"]["uid"]
    scene.world.turn(480)
    scene.mark()
    scene.power(victim, "ACTIVE")
    back = scene.turn_until(lambda: scene.serving() not in ("timeout", "refused"), 60)
    pod = scene.pod()
    assert pod["metadata"]["uid"] != old
    assert scene.attachments() == [(pod["spec"]["nodeName"], True, False)]
    assert back <= scene.profile.boot_s + 18.8 + 1  # recorded: Running 18.8 s after the return


def test_a_hypervisor_that_dies_leaves_its_server_active_and_is_never_called_shut_down() -> None:
    scene = Scene(remediation="out-of-service")
    victim = scene.pod()["spec"]["nodeName"]
    server = scene.node(victim)["spec"]["providerID"].rpartition("/")[2]
    scene.power(victim, "CRASHED")
    scene.cloud.servers[server] = "ACTIVE"  # Nova goes on believing
    scene.world.turn(600)
    assert scene.taints(victim) == ["node.kubernetes.io/unreachable=:NoSchedule", "node.kubernetes.io/unreachable=:NoExecute"]
    assert scene.attachments() == [(victim, True, False)]
