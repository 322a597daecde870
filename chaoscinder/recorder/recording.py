"""All recording of one run, as the experiment's control holds it."""

from chaoscinder.errors import NotFound
from chaoscinder.recorder.children import Child, start_headline_sampler, start_recorder
from chaoscinder.recorder.ledger import Ledger
from chaoscinder.runs import RunDirectory
from chaoscinder.settings import Settings


class Recording:
    """The recorder and the sampler of one run."""

    def __init__(self, run: RunDirectory, settings: Settings) -> None:
        self._run = run
        self._settings = settings
        self._children: list[Child] = []

    def start(self) -> None:
        """Start both; where one cannot be started, neither runs and its own last words are the error."""
        target = self._run.target()
        if target is None:
            raise NotFound(f"{self._run.path} has no target (wanted it before the recording)")
        try:
            self._children.append(start_recorder(self._run, self._settings, target))
            self._children.append(start_headline_sampler(self._run, self._settings))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End both in order: no more requests, trailers written; twice does no harm."""
        if not self._children:
            return
        for child in self._children:
            child.ask_to_end()
        while self._children:
            problem = self._children.pop().stop()
            if problem:
                self._run.mark("problem", what=problem)
        self._run.mark("recording_ended")

    def account(self) -> int | None:
        """After stop(): read all rows of this run back once more, then delete them where that is described; the number that is left.

        None where they are meant to stay.
        """
        ledger = Ledger(self._run, self._settings)
        ledger.read_back()
        described = self._settings.ledger is not None and self._settings.ledger.delete_method
        return ledger.clean_up() if described else None
