"""A volume that hangs on a server that Kubernetes forgot: when it is found, what is told, and when the repair is safe."""

from dataclasses import replace

import pytest

from chaoscinder.checks.stuck import find, refusal
from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.stuck import Scene, Stuck
from chaoscinder.model.workload import Node, Pod, Server

# The ids of the note "Testing Node Failure with Cinder".
VOLUME = "4e41d530-cb5f-49a9-9c6f-a591abdb6f11"
OLD = "9454752c-f0e2-4447-9b7f-16434c49f7ac"
NEW = "17c12a07-885c-48aa-8266-9ee0aaeb0192"
OTHER = "e3f30380-0d6c-4aee-b7c5-ef0ebca0ab33"
SAID = f'AttachVolume.Attach failed for volume "pvc-12ff0316" : disk {VOLUME} is attached to a different instance ({OLD})'
REPAIR = f"openstack server remove volume {OLD} {VOLUME}"
OFF = Server(OLD, "node-4-nude", "SHUTOFF", 4, None, "stopped")
ON = replace(OFF, status="ACTIVE", power_state=1, vm_state="active")
BACK = Node("node-4-nude", "True", True, (), OLD)


def pod(name: str = "test-cinder-9vdsj", node: str | None = "node-3-nude", *, ready: bool = False, deleting: bool = False) -> Pod:
    """A pod of the workload."""
    return Pod("default", name, f"uid-{name}", node, "Pending", ready, deleting, ("data",))


STUCK = Scene(
    volume_id=VOLUME,
    attachments=(Attachment(View.NOVA, VOLUME, OLD, "attached"), Attachment(View.CINDER, VOLUME, OLD, "attached")),
    pods=(pod(),),
    nodes=(Node("node-3-nude", "True", True, (), NEW),),
    messages=(SAID,),
    holder=OFF,
    in_use=None,
)


def found(scene: Scene) -> Stuck:
    """What is stuck in a scene in which something is."""
    row = find(scene)
    assert row is not None
    return row


def test_the_note_is_told_with_volume_server_and_repair() -> None:
    off = "Nova says that the server is SHUTOFF and powered off, so nothing writes through it; do not start it in between"
    assert found(STUCK).lines == (
        f"Volume {VOLUME} hangs on server node-4-nude ({OLD}); pod test-cinder-9vdsj on node-3-nude waits for it.",
        f"An event says so: {SAID}",
        f"The views: KUBERNETES: nothing; NOVA: attached to {OLD}; CINDER: attached to {OLD}.",
        f"To free it: {REPAIR} (safe: {off})",
    )


@pytest.mark.parametrize(
    "scene",
    [
        replace(STUCK, pods=(pod(ready=True),)),
        replace(STUCK, pods=(pod(), pod("another", ready=True))),
        replace(STUCK, pods=(pod(deleting=True),)),
        replace(STUCK, pods=(pod(node=None),)),
        replace(STUCK, pods=()),
        replace(STUCK, nodes=(Node("node-3-nude", "True", True, (), OLD),)),
        replace(STUCK, attachments=STUCK.attachments[:1]),
        replace(STUCK, attachments=STUCK.attachments[1:]),
        replace(STUCK, attachments=(STUCK.attachments[0], Attachment(View.CINDER, VOLUME, NEW, "attached"))),
        replace(STUCK, attachments=(*STUCK.attachments, Attachment(View.KUBERNETES, VOLUME, OLD, "attached"))),
        replace(STUCK, attachments=(*STUCK.attachments, Attachment(View.KUBERNETES, VOLUME, OLD, "detaching"))),
        replace(STUCK, attachments=()),
        replace(STUCK, attachments=(*STUCK.attachments, *(replace(row, server_id=NEW) for row in STUCK.attachments))),
        replace(STUCK, attachments=(STUCK.attachments[0], Attachment(View.CINDER, VOLUME, OTHER, "attached"))),
    ],
    ids=[
        "ready", "another is ready", "going", "not scheduled", "no pod", "it is where the pod is", "Cinder has none", "Nova has none",
        "they disagree", "Kubernetes holds it there", "Kubernetes is detaching it",
        "nobody has it", "two servers have it", "they disagree on another",
    ],
)  # fmt: skip
def test_an_ordinary_move_is_not_called_stuck(scene: Scene) -> None:
    assert find(scene) is None


def test_a_claim_of_kubernetes_on_the_new_node_does_not_make_it_less_stuck() -> None:
    assert find(replace(STUCK, attachments=(*STUCK.attachments, Attachment(View.KUBERNETES, VOLUME, NEW, "attaching")))) is not None


def test_without_an_event_it_is_found_by_the_views_alone() -> None:
    silent = found(replace(STUCK, messages=()))
    assert (silent.event, silent.repair, silent.safe) == ("", REPAIR, True)


def test_an_event_that_names_another_server_keeps_the_repair_back() -> None:
    other = found(replace(STUCK, messages=(SAID.replace(OLD, OTHER),)))
    why = f"the event names server {OTHER}, Nova and Cinder name {OLD}: nothing is told until they agree"
    assert (other.repair, other.safe, other.lines[-1]) == ("", False, why)


def test_an_event_about_another_volume_is_not_taken_for_this_one() -> None:
    for other in (OTHER, NEW):
        assert refusal((SAID.replace(VOLUME, other),), VOLUME) is None


def test_nodes_of_other_names_and_claims_on_other_servers_change_nothing() -> None:
    """Ids that lie before and after those that matter; the volume was wanted by other nodes, too."""
    nodes = (Node("node-1", "True", True, (), OLD), Node("node-9", "True", True, (), OLD), *STUCK.nodes)
    claims = (Attachment(View.KUBERNETES, VOLUME, OTHER, "attached"), Attachment(View.KUBERNETES, VOLUME, NEW, "attaching"))
    crowd = replace(STUCK, nodes=nodes, attachments=(*STUCK.attachments, *claims))
    assert (found(crowd).server_id, found(crowd).safe) == (OLD, True)
    assert find(replace(STUCK, nodes=(Node("node-3-nude", "True", True, (), OTHER),))) is not None
    assert find(replace(STUCK, nodes=())) is not None  # nobody knows the server of the node on which the pod waits


@pytest.mark.parametrize(
    "message",
    [
        f"AttachVolume.Attach failed for volume \"pvc-1\" : disk {VOLUME} path /dev/vdb is attached to a different instance ({OLD})",
        f"rpc error: code = Internal desc = Invalid volume: volume {VOLUME} is already attached to instances: {OLD}",
    ],
)  # fmt: skip
def test_the_words_of_later_versions_are_understood(message: str) -> None:
    said = refusal(("something else", message), VOLUME)
    assert said is not None
    assert (said.volume_id, said.server_id) == (VOLUME, OLD)


@pytest.mark.parametrize(
    ("holder", "nodes", "pods", "in_use", "safe", "why"),
    [
        (None, (), (), None, False, "the server does not exist"),
        (replace(OFF, task_state="powering-on"), (), (), None, False, "Nova is at work on the server (powering-on)"),
        (replace(OFF, status="ERROR"), (), (), None, False, "the server is ERROR, in which Nova lets no volume go"),
        (replace(OFF, power_state=1), (BACK,), (), (), True, "the kubelet of node-4-nude is Ready"),
        (ON, (), (), None, False, "the server is ACTIVE and no node of the cluster"),
        (ON, (replace(BACK, ready="Unknown"),), (), (), False, "the server is ACTIVE and its node node-4-nude is Ready=Unknown"),
        (ON, (BACK,), (pod("old", "node-4-nude", deleting=True),), (), False, "the server is ACTIVE and old is still on its node"),
        (ON, (BACK,), (), (VOLUME,), False, "the server is ACTIVE and the kubelet of node-4-nude says that it uses the volume"),
        (ON, (BACK,), (), (OTHER,), True, "the kubelet of node-4-nude is Ready and does not use the volume"),
        (ON, (BACK,), (), None, False, "the server is ACTIVE and no node of the cluster"),
        (replace(ON, power_state=4), (), (), None, False, "the server is ACTIVE and no node of the cluster"),
        (replace(ON, status="SUSPENDED", power_state=4), (), (), None, False, "the server is SUSPENDED, in which Nova lets no volume go"),
        (replace(OFF, power_state=7), (), (), None, False, "the server is SHUTOFF and no node of the cluster"),
        (ON, (BACK,), (pod("far", "node-5-nude", deleting=True),), (), True, "the kubelet of node-4-nude is Ready"),
        (ON, (replace(BACK, name="node-0", server_id=OTHER, ready="False"), BACK), (), (), True, "the kubelet of node-4-nude is Ready"),
    ],
)
def test_the_repair_is_safe_only_when_nobody_can_be_writing(
    holder: Server | None, nodes: tuple[Node, ...], pods: tuple[Pod, ...], in_use: tuple[str, ...] | None, safe: bool, why: str
) -> None:
    told = found(replace(STUCK, holder=holder, nodes=(*STUCK.nodes, *nodes), pods=(*STUCK.pods, *pods), in_use=in_use))
    assert (told.safe, told.why[: len(why)]) == (safe, why)
    assert told.repair == REPAIR
