"""What the page, the ticket text and the last lines have in common: where things stand, in words.

Only words are made here; every judgement was made before.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chaoscinder.checks.durability import loss, why_untested
from chaoscinder.checks.restoration import expected
from chaoscinder.checks.times import steps_s
from chaoscinder.model.run import Run
from chaoscinder.model.verdict import Movement, Result, Value, Verdict
from chaoscinder.model.write import Account
from chaoscinder.reports.words import NONE, Words, listed, rate, seconds


@dataclass(frozen=True, slots=True)
class Row:
    """A name and what is to be said about it."""

    name: str
    said: str


def watermark(run: Run) -> str:
    """Tell that the times are simulated; empty for a real cluster."""
    return f"SANDBOX, simulated time × {rate(run.header.rate)}" if run.header.sandbox else ""


def undo_at(run: Run) -> float | None:
    """Tell when the undo began: what got well after that did not recover by itself."""
    return min((mark.at_s for mark in run.marks if mark.name == "undo_started"), default=None)


def restored_line(verdict: Verdict) -> str:
    """Tell whether everything is as it was, and where nobody can know it, why."""
    if verdict.restored is None:
        return f"not audited: {'; '.join(verdict.unaudited)}" if verdict.unaudited else "nothing was touched"
    yes = f"yes, but {'; '.join(verdict.unaudited)}" if verdict.unaudited else "yes"
    return yes if verdict.restored else "NO"


def problems(run: Run, verdict: Verdict) -> tuple[str, ...]:
    """Tell the problems of the recording that no finding has told already."""
    return tuple(line for line in run.problems if line not in verdict.findings)


def movement_line(movement: Movement | None) -> str:
    """Tell in one line where the volume went."""
    if movement is None:
        return "not known: nobody looked"
    if movement.unseen:
        return f"not known: {movement.unseen}"
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


def data_line(verdict: Verdict) -> str:
    """Tell in one line what became of the numbered writes, or why durability was not tested."""
    account, untested = verdict.account, durability_not_tested(verdict)
    if account is None:
        return untested or "no writes were numbered in this run"
    counted = f"{account.attempted:,} writes, {account.acknowledged:,} acknowledged"
    if untested:
        return f"{counted}; {untested}"
    torn = f", {len(account.torn):,} torn" if account.torn else ""
    extra = f", {account.recovered_unknown:,} without an answer found all the same" if account.recovered_unknown else ""
    return f"{counted}, {len(account.lost):,} lost{torn}, {len(account.duplicate):,} twice{extra}"


def durability_not_tested(verdict: Verdict) -> str:
    """Say that durability was not tested, and why; empty where it was."""
    judged = next((one for one in verdict.objectives if one.name == "writes"), None)
    if judged is None:
        why = why_untested(verdict.account)
        return f"durability not tested: {why}" if why else ""
    if judged.result is not Result.NOT_TESTED:
        return ""
    return f"durability not tested: {judged.reason.removesuffix(': durability was not tested')}"


def account_rows(run: Run, account: Account, words: Words) -> tuple[Row, ...]:
    """Tell the ledger's account, one count a row; ids where they matter."""
    last = max((reading.at_s for reading in run.read_backs), default=None)
    read_back = "never" if last is None or not account.read_back else f"{words.since(last)} since the {words.zero_name}"
    unseen = "nothing is claimed: nobody could read back"
    lost = f"{_ids(account.lost)}{f' ({loss(account)})' if account.lost else ''}"
    return (
        Row("Attempted", f"{account.attempted:,}"),
        Row("Acknowledged", f"{account.acknowledged:,}"),
        Row("Rejected", f"{account.rejected:,}"),
        Row("Without an answer", f"{account.unknown:,}, of which {account.recovered_unknown:,} were there all the same"),
        Row("Acknowledged and there", f"{account.recovered:,}" if account.read_back else unseen),
        Row("Acknowledged and lost", lost if account.read_back else unseen),
        Row("There with another content (torn)", _ids(account.torn) if account.read_back else unseen),
        *([Row("Too late to be read back", _ids(account.never_read))] if account.never_read else []),
        Row("There more than once", _ids(account.duplicate) if account.read_back else unseen),
        *([Row("Refused, and there all the same", _ids(account.rejected_there))] if account.rejected_there else []),
        Row("Last acknowledged before the outage", _moment(account.last_before_s, words)),
        Row("First acknowledged since it began", _moment(account.first_after_s, words)),
        Row("Acknowledged by", ", then ".join(account.writers) or "not checked: no answer told which pod gave it"),
        Row("Read back", read_back),
    )


def _moment(at_s: float | None, words: Words) -> str:
    return NONE if at_s is None else f"{words.since(at_s)} since the {words.zero_name}"


def _ids(ids: tuple[str, ...]) -> str:
    return f"{len(ids):,}: {listed(ids)}" if ids else "0"


def not_tested(verdict: Verdict) -> tuple[str, ...]:
    """Name the objectives that were not tested, with their level."""
    return tuple(f"{one.name} ({one.level.value})" for one in verdict.objectives if one.result.value == "not tested")


def beside(verdict: Verdict) -> str:
    """Tell what a PASS does not cover, for the first line; empty where it covers everything, and for every other verdict."""
    untested = [one.name for one in verdict.objectives if one.result is Result.NOT_TESTED]
    named = ["durability" if name == "writes" else name for name in untested]
    return f"not tested: {', '.join(named)}" if verdict.value is Value.PASS and named else ""


def never_ended(verdict: Verdict) -> bool:
    """Whether the web UI was still away when sampling ended."""
    outages = verdict.availability.outages if verdict.availability else ()
    return any(outage.ended_latest_s is None for outage in outages)


def step_rows(run: Run, verdict: Verdict, words: Words) -> tuple[tuple[str, str, str, str], ...]:
    """Tell each step from the fault to the answer: its name, when it was seen, how long after the one before, and the evidence."""
    rows, undo_s = [], undo_at(run)
    for step, after_s in zip(verdict.milestones, steps_s([one.at_s for one in verdict.milestones], verdict.fault_at_s), strict=True):
        after = NONE if after_s is None else seconds(after_s)
        late = " (after the undo began)" if undo_s is not None and step.at_s is not None and step.at_s > undo_s else ""
        rows.append((step.name, "not seen" if step.at_s is None else words.since(step.at_s), after, step.evidence + late))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class Audited:
    """One audited fact before and after the run; expected says why it may differ."""

    name: str
    before: str
    after: str
    expected: str = ""

    @property
    def same(self) -> bool:
        """Whether nothing changed."""
        return self.before == self.after


def audit_rows(run: Run) -> tuple[Audited, ...]:
    """Tell every audited fact before and after the run; a dash where nobody looked."""
    before, after = _flat(run.before or {}), _flat(run.after or {})
    may_differ = expected(run.before or {}, run.after or {})
    names = dict.fromkeys([*before, *after])
    return tuple(Audited(name, before.get(name, NONE), after.get(name, NONE), may_differ.get(name, "")) for name in names)


def audit_line(rows: Sequence[Audited]) -> str:
    """Tell how many of the audited facts differ, and how many of those were to be expected."""
    differing = [row for row in rows if not row.same]
    if not differing:
        return "Nothing differs."
    said = f"{len(differing)} of {len(rows)} facts {'differs' if len(differing) == 1 else 'differ'}"
    surprising = [row for row in differing if not row.expected]
    return f"{said}, as expected." if not surprising else f"{said}, {len(surprising)} of them not as expected."


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
