"""Where the volume is, by three views; and where it went."""

from dataclasses import replace
from types import ModuleType

import pytest

from chaoscinder.checks.attachments import agree, attachments_at, holder, moved, movement, servers_by_node, unwatched
from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Change
from chaoscinder.model.verdict import Movement

KUBERNETES, NOVA, CINDER = View.KUBERNETES, View.NOVA, View.CINDER


def claim(view: View, server: str | None = "server-a", status: str = "attached") -> Attachment:
    return Attachment(view, "volume", server, status)


ALL = (claim(KUBERNETES), claim(NOVA), claim(CINDER))


def test_views_agree_when_each_says_attached_to_the_same_one_server() -> None:
    assert (agree(ALL), holder(ALL)) == ("", "server-a")


@pytest.mark.parametrize(
    ("claims", "text"),
    [
        ((), "KUBERNETES: nothing; NOVA: nothing; CINDER: nothing"),
        (ALL[:2], "KUBERNETES: attached to server-a; NOVA: attached to server-a; CINDER: nothing"),
        (
            (*ALL[:2], claim(CINDER, "server-b")),
            "KUBERNETES: attached to server-a; NOVA: attached to server-a; CINDER: attached to server-b",
        ),
        (
            (*ALL, claim(CINDER, "server-b", "reserved")),
            "KUBERNETES: attached to server-a; NOVA: attached to server-a; CINDER: attached to server-a, reserved to server-b",
        ),
        (
            (claim(KUBERNETES, status="detaching"), *ALL[1:]),
            "KUBERNETES: detaching to server-a; NOVA: attached to server-a; CINDER: attached to server-a",
        ),
        (
            (claim(KUBERNETES, None), *ALL[1:]),
            "KUBERNETES: attached to an unknown server; NOVA: attached to server-a; CINDER: attached to server-a",
        ),
        (
            (*ALL, claim(CINDER)),
            "KUBERNETES: attached to server-a; NOVA: attached to server-a; CINDER: " + ", ".join(["attached to server-a"] * 2),
        ),
    ],
)
def test_a_disagreement_is_told_in_one_line(claims: tuple[Attachment, ...], text: str) -> None:
    assert agree(claims) == text
    assert holder(claims) is None


def test_no_server_known_by_any_view_is_no_agreement() -> None:
    assert holder([claim(view, None) for view in View]) is None


def test_claims_follow_the_changes_of_a_run(passing_run: Run, stories: ModuleType) -> None:
    def claims(after_fault_s: float) -> list[tuple[View, str | None, str]]:
        found = attachments_at(passing_run.changes, stories.FAULT_S + after_fault_s, target=stories.TARGET)
        return [(row.view, row.server_id, row.status) for row in found]

    old, new = stories.SERVER_2, stories.SERVER_1
    assert claims(0.0) == [(KUBERNETES, old, "attached"), (NOVA, old, "attached"), (CINDER, old, "attached")]
    assert claims(75.8) == [(KUBERNETES, old, "detaching"), (NOVA, old, "attached"), (CINDER, old, "attached")]
    assert claims(76.6) == [(KUBERNETES, old, "detaching"), (NOVA, old, "attached")]
    assert claims(77.2) == []
    assert claims(77.5) == [(KUBERNETES, new, "attaching")]
    assert claims(79.0) == [(KUBERNETES, new, "attached"), (NOVA, new, "attached"), (CINDER, new, "attached")]


def test_without_volume_attachments_the_nodes_tell_for_kubernetes(stories: ModuleType) -> None:
    changes = [change for change in stories._before() if change.kind != "VolumeAttachment"]
    assert holder(attachments_at(changes, 30.0, target=stories.TARGET)) == stories.SERVER_2


def test_a_node_that_names_its_server_is_believed_and_nothing_else_that_does(stories: ModuleType) -> None:
    """The Node's spec.providerID, where a server is called otherwise than its node."""
    named = replace(stories.node(0.0, "worker-a"), state={"ready": "True", "server_id": "server-a"})
    called = stories.server(0.0, "server-b", "worker-b")
    other = Change(1.0, KUBERNETES, "Pod", "worker-b", "uid", {"server_id": "server-c"})
    assert servers_by_node([named, called, other], stories.TARGET) == {
        "worker-a": "server-a",
        "worker-b": "server-b",
        "node-2": stories.SERVER_2,
    }


def test_cinder_attachments_may_be_objects_or_lines(stories: ModuleType) -> None:
    state = {
        "status": "reserved",
        "servers": [],
        "attachments": [{"status": "reserved", "server_id": ""}, "b attaching server-b", {"server_id": "server-c"}],
    }
    change = Change(1.0, CINDER, "Volume", stories.VOLUME, stories.VOLUME, state)
    found = attachments_at([change], 2.0, target=stories.TARGET)
    assert [(row.server_id, row.status) for row in found] == [(None, "reserved"), ("server-b", "attaching"), ("server-c", "attached")]


def test_a_volume_of_which_cinder_names_only_the_servers_is_attached_to_them(stories: ModuleType) -> None:
    change = Change(1.0, CINDER, "Volume", stories.VOLUME, stories.VOLUME, {"servers": ["server-a"], "attachments": []})
    assert attachments_at([change], 2.0, target=stories.TARGET) == (Attachment(CINDER, stories.VOLUME, "server-a", "attached"),)


@pytest.mark.parametrize(("came_from", "went_to"), [(None, "server-a"), ("server-a", None), (None, None)])
def test_nobody_knows_whether_a_volume_moved_of_which_one_end_is_unknown(came_from: str | None, went_to: str | None) -> None:
    assert moved(Movement("volume", came_from, None, went_to, None, None)) is None


def test_the_volume_moved(passing_run: Run, stories: ModuleType) -> None:
    where = movement(passing_run)
    assert where == Movement(stories.VOLUME, stories.SERVER_2, "node-2", stories.SERVER_1, "node-1", True)
    assert moved(where) is True


def test_a_move_that_only_our_undo_brought_about_is_no_move(failing_run: Run, stories: ModuleType) -> None:
    where = movement(failing_run)
    assert where == Movement(stories.VOLUME, stories.SERVER_2, "node-2", stories.SERVER_2, "node-2", True)
    assert moved(where) is False


def test_a_view_that_is_polled_late_is_waited_for(passing_run: Run, stories: ModuleType) -> None:
    def late(change: Change) -> Change:
        fresh = change.view is NOVA and change.at_s > stories.FAULT_S + 70 and "volumes" in (change.state or {})
        return replace(change, at_s=change.at_s + 20) if fresh else change

    lagging = replace(passing_run, changes=tuple(sorted((late(row) for row in passing_run.changes), key=lambda row: row.at_s)))
    assert movement(lagging) == Movement(stories.VOLUME, stories.SERVER_2, "node-2", stories.SERVER_1, "node-1", True)


def test_an_agreement_after_our_undo_on_a_server_that_nobody_named_before_does_not_count(failing_run: Run, stories: ModuleType) -> None:
    undone_s = stories.FAULT_S + 911.0
    torn = (*failing_run.changes, replace(stories.cinder(0.0), at_s=undone_s - 1))
    where = movement(replace(failing_run, changes=tuple(sorted(torn, key=lambda row: row.at_s))))
    assert where is not None
    assert (where.to_node, where.disagreement) == (
        "node-2",
        "KUBERNETES: attached to e3f30380; NOVA: attached to e3f30380; CINDER: nothing",
    )


def test_a_volume_that_the_views_placed_differently_before_the_fault_was_where_cinder_said(passing_run: Run, stories: ModuleType) -> None:
    """Kubernetes is asked first, so it would be the first of the others, too."""
    torn = replace(passing_run, changes=(*passing_run.changes[:8], stories.cinder(-1.0, stories.SERVER_1), *passing_run.changes[8:]))
    where = movement(torn)
    assert where is not None
    assert (where.from_server_id, where.from_node) == (stories.SERVER_1, "node-1")


def test_a_lasting_disagreement_is_told(passing_run: Run, stories: ModuleType) -> None:
    def ghost(change: Change) -> bool:
        return change.view is CINDER and change.at_s > stories.FAULT_S

    haunted = replace(passing_run, changes=tuple(change for change in passing_run.changes if not ghost(change)))
    text = "KUBERNETES: attached to 17c12a07; NOVA: attached to 17c12a07; CINDER: attached to e3f30380"
    assert movement(haunted) == Movement(stories.VOLUME, stories.SERVER_2, "node-2", None, None, False, text)


def test_a_view_that_was_never_recorded_leaves_agreement_open(passing_run: Run) -> None:
    blind = replace(passing_run, changes=tuple(change for change in passing_run.changes if change.view is not NOVA))
    where = movement(blind)
    assert unwatched(blind) == ("NOVA",)
    assert where is not None
    assert where.views_agree is None


def test_without_a_target_nothing_moved(passing_run: Run) -> None:
    assert movement(replace(passing_run, target=None)) is None
