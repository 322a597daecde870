"""Key figures and one-line accounts."""

from dataclasses import replace

from chaoscinder.model.sample import Outage, Outcome
from chaoscinder.model.timeline import Mark
from chaoscinder.model.verdict import Movement
from chaoscinder.model.write import Account
from chaoscinder.reports import facts
from chaoscinder.reports.facts import Audited, Row, Tile
from chaoscinder.reports.limits import limits
from chaoscinder.reports.words import Words
from tests.reports.examples import FAULT, SERVER_2, TAINT, VOLUME, empty, passing, short_outage, stuck, without_fault


def test_figures_of_the_sandbox_carry_their_bound_in_cluster_and_wall_time() -> None:
    assert facts.tiles(*passing()) == (
        Tile("Longest outage", "78.0 to 80.0 s", "wall 3.90 to 4.00 s"),
        Tile("Down in total", "78.0 to 80.0 s", "wall 3.90 to 4.00 s; 1 outage; budget 180 s"),
        Tile("Time to recover", "80.2 s", "wall 4.01 s; deadline 900 s; first failure after 1.2 s"),
        Tile("Availability", "47.33 %", "by time, from the fault on; by request 47.31 %"),
        Tile("Looks at the web UI", "150", "79 bad, 0 never asked"),
        Tile("Late by (99 of 100)", "2.1 ms", "wall; one look is due every 50.0 ms"),
    )


def test_figures_of_a_real_cluster_need_no_wall_time() -> None:
    assert facts.tiles(*passing(1.0))[:3] == (
        Tile("Longest outage", "78.95 to 79.05 s", ""),
        Tile("Down in total", "78.95 to 79.05 s", "1 outage; budget 180 s"),
        Tile("Time to recover", "80.20 s", "deadline 900 s; first failure after 1.20 s"),
    )


def test_an_outage_that_never_ended_is_at_least_so_long() -> None:
    assert facts.tiles(*stuck())[:3] == (
        Tile("Longest outage", "at least 987.8 s", "wall at least 49.3 s; never ended"),
        Tile("Down in total", "at least 987.8 s", "wall at least 49.3 s; 1 outage; budget 180 s"),
        Tile("Time to recover", "did not recover", "deadline 900 s; first failure after 1.2 s"),
    )


def test_an_outage_that_only_the_undo_ended_is_no_recovery() -> None:
    run, verdict = passing()
    early = replace(run, marks=(Mark(FAULT, "fault_started"), Mark(FAULT + 60.0, "undo_started")))
    assert facts.tiles(early, verdict)[0].small == "wall 3.90 to 4.00 s; ended only after the undo began"
    after = "answered after 80.2 s, only after the undo began; deadline 900 s"
    assert facts.tiles(early, verdict)[2] == Tile("Time to recover", "did not recover", after)


def test_an_outage_whose_beginning_nobody_saw_has_no_upper_end() -> None:
    run, verdict = passing()
    assert verdict.availability
    unseen = Outage(0.0, 0.0, 30.0, 31.0, ((Outcome.REFUSED, 30),), began_before_sampling=True)
    seen = replace(verdict.availability, outages=(unseen,), total_s=(30.0, None))
    assert facts.tiles(run, replace(verdict, availability=seen))[0] == Tile(
        "Longest outage", "at least 30.0 s", "wall at least 1.5 s; began before sampling"
    )


def test_no_outage_is_told_with_what_would_not_have_been_seen() -> None:
    assert facts.tiles(*without_fault())[:3] == (
        Tile("Longest outage", "none seen", "one shorter than 0.05 s would not be"),
        Tile("Down in total", "0 s", "0 outages; budget 180 s"),
        Tile("Time to recover", "no outage", "deadline 900 s"),
    )


def test_without_a_measurement_there_are_no_figures() -> None:
    assert facts.tiles(*empty()) == ()
    assert facts.outage_line(*empty()) == "not measured"


def test_several_outages_are_told_with_their_total() -> None:
    run, verdict = short_outage()
    assert verdict.availability
    twice = replace(verdict.availability, outages=verdict.availability.outages * 2, total_s=(0.6, 0.8))
    assert (
        facts.outage_line(run, replace(verdict, availability=twice)) == "0.30 to 0.40 s, in total 0.60 to 0.80 s in 2 outages; budget 180 s"
    )


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


def test_writes_that_nobody_read_back_are_never_called_kept_or_lost() -> None:
    account = Account(340, 13, 0, 327, 0, 0, (), (), False)
    assert facts.data_line(account) == "340 writes, 13 acknowledged; nobody could read them back, so nothing is claimed about loss"
    run, verdict = stuck()
    rows = {row.name: row.said for row in facts.account_rows(run, account, Words.of(run, verdict))}
    assert rows["Acknowledged and lost"] == "nothing is claimed: nobody could read back"
    assert rows["Read back"] == "never"


def test_lost_and_doubled_writes_are_told_by_their_ids() -> None:
    run, verdict = passing()
    account = Account(10, 8, 1, 1, 6, 1, ("w-3", "w-4"), ("w-5",), True, ("w-9",))
    assert facts.data_line(account) == "10 writes, 8 acknowledged, 2 lost, 1 twice, 1 without an answer found all the same"
    assert facts.account_rows(run, account, Words.of(run, verdict)) == (
        Row("Attempted", "10"),
        Row("Acknowledged", "8"),
        Row("Rejected", "1"),
        Row("Without an answer", "1, of which 1 were there all the same"),
        Row("Acknowledged and there", "6"),
        Row("Acknowledged and lost", "2: w-3, w-4"),
        Row("Too late to be read back", "1: w-9"),
        Row("There more than once", "1: w-5"),
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


def test_latency_is_told_before_during_and_after_with_a_dash_where_nothing_answered() -> None:
    _, verdict = stuck()
    assert verdict.availability
    assert facts.latency_rows(verdict, verdict.availability) == (
        ("before the fault", "11.1 ms", "19.8 ms", "62.1 ms"),
        ("during", "11.3 ms", "17.1 ms", "17.5 ms"),
        ("after recovery", "—", "—", "—"),
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
