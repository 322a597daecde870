"""The names of the files in a run directory."""

from dataclasses import dataclass
from pathlib import Path

RUN = "run.json"
TARGET = "target.json"
BEFORE = "before.json"
AFTER = "after.json"
MARKS = "marks.jsonl"
INTENT = "intent.jsonl"
WRITES = "writes.jsonl"
READ_BACKS = "readbacks.jsonl"
CHANGES = "changes.jsonl"
EVENTS = "events.jsonl"
RECORDER = "recorder.json"
PLATFORM = "platform.json"
VERDICT = "verdict.json"
REPORT = "report.html"
SUMMARY = "summary.md"
CLOUDS = "clouds.json"
PREFLIGHT = "preflight.json"
STOP = "stop"
RECORDER_LOG = "recorder.log"


@dataclass(frozen=True, slots=True)
class SeriesFiles:
    """The files of one series of samples."""

    samples: str
    backends: str
    trailer: str
    log: str


def further_series(path: Path) -> tuple[str, ...]:
    """Name the series in a run's directory beside the headline one."""
    return tuple(sorted(found.name[len("samples-") : -len(".bin")] for found in path.glob("samples-*.bin")))


def series_files(series: str = "") -> SeriesFiles:
    """Name the files of a series; the headline series, new connections to the web UI, is called ""."""
    end = f"-{series}" if series else ""
    return SeriesFiles(f"samples{end}.bin", f"backends{end}.jsonl", f"samples{end}.json", f"sampler{end}.log")
