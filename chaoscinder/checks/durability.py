"""What became of every write. A write without an answer is never counted as lost."""

from collections.abc import Sequence

from chaoscinder.model.write import Account, ReadBack, Write, WriteOutcome


def account(writes: Sequence[Write], read_backs: Sequence[ReadBack], *, after_s: float | None = None) -> Account:
    """Account for every write by the last complete reading; readings before after_s (the recovery) do not count.

    A write that was acknowledged only after that reading had been asked for, and is not in it, is never_read rather than lost.
    """
    usable = [reading for reading in read_backs if after_s is None or reading.at_s >= after_s]
    deciding = max(usable, key=lambda reading: reading.at_s, default=None)
    seen = dict(deciding.seen) if deciding else {}
    by_outcome = {outcome: [write for write in writes if write.outcome is outcome] for outcome in WriteOutcome}
    acknowledged = by_outcome[WriteOutcome.ACKNOWLEDGED]
    unseen = [write for write in acknowledged if deciding and not seen.get(write.id)]
    return Account(
        attempted=len(writes),
        acknowledged=len(acknowledged),
        rejected=len(by_outcome[WriteOutcome.REJECTED]),
        unknown=len(by_outcome[WriteOutcome.UNKNOWN]),
        recovered=sum(1 for write in acknowledged if seen.get(write.id)),
        recovered_unknown=sum(1 for write in by_outcome[WriteOutcome.UNKNOWN] if seen.get(write.id)),
        lost=tuple(write.id for write in unseen if _must_be_in(write, deciding, read_backs)),
        duplicate=tuple(write.id for write in writes if seen.get(write.id, 0) > 1),
        read_back=deciding is not None,
        never_read=tuple(write.id for write in unseen if not _must_be_in(write, deciding, read_backs)),
    )


def _must_be_in(write: Write, deciding: ReadBack | None, read_backs: Sequence[ReadBack]) -> bool:
    """Whether a reading that lacks this acknowledged write proves its loss: it was answered before, or an earlier reading had it."""
    if deciding is None or write.done_at_s <= deciding.at_s:
        return deciding is not None
    return any(reading.at_s < deciding.at_s and dict(reading.seen).get(write.id) for reading in read_backs)
