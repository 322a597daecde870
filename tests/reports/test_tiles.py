"""Key figures with their bounds."""

from dataclasses import replace

from chaoscinder.checks.verdict import judge
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outage, Outcome
from chaoscinder.model.timeline import Mark
from chaoscinder.model.verdict import ErrorBudget, Unaided
from chaoscinder.reports.tiles import Tile, outage_line, recovery_line, tiles
from tests.reports.examples import FAULT, empty, passing, short_outage, stuck, without_fault


def test_figures_of_the_sandbox_carry_their_bound_and_deadline_in_cluster_and_wall_time() -> None:
    assert tiles(*passing()) == (
        Tile("Longest outage", "78.0 to 80.0 s", "wall 3.90 to 4.00 s; D = 0.9 s"),
        Tile("Down in total", "78.0 to 80.0 s", "wall 3.90 to 4.00 s; D = 0.9 s; 1 outage; budget 180 s"),
        Tile(
            "Time to recover",
            "79.2 to 80.2 s",
            "wall 3.96 to 4.01 s; D = 0.9 s; deadline 900 s; first failure 0.2 to 1.2 s after the fault was accepted",
        ),
        Tile("Availability", "47.33 %", "by time, from the fault on; by request 47.31 %; D = 0.9 s"),
        Tile("Looks at the web UI", "150", "79 bad, 0 never asked; 99 of 100 at most 2.1 ms late (wall)"),
    )


def test_figures_of_a_real_cluster_need_no_wall_time() -> None:
    assert tiles(*passing(1.0))[:3] == (
        Tile("Longest outage", "78.95 to 79.05 s", "D = 0.9 s"),
        Tile("Down in total", "78.95 to 79.05 s", "D = 0.9 s; 1 outage; budget 180 s"),
        Tile(
            "Time to recover",
            "80.15 to 80.20 s",
            "D = 0.9 s; deadline 900 s; first failure 0.2 to 1.2 s after the fault was accepted",
        ),
    )


def test_the_error_budget_is_a_figure_of_its_own() -> None:
    run, verdict = passing()
    taken = replace(verdict, error_budget=ErrorBudget(99.95, 30.0, 1296.0, (0.0601, 0.0618)))
    tile = Tile("Error budget", "6.0 to 6.2 %", "of the 1,296 s that 99.95 % in 30 days allow; not judged")
    assert tiles(run, taken)[4] == tile
    without_end = replace(verdict, error_budget=ErrorBudget(99.0, 1.0, 864.0, (1.1433, None)))
    assert tiles(run, without_end)[4] == Tile("Error budget", "at least 114.3 %", "of the 864 s that 99 % in 1 day allow; not judged")


def test_an_outage_that_never_ended_is_at_least_so_long() -> None:
    assert tiles(*stuck())[:3] == (
        Tile("Longest outage", "at least 987.8 s", "wall at least 49.3 s; D = 0.9 s; never ended"),
        Tile("Down in total", "at least 987.8 s", "wall at least 49.3 s; D = 0.9 s; 1 outage; budget 180 s"),
        Tile("Time to recover", "did not recover", "D = 0.9 s; deadline 900 s; first failure 0.2 to 1.2 s after the fault was accepted"),
    )


def test_an_outage_that_only_the_undo_ended_is_shown_as_it_is_judged() -> None:
    run, verdict = passing()
    early = replace(run, marks=(Mark(FAULT, "fault_started"), Mark(FAULT + 60.0, "undo_started")))
    judged = Unaided((58.8, None), (58.8, None), (60.0, None))
    found = tiles(early, replace(verdict, unaided=judged))
    until = "until our undo; users were away for 78.0 to 80.0 s"
    assert found[0] == Tile("Longest outage", "at least 58.8 s", f"wall at least 2.9 s; D = 0.9 s; {until}")
    assert found[1].small == f"wall at least 2.9 s; D = 0.9 s; 1 outage; budget 180 s; {until}"
    after = "looked for 60.0 s; answered after 79.2 to 80.2 s, only after our undo; D = 0.9 s; deadline 900 s; first failure"
    assert (found[2].figure, found[2].small.startswith(after)) == ("did not recover", True)


def test_the_figures_of_a_judged_run_are_those_of_its_acceptance_table(passing_run: Run, failing_run: Run) -> None:
    for run in (passing_run, failing_run):
        verdict = judge(run)
        measured = {one.name: one.measured for one in verdict.objectives}
        longest, total, recovered = tiles(run, verdict)[:3]
        assert measured["outage"].startswith(f"{total.figure} (")
        assert longest.figure == total.figure
        assert recovered.figure == "did not recover" or measured["recovery"].startswith(f"{recovered.figure} (")


def test_an_outage_whose_beginning_nobody_saw_has_no_upper_end() -> None:
    run, verdict = passing()
    assert verdict.availability
    unseen = Outage(0.0, 0.0, 30.0, 31.0, ((Outcome.REFUSED, 30),), began_before_sampling=True)
    seen = replace(verdict.availability, outages=(unseen,), total_s=(30.0, None), longest_s=(30.0, None))
    assert tiles(run, replace(verdict, availability=seen))[0] == Tile(
        "Longest outage", "at least 30.0 s", "wall at least 1.5 s; D = 0.9 s; began before sampling"
    )


def test_no_outage_is_told_with_what_would_not_have_been_seen() -> None:
    assert tiles(*without_fault())[:3] == (
        Tile("Longest outage", "none seen", "one shorter than 0.05 s would not be; D = 0.9 s"),
        Tile("Down in total", "0 s", "D = 0.9 s; 0 outages; budget 180 s"),
        Tile("Time to recover", "no outage", "D = 0.9 s; deadline 900 s"),
    )


def test_without_a_measurement_there_are_no_figures() -> None:
    assert tiles(*empty()) == ()
    assert (outage_line(*empty()), recovery_line(*empty())) == ("not measured", "not measured")


def test_several_outages_are_told_with_their_total() -> None:
    run, verdict = short_outage()
    assert verdict.availability
    twice = replace(verdict.availability, outages=verdict.availability.outages * 2, total_s=(0.6, 0.8))
    assert (
        outage_line(run, replace(verdict, availability=twice))
        == "0.30 to 0.40 s (D = 0.9 s), in total 0.60 to 0.80 s in 2 outages; budget 180 s"
    )
