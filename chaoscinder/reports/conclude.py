"""From a run's directory to its verdict and its papers."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from chaoscinder.checks.verdict import judge as judge_run
from chaoscinder.model.run import Run
from chaoscinder.model.verdict import Verdict
from chaoscinder.reports import html, markdown
from chaoscinder.runs import RunDirectory, files, layout, recorder_alive, sampler_alive


def judge(directory: RunDirectory) -> tuple[Run, Verdict]:
    """Read a run and judge it."""
    record = directory.read()
    if not record.platform and (recorder_alive(directory) or sampler_alive(directory)):
        record = replace(record, ongoing=True)
    return record, judge_run(record)


def write(directory: RunDirectory, record: Run, verdict: Verdict) -> tuple[Path, ...]:
    """Write verdict, page and summary into the run's directory."""
    return (
        directory.write_json(layout.VERDICT, as_json(verdict)),
        directory.write_text(layout.REPORT, html.render(record, verdict)),
        directory.write_text(layout.SUMMARY, markdown.render(record, verdict)),
    )


def as_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict as plain JSON, for verdict.json and for the journal."""
    return {"verdict": verdict.value.value, **files.plain(verdict)}
