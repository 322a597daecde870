"""What became of every write. A write without an answer is never counted as lost."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from chaoscinder.checks.sentences import few
from chaoscinder.model.write import Account, ReadBack, Write, WriteOutcome

Generation = tuple[str | None, str | None, str | None]  # pod, its uid, since when it runs


def account(
    writes: Sequence[Write], read_backs: Sequence[ReadBack], *, after_s: float | None = None, away_s: float | None = None
) -> Account:
    """Account for every write by the last complete reading; readings before after_s (the recovery) do not count.

    A write that was acknowledged only after that reading had been asked for, and is not in it, is never_read rather than lost.
    away_s is when the first failure was seen; None where there was none.
    """
    usable = [reading for reading in read_backs if after_s is None or reading.at_s >= after_s]
    deciding = max(usable, key=lambda reading: reading.at_s, default=None)
    seen, torn = (dict(deciding.seen), set(deciding.torn)) if deciding else ({}, set())
    acknowledged, rejected, unknown = (_of(writes, outcome) for outcome in WriteOutcome)
    unseen = [write for write in acknowledged if deciding and not seen.get(write.id) and write.id not in torn]
    lost = tuple(write.id for write in unseen if _must_be_in(write, deciding, read_backs))
    return Account(
        attempted=len(writes),
        acknowledged=len(acknowledged),
        rejected=len(rejected),
        unknown=len(unknown),
        recovered=sum(1 for write in acknowledged if seen.get(write.id) and write.id not in torn),
        recovered_unknown=sum(1 for write in unknown if seen.get(write.id)),
        lost=lost,
        duplicate=tuple(write.id for write in writes if seen.get(write.id, 0) > 1),
        read_back=deciding is not None,
        never_read=tuple(write.id for write in unseen if not _must_be_in(write, deciding, read_backs)),
        torn=tuple(write.id for write in writes if write.id in torn),
        rejected_there=tuple(write.id for write in rejected if seen.get(write.id)),
        lost_suffix=_is_suffix(lost, acknowledged, after_s) if lost else None,
        last_before_s=None if away_s is None else max((row.done_at_s for row in acknowledged if row.at_s < away_s), default=None),
        first_after_s=None if away_s is None else min((row.done_at_s for row in acknowledged if row.at_s >= away_s), default=None),
        writers=_writers(_in_order(acknowledged)),
    )


def suspicions(told: Account) -> tuple[str, ...]:
    """Tell, one line each, what the ledger shows beside losses: a second writer, and writes that were refused and are there."""
    writers = f"a second writer: writes were acknowledged by {few(told.writers)} in turn, so two pods wrote at a time"
    refused = f"there all the same, though the application refused them or was never reached: {few(told.rejected_there)}"
    return (*([writers] if told.second_writer else []), *([refused] if told.rejected_there else []))


def loss(told: Account) -> str:
    """Say what kind of loss it is: the last writes, as a cache leaves that was never flushed, or others."""
    if told.lost_suffix is None:
        return ""
    if told.lost_suffix:
        return "the last ones acknowledged before the outage, as when a cache was not flushed"
    return "not the last ones acknowledged: rows went missing"


def why_untested(told: Account | None) -> str:
    """Tell why durability was not tested; "" where it was. Nothing is at stake where nothing was acknowledged."""
    if told is None:
        return "no write was sent"
    if not told.acknowledged:
        return f"none of {told.attempted} writes was acknowledged"
    return "" if told.read_back else f"{told.acknowledged} acknowledged writes, but nobody could read them back after the fault"


def _writers(ordered: Sequence[Write]) -> tuple[str, ...]:
    """Name the generations of writers that acknowledged, one for each unbroken series; a name that several had with what parts them."""
    generations = [(row.backend, row.writer_uid, row.writer_started) for row in ordered if row.backend]
    names = Counter(name for name, _, _ in set(generations))
    return tuple(_named(one, whole=names[one[0]] > 1) for one, _ in groupby(generations))


def _named(generation: Generation, *, whole: bool) -> str:
    name, uid, started = generation
    parts = [f"uid {uid}"] * bool(uid) + [f"since {started}"] * bool(started)
    return f"{name} ({', '.join(parts)})" if whole and parts else str(name)


def _of(writes: Sequence[Write], outcome: WriteOutcome) -> list[Write]:
    return [write for write in writes if write.outcome is outcome]


def _in_order(acknowledged: Sequence[Write]) -> list[Write]:
    """Sort writes in the order in which they were acknowledged."""
    return sorted(acknowledged, key=lambda write: write.done_at_s)


def _is_suffix(lost: Sequence[str], acknowledged: Sequence[Write], after_s: float | None) -> bool:
    """Whether the lost ones are the last of those that were acknowledged before the application was back."""
    before = [write.id for write in _in_order(acknowledged) if after_s is None or write.done_at_s <= after_s]
    return set(before[-len(lost) :]) == set(lost)


def _must_be_in(write: Write, deciding: ReadBack | None, read_backs: Sequence[ReadBack]) -> bool:
    """Whether a reading that lacks this acknowledged write proves its loss: it was answered before, or an earlier reading had it."""
    if deciding is None or write.done_at_s <= deciding.at_s:
        return deciding is not None
    return any(reading.at_s < deciding.at_s and dict(reading.seen).get(write.id) for reading in read_backs)
