"""All recording of one run, as the experiment's control holds it."""

from chaoscinder.errors import NotFound
from chaoscinder.recorder.children import Child, launch_sampler, start_recorder
from chaoscinder.recorder.ledger import Ledger
from chaoscinder.recorder.plan import Control, further, headline
from chaoscinder.runs import RunDirectory
from chaoscinder.settings import NONE, Settings


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
            self._children.append(start_recorder(self._run, self._settings, target))
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
            self._run.mark("problem", what=f"no control series: the API server is behind a proxy (wanted control_url, or {NONE})")
            return None
        return Control(server.url + "/readyz", server.ca_file, server.verify, server.server_name)

    def account(self) -> int | None:
        """After stop(): read all rows of this run back once more, then delete them where that is described; the number that is left.

        None where they are meant to stay.
        """
        ledger = Ledger(self._run, self._settings)
        ledger.read_back()
        described = self._settings.ledger is not None and self._settings.ledger.delete_method
        return ledger.clean_up() if described else None
