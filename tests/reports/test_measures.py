"""The tables of figures."""

from dataclasses import replace

from chaoscinder.checks.verdict import judge
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outage, Outcome, Sample
from chaoscinder.model.timeline import Mark
from chaoscinder.model.verdict import Episode, Verdict
from chaoscinder.reports import measures
from chaoscinder.reports.html import render
from chaoscinder.reports.terminal import render as render_lines
from chaoscinder.reports.words import Words
from tests.reports.examples import FAULT, empty, passing, stuck, without_fault


def outage_rows(run: Run, verdict: Verdict) -> tuple[tuple[str, ...], ...]:
    return measures.outage_rows(run, verdict, Words.of(run, verdict))


def with_kept(run: Run) -> Run:
    """Kept connections fail five seconds longer, and the control endpoint fails three times."""
    kept = tuple(replace(row, outcome=Outcome.RESET) if 110 <= row.at_s < 116 else row for row in run.samples)
    failed = (60.0, 61.0, 62.0)
    control = tuple(Sample(row.at_s, Outcome.REFUSED if row.at_s in failed else Outcome.OK, 0.001, 0.002) for row in run.samples)
    return replace(run, series={"kept": kept, "control": control})


def test_an_outage_is_told_with_its_bounds_and_what_users_met() -> None:
    assert outage_rows(*passing()) == (
        ("1", "+0.2 s to +1.2 s", "78.0 to 80.0 s (wall 3.90 to 4.00 s)", "46 connect timeouts, then 33 refused connections", ""),
    )
    assert outage_rows(*stuck())[0][4] == "still on when the record ended"
    assert outage_rows(*empty()) == ()


def test_what_is_special_about_an_outage_is_said() -> None:
    run, verdict = passing(1.0)
    assert verdict.availability
    first = Outage(0.0, 0.0, FAULT + 1.0, FAULT + 1.5, ((Outcome.REFUSED, 5),), began_before_sampling=True)
    second = Outage(FAULT + 2.0, FAULT + 2.5, FAULT + 4.5, FAULT + 5.0, ((Outcome.READ_TIMEOUT, 5),))
    episodes = (Episode(1, 2, (44.5, None)),)
    seen = replace(verdict.availability, outages=(first, second), episodes=episodes)
    marked = replace(run, marks=(Mark(FAULT, "fault_started"), Mark(FAULT + 3.0, "undo_started")))
    flaps = "one of 2 that flap, together at least 44.5 s"
    assert [row[4] for row in outage_rows(marked, replace(verdict, availability=seen))] == [
        f"{flaps}; began before sampling",
        f"{flaps}; ended only after our undo; if it was a stall, it lasted D longer: 2.9 to 3.9 s",
    ]


def test_more_outages_than_a_page_should_hold_are_left_to_the_verdict() -> None:
    run, verdict = passing()
    assert verdict.availability
    many = replace(verdict, availability=replace(verdict.availability, outages=verdict.availability.outages * 60))
    assert len(outage_rows(run, many)) == 50
    assert "10 more are in verdict.json" in render(run, many)


def test_how_long_things_took_is_told_with_bounds_or_with_why_not() -> None:
    run, verdict = passing()
    assert verdict.account
    wrote = replace(verdict, account=replace(verdict.account, first_after_s=FAULT + 83.0))
    assert measures.time_rows(run, wrote, Words.of(run, wrote)) == (
        ("To the first failure, since the fault was accepted", "0.2 to 1.2 s", "wall 0.01 to 0.06 s"),
        ("To the first good answer after it", "79.2 to 80.2 s", "wall 3.96 to 4.01 s"),
        ("To recovery, stable for 10 s", "79.2 to 80.2 s", "wall 3.96 to 4.01 s"),
        ("To the first acknowledged write after it began", "83.0 s", ""),
        ("To answers as fast as before", "82.2 to 83.2 s", "wall 4.11 to 4.16 s"),
    )
    never, failed = stuck()
    assert [row[1] for row in measures.time_rows(never, failed, Words.of(never, failed))] == [
        "0.2 to 1.2 s",
        "never",
        "never",
        "none",
        "not seen before the record ended",
    ]
    quiet, untouched = without_fault()
    assert measures.time_rows(quiet, untouched, Words.of(quiet, untouched)) == ()


def test_latency_is_told_with_how_many_answers_it_is_of_and_a_dash_where_nothing_answered() -> None:
    _, verdict = stuck()
    assert verdict.availability
    assert measures.latency_rows(verdict, verdict.availability) == (
        ("before the fault", "40", "11.1 ms", "19.8 ms", "62.1 ms"),
        ("during", "1", "11.3 ms", "17.1 ms", "17.5 ms"),
        ("after recovery", "0", "—", "—", "—"),
    )


def test_the_quality_says_what_the_deadline_does_to_a_stall_and_what_was_not_checked() -> None:
    run, verdict = passing()
    assert verdict.availability
    told = replace(verdict, backends="none")
    rows = {row.name: row.said for row in measures.quality_rows(run, told, verdict.availability, Words.of(run, told))}
    stall = "a stall of length W is seen as max(0, W − D), and one shorter than D as slow answers"
    assert rows["An answer is good within"] == f"D = 0.9 s (wall), counted from when the look was due; {stall}"
    assert rows["By time and by request"] == "47.33 % and 47.31 %; may lie 0.67% apart"
    assert (rows["Unknown"], rows["Answers of a stale backend"]) == ("0 looks at moments when the control endpoint failed, too", "none")


def test_vantage_points_are_told_side_by_side_only_where_there_are_several(passing_run: Run) -> None:
    assert measures.series_rows(judge(passing_run)) == ()
    rows = measures.series_rows(judge(with_kept(passing_run)))
    assert [row[:6] for row in rows] == [
        ("web UI", "new connections; the one that is judged", "1", "78.9 to 81.1 s", "78.9 to 81.1 s", "25.92 % / 26.66 %"),
        (
            "control",
            "an endpoint that should stay up; where it fails, the others are unknown",
            "1",
            "1.9 to 4.1 s",
            "1.9 to 4.1 s",
            "97.22 % / 97.22 %",
        ),
        ("kept", "connections that are kept open", "1", "83.9 to 86.1 s", "83.9 to 86.1 s", "21.29 % / 21.90 %"),
    ]


def test_every_series_is_in_the_page_and_in_the_last_lines(passing_run: Run) -> None:
    run = with_kept(passing_run)
    verdict = judge(run)
    page, lines = render(run, verdict), render_lines(run, verdict)
    assert "<h2>From other vantage points</h2>" in page
    for name in ("control", "kept"):
        assert page.count(f">{name}</text>") == 1
    assert ">unknown 6</text>" in page
    kept = (
        "kept down for 83.9 to 86.1 s in 1 outage; availability 21.29 % by time, 21.90 % by request; only a hint: 0 of 108 samples missed"
    )
    assert kept in " ".join(lines.split())
    assert "<h2>From other vantage points</h2>" not in render(passing_run, judge(passing_run))


def test_where_nothing_could_be_written_every_paper_says_that_durability_was_not_tested(passing_run: Run) -> None:
    from chaoscinder.model.verdict import Level
    from chaoscinder.reports.markdown import render as render_summary

    unsent = replace(passing_run, writes=(), read_backs=())
    optional = replace(unsent, header=replace(unsent.header, aims=replace(unsent.header.aims, levels={"writes": Level.OPTIONAL})))
    verdict = judge(optional)
    said = "durability not tested: no numbered write was sent"
    page, lines, summary = render(optional, verdict), render_lines(optional, verdict), render_summary(optional, verdict)
    assert all(said in paper for paper in (page, lines, summary))
    assert lines.splitlines()[0].startswith(
        "PASS  remediation: out-of-service taint on node-2, 68.7 s after the fault  not tested: durability"
    )
    assert "not tested: durability" in page.partition("</h1>")[0]
    assert " · not tested: durability · " in summary.splitlines()[0]
    assert verdict.findings == ("writes not tested (optional): no numbered write was sent: durability was not tested",)
