"""All recording of one run, as the experiment's control holds it."""

from collections.abc import Callable
from typing import TypeVar

from chaoscinder.clock import Clock
from chaoscinder.errors import CannotTell, NotFound
from chaoscinder.recorder.children import Child, launch_recorder, launch_sampler
from chaoscinder.recorder.ledger import Ledger
from chaoscinder.recorder.plan import Control, further, headline
from chaoscinder.runs import RunDirectory
from chaoscinder.settings import NONE, Settings
from chaoscinder.waiting import POLL_WALL_S, halt

T = TypeVar("T")
AGAIN_S = 60.0  # cluster seconds in which an application that broke off is asked again
AGAIN_AT_LEAST_S = 5.0  # wall seconds of them, because a connection that broke is the network's, whatever the rate


class Recording:
    """The recorder and the samplers of one run."""

    def __init__(self, run: RunDirectory, settings: Settings) -> None:
        self._run = run
        self._settings = settings
        self._children: list[Child] = []

    def start(self) -> None:
        """Start them all; where one cannot be started, none runs and its own last words are the error."""
        target = self._run.target()
        if target is None:
            raise NotFound(f"{self._run.path} has no target (wanted it before the recording)")
        try:
            # Known here before it is waited for: a signal may end the waiting, and nobody else would end the process.
            self._children.append(launch_recorder(self._run, self._settings, target))
            self._children[0].wait_until_ready()
            self._start_samplers()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End them in order: no more requests, trailers written; twice does no harm."""
        if not self._children:
            return
        for child in self._children:
            child.ask_to_end()
        while self._children:
            problem = self._children.pop().stop()
            if problem:
                self._run.note("problem", what=problem)
        self._run.note("recording_ended")

    def _start_samplers(self) -> None:
        directory = str(self._run.path)
        for plan in (headline(self._settings, directory), *further(self._settings, directory, self._control())):
            self._children.append(launch_sampler(self._run, plan))
        for child in self._children[1:]:
            child.wait_until_ready()

    def _control(self) -> Control | None:
        """The control endpoint: the one that was named, else the API server's /readyz; None where there is none that can be asked."""
        url = self._settings.control_url
        if url:
            return None if url == NONE else Control(url)
        from chaoscinder.clients.kubernetes import api_server

        server = api_server(self._settings)
        if server is None:
            self._run.mark("no_control_series", why=f"the API server is behind a proxy (wanted control_url, or {NONE})")
            return None
        return Control(server.url + "/readyz", server.ca_file, server.verify, server.server_name)

    def read_back(self) -> None:
        """After stop(): read all rows of this run back once more."""
        self._until_told(Ledger(self._run, self._settings).read_back)

    def clean_up(self) -> int | None:
        """After read_back(): delete the rows of this run where that is described; the number that is left, None where they are to stay."""
        described = self._settings.ledger is not None and self._settings.ledger.delete_method
        try:
            with halt.shelter():  # half of the rows taken away is no better than none
                return self._until_told(Ledger(self._run, self._settings).clean_up) if described else None
        except CannotTell as error:
            raise CannotTell(f"{error}; to finish: chaoscinder recover {self._run.run_id[:8]}") from error

    def _until_told(self, ask: Callable[[], T]) -> T:
        """Ask the application, and again where it breaks off: its pod may only just have come back, and to ask twice does no harm."""
        clock = Clock()
        deadline = clock.deadline(max(AGAIN_S / self._settings.rate, AGAIN_AT_LEAST_S))
        while True:
            try:
                return ask()
            except CannotTell:
                if deadline.passed:
                    raise
                clock.sleep_wall(POLL_WALL_S)
