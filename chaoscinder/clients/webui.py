"""The application's own address, as a visitor sees it: one request, one connection, no redirect, no proxy, no retry."""

import re
from dataclasses import dataclass
from typing import Any

from chaoscinder.errors import TimedOut, Unreachable
from chaoscinder.settings import Settings


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the web UI: whether the application answered, in one line why (not), and who answered where a pattern tells."""

    reachable: bool
    why: str
    status: int = 0
    backend: str | None = None


class WebUi:
    """The address in settings.app_url."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def look(self) -> Look:
        """Ask for the page once, within settings.answer_within_s wall seconds."""
        try:
            status, body = self.request("GET", "", timeout_s=self._settings.answer_within_s)
        except (Unreachable, TimedOut) as error:
            return Look(False, str(error))
        if status != self._settings.app_expected_status:
            return Look(False, f"{self._settings.app_url} answered {status} (wanted {self._settings.app_expected_status})", status)
        if not re.search(self._settings.app_body_pattern, body):
            return Look(
                False, f"{self._settings.app_url} answered without {self._settings.app_body_pattern!r}: not the application", status
            )
        found = re.search(self._settings.app_backend_pattern, body) if self._settings.app_backend_pattern else None
        return Look(True, f"{self._settings.app_url} answered {status}", status, found.group(found.lastindex or 0) if found else None)

    def request(self, method: str, path: str, *, timeout_s: float, json: Any = None) -> tuple[int, str]:
        """Send one request below the application's address; the whole answer must be there within timeout_s between bytes."""
        import requests

        url = self._settings.app_url.rstrip("/") + path if path else self._settings.app_url
        with requests.Session() as session:
            session.trust_env = False
            try:
                answer = session.request(
                    method, url, json=json, timeout=timeout_s, allow_redirects=False, verify=self._settings.app_ca_file or True,
                    headers={"Connection": "close", **self._settings.app_headers},
                )  # fmt: skip
            except requests.Timeout as error:
                raise TimedOut(f"{url} did not answer {method} within {timeout_s:g} s ({type(error).__name__})") from error
            except requests.RequestException as error:
                raise Unreachable(f"{url} could not be asked: {_short(error)}") from error
        return answer.status_code, answer.text


def _short(error: Exception) -> str:
    text = str(error)
    known = re.search(
        r"(Connection refused|Connection reset by peer|No route to host|Name or service not known|certificate verify failed)", text
    )
    return known.group(1) if known else f"{type(error).__name__}: {text[:120]}"
