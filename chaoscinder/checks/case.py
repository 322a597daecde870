"""Everything that the objectives of one run are judged by, worked out once."""

from dataclasses import dataclass, replace

from chaoscinder.checks import backends, series
from chaoscinder.checks.attachments import movement
from chaoscinder.checks.availability import availability, cross_check, finest_s, longest_s, total_s
from chaoscinder.checks.durability import account, suspicions
from chaoscinder.checks.faults import Proof, proof_of_fault
from chaoscinder.checks.quality import baseline_samples, sampling_problems
from chaoscinder.checks.restoration import restored
from chaoscinder.checks.states import Moments, marked_at, moments
from chaoscinder.model.run import Aims, Run
from chaoscinder.model.sample import Outage, Outcome, Sample
from chaoscinder.model.verdict import Availability, Interval, Movement, Series, Unaided
from chaoscinder.model.write import Account, WriteOutcome

# How long before the end of the record (where no undo bounds it), and before our undo, the last sample may lie.
SAMPLED_TO_WALL_S = 2.0
SAMPLED_TO_UNDO_S = 2.0  # cluster seconds, or as many slots as follow
SAMPLED_TO_SLOTS = 3
ACCEPTED = "fault_accepted"  # the mark from which the time to the first failure counts


@dataclass(frozen=True, slots=True)
class Case:
    """One run, its samples as judged, with the figures that follow from it. availability is None without samples, account without writes.

    doubts are what keeps the samples from carrying a figure, suspicions what a reader should know beside the objectives. restored and
    left_behind are what restoration found, problems what went wrong at our own end of the run. backends tells of answers of pods that were
    no ready endpoint any more.
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
    series: tuple[Series, ...] = ()
    backends: str = ""
    suspicions: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

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
        """When the application was seen back for good, on the run's axis."""
        seen = self.availability
        most_s = None if seen is None or seen.recovered_s is None else seen.recovered_s[1]
        return None if most_s is None else most_s + (self.when.fault_s or 0.0)

    def unaided(self) -> Availability | None:
        """Tell the same figures with every outage left open that only our undo ended: how long it would have been is not known."""
        if self.availability is None or self.when.undo_s is None:
            return self.availability
        undo_s = self.when.undo_s
        cut = tuple(_cut(one, undo_s) for one in self.availability.outages)
        return replace(self.availability, outages=cut, total_s=total_s(cut), longest_s=longest_s(cut))

    def judged(self) -> Unaided | None:
        """Tell the figures that the objectives are judged by; None without a fault or without samples."""
        seen, fault_s = self.unaided(), self.when.fault_s
        if seen is None or fault_s is None:
            return None
        return Unaided(seen.total_s, seen.longest_s, self._recovery(seen, fault_s))

    def _recovery(self, seen: Availability, fault_s: float) -> Interval:
        """Tell the least and the most time from the fault to the recovery; the most is None when the system did not come back unaided."""
        end_s, back = self.when.judged_to_s, seen.recovered_s
        away = any(one.ended_latest_s is None and one.started_latest_s <= end_s for one in seen.outages)
        if back is None or away or (back[1] or 0.0) + fault_s > end_s:
            return end_s - fault_s, None
        return back


def open_case(record: Run) -> Case:
    """Work out the figures of a run."""
    run = series.as_judged(record)
    when, aims, rate = moments(run), run.header.aims, run.header.rate
    since_s = 0.0 if when.fault_s is None else when.fault_s
    until_s = when.end_s if when.fault_s is None else since_s
    baseline = baseline_samples(run.samples, fault_s=until_s, baseline_s=aims.baseline_s, rate=rate)
    seen = _availability(run, since_s)
    is_restored, left_behind = _restored(run)
    told = _account(run, seen, since_s)
    return Case(
        run=run,
        when=when,
        baseline=baseline,
        availability=_with_missing(run, when, seen),
        doubts=(*_doubts(run, when, seen, baseline), *backends.contradictions(run)),
        proof=proof_of_fault(run),
        movement=movement(run),
        account=told,
        restored=is_restored,
        left_behind=left_behind,
        series=series.further(run.series, run, since_s=since_s, injected_s=marked_at(run, ACCEPTED)),
        backends=backends.told(run.samples, run.changes, rate=rate),
        suspicions=_suspicions(run, seen, told),
        problems=tuple(str(mark.detail.get("what", "")) for mark in run.marks if mark.name == "problem"),
    )


def _restored(run: Run) -> tuple[bool | None, tuple[str, ...]]:
    if run.ongoing:
        return None, ("the run is still going",)
    said = run.header.settings.get("ledger_deletes")
    wrote = any(write.outcome is not WriteOutcome.REJECTED for write in run.writes)
    return restored(run.before, run.after, run.touched, wrote=wrote, deletes=None if said is None else said == "yes")


def _with_missing(run: Run, when: Moments, seen: Availability | None) -> Availability | None:
    """Count the slots that nobody sampled before our undo as missed; nothing is claimed about them, nor about the share of them."""
    if seen is None or not _sampled_too_short(run, when, seen):
        return seen
    absent = int((when.judged_to_s - max(sample.at_s for sample in run.samples)) / finest_s(run.header.rate, seen.period_s))
    return replace(seen, samples=seen.samples + absent, missed=seen.missed + absent, by_time=None, by_request=None)


def _sampled_too_short(run: Run, when: Moments, seen: Availability) -> bool:
    rate = run.header.rate
    slots_s = SAMPLED_TO_SLOTS * finest_s(rate, seen.period_s)
    slack_s = max(SAMPLED_TO_WALL_S * rate if when.undo_s is None else SAMPLED_TO_UNDO_S, slots_s)
    return when.fault_s is not None and max(sample.at_s for sample in run.samples) < when.judged_to_s - slack_s


def _availability(run: Run, since_s: float) -> Availability | None:
    if not run.samples:
        return None
    aims = run.header.aims
    return availability(
        run.samples,
        since_s=since_s,
        period_s=1 / aims.samples_per_s,
        rate=run.header.rate,
        stable_for_s=aims.stable_for_s,
        injected_s=marked_at(run, ACCEPTED),
    )


def _account(run: Run, seen: Availability | None, since_s: float) -> Account | None:
    if not run.writes:
        return None
    back_s = seen.recovered_s[1] if seen and seen.recovered_s else None
    away_s = seen.outages[0].started_latest_s if seen and seen.outages else None
    return account(run.writes, run.read_backs, after_s=since_s + (back_s or 0.0), away_s=away_s)


def _suspicions(run: Run, seen: Availability | None, told: Account | None) -> tuple[str, ...]:
    """Collect what no objective asks for, and what a reader should know all the same."""
    crossed = cross_check(seen) if seen else ""
    stale = sum(sample.outcome is Outcome.STALE_BACKEND for sample in run.samples)
    wrong = f"{backends.told(run.samples, run.changes, rate=run.header.rate)} (counted as failures)" if stale else ""
    return (*(line for line in (crossed, wrong) if line), *(suspicions(told) if told else ()), *series.control_problems(run))


def _doubts(run: Run, when: Moments, seen: Availability | None, baseline: tuple[Sample, ...]) -> tuple[str, ...]:
    if seen is None:
        return ("the web UI was not sampled",)
    found = sampling_problems(seen, baseline, baseline_s=run.header.aims.baseline_s, rate=run.header.rate)
    last_s = max(sample.at_s for sample in run.samples)
    if _sampled_too_short(run, when, seen):
        end = "the record ends" if when.undo_s is None else "the undo"
        return (*found, f"sampling ended at {last_s:.1f} s, {when.judged_to_s - last_s:.1f} s before {end}")
    return found


def _cut(outage: Outage, undo_s: float) -> Outage:
    """Leave an outage open at our undo when it lasted into it: what came after was our doing."""
    if outage.started_latest_s > undo_s or (outage.ended_latest_s is not None and outage.ended_latest_s <= undo_s):
        return outage
    return replace(outage, ended_earliest_s=min(outage.ended_earliest_s, undo_s), ended_latest_s=None)
