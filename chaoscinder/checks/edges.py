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
5. Looks that are under way at the same time may be decided in another order than they were asked. Of an outage the bad looks say that it
   began before the first of them was decided, and ended after the last of them was asked. A good look that was decided before that end was
   met before the beginning; one that was asked after that beginning was met after the end. One that is both parts two outages, and one that
   is neither says nothing.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby, islice

from chaoscinder.model.sample import Outage, Outcome, Sample

GOOD_LOOKS = 50


def outages_of(known: Sequence[Sample], *, began_s: float, rate: float) -> tuple[Outage, ...]:
    """Make the outages of all samples that say anything, in the order of asking; began_s is when sampling began."""
    rows = _rows(known, rate)
    return tuple(_outage(known, row, began_s, rate) for row in rows)


def _rows(known: Sequence[Sample], rate: float) -> list[list[int]]:
    """The indexes of the bad looks of each outage."""
    rows: list[list[int]] = []
    for is_up, found in groupby(range(len(known)), key=lambda index: known[index].outcome.is_up):
        if is_up:
            continue
        bad = list(found)
        if rows and not _is_parted(known, [*rows[-1], *bad], rate):
            rows[-1] += bad
        else:
            rows.append(bad)
    return rows


def _is_parted(known: Sequence[Sample], bad: Sequence[int], rate: float) -> bool:
    """Tell whether a good look between bad ones met the application after one outage and before another (rule 5)."""
    begun_s, down_s = _bounds(known, bad, usual_flight_s(known, bad[0], bad[-1], rate), rate)
    looks = (known[index] for index in range(bad[0], bad[-1]) if known[index].outcome.is_up)
    return any(look.asked_at_s(rate) >= begun_s and look.done_at_s(rate) <= down_s for look in looks)


def _outage(known: Sequence[Sample], bad: Sequence[int], began_s: float, rate: float) -> Outage:
    first, last = bad[0], bad[-1]
    usual_s = usual_flight_s(known, first, last, rate)
    begun_s, down_s = _bounds(known, bad, usual_s, rate)
    befores = (known[index] for index in reversed(range(first)) if known[index].outcome.is_up)
    started_s = next((look.asked_at_s(rate) for look in befores if look.done_at_s(rate) <= down_s), began_s)
    afters = (known[index] for index in (*range(last + 1, len(known)), *range(first, last)) if known[index].outcome.is_up)
    good = next((look for look in afters if look.asked_at_s(rate) >= begun_s), None)
    over_s = None if good is None else _decided_by(good, usual_s if known[last].outcome.waited_in_vain else None, rate)
    return Outage(
        started_earliest_s=started_s,
        started_latest_s=begun_s,
        ended_earliest_s=max(started_s, down_s),
        ended_latest_s=over_s,
        outcomes=tuple(Counter(known[index].outcome for index in bad).items()),
        began_before_sampling=first == 0,
        good_from_s=None if good is None else good.asked_at_s(rate),
    )


def _bounds(known: Sequence[Sample], bad: Sequence[int], usual_s: float | None, rate: float) -> tuple[float, float]:
    """By when an outage had begun, and until when it had not ended, by its bad looks."""
    begun_s = min(_decided_by(known[index], usual_s if known[index].outcome.waited_in_vain else None, rate) for index in bad)
    return begun_s, max(_down_until(known[index], usual_s, rate) for index in bad)


def usual_flight_s(known: Sequence[Sample], first: int, last: int, rate: float) -> float | None:
    """Tell how long a prompt answer takes at most, in cluster seconds, by the good looks before an outage.

    Where there are none, by those that were asked after the first answer after it; None where there are none of these either.
    """
    before = _flights(known, reversed(range(first)), rate)
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
