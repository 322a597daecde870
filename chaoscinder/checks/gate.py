"""Whether the application was well enough before the fault for the fault to be worth anything, by the looks as they are judged."""

from dataclasses import dataclass

from chaoscinder.checks.availability import outages
from chaoscinder.checks.quality import LEAST_BASELINE_SHARE
from chaoscinder.checks.sentences import counted
from chaoscinder.checks.series import as_judged
from chaoscinder.model.run import Run
from chaoscinder.model.sample import Outcome


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was seen before the fault: how many outages, and how many looks of all say nothing because the control failed, too."""

    outages: int
    unknown: int
    looks: int

    def why_not(self, baseline_s: float) -> str:
        """Tell in one line why nothing may be broken after that; "" where it may."""
        if self.outages:
            times = counted(self.outages, "time")
            return f"the application failed {times} in the {baseline_s:g} s before the fault (wanted none): nothing was touched"
        if self.looks - self.unknown < LEAST_BASELINE_SHARE * self.looks:
            blind = f"{self.unknown} of {self.looks} looks in the {baseline_s:g} s before the fault say nothing"
            wanted = f"wanted at least {LEAST_BASELINE_SHARE:.0%} that do"
            return f"{blind}, because the control endpoint failed, too ({wanted}): nothing was touched"
        return ""


def baseline(record: Run) -> Baseline:
    """Look at everything that was sampled so far."""
    samples = as_judged(record).samples
    unknown = sum(sample.outcome is Outcome.UNKNOWN for sample in samples)
    return Baseline(len(outages(samples, rate=record.header.rate)), unknown, len(samples))
