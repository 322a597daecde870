"""The web UI asked again and again from outside: was it there the whole time?"""

import http.client
import re
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.note.history import Stopwatch

PERIOD_S = 0.02  # wall seconds between two looks
ANSWER_S = 0.5  # wall seconds; who has not answered by then is not reachable
POD = re.compile(r"My pod name: (\S+)")


@dataclass(frozen=True)
class Look:
    """One request: when it was sent and answered (cluster seconds), and which pod answered, "" where none did."""

    sent_s: float
    answered_s: float
    pod: str


@dataclass(frozen=True)
class Away:
    """How long nobody answered, as far as the looks can tell: at least and at most, in cluster seconds."""

    least_s: float
    most_s: float
    looks: int

    def __str__(self) -> str:
        if not self.looks:
            return "not at all"
        return f"{self.least_s:.1f} to {self.most_s:.1f} s ({self.looks} requests without an answer)"


class Looks:
    """Looks until close()."""

    def __init__(self, url: str, watch: Stopwatch) -> None:
        self._address = urlsplit(url)
        self._watch = watch
        self._looks: list[Look] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="looks")
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._ended.set()
        self._thread.join(2)

    def since(self, since_s: float) -> list[Look]:
        """The looks that were sent from a moment on."""
        return [look for look in list(self._looks) if look.sent_s >= since_s]

    def away(self, since_s: float) -> Away:
        """The longest run of unanswered looks that were sent since a moment; open at its end where nobody has answered yet."""
        worst, run = Away(0.0, 0.0, 0), list[Look]()
        before_s = since_s
        for look in self.since(since_s):
            if not look.pod:
                run.append(look)
                continue
            if run and run[-1].answered_s - run[0].sent_s >= worst.least_s:
                worst = Away(run[-1].answered_s - run[0].sent_s, look.answered_s - before_s, len(run))
            before_s, run = look.sent_s, []
        if run:
            return Away(run[-1].answered_s - run[0].sent_s, self._watch.now_s() - before_s, len(run))
        return worst

    def _run(self) -> None:
        while not self._ended.wait(PERIOD_S):
            sent = time.monotonic()
            pod = self._ask()
            self._looks.append(Look(self._watch.at_s(sent), self._watch.now_s(), pod))

    def _ask(self) -> str:
        connection = http.client.HTTPConnection(self._address.hostname or "", self._address.port, timeout=ANSWER_S)
        try:
            connection.request("GET", "/")
            answer = connection.getresponse()
            found = POD.search(answer.read().decode())
            return found[1] if answer.status == 200 and found else ""
        except (OSError, http.client.HTTPException):
            return ""
        finally:
            connection.close()
