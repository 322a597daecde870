"""The report tells figures and makes none: whatever the samples were, its words follow the verdict alone."""

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chaoscinder import reports
from chaoscinder.checks.verdict import judge
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.model.verdict import Verdict
from chaoscinder.reports import html, markdown, terminal

WORDS = ("facts", "measures", "tiles", "terminal", "markdown", "limits", "story", "conclude", "words")
PICTURES = re.compile(r"<svg.*?</svg>|<style.*?</style>|\|[^|\n]*\| \+", re.DOTALL)


def other(row: Sample) -> Sample:
    """A look that saw something else, at another moment."""
    outcome = Outcome.RESET if row.outcome.is_up else Outcome.OK
    return replace(row, at_s=row.at_s * 0.9, outcome=outcome, late_s=row.late_s + 0.02, latency_s=row.latency_s * 3)


def told(render: Callable[[Run, Verdict], str], run: Run, verdict: Verdict) -> list[str]:
    return [line for line in PICTURES.sub("", render(run, verdict)).splitlines() if not line.strip().startswith("web UI")]


@pytest.mark.parametrize("render", [html.render, markdown.render, terminal.render], ids=["page", "ticket", "last lines"])
def test_no_word_changes_when_the_samples_do_and_the_verdict_does_not(
    render: Callable[[Run, Verdict], str], passing_run: Run, failing_run: Run
) -> None:
    for run in (passing_run, failing_run):
        kept = replace(run, series={"kept": run.samples[::2]})
        verdict = judge(kept)
        samples = tuple(map(other, kept.samples))
        changed = replace(kept, samples=samples, series={"kept": samples[::2]})
        assert told(render, changed, verdict) == told(render, kept, verdict)
        assert render(changed, verdict) != render(kept, verdict)  # the pictures are of the samples


# How a figure is written, not what it is: in milliseconds, from the zero of the page's axis on, and with how many digits.
WRITING = ["words: wall_s * 1000", "words: at_s - self.zero_s", "words: period_s * run.header.rate"]


def test_no_module_that_makes_words_calculates_with_seconds() -> None:
    """Not even a difference of two moments: those are taken in checks."""
    found = []
    for name in WORDS:
        path = Path(reports.__file__).with_name(f"{name}.py")
        sums = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.BinOp)]
        found += [f"{name}: {ast.unparse(node)}" for node in sums if _is_seconds(node.left) or _is_seconds(node.right)]
    assert found == WRITING


def _is_seconds(node: ast.expr) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name.endswith("_s") and not name.endswith("_per_s")
