"""Whether a run is being recorded right now: the second look that every fault takes before it acts.

A process counts as recording when its pid lives and its file grew lately. Both, because a pid may be somebody else's by now
and a process may hang.
"""

from chaoscinder.clock import Clock
from chaoscinder.runs import files, layout, processes, samples
from chaoscinder.runs.directory import RunDirectory

SILENT_AFTER_S = 5.0  # wall seconds; both processes write once a second, the rest is for a busy machine

_live: RunDirectory | None = None


def live() -> RunDirectory | None:
    """Tell the run that this process is in the middle of."""
    return _live


def set_live(run: RunDirectory | None) -> None:
    """Say which run this process is in the middle of; None: none any more."""
    global _live
    _live = run


def is_recording(run: RunDirectory | None) -> bool:
    """Tell whether the sampler and the recorder of a run both live and write."""
    return why_not_recording(run) == ""


def why_not_recording(run: RunDirectory | None) -> str:
    """Tell in one line why a run is not being recorded; empty when it is."""
    if run is None:
        return "no run is being recorded (wanted the chaoscinder control in this experiment)"
    return _sampler_silent(run) or _recorder_silent(run)


def recorder_alive(run: RunDirectory) -> bool:
    """Tell whether the recorder process lives and its heartbeat is fresh."""
    return _recorder_silent(run) == ""


def sampler_alive(run: RunDirectory) -> bool:
    """Tell whether the sampler process lives and its file grew lately."""
    return _sampler_silent(run) == ""


def _recorder_silent(run: RunDirectory) -> str:
    record = files.read_json(run.path / layout.RECORDER, [])
    if record is None:
        return f"the recorder never started (no {layout.RECORDER} in {run.path})"
    if record.get("ended"):
        return f"the recorder has ended ({record['ended']})"
    return _silent("recorder", int(record.get("pid", 0)), float(record.get("t", 0.0)), SILENT_AFTER_S)


def _sampler_silent(run: RunDirectory) -> str:
    names = layout.series_files()
    if (run.path / names.trailer).exists():
        return "the sampler of the web UI has ended"
    try:
        series = samples.parse((run.path / names.samples).read_bytes())
    except (OSError, ValueError):
        return f"the sampler of the web UI never started (no {names.samples} in {run.path})"
    allowed_s = SILENT_AFTER_S + float(series.header["answer_within_s"]) + float(series.header["period_s"])
    return _silent("sampler of the web UI", int(series.header.get("pid", 0)), series.due_s, allowed_s)


def _silent(who: str, pid: int, last: float, allowed_s: float) -> str:
    if not processes.alive(pid):
        return f"the {who} is dead (process {pid})"
    silent_s = Clock().monotonic_s() - last
    return f"the {who} has written nothing for {silent_s:.1f} s (wanted at most {allowed_s:.1f} s)" if silent_s > allowed_s else ""
