"""The page: one self-contained HTML file without a script, with nothing fetched, that reads well on paper too."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from chaoscinder.checks.sentences import deadline
from chaoscinder.model.run import Run
from chaoscinder.model.verdict import Verdict
from chaoscinder.reports import facts, measures, tiles, words
from chaoscinder.reports.figures import figures_of
from chaoscinder.reports.lanes import lanes_of
from chaoscinder.reports.limits import limits
from chaoscinder.reports.palette import VERDICTS
from chaoscinder.reports.svg import clean
from chaoscinder.reports.words import Words

MOST_ROWS = 300


def render(run: Run, verdict: Verdict) -> str:
    """Write the page of a run."""
    told = Words.of(run, verdict)
    page = (
        _environment()
        .get_template("page.html")
        .render(
            run=run,
            verdict=verdict,
            words=told,
            facts=facts,
            measures=measures,
            tiles=tiles.tiles(run, verdict),
            deadline=deadline(run.header.aims.answer_within_s),
            beside=facts.beside(verdict),
            limits=limits(run, verdict),
            colour=VERDICTS[verdict.value],
            restored=facts.restored_line(verdict),
            figures=[(figure.title, Markup(figure.svg), figure.caption) for figure in figures_of(run, verdict)],
            last_states=last_states(run, verdict),
            events=run.events[:MOST_ROWS],
            marks=run.marks[:MOST_ROWS],
            most_rows=MOST_ROWS,
        )
    )
    return page.rstrip() + "\n"


def last_states(run: Run, verdict: Verdict) -> tuple[tuple[str, str, str], ...]:
    """Tell whose view it is, of what, and what it last said, for everything that still existed at the end."""
    end_s = max((change.at_s for change in run.changes), default=0.0) + 1.0
    lanes = lanes_of(run, verdict, end_s)
    return tuple((lane.group, lane.label, lane.bars[-1].look.said or "none") for lane in lanes if lane.bars[-1].end_s == end_s)


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    environment.filters["pairs"] = words.pairs
    environment.filters["kept"] = words.kept_together
    return environment


def _printable(value: object) -> object:
    return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value
