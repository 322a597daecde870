"""What a run left, in the words that a person on call reads and types."""

from datetime import UTC, datetime

import pytest

from chaoscinder.errors import Refused
from chaoscinder.model.leftover import LeftOver
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


def test_a_new_run_refuses_and_names_each() -> None:
    leftovers.refuse_if_any(())
    with pytest.raises(Refused) as refused:
        leftovers.refuse_if_any((SERVER, NODE))
    named = f"{leftovers.told(SERVER)}; {leftovers.told(NODE)}"
    assert str(refused.value) == f"an earlier run left something behind: {named} (wanted nothing: chaoscinder recover --all)"
