"""What became of every write."""

from chaoscinder.checks.durability import account
from chaoscinder.model.write import Account, ReadBack, Write, WriteOutcome


def write(sequence: int, outcome: WriteOutcome = WriteOutcome.ACKNOWLEDGED, *, at_s: float | None = None) -> Write:
    sent_s = float(sequence) if at_s is None else at_s
    return Write(sequence, f"w{sequence}", sent_s, sent_s + 0.1, outcome)


def told(**changes: object) -> Account:
    plain = Account(
        attempted=0, acknowledged=0, rejected=0, unknown=0, recovered=0, recovered_unknown=0, lost=(), duplicate=(), read_back=True
    )
    values = {name: getattr(plain, name) for name in Account.__slots__} | changes
    return Account(**values)  # type: ignore[arg-type]


def test_every_write_gets_its_fate() -> None:
    writes = [
        write(1),
        write(2),
        write(3, WriteOutcome.UNKNOWN),
        write(4, WriteOutcome.UNKNOWN),
        write(5, WriteOutcome.REJECTED),
        write(6),
    ]
    assert account(writes, [ReadBack(100.0, (("w1", 1), ("w3", 1), ("w6", 2)))]) == told(
        attempted=6, acknowledged=3, rejected=1, unknown=2, recovered=2, recovered_unknown=1, lost=("w2",), duplicate=("w6",)
    )


def test_a_write_without_an_answer_is_never_counted_as_lost() -> None:
    assert account([write(1, WriteOutcome.UNKNOWN)], [ReadBack(9.0, ())]) == told(attempted=1, unknown=1)


def test_without_a_reading_nothing_is_claimed() -> None:
    assert account([write(1)], []) == told(attempted=1, acknowledged=1, read_back=False)


def test_a_reading_from_before_the_recovery_does_not_decide() -> None:
    assert account([write(1)], [ReadBack(5.0, (("w1", 1),))], after_s=80.0) == told(attempted=1, acknowledged=1, read_back=False)


def test_the_last_reading_decides() -> None:
    readings = [ReadBack(90.0, (("w1", 1),)), ReadBack(85.0, ())]
    assert account([write(1)], readings, after_s=80.0) == told(attempted=1, acknowledged=1, recovered=1)
    assert account([write(1)], [ReadBack(85.0, (("w1", 1),)), ReadBack(90.0, ())]) == told(attempted=1, acknowledged=1, lost=("w1",))


def test_a_write_acknowledged_after_the_last_reading_was_asked_for_is_not_lost() -> None:
    assert account([write(1), write(2, at_s=50.0)], [ReadBack(50.05, (("w1", 1),))]) == told(
        attempted=2, acknowledged=2, recovered=1, never_read=("w2",)
    )


def test_a_write_that_an_earlier_reading_had_is_lost_when_the_last_one_lacks_it() -> None:
    readings = [ReadBack(50.0, (("w1", 1),)), ReadBack(50.05, ())]
    assert account([write(1, at_s=50.0)], readings) == told(attempted=1, acknowledged=1, lost=("w1",))


def test_without_writes_there_is_nothing_to_account_for() -> None:
    assert account([], [ReadBack(1.0, ())]) == told()
