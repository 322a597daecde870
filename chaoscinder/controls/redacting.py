"""What Chaos Toolkit writes down of a run, without its secrets: log records, its stream of events, and the journal before it is written.

Chaos Toolkit resolves secrets, and runs the probes of a dynamic configuration, before it tells any control about them. So what its
activities log is held back from the control's validation until its configuration, which comes right after that, and is then said cleaned.
"""

import atexit
import logging
import os
from collections.abc import Callable, Mapping
from typing import Any

from chaoscinder.clock import Clock
from chaoscinder.redaction import SECRET_NAME, Redaction, redaction

PLACES = ("_FILE", "_PATH", "_DIR", "_URL", "_ID", "_NAME", "_SOCK")  # endings of variables that tell where a secret is, not what it is
# Modules of chaoslib that say what was resolved: activities, and the title of the experiment.
SPEAKERS = frozenset({"activity", "configuration", "secret", "python", "process", "http", "run"})

logger = logging.getLogger("chaostoolkit")


class Redacting(logging.Filter):
    """Cleans every record of the handlers it is put on. hold() keeps back, of them and of events, what may hold a secret not known yet."""

    def __init__(self, secrets: Redaction) -> None:
        super().__init__()
        self._secrets = secrets
        self._held: list[logging.LogRecord] | None = None
        self._handlers: tuple[logging.Handler, ...] = ()
        self._unwritten: list[Callable[[], None]] = []  # events

    def install(self) -> None:
        """Clean what the loggers of Chaos Toolkit and ours say; twice does no harm."""
        found = [*logging.getLogger("chaostoolkit").handlers, *logging.getLogger().handlers]
        for handler in found:
            if self not in handler.filters:
                handler.addFilter(self)
        self._handlers = tuple(found)
        self._secrets.learn(*_of_environment(os.environ))

    def hold(self) -> None:
        """Keep back what may hold a secret that is not known yet."""
        if self._held is None:
            self._held = []
            atexit.register(self.release)

    def release(self) -> None:
        """Say what was kept back, now that all secrets are known."""
        held, self._held = self._held or [], None
        unwritten, self._unwritten = self._unwritten, []
        atexit.unregister(self.release)
        for record in {id(record): record for record in held}.values():
            for handler in self._handlers:
                if record.levelno >= handler.level:
                    handler.handle(record)
        for write in unwritten:
            write()

    def stream(self, write: Callable[[], None]) -> None:
        """Write an event, or keep it back until all secrets are known."""
        if self._held is None:
            write()
        else:
            self._unwritten.append(write)

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean a record in place; False for one that is kept back."""
        if self._held is not None and record.module in SPEAKERS:
            self._held.append(record)
            return False
        record.msg, record.args = self._secrets.clean(record.getMessage()), ()
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_info, record.exc_text = None, self._secrets.clean(record.exc_text)
        return True


redacting = Redacting(redaction)


def clean_stream() -> None:
    """Clean every event before Chaos Toolkit (1.21) writes it to --events-file: no control hears of an activity's end before that."""
    try:
        from chaostoolkit.events import EventFile

        emit = EventFile.emit
    except ImportError:
        return
    except AttributeError:
        logger.warning("chaoscinder: this Chaos Toolkit writes --events-file in a way that is not known: secrets are not kept out of it")
        return
    if getattr(emit, "cleans", False):
        return

    def cleaned(self: Any, event_type: str, **payload: Any) -> None:
        at = Clock().wall_now().isoformat()
        redacting.stream(lambda: emit(self, event_type, **redaction.clean_all({"timestamp": at, **payload}, by_name=False)))

    cleaned.cleans = True  # type: ignore[attr-defined]
    EventFile.emit = cleaned


def clean_run(run: Any) -> None:
    """Clean what one activity came to, in place; tolerances are held against what is left."""
    if isinstance(run, dict):
        run.update({name: redaction.clean_all(run[name], by_name=False) for name in ("output", "exception") if name in run})


def clean_journal(journal: Any) -> None:
    """Clean a whole journal in place; what the experiment holds for itself is left as it is."""
    if isinstance(journal, dict):
        journal.update({name: redaction.clean_all(value) for name, value in journal.items()})


def _of_environment(environ: Mapping[str, str]) -> list[str]:
    return [value for name, value in environ.items() if SECRET_NAME.search(name) and not name.endswith(PLACES)]
