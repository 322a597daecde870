"""One run's directory, as the processes of a run write it. Each file has one writer process, its threads may be many."""

import logging
import uuid
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from chaoscinder.clock import Clock
from chaoscinder.errors import NotFound
from chaoscinder.model.attachment import View
from chaoscinder.model.run import Header, Run
from chaoscinder.model.timeline import Event
from chaoscinder.model.workload import Target
from chaoscinder.model.write import Write
from chaoscinder.runs import files, layout, reading

logger = logging.getLogger("chaostoolkit")


class RunDirectory:
    """A directory with a run.json. Times are readings of the monotonic clock; whoever leaves one out means now."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._clock = Clock()
        self._intents: dict[str, dict[str, Any]] = {}

    def __repr__(self) -> str:
        return f"RunDirectory({str(self.path)!r})"

    @cached_property
    def header(self) -> Header:
        """What was written when the run started; NotFound where it was not."""
        problems: list[str] = []
        record = files.read_json(self.path / layout.RUN, problems)
        if record is None:
            raise NotFound(f"{self.path} is not a run's directory (wanted a {layout.RUN} in it; {'; '.join(problems) or 'it has none'})")
        try:
            return reading.header(record)
        except reading.UNREADABLE as error:
            raise NotFound(f"{self.path / layout.RUN} cannot be used ({type(error).__name__}: {error})") from error

    @property
    def run_id(self) -> str:
        """The run's id, whole."""
        return self.header.run_id

    def target(self) -> Target | None:
        """The resolved chain from workload to volume; None before it was written."""
        record = self.read_json(layout.TARGET)
        return None if record is None else reading.target(record)

    def read(self) -> Run:
        """Read everything back, finished or not; what cannot be read is listed in the run's problems."""
        return reading.run(self.path, self.header)

    def read_json(self, name: str) -> dict[str, Any] | None:
        """Read one of the documents; None where it is missing or unreadable."""
        return files.read_json(self.path / name, [])

    def write_header(self, header: Header) -> None:
        """Write what is known when the run starts, and make it survive a loss of power."""
        files.replace_json(self.path / layout.RUN, header, sync=True)
        self.__dict__.pop("header", None)

    def write_target(self, target: Target) -> None:
        """Write the resolved chain from workload to volume."""
        files.replace_json(self.path / layout.TARGET, target, sync=True)

    def write_platform(self, platform: Mapping[str, Any]) -> None:
        """Write Chaos Toolkit's own end."""
        files.replace_json(self.path / layout.PLATFORM, platform)

    def write_json(self, name: str, value: object) -> Path:
        """Write one of the documents: before.json, after.json, verdict.json, clouds.json, recorder.json."""
        files.replace_json(self.path / name, value)
        return self.path / name

    def write_text(self, name: str, text: str) -> Path:
        """Write one of the papers: report.html, summary.md."""
        files.replace_text(self.path / name, text)
        return self.path / name

    def mark(self, name: str, /, **detail: Any) -> None:
        """Note something that this run did or decided, now."""
        self._append(layout.MARKS, {"t": self._clock.monotonic_s(), "name": name, "detail": detail})

    def note(self, name: str, /, **detail: Any) -> None:
        """Mark, while something is being undone or concluded: a disk that is full or gone is told in the log and stops nothing."""
        try:
            self.mark(name, **detail)
        except OSError as error:
            logger.error("chaoscinder: %s could not be noted in %s: %s", name, self.path, error)

    def intend(self, what: str, name: str, did: str, undo: str, **detail: Any) -> str:
        """Note what is about to be done to an object and how to undo it, on disk before this returns; the id is for undone().

        detail is what the undo will need to know; open_intents() gives it back.
        """
        id = uuid.uuid4().hex[:12]
        record = {"t": self._clock.monotonic_s(), "id": id, "what": what, "name": name, "did": did, "undo": undo}
        self._append(layout.INTENT, {**detail, **record}, sync=True)
        self._intents[id] = {**detail, **record}
        return id

    def open_intents(self) -> tuple[dict[str, Any], ...]:
        """Everything that was noted and not yet undone, oldest first, with the detail it was noted with.

        What this object noted itself is remembered too, so that an undo does not depend on a disk that is gone by now.
        """
        found: dict[str, dict[str, Any]] = dict(self._intents)
        for _, record in files.read_lines(self.path / layout.INTENT, []):
            if "what" in record:  # a damaged line is still a line: what it lacks, the undo will miss and say so
                found[str(record.get("id"))] = {"name": "?", "did": "?", "undo": "?", **record}
            elif record.get("undone"):
                found.pop(str(record.get("id")), None)
        return tuple(found.values())

    def undone(self, id: str, *, end_state: str) -> None:
        """Note that an intent was undone and in what state the object was seen then."""
        self._intents.pop(id, None)
        record = {"t": self._clock.monotonic_s(), "id": id, "undone": True, "end_state": end_state}
        self._append(layout.INTENT, record, sync=True)

    def seen_as(self, id: str, *, end_state: str) -> None:
        """Note in what state the object of an intent was last seen, without claiming that it was undone."""
        record = {"t": self._clock.monotonic_s(), "id": id, "undone": False, "end_state": end_state}
        self._append(layout.INTENT, record, sync=True)

    def changed(self, t: float, ledger: View, kind: str, name: str, uid: str, state: Mapping[str, Any] | None) -> None:
        """Note that an object of a ledger took a new state; None: it went away."""
        self._append(layout.CHANGES, {"t": t, "ledger": ledger, "kind": kind, "name": name, "uid": uid, "state": state})

    def event(self, t: float, event: Event) -> None:
        """Note a Kubernetes event as it was seen at t (its own at_s is not used)."""
        record = {"type": event.type, "reason": event.reason, "source": event.source, "message": event.message}
        self._append(layout.EVENTS, {"t": t, **record, "about": event.about, "count": event.count})

    def wrote(self, t: float, done: float, write: Write) -> None:
        """Note one numbered write, on disk before this returns (its own times are not used)."""
        record = {"t": t, "done": done, "sequence": write.sequence, "id": write.id, "outcome": write.outcome, "why": write.why}
        writer = {"backend": write.backend, "writer_uid": write.writer_uid, "writer_started": write.writer_started}
        self._append(layout.WRITES, record | {name: value for name, value in writer.items() if value is not None}, sync=True)

    def read_back(self, t: float, seen: Mapping[str, int], torn: Sequence[str] = ()) -> None:
        """Note one complete reading of what the application holds of this run; t is when it was asked for.

        torn are the ids in it whose payload is not what was written.
        """
        self._append(layout.READ_BACKS, {"t": t, "seen": seen, "torn": list(torn)}, sync=True)

    def _append(self, name: str, record: Mapping[str, object], *, sync: bool = False) -> None:
        files.append_line(self.path / name, record, sync=sync)
