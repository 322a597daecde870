"""Undoing beside the main thread, where that one is stuck in somebody else's code or was told twice to end."""

import logging
import threading

from chaoscinder.clients.site import Site
from chaoscinder.errors import ChaoscinderError
from chaoscinder.recovery import undo
from chaoscinder.runs import RunDirectory
from chaoscinder.settings import Settings

logger = logging.getLogger("chaostoolkit")


class Rescue:
    """Undoes a run in a thread of its own, over connections of its own; at most one at a time."""

    def __init__(self, settings: Settings, run: RunDirectory) -> None:
        self._settings = settings
        self._run = run
        self._thread: threading.Thread | None = None

    @property
    def needed(self) -> bool:
        """Whether something is to be undone yet."""
        return bool(self._run.open_intents())

    def begin(self) -> None:
        """Begin to undo, unless that is under way."""
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._work, name="rescue", daemon=True)
            self._thread.start()

    def wait(self) -> None:
        """Wait until what was begun is over."""
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        site = Site(self._settings)
        try:
            undo.everything(site, self._run, self._settings.server_timeout_s)
        except ChaoscinderError as error:
            logger.error("chaoscinder: %s", error)
            self._run.note("problem", what=str(error))
        finally:
            site.close()
