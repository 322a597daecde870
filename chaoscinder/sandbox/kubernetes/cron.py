"""Cron schedules, as CronJobs write them: five fields or a descriptor, with the errors of the parser that Kubernetes uses (robfig/cron v3).

A day is meant when both its day of the month and its day of the week fit; when both fields are restricted, one of them is enough.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

YEARS = 5  # how far ahead a time is looked for
_MONTHS = {name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)}
_DAYS = {name: number for number, name in enumerate("sun mon tue wed thu fri sat".split())}
_DESCRIPTORS = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


class Unparseable(ValueError):
    """What is no schedule, in the parser's words."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a field may hold."""

    least: int
    most: int
    names: dict[str, int]


_BOUNDS = (Bounds(0, 59, {}), Bounds(0, 23, {}), Bounds(1, 31, {}), Bounds(1, 12, _MONTHS), Bounds(0, 6, _DAYS))


@dataclass(frozen=True, slots=True)
class Schedule:
    """The times that are meant; every_s is set for @every, which counts from the time before."""

    minutes: frozenset[int] = frozenset()
    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    weekdays: frozenset[int] = frozenset()
    either_day: bool = False
    every_s: float = 0.0

    def after(self, moment: datetime, zone: tzinfo = UTC) -> datetime | None:
        """The first time after a moment, as UTC; None where there is none in five years."""
        if self.every_s:
            return moment.replace(microsecond=0) + timedelta(seconds=self.every_s)
        local = moment.astimezone(zone)
        for day in (local.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=n) for n in range(YEARS * 366)):
            if day.month in self.months and self._is_day(day):
                for at in self._times_of(day, zone):
                    if at > moment:
                        return at
        return None

    def _is_day(self, day: datetime) -> bool:
        fits = (day.day in self.days, day.isoweekday() % 7 in self.weekdays)
        return any(fits) if self.either_day else all(fits)

    def _times_of(self, day: datetime, zone: tzinfo) -> Iterator[datetime]:
        """The times of one day; one that the clocks skip does not exist."""
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                naive = day.replace(hour=hour, minute=minute)
                at = naive.replace(tzinfo=zone).astimezone(UTC)
                if at.astimezone(zone).replace(tzinfo=None) == naive:
                    yield at


def parse(text: str) -> Schedule:
    """Read a schedule; Unparseable says why not."""
    if not text:
        raise Unparseable("empty spec string")
    if text.startswith("@"):
        return _descriptor(text)
    fields = text.split()
    if len(fields) != len(_BOUNDS):
        raise Unparseable(f"expected exactly {len(_BOUNDS)} fields, found {len(fields)}: [{' '.join(fields)}]")
    sets = [_field(field, bounds) for field, bounds in zip(fields, _BOUNDS, strict=True)]
    minutes, hours, days, months, weekdays = (values for values, _ in sets)
    return Schedule(minutes, hours, days, months, weekdays, either_day=not sets[2][1] and not sets[4][1])


def _descriptor(text: str) -> Schedule:
    if text in _DESCRIPTORS:
        return parse(_DESCRIPTORS[text])
    if not text.startswith("@every "):
        raise Unparseable(f"unrecognized descriptor: {text}")
    duration = text.removeprefix("@every ")
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|h|m|s)", duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise Unparseable(f'failed to parse duration {text}: time: invalid duration "{duration}"')
    return Schedule(every_s=max(1.0, float(int(sum(float(number) * _UNITS[unit] for number, unit in parts)))))


def _field(text: str, bounds: Bounds) -> tuple[frozenset[int], bool]:
    """The values of one field, and whether a star stands in it."""
    values: set[int] = set()
    star = False
    for part in text.split(","):
        found, starred = _range(part, bounds)
        values |= found
        star = star or starred
    return frozenset(values), star


def _range(text: str, bounds: Bounds) -> tuple[set[int], bool]:
    span, *steps = text.split("/")
    ends = span.split("-")
    if len(ends) > 2:
        raise Unparseable(f"too many hyphens: {text}")
    if len(steps) > 1:
        raise Unparseable(f"too many slashes: {text}")
    if ends[0] in ("*", "?"):
        start, end = bounds.least, bounds.most
    else:
        start, end = (_number(each, bounds) for each in (ends[0], ends[-1]))
    step = _number(steps[0], Bounds(0, 0, {})) if steps else 1
    if steps and len(ends) == 1:
        end = bounds.most
    _check(text, start, end, step, bounds)
    return set(range(start, end + 1, step)), ends[0] in ("*", "?") and step == 1


def _check(text: str, start: int, end: int, step: int, bounds: Bounds) -> None:
    if start < bounds.least:
        raise Unparseable(f"beginning of range ({start}) below minimum ({bounds.least}): {text}")
    if end > bounds.most:
        raise Unparseable(f"end of range ({end}) above maximum ({bounds.most}): {text}")
    if start > end:
        raise Unparseable(f"beginning of range ({start}) beyond end of range ({end}): {text}")
    if step == 0:
        raise Unparseable(f"step of range should be a positive number: {text}")


def _number(text: str, bounds: Bounds) -> int:
    if text.lower() in bounds.names:
        return bounds.names[text.lower()]
    try:
        number = int(text)
    except ValueError as error:
        raise Unparseable(f'failed to parse int from {text}: strconv.Atoi: parsing "{text}": invalid syntax') from error
    if number < 0:
        raise Unparseable(f"negative number ({number}) not allowed: {text}")
    return number
