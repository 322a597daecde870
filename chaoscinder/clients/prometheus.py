"""Prometheus, or what speaks its API (Thanos, Mimir, VictoriaMetrics): one instant query, one answer.

1. Every request has a time limit in wall seconds and is made once, without redirects: a login page is no answer.
2. Proxies and netrc of the environment are not used: they would put other credentials into the request.
3. No credential is in any message.
"""

import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from chaoscinder.errors import CannotTell, Refused, SettingsError, Unreachable
from chaoscinder.model.alert import Answer, Series
from chaoscinder.settings import Settings

PATH = "/api/v1/query"
LONGEST = 160  # characters of an answer, or of a series' labels, that a message repeats
KNOWN = re.compile(
    "Connection refused|Connection reset|No route to host|Name or service not known|certificate verify failed|"
    "Could not find a suitable TLS CA certificate bundle, invalid path: .*"
)


class Prometheus:
    """The server in settings.prometheus_url."""

    def __init__(self, settings: Settings) -> None:
        import requests

        self._settings = settings
        self._url = settings.prometheus_url.rstrip("/") + PATH
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = settings.prometheus_ca_file or True
        self._session.headers.update({"Accept": "application/json", **_authorization(settings.prometheus_auth)})

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def ask(self, query: str) -> Answer:
        """Ask what a query is now; SettingsError where it is no PromQL, or neither an instant vector nor a scalar."""
        status, known = self._asked(query)
        if status in (401, 403):
            raise Refused(f"Prometheus at {self._url} refused the query with {status} (wanted credentials that it takes)")
        if known.get("errorType") == "bad_data":
            raise SettingsError(f"abort_query is no PromQL: {_short(known.get('error'))}")
        if status != 200 or known.get("status") != "success":
            raise CannotTell(f"Prometheus at {self._url} answered {status}: {_short(known.get('error') or known)} (wanted 200)")
        try:
            return _answer(known["data"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CannotTell(f"Prometheus at {self._url} answered what cannot be read: {_short(known)}") from error

    def _asked(self, query: str) -> tuple[int, Mapping[str, Any]]:
        import requests

        limit_s = self._settings.request_timeout_s
        try:
            answer = self._session.get(
                self._url, params={"query": query, "timeout": f"{limit_s:g}s"}, timeout=limit_s, allow_redirects=False
            )
        except requests.Timeout as error:
            raise Unreachable(f"Prometheus at {self._url} did not answer within {limit_s:g} s ({type(error).__name__})") from None
        except (requests.RequestException, OSError) as error:
            raise Unreachable(f"Prometheus at {self._url} could not be asked: {_cause(error)}") from None
        try:
            known = answer.json()
        except ValueError:
            known = {"error": answer.text or "nothing"}
        return answer.status_code, known if isinstance(known, Mapping) else {"error": str(known)}


def _answer(data: Mapping[str, Any]) -> Answer:
    kind, result = data["resultType"], data["result"]
    if kind == "scalar":
        return (Series("", float(result[1])),)
    if kind != "vector":
        raise SettingsError(f"abort_query gives a {kind} (wanted an instant vector or a scalar, such as max(errors) > 5)")
    return tuple(Series(_labels(row["metric"]), float(row["value"][1])) for row in result)


def _labels(metric: Mapping[str, str]) -> str:
    inside = ", ".join(f'{name}="{value}"' for name, value in sorted(metric.items()) if name != "__name__")
    return f"{metric.get('__name__', '')}{{{inside}}}"[:LONGEST] if metric else ""


def _authorization(auth: Mapping[str, str]) -> dict[str, str]:
    if "prometheus_token" in auth:
        return {"Authorization": f"Bearer {auth['prometheus_token']}"}
    if "prometheus_username" in auth:
        pair = f"{auth['prometheus_username']}:{auth['prometheus_password']}"
        return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    return {}


def _short(said: object) -> str:
    return " ".join(str(said).split())[:LONGEST]


def _cause(error: Exception) -> str:
    found = KNOWN.search(str(error))
    return found.group() if found else type(error).__name__
