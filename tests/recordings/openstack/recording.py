"""The recording of a real Keystone, Nova and Cinder: its lines, and when each one happened on one clock."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("calls.jsonl")
BETWEEN_RUNS_S = 60.0  # the recorder was started several times, each with a clock of its own
AS_MEMBER = {"create volume vd"}  # beside the labels that say so
BY_ADMIN = {"lock by admin"}


@dataclass(frozen=True)
class Line:
    """One line; number counts from 1, ended_s from the first line."""

    number: int
    kind: str
    ended_s: float
    data: dict[str, Any]

    @property
    def label(self) -> str:
        return str(self.data.get("label", ""))

    @property
    def began_s(self) -> float:
        return self.ended_s - self.data.get("ms", 0) / 1000

    @property
    def is_members(self) -> bool:
        """Whether the call was made by the member of another project than the administrator's."""
        return self.label in AS_MEMBER or ("demo" in self.label and self.label not in BY_ADMIN)


def lines() -> list[Line]:
    """All lines in order; of two attaches at once the one that won comes first."""
    found = list(_read())
    for number, line in enumerate(found[:-1]):
        after = found[number + 1]
        if (line.label, after.label) == ("race", "race") and line.kind == "call" and line.data["code"] == 400:
            found[number], found[number + 1] = after, line
    return found


def _read() -> Iterator[Line]:
    offset_s = previous_s = 0.0
    for number, text in enumerate(FILE.read_text(encoding="utf-8").splitlines(), start=1):
        data = json.loads(text)
        at_s = data.pop("t")
        if at_s + 0.5 < previous_s:
            offset_s += previous_s + BETWEEN_RUNS_S
        previous_s = at_s
        yield Line(number, data.pop("kind"), offset_s + at_s, data)
