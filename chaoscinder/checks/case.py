"""Everything that the objectives of one run are judged by, worked out once."""

from dataclasses import dataclass, replace

from chaoscinder.checks.attachments import movement
from chaoscinder.checks.availability import availability, finest_s, total_s
from chaoscinder.checks.durability import account
from chaoscinder.checks.faults import Proof, proof_of_fault
from chaoscinder.checks.quality import baseline_samples, sampling_problems
from chaoscinder.checks.restoration import restored
from chaoscinder.checks.states import Moments, moments
from chaoscinder.model.run import Aims, Run
from chaoscinder.model.sample import Outage, Sample
from chaoscinder.model.verdict import Availability, Movement
from chaoscinder.model.write import Account

# How much wall time before our undo the last sample may lie: the sampler flushes each second.
SAMPLED_TO_WALL_S = 2.0


@dataclass(frozen=True, slots=True)
class Case:
    """One run with the figures that follow from it. availability is None without samples, account without writes.

    doubts are what keeps the samples from carrying a figure. restored and left_behind are what restoration found.
    """

    run: Run
    when: Moments
    baseline: tuple[Sample, ...]
    availability: Availability | None
    doubts: tuple[str, ...]
    proof: Proof
    movement: Movement | None
    account: Account | None
    restored: bool | None
    left_behind: tuple[str, ...]

    @property
    def aims(self) -> Aims:
        """The bounds of the run."""
        return self.run.header.aims

    @property
    def rate(self) -> float:
        """Cluster seconds per wall second."""
        return self.run.header.rate

    @property
    def recovered_at_s(self) -> float | None:
        """When the application was back for good, on the run's axis."""
        seen = self.availability
        return None if seen is None or seen.recovered_s is None else seen.recovered_s + (self.when.fault_s or 0.0)

    def unaided(self) -> Availability | None:
        """Tell the same figures with every outage left open that only our undo ended: how long it would have been is not known."""
        if self.availability is None or self.when.undo_s is None:
            return self.availability
        undo_s = self.when.undo_s
        cut = tuple(_cut(one, undo_s) for one in self.availability.outages)
        return replace(self.availability, outages=cut, total_s=total_s(cut))


def open_case(run: Run) -> Case:
    """Work out the figures of a run."""
    when = moments(run)
    since_s = 0.0 if when.fault_s is None else when.fault_s
    aims, rate, period_s = run.header.aims, run.header.rate, 1 / run.header.aims.samples_per_s
    until_s = when.end_s if when.fault_s is None else since_s
    baseline = baseline_samples(run.samples, fault_s=until_s, baseline_s=aims.baseline_s, rate=rate)
    seen = None
    if run.samples:
        seen = availability(run.samples, since_s=since_s, period_s=period_s, rate=rate, stable_for_s=aims.stable_for_s)
    back_s = since_s if seen is None or seen.recovered_s is None else since_s + seen.recovered_s
    is_restored, left_behind = restored(run.before, run.after, run.touched)
    return Case(
        run=run,
        when=when,
        baseline=baseline,
        availability=seen,
        doubts=_doubts(run, when, seen, baseline),
        proof=proof_of_fault(run),
        movement=movement(run),
        account=account(run.writes, run.read_backs, after_s=back_s) if run.writes else None,
        restored=is_restored,
        left_behind=left_behind,
    )


def _doubts(run: Run, when: Moments, seen: Availability | None, baseline: tuple[Sample, ...]) -> tuple[str, ...]:
    if seen is None:
        return ("the web UI was not sampled",)
    found = sampling_problems(seen, baseline, baseline_s=run.header.aims.baseline_s, rate=run.header.rate)
    last_s = max(sample.at_s for sample in run.samples)
    slack_s = max(SAMPLED_TO_WALL_S * run.header.rate, 2 * finest_s(run.header.rate, seen.period_s))
    if when.undo_s is not None and last_s < when.undo_s - slack_s:
        return (*found, f"sampling ended at {last_s:.1f} s, {when.undo_s - last_s:.1f} s before the undo")
    return found


def _cut(outage: Outage, undo_s: float) -> Outage:
    """Leave an outage open at our undo when it lasted into it: what came after was our doing."""
    if outage.started_latest_s > undo_s or (outage.ended_latest_s is not None and outage.ended_latest_s <= undo_s):
        return outage
    return replace(outage, ended_earliest_s=min(outage.ended_earliest_s, undo_s), ended_latest_s=None)
