"""The figures of one run that its objectives are judged by, where our undo, a short record or a late reading bound them."""

from collections.abc import Sequence
from dataclasses import replace
from types import ModuleType

import pytest

from chaoscinder.checks.case import Case, open_case
from chaoscinder.model.run import Aims, Run
from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.model.timeline import Mark
from chaoscinder.model.verdict import Unaided
from chaoscinder.model.write import ReadBack, Write, WriteOutcome

WORDS = {"+": Outcome.OK, "-": Outcome.REFUSED, "?": Outcome.MISSED}
AIMS = Aims(samples_per_s=1.0, baseline_s=5.0, stable_for_s=3.0)
ACKNOWLEDGED, REJECTED, UNKNOWN = WriteOutcome


@pytest.fixture
def drawn(stories: ModuleType) -> "Drawn":
    return Drawn(stories)


class Drawn:
    """Makes runs at rate 1, one look a second that is answered at once, the fault at 5 s."""

    def __init__(self, stories: ModuleType) -> None:
        self.header = stories.header(rate=1.0, aims=AIMS)

    def run(self, picture: str, *, undo_s: float | None = None, end_s: float | None = None, writes: Sequence[Write] = ()) -> Run:
        samples = tuple(Sample(float(slot), WORDS[word], 0.0, 0.0) for slot, word in enumerate(picture))
        marks = [Mark(5.0, "fault_started"), Mark(5.0, "fault_accepted")]
        marks += [] if undo_s is None else [Mark(undo_s, "undo_started")]
        marks += [] if end_s is None else [Mark(end_s, "recording_ended")]
        return Run(self.header, marks=tuple(marks), samples=samples, writes=tuple(writes), platform={"status": "completed"})

    def case(self, picture: str, *, undo_s: float | None = None) -> Case:
        return open_case(self.run(picture, undo_s=undo_s))


def write(at_s: float, outcome: WriteOutcome = ACKNOWLEDGED) -> Write:
    return Write(int(at_s), f"w{at_s:g}", at_s, at_s + 0.5, outcome)


# --- what is put down to the system ---


@pytest.mark.parametrize(
    ("picture", "undo_s", "judged"),
    [
        ("+++++---+++++++", 14.0, Unaided((2.0, 4.0), (2.0, 4.0), (2.0, 3.0))),
        ("+++++-----+++++", 8.0, Unaided((3.0, None), (3.0, None), (3.0, None))),
        ("+++++----------", None, Unaided((9.0, None), (9.0, None), (9.0, None))),
        ("+++++---+++++++", None, Unaided((2.0, 4.0), (2.0, 4.0), (2.0, 3.0))),
        ("+++++--++++---+++++", 12.0, Unaided((2.0, None), (1.0, None), (7.0, None))),
        ("+++++--++++++++---+", 13.0, Unaided((3.0, 7.0), (2.0, 4.0), (1.0, 2.0))),
        ("+++++--++++++++----", 13.0, Unaided((4.0, None), (3.0, None), (1.0, 2.0))),
        ("+++++++++++++++", 10.0, Unaided((0.0, 0.0), None, (0.0, 0.0))),
        ("+++++++++++++++", 5.5, Unaided((0.0, 0.0), None, (0.0, 0.0))),
        ("+++++---+-+-+++++++", 8.0, Unaided((2.0, 8.0), (2.0, 4.0), (3.0, None))),
    ],
    ids=[
        "back before the undo",
        "only the undo ended it",
        "never back",
        "nobody undid anything",
        "away again when the undo began",
        "away again only after it",
        "away after it, to the end",
        "never away",
        "never away until an early undo",
        "back for good only after it",
    ],
)
def test_our_undo_is_no_recovery(drawn: Drawn, picture: str, undo_s: float | None, judged: Unaided) -> None:
    assert drawn.case(picture, undo_s=undo_s).judged() == judged


def test_without_a_fault_or_without_a_look_nothing_is_judged(drawn: Drawn) -> None:
    assert open_case(replace(drawn.run("++++++"), marks=())).judged() is None
    assert drawn.case("").judged() is None


def test_the_recovery_is_told_on_the_axis_of_the_run(drawn: Drawn) -> None:
    assert drawn.case("+++++---+++++++").recovered_at_s == 8.0
    assert drawn.case("+++++----------").recovered_at_s is None
    assert drawn.case("").recovered_at_s is None


def test_without_a_fault_everything_counts_from_the_start_of_the_run(drawn: Drawn) -> None:
    case = open_case(replace(drawn.run("+++++---+++++++"), marks=()))
    assert case.availability is not None
    assert (case.availability.samples, case.availability.recovered_s, case.recovered_at_s) == (15, (7.0, 8.0), 8.0)
    assert open_case(replace(drawn.run("+++++++"), marks=())).recovered_at_s == 0.0


# --- how far the record reaches ---


@pytest.mark.parametrize(
    ("rate", "undo_s", "last_s", "doubt"),
    [
        (20.0, 40.0, 37, ()),
        (20.0, 40.0, 36, ("sampling ended at 36.0 s, 4.0 s before the undo",)),
        (1.0, 40.0, 38, ()),
        (1.0, 40.0, 37, ("sampling ended at 37.0 s, 3.0 s before the undo",)),
        (20.0, None, 60, ()),
        (20.0, None, 59, ("sampling ended at 59.0 s, 41.0 s before the record ends",)),
        (1.0, None, 98, ()),
        (1.0, None, 97, ("sampling ended at 97.0 s, 3.0 s before the record ends",)),
    ],
)
def test_sampling_has_to_reach_the_undo_or_the_end_of_the_record(
    stories: ModuleType, rate: float, undo_s: float | None, last_s: int, doubt: tuple[str, ...]
) -> None:
    """Three slots or two cluster seconds before our undo, whichever is longer; two wall seconds before the end of the record."""
    step_s = rate / 20
    looks = tuple(Sample(slot * step_s, Outcome.OK, 0.0, 0.0) for slot in range(round(last_s / step_s) + 1))
    marks = (Mark(5.0, "fault_started"), *([] if undo_s is None else [Mark(undo_s, "undo_started")]), Mark(100.0, "recording_ended"))
    header = stories.header(rate=rate, aims=replace(Aims(), baseline_s=5.0))
    case = open_case(Run(header, marks=marks, samples=looks, platform={"status": "completed"}))
    assert case.doubts == doubt
    seen = case.availability
    assert seen is not None
    absent = round((float(doubt[0].split()[5]) if doubt else 0.0) / step_s)
    assert (seen.missed, seen.samples) == (absent, round((last_s - 5) / step_s) + 1 + absent)
    assert [seen.by_time, seen.by_request] == ([None, None] if doubt else [1.0, 1.0])


def test_before_a_fault_a_short_record_is_no_doubt(drawn: Drawn) -> None:
    run = drawn.run("+" * 16, end_s=20.0)
    assert open_case(run).doubts == ("sampling ended at 15.0 s, 5.0 s before the record ends",)
    assert open_case(replace(run, marks=run.marks[-1:])).doubts == ("1 samples in the baseline (wanted 5)",)


def test_without_a_look_that_is_the_only_doubt(drawn: Drawn) -> None:
    assert drawn.case("").doubts == ("the web UI was not sampled",)


# --- writes ---


def test_only_a_reading_after_the_recovery_decides_about_the_writes(drawn: Drawn) -> None:
    run = drawn.run("+++++---+++++++", undo_s=14.0, writes=[write(1.0), write(9.0)])
    before, after = ReadBack(7.5, (("w1", 1),)), ReadBack(12.0, (("w9", 1),))
    early, late = (open_case(replace(run, read_backs=rows)).account for rows in ((before,), (before, after)))
    assert early is not None
    assert late is not None
    assert (early.read_back, early.lost, late.read_back, late.lost) == (False, (), True, ("w1",))
    assert (late.last_before_s, late.first_after_s) == (1.5, 9.5)
    never_away = replace(drawn.run("+" * 15, writes=[write(1.0)]), read_backs=(replace(before, at_s=5.5),))
    told = open_case(never_away).account
    assert told is not None
    assert (told.read_back, told.recovered) == (True, 1)


def test_without_a_write_there_is_no_account(drawn: Drawn) -> None:
    assert drawn.case("++++++++").account is None


@pytest.mark.parametrize(("outcomes", "restored"), [((), None), ((REJECTED,), None), ((REJECTED, UNKNOWN), True), ((ACKNOWLEDGED,), True)])
def test_rows_of_this_run_count_as_touched_unless_every_write_was_refused(
    drawn: Drawn, outcomes: tuple[WriteOutcome, ...], restored: bool | None
) -> None:
    run = drawn.run("++++++++++", writes=[write(float(number), outcome) for number, outcome in enumerate(outcomes)])
    case = open_case(replace(run, after={"rows": 0}))
    assert (case.restored, case.left_behind) == (restored, ())


@pytest.mark.parametrize(
    ("deletes", "restored", "lines"),
    [
        ("yes", None, ("nobody counted this run's own rows after the run",)),
        ("no", None, ("this run's own rows are meant to stay in the application",)),
        (None, None, ("this run's own rows are meant to stay in the application",)),
    ],
)
def test_rows_that_nobody_counted_are_told_by_whether_they_could_be_deleted(
    drawn: Drawn, deletes: str | None, restored: bool | None, lines: tuple[str, ...]
) -> None:
    run = drawn.run("++++++++++", writes=[write(1.0)])
    settings = {} if deletes is None else {"ledger_deletes": deletes}
    case = open_case(replace(run, header=replace(run.header, settings=settings), after={"rows": None}))
    assert (case.restored, case.left_behind) == (restored, lines)


def test_of_a_run_that_is_still_going_nothing_is_restored(drawn: Drawn) -> None:
    case = open_case(replace(drawn.run("++++++++"), ongoing=True))
    assert (case.restored, case.left_behind) == (None, ("the run is still going",))


# --- what a reader should know ---


def test_problems_of_our_own_end_are_taken_from_their_marks(drawn: Drawn) -> None:
    run = drawn.run("++++++++")
    marked = replace(run, marks=(*run.marks, Mark(8.0, "problem", {"what": "no audit"}), Mark(9.0, "stopped", {"what": "else"})))
    assert open_case(marked).problems == ("no audit",)


def test_the_baseline_of_a_run_without_a_fault_is_all_that_was_sampled_at_its_end(drawn: Drawn) -> None:
    run = drawn.run("+" * 20)
    assert [row.at_s for row in open_case(run).baseline] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [row.at_s for row in open_case(replace(run, marks=())).baseline] == [14.0, 15.0, 16.0, 17.0, 18.0]
