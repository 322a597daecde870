"""What a run does not show: said on every page, as far as the run itself can know it."""

from collections.abc import Iterator

from chaoscinder.checks.availability import finest_s
from chaoscinder.model.run import Run
from chaoscinder.model.verdict import Verdict
from chaoscinder.reports.words import rate, seconds


def limits(run: Run, verdict: Verdict) -> tuple[str, ...]:
    """Tell what this run does not show, as far as that can be known."""
    return tuple(_limits(run, verdict))


def _limits(run: Run, verdict: Verdict) -> Iterator[str]:
    aims, clock = run.header.aims, run.header.rate
    period_s = verdict.availability.period_s if verdict.availability else 1 / aims.samples_per_s
    if run.header.sandbox:
        yield f"The clouds were emulated and their time ran {rate(clock)} times as fast: this is no evidence about a real cluster."
    if clock != 1:
        yield "Real processes do not run faster: 0.2 s of starting the application count as " + seconds(0.2 * clock) + " of cluster time."
    yield "The web UI was looked at from one place outside the cluster; other clients, and other paths to it, may have fared differently."
    if "kept" not in run.series:
        yield "It is one series of new connections. Clients that keep a connection open may notice an outage later, or not at all."
    if not run.series.get("control"):
        yield "No control endpoint was looked at, so an outage of the network between here and there would count as the application's."
    yield f"An outage shorter than {seconds(finest_s(clock, period_s), 2)} (one period) may have fallen between two looks."
    within = f"D = {aims.answer_within_s:g} s"
    yield f"Down means no valid answer within {within}: a shorter stall is a slow answer, and a patient client may have waited longer."
    if verdict.backends.startswith("not checked"):
        yield f"Answers from a stale backend were {verdict.backends}."
    elif not any(sample.backend for sample in run.samples):
        yield "No answer told which pod gave it, so answers from a stale backend were not looked for."
    yield "A stopped server is not a power loss: what had been written but not synced may survive here and be lost there."
    if verdict.account is None or not verdict.account.read_back:
        yield "Whether writes survived was not tested."
    else:
        yield "Writes were read back through the application itself; its file system and database were not checked otherwise."
    yield "It is one run of one workload on one node. Another time, size of volume or load may take longer."
