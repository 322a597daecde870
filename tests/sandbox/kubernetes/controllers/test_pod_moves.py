"""Pods that are deleted, drained and deleted with force while every node lives."""

import itertools

import pytest

from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.controllers import conditions
from chaoscinder.sandbox.kubernetes.resources import PODS
from tests.sandbox.fakes import VOLUME, Scene


def volume_name(scene: Scene) -> str:
    return str(scene.store.list(resources.VOLUMES)[0]["metadata"]["name"])


def delete(scene: Scene, *, grace_s: int | None = None) -> tuple[str, str]:
    """Delete the application's pod; tells its name and node."""
    pod = scene.pod()
    scene.mark()
    scene.act(lambda: scene.store.delete(PODS, pod["metadata"]["name"], "default", grace_s=grace_s))
    return pod["metadata"]["name"], pod["spec"]["nodeName"]


def test_a_pod_deleted_on_its_node_is_replaced_at_once_without_any_detach() -> None:
    scene = Scene()
    scene.only(scene.pod()["spec"]["nodeName"])
    old, node = delete(scene)
    new = next(pod for pod in scene.pods() if pod["metadata"]["name"] != old)
    assert scene.store.get(PODS, old, "default")["metadata"]["deletionGracePeriodSeconds"] == 30
    scene.turn_until(lambda: len(scene.pods()) == 1 and scene.serving() == node, 10)
    assert scene.pod()["metadata"]["uid"] == new["metadata"]["uid"]
    assert not [name for _, name, _ in scene.story if name.startswith("VolumeAttachment")]
    assert scene.cloud.calls == [("attach", scene.node(node)["spec"]["providerID"].rpartition("/")[2], VOLUME)]
    assert scene.now_s <= 3


@pytest.mark.parametrize("seed", range(1, 6))
def test_a_pod_deleted_on_a_cordoned_node_moves_when_the_kubelet_reported_the_unmount(seed: int) -> None:
    scene = Scene(seed=seed)
    home = scene.pod()["spec"]["nodeName"]
    scene.cordon(home)
    old, _ = delete(scene)
    back = scene.turn_until(lambda: scene.serving() not in (home, "refused"), 40)
    new, there = scene.pod()["metadata"]["name"], scene.pod()["spec"]["nodeName"]
    unmounted, reported = scene.when(f"Node/{home}", "in_use=0"), scene.when(f"Node/{there}", "in_use=1")
    attached = scene.when(f"Event/{new}", "SuccessfulAttachVolume")
    assert scene.when(f"Event/{new}", "Multi-Attach error") == pytest.approx(0.1)
    assert scene.events("FailedAttachVolume") == [
        f'Multi-Attach error for volume "{volume_name(scene)}" Volume is already used by pod(s) {old}'
    ]
    assert scene.when(f"Pod/{old}", "phase=Succeeded") <= 1
    assert unmounted <= 10.5
    assert attached - unmounted == pytest.approx(3.4, abs=1)  # recorded: 1.114 -> 4.519 s
    assert back <= max(attached, reported) + 1.5
    assert scene.attachments() == [(there, True, False)]


def test_a_container_that_ignores_sigterm_burns_its_whole_grace_and_ends_as_failed() -> None:
    scene = Scene()
    home = scene.pod()["spec"]["nodeName"]
    scene.cordon(home)
    scene.containers.deaf = True
    old, _ = delete(scene)
    scene.turn_until(lambda: not [pod for pod in scene.pods() if pod["metadata"]["name"] == old], 40)
    assert scene.when(f"Pod/{old}", "DELETED") == pytest.approx(30, abs=0.6)
    assert scene.when(f"Pod/{old}", "phase=Failed") == scene.when(f"Pod/{old}", "DELETED")


def test_a_force_deleted_pod_is_gone_at_once_and_the_new_one_hears_exclusively_attached() -> None:
    scene = Scene()
    home = scene.pod()["spec"]["nodeName"]
    uid = scene.pod()["metadata"]["uid"]
    scene.cordon(home)
    scene.containers.deaf = True
    old, _ = delete(scene, grace_s=0)
    assert old not in [pod["metadata"]["name"] for pod in scene.pods()]
    scene.world.turn(2)
    assert not scene.containers.is_running(uid)  # the kubelet kills it after a second
    assert scene.events("FailedAttachVolume") == [
        f'Multi-Attach error for volume "{volume_name(scene)}" '
        "Volume is already exclusively attached to one node and can't be attached to another"
    ]
    scene.turn_until(lambda: scene.serving() not in (home, "refused"), 40)
    assert scene.attachments() == [(scene.pod()["spec"]["nodeName"], True, False)]


def test_a_drain_moves_the_pod_and_leaves_the_node_empty() -> None:
    scene = Scene()
    home, pod = scene.pod()["spec"]["nodeName"], scene.pod()
    scene.mark()

    def evict() -> None:
        def disrupt(new: dict[str, object]) -> None:
            now = scene.world.stamp()
            conditions.put(new, "DisruptionTarget", "True", now, reason="EvictionByEvictionAPI", message="Eviction API: evicting")

        scene.store.change(PODS, pod["metadata"]["name"], "default", disrupt)
        scene.store.delete(PODS, pod["metadata"]["name"], "default")

    scene.cordon(home)
    scene.act(evict)
    back = scene.turn_until(lambda: scene.serving() not in (home, "refused"), 40)
    assert 4 <= back <= 22
    assert scene.taints(home) == ["node.kubernetes.io/unschedulable=:NoSchedule"]
    assert scene.attachments() == [(scene.pod()["spec"]["nodeName"], True, False)]
    scene.cordon(home, False)
    assert scene.taints(home) == []


def test_a_container_that_keeps_ending_is_started_again_after_growing_pauses() -> None:
    scene = Scene()
    uid = scene.pod()["metadata"]["uid"]
    scene.mark()
    for _ in range(3):
        scene.act(lambda: scene.containers.kill(uid))
        scene.turn_until(lambda: scene.containers.is_running(uid), 60)
    scene.world.turn(3)
    started = [at for at, name, text in scene.story if name.startswith("Event/test-cinder") and text == "Started: Container started"]
    pauses = [later - earlier for earlier, later in itertools.pairwise(started)]
    assert scene.pod()["status"]["containerStatuses"][0]["restartCount"] == 3
    assert pauses == [pytest.approx(11, abs=1.2), pytest.approx(21, abs=1.2)]
    assert scene.events("BackOff") == [
        f"Back-off restarting failed container test-cinder in pod {scene.pod()['metadata']['name']}_default({uid})"
    ]


def test_a_probe_that_fails_three_times_takes_the_pod_out_of_its_service() -> None:
    scene = Scene()
    home = scene.pod()["spec"]["nodeName"]
    scene.mark()
    scene.containers.ready_s = 1e9
    lost = scene.turn_until(lambda: scene.serving() == "refused", 10)
    scene.containers.ready_s = 0
    scene.turn_until(lambda: scene.serving() == home, 10)
    assert 2 <= lost <= 3.25
    assert scene.events("Unhealthy")[-1].startswith('Readiness probe failed: Get "http://10.244.')
