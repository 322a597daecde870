"""The documentation names every file that a run's directory has."""

from dataclasses import astuple
from pathlib import Path

from chaoscinder.runs import layout, samples

DOCUMENT = Path(__file__).parents[2] / "docs" / "run-directory.md"


def test_every_file_of_a_run_is_documented() -> None:
    text = DOCUMENT.read_text()
    names = [value for name, value in vars(layout).items() if name.isupper()] + list(astuple(layout.series_files()))
    assert [name for name in names if f"`{name}`" not in text] == []


def test_every_outcome_is_documented() -> None:
    text = DOCUMENT.read_text()
    assert [word for word in samples.OUTCOMES if f"| {word}" not in text and f"{word} " not in text and f", {word}" not in text] == []


def test_a_series_of_its_own_has_files_of_its_own() -> None:
    assert astuple(layout.series_files("control")) == (
        "samples-control.bin", "backends-control.jsonl", "samples-control.json", "sampler-control.log",
    )  # fmt: skip
