"""Which guards an act is asked by, what it would touch, and what ends with it."""

from dataclasses import replace
from typing import Any

import pytest

from chaoscinder.checks import safety
from chaoscinder.checks.acts import of_experiment
from chaoscinder.model.act import CORDONS, POWER, Act, named
from chaoscinder.model.leftover import LeftOver
from chaoscinder.model.preflight import Preflight, Snapshot, Weight
from tests.checks.test_safety import CALM, NOW, TARGET, place, pod

SERVER = "Server worker-1 (server-1): metadata chaoscinder_run, chaoscinder_undo, chaoscinder_expires"
LEASE = "Lease shop/chaoscinder: made, renewed, deleted"
MARKS = "annotations chaoscinder/run, chaoscinder/undo, chaoscinder/expires; cordoned, then uncordoned"
RICH = replace(CALM, residents=(*CALM.residents, pod("bare", "", "worker-1")))


def judged(*acts: Act, snapshot: Snapshot = CALM) -> Preflight:
    """What is found before these acts."""
    return safety.judge(replace(snapshot, acts=acts))


def loud(found: Preflight) -> list[tuple[str, str]]:
    """What blocks or warns, by guard and weight."""
    return [(row.guard, row.weight.value) for row in found.findings if row.weight is not Weight.INFORMS]


def experiment(*functions: str) -> dict[str, Any]:
    """An experiment whose method has these actions of ours."""
    rows = [{"type": "action", "name": name, "provider": {"module": "chaoscinder.actions.any", "func": name}} for name in functions]
    return {"method": [*rows, {"provider": {"module": "chaosk8s.pod.actions", "func": "delete_pods"}}]}


def test_the_acts_of_an_experiment_are_those_of_its_method_in_order() -> None:
    assert of_experiment(experiment("cordon_node", "delete_pod", "delete_pod")) == (Act.CORDON_NODE, Act.DELETE_POD)


def test_a_method_without_an_act_is_judged_like_the_gravest() -> None:
    assert [of_experiment(row) for row in ({}, experiment(), experiment("start_server"))] == [(Act.STOP_SERVER,)] * 3


@pytest.mark.parametrize("act", list(Act))
def test_every_act_has_an_action_of_its_name(act: Act) -> None:
    from chaoscinder.actions import node, pod, server

    doors = {name: named(name) for module in (node, pod, server) for name in module.__all__}
    assert act in doors.values()


@pytest.mark.parametrize(
    ("acts", "touches", "dies"),
    [
        ((Act.STOP_SERVER,), (f"{SERVER}; stopped, then started", LEASE), ("shop/db-77-abcde", "shop/bare")),
        ((Act.SHUT_DOWN_SERVER,), (f"{SERVER}; shut down from inside, then started", LEASE), ("shop/db-77-abcde", "shop/bare")),
        (
            (Act.CORDON_NODE, Act.DELETE_POD),
            (f"Node worker-1: {MARKS}", "Pod shop/db-77-abcde (uid-1): deleted, then replaced by its Deployment", LEASE),
            ("shop/db-77-abcde",),
        ),
        ((Act.CORDON_OTHER_NODES,), (f"Nodes worker-2, worker-3: {MARKS}", LEASE), ()),
    ],
)
def test_an_act_tells_what_it_would_touch_and_what_ends_with_it(
    acts: tuple[Act, ...], touches: tuple[str, ...], dies: tuple[str, ...]
) -> None:
    found = judged(*acts, snapshot=RICH)
    assert (found.touches, found.dies) == (touches, dies)


def test_who_else_is_on_the_server_matters_only_when_the_server_goes() -> None:
    assert {act: loud(judged(act, snapshot=RICH)) for act in (Act.STOP_SERVER, Act.DELETE_POD)} == {
        Act.STOP_SERVER: [("losses", "blocks")],
        Act.DELETE_POD: [],
    }


def test_nothing_is_cordoned_where_the_pod_could_go_nowhere_else() -> None:
    alone = replace(CALM, places=(place("worker-1"), place("worker-2", schedulable=False)))
    assert loud(judged(Act.CORDON_NODE, snapshot=alone)) == [("placement", "blocks")]
    assert loud(judged(Act.DELETE_POD, snapshot=alone)) == []


@pytest.mark.parametrize("act", sorted(CORDONS))
def test_a_node_that_somebody_else_cordoned_is_left_alone(act: Act) -> None:
    cordoned = replace(CALM, places=(place("worker-1", schedulable=False), place("worker-2"), place("worker-3")))
    assert ("cordon", "blocks") in loud(judged(act, snapshot=cordoned))
    mine = replace(cordoned.places[0].node, marks=(("chaoscinder/run", "run-1"),))
    ours = replace(cordoned, run_id="run-1", places=(replace(cordoned.places[0], node=mine), *cordoned.places[1:]))
    assert ("cordon", "blocks") not in loud(judged(act, snapshot=ours))


def test_other_nodes_that_take_nothing_meanwhile_are_warned_of_by_name() -> None:
    (row,) = [row for row in judged(Act.CORDON_OTHER_NODES).findings if row.weight is Weight.WARNS]
    assert (row.guard, row.about, row.says) == ("cordon", "2 other nodes", "take nothing new while the pod is away: worker-2, worker-3")


def test_a_host_that_says_over_ssh_that_it_is_another_server_blocks() -> None:
    wrong = judged(Act.SHUT_DOWN_SERVER, snapshot=replace(CALM, instance_id="server-9"))
    assert [(row.guard, row.says) for row in wrong.blocking] == [("ssh", "says over ssh that it is server server-9 (wanted server-1)")]
    silent = judged(Act.SHUT_DOWN_SERVER, snapshot=replace(CALM, unknown={"instance_id": "no answer"}))
    assert [(row.guard, row.about, row.says) for row in silent.blocking] == [("ssh", "instance_id cannot be known", "no answer")]
    assert not judged(Act.SHUT_DOWN_SERVER, snapshot=replace(CALM, instance_id=TARGET.server_id)).blocking
    assert {Act.STOP_SERVER, Act.SHUT_DOWN_SERVER} == POWER


def test_a_cordon_that_an_earlier_run_left_blocks_every_act() -> None:
    left = replace(CALM, left_overs=(LeftOver("worker-9", "worker-9", "cordoned", "abcdef0123", "uncordon", NOW, "node"),))
    for act in Act:
        found = judged(act, snapshot=replace(left, instance_id=TARGET.server_id))
        assert [(row.about, row.says) for row in found.blocking] == [
            ("node worker-9", "cordoned, left by run abcdef01 (undo uncordon: chaoscinder recover abcdef01)")
        ]
