"""The key figures, each with its bound, in cluster time and in wall time beside it, and the deadline D on which it depends.

What our undo ended is shown as the objectives judge it (open at the undo), and what users saw in the small print.
"""

from dataclasses import dataclass

from chaoscinder.checks.availability import finest_s
from chaoscinder.checks.sentences import counted, deadline, interval, share, shares
from chaoscinder.model.run import Run
from chaoscinder.model.verdict import Availability, ErrorBudget, Interval, Verdict
from chaoscinder.reports.words import Words, milliseconds, number, rate, seconds


@dataclass(frozen=True, slots=True)
class Tile:
    """One key figure: its name, the figure, and the small print below."""

    name: str
    figure: str
    small: str


def tiles(run: Run, verdict: Verdict) -> tuple[Tile, ...]:
    """Tell the key figures; none when nothing was measured."""
    found = verdict.availability
    if found is None:
        return ()
    words = Words.of(run, verdict)
    by = f"by time, from the {words.zero_name} on; by request {share(found.by_request)}; {_deadline(run)}"
    return (
        _longest(run, verdict, found, words),
        _total(run, verdict, found, words),
        _recovery(run, verdict, found, words),
        Tile("Availability", share(found.by_time), by),
        *([_budget(verdict.error_budget)] if verdict.error_budget else []),
        _looks(found),
    )


def outage_line(run: Run, verdict: Verdict) -> str:
    """Tell the longest outage with its bound, in cluster and wall time, the total when there were several, and the budget."""
    found = tiles(run, verdict)
    if not found or verdict.availability is None:
        return "not measured"
    number_of = len(verdict.availability.outages)
    total = f", in total {found[1].figure} in {number_of} outages" if number_of > 1 else ""
    return f"{found[0].figure} ({found[0].small}){total}; budget {number(run.header.aims.outage_budget_s)} s"


def recovery_line(run: Run, verdict: Verdict) -> str:
    """Tell how long it took until the application was back for good."""
    found = tiles(run, verdict)
    return f"{found[2].figure} ({found[2].small})" if found else "not measured"


def budget_line(verdict: Verdict) -> str:
    """Tell what the outages took of the error budget; empty where that is not known."""
    if verdict.error_budget is None:
        return ""
    tile = _budget(verdict.error_budget)
    return f"{tile.figure} {tile.small}"


def _longest(run: Run, verdict: Verdict, found: Availability, words: Words) -> Tile:
    judged = verdict.unaided.longest_s if verdict.unaided else found.longest_s
    if judged is None and found.by_request is None:
        return Tile("Longest outage", "not known", _deadline(run))
    if judged is None:
        none = f"one shorter than {seconds(finest_s(words.rate, found.period_s), words.digits)} would not be; {_deadline(run)}"
        return Tile("Longest outage", "none seen", none)
    end = _aided(judged, found.longest_s) or _ends(found)
    return Tile("Longest outage", interval(*judged), _joined(words.wall(*judged), _deadline(run), end))


def _total(run: Run, verdict: Verdict, found: Availability, words: Words) -> Tile:
    judged = verdict.unaided.total_s if verdict.unaided else found.total_s
    episodes = f" in {counted(len(found.episodes), 'episode')}" if len(found.outages) > 1 else ""
    small = f"{counted(len(found.outages), 'outage')}{episodes}; budget {number(run.header.aims.outage_budget_s)} s"
    if not found.outages and found.by_request is None:
        return Tile("Down in total", "not known", _deadline(run))
    if not found.outages:
        return Tile("Down in total", seconds(0.0, 0), _joined(_deadline(run), small))
    return Tile("Down in total", interval(*judged), _joined(words.wall(*judged), _deadline(run), small, _aided(judged, found.total_s)))


def _recovery(run: Run, verdict: Verdict, found: Availability, words: Words) -> Tile:
    limit = f"deadline {number(run.header.aims.recovery_deadline_s)} s"
    first = f"first failure {interval(*found.first_failure_s)} after the fault was accepted" if found.first_failure_s else ""
    judged = verdict.unaided.recovered_s if verdict.unaided else found.recovered_s
    if not found.outages and found.by_request is None:
        return Tile("Time to recover", "not known", _joined(_deadline(run), limit))
    if not found.outages:
        return Tile("Time to recover", "no outage", _joined(_deadline(run), limit))
    if judged is None or judged[1] is None:
        waited = f"looked for {seconds(judged[0])}" if judged else ""
        late = found.recovered_s is not None and f"answered after {interval(*found.recovered_s)}, only after our undo"
        return Tile("Time to recover", "did not recover", _joined(waited, late or "", _deadline(run), limit, first))
    return Tile("Time to recover", interval(*judged), _joined(words.wall(*judged), _deadline(run), limit, first))


def _budget(taken: ErrorBudget) -> Tile:
    days = f"{rate(taken.period_days)} day{'' if taken.period_days == 1 else 's'}"
    of = f"of the {number(taken.allowed_s)} s that {rate(taken.slo)} % in {days} allow; not judged"
    return Tile("Error budget", shares(*taken.spent), of)


def _looks(found: Availability) -> Tile:
    unknown = f", {found.unknown:,} unknown" if found.unknown else ""
    late = f"99 of 100 at most {milliseconds(found.late_p99_s)} late (wall)"
    return Tile("Looks at the web UI", f"{found.samples:,}", f"{found.bad:,} bad, {found.missed:,} never asked{unknown}; {late}")


def _deadline(run: Run) -> str:
    return deadline(run.header.aims.answer_within_s)


def _aided(judged: Interval, seen: Interval | None) -> str:
    """Tell what users saw where that is not what is judged."""
    return "" if seen is None or judged == seen else f"until our undo; users were away for {interval(*seen)}"


def _ends(found: Availability) -> str:
    """Say what is special about the ends of the longest outage."""
    longest = max(found.outages, key=lambda outage: (outage.ended_latest_s is None, outage.shortest_s))
    if longest.ended_latest_s is None:
        return "never ended"
    return "began before sampling" if longest.began_before_sampling else ""


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
