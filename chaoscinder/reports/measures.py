"""The tables of figures: outages one by one, how long things took, the vantage points side by side, latency, and how good it all was."""

from collections.abc import Iterator

from chaoscinder.checks.availability import finest_s, stall_s
from chaoscinder.checks.sentences import counted, deadline, interval, share
from chaoscinder.checks.story import kinds
from chaoscinder.checks.times import took_s
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outage
from chaoscinder.model.verdict import Availability, Interval, Latency, Verdict
from chaoscinder.model.write import Account
from chaoscinder.reports.facts import Row
from chaoscinder.reports.marks import first_at
from chaoscinder.reports.words import NONE, Words, milliseconds, seconds

MOST_OUTAGES = 50
VANTAGE = {
    "kept": "connections that are kept open",
    "direct": "past the load balancer",
    "control": "an endpoint that should stay up; where it fails, the others are unknown",
}


def outage_rows(run: Run, verdict: Verdict, words: Words) -> tuple[tuple[str, ...], ...]:
    """Tell each outage, the first fifty: its number, when it began, how long it was, what users met, and what is special about it."""
    found = verdict.availability
    outages = found.outages if found else ()
    rows = []
    for index, one in enumerate(outages[:MOST_OUTAGES], start=1):
        began = f"{words.since(one.started_earliest_s, words.digits)} to {words.since(one.started_latest_s, words.digits)}"
        lasted = interval(one.shortest_s, one.longest_s)
        wall = words.wall(one.shortest_s, one.longest_s)
        rows.append((str(index), began, f"{lasted} ({wall})" if wall else lasted, kinds((one,)), _special(run, verdict, index, one)))
    return tuple(rows)


def _special(run: Run, verdict: Verdict, number: int, one: Outage) -> str:
    found = verdict.availability
    undo_s, within_s = first_at(run, "undo_started"), run.header.aims.answer_within_s
    stall = stall_s(one, answer_within_s=within_s, rate=run.header.rate)
    flapping = [each for each in (found.episodes if found else ()) if each.first < each.last]
    episode = next((each for each in flapping if each.first <= number <= each.last), None)
    aided = undo_s is not None and one.ended_latest_s is not None and one.started_latest_s < undo_s < one.ended_latest_s
    notes = (
        f"one of {episode.last - episode.first + 1} that flap, together {interval(*episode.lasted_s)}" if episode else "",
        "began before sampling" if one.began_before_sampling else "",
        "still on when the record ended" if one.ended_latest_s is None else "",
        "ended only after our undo" if aided else "",
        f"if it was a stall, it lasted D longer: {interval(*stall)}" if stall else "",
    )
    return "; ".join(note for note in notes if note)


def time_rows(run: Run, verdict: Verdict, words: Words) -> tuple[tuple[str, str, str], ...]:
    """Tell how long things took: what, how long in cluster time, and how long in wall time (empty where that is the same)."""
    found, told = verdict.availability, verdict.account
    if found is None or verdict.fault_at_s is None:
        return ()
    first_s = told.first_after_s if told else None
    stable = f"To recovery, stable for {run.header.aims.stable_for_s:g} s"
    rows = (
        ("To the first failure, since the fault was accepted", found.first_failure_s, "no failure"),
        ("To the first good answer after it", found.first_success_s, "no failure" if not found.outages else "never"),
        (stable, found.recovered_s, "never"),
        ("To the first acknowledged write after it began", None, _write(took_s(first_s, verdict.fault_at_s), told)),
        ("To answers as fast as before", found.latency_recovered_s, "not seen before the record ended"),
    )
    return tuple((name, *_took(took, otherwise, words)) for name, took, otherwise in rows)


def _write(after_s: float | None, told: Account | None) -> str:
    if told is None:
        return "no write was sent"
    return "none" if after_s is None else seconds(after_s)


def _took(took: Interval | None, otherwise: str, words: Words) -> tuple[str, str]:
    return (interval(*took), words.wall(*took)) if took else (otherwise, "")


def series_rows(verdict: Verdict) -> tuple[tuple[str, ...], ...]:
    """Tell the vantage points side by side: name, what it is, outages, total, longest, availability, quality. None for only one."""
    if not verdict.series or verdict.availability is None:
        return ()
    headline = _series("web UI", "new connections; the one that is judged", verdict.availability, ())
    return (headline, *(_series(one.name, VANTAGE.get(one.name, ""), one.availability, one.doubts) for one in verdict.series))


def series_lines(verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Tell each further series in one line: its name, and what it saw."""
    for one in verdict.series:
        seen = one.availability
        down = f"down for {interval(*seen.total_s)} in {counted(len(seen.outages), 'outage')}" if seen.outages else "never down"
        yield one.name, f"{down}; availability {share(seen.by_time)} by time, {share(seen.by_request)} by request{_doubted(one.doubts)}"


def _series(name: str, what: str, seen: Availability, doubts: tuple[str, ...]) -> tuple[str, ...]:
    total = interval(*seen.total_s) if seen.outages else "none"
    longest = interval(*seen.longest_s) if seen.longest_s else "none"
    quality = f"{seen.samples:,} looks, {seen.missed:,} never asked, {seen.unknown:,} unknown, late by {milliseconds(seen.late_p99_s)}"
    availability = f"{share(seen.by_time)} / {share(seen.by_request)}"
    return name, what, str(len(seen.outages)), total, longest, availability, quality + _doubted(doubts)


def _doubted(doubts: tuple[str, ...]) -> str:
    return f"; only a hint: {doubts[0]}" if doubts else ""


def latency_rows(verdict: Verdict, found: Availability) -> tuple[tuple[str, ...], ...]:
    """Tell how many good answers there were before, during and after, and their p50, p95 and p99; a dash where there were none."""
    after = "after recovery" if found.outages else "from the fault on" if verdict.fault_at_s is not None else "whole run"
    named = (("before the fault", found.latency_before), ("during", found.latency_during), (after, found.latency_after))
    return tuple((name, *_latency(seen)) for name, seen in named)


def _latency(seen: Latency | None) -> tuple[str, ...]:
    if seen is None:
        return "0", NONE, NONE, NONE
    return f"{seen.answers:,}", milliseconds(seen.p50_s), milliseconds(seen.p95_s), milliseconds(seen.p99_s)


def quality_rows(run: Run, verdict: Verdict, found: Availability, words: Words) -> tuple[Row, ...]:
    """Tell how good the measurement was."""
    aims = run.header.aims
    cluster = f" = {seconds(finest_s(words.rate, found.period_s), 2)} of cluster time" if words.rate != 1 else ""
    edge = "no end was seen" if found.edge_s is None else f"{seconds(found.edge_s, 2)} of cluster time"
    stall = "a stall of length W is seen as max(0, W − D), and one shorter than D as slow answers"
    return (
        Row("One look every", f"{milliseconds(found.period_s)} (wall){cluster}, whether the one before was answered or not"),
        Row("An answer is good within", f"{deadline(aims.answer_within_s)} (wall), counted from when the look was due; {stall}"),
        Row("Looks since the " + words.zero_name, f"{found.samples:,}; {found.bad:,} bad; {found.missed:,} never asked"),
        Row("Unknown", f"{found.unknown:,} looks at moments when the control endpoint failed, too"),
        Row("Recorded in the whole run", f"{len(run.samples):,} looks, {len(run.changes):,} changes of state, {len(run.events):,} events"),
        Row("Late by (99 of 100)", f"{milliseconds(found.late_p99_s)} (wall)"),
        Row("Each end of an outage is known within", f"{edge}: a period, its lateness, and the time that a request takes"),
        Row("By time and by request", f"{share(found.by_time)} and {share(found.by_request)}; may lie {found.agree_within:.2%} apart"),
        *([Row("Answers of a stale backend", verdict.backends)] if verdict.backends else []),
    )
