"""What the live record says so far: did it recover, is the outage within budget, is everything that was acknowledged there."""

import logging
from collections.abc import Sequence
from dataclasses import replace

from chaoscinder.checks import availability, durability, series
from chaoscinder.checks.control import NAME as CONTROL
from chaoscinder.clients.site import Site
from chaoscinder.errors import CannotTell, SettingsError
from chaoscinder.model.run import Run
from chaoscinder.model.verdict import Availability, Result
from chaoscinder.recorder.ledger import Ledger
from chaoscinder.runs import RunDirectory, why_not_recording
from chaoscinder.waiting import POLL_WALL_S, Progress, halt

logger = logging.getLogger("chaostoolkit")


def recorded(run: RunDirectory | None) -> RunDirectory:
    """Insist on a run that is being recorded right now."""
    silent = why_not_recording(run)
    if run is None or silent:
        raise CannotTell(f"nothing is being measured: {silent} (wanted the control chaoscinder.controls.recording)")
    return run


def is_within(site: Site, run: RunDirectory | None, budget_s: float) -> bool:
    """Tell whether the outages since the fault, or since the baseline, are surely within the budget; CannotTell in between."""
    record = _judged(recorded(run))
    finest_s = availability.finest_s(site.settings.rate, 1 / site.settings.samples_per_s)
    if budget_s < finest_s:
        raise SettingsError(f"an outage budget of {budget_s:g} s is finer than the sampling (wanted at least {finest_s:g} s)")
    result = availability.outage_within_budget(_seen(record, site), budget_s=budget_s, rate=site.settings.rate)
    if result is Result.NOT_TESTED:
        raise CannotTell(f"the samples so far do not tell whether the outage is within {budget_s:g} s")
    return result is Result.MET


def wait_for_recovery(site: Site, run: RunDirectory | None, limit_s: float, stable_for_s: float) -> bool:
    """Wait until the application answers again and stays; False when it did not within limit_s cluster seconds of the fault."""
    live = recorded(run)
    fault_s, gone_s = _fault_s(live.read())
    progress = Progress(site.clock)
    while True:
        halt.heed()
        record = _judged(recorded(live))
        at_s = availability.recovered_at(record.samples, after_s=gone_s, stable_for_s=stable_for_s)
        now_s = site.clock.elapsed_s(live.header.anchor_s) - fault_s
        if at_s is not None and at_s - fault_s <= limit_s:
            live.mark("recovered", at_s=at_s)
            logger.info("recovered: answers again since %.1f s after the fault, stable for %g s", at_s - fault_s, stable_for_s)
            return True
        if now_s > limit_s + stable_for_s:
            live.mark("not_recovered", after_s=now_s)
            logger.info("not recovered within %g s of the fault", limit_s)
            return False
        progress.say(lambda now=record, spent=now_s: f"+{spent:.0f} of {limit_s:g} s: {picture(now)}")  # type: ignore[misc]
        site.clock.sleep_wall(POLL_WALL_S)


def writes_are_there(site: Site, run: RunDirectory | None) -> bool:
    """Read our writes back and account for them; CannotTell when the application could not be read."""
    live = recorded(run)
    if site.settings.ledger is None:
        return True
    Ledger(live, site.settings).read_back()
    record = _judged(live)
    found = availability.outages(record.samples, rate=record.header.rate)
    account = durability.account(record.writes, record.read_backs, away_s=found[0].started_latest_s if found else None)
    if not account.read_back:
        raise CannotTell("the application could not be read back, so nothing can be said of its writes")
    if account.lost:
        logger.error("%d acknowledged writes are gone: %s", len(account.lost), ", ".join(account.lost[:5]))
    return not account.lost


def _judged(run: RunDirectory) -> Run:
    """Read a run with its looks as judgement takes them: where the control failed, too, they say nothing. Other series are left out."""
    record = run.read()
    return series.as_judged(replace(record, series={name: rows for name, rows in record.series.items() if name == CONTROL}))


def picture(record: Run) -> str:
    """Draw the present in one line: how the application answers, and the last state of node, pods, attachments and volume."""
    last = {(change.kind, change.name): change.state for change in record.changes}
    sample = record.samples[-1] if record.samples else None
    parts = [f"web UI {sample.outcome.value}" if sample else "web UI not sampled yet"]
    target = record.target
    if target is not None:
        server = last.get(("Server", target.server_name)) or last.get(("Server", target.server_id)) or {}
        parts += [f"server {target.server_name} {server.get('status', 'unknown')}"]
        parts += [f"node {target.node} Ready={(last.get(('Node', target.node)) or {}).get('ready', 'unknown')}"]
    parts += [f"pod {name} {_pod_word(state)}" for (kind, name), state in last.items() if kind == "Pod" and state]
    parts += [f"volume {state.get('status')}" for (kind, _), state in last.items() if kind == "Volume" and state]
    return ", ".join(parts)


def _pod_word(state: object) -> str:
    row = dict(state) if isinstance(state, dict) else {}
    word = "Terminating" if row.get("deleting") else row.get("waiting") or ("Ready" if row.get("ready") else str(row.get("phase")))
    return f"{word} on {row.get('node') or 'no node'}"


def _seen(record: Run, site: Site) -> Availability:
    since_s = _marked(record, ("fault_started", "baseline_started"))
    return availability.availability(
        record.samples,
        since_s=since_s or 0.0,
        period_s=1 / site.settings.samples_per_s,
        rate=site.settings.rate,
        stable_for_s=site.settings.stable_for_s,
        injected_s=_marked(record, ("fault_accepted",)),
    )


def _fault_s(record: Run) -> tuple[float, float]:
    """When the fault was started, and when it had surely happened: an application may answer while its server is still shutting down."""
    at_s = _marked(record, ("fault_started",))
    if at_s is None:
        raise CannotTell("no fault was started in this run, so there is nothing to recover from")
    return at_s, _marked(record, ("fault_confirmed",)) or at_s


def _marked(record: Run, names: Sequence[str]) -> float | None:
    found = {mark.name: mark.at_s for mark in record.marks}
    return next((found[name] for name in names if name in found), None)
