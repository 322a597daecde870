"""What happened, in three sentences, for every way in which a run may go."""

from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any

import pytest

from chaoscinder.checks.case import Case, open_case
from chaoscinder.checks.faults import Proof
from chaoscinder.checks.states import Moments
from chaoscinder.checks.story import kinds, story
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outage, Outcome
from chaoscinder.model.timeline import Mark
from chaoscinder.model.verdict import Availability, Episode, Movement
from chaoscinder.model.write import Account

SERVER_1, SERVER_2 = "17c12a07-885c-48aa-8266-9ee0aaeb0192", "e3f30380-0d6c-4aee-b7c5-ef0ebca0ab33"
MOVED = Movement("volume", SERVER_2, "node-2", SERVER_1, "node-1", views_agree=True)
STAYED = replace(MOVED, to_server_id=SERVER_2, to_node="node-2")
WRITTEN = Account(6, 6, 0, 0, 6, 0, (), (), read_back=True)
OFF = Proof("seen", "", shut_off_at_s=31.75)
WHEN = Moments(30.5, 120.0, 200.0, interrupted=False)


def outage(began_s: float, over_s: float | None, *outcomes: tuple[Outcome, int]) -> Outage:
    """It began within a second, and ended within one."""
    return Outage(began_s, began_s + 1.0, (over_s or 150.0) - 1.0, over_s, outcomes)


def seen(*outages: Outage, total_s: tuple[float, float | None] = (10.0, 12.0), **more: Any) -> Availability:
    """A hundred looks."""
    return Availability(outages, total_s, 0.9, 0.9, 100, 10, 0, 0.001, 0.05, **more)


@pytest.fixture
def case(passing_run: Run) -> Case:
    """A server was stopped, users saw nothing, the volume moved, all writes are there."""
    opened = open_case(replace(passing_run, header=replace(passing_run.header, rate=1.0)))
    return replace(opened, when=WHEN, availability=seen(), doubts=(), proof=OFF, movement=MOVED, account=WRITTEN)


def deleting(case: Case, *marks: Mark) -> Case:
    """The same where the fault was the deletion of the pod."""
    return replace(case, run=replace(case.run, marks=(Mark(30.5, "fault_started", {"what": "delete-pod"}), *marks)))


def told(case: Case, remediation: str = "none seen", stuck: Sequence[str] = ()) -> tuple[str, ...]:
    return story(case, remediation, stuck)


def test_where_nothing_was_broken_nothing_is_told_of_it(case: Case) -> None:
    assert told(replace(case, when=replace(WHEN, fault_s=None))) == (
        "Nothing was broken.",
        "Users noticed nothing: all 100 samples were answered.",
        "The volume was left where it was.",
    )


# --- what was broken ---

SERVER = "erver node-2 (e3f30380), on which pod test-cinder-6496958d67-48gss used volume e1b43bb1"
POD = "Pod test-cinder-6496958d67-48gss, which used volume e1b43bb1 on server node-2 (e3f30380), was asked to go 30.5 s into the run"


def test_a_stopped_server_is_told_with_what_shows_that_it_went_off(case: Case) -> None:
    assert told(case)[0] == f"S{SERVER}, was stopped 30.5 s into the run, and Nova called it SHUTOFF 1.2 s later."
    unseen = replace(case, proof=Proof("", "never seen SHUTOFF"))
    assert told(unseen)[0] == f"Nova was asked to stop s{SERVER}, 30.5 s into the run; nothing shows that it went off."
    lost = replace(case, run=replace(case.run, target=None))
    assert told(lost)[0] == "A fault began 30.5 s into the run, and its target was not recorded."


def test_a_deleted_pod_is_told_with_what_shows_that_it_went(case: Case) -> None:
    assert told(replace(deleting(case), proof=Proof("seen", "", gone_at_s=40.0)))[0] == f"{POD}, and was gone 9.5 s later."
    assert told(replace(deleting(case), proof=Proof("", "never seen gone")))[0] == f"{POD}; nothing shows that it went."


def test_a_fault_at_the_very_start_of_a_run_is_a_fault(case: Case) -> None:
    at_once = replace(case, when=replace(WHEN, fault_s=0.0))
    assert told(at_once)[0] == f"S{SERVER}, was stopped 0.0 s into the run, and Nova called it SHUTOFF 31.8 s later."
    gone = replace(deleting(at_once), proof=Proof("seen", "", gone_at_s=40.0))
    assert told(gone)[0].endswith(", was asked to go 0.0 s into the run, and was gone 40.0 s later.")


# --- what users saw ---

REFUSED = (Outcome.REFUSED, 3)
ONE = outage(40.0, 52.0, (Outcome.CONNECT_TIMEOUT, 2), REFUSED)
AGAIN = outage(60.0, 62.0, (Outcome.RESET, 1), REFUSED)


def test_who_did_not_look_does_not_know(case: Case) -> None:
    assert told(replace(case, availability=None))[1] == "Nobody knows what users saw: the web UI was not sampled."


def test_looks_that_say_nothing_are_no_looks_that_were_answered(case: Case) -> None:
    poor = replace(case, doubts=("2 of 100 samples missed", "sampling ended early"))
    assert told(poor)[1] == "No failure was seen, but nobody knows what users saw: sampling ended early."
    few = replace(case, availability=replace(seen(), missed=7, unknown=20))
    assert told(few)[1] == "Users noticed nothing: all 73 samples were answered."


@pytest.mark.parametrize(
    ("availability", "said"),
    [
        (seen(ONE), ": 2 connect timeouts, then 3 refused connections."),
        (
            seen(ONE, AGAIN, episodes=(Episode(1, 2, (10.0, 22.0)),)),
            " in 2 outages (1 episode): 2 connect timeouts, then 6 refused connections, then 1 reset connections.",
        ),
    ],
)
def test_an_outage_is_told_with_its_length_and_its_kinds(case: Case, availability: Availability, said: str) -> None:
    for doubts in ((), ("2 of 100 samples missed",)):
        assert told(replace(case, availability=availability, doubts=doubts))[1] == f"Users were away for 10.0 to 12.0 s (D = 0.9 s){said}"


def test_an_outage_that_had_not_ended_is_told_so(case: Case) -> None:
    open_one = seen(outage(40.0, None, REFUSED), total_s=(108.0, None))
    assert told(replace(case, availability=open_one))[1] == (
        "Users were away for at least 108.0 s (D = 0.9 s): 3 refused connections; it had not ended when the record did."
    )


@pytest.mark.parametrize(
    ("began_s", "over_s", "undo_s", "helped"),
    [
        (110.0, 130.0, 120.0, True),
        (40.0, 52.0, 120.0, False),  # it was over before
        (40.0, 120.0, 120.0, False),  # and just so
        (119.0, 130.0, 120.0, False),  # it began with our undo
        (125.0, 130.0, 120.0, False),
        (110.0, 130.0, None, False),
    ],
)
def test_an_outage_that_our_undo_ended_is_told_so(case: Case, began_s: float, over_s: float, undo_s: float | None, helped: bool) -> None:
    away = replace(case, availability=seen(outage(began_s, over_s, REFUSED)), when=replace(WHEN, undo_s=undo_s))
    assert told(away)[1].endswith("refused connections; it ended only after our undo." if helped else "3 refused connections.")


def test_one_of_several_outages_that_our_undo_ended_is_enough(case: Case) -> None:
    both = seen(ONE, outage(110.0, 130.0, REFUSED), outage(140.0, None, REFUSED), total_s=(30.0, None))
    assert told(replace(case, availability=both))[1].endswith("; it ended only after our undo.")


def test_kinds_of_failure_come_in_the_order_in_which_they_were_first_seen() -> None:
    assert kinds([ONE, AGAIN]) == "2 connect timeouts, then 6 refused connections, then 1 reset connections"
    assert kinds([outage(1.0, 2.0, (Outcome.MISSED, 4))]) == "4 missed"
    assert kinds([]) == ""


# --- where the volume went ---


@pytest.mark.parametrize(
    ("movement", "said"),
    [
        (None, "Nobody knows where the volume went"),
        (replace(MOVED, unseen="the recorder died"), "Nobody looked where the volume was in the end: the recorder died"),
        (replace(MOVED, disagreement="NOVA: nothing"), "The views do not agree on where the volume went (NOVA: nothing)"),
        (MOVED, "The volume moved from node-2 to node-1, with nothing seen to free it"),
        (replace(MOVED, to_node=None), "The volume moved from node-2 to server 17c12a07, with nothing seen to free it"),
        (replace(MOVED, to_node=None, to_server_id=None), "The volume moved from node-2 to nowhere, with nothing seen to free it"),
        (STAYED, "The volume was still on node-2 when the record or our undo ended the wait, 89.5 s after the fault"),
    ],
)
def test_the_way_of_the_volume_is_told(case: Case, movement: Movement | None, said: str) -> None:
    assert told(replace(case, movement=movement))[2] == f"{said}; 6 of 6 acknowledged writes were read back."


def test_what_freed_the_volume_is_told(case: Case, stories: ModuleType) -> None:
    assert told(case, "a taint, 9.0 s after the fault")[2].startswith(
        "The volume moved from node-2 to node-1, freed by a taint, 9.0 s after the fault; "
    )
    assert told(deleting(case), "a taint")[2].startswith("The volume moved from node-2 to node-1 with its pod; ")


def test_a_volume_that_stayed_where_it_may_is_told_without_a_wait(case: Case) -> None:
    assert told(replace(deleting(case), movement=STAYED))[2].startswith("The volume stayed on node-2; ")
    cordoned = replace(deleting(case, Mark(29.0, "cordoned")), movement=STAYED)
    assert told(cordoned)[2].startswith(
        "The volume was still on node-2 when the record or our undo ended the wait, 89.5 s after the fault; "
    )


def test_a_volume_that_stayed_beyond_the_deadline_just_stayed(case: Case) -> None:
    late = replace(case, movement=STAYED, when=replace(WHEN, undo_s=930.5))
    assert told(late)[2].startswith("The volume stayed on node-2; ")
    assert told(late, stuck=("the server is off",))[2].startswith("The volume stayed on node-2, and nothing would have ended that; ")


def test_a_volume_that_stayed_since_the_very_start_waited_all_the_time(case: Case) -> None:
    early = replace(case, movement=STAYED, when=replace(WHEN, fault_s=0.0))
    assert "ended the wait, 120.0 s after the fault; " in told(early)[2]


# --- what became of the writes ---


@pytest.mark.parametrize(
    ("account", "said"),
    [
        (None, "no write was sent, so durability was not tested."),
        (replace(WRITTEN, acknowledged=0), "none of 6 writes was acknowledged, so durability was not tested."),
        (replace(WRITTEN, read_back=False), "6 acknowledged writes could not be read back."),
        (
            replace(WRITTEN, read_back=False, unknown=3, recovered_unknown=0),
            "6 acknowledged writes could not be read back (3 more had no answer, 0 of them are there).",
        ),
        (
            replace(WRITTEN, unknown=3, recovered_unknown=2),
            "6 of 6 acknowledged writes were read back (3 more had no answer, 2 of them are there).",
        ),
        (replace(WRITTEN, recovered=5, lost=("w-6",)), "5 of 6 acknowledged writes were read back: lost w-6."),
        (replace(WRITTEN, recovered=5, torn=("w-6",)), "5 of 6 acknowledged writes were read back: torn w-6."),
        (replace(WRITTEN, duplicate=("w-1",)), "6 of 6 acknowledged writes were read back: w-1 more than once."),
        (
            replace(WRITTEN, recovered=4, lost=("w-5",), torn=("w-6",), duplicate=("w-1", "w-2")),
            "4 of 6 acknowledged writes were read back: lost w-5, torn w-6 and w-1 and w-2 more than once.",
        ),
    ],
)
def test_the_writes_are_told_with_what_became_of_them(case: Case, account: Account | None, said: str) -> None:
    sentence = told(replace(case, account=account))[2]
    assert sentence == f"The volume moved from node-2 to node-1, with nothing seen to free it; {said}"
