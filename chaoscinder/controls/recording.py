"""The one control an experiment of ours declares: it finds the target, records from before the baseline to after the rollbacks, and judges.

Chaos Toolkit swallows what controls raise, except InterruptExecution from before_experiment_control: so a refusal is that, and a failure
at the end is logged and put into the journal. Where Chaos Toolkit itself breaks and never calls the end, cleanup_control does it, and the
interpreter's exit where even that did not come.

It also keeps secrets out of what Chaos Toolkit writes: its log, its stream of events and its journal.
"""

import atexit
import logging
from typing import Any, Dict

from chaoslib.exceptions import InterruptExecution
from chaoslib.types import Activity, Configuration, Control, Experiment, Journal, Run, Secrets

from chaoscinder import settings as settings_room
from chaoscinder.controls import neighbours, platform
from chaoscinder.controls.redacting import clean_journal, clean_run, clean_stream, redacting
from chaoscinder.controls.session import Session
from chaoscinder.errors import ChaoscinderError
from chaoscinder.redaction import redaction

__all__ = [
    "after_activity_control",
    "after_experiment_control",
    "before_experiment_control",
    "cleanup_control",
    "configure_control",
    "validate_control",
]

CRASHED = {"status": "aborted", "interrupted": True}  # Chaos Toolkit's own words are lost with its journal

logger = logging.getLogger("chaostoolkit")
_session: Session | None = None


def validate_control(control: Control) -> None:
    """Begin to clean the log: Chaos Toolkit resolves secrets right after this."""
    clean_stream()
    redacting.install()
    redacting.hold()


def configure_control(experiment: Experiment = None, configuration: Configuration = None, secrets: Secrets = None, **_: Any) -> None:
    """Take every secret of the experiment, and let the log go on."""
    redaction.learn_group(secrets or {})
    redacting.install()
    redacting.release()


def after_activity_control(context: Activity, state: Run = None, **_: Any) -> None:
    """Clean what an activity returned or raised."""
    clean_run(state)


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
        settings = settings_room.read(configuration, secrets)
        neighbours.share_cluster(context, settings.context)
        _session = Session(settings)
        atexit.register(cleanup_control)
        _session.begin(redaction.clean_all(context, by_name=False), name or "")
    except ChaoscinderError as error:
        logger.error("chaoscinder: %s", error)
        raise InterruptExecution(str(error)) from error
    except Exception as error:  # Chaos Toolkit would hide it in its debug log and go on without a record
        line = f"the run could not begin: not foreseen: {type(error).__name__}: {error}"
        logger.error("chaoscinder: %s", line)
        raise InterruptExecution(line) from error


def after_experiment_control(context: Experiment, state: Journal = None, **_: Any) -> None:
    """Undo what is still open, read back, stop recording, judge, and write verdict and page; the journal gets the verdict too."""
    clean_journal(state)
    if _session is None or not _session.begun:
        return
    result = _conclude(_session, platform.told_by(state or {}))
    if state is not None:
        state["chaoscinder"] = redaction.clean_all(result)


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
        logger.error("chaoscinder: the run could not be concluded: not foreseen: %s: %s", type(error).__name__, error)
        logger.debug("the run could not be concluded", exc_info=True)
        return {"verdict": "INCONCLUSIVE", "error": f"{type(error).__name__}: {error}"}
