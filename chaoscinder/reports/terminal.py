"""The lines that a person reads at the end of a run: the verdict first, then the outage, the volume, the data and what is left behind."""

import textwrap
from collections.abc import Iterator

from chaoscinder.model.run import Run
from chaoscinder.model.verdict import Verdict
from chaoscinder.reports import facts, measures, tiles
from chaoscinder.reports.markdown import strip_line
from chaoscinder.reports.svg import clean

NAME_WIDTH = 12
WIDTH = 110


def render(run: Run, verdict: Verdict) -> str:
    """Write the last lines of a run, without colours and without the page's path."""
    return "\n".join(clean(line) for line in _lines(run, verdict)) + "\n"


def _lines(run: Run, verdict: Verdict) -> Iterator[str]:
    mark = facts.watermark(run)
    beside = facts.beside(verdict)
    parts = (verdict.value.value, f"remediation: {verdict.remediation or 'none seen'}", beside, f"[{mark}]" if mark else "")
    first = "  ".join(part for part in parts if part)
    yield " ".join(first.split("\n"))
    yield _wrapped("  ", verdict.reason)
    if run.samples:
        yield "  " + "web UI".ljust(NAME_WIDTH) + strip_line(run, verdict)
    yield _named("outage", tiles.outage_line(run, verdict))
    if verdict.availability is not None:
        yield _named("recovery", tiles.recovery_line(run, verdict))
    if verdict.error_budget is not None:
        yield _named("SLO", f"{tiles.budget_line(verdict)}")
    for name, said in measures.series_lines(verdict):
        yield _named(name, said)
    yield _named("volume", f"{facts.movement_line(verdict.movement)}; {facts.agreement_line(verdict.movement)}")
    yield _named("data", facts.data_line(verdict))
    yield _named("restored", facts.restored_line(verdict))
    untested = facts.not_tested(verdict)
    if untested:
        yield _named("not tested", ", ".join(untested))
    for line in verdict.stuck:
        yield _named("stuck", line)
    for finding in verdict.findings:
        yield _named("finding", finding)
    for problem in facts.problems(run, verdict):
        yield _named("problem", problem)


def _named(name: str, said: str) -> str:
    return _wrapped("  " + name.ljust(NAME_WIDTH), said)


def _wrapped(head: str, said: str) -> str:
    """Break a long text between words, and indent what follows as far as its beginning."""
    line = " ".join(said.split())
    return textwrap.fill(
        line, WIDTH, initial_indent=head, subsequent_indent=" " * len(head), break_long_words=False, break_on_hyphens=False
    )
