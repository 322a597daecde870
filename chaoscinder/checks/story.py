"""What happened, in three sentences that say nothing but what the records show: what was broken, what users saw, where the volume went."""

from collections.abc import Sequence

from chaoscinder.checks.case import Case
from chaoscinder.checks.deeds import deletes_pod, may_stay
from chaoscinder.checks.durability import why_untested
from chaoscinder.checks.objectives import JUDGES, place
from chaoscinder.checks.recovery import NONE_SEEN
from chaoscinder.checks.sentences import counted, few, figure, listed, seconds, short
from chaoscinder.model.sample import Outage, Outcome
from chaoscinder.model.verdict import Result
from chaoscinder.model.workload import Target
from chaoscinder.model.write import Account

KINDS = {
    Outcome.DNS: "name resolution failures",
    Outcome.REFUSED: "refused connections",
    Outcome.UNREACHABLE: "unreachable",
    Outcome.CONNECT_TIMEOUT: "connect timeouts",
    Outcome.READ_TIMEOUT: "read timeouts",
    Outcome.RESET: "reset connections",
    Outcome.TLS: "TLS failures",
    Outcome.CLIENT_ERROR: "4xx answers",
    Outcome.SERVER_ERROR: "5xx answers",
    Outcome.WRONG_CONTENT: "wrong content",
    Outcome.STALE_BACKEND: "answers of the old pod",
}


def story(case: Case, remediation: str, stuck: Sequence[str]) -> tuple[str, ...]:
    """Tell a run in three sentences."""
    if case.when.fault_s is None:
        return ("Nothing was broken.", _users(case), "The volume was left where it was.")
    return (_broken(case), _users(case), f"{_volume(case, remediation, stuck)}; {_data(case.account)}.")


def kinds(outages: Sequence[Outage]) -> str:
    """Name the kinds of failure in order of first appearance: `48 connect timeouts, then 33 refused connections`."""
    counts: dict[Outcome, int] = {}
    for one in outages:
        for outcome, number in one.outcomes:
            counts[outcome] = counts.get(outcome, 0) + number
    return ", then ".join(f"{number} {KINDS.get(outcome, outcome)}" for outcome, number in counts.items())


def _broken(case: Case) -> str:
    target = case.run.target
    at = f"{seconds(case.when.fault_s or 0.0)} into the run"
    if target is None:
        return f"A fault began {at}, and its target was not recorded."
    if deletes_pod(case.run):
        return _deleted(case, target, at)
    server = f"server {target.server_name} ({short(target.server_id)}), on which pod {target.pod} used volume {short(target.volume_id)}"
    if case.proof.shut_off_at_s is None:
        return f"Nova was asked to stop {server}, {at}; nothing shows that it went off."
    after = seconds(case.proof.shut_off_at_s - (case.when.fault_s or 0.0))
    return f"{server[0].upper()}{server[1:]}, was stopped {at}, and Nova called it SHUTOFF {after} later."


def _deleted(case: Case, target: Target, at: str) -> str:
    where = f"server {target.server_name} ({short(target.server_id)})"
    pod = f"Pod {target.pod}, which used volume {short(target.volume_id)} on {where}, was asked to go {at}"
    if case.proof.gone_at_s is None:
        return f"{pod}; nothing shows that it went."
    return f"{pod}, and was gone {seconds(case.proof.gone_at_s - (case.when.fault_s or 0.0))} later."


def _users(case: Case) -> str:
    seen = case.availability
    if seen is None:
        return "Nobody knows what users saw: the web UI was not sampled."
    if not seen.outages and case.doubts:
        return f"No failure was seen, but nobody knows what users saw: {case.doubts[-1]}."
    if not seen.outages:
        return f"Users noticed nothing: all {seen.samples - seen.missed - seen.unknown} samples were answered."
    times = f" in {counted(len(seen.outages), 'outage')} ({counted(len(seen.episodes), 'episode')})" if len(seen.outages) > 1 else ""
    undo_s = case.when.undo_s
    helped = undo_s is not None and any(
        one.ended_latest_s is not None and one.started_latest_s < undo_s < one.ended_latest_s for one in seen.outages
    )
    end = "; it ended only after our undo" if helped else "" if seen.total_s[1] is not None else "; it had not ended when the record did"
    away = figure(*seen.total_s, case.rate, case.aims.answer_within_s)
    return f"Users were away for {away}{times}: {kinds(seen.outages)}{end}."


def _volume(case: Case, remediation: str, stuck: Sequence[str]) -> str:
    where = case.movement
    if where is None:
        return "Nobody knows where the volume went"
    if where.unseen:
        return f"Nobody looked where the volume was in the end: {where.unseen}"
    if where.disagreement:
        return f"The views do not agree on where the volume went ({where.disagreement})"
    source, destination = place(where)
    if source != destination:
        return f"The volume moved from {source} to {destination}{_freed(case, remediation)}"
    if may_stay(case.run):
        return f"The volume stayed on {source}"
    if _of_volume(case) is not Result.MISSED:
        return f"The volume was still on {source} when the record or our undo ended the wait, {seconds(_waited_s(case))} after the fault"
    return f"The volume stayed on {source}{', and nothing would have ended that' if stuck else ''}"


def _freed(case: Case, remediation: str) -> str:
    if deletes_pod(case.run):
        return " with its pod"
    return ", with nothing seen to free it" if remediation == NONE_SEEN else f", freed by {remediation}"


def _of_volume(case: Case) -> Result:
    return JUDGES["volume"](case)[0]


def _waited_s(case: Case) -> float:
    return case.when.judged_to_s - (case.when.fault_s or 0.0)


def _data(told: Account | None) -> str:
    if told is None or not told.acknowledged:
        return f"{why_untested(told)}, so durability was not tested"
    unanswered = f" ({told.unknown} more had no answer, {told.recovered_unknown} of them are there)" if told.unknown else ""
    if not told.read_back:
        return f"{counted(told.acknowledged, 'acknowledged write')} could not be read back{unanswered}"
    gone = [f"lost {few(told.lost)}"] if told.lost else []
    torn = [f"torn {few(told.torn)}"] if told.torn else []
    twice = [f"{few(told.duplicate)} more than once"] if told.duplicate else []
    details = f": {listed([*gone, *torn, *twice])}" if gone or torn or twice else ""
    return f"{told.recovered} of {counted(told.acknowledged, 'acknowledged write')} were read back{details}{unanswered}"
