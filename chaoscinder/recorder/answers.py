"""What a whole answer of the web UI amounts to, and which backend gave it: the pod's name from the page, and since when it runs."""

import re
import threading
from collections.abc import Mapping
from pathlib import Path

from chaoscinder.model.sample import Outcome
from chaoscinder.recorder.exchange import Answer
from chaoscinder.recorder.plan import ANY_BELOW_500, STARTED_HEADER, Plan
from chaoscinder.runs import files, samples

LONGEST_NAME = 200


class Classifier:
    """Tells what an answer amounts to, and gives each backend that answered a number."""

    def __init__(self, plan: Plan, backends: Path) -> None:
        self._plan = plan
        self._body = re.compile(plan.body_pattern)
        self._backend = re.compile(plan.backend_pattern) if plan.backend_pattern else None
        self._numbers: dict[tuple[str, str], int] = {}
        self._lock = threading.Lock()
        self._file = backends

    def outcome(self, answer: Answer, due: float) -> tuple[Outcome, int]:
        """Classify a whole answer: the status first, then the page, then how long it took."""
        text = answer.body.decode("utf-8", "replace")
        backend = self._number(text, answer.headers)
        if not self._is_expected(answer.status):
            family = {4: Outcome.CLIENT_ERROR, 5: Outcome.SERVER_ERROR}
            return family.get(answer.status // 100, Outcome.WRONG_CONTENT), backend
        if not self._body.search(text):
            return Outcome.WRONG_CONTENT, backend
        return (Outcome.SLOW if answer.done - due > self._plan.slow_after_s else Outcome.OK), backend

    def _is_expected(self, status: int) -> bool:
        wanted = self._plan.expected_status
        return status < 500 if wanted == ANY_BELOW_500 else status == wanted

    def _number(self, text: str, headers: Mapping[str, str]) -> int:
        found = self._backend.search(text) if self._backend else None
        if found is None:
            return 0
        name = (found.group(found.lastindex or 0) or "")[:LONGEST_NAME]
        started = next((value for key, value in headers.items() if key.lower() == STARTED_HEADER), "")[:LONGEST_NAME]
        number = self._numbers.get((name, started))
        return number if number is not None else self._new(name, started)

    def _new(self, name: str, started: str) -> int:
        """Number a generation of a backend: a pod that came back under its old name is another one."""
        with self._lock:
            if (name, started) not in self._numbers and len(self._numbers) < samples.MOST_BACKENDS - 1:
                number = self._numbers[name, started] = len(self._numbers) + 1
                files.append_line(self._file, {"index": number, "name": name, **({"started": started} if started else {})})
            return self._numbers.get((name, started), samples.MOST_BACKENDS)
