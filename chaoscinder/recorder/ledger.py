"""Numbered writes through the application, with their acknowledgements kept here, away from the volume that they are about.

1. One write at a time, and its line is on disk before the next is sent: what this ledger calls acknowledged was acknowledged.
2. A write without an answer is UNKNOWN, never failed. REJECTED surely did not happen: the application said no, or nothing left.
3. Each payload is the hash of its id, so that a row that is there can be told from one that is whole.
4. Every id carries the run's id, so that reading back and cleaning up touch nobody else's rows.
"""

import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Sequence
from typing import Any

from chaoscinder.clock import Clock
from chaoscinder.errors import CannotTell, SettingsError, TimedOut, Unreachable
from chaoscinder.model.sample import Outcome
from chaoscinder.model.write import ReadBack, Write, WriteOutcome
from chaoscinder.recorder import exchange
from chaoscinder.recorder.exchange import Answer
from chaoscinder.recorder.plan import POD_HEADER, STARTED_HEADER, UID_HEADER
from chaoscinder.runs import RunDirectory
from chaoscinder.settings import LedgerPlan, Settings

# Wall seconds: long enough for a sync to a slow volume, short enough to find out soon that the application is back.
WRITE_WITHIN_S = 2.0
NEVER_LEFT = (Outcome.REFUSED, Outcome.DNS, Outcome.UNREACHABLE, Outcome.TLS, Outcome.MISSED)
REQUEST_TIMEOUT = 408

Row = tuple[str, bool]  # id, and whether its payload is whole


class Ledger:
    """The rows of one run in one application. run_id is wanted where only the run's id is known, and then only rows can be cleaned up."""

    def __init__(self, run: RunDirectory, settings: Settings, run_id: str = "") -> None:
        if settings.ledger is None:
            raise SettingsError("no ledger is configured, so no write can be read back (wanted ledger: demo, or a description)")
        self._run = run
        self._plan: LedgerPlan = settings.ledger
        self._settings = settings
        self._clock = Clock()
        self._target = exchange.endpoint(settings.app_url, settings.app_ca_file)
        self._prefix = f"chaoscinder-{(run_id or run.header.run_id)[:8]}-"
        self.writes = 0

    def run(self, stop: threading.Event) -> None:
        """Write at a steady rate until told to stop; a write that takes longer than its turn delays the next."""
        period_s = 1 / self._settings.writes_per_s
        due = self._clock.monotonic_s()
        while not stop.is_set():
            self.write(self.writes + 1)
            due = max(due + period_s, self._clock.monotonic_s())
            stop.wait(due - self._clock.monotonic_s())

    def write(self, sequence: int) -> Write:
        """Send one numbered write and put what came of it on disk."""
        id_ = f"{self._prefix}{sequence:06d}"
        body = json.dumps(_filled(dict(self._plan.write_json), id_)).encode()
        started = self._clock.monotonic_s()
        within_s = min(WRITE_WITHIN_S, self._settings.request_timeout_s)
        answer = self._ask(self._plan.write_method, _filled(self._plan.write_path, id_), body, within_s)
        outcome, why = self._judge(answer)
        done = self._clock.monotonic_s()
        writer = self._writer(answer) if outcome is WriteOutcome.ACKNOWLEDGED else (None, None, None)
        write = Write(sequence, id_, self._at_s(started), self._at_s(done), outcome, why, *writer)
        self._run.wrote(started, done, write)
        self.writes = sequence
        return write

    def read_back(self) -> ReadBack:
        """Read all rows of this run and put the reading on disk; CannotTell where the application did not give a whole answer."""
        asked = self._clock.monotonic_s()
        rows = self._read()
        seen, torn = _counted(rows), _torn(rows)
        self._run.read_back(asked, seen, torn)
        return ReadBack(self._at_s(asked), tuple(seen.items()), torn)

    def clean_up(self) -> int:
        """Delete the rows of this run, where the description says how; the number of rows that are left."""
        rows = self._read()
        if not self._plan.delete_method:
            return len(rows)
        for id_ in _counted(rows):
            answer = self._ask(self._plan.delete_method, _filled(self._plan.delete_path, id_), b"", self._settings.request_timeout_s)
            if answer.outcome is not Outcome.OK or not (200 <= answer.status < 300 or answer.status == 404):
                raise CannotTell(f"row {id_} could not be deleted: {answer.why or answer.status} (wanted 2xx)")
        return len(self._read())

    def rows_left(self) -> int:
        """Count the rows of this run in the application, without noting it as a reading."""
        return len(self._read())

    def _writer(self, answer: Answer) -> tuple[str | None, str | None, str | None]:
        """The pod that answered, its uid and since when it runs, as its headers say; the pod also by the pattern for the page."""
        headers = {name.lower(): value for name, value in answer.headers.items()}
        pattern, pod = self._settings.app_backend_pattern, headers.get(POD_HEADER)
        found = re.search(pattern, answer.body.decode("utf-8", "replace")) if pattern and not pod else None
        return pod or (found[found.lastindex or 0] if found else None), headers.get(UID_HEADER), headers.get(STARTED_HEADER)

    def _read(self) -> list[Row]:
        """Read all rows of this run: (id, whether its payload is what was written), whole where the pattern has no group for it."""
        plan = self._plan
        answer = self._ask(plan.read_method, plan.read_path, b"", self._settings.request_timeout_s)
        if answer.outcome in (Outcome.READ_TIMEOUT, Outcome.CONNECT_TIMEOUT):
            limit = f"{self._settings.request_timeout_s:g} s"
            raise TimedOut(f"the application did not answer {plan.read_method} {plan.read_path} within {limit}: no write was read back")
        if answer.outcome is not Outcome.OK:
            raise Unreachable(f"the application could not be asked for {plan.read_path}: {answer.why}: no write was read back")
        if not 200 <= answer.status < 300:
            raise CannotTell(f"the application answered {plan.read_method} {plan.read_path} with {answer.status}: no write was read back")
        rows = re.finditer(plan.read_pattern, answer.body.decode("utf-8", "replace"))
        return sorted(row for row in map(_row, rows) if row[0].startswith(self._prefix))

    def _ask(self, method: str, path: str, body: bytes, within_s: float) -> Answer:
        headers = {**self._settings.app_headers, **({"Content-Type": "application/json"} if body else {})}
        request = exchange.request_bytes(method, self._target, self._target.path.rstrip("/") + path, headers, body)
        deadline = self._clock.monotonic_s() + within_s
        try:
            address = exchange.resolve(self._target)
        except OSError as error:
            return Answer(Outcome.DNS, why=str(error))
        return exchange.exchange(address, self._target, request, deadline=deadline, now=self._clock.monotonic_s)

    def _judge(self, answer: Answer) -> tuple[WriteOutcome, str]:
        if answer.outcome is not Outcome.OK:
            never_left = not answer.sent and answer.outcome in NEVER_LEFT
            return (WriteOutcome.REJECTED if never_left else WriteOutcome.UNKNOWN), answer.outcome.value
        if answer.status in self._plan.acknowledged:
            return WriteOutcome.ACKNOWLEDGED, ""
        refused = 400 <= answer.status < 500 and answer.status != REQUEST_TIMEOUT
        return (WriteOutcome.REJECTED if refused else WriteOutcome.UNKNOWN), str(answer.status)

    def _at_s(self, monotonic_s: float) -> float:
        return (monotonic_s - self._run.header.anchor_s) * self._run.header.rate


def _row(match: re.Match[str]) -> Row:
    groups = match.groups()
    id_ = match[1 if groups else 0] or ""
    return id_, len(groups) < 2 or groups[1] == _digest(id_)


def _counted(rows: Sequence[Row]) -> dict[str, int]:
    return dict(Counter(id_ for id_, _ in rows))


def _torn(rows: Sequence[Row]) -> tuple[str, ...]:
    return tuple(sorted({id_ for id_, is_whole in rows if not is_whole}))


def _digest(id_: str) -> str:
    return hashlib.sha256(id_.encode()).hexdigest()[:16]


def _filled(template: Any, id_: str) -> Any:
    """Put the id and the hash of the id into every text of a template."""
    if isinstance(template, str):
        return template.replace("{id}", id_).replace("{hash}", _digest(id_))
    if isinstance(template, dict):
        return {key: _filled(value, id_) for key, value in template.items()}
    return [_filled(value, id_) for value in template] if isinstance(template, list) else template
