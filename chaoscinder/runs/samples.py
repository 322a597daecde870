"""The layout of samples.bin: one JSON line, then one record of 16 bytes for each slot of the schedule, in order and without gaps.

Slot k was due at t0 + k * period_s on the monotonic clock. All times in a record count from that moment in units of unit_us
microseconds; what is too long for its field is kept as the largest number. A record holds, little-endian:

    slot (u32)  late (u16)  connected (u16)  first_byte (u16)  done (u16)  outcome (u8)  backend (u8)  status (u16)

outcome is a place in the header's list of outcomes. backend is an index of backends.jsonl, 0 for none. connected and first_byte
are 0 where it never came to that.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chaoscinder.model.sample import Outcome, Sample
from chaoscinder.runs import files

RECORD = struct.Struct("<IHHHHBBH")
FIELDS = "slot:u32 late:u16 connected:u16 first_byte:u16 done:u16 outcome:u8 backend:u8 status:u16"
OUTCOMES = tuple(Outcome)
CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}
LONGEST = 0xFFFF
MOST_BACKENDS = 0xFF
UNITS_US = (10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000)


def unit_us(answer_within_s: float) -> int:
    """Choose the unit of a series: the finest that holds twice the time within which an answer is due."""
    return next((unit for unit in UNITS_US if unit * LONGEST >= 2e6 * answer_within_s), UNITS_US[-1])


def encode(
    slot: int, outcome: Outcome, unit: int, times_s: tuple[float, float, float, float], *, backend: int = 0, status: int = 0
) -> bytes:
    """Pack one record; times_s are late, connected, first byte and done, in seconds since the slot was due."""
    late, connected, first, done = (min(LONGEST, max(0, round(time_s * 1e6 / unit))) for time_s in times_s)
    code = CODES[outcome]
    return RECORD.pack(slot, late, connected, first, done, code, min(backend, MOST_BACKENDS), status if 0 <= status <= LONGEST else LONGEST)


def header_line(*, t0: float, period_s: float, answer_within_s: float, more: Mapping[str, object]) -> bytes:
    """Write the first line of a file of samples; more is what else is worth knowing about the series."""
    schedule = {"t0": t0, "period_s": period_s, "answer_within_s": answer_within_s}
    layout = {"record": RECORD.size, "fields": FIELDS, "unit_us": unit_us(answer_within_s), "outcomes": OUTCOMES}
    return json.dumps(files.plain(schedule | layout | dict(more)), allow_nan=False).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Series:
    """A file of samples as it lies on disk, whole or still growing; data are its complete records."""

    header: Mapping[str, Any]
    data: bytes
    torn: int

    @property
    def records(self) -> int:
        """How many complete records there are."""
        return len(self.data) // RECORD.size

    @property
    def due_s(self) -> float:
        """When the slot after the last record was due, on the monotonic clock."""
        return float(self.header["t0"]) + self.records * float(self.header["period_s"])


def parse(content: bytes) -> Series:
    """Take a file of samples apart; ValueError where it has no header line that this version can read."""
    line, newline, data = content.partition(b"\n")
    if not newline:
        raise ValueError("it has no header line")
    header = json.loads(line)
    if not isinstance(header, dict) or header.get("record") != RECORD.size or header.get("fields") != FIELDS:
        raise ValueError("its header line describes a layout that this version cannot read")
    torn = len(data) % RECORD.size
    return Series(header, data[: len(data) - torn], torn)


def decode(series: Series, backends: Mapping[int, str], *, anchor_s: float, rate: float, problems: list[str]) -> tuple[Sample, ...]:
    """Turn records into samples on the run's axis; a slot out of order is a problem and is left out."""
    header = series.header
    outcomes = [Outcome(word) for word in header["outcomes"]]
    unit_s = header["unit_us"] / 1e6
    started_s, period_s = (header["t0"] - anchor_s) * rate, header["period_s"] * rate
    samples = []
    for place, (slot, late, _, _, done, code, backend, status) in enumerate(RECORD.iter_unpack(series.data)):
        if slot != place or code >= len(outcomes):
            problems.append(f"record {place} of the samples says slot {slot} and outcome {code}: the rest was left out")
            break
        at_s = started_s + slot * period_s
        samples.append(Sample(at_s, outcomes[code], late * unit_s, done * unit_s, status, backends.get(backend)))
    return tuple(samples)
