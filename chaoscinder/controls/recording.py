"""The one control an experiment of ours declares: it finds the target, records from before the baseline to after the rollbacks, and judges.

Chaos Toolkit swallows what controls raise, except InterruptExecution from before_experiment_control: so a refusal is that, and a failure
at the end is logged and put into the journal. Where Chaos Toolkit itself breaks and never calls the end, cleanup_control does it, and the
interpreter's exit where even that did not come.
"""

import atexit
import logging
from typing import Any, Dict

from chaoslib.exceptions import InterruptExecution
from chaoslib.types import Configuration, Experiment, Journal, Secrets

from chaoscinder import settings as settings_room
from chaoscinder.controls import platform
from chaoscinder.controls.session import Session
from chaoscinder.errors import ChaoscinderError

__all__ = ["after_experiment_control", "before_experiment_control", "cleanup_control"]

CRASHED = {"status": "aborted", "interrupted": True}  # Chaos Toolkit's own words are lost with its journal

logger = logging.getLogger("chaostoolkit")
_session: Session | None = None


def before_experiment_control(
    context: Experiment, name: str = None, configuration: Configuration = None, secrets: Secrets = None, **_: Any
) -> None:
    """Find the target, start recording and wait out the baseline; whatever does not fit ends the experiment before anything is touched.

    name is what the run is called in its directory's name; the experiment's title unless given.
    """
    global _session
    if context.get("dry"):
        return
    try:
        _session = Session(settings_room.read(configuration, secrets))
        atexit.register(cleanup_control)
        _session.begin(context, name or "")
    except ChaoscinderError as error:
        logger.error("chaoscinder: %s", error)
        raise InterruptExecution(str(error)) from error


def after_experiment_control(context: Experiment, state: Journal = None, **_: Any) -> None:
    """Undo what is still open, read back, stop recording, judge, and write verdict and page; the journal gets the verdict too."""
    if _session is None or not _session.begun:
        return
    result = _conclude(_session, platform.told_by(state or {}))
    if state is not None:
        state["chaoscinder"] = result


def cleanup_control() -> None:
    """End a run that nobody ended, and stop whatever still runs; called by Chaos Toolkit even after a crash of its own."""
    global _session
    session, _session = _session, None
    if session is None:
        return
    atexit.unregister(cleanup_control)
    try:
        if session.begun and not session.ended:
            logger.error("chaoscinder: Chaos Toolkit never ended this run; undoing and concluding it now")
            _conclude(session, CRASHED)
    finally:
        session.close()


def _conclude(session: Session, told: Dict[str, Any]) -> Dict[str, Any]:
    try:
        return session.end(told)
    except (ChaoscinderError, OSError) as error:
        logger.error("chaoscinder: the run could not be concluded: %s", error)
        return {"verdict": "INCONCLUSIVE", "error": str(error)}
    except Exception as error:  # Chaos Toolkit would hide it in its debug log
        logger.exception("chaoscinder: the run could not be concluded")
        return {"verdict": "INCONCLUSIVE", "error": f"{type(error).__name__}: {error}"}
