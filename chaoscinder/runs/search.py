"""Make a run's directory, and find one again by what people type."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from chaoscinder.clock import Clock
from chaoscinder.errors import NotFound, SettingsError
from chaoscinder.model.run import Header
from chaoscinder.runs import layout
from chaoscinder.runs.directory import RunDirectory


def create(root: Path, header: Header, name: str = "") -> RunDirectory:
    """Make the directory <UTC>-<name>-<first 8 of the run id> under root and write the header into it.

    The name is made of the experiment's title unless given.

    The UTC in the name is the wall's: directories sort by when they were made, whatever a sandbox's clock says.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", (name or header.experiment).lower()).strip("-")[:40].strip("-") or "experiment"
    path = Path(root).absolute() / f"{Clock().wall_now():%Y%m%dT%H%M%SZ}-{slug}-{header.run_id[:8]}"
    try:
        path.mkdir(parents=True)
    except OSError as error:
        raise SettingsError(f"the run's directory {path} cannot be made: {error.strerror}") from error
    run = RunDirectory(path)
    run.write_header(header)
    return run


def find(text: str, root: Path) -> RunDirectory:
    """Find a run by its path, its id, a unique beginning of its id or of its directory's name, or as "last"."""
    if text and (Path(text) / layout.RUN).is_file():
        return RunDirectory(Path(text).absolute())
    if text and "/" in text and Path(text).exists():
        raise NotFound(f"{text} is no run (wanted a {layout.RUN} in it)")
    known = list(_runs(Path(root)))
    if not known:
        raise NotFound(f"no run in {root} (wanted {_wanted(text)})")
    if text == "last":
        return max(known, key=_made)
    found = [run for run in known if text and (run.path.name == text or _id(run).startswith(text) or run.path.name.startswith(text))]
    if not found:
        raise NotFound(f"no run {text!r} in {root} (wanted a path, an id, its unique beginning, or last; the last is {_last(known)})")
    if len(found) > 1:
        names = ", ".join(sorted(run.path.name for run in found)[:4])
        raise SettingsError(f"{text!r} names {len(found)} runs in {root} (wanted one of {names})")
    return found[0]


def everything(root: Path) -> tuple[RunDirectory, ...]:
    """Every run below a directory, oldest first."""
    return tuple(sorted(_runs(Path(root)), key=_made))


def made_since(root: Path, began: datetime) -> tuple[RunDirectory, ...]:
    """The runs that were started since a moment of wall time, oldest first."""
    return tuple(sorted((run for run in _runs(Path(root)) if _started(run) >= began), key=_made))


def _runs(root: Path) -> Iterator[RunDirectory]:
    for path in sorted(root.iterdir()) if root.is_dir() else ():
        if (path / layout.RUN).is_file():
            yield RunDirectory(path.absolute())


def _id(run: RunDirectory) -> str:
    """The run's id as far as the directory's name tells it, whole where run.json can be read."""
    record = run.read_json(layout.RUN) or {}
    return str(record.get("run_id") or run.path.name.rpartition("-")[2])


def _made(run: RunDirectory) -> tuple[str, int]:
    return run.path.name.partition("-")[0], (run.path / layout.RUN).stat().st_mtime_ns


def _started(run: RunDirectory) -> datetime:
    return datetime.fromtimestamp((run.path / layout.RUN).stat().st_mtime, UTC)


def _last(known: list[RunDirectory]) -> str:
    return max(known, key=_made).path.name


def _wanted(text: str) -> str:
    return "a run to be last" if text == "last" else f"run {text!r}" if text else "a path, an id or last"
