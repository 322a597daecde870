"""From the files of a run to the nouns, tolerant of everything but a missing run.json."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from chaoscinder.model.attachment import View
from chaoscinder.model.run import Aims, Header, Run, Touched
from chaoscinder.model.sample import Sample
from chaoscinder.model.timeline import Change, Event, Mark
from chaoscinder.model.verdict import Level
from chaoscinder.model.workload import Kind, Target
from chaoscinder.model.write import ReadBack, Write, WriteOutcome
from chaoscinder.runs import files, layout, processes, samples
from chaoscinder.runs.files import Record
from chaoscinder.runs.fitting import fitting

T = TypeVar("T")
UNREADABLE = (KeyError, ValueError, TypeError, AttributeError, OverflowError, IndexError)


def header(record: Mapping[str, Any]) -> Header:
    """Read run.json."""
    aims = dict(record["aims"])
    known = {field.name for field in fields(Aims)} - {"levels"}
    levels = {name: Level(word) for name, word in aims.get("levels", {}).items()}
    made = Header(
        run_id=record["run_id"],
        experiment=record["experiment"],
        experiment_sha256=record["experiment_sha256"],
        started_at=datetime.fromisoformat(record["started_at"]),
        anchor_s=record["anchor_s"],
        rate=record["rate"],
        sandbox=record["sandbox"],
        aims=Aims(**{name: value for name, value in aims.items() if name in known}, levels=levels),
        versions=record.get("versions", {}),
        settings=record.get("settings", {}),
    )
    if not made.rate > 0:
        raise ValueError(f"rate is {made.rate} (wanted a number above 0)")
    fitting(made.aims)
    return fitting(made)


def target(record: Mapping[str, Any]) -> Target:
    """Read target.json."""
    known = {field.name for field in fields(Target)}
    return fitting(Target(**{**{name: value for name, value in record.items() if name in known}, "kind": Kind(record["kind"])}))


def run(path: Path, head: Header) -> Run:
    """Read a whole directory."""
    return _Reader(path, head).run()


class _Reader:
    """Reads one directory and collects what is wrong with it."""

    def __init__(self, path: Path, head: Header) -> None:
        self.path = path
        self.header = head
        self.problems: list[str] = []

    def run(self) -> Run:
        return Run(
            header=self.header,
            target=self._target(),
            marks=_in_order(self._lines(layout.MARKS, self._mark, wanted=True)),
            samples=self._samples(),
            series={name: self._samples(name) for name in layout.further_series(self.path)},
            writes=tuple(sorted(self._lines(layout.WRITES, self._write), key=lambda write: write.sequence)),
            read_backs=_in_order(self._lines(layout.READ_BACKS, self._read_back)),
            changes=_in_order(self._lines(layout.CHANGES, self._change, wanted=True)),
            events=_in_order(self._lines(layout.EVENTS, self._event)),
            touched=self._touched(),
            platform=files.read_json(self.path / layout.PLATFORM, self.problems) or {},
            before=files.read_json(self.path / layout.BEFORE, self.problems),
            after=files.read_json(self.path / layout.AFTER, self.problems),
            problems=(*self.problems, *self._recorder_problems()),
            watched_to_s=self._watched_to_s(),
        )

    def _at_s(self, record: Record, key: str = "t") -> float:
        return (float(record[key]) - self.header.anchor_s) * self.header.rate

    def _lines(self, name: str, build: Callable[[Record], T], *, wanted: bool = False) -> list[T]:
        if wanted and not (self.path / name).exists():
            self.problems.append(f"{name} is missing")
        built = []
        for number, record in files.read_lines(self.path / name, self.problems):
            try:
                made = build(record)
                built.append(fitting(made) if is_dataclass(made) else made)
            except UNREADABLE as error:
                self.problems.append(f"{name} line {number} was left out ({type(error).__name__}: {error})")
        return built

    def _mark(self, record: Record) -> Mark:
        return Mark(self._at_s(record), record["name"], record.get("detail", {}))

    def _write(self, record: Record) -> Write:
        outcome = WriteOutcome(record["outcome"])
        times = (self._at_s(record), self._at_s(record, "done"))
        writer = (record.get("backend"), record.get("writer_uid"), record.get("writer_started"))
        return Write(record["sequence"], record["id"], *times, outcome, record.get("why", ""), *writer)

    def _read_back(self, record: Record) -> ReadBack:
        return ReadBack(self._at_s(record), tuple(record["seen"].items()), tuple(record.get("torn", ())))

    def _change(self, record: Record) -> Change:
        state = None if record["state"] is None else dict(record["state"])
        return Change(self._at_s(record), View(record["ledger"]), record["kind"], record["name"], record["uid"], state)

    def _event(self, record: Record) -> Event:
        words = (record["type"], record["reason"], record["source"], record["message"], record["about"])
        return Event(self._at_s(record), *words, record["count"])

    def _target(self) -> Target | None:
        record = files.read_json(self.path / layout.TARGET, self.problems)
        try:
            return None if record is None else target(record)
        except UNREADABLE as error:
            self.problems.append(f"{layout.TARGET} was left out ({type(error).__name__}: {error})")
            return None

    def _touched(self) -> tuple[Touched, ...]:
        made: dict[str, Touched] = {}

        def build(record: Record) -> None:
            if "what" in record:
                made[str(record["id"])] = fitting(Touched(record["what"], record["name"], record["did"], record["undo"], False, ""))
            else:
                old = made[str(record["id"])]
                undone = old.undone or bool(record["undone"])
                made[str(record["id"])] = fitting(Touched(old.what, old.name, old.did, old.undo, undone, record["end_state"]))

        self._lines(layout.INTENT, build)
        return tuple(made.values())

    def _samples(self, name: str = "") -> tuple[Sample, ...]:
        names = layout.series_files(name)
        try:
            content = (self.path / names.samples).read_bytes()
            series = samples.parse(content)
        except (OSError, ValueError) as error:
            missing = isinstance(error, FileNotFoundError)
            what = f"the series {name} is empty" if name else "the web UI was not sampled"
            self.problems.append(f"{names.samples} {'is missing' if missing else f'cannot be read: {error}'}: {what}")
            return ()
        rows = self._lines(names.backends, lambda record: (int(record["index"]), str(record["name"])))
        self._check_trailer(f"sampler {name}".strip(), names, content, series)
        head = self.header
        try:
            return samples.decode(series, dict(rows), anchor_s=head.anchor_s, rate=head.rate, problems=self.problems)
        except UNREADABLE as error:
            self.problems.append(f"{names.samples} cannot be read: {type(error).__name__}: {error}: the web UI was not sampled")
            return ()

    def _check_trailer(self, who: str, names: layout.SeriesFiles, content: bytes, series: samples.Series) -> None:
        trailer = files.read_json(self.path / names.trailer, self.problems)
        if trailer is None:
            if not processes.alive(series.header.get("pid", 0)):
                self.problems.append(f"{names.trailer} is missing: the {who} was killed after {series.records} samples")
            return
        if series.torn or trailer.get("records") != series.records:
            wanted = trailer.get("records")
            self.problems.append(f"{names.samples} holds {series.records} records and {series.torn} bytes (its trailer says {wanted})")
        elif trailer.get("sha256") != hashlib.sha256(content).hexdigest():
            self.problems.append(f"{names.samples} was changed after it was written (its SHA-256 is not the trailer's)")
        if trailer.get("problem"):
            self.problems.append(f"{who}: {trailer['problem']}")

    def _watched_to_s(self) -> dict[str, float]:
        """Until when each view was watched: the recorder's last sign of life, or where it tells it the last look at that view."""
        record = files.read_json(self.path / layout.RECORDER, []) or {}
        try:
            alive_s, looked = self._at_s(record), record.get("looked") or {}
            return {view.value: min(alive_s, self._at_s(looked, view.value)) if view.value in looked else alive_s for view in View}
        except UNREADABLE:
            return {}

    def _recorder_problems(self) -> tuple[str, ...]:
        problems: list[str] = []
        record = files.read_json(self.path / layout.RECORDER, problems)
        if record is None:
            return (*problems, *(() if problems else (f"{layout.RECORDER} is missing: nothing but the web UI was recorded",)))
        try:
            if not record.get("ended") and not processes.alive(record.get("pid", 0)):
                problems.append(f"the recorder was killed (its last sign of life is at {self._at_s(record):.1f} s)")
            return (*problems, *(f"recorder: {line}" for line in record.get("problems", [])))
        except UNREADABLE as error:
            return (*problems, f"{layout.RECORDER} cannot be read ({type(error).__name__}: {error})")


def _in_order(rows: Iterable[T]) -> tuple[T, ...]:
    return tuple(sorted(rows, key=lambda row: float(row.at_s)))  # type: ignore[attr-defined]
