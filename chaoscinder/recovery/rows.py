"""The rows that a run wrote into the application and could not take away any more, because it was killed."""

from pathlib import Path

from chaoscinder.clients.site import Site
from chaoscinder.errors import CannotTell, ChaoscinderError, SettingsError
from chaoscinder.recorder.ledger import Ledger
from chaoscinder.recovery.steps import go_on
from chaoscinder.runs import RunDirectory, layout, recorder_alive

RECORDED_FOR_S = 20.0  # wall seconds that a recorder whose parent died has for its last look
LOOK_EVERY_S = 0.2


def may_be_left(run: RunDirectory) -> bool:
    """Tell whether a run had rows written that its ledger could delete, and that nobody has seen gone.

    The first row may be there before its line is in writes.jsonl, so what counts is that a recorder was started.
    """
    if run.header.settings.get("ledger_deletes") != "yes" or not (run.path / layout.RECORDER_LOG).exists():
        return False
    return (run.read_json(layout.AFTER) or {}).get("rows") != 0


def clear(site: Site, run_id: str, run: RunDirectory | None) -> str:
    """Delete the rows of a run, known by its id alone or by its directory, and note that none is left; one line where that was not
    possible, else empty.

    An application that does not answer is asked again until restore_timeout_s is over: it may only just be coming back.
    """
    try:
        ledger = _ledger(site, run_id, run)
        if run is not None:
            _wait_for_its_recorder(site, run)
        limit = site.clock.deadline(site.settings.restore_timeout_s)
        go_on(site.clock, limit, lambda: _step(ledger), wanted="no row of the run in the application")
    except ChaoscinderError as error:
        return f"its rows may be left in the application: {error}"
    if run is not None:
        run.write_json(layout.AFTER, {**(run.read_json(layout.AFTER) or {}), "rows": 0})
    return ""


def can_be_cleared(site: Site) -> bool:
    """Tell whether these settings say where rows are and how they are deleted."""
    told = site.settings
    return bool(told.app_url and told.ledger is not None and told.ledger.delete_method)


def _step(ledger: Ledger) -> tuple[str, str]:
    left = ledger.clean_up()
    return ("", f"{left} rows are left") if left else ("gone", "")


def _ledger(site: Site, run_id: str, run: RunDirectory | None) -> Ledger:
    if not can_be_cleared(site):
        raise SettingsError("nobody said how to delete them (wanted what the run had: CHAOSCINDER_LEDGER, CHAOSCINDER_APP_URL)")
    return Ledger(run or RunDirectory(Path(site.settings.runs_dir) / run_id), site.settings, run_id)


def _wait_for_its_recorder(site: Site, run: RunDirectory) -> None:
    """A recorder that outlived its run may write one row more; one that goes on has a run that goes on."""
    deadline = site.clock.deadline(RECORDED_FOR_S * site.clock.rate)
    while recorder_alive(run):
        if deadline.passed:
            raise CannotTell("the run is still being recorded")
        site.clock.sleep_wall(LOOK_EVERY_S)
