"""What a live record says of an outage: looks at moments when the control failed, too, are none of the application's."""

import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from chaoscinder import runs
from chaoscinder.clients.site import Site
from chaoscinder.clock import Clock
from chaoscinder.errors import CannotTell
from chaoscinder.faults import outage
from chaoscinder.model.run import Aims, Header
from chaoscinder.model.sample import Outcome
from chaoscinder.runs import RunDirectory, layout, samples
from chaoscinder.settings import Settings

LETTERS = {"+": Outcome.OK, "-": Outcome.REFUSED}
PERIOD_S = 0.05
clock = Clock()


@pytest.fixture
def site() -> Iterator[Site]:
    """Settings for 20 looks a second; nothing of it is contacted."""
    made = Site(Settings(app_url="http://127.0.0.1:9/"))
    yield made
    made.close()


def live(place: Path, pictures: dict[str, str]) -> RunDirectory:
    """A run that is being recorded by this process: its fault began with the fortieth look, its last look was just now."""
    began_s = clock.monotonic_s() - PERIOD_S * max(map(len, pictures.values()))
    run = runs.create(place, Header("0a1b2c3d" + "0" * 24, "outage", "", datetime.now(UTC), began_s, 1.0, False, Aims()))
    for series, picture in pictures.items():
        more = {"pid": os.getpid()}
        line = samples.header_line(t0=began_s, period_s=PERIOD_S, answer_within_s=0.9, more=more)
        rows = [samples.encode(slot, LETTERS[letter], 50, (0.0, 0.001, 0.002, 0.004)) for slot, letter in enumerate(picture)]
        (run.path / layout.series_files(series).samples).write_bytes(line + b"".join(rows))
    run.write_json(layout.RECORDER, {"pid": os.getpid(), "t": clock.monotonic_s(), "ended": ""})
    for name, slot in (("baseline_started", 0), ("fault_started", 40), ("fault_confirmed", 40)):
        line_of = f'{{"t": {began_s + slot * PERIOD_S}, "name": "{name}", "detail": {{}}}}\n'
        with (run.path / layout.MARKS).open("a") as marks:
            marks.write(line_of)
    return run


def pictured(*stretches: tuple[str, int]) -> str:
    return "".join(letter * count for letter, count in stretches)


DOWN = pictured(("+", 50), ("-", 40), ("+", 210))
WELL = "+" * 300


@pytest.mark.parametrize(("control", "within"), [(WELL, False), (DOWN, True)], ids=["the control stayed up", "the control failed, too"])
def test_only_what_the_control_vouches_for_counts_against_the_budget(tmp_path: Path, site: Site, control: str, within: bool) -> None:
    run = live(tmp_path, {"": DOWN, "control": control})
    assert outage.is_within(site, run, budget_s=1.0) is within


def test_a_budget_within_the_bounds_of_the_outage_cannot_be_told(tmp_path: Path, site: Site) -> None:
    with pytest.raises(CannotTell, match="do not tell whether the outage is within 2 s"):
        outage.is_within(site, live(tmp_path, {"": DOWN, "control": WELL}), budget_s=2.0)


def waits(place: Path, site: Site, pictures: Sequence[str], limit_s: float) -> tuple[bool, list[str]]:
    run = live(place, dict(zip(("", "control"), pictures, strict=True)))
    return outage.wait_for_recovery(site, run, limit_s, 10.0), [mark.name for mark in run.read().marks][-1:]


def test_a_recovery_is_seen_where_a_later_failure_was_our_own(tmp_path: Path, site: Site) -> None:
    """Down from 2.5 to 4.5 s; at 9 s all of this machine's requests fail for half a second."""
    ours = pictured(("+", 50), ("-", 40), ("+", 90), ("-", 10), ("+", 120))
    assert waits(tmp_path / "ours", site, (ours, pictured(("+", 180), ("-", 10), ("+", 110))), 4.0) == (True, ["recovered"])
    assert waits(tmp_path / "theirs", site, (ours, WELL), 2.9) == (False, ["not_recovered"])
