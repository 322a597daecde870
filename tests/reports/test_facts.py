"""Key figures and one-line accounts."""

from dataclasses import replace

from chaoscinder.model.timeline import Mark
from chaoscinder.model.verdict import Level, Movement, Result, Value, Verdict
from chaoscinder.model.write import Account
from chaoscinder.reports import facts
from chaoscinder.reports.facts import Audited, Row
from chaoscinder.reports.limits import limits
from chaoscinder.reports.words import Words
from tests.reports.examples import FAULT, SERVER_2, TAINT, VOLUME, empty, objective, passing, stuck


def test_where_the_volume_went_is_told_in_one_line() -> None:
    moves = {
        "node-2 → node-1": Movement(VOLUME, "a", "node-2", "b", "node-1", True),
        "still on node-2": Movement(VOLUME, "a", "node-2", "a", "node-2", True),
        "node-2 → nowhere that anyone could tell": Movement(VOLUME, "a", "node-2", None, None, None),
        f"server {SERVER_2} → node-1": Movement(VOLUME, SERVER_2, None, "b", "node-1", True),
        "not known: nobody looked": None,
    }
    assert [facts.movement_line(movement) for movement in moves.values()] == list(moves)


def test_whether_the_views_agree_is_never_guessed() -> None:
    told = Movement(VOLUME, None, None, None, None, False, "Nova says node-2, Cinder says node-1")
    assert facts.agreement_line(told) == "they disagree: Nova says node-2, Cinder says node-1"
    assert facts.agreement_line(replace(told, views_agree=None)) == "could not be compared"
    assert facts.agreement_line(None) == "could not be compared"


def without_objectives(account: Account | None) -> Verdict:
    return replace(passing()[1], objectives=(), account=account)


def test_writes_that_nobody_read_back_are_never_called_kept_or_lost() -> None:
    account = Account(340, 13, 0, 327, 0, 0, (), (), False)
    untested = "durability not tested: 13 acknowledged writes, but nobody could read them back after the fault"
    assert facts.data_line(without_objectives(account)) == f"340 writes, 13 acknowledged; {untested}"
    run, verdict = stuck()
    rows = {row.name: row.said for row in facts.account_rows(run, account, Words.of(run, verdict))}
    assert rows["Acknowledged and lost"] == "nothing is claimed: nobody could read back"
    assert rows["There with another content (torn)"] == "nothing is claimed: nobody could read back"
    assert rows["Read back"] == "never"


def test_durability_that_was_not_tested_says_so_with_the_reason_of_the_judgement() -> None:
    assert facts.data_line(without_objectives(None)) == "durability not tested: no write was sent"
    assert facts.data_line(stuck()[1]) == "340 writes, 13 acknowledged; durability not tested: nobody could read back"
    line = objective("writes", "", "", Result.NOT_TESTED, "no numbered write was sent: durability was not tested", Level.OPTIONAL)
    unsent = replace(passing()[1], account=None, objectives=(line,))
    assert facts.data_line(unsent) == "durability not tested: no numbered write was sent"
    assert facts.beside(unsent) == "not tested: durability"
    assert facts.beside(replace(unsent, value=Value.FAIL)) == facts.beside(passing()[1]) == ""


def test_lost_torn_and_doubled_writes_are_told_by_their_ids() -> None:
    run, verdict = passing()
    account = Account(
        10,
        9,
        1,
        1,
        5,
        1,
        ("w-3", "w-4"),
        ("w-5",),
        True,
        ("w-9",),
        torn=("w-2",),
        rejected_there=("w-8",),
        lost_suffix=True,
        last_before_s=FAULT - 1.5,
        first_after_s=FAULT + 81.0,
        writers=("pod-a", "pod-b"),
    )
    assert (
        facts.data_line(without_objectives(account))
        == "10 writes, 9 acknowledged, 2 lost, 1 torn, 1 twice, 1 without an answer found all the same"
    )
    assert facts.account_rows(run, account, Words.of(run, verdict)) == (
        Row("Attempted", "10"),
        Row("Acknowledged", "9"),
        Row("Rejected", "1"),
        Row("Without an answer", "1, of which 1 were there all the same"),
        Row("Acknowledged and there", "5"),
        Row("Acknowledged and lost", "2: w-3, w-4 (the last ones acknowledged before the outage, as when a cache was not flushed)"),
        Row("There with another content (torn)", "1: w-2"),
        Row("Too late to be read back", "1: w-9"),
        Row("There more than once", "1: w-5"),
        Row("Refused, and there all the same", "1: w-8"),
        Row("Last acknowledged before the outage", "−1.5 s since the fault"),
        Row("First acknowledged since it began", "+81.0 s since the fault"),
        Row("Acknowledged by", "pod-a, then pod-b"),
        Row("Read back", "+118.0 s since the fault"),
    )


def test_steps_tell_their_moment_and_how_long_after_the_one_before() -> None:
    run, verdict = passing()
    rows = facts.step_rows(run, verdict, Words.of(run, verdict))
    assert rows[:3] == (
        ("server down", "+1.3 s", "1.3 s", "Nova: node-2 is SHUTOFF"),
        ("node NotReady", "+45.7 s", "44.4 s", "Ready is Unknown"),
        ("out-of-service taint", "+68.7 s", "23.0 s", TAINT),
    )


def test_steps_that_were_not_seen_or_came_after_the_undo_say_so() -> None:
    run, verdict = stuck()
    assert facts.step_rows(run, verdict, Words.of(run, verdict))[-1] == (
        "volume detached",
        "not seen",
        "—",
        "its VolumeAttachment was kept",
    )
    early = replace(run, marks=(Mark(FAULT + 10.0, "undo_started"),))
    assert facts.step_rows(early, verdict, Words.of(early, verdict))[1][3] == "Ready is Unknown (after the undo began)"


def test_the_audit_names_what_differs() -> None:
    run, _ = passing()
    audited = replace(
        run,
        before={"server": {"status": "ACTIVE", "power_state": 1}, "rows": 3, "taints": []},
        after={"server": {"status": "SHUTOFF", "power_state": 1}},
    )
    assert facts.audit_rows(audited) == (
        Audited("server status", "ACTIVE", "SHUTOFF"),
        Audited("server power_state", "1", "1"),
        Audited("rows", "3", "—"),
        Audited("taints", "none", "—"),
    )


def test_what_was_not_tested_is_named_with_its_level() -> None:
    assert facts.not_tested(stuck()[1]) == ("writes (optional)",)


def test_a_run_in_the_sandbox_says_first_that_it_proves_nothing_about_a_real_cluster() -> None:
    assert (
        limits(*passing())[0] == "The clouds were emulated and their time ran 20 times as fast: this is no evidence about a real cluster."
    )
    assert not any("emulated" in limit or "run faster" in limit for limit in limits(*passing(1.0)))


def test_what_a_run_does_not_show_depends_on_what_it_recorded() -> None:
    backend, untested = (
        "No answer told which pod gave it, so answers from a stale backend were not looked for.",
        "Whether writes survived was not tested.",
    )
    assert {backend, untested} <= set(limits(*empty()))
    assert {backend, untested}.isdisjoint(limits(*passing()))


def test_audited_attachments_are_told_as_words() -> None:
    run, _ = passing()
    audited = replace(run, before={"attachments": [{"view": "NOVA", "server_id": "s-1", "status": "attached"}]}, after={"attachments": []})
    assert facts.audit_rows(audited) == (Audited("attachments", "s-1 attached NOVA", "none"),)


def test_where_the_volume_went_is_an_expected_difference_of_the_audit() -> None:
    run, _ = passing()
    there = [{"view": view, "server_id": "s-1", "status": "attached"} for view in ("KUBERNETES", "NOVA", "CINDER")]
    elsewhere = [{**row, "server_id": "s-2"} for row in there]
    rows = facts.audit_rows(replace(run, before={"attachments": there}, after={"attachments": elsewhere, "rows": 0}))
    assert [(row.name, row.same, row.expected) for row in rows] == [
        ("attachments", False, "the volume went with its pod, and stays there; all views agree"),
        ("rows", False, "this run's own rows were taken away again"),
    ]
    assert facts.audit_line(rows) == "2 of 2 facts differ, as expected."
    apart = facts.audit_rows(replace(run, before={"attachments": there}, after={"attachments": [*there[:2], elsewhere[2]]}))
    assert [row.expected for row in apart] == [""]
    assert facts.audit_line(apart) == "1 of 1 facts differs, 1 of them not as expected."
    as_before = replace(run, before={"attachments": there}, after={"attachments": there})
    assert facts.audit_line(facts.audit_rows(as_before)) == "Nothing differs."
