"""The one control an experiment of ours declares: it finds the target, records from before the baseline to after the rollbacks, and judges.

Chaos Toolkit swallows what controls raise, except InterruptExecution from before_experiment_control: so a refusal is that, and a failure
at the end is logged and put into the journal.
"""

import logging
from typing import Any, Dict

from chaoslib.exceptions import InterruptExecution
from chaoslib.types import Configuration, Experiment, Journal, Secrets

from chaoscinder import settings as settings_room
from chaoscinder.controls import platform
from chaoscinder.controls.session import Session
from chaoscinder.errors import ChaoscinderError

__all__ = ["after_experiment_control", "before_experiment_control", "cleanup_control"]

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
    platform.let_sigterm_interrupt()
    try:
        _session = Session(settings_room.read(configuration, secrets))
        _session.begin(context, name or "")
    except ChaoscinderError as error:
        logger.error("chaoscinder: %s", error)
        raise InterruptExecution(str(error)) from error


def after_experiment_control(context: Experiment, state: Journal = None, **_: Any) -> None:
    """Undo what is still open, read back, stop recording, judge, and write verdict and page; the journal gets the verdict too."""
    if _session is None or not _session.begun:
        return
    try:
        result: Dict[str, Any] = _session.end(platform.told_by(state or {}))
    except ChaoscinderError as error:
        logger.error("chaoscinder: the run could not be concluded: %s", error)
        result = {"verdict": "INCONCLUSIVE", "error": str(error)}
    if state is not None:
        state["chaoscinder"] = result


def cleanup_control() -> None:
    """Stop whatever still runs; called by Chaos Toolkit even after a crash of its own."""
    global _session
    if _session is not None:
        _session.close()
        _session = None
