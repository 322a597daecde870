"""What the page, the ticket text and the last lines have in common: key figures, and where things stand.

Only words are made here; every judgement was made before.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from chaoscinder.checks.sentences import interval, share
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outage
from chaoscinder.model.verdict import Availability, Movement, Verdict
from chaoscinder.model.write import Account
from chaoscinder.reports.words import NONE, Words, listed, milliseconds, number, rate, seconds


@dataclass(frozen=True, slots=True)
class Tile:
    """One key figure: its name, the figure, and the small print below."""

    name: str
    figure: str
    small: str


@dataclass(frozen=True, slots=True)
class Row:
    """A name and what is to be said about it."""

    name: str
    said: str


def watermark(run: Run) -> str:
    """Tell that the times are simulated; empty for a real cluster."""
    return f"SANDBOX, simulated time × {rate(run.header.rate)}" if run.header.sandbox else ""


def tiles(run: Run, verdict: Verdict) -> tuple[Tile, ...]:
    """Tell the key figures with their bounds; none when nothing was measured."""
    if verdict.availability is None:
        return ()
    found, words = verdict.availability, Words.of(run, verdict)
    return (
        _longest(run, found, words),
        _total(run, found, words),
        _recovery(run, found, words),
        Tile("Availability", share(found.by_time), f"by time, from the {words.zero_name} on; by request {share(found.by_request)}"),
        Tile("Looks at the web UI", f"{found.samples:,}", f"{found.bad:,} bad, {found.missed:,} never asked"),
        Tile("Late by (99 of 100)", milliseconds(found.late_p99_s), f"wall; one look is due every {milliseconds(found.period_s)}"),
    )


def _longest(run: Run, found: Availability, words: Words) -> Tile:
    longest = max(found.outages, key=lambda outage: (outage.ended_latest_s is None, outage.shortest_s), default=None)
    if longest is None:
        return Tile("Longest outage", "none seen", f"one shorter than {seconds(found.period_s * words.rate, words.digits)} would not be")
    small = _joined(words.wall(longest.shortest_s, longest.longest_s), _end_of(run, longest))
    return Tile("Longest outage", interval(longest.shortest_s, longest.longest_s), small)


def _total(run: Run, found: Availability, words: Words) -> Tile:
    small = f"{len(found.outages)} outage{'' if len(found.outages) == 1 else 's'}; budget {number(run.header.aims.outage_budget_s)} s"
    if not found.outages:
        return Tile("Down in total", seconds(0.0, 0), small)
    return Tile("Down in total", interval(*found.total_s), _joined(words.wall(*found.total_s), small))


def _end_of(run: Run, outage: Outage) -> str:
    """Say what is special about the ends of an outage."""
    undo_s = undo_at(run)
    if outage.ended_latest_s is None:
        return "never ended"
    if undo_s is not None and outage.ended_latest_s > undo_s:
        return "ended only after the undo began"
    return "began before sampling" if outage.began_before_sampling else ""


def undo_at(run: Run) -> float | None:
    """Tell when the undo began: what got well after that did not recover by itself."""
    return min((mark.at_s for mark in run.marks if mark.name == "undo_started"), default=None)


def _recovery(run: Run, found: Availability, words: Words) -> Tile:
    deadline = f"deadline {number(run.header.aims.recovery_deadline_s)} s"
    first = "" if found.first_failure_s is None else f"first failure after {seconds(found.first_failure_s, words.digits)}"
    undo_s = undo_at(run)
    if found.recovered_s is None or not found.outages:
        return Tile("Time to recover", "did not recover" if found.outages else "no outage", _joined(deadline, first))
    if undo_s is not None and found.recovered_s + words.zero_s > undo_s:
        after = f"answered after {seconds(found.recovered_s, words.digits)}, only after the undo began"
        return Tile("Time to recover", "did not recover", _joined(after, deadline))
    figure = seconds(found.recovered_s, words.digits)
    return Tile("Time to recover", figure, _joined(words.wall(found.recovered_s, found.recovered_s), deadline, first))


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


def movement_line(movement: Movement | None) -> str:
    """Tell in one line where the volume went."""
    if movement is None:
        return "not known: nobody looked"
    before, after = _place(movement.from_node, movement.from_server_id), _place(movement.to_node, movement.to_server_id)
    if before == after:
        return f"still on {before}"
    return f"{before} → {after}"


def _place(node: str | None, server_id: str | None) -> str:
    return node or (f"server {server_id}" if server_id else "nowhere that anyone could tell")


def agreement_line(movement: Movement | None) -> str:
    """Tell whether Kubernetes, Nova and Cinder say the same about the volume."""
    if movement is None or movement.views_agree is None:
        return "could not be compared"
    if movement.views_agree:
        return "Kubernetes, Nova and Cinder agree"
    return f"they disagree: {movement.disagreement}" if movement.disagreement else "they disagree"


def data_line(account: Account | None) -> str:
    """Tell in one line what became of the numbered writes."""
    if account is None:
        return "no writes were numbered in this run"
    counted = f"{account.attempted:,} writes, {account.acknowledged:,} acknowledged"
    if not account.read_back:
        return f"{counted}; nobody could read them back, so nothing is claimed about loss"
    extra = f", {account.recovered_unknown:,} without an answer found all the same" if account.recovered_unknown else ""
    return f"{counted}, {len(account.lost):,} lost, {len(account.duplicate):,} twice{extra}"


def account_rows(run: Run, account: Account, words: Words) -> tuple[Row, ...]:
    """Tell the ledger's account, one count a row; ids where they matter."""
    last = max((reading.at_s for reading in run.read_backs), default=None)
    read_back = "never" if last is None or not account.read_back else f"{words.since(last)} since the {words.zero_name}"
    unseen = "nothing is claimed: nobody could read back"
    return (
        Row("Attempted", f"{account.attempted:,}"),
        Row("Acknowledged", f"{account.acknowledged:,}"),
        Row("Rejected", f"{account.rejected:,}"),
        Row("Without an answer", f"{account.unknown:,}, of which {account.recovered_unknown:,} were there all the same"),
        Row("Acknowledged and there", f"{account.recovered:,}" if account.read_back else unseen),
        Row("Acknowledged and lost", _ids(account.lost) if account.read_back else unseen),
        *([Row("Too late to be read back", _ids(account.never_read))] if account.never_read else []),
        Row("There more than once", _ids(account.duplicate) if account.read_back else unseen),
        Row("Read back", read_back),
    )


def _ids(ids: tuple[str, ...]) -> str:
    return f"{len(ids):,}: {listed(ids)}" if ids else "0"


def latency_rows(verdict: Verdict, found: Availability) -> tuple[tuple[str, ...], ...]:
    """Tell p50, p95 and p99 of good answers before, during and after; a dash where there were none."""
    after = "after recovery" if found.outages else "from the fault on" if verdict.fault_at_s is not None else "whole run"
    named = (("before the fault", found.latency_before_s), ("during", found.latency_during_s), (after, found.latency_after_s))
    return tuple((name, *(milliseconds(value) for value in values or ())) if values else (name, NONE, NONE, NONE) for name, values in named)


def quality_rows(run: Run, found: Availability, words: Words) -> tuple[Row, ...]:
    """Tell how good the measurement was."""
    aims = run.header.aims
    cluster = f" = {seconds(found.period_s * words.rate, 2)} of cluster time" if words.rate != 1 else ""
    return (
        Row("One look every", f"{milliseconds(found.period_s)} (wall){cluster}, whether the one before was answered or not"),
        Row("An answer is good within", f"{milliseconds(aims.answer_within_s)} (wall), counted from when the look was due"),
        Row("Looks since the " + words.zero_name, f"{found.samples:,}; {found.bad:,} bad; {found.missed:,} never asked"),
        Row("Recorded in the whole run", f"{len(run.samples):,} looks, {len(run.changes):,} changes of state, {len(run.events):,} events"),
        Row("Late by (99 of 100)", f"{milliseconds(found.late_p99_s)} (wall)"),
        Row("Bound of each end of an outage", f"{seconds(found.period_s * words.rate, 2)} of cluster time"),
    )


def not_tested(verdict: Verdict) -> tuple[str, ...]:
    """Name the objectives that were not tested, with their level."""
    return tuple(f"{one.name} ({one.level.value})" for one in verdict.objectives if one.result.value == "not tested")


def never_ended(verdict: Verdict) -> bool:
    """Whether the web UI was still away when sampling ended."""
    outages = verdict.availability.outages if verdict.availability else ()
    return any(outage.ended_latest_s is None for outage in outages)


def outage_line(run: Run, verdict: Verdict) -> str:
    """Tell the longest outage with its bound, in cluster and wall time, the total when there were several, and the budget."""
    found = tiles(run, verdict)
    if not found or verdict.availability is None:
        return "not measured"
    longest = f"{found[0].figure} ({found[0].small})" if found[0].small else found[0].figure
    several = len(verdict.availability.outages) > 1
    total = f", in total {found[1].figure} in {len(verdict.availability.outages)} outages" if several else ""
    return f"{longest}{total}; budget {number(run.header.aims.outage_budget_s)} s"


def step_rows(run: Run, verdict: Verdict, words: Words) -> tuple[tuple[str, str, str, str], ...]:
    """Tell each step from the fault to the answer: its name, when it was seen, how long after the one before, and the evidence."""
    rows, before_s, undo_s = [], verdict.fault_at_s, undo_at(run)
    for step in verdict.milestones:
        after = NONE if step.at_s is None or before_s is None else seconds(step.at_s - before_s)
        late = " (after the undo began)" if undo_s is not None and step.at_s is not None and step.at_s > undo_s else ""
        rows.append((step.name, "not seen" if step.at_s is None else words.since(step.at_s), after, step.evidence + late))
        before_s = before_s if step.at_s is None else step.at_s
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Audited:
    """One audited fact before and after the run."""

    name: str
    before: str
    after: str

    @property
    def same(self) -> bool:
        """Whether nothing changed."""
        return self.before == self.after


def audit_rows(run: Run) -> tuple[Audited, ...]:
    """Tell every audited fact before and after the run; a dash where nobody looked."""
    before, after = _flat(run.before or {}), _flat(run.after or {})
    return tuple(Audited(name, before.get(name, NONE), after.get(name, NONE)) for name in dict.fromkeys([*before, *after]))


def _audited(value: object) -> str:
    """Write an audited value as words; of the facts about one attachment only the values, in the order of their names."""
    if isinstance(value, Mapping):
        return " ".join(_audited(value[name]) for name in sorted(value)) or "none"
    if isinstance(value, list | tuple):
        return "; ".join(_audited(one) for one in value) or "none"
    return "none" if value is None else str(value)


def _flat(audit: Mapping[str, object]) -> dict[str, str]:
    found: dict[str, str] = {}
    for section, value in audit.items():
        for name, one in value.items() if isinstance(value, Mapping) else [("", value)]:
            found[f"{section} {name}".strip()] = _audited(one)
    return found
