"""Each fault as it is seen from outside: in Kubernetes, Nova, Cinder and the application, over HTTP; and its healing."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import requests

from chaoscinder.sandbox import profiles
from chaoscinder.sandbox.kubernetes.resources import PODS
from tests.sandbox.fakes import Scene
from tests.sandbox.ledgers import Ledgers, lent

GRACE_S = profiles.load().node_grace_s


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledgers]:
    with lent(tmp_path_factory.mktemp("sandbox"), remediation="none") as made:
        yield made


@pytest.fixture
def seen(shared: Ledgers) -> Iterator[Ledgers]:
    """A world that is well; what a test broke is healed afterwards, and must be well again."""
    yield shared
    shared.log_in()
    shared.control.heal()
    shared.until(shared.well)


def test_a_guest_that_shuts_down_refuses_then_falls_silent_and_nova_learns_of_it_later(seen: Ledgers) -> None:
    node = seen.node()
    assert seen.control.inject("guest-shutdown", node) == f"the guest of {node} shuts down"
    wait_until(lambda: seen.app() == "refused")
    assert (seen.nova(node), seen.ready(node), seen.cinder()) == (("ACTIVE", 1), "True", ("in-use", [node]))
    seen.turn(5)
    assert (seen.app(), seen.nova(node), seen.ready(node)) == ("timeout", ("ACTIVE", 1), "True")
    seen.turn(15)
    assert (seen.nova(node), seen.ready(node)) == (("SHUTOFF", 4), "True")
    seen.turn(GRACE_S)
    assert (seen.ready(node), seen.cinder(), seen.attachments()) == ("Unknown", ("in-use", [node]), [(node, True, False)])
    assert seen.control.heal("guest-shutdown", node) == f"the server of {node} runs again"
    seen.until(seen.well)
    assert seen.nova(node) == ("ACTIVE", 1)


def wait_until(true: Any, limit_s: float = 20.0) -> None:
    """Wait in wall time, for what a process does."""
    end = time.monotonic() + limit_s
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_guest_that_crashed_is_active_for_nova_for_ever(seen: Ledgers) -> None:
    node = seen.node()
    assert seen.control.inject("guest-crash", node) == f"the kernel of {node} hangs"
    assert (seen.app(), seen.nova(node), seen.ready(node)) == ("timeout", ("ACTIVE", 1), "True")
    seen.turn(GRACE_S + 15)
    assert seen.ready(node) == "Unknown"
    seen.turn(700)  # past Nova's power sync
    assert (seen.nova(node), seen.cinder()) == (("ACTIVE", 1), ("in-use", [node]))


def test_a_stopped_server_is_shutoff_at_once(seen: Ledgers) -> None:
    node = seen.node()
    assert seen.control.inject("server-stop", node) == f"Nova stops the server of {node}"
    assert seen.server(node)["OS-EXT-STS:task_state"] == "powering-off"
    seen.turn(1)
    assert (seen.app(), seen.nova(node), seen.ready(node)) == ("timeout", ("SHUTOFF", 4), "True")
    with pytest.raises(AssertionError, match=r"Cannot 'stop' instance .* while it is in vm_state stopped"):
        seen.control.inject("server-stop", node)


def test_a_paused_server_goes_on_where_it_was(seen: Ledgers) -> None:
    node, process, boots, restarts = seen.node(), seen.process(), seen.times("Rebooted", seen.node()), restart_count(seen)
    seen.control.inject("server-pause", node)
    seen.turn(1)
    assert (seen.app(), seen.nova(node), seen.ready(node)) == ("timeout", ("PAUSED", 3), "True")
    seen.turn(10)
    assert seen.control.heal("server-pause") == f"the server of {node} runs again"
    seen.turn(1)
    assert (seen.app(5), seen.nova(node), seen.process()) == ("answers", ("ACTIVE", 1), process)
    assert (seen.times("Rebooted", node), restart_count(seen)) == (boots, restarts)


def restart_count(seen: Ledgers) -> int:
    return int(seen.pod()["status"]["containerStatuses"][0]["restartCount"])


def test_a_server_that_was_paused_for_long_is_lost_to_kubernetes_and_comes_back_without_a_boot(seen: Ledgers) -> None:
    node, process = seen.node(), seen.process()
    seen.control.inject("server-pause", node)
    seen.turn(GRACE_S + 15)
    assert (seen.ready(node), seen.app()) == ("Unknown", "refused")  # its endpoint is gone
    seen.control.heal("server-pause")
    seen.until(seen.well)
    assert seen.process() == process


def test_a_paused_server_that_is_rebooted_boots(seen: Ledgers) -> None:
    node, process = seen.node(), seen.process()
    seen.control.inject("server-pause", node)
    seen.turn(1)
    body = {"reboot": {"type": "HARD"}}
    assert seen.cloud(f"/compute/v2.1/servers/{seen.server(node)['id']}/action", "POST", body).status_code == 202
    seen.until(lambda: seen.process() not in (None, process) and seen.well())
    assert (node, seen.nova(node)) == (seen.node(), ("ACTIVE", 1))


def test_a_lost_host_leaves_its_servers_active_and_its_volumes_cannot_be_detached(seen: Ledgers) -> None:
    node = seen.node()
    said = seen.control.inject("host-crash", node)
    assert said.startswith("compute host compute-")
    assert (seen.app(), seen.nova(node)) == ("timeout", ("ACTIVE", 1))
    seen.turn(75)
    server, volume = seen.server(node)["id"], seen.volume()["id"]
    refusal = seen.cloud(f"/compute/v2.1/servers/{server}/os-volume_attachments/{volume}", "DELETE")
    assert (refusal.status_code, refusal.json()) == (
        409,
        {"conflictingRequest": {"code": 409, "message": "Service is unavailable at this time."}},
    )
    assert (seen.ready(node), seen.nova(node), seen.cinder()) == ("Unknown", ("ACTIVE", 1), ("in-use", [node]))
    seen.log_in("admin")
    services = seen.cloud("/compute/v2.1/os-services").json()["services"]
    assert {row["host"]: row["state"] for row in services if row["binary"] == "nova-compute"}[said.split()[2]] == "down"


@pytest.mark.parametrize(
    ("fault", "says", "starts"),
    [
        ("api-cut", "{} does not reach the API server", 0),
        ("kubelet-stop", "the kubelet of {} is stopped", 1),
    ],
)
def test_a_node_that_kubernetes_cannot_see_serves_on_and_nova_sees_nothing(seen: Ledgers, fault: str, says: str, starts: int) -> None:
    node, process = seen.node(), seen.process()
    before = seen.times("Starting", node)
    assert seen.control.inject(fault, node) == says.format(node)
    seen.turn(30)
    assert (seen.ready(node), seen.app()) == ("True", "answers")
    seen.turn(GRACE_S)
    assert (seen.ready(node), seen.nova(node), seen.cinder()) == ("Unknown", ("ACTIVE", 1), ("in-use", [node]))
    assert (seen.app(), seen.process()) == ("refused", process)  # nobody leads to it, and it runs on
    assert seen.control.ask("GET", "faults")["active"] == [{"fault": f"{fault} {node}", "for_s": 30 + GRACE_S}]
    seen.control.heal(fault, node)
    assert seen.ready(node) == "True"
    seen.until(seen.well)
    assert (seen.process(), seen.times("Starting", node)) == (process, before + starts)


def test_a_node_that_boots_while_it_is_cut_off_is_not_seen_until_it_is_connected(seen: Ledgers) -> None:
    node = seen.node()
    seen.control.inject("api-cut", node)
    seen.control.inject("server-stop", node)
    seen.turn(1)
    seen.control.heal("server-stop")
    seen.turn(GRACE_S + 15)
    assert (seen.nova(node), seen.ready(node)) == (("ACTIVE", 1), "Unknown")
    seen.control.heal("api-cut")
    seen.turn(1)
    assert seen.ready(node) == "True"


def test_a_guest_that_does_not_let_go_keeps_its_volume_for_160_seconds_and_then_for_good(seen: Ledgers) -> None:
    node = seen.node()
    seen.control.inject("detach-fails", node)
    server, volume = seen.server(node)["id"], seen.volume()["id"]
    path = f"/compute/v2.1/servers/{server}"
    assert seen.cloud(f"{path}/os-volume_attachments/{volume}", "DELETE").status_code == 202
    seen.turn(159)
    assert seen.cinder() == ("detaching", [node])
    seen.turn(2)
    assert seen.cinder() == ("in-use", [node])
    newest = seen.cloud(f"{path}/os-instance-actions").json()["instanceActions"][0]
    assert (newest["action"], newest["message"]) == ("detach_volume", "Error")
    assert seen.app() == "answers"


def test_kubernetes_says_why_a_volume_does_not_come_off_and_it_comes_off_when_the_guest_is_mended(seen: Ledgers) -> None:
    node = seen.node()
    seen.control.inject("detach-fails", node)
    move(seen, node)
    seen.until(lambda: "detachError" in str(statuses(seen)), step_s=5)
    text = f'rpc error: code = Internal desc = ControllerUnpublishVolume failed with error volume "{seen.volume()["id"]}" '
    assert statuses(seen)[node]["detachError"]["message"] == text + "failed to detach within the allotted time"
    seen.control.heal("detach-fails")
    seen.until(lambda: seen.cinder()[1] not in ([], [node]) and seen.well(), step_s=5)
    cordon(seen, node, False)


def move(seen: Ledgers, node: str) -> None:
    """Let the application leave its node: cordon it and delete the pod."""
    cordon(seen, node, True)
    seen.kubernetes(f"/api/v1/namespaces/default/pods/{seen.pod()['metadata']['name']}", "DELETE")


def cordon(seen: Ledgers, node: str, unschedulable: bool) -> None:
    seen.kubernetes(f"/api/v1/nodes/{node}", "PATCH", {"spec": {"unschedulable": unschedulable or None}})


def statuses(seen: Ledgers) -> dict[str, Any]:
    """Node to status of each VolumeAttachment."""
    rows = seen.kubernetes("/apis/storage.k8s.io/v1/volumeattachments")["items"]
    return {row["spec"]["nodeName"]: row["status"] for row in rows}


def test_expired_tokens_are_refused_and_a_new_login_works(seen: Ledgers) -> None:
    assert seen.cloud("/compute/v2.1/servers").status_code == 200
    assert seen.control.inject("token-expiry").endswith("tokens are worth nothing from now on")
    assert [seen.cloud(path).status_code for path in ("/compute/v2.1/servers", f"/volume/v3/{'0' * 32}/volumes")] == [401, 401]
    seen.log_in()
    assert seen.cloud("/compute/v2.1/servers").status_code == 200


def test_an_attach_detach_controller_that_restarts_begins_its_six_minutes_again(seen: Ledgers) -> None:
    node = seen.node()
    seen.control.inject("server-stop", node)
    seen.until(lambda: seen.ready(node) == "Unknown")
    seen.kubernetes(f"/api/v1/namespaces/default/pods/{seen.pod()['metadata']['name']}?gracePeriodSeconds=0", "DELETE")
    seen.turn(300)
    assert seen.control.inject("controller-restart", "attach-detach") == "attach-detach has ended and is taken over in 16 s"
    seen.turn(370)
    assert ((node, True, False) in seen.attachments(), seen.cinder()) == (True, ("in-use", [node]))
    seen.turn(20)
    assert (node not in [row[0] for row in seen.attachments()], seen.cinder()[1] == [node]) == (True, False)


def test_an_attach_detach_controller_that_restarts_in_the_middle_of_a_detach_carries_it_to_its_end(seen: Ledgers) -> None:
    node = seen.node()
    seen.control.inject("detach-fails", node, "20")
    move(seen, node)
    seen.until(lambda: seen.cinder()[0] == "detaching")
    seen.control.heal("detach-fails")
    seen.control.inject("controller-restart", "attach-detach")
    seen.until(lambda: seen.cinder()[1] not in ([], [node]) and seen.well())
    cordon(seen, node, False)
    assert [row for row in seen.attachments() if row[2]] == []


def test_a_csi_attacher_that_restarts_forgets_how_long_it_wanted_to_wait() -> None:
    def tries(restart: bool) -> list[float]:
        """When the second half of an attaching's tries were made, in a world in which all are refused."""
        scene = Scene()
        scene.cloud.refuses = True
        node = scene.pod()["spec"]["nodeName"]
        scene.act(lambda: scene.store.delete(PODS, scene.pod()["metadata"]["name"], "default", grace_s=0))
        scene.cordon(node)
        scene.world.turn(200)
        before = len(scene.cloud.calls)
        if restart:
            scene.act(scene.manager.attacher.stop)
            scene.world.turn(1)
            scene.act(scene.manager.attacher.start)
        else:
            scene.world.turn(1)
        scene.world.turn(10)
        return [float(len(scene.cloud.calls) - before)]

    assert tries(restart=False)[0] < tries(restart=True)[0]


def test_a_csi_controller_on_the_lost_node_keeps_every_volume_where_it_is_until_it_is_elsewhere(seen: Ledgers) -> None:
    node = seen.node()
    victim = next(name for name in ("worker-1", "worker-2", "worker-3") if name != node)
    assert seen.control.inject("csi-controller", victim) == f"the CSI controller runs on {victim}"
    seen.until(lambda: controllers(seen) == [(victim, "True")])
    seen.control.inject("server-stop", victim)
    seen.turn(5)
    move(seen, node)
    seen.turn(60)
    assert (seen.attachments(), seen.cinder(), seen.app()) == ([(node, True, True)], ("in-use", [node]), "refused")
    away_s = 65 + seen.until(lambda: seen.app() == "answers", step_s=5)
    assert GRACE_S + 300 <= away_s <= GRACE_S + 300 + 60  # not seen, evicted, started elsewhere, detached, attached, started
    assert [row for row in controllers(seen) if row[1] == "True"] != [(victim, "True")]
    assert seen.cinder()[1] != [node]
    cordon(seen, node, False)


def controllers(seen: Ledgers) -> list[tuple[str, str]]:
    """Node and readiness of each pod of the CSI controller."""
    rows = seen.kubernetes("/api/v1/namespaces/kube-system/pods?labelSelector=app%3Dcsi-cinder-controllerplugin")["items"]
    ready = [next((c["status"] for c in row["status"].get("conditions", []) if c["type"] == "Ready"), "False") for row in rows]
    return [(row["spec"].get("nodeName", ""), word) for row, word in zip(rows, ready, strict=True)]


def test_an_api_error_that_was_asked_for_by_name_is_healed_by_name(seen: Ledgers) -> None:
    words = "status 503 before it is carried out: nova GET (from number 1 on)"
    assert seen.control.inject("api-error", "nova", "503", "method=GET").partition(": ")[2] == words
    assert seen.cloud("/compute/v2.1/servers").status_code == 503
    assert seen.cloud(f"/volume/v3/{seen.sandbox.openstack.project.id}/volumes").status_code == 200
    assert seen.control.heal("api-error", "nova") == "nova answers as it should"
    assert seen.cloud("/compute/v2.1/servers").status_code == 200


BAD = [
    (("controller-restart", "scheduler"), "there is no controller 'scheduler' to restart (wanted one of attach-detach, csi-attacher)"),
    (("api-error", "swift", "503"), "there is no service 'swift' (wanted one of kubernetes, keystone, nova, cinder)"),
    (("api-error", "nova", "503", "service=cinder"), "'service=cinder' is no further word of a rule (wanted KEY=VALUE)"),
    (("api-error", "nova", "rain"), "what is 'rain' (wanted one of status, reset, delay, hang)"),
    (("storage-slow", "worker-1", "0"), "SECONDS is 0 (wanted more than 0, or hang)"),
    (("detach-fails", "worker-1", "1", "2"), "detach-fails was given 3 arguments (wanted: detach-fails NODE [SECONDS])"),
    (("api-error", "nova"), "api-error was given 1 arguments (wanted: api-error SERVICE STATUS|reset|hang|delay=S [KEY=VALUE ...])"),
]


@pytest.mark.parametrize(("words", "line"), BAD)
def test_what_cannot_be_had_is_one_line_and_nothing_is_active(seen: Ledgers, words: tuple[str, ...], line: str) -> None:
    with pytest.raises(AssertionError) as refused:
        seen.control.inject(*words)
    assert json.loads(str(refused.value).splitlines()[0]) == {"message": f"the fault cannot be had: {line}"}
    assert seen.control.ask("GET", "faults")["active"] == []


def test_what_is_not_active_cannot_be_healed(seen: Ledgers) -> None:
    for name, line in (("api-cut", "api-cut is not active"), ("rain", "there is no fault 'rain' (wanted one of ")):
        with pytest.raises(AssertionError, match=line.replace("(", r"\(")):
            seen.control.heal(name)
    assert seen.control.heal() == "nothing is active"


def post(seen: Ledgers, name: str, limit_s: float = 20.0) -> float:
    """Write something into the application; how many wall seconds that took."""
    began = time.monotonic()
    requests.post(f"{seen.sandbox.app_url}users", json={"name": name, "mail": "m"}, timeout=limit_s).raise_for_status()
    return time.monotonic() - began


def test_slow_storage_makes_writes_slow_and_reads_not(tmp_path: Path) -> None:
    with lent(tmp_path, power_loss="unflushed") as seen:
        node, process = seen.node(), seen.process()
        quick_s = post(seen, "quick")
        assert seen.control.inject("storage-slow", node, "0.2") == f"each sync on {node} takes 0.2 s longer"
        slow_s = post(seen, "slow")
        assert (slow_s >= 5 * 0.2, slow_s > quick_s, seen.app(), seen.process()) == (True, True, "answers", process)  # five syncs
        seen.control.heal("storage-slow")
        assert post(seen, "quick again") < slow_s


def test_storage_that_hangs_keeps_a_write_until_it_is_mended_and_lets_a_process_die(tmp_path: Path) -> None:
    with lent(tmp_path) as seen:
        node, name = seen.node(), seen.pod()["metadata"]["name"]
        said = f"each sync on {node} hangs; {name} starts again, since a process can be followed from its start only"
        assert seen.control.inject("storage-slow", node, "hang") == said
        took: list[float] = []
        writing = threading.Thread(target=lambda: took.append(hang(seen)))
        seen.until(lambda: seen.process() is not None and seen.app() == "answers")
        writing.start()
        writing.join(0.7)
        assert (took, seen.app(10)) == ([], "errors")  # SQLite keeps readers out while a commit syncs
        seen.control.heal("storage-slow")
        writing.join(20)
        assert (len(took), took[0] >= 0.7) == (1, True)
        seen.control.inject("storage-slow", node, "hang")
        with suppress(requests.Timeout):
            post(seen, "never", 0.3)
        process = seen.process()
        seen.control.inject("process-kill", name)
        assert not Path(f"/proc/{process}").exists()


def hang(seen: Ledgers) -> float:
    return post(seen, "held", 30.0)
