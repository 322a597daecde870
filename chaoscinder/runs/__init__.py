"""A run's directory: which files it has, how they are written, how they are read back.

1. Everything is written as it happens: a run that was killed still has its evidence.
2. A line is appended in one write, a whole document is replaced at once, so a reader never has to wait for a writer.
3. Reading hides nothing: what is torn, missing or unreadable is listed in Run.problems.

This is the only room that knows the file names; docs/run-directory.md describes them.
"""

from chaoscinder.runs.directory import RunDirectory
from chaoscinder.runs.liveness import is_recording, live, recorder_alive, sampler_alive, set_live, why_not_recording
from chaoscinder.runs.search import create, everything, find, made_since

__all__ = [
    "RunDirectory",
    "create",
    "everything",
    "find",
    "is_recording",
    "live",
    "made_since",
    "recorder_alive",
    "sampler_alive",
    "set_live",
    "why_not_recording",
]
