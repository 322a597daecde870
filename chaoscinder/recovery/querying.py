"""The PromQL query that stops a run: asked before anything is touched, and while the run goes on."""

from chaoscinder.checks import alerting
from chaoscinder.clients.prometheus import Prometheus
from chaoscinder.errors import CannotTell, Refused
from chaoscinder.model.alert import Alert
from chaoscinder.settings import Settings


class Query:
    """One run's query. Without one every look finds nothing."""

    def __init__(self, settings: Settings) -> None:
        self._text = settings.abort_query
        self._server = Prometheus(settings) if settings.prometheus_url else None
        self._filters = True

    def refuse_to_begin(self) -> None:
        """Ask once: refuse to begin where it holds already, or where nobody can tell."""
        if self._server is None:
            return
        try:
            answer = self._server.ask(self._text)
        except CannotTell as error:
            raise Refused(f"{error}: nothing is begun, because abort_query could not stop it") from error
        self._filters = not answer
        found = alerting.judge(answer, filters=self._filters)
        if found.holds or found.unknown:
            says = f" is {found.holds}" if found.holds else f": {found.unknown}"
            raise Refused(f"{self._named}{says} before the run: nothing is begun")

    def look(self) -> Alert:
        """Ask now; an error of ours where nobody answers."""
        if self._server is None:
            return Alert()
        found = alerting.judge(self._server.ask(self._text), filters=self._filters)
        return Alert(
            holds=f"{self._named} is {found.holds} (abort_query)" if found.holds else "",
            unknown=f"{self._named}: {found.unknown}" if found.unknown else "",
        )

    def close(self) -> None:
        """Close the connections."""
        if self._server is not None:
            self._server.close()

    @property
    def _named(self) -> str:
        return f"PromQL {self._text}"
