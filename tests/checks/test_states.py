"""What every ledger's objects were like at a moment, and the moments that a judgement turns on."""

from typing import Any

import pytest

from chaoscinder.checks.states import (
    OUT_OF_SERVICE,
    Moments,
    first,
    is_target_server,
    latest,
    marked_at,
    moments,
    objects,
    server_id,
    server_name,
    taint_of,
)
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.model.timeline import Change, Mark

KUBERNETES, NOVA = View.KUBERNETES, View.NOVA


def change(at_s: float, name: str, word: str | None, kind: str = "Pod", view: View = KUBERNETES) -> Change:
    """One object took a new state, of one word; None where it went away."""
    return Change(at_s, view, kind, name, f"uid-{name}", None if word is None else {"word": word})


MADE = change(1.0, "a", "made")
ON_NODE = change(1.0, "a", "a node", kind="Node")
IN_NOVA = change(1.0, "a", "another ledger's", view=NOVA)
RUNS = change(2.0, "a", "runs")
SECOND = change(2.0, "b", "runs")
GONE = change(3.0, "b", None)
AGAIN = change(4.0, "b", "made again")
HISTORY = (ON_NODE, MADE, IN_NOVA, RUNS, SECOND, GONE, AGAIN)


@pytest.mark.parametrize(
    ("at_s", "rows", "pods"),
    [
        (0.5, (), {}),
        (1.0, (ON_NODE, MADE, IN_NOVA), {"a": {"word": "made"}}),
        (2.5, (ON_NODE, RUNS, IN_NOVA, SECOND), {"a": {"word": "runs"}, "b": {"word": "runs"}}),
        (3.0, (ON_NODE, RUNS, IN_NOVA), {"a": {"word": "runs"}}),
        (4.0, (ON_NODE, RUNS, IN_NOVA, AGAIN), {"a": {"word": "runs"}, "b": {"word": "made again"}}),
    ],
)
def test_an_object_is_as_it_last_became_and_is_none_after_it_went(
    at_s: float, rows: tuple[Change, ...], pods: dict[str, dict[str, str]]
) -> None:
    assert (latest(HISTORY, at_s), objects(HISTORY, KUBERNETES, "Pod", at_s)) == (rows, pods)


def test_the_first_change_of_a_kind_from_a_moment_on_is_found() -> None:
    def is_b(row: Change) -> bool:
        return row.name == "b"

    assert [first(HISTORY, "Pod", since_s, is_b) for since_s in (0.0, 2.0, 2.5, 4.0, 4.5)] == [SECOND, SECOND, GONE, AGAIN, None]
    assert (first(HISTORY, "Node", 0.0, is_b), first(HISTORY, "Pod", 0.0, lambda row: row.name == "a")) == (None, MADE)


SAMPLE = Sample(90.0, Outcome.OK, 0.0, 0.0)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ({}, Moments(None, None, 0.0, interrupted=False)),
        ({"marks": (Mark(5.0, "undo_started"),)}, Moments(None, 5.0, 5.0, interrupted=False)),
        (
            # A left-over of an earlier run was undone before the fault; of two undos of this one the first counts.
            {"marks": (Mark(2.0, "undo_started"), Mark(30.0, "fault_started"), Mark(60.0, "undo_started"), Mark(70.0, "undo_started"))},
            Moments(30.0, 60.0, 70.0, interrupted=False),
        ),
        ({"marks": (Mark(30.0, "fault_started"), Mark(30.0, "undo_started"))}, Moments(30.0, 30.0, 30.0, interrupted=False)),
        ({"marks": (Mark(30.0, "fault_started"), Mark(40.0, "undone"))}, Moments(30.0, None, 40.0, interrupted=False)),
        ({"marks": (Mark(30.0, "fault_started"), Mark(31.0, "interrupted"))}, Moments(30.0, None, 31.0, interrupted=True)),
        ({"marks": (Mark(30.0, "fault_started"),), "samples": (SAMPLE,)}, Moments(30.0, None, 90.0, interrupted=False)),
        ({"samples": (SAMPLE,), "changes": (MADE, RUNS)}, Moments(None, None, 90.0, interrupted=False)),
        ({"changes": (MADE, RUNS)}, Moments(None, None, 2.0, interrupted=False)),
        ({"platform": {"interrupted": True, "status": "completed"}}, Moments(None, None, 0.0, interrupted=True)),
        ({"platform": {"interrupted": False, "status": "interrupted"}}, Moments(None, None, 0.0, interrupted=True)),
        ({"platform": {"interrupted": False, "status": "aborted"}}, Moments(None, None, 0.0, interrupted=False)),
    ],
)
def test_the_moments_of_a_run(stories: Any, records: dict[str, Any], expected: Moments) -> None:
    assert moments(Run(stories.header(), **records)) == expected


def test_the_system_is_judged_to_our_undo_or_else_to_the_last_record() -> None:
    assert Moments(30.0, 60.0, 90.0, interrupted=False).judged_to_s == 60.0
    assert Moments(30.0, 0.0, 90.0, interrupted=False).judged_to_s == 0.0
    assert Moments(30.0, None, 90.0, interrupted=False).judged_to_s == 90.0


def test_a_mark_that_was_set_twice_counts_from_the_first_time(stories: Any) -> None:
    run = Run(stories.header(), marks=(Mark(1.0, "recovered"), Mark(2.0, "undone"), Mark(3.0, "undone")))
    assert (marked_at(run, "undone"), marked_at(run, "fault_started")) == (2.0, None)


def test_a_server_is_named_by_nova_and_by_its_name_where_the_record_has_no_more() -> None:
    whole = Change(1.0, NOVA, "Server", "node-2", "e3f3", {"name": "node-2.example.org"})
    short = Change(1.0, NOVA, "Server", "node-2", "", None)
    assert [(server_id(row), server_name(row)) for row in (whole, short)] == [("e3f3", "node-2.example.org"), ("node-2", "node-2")]


@pytest.mark.parametrize(
    ("view", "name", "uid", "is_it"),
    [
        (NOVA, "node-2", "THE ID", True),
        (NOVA, "THE ID", "", True),
        (NOVA, "node-2", "another", False),
        (KUBERNETES, "node-2", "THE ID", False),
        (View.CINDER, "THE ID", "THE ID", False),
    ],
)
def test_the_targets_server_is_known_by_its_id_in_nova(
    passing_run: Run, stories: Any, view: View, name: str, uid: str, is_it: bool
) -> None:
    row = Change(1.0, view, "Server", name.replace("THE ID", stories.SERVER_2), uid.replace("THE ID", stories.SERVER_2), {})
    assert is_target_server(row, passing_run) is is_it
    assert is_target_server(row, Run(passing_run.header)) is False


@pytest.mark.parametrize(
    ("taints", "found"),
    [
        ([], None),
        (["node.kubernetes.io/unreachable=:NoExecute"], None),
        ([f"{OUT_OF_SERVICE}-not-at-all=x:NoExecute"], None),
        (["other=a:NoSchedule", f"{OUT_OF_SERVICE}=nodeshutdown:NoExecute"], f"{OUT_OF_SERVICE}=nodeshutdown:NoExecute"),
        ([f"{OUT_OF_SERVICE}:NoExecute"], f"{OUT_OF_SERVICE}:NoExecute"),
        ([f"{OUT_OF_SERVICE}=:NoExecute"], f"{OUT_OF_SERVICE}=:NoExecute"),
    ],
)
def test_a_taint_is_found_by_its_key_with_or_without_a_value(taints: list[str], found: str | None) -> None:
    assert taint_of({"taints": taints}, OUT_OF_SERVICE) == found


def test_a_node_without_a_word_about_taints_has_none() -> None:
    assert [taint_of(state, OUT_OF_SERVICE) for state in (None, {}, {"taints": None})] == [None, None, None]
