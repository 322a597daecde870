"""Between which moments an outage began, and between which it ended.

A request that is under way when the application changes meets the old state or the new one; nobody outside sees at which moment of its
flight it was decided. So:

1. A look that was answered, refused or reset was decided between being asked and being answered. An outage began after the last good look
   was asked and before the first bad one was answered; it ended after the last bad one was asked and before the next good one was answered.
2. A look that waited in vain was decided long before our deadline: a packet is lost, or a question put aside, when it comes there. It met
   the application no later after being asked than a prompt answer takes: the longest of the fifty good looks before.
3. After such a look an answer that took longer was waited for, too, and the same bound holds for it.
4. A stall ends for whoever asks within D of its end (docs/measurement.md): its last look that waited in vain was due before that moment, by
   no more than an answer takes to come.
5. Looks that are under way at the same time may be decided in another order than they were asked. A good look between bad ones parts two
   outages only where one bad look was decided before it was asked, and another was asked after it was answered. Else it may have met the
   application before it went or after it was back, and says nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby, islice, pairwise

from chaoscinder.model.sample import Outage, Outcome, Sample

GOOD_LOOKS = 50


def outage_of(known: Sequence[Sample], first: int, last: int, *, began_s: float, rate: float) -> Outage:
    """Make an outage of the bad samples from first to last; known are all samples that say anything, in the order of asking."""
    usual_s = usual_flight_s(known, first, last, rate)
    started_s, ended_s = known[first - 1].asked_at_s(rate) if first else began_s, _down_until(known[last], usual_s, rate)
    good = known[last + 1] if last + 1 < len(known) else None
    over_s = None if good is None else _decided_by(good, usual_s if known[last].outcome.waited_in_vain else None, rate)
    begun_s = _decided_by(known[first], usual_s if known[first].outcome.waited_in_vain else None, rate)
    return Outage(
        started_earliest_s=started_s,
        started_latest_s=begun_s if over_s is None else min(begun_s, over_s),
        ended_earliest_s=max(started_s, ended_s),
        ended_latest_s=over_s,
        outcomes=tuple(Counter(sample.outcome for sample in known[first : last + 1]).items()),
        began_before_sampling=first == 0,
        good_from_s=None if good is None else good.asked_at_s(rate),
    )


def without_overtaken(known: Sequence[Sample], rate: float) -> list[Sample]:
    """Leave out the good looks between bad ones that do not part them (rule 5); known are in the order of asking."""
    series = [list(indexes) for _, indexes in groupby(range(len(known)), key=lambda index: known[index].outcome.is_up)]
    bad = [indexes for indexes in series if not known[indexes[0]].outcome.is_up]
    left_out: set[int] = set()
    for first, then in pairwise(bad):
        usual_s = usual_flight_s(known, first[0], then[-1], rate)
        began_s = min(_decided_by(known[index], usual_s if known[index].outcome.waited_in_vain else None, rate) for index in first)
        over_s = max(_down_until(known[index], usual_s, rate) for index in then)
        between = range(first[-1] + 1, then[0])
        if all(known[index].asked_at_s(rate) < began_s or known[index].done_at_s(rate) > over_s for index in between):
            left_out.update(between)
    return [sample for index, sample in enumerate(known) if index not in left_out]


def usual_flight_s(known: Sequence[Sample], first: int, last: int, rate: float) -> float | None:
    """Tell how long a prompt answer takes at most, in cluster seconds, by the good looks before an outage.

    Where there are none, by those that were asked after the first answer after it; None where there are none of these either.
    """
    before = _flights(known, range(first - 1, -1, -1), rate)
    answered_s = known[last + 1].done_at_s(rate) if last + 1 < len(known) else 0.0
    after = (index for index in range(last + 1, len(known)) if known[index].asked_at_s(rate) >= answered_s)
    return max(before or _flights(known, after, rate), default=None)


def _flights(known: Sequence[Sample], indexes: Iterable[int], rate: float) -> list[float]:
    good = (known[index] for index in indexes if known[index].outcome is Outcome.OK)
    return [row.done_at_s(rate) - row.asked_at_s(rate) for row in islice(good, GOOD_LOOKS)]


def _decided_by(sample: Sample, usual_s: float | None, rate: float) -> float:
    """Tell by when a look had met the application; usual_s bounds it where its own end does not tell."""
    done_s = sample.done_at_s(rate)
    return done_s if usual_s is None else min(done_s, sample.asked_at_s(rate) + usual_s)


def _down_until(sample: Sample, usual_s: float | None, rate: float) -> float:
    """Tell until when the application was surely away by its last bad look."""
    if sample.outcome is not Outcome.READ_TIMEOUT:
        return sample.asked_at_s(rate)
    return sample.at_s - (sample.done_at_s(rate) - sample.at_s if usual_s is None else usual_s)
