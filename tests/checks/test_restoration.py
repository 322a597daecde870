"""Whether everything is as it was before."""

from collections.abc import Mapping
from typing import Any

import pytest

from chaoscinder.checks.restoration import expected, restored
from chaoscinder.model.run import Touched

STOPPED = Touched("Server", "node-2", "stopped", "openstack server start s2", True, "ACTIVE")
ATTACHED = [{"view": view, "server_id": "s1", "status": "attached"} for view in ("KUBERNETES", "NOVA", "CINDER")]
BEFORE: Mapping[str, Any] = {
    "server": {"id": "s2", "status": "ACTIVE", "power_state": 1, "metadata": {"owner": "team"}},
    "node": {"name": "node-2", "ready": "True", "schedulable": True, "taints": ["zone=a:NoSchedule"]},
    "attachments": ATTACHED,
    "rows": None,
}


def after(**sections: Any) -> dict[str, Any]:
    """An audit like the one before, but for what is given of each section."""
    changed = {name: {**BEFORE[name], **part} if isinstance(part, dict) else part for name, part in sections.items()}
    return {**BEFORE, **changed}


def test_the_same_as_before_is_restored() -> None:
    assert restored(BEFORE, after(rows=0), [STOPPED]) == (True, ())


def test_nothing_touched_is_neither_restored_nor_not() -> None:
    assert restored(BEFORE, after(), []) == (None, ())


@pytest.mark.parametrize(
    ("audit", "finding"),
    [
        (after(server={"status": "SHUTOFF"}), "Server s2 has status SHUTOFF (before the fault ACTIVE)"),
        (after(server={"power_state": 4}), "Server s2 has power_state 4 (before the fault 1)"),
        (after(server={"metadata": {"chaoscinder_run": "r1"}}), "Server s2 still carries our metadata: chaoscinder_run"),
        (after(server=None), "Server s2 is gone"),
        (after(node={"ready": "Unknown"}), "Node node-2 has Ready=Unknown (before the fault True)"),
        (after(node={"schedulable": False}), "Node node-2 has schedulable=False (before the fault True)"),
        (after(node={"taints": []}), "Node node-2 lost a taint: zone=a:NoSchedule"),
        (
            after(node={"taints": ["zone=a:NoSchedule", "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"]}),
            "Node node-2 has a taint that it did not have before: node.kubernetes.io/out-of-service=nodeshutdown:NoExecute",
        ),
        (after(node=None), "Node node-2 is gone"),
        (
            after(attachments=ATTACHED[:2]),
            "The volume is not attached to exactly one server in all views: "
            "KUBERNETES: attached to s1; NOVA: attached to s1; CINDER: nothing",
        ),
        (after(rows=1), "1 row of this run left in the application"),
    ],
)
def test_whatever_differs_is_one_finding(audit: dict[str, Any], finding: str) -> None:
    assert restored(BEFORE, audit, [STOPPED]) == (False, (finding,))


def test_an_act_that_was_not_undone_is_not_restored_even_without_an_audit() -> None:
    open_act = Touched("Server", "node-2", "stopped", "openstack server start s2", False, "")
    text = "Server node-2 was stopped by this run and not seen undone (undo: openstack server start s2)"
    assert restored(BEFORE, None, [open_act]) == (False, (text,))


def test_without_an_audit_nobody_can_tell() -> None:
    assert restored(BEFORE, None, [STOPPED]) == (None, ("nobody audited the environment after the fault",))
    assert restored(None, after(), [STOPPED]) == (None, ("nobody audited the environment before the fault",))


def test_a_section_that_was_not_looked_at_leaves_it_open() -> None:
    partial = {name: part for name, part in after().items() if name != "node"}
    assert restored(BEFORE, partial, [STOPPED]) == (None, ("the audit after the fault lacks node",))


OTHER = {
    "node": {"name": "node-3", "ready": "True", "schedulable": True, "taints": []},
    "server": {"id": "s3", "status": "ACTIVE", "power_state": 1, "metadata": {}},
}
WIDE: Mapping[str, Any] = {**BEFORE, "volume": {"id": "v1", "status": "in-use"}, "others": [OTHER]}


@pytest.mark.parametrize(
    ("changed", "finding"),
    [
        ({"volume": {"id": "v1", "status": "detaching"}}, "Volume v1 is detaching (before the fault in-use)"),
        ({"volume": {"id": "v1", "status": "reserved"}}, "Volume v1 is reserved (before the fault in-use)"),
        ({"volume": None}, "Volume v1 is gone"),
        (
            {"others": [{**OTHER, "node": {**OTHER["node"], "schedulable": False}}]},
            "Node node-3 has schedulable=False (before the fault True)",
        ),
        (
            {"others": [{**OTHER, "server": {**OTHER["server"], "metadata": {"chaoscinder_run": "r"}}}]},
            "Server s3 still carries our metadata: chaoscinder_run",
        ),
    ],
)
def test_the_volume_and_every_other_node_are_looked_at_too(changed: dict[str, Any], finding: str) -> None:
    assert restored(WIDE, {**WIDE, **changed}, [STOPPED]) == (False, (finding,))


def test_a_node_that_came_since_and_one_that_left_before_us() -> None:
    newcomer = {**OTHER, "node": {**OTHER["node"], "name": "node-9"}}
    assert restored(WIDE, {**WIDE, "others": [OTHER, newcomer]}, [STOPPED]) == (True, ())
    assert restored(WIDE, {**WIDE, "others": []}, [STOPPED]) == (False, ("Node node-3 is gone", "Server s3 is gone"))


def test_audits_that_both_lack_parts_are_both_named_with_what_they_lack() -> None:
    before = {name: part for name, part in BEFORE.items() if name not in ("server", "attachments")}
    missing = {name: part for name, part in after().items() if name not in ("server", "attachments")}
    assert restored(before, missing, [STOPPED]) == (
        None,
        ("the audit before the fault lacks server", "the audit after the fault lacks server and attachments"),
    )
    silent = {name: part for name, part in BEFORE.items() if name != "attachments"}  # where it was before is known from the target
    assert restored(silent, after(), [STOPPED]) == (True, ())


@pytest.mark.parametrize(
    ("before", "audit"),
    [
        ({"server": {"id": "s2"}}, after(server={"status": "SHUTOFF", "power_state": 4})),  # nobody looked at its state before
        ({"node": {"name": "node-2"}}, after(node={"ready": "False", "schedulable": False, "taints": ["a=b:NoSchedule"]})),
        ({"server": {**BEFORE["server"], "metadata": None}}, after(server={"metadata": None})),
        ({"node": {**BEFORE["node"], "taints": []}}, after(node={"taints": None, "annotations": None})),
    ],
)
def test_what_nobody_saw_before_cannot_differ(before: dict[str, Any], audit: dict[str, Any]) -> None:
    assert restored({**BEFORE, **before}, audit, [STOPPED]) == (True, ())


def test_what_was_not_found_before_the_fault_leaves_open_whether_it_is_as_before() -> None:
    assert restored({**BEFORE, "server": None, "volume": None}, after(), [STOPPED]) == (
        None,
        ("the audit before the fault did not find the server and volume that the fault was for",),
    )


def test_our_marks_are_told_in_the_order_of_their_names_and_others_are_nobodys_business() -> None:
    marks = {"owner": "team", "chaoscinder_undo": "start", "chaoscinder_run": "r1"}
    annotations = {"chaoscinder/undo": "uncordon", "chaoscinder/run": "r1"}
    assert restored(BEFORE, after(server={"metadata": marks}, node={"annotations": annotations}), [STOPPED]) == (
        False,
        (
            "Server s2 still carries our metadata: chaoscinder_run and chaoscinder_undo",
            "Node node-2 still carries our annotations: chaoscinder/run and chaoscinder/undo",
        ),
    )


def test_several_taints_are_told_each_in_order() -> None:
    before = {**BEFORE, "node": {**BEFORE["node"], "taints": ["d=:NoSchedule", "c=:NoSchedule", "z=:NoSchedule"]}}
    assert restored(before, after(node={"taints": ["b=:NoExecute", "z=:NoSchedule", "a=:NoExecute"]}), [STOPPED]) == (
        False,
        (
            "Node node-2 has a taint that it did not have before: a=:NoExecute",
            "Node node-2 has a taint that it did not have before: b=:NoExecute",
            "Node node-2 lost a taint: c=:NoSchedule",
            "Node node-2 lost a taint: d=:NoSchedule",
        ),
    )


@pytest.mark.parametrize(
    ("before", "changed"),
    [
        ({}, {"volume": None}),  # nobody knows that there was one
        ({"volume": {"id": "v1", "status": "in-use"}}, {}),  # nobody looked
        ({"volume": {"id": "v1"}}, {"volume": {"id": "v1", "status": "error"}}),
        ({"volume": {"id": "v1", "status": "in-use"}}, {"volume": {"id": "v1", "status": "in-use"}}),
        ({"others": [OTHER]}, {}),  # nobody looked
        ({"others": [OTHER]}, {"others": [{"node": {"name": "node-9"}}, OTHER]}),
        (
            {"others": [{"node": OTHER["node"], "server": None}]},
            {"others": [{"node": OTHER["node"]}]},
        ),  # a node without a server of its own
        ({}, {"others": [OTHER]}),
    ],
)
def test_volume_and_other_nodes_are_compared_only_where_both_audits_saw_them(before: dict[str, Any], changed: dict[str, Any]) -> None:
    assert restored({**BEFORE, **before}, {**BEFORE, **changed}, [STOPPED]) == (True, ())


STAY = "this run's own rows are meant to stay in the application"
UNCOUNTED = "nobody counted this run's own rows after the run"
NO_ROWS = {name: part for name, part in BEFORE.items() if name != "rows"}


@pytest.mark.parametrize(
    ("rows", "deletes", "alone", "beside"),
    [
        ({"rows": 0}, None, (True, ()), (True, ())),
        ({"rows": 0}, True, (True, ()), (True, ())),
        ({"rows": 0}, False, (True, ()), (True, ())),
        ({"rows": 2}, None, (False, ("2 rows of this run left in the application",)), None),
        ({"rows": None}, None, (None, (STAY,)), (True, ())),
        ({"rows": None}, True, (None, (UNCOUNTED,)), (True, (UNCOUNTED,))),
        ({"rows": None}, False, (None, (STAY,)), (True, ())),
        ({}, None, (None, (UNCOUNTED,)), (True, (UNCOUNTED,))),
        ({}, True, (None, (UNCOUNTED,)), (True, (UNCOUNTED,))),
        ({}, False, (None, (STAY,)), (True, ())),
    ],
)
def test_the_rows_that_this_run_wrote_are_counted_unless_they_are_meant_to_stay(
    rows: dict[str, Any],
    deletes: bool | None,
    alone: tuple[bool | None, tuple[str, ...]],
    beside: tuple[bool | None, tuple[str, ...]] | None,
) -> None:
    """Alone: nothing else was touched; beside: a server was stopped, too."""
    audit = {**NO_ROWS, **rows}
    assert restored(BEFORE, audit, [], wrote=True, deletes=deletes) == alone
    assert restored(BEFORE, audit, [STOPPED], wrote=True, deletes=deletes) == (beside or alone)


def test_without_an_audit_the_rows_are_not_counted_either() -> None:
    lacks = "nobody audited the environment after the fault"
    assert restored(BEFORE, None, [STOPPED], wrote=True, deletes=True) == (None, (lacks, UNCOUNTED))
    assert restored(None, None, [], wrote=True) == (None, (UNCOUNTED,))
    assert restored(BEFORE, NO_ROWS, [STOPPED]) == (True, ())  # nothing was written


VIEWS = ("KUBERNETES", "NOVA", "CINDER")


def at(*servers: str) -> list[dict[str, str]]:
    """The three views, all on one server or each on another one."""
    places = servers if len(servers) > 1 else servers * 3
    return [{"view": view, "server_id": where, "status": "attached"} for view, where in zip(VIEWS, places, strict=True)]


WENT, TAKEN = "the volume went with its pod, and stays there; all views agree", "this run's own rows were taken away again"


@pytest.mark.parametrize(
    ("before", "audit", "found"),
    [
        ({"attachments": at("s1")}, {"attachments": at("s2")}, {"attachments": WENT}),
        ({"attachments": at("s1")}, {"attachments": at("s1")}, {}),
        ({"attachments": at("s1")}, {"attachments": at("s2", "s2", "s3")}, {}),  # a finding
        ({"attachments": at("s1")}, {"attachments": []}, {}),
        ({"attachments": []}, {"attachments": at("s2")}, {}),
        ({}, {}, {}),
        ({"rows": None}, {"rows": 0}, {"rows": TAKEN}),
        ({}, {"rows": 0}, {"rows": TAKEN}),
        ({"rows": 2}, {"rows": 0}, {}),
        ({"rows": None}, {"rows": 3}, {}),
        ({"rows": None}, {"rows": None}, {}),
        ({"attachments": at("s1")}, {"attachments": at("s2"), "rows": 0}, {"attachments": WENT, "rows": TAKEN}),
    ],
)
def test_what_may_differ_is_explained(before: dict[str, Any], audit: dict[str, Any], found: dict[str, str]) -> None:
    assert expected(before, audit) == found
