"""The stand-in for an operator: when it calls a node out of service, and when it keeps its hands off."""

from chaoscinder.sandbox.kubernetes.controllers import taints
from chaoscinder.sandbox.kubernetes.resources import NODES
from tests.sandbox.fakes import SERVERS, Scene


def is_out_of_service(scene: Scene, node: str) -> bool:
    return taints.has(scene.node(node), taints.OUT_OF_SERVICE)


def test_a_short_stop_is_never_called_out_of_service() -> None:
    scene = Scene(remediation="out-of-service")
    scene.mark()
    scene.power("node-3", "SHUTOFF")
    scene.turn_until(lambda: "node.kubernetes.io/unreachable=:NoSchedule" in scene.taints("node-3"), 60)
    scene.world.turn(8)
    scene.power("node-3", "ACTIVE")
    scene.world.turn(40)
    assert not [text for _, name, text in scene.story if name == "Node/node-3" and "out-of-service" in text]


def test_a_lost_node_whose_server_runs_is_left_alone() -> None:
    scene = Scene(remediation="out-of-service")
    scene.power("node-3", "CRASHED")
    scene.cloud.servers[SERVERS["node-3"]] = "ACTIVE"
    scene.world.turn(300)
    assert not is_out_of_service(scene, "node-3")


def test_a_taint_that_somebody_else_set_stays() -> None:
    scene = Scene(remediation="out-of-service")
    taint = {"key": taints.OUT_OF_SERVICE, "value": "mine", "effect": "NoExecute"}
    scene.act(lambda: scene.store.change(NODES, "node-3", "", lambda new: new["spec"].update(taints=[taint])))
    scene.world.turn(60)
    assert is_out_of_service(scene, "node-3")
