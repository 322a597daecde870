"""The layout of the file of samples."""

import pytest

from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.runs import samples


def test_a_record_is_sixteen_bytes_and_holds_what_was_put_in() -> None:
    record = samples.encode(70_000, Outcome.STALE_BACKEND, 50, (0.0002, 0.0011, 0.5, 0.9), backend=7, status=200)
    assert record == bytes.fromhex("70110100 0400 1600 1027 5046 0c 07 c800".replace(" ", ""))
    assert samples.RECORD.size == 16


def test_what_is_too_long_for_its_field_is_kept_as_the_largest_number_and_never_wraps() -> None:
    record = samples.encode(0, Outcome.MISSED, 50, (3600.0, -1.0, 0.0, 0.0), backend=900, status=70_000)
    assert samples.RECORD.unpack(record) == (0, 65535, 0, 0, 0, 13, 255, 65535)


@pytest.mark.parametrize(("answer_within_s", "unit"), [(0.1, 10), (0.9, 50), (3.0, 100), (60.0, 2_000), (10_000.0, 10_000)])
def test_the_unit_is_the_finest_that_holds_twice_the_deadline(answer_within_s: float, unit: int) -> None:
    assert samples.unit_us(answer_within_s) == unit


def test_a_file_round_trips_onto_the_axis_of_its_run() -> None:
    line = samples.header_line(t0=1000.5, period_s=0.05, answer_within_s=0.9, more={"pid": 1})
    rows = [samples.encode(slot, outcome, 50, (0.0, 0.0, 0.0, 0.01)) for slot, outcome in enumerate(Outcome)]
    problems: list[str] = []
    found = samples.decode(samples.parse(line + b"".join(rows)), {}, anchor_s=1000.0, rate=20.0, problems=problems)
    assert found == tuple(Sample(10.0 + slot, outcome, 0.0, 0.01) for slot, outcome in enumerate(Outcome))
    assert problems == []


@pytest.mark.parametrize("content", [b"", b"{}", b"{}\n", b"nonsense\n", b'{"record": 16, "fields": "other"}\n'])
def test_a_file_without_our_header_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError):
        samples.parse(content)


def test_a_growing_file_tells_when_its_next_slot_is_due() -> None:
    line = samples.header_line(t0=10.0, period_s=0.5, answer_within_s=0.9, more={})
    series = samples.parse(line + samples.encode(0, Outcome.OK, 50, (0.0, 0.0, 0.0, 0.0)) + b"half")
    assert (series.records, series.torn, series.due_s) == (1, 4, 10.5)
