"""Whether everything is as it was before."""

from collections.abc import Mapping
from typing import Any

import pytest

from chaoscinder.checks.restoration import restored
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
