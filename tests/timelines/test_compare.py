"""The comparison itself: what it lets pass, and what it says about the rest."""

from tests.timelines.compare import differences, table
from tests.timelines.rows import Change, Row, changes

THEIRS = [
    Change(10.0, "Node/a1", "taints", "[]"),
    Change(20.0, "Pod/web.1", "phase", "Failed"),
    Change(30.0, "Event of Pod/web.1", "Warning NodeNotReady [node-controller]", "x1 Node is not ready"),
]


def test_the_same_within_a_second_is_no_difference() -> None:
    ours = [Change(change.at_s + 0.9, change.about, change.what, change.value) for change in THEIRS]
    assert differences(ours, THEIRS) == []


def test_late_missing_wrong_and_extra_changes_are_told_side_by_side() -> None:
    ours = [
        Change(21.5, "Pod/web.1", "phase", "Failed"),
        Change(30.0, "Event of Pod/web.1", "Warning NodeNotReady [node-controller]", "x1 Node is not redy"),
        Change(40.0, "Pod/web.2", "ADDED", ""),
    ]
    assert table(differences(ours, THEIRS)).split("\n") == [
        "4 differences",
        "      ours |   recorded",
        "         - |      10.00  missing: Node/a1 taints",
        " " * 25 + "[]",
        "     21.50 |      20.00  1.5 s late: Pod/web.1 phase",
        " " * 25 + "Failed",
        "     30.00 |      30.00  value: Event of Pod/web.1 Warning NodeNotReady [node-controller]",
        " " * 25 + "ours: x1 Node is not redy",
        " " * 25 + "recorded: x1 Node is not ready",
        "     40.00 |          -  extra: Pod/web.2 ADDED",
    ]


def test_the_order_of_a_fields_values_counts() -> None:
    there = [Change(1.0, "ReplicaSet/web-set", "replicas", value) for value in ("0", "1")]
    assert "out of order: ReplicaSet/web-set replicas" in table(differences(there[::-1], there))


def test_names_that_chance_gave_are_told_apart_by_their_order() -> None:
    rows = [
        Row(1.0, "Pod", "MODIFIED", "web-5ffbc878cb-tvckz", {"phase": "Failed"}),
        Row(2.0, "Pod", "ADDED", "web-5ffbc878cb-txlrd", {"phase": "Pending"}),
        Row(
            2.0, "Event", "ADDED", "", event="Normal SuccessfulCreate [rc] ReplicaSet/web-5ffbc878cb x1: Created pod: web-5ffbc878cb-txlrd"
        ),
    ]
    assert changes(rows, 0.0) == [
        Change(1.0, "Pod/web.1", "phase", "Failed"),
        Change(2.0, "Pod/web.2", "ADDED", ""),
        Change(2.0, "Pod/web.2", "phase", "Pending"),
        Change(2.0, "Event of ReplicaSet/web-set", "Normal SuccessfulCreate [rc]", "x1 Created pod: web.2"),
    ]
