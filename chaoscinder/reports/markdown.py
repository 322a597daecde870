"""The ticket text: a Markdown summary in which nothing that came from a cluster can become markup, a link or a mention."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from chaoscinder.checks.series import as_judged
from chaoscinder.model.run import Run
from chaoscinder.model.verdict import Verdict
from chaoscinder.reports import facts, measures, tiles
from chaoscinder.reports.axis import whole_run
from chaoscinder.reports.limits import limits
from chaoscinder.reports.strip import unicode_strip
from chaoscinder.reports.svg import clean
from chaoscinder.reports.words import Words

ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": "&#64;", "|": "&#124;", "`": "&#96;"}
SIGNS = re.compile(r"[&<>@|`]")
BACKSLASHED = re.compile(r"([\\*_\[\]~])")
MARKER = re.compile(r"^([-+#]|\d+[.)])(?=\s)")


def render(run: Run, verdict: Verdict) -> str:
    """Write the summary of a run, a few KiB of Markdown for a ticket or a pull request."""
    text = (
        _environment()
        .get_template("summary.md")
        .render(
            run=run,
            verdict=verdict,
            facts=facts,
            tiles=tiles,
            beside=facts.beside(verdict),
            series=tuple(measures.series_lines(verdict)),
            limits=limits(run, verdict),
            word=Markup(verdict.value.value),
            watermark=facts.watermark(run),
            restored=facts.restored_line(verdict),
            strip=Markup(strip_line(run, verdict)),
        )
    )
    return re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"


def strip_line(run: Run, verdict: Verdict) -> str:
    """Draw the whole run in one line of characters with its ends; empty without samples."""
    if not run.samples:
        return ""
    axis, told = whole_run(run, verdict), Words.of(run, verdict)
    period_s = (verdict.availability.period_s if verdict.availability else 1 / run.header.aims.samples_per_s) * run.header.rate
    return f"{told.since(axis.start_s, 0)} |{unicode_strip(as_judged(run).samples, axis, period_s)}| {told.since(axis.end_s, 0)}"


def escaped(value: object) -> object:
    """Make a text harmless in Markdown: one line, no markup, no table cell, no link, no mention."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    line = " ".join(clean(value).split())
    line = SIGNS.sub(lambda found: ENTITIES[found.group()], BACKSLASHED.sub(r"\\\1", line))
    return MARKER.sub(r"\\\1", line).replace("://", ":&#47;&#47;")


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=False,  # finalize escapes for Markdown instead
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=escaped,
    )
