"""Several series of one run."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from chaoscinder import runs
from chaoscinder.model.run import Aims, Header
from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.runs import RunDirectory, layout, samples


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    """A run at rate 20 with nothing but its header."""
    started = datetime(2026, 11, 22, 21, 40, 7, tzinfo=UTC)
    return runs.create(tmp_path, Header("0a1b", "Does it survive?", "e3b0", started, 100.0, 20.0, True, Aims()))


def write(run: RunDirectory, series: str, *outcomes: Outcome) -> None:
    line = samples.header_line(t0=101.0, period_s=0.05, answer_within_s=0.9, more={"pid": 0, "series": series})
    rows = [samples.encode(slot, outcome, 50, (0.0, 0.0, 0.0, 0.01)) for slot, outcome in enumerate(outcomes)]
    (run.path / layout.series_files(series).samples).write_bytes(line + b"".join(rows))
    run.write_json(layout.series_files(series).trailer, {"records": len(rows), "sha256": "", "problem": ""})


def test_the_further_series_are_read_by_name_onto_the_same_axis(run: RunDirectory) -> None:
    write(run, "", Outcome.OK, Outcome.REFUSED)
    write(run, "kept", Outcome.OK, Outcome.OK)
    write(run, "control", Outcome.UNREACHABLE)
    found = run.read()
    assert found.samples == (Sample(20.0, Outcome.OK, 0.0, 0.01), Sample(21.0, Outcome.REFUSED, 0.0, 0.01))
    assert found.series == {
        "control": (Sample(20.0, Outcome.UNREACHABLE, 0.0, 0.01),),
        "kept": (Sample(20.0, Outcome.OK, 0.0, 0.01), Sample(21.0, Outcome.OK, 0.0, 0.01)),
    }


def test_a_series_that_cannot_be_read_is_empty_and_told(run: RunDirectory) -> None:
    write(run, "", Outcome.OK)
    (run.path / "samples-control.bin").write_bytes(b"")
    found = run.read()
    assert found.series == {"control": ()}
    assert "samples-control.bin cannot be read: it has no header line: the series control is empty" in found.problems


def test_what_became_of_a_sampler_names_its_series(run: RunDirectory) -> None:
    write(run, "kept", Outcome.OK)
    (run.path / "samples-kept.json").unlink()
    write(run, "control", Outcome.OK)
    run.write_json("samples-control.json", {"records": 2, "problem": "10.0.0.1 has no address"})
    found = run.read().problems
    assert "samples-kept.json is missing: the sampler kept was killed after 1 samples" in found
    assert "sampler control: 10.0.0.1 has no address" in found
    assert "samples-control.bin holds 1 records and 0 bytes (its trailer says 2)" in found
