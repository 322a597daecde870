"""Which nodes would take pod and volume: taints, selectors and attach slots as the scheduler reads them."""

from typing import Any

import pytest

from chaoscinder.checks.safety_placement import expression_holds, objection
from chaoscinder.model.preflight import Needs, Place
from chaoscinder.model.workload import Node

LABELS = {"zone": "az-1", "disk": "fast", "cores": "8"}


def place(
    *, ready: str = "True", schedulable: bool = True, taints: tuple[str, ...] = (), most: int | None = None, volumes: int = 0
) -> Place:
    """A node called worker-2."""
    return Place(Node("worker-2", ready, schedulable, taints, "server-2"), LABELS, most, volumes)


def expression(key: str, operator: str, *values: Any) -> dict[str, Any]:
    return {"key": key, "operator": operator, "values": list(values)}


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        (expression("zone", "In", "az-1", "az-2"), True),
        (expression("zone", "In", "az-2"), False),
        (expression("rack", "In", "az-1"), False),
        (expression("zone", "NotIn", "az-2"), True),
        (expression("zone", "NotIn", "az-1"), False),
        (expression("rack", "NotIn", "az-1"), True),
        ({"key": "zone", "operator": "Exists"}, True),
        ({"key": "rack", "operator": "Exists", "values": None}, False),
        ({"key": "zone", "operator": "DoesNotExist"}, False),
        ({"key": "rack", "operator": "DoesNotExist"}, True),
        (expression("cores", "Gt", "7"), True),
        (expression("cores", "Gt", "8"), False),
        (expression("cores", "Gt", "10"), False),  # numbers, not text
        (expression("cores", "Lt", "7"), False),
        (expression("cores", "Lt", "8"), False),
        (expression("cores", "Lt", 10), True),
        (expression("rack", "Gt", "0"), False),
        (expression("rack", "Lt", "9"), False),
    ],
)
def test_an_expression_is_read_as_kubernetes_reads_it(row: dict[str, Any], holds: bool) -> None:
    assert expression_holds(row, LABELS) is holds


def test_an_operator_that_nobody_knows_is_an_error_and_no_answer() -> None:
    with pytest.raises(ValueError, match="operator Roughly is not known"):
        expression_holds(expression("zone", "Roughly"), LABELS)


@pytest.mark.parametrize(
    ("taint", "toleration", "tolerated"),
    [
        ("a=b:NoSchedule", {"operator": "Exists"}, True),
        ("a=b:NoExecute", {"key": "", "operator": "Exists"}, True),
        ("a=b:NoSchedule", {"key": "a", "operator": "Exists"}, True),
        ("a=b:NoSchedule", {"key": "c", "operator": "Exists"}, False),
        ("a=b:NoSchedule", {"key": "a", "operator": "Exists", "effect": "NoSchedule"}, True),
        ("a=b:NoSchedule", {"key": "a", "operator": "Exists", "effect": "NoExecute"}, False),
        ("a=b:NoSchedule", {"key": "a", "value": "b"}, True),
        ("a=b:NoSchedule", {"key": "a", "value": "b", "operator": "Equal", "effect": ""}, True),
        ("a=b:NoSchedule", {"key": "a", "value": "b", "effect": None}, True),
        ("a=b:NoSchedule", {"key": "a", "value": "c"}, False),
        ("a=b:NoSchedule", {"key": "c", "value": "b"}, False),
        ("a=b:NoSchedule", {"key": "a"}, False),
        ("a=b:NoSchedule", {}, False),
        ("a=:NoSchedule", {"key": "a"}, True),
        ("a:NoSchedule", {"key": "a", "value": None}, True),
        ("a:NoSchedule", {"key": "a", "value": "b"}, False),
    ],
)
def test_a_hard_taint_is_an_objection_unless_it_is_tolerated(taint: str, toleration: dict[str, Any], tolerated: bool) -> None:
    needs = Needs(tolerations=({"key": "unheard-of", "operator": "Exists"}, toleration))
    assert objection(place(taints=(taint,)), needs) == ("" if tolerated else f"taint {taint}")


def test_of_several_taints_the_first_one_that_counts_is_told() -> None:
    soft, first, second = "a=b:PreferNoSchedule", "c=d:NoExecute", "e=f:NoSchedule"
    assert objection(place(taints=(soft,)), Needs()) == ""
    assert objection(place(taints=(soft, first, second)), Needs()) == f"taint {first}"
    assert objection(place(taints=(soft, first, second)), Needs(tolerations=({"key": "c", "operator": "Exists"},))) == f"taint {second}"


IN_ZONE, IN_ANOTHER = expression("zone", "In", "az-1"), expression("zone", "In", "az-2")
FAST, SLOW = expression("disk", "In", "fast"), expression("disk", "In", "slow")
HERE, THERE = expression("metadata.name", "In", "worker-2"), expression("metadata.name", "In", "worker-3")


@pytest.mark.parametrize(
    ("terms", "matches"),
    [
        ([{"matchExpressions": [IN_ZONE]}], True),
        ([{"matchExpressions": [IN_ANOTHER]}], False),
        ([{"matchExpressions": [IN_ZONE, FAST]}], True),
        ([{"matchExpressions": [IN_ZONE, SLOW]}], False),
        ([{"matchExpressions": [IN_ANOTHER]}, {"matchExpressions": [FAST]}], True),
        ([{"matchExpressions": [IN_ANOTHER]}, {"matchExpressions": [SLOW]}], False),
        ([{"matchFields": [HERE]}], True),
        ([{"matchFields": [THERE]}], False),
        ([{"matchExpressions": [IN_ZONE], "matchFields": [THERE]}], False),
        ([{"matchExpressions": [IN_ANOTHER], "matchFields": [HERE]}], False),
        ([{"matchExpressions": None, "matchFields": [HERE]}], True),
        ([{"matchExpressions": [], "matchFields": None}], False),  # an empty term selects nothing
        ([{}], False),
        ([], False),
        (None, False),
    ],
)
def test_one_term_of_a_selector_must_hold_with_all_its_expressions(terms: list[dict[str, Any]] | None, matches: bool) -> None:
    selector = {"nodeSelectorTerms": terms}
    assert objection(place(), Needs(node_affinity=selector)) == ("" if matches else "node affinity")
    assert objection(place(), Needs(volume_affinity=selector)) == ("" if matches else "the volume is not reachable there (zone)")


@pytest.mark.parametrize(
    ("selector", "matches"),
    [({}, True), ({"zone": "az-1"}, True), ({"zone": "az-1", "disk": "slow"}, False), ({"rack": "r1"}, False)],
)
def test_every_pair_of_a_node_selector_must_be_there(selector: dict[str, str], matches: bool) -> None:
    assert objection(place(), Needs(node_selector=selector)) == ("" if matches else "node selector")


@pytest.mark.parametrize(("most", "volumes", "free"), [(None, 99, True), (20, 19, True), (20, 20, False), (20, 21, False), (0, 0, False)])
def test_a_node_without_a_free_attach_slot_is_no_place(most: int | None, volumes: int, free: bool) -> None:
    assert objection(place(most=most, volumes=volumes), Needs()) == ("" if free else f"no free attach slot ({volumes} of {most})")


def test_a_node_that_is_not_well_is_told_before_anything_else_of_it() -> None:
    needs = Needs(node_selector={"rack": "r1"}, node_affinity={"nodeSelectorTerms": []}, volume_affinity={"nodeSelectorTerms": []})
    assert objection(place(ready="False", schedulable=False, taints=("a:NoExecute",), most=1, volumes=1), needs) == "Ready=False"
    assert objection(place(schedulable=False, taints=("a:NoExecute",), most=1, volumes=1), needs) == "cordoned"
    assert objection(place(taints=("a:NoExecute",), most=1, volumes=1), needs) == "taint a:NoExecute"
    assert objection(place(most=1, volumes=1), needs) == "node selector"
