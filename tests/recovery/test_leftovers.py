"""What a run left, in the words that a person on call reads and types."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from chaoscinder.errors import Refused
from chaoscinder.model.leftover import LeftOver
from chaoscinder.model.workload import Node, Server
from chaoscinder.recovery import leftovers

UNTIL = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
SERVER = LeftOver("4e7b", "worker-2", "SHUTOFF", "a1b2c3d4" * 4, "start", UNTIL)
NODE = LeftOver("worker-2", "worker-2", "cordoned", "a1b2c3d4" * 4, "uncordon", None, what="node")


def test_each_is_told_with_who_left_it_and_until_when() -> None:
    assert leftovers.told(SERVER) == "server worker-2 (4e7b) is SHUTOFF, undo start, of run a1b2c3d4, expires 2026-11-23T03:00:00Z"
    assert leftovers.told(NODE) == "node worker-2 is cordoned, undo uncordon, of run a1b2c3d4"


def test_what_is_not_known_is_a_question_mark() -> None:
    assert leftovers.told(LeftOver("4e7b", "worker-2", "ACTIVE", "", "", None)) == "server worker-2 (4e7b) is ACTIVE, undo ?, of run ?"


def test_the_command_that_a_person_would_undo_it_with() -> None:
    assert leftovers.by_hand(SERVER) == "openstack server start 4e7b"
    assert leftovers.by_hand(NODE) == "kubectl uncordon worker-2"


def node(name: str, **changes: Any) -> Node:
    """A ready node that nobody cordoned."""
    return replace(Node(name, "True", True, (), f"server-{name}"), **changes)


def server(uid: str, **changes: Any) -> Server:
    return replace(Server(uid, f"name-{uid}", "ACTIVE", 1, None, "active"), **changes)


def test_what_carries_our_marks_is_found_in_the_state_that_it_is_in() -> None:
    until = "2026-11-23T03:00:00Z"
    ours = (("chaoscinder_run", "a1"), ("chaoscinder_undo", "start"), ("chaoscinder_expires", until))
    marks = (("chaoscinder/run", "a1"), ("chaoscinder/undo", "uncordon"), ("chaoscinder/expires", until))
    servers = [server("1", metadata=(("owner", "shop"),)), server("2", status="SHUTOFF", metadata=ours)]
    nodes = [node("n1"), node("n2", schedulable=False, marks=marks), node("n3", marks=marks[:1]), node("n4", schedulable=False)]
    site = SimpleNamespace(openstack=SimpleNamespace(servers=lambda: servers), kubernetes=SimpleNamespace(nodes=lambda: nodes))
    assert leftovers.on_servers(site) == (LeftOver("2", "name-2", "SHUTOFF", "a1", "start", UNTIL),)  # type: ignore[arg-type]
    assert leftovers.on_nodes(site) == (  # type: ignore[arg-type]
        LeftOver("n2", "n2", "cordoned", "a1", "uncordon", UNTIL, what="node"),
        LeftOver("n3", "n3", "schedulable", "a1", "", None, what="node"),
    )


def test_a_new_run_refuses_and_names_each() -> None:
    leftovers.refuse_if_any(())
    with pytest.raises(Refused) as refused:
        leftovers.refuse_if_any((SERVER, NODE))
    named = f"{leftovers.told(SERVER)}; {leftovers.told(NODE)}"
    assert str(refused.value) == f"an earlier run left something behind: {named} (wanted nothing: chaoscinder recover --all)"
