"""Holds our changes against recorded ones, and says in plain words where they differ.

For each field of each object the two sequences of values are laid side by side in their order. A value of ours stands for a recorded one
when it is the same and comes within the tolerance; what is left over on either side is a difference.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.timelines.rows import Change

TOLERANCE_S = 1.0
Tolerance = Callable[[Change], float]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same; ours or theirs is None where the other side stands alone."""

    ours: Change | None
    theirs: Change | None

    @property
    def change(self) -> Change:
        """The recorded change, or ours where the recording has none."""
        change = self.theirs or self.ours
        assert change is not None
        return change

    @property
    def kind(self) -> str:
        """missing, extra, value or time."""
        if self.ours is None or self.theirs is None:
            return "missing" if self.ours is None else "extra"
        return "time" if self.ours.value == self.theirs.value else "value"


def always(_: Change) -> float:
    """The same tolerance for everything."""
    return TOLERANCE_S


def differences(ours: Iterable[Change], theirs: Iterable[Change], tolerance_s: Tolerance = always) -> list[Difference]:
    """Tell what differs, in the order of time; nothing where the two tell the same story."""
    mine, recorded = _by_field(ours), _by_field(theirs)
    found: list[Difference] = []
    for key in mine.keys() | recorded.keys():
        found += _pair(*_left_over(mine.get(key, []), recorded.get(key, []), tolerance_s))
    return sorted(found, key=lambda row: (row.change.at_s, str(row)))


def table(found: Sequence[Difference]) -> str:
    """The differences for a reader: ours on the left, the recording on the right."""
    lines = [f"{len(found)} differences", f"{'ours':>10} | {'recorded':>10}"]
    for row in found:
        lines.append(f"{_at(row.ours):>10} | {_at(row.theirs):>10}  {_word(row)} {row.change.about} {row.change.what}")
        values = {"ours": row.ours, "recorded": row.theirs}
        shown = {side: each.value for side, each in values.items() if each is not None}
        if len(set(shown.values())) == 1:
            shown = {"": next(iter(shown.values()))}
        lines += [f"{'':>25}{side + ': ' if side else ''}{value}" for side, value in shown.items() if value]
    return "\n".join(lines)


def _by_field(changes: Iterable[Change]) -> dict[tuple[str, str], list[Change]]:
    found: dict[tuple[str, str], list[Change]] = {}
    for change in sorted(changes, key=lambda change: change.at_s):
        found.setdefault((change.about, change.what), []).append(change)
    return found


def _left_over(ours: list[Change], theirs: list[Change], tolerance_s: Tolerance) -> tuple[list[Change], list[Change]]:
    """What the longest common sequence of the two does not hold."""
    best: list[list[list[tuple[int, int]]]] = [[[] for _ in range(len(theirs) + 1)] for _ in range(len(ours) + 1)]
    for i in range(len(ours) - 1, -1, -1):
        for j in range(len(theirs) - 1, -1, -1):
            skip = max(best[i + 1][j], best[i][j + 1], key=len)
            take = [(i, j), *best[i + 1][j + 1]] if _same(ours[i], theirs[j], tolerance_s) else []
            best[i][j] = max(take, skip, key=len)
    mine, recorded = {i for i, _ in best[0][0]}, {j for _, j in best[0][0]}
    return [row for i, row in enumerate(ours) if i not in mine], [row for j, row in enumerate(theirs) if j not in recorded]


def _same(ours: Change, theirs: Change, tolerance_s: Tolerance) -> bool:
    return ours.value == theirs.value and abs(ours.at_s - theirs.at_s) <= tolerance_s(theirs)


def _pair(ours: list[Change], theirs: list[Change]) -> list[Difference]:
    """Put together what was probably meant to be the same: the same value at another time, or another value at the same time."""
    pairs: list[Difference] = []
    rest = list(ours)
    for change in theirs:
        near = [row for row in rest if row.value == change.value or abs(row.at_s - change.at_s) <= TOLERANCE_S]
        chosen = min(near, key=lambda row: (row.value != change.value, abs(row.at_s - change.at_s)), default=None)
        if chosen is not None:
            rest.remove(chosen)
        pairs.append(Difference(chosen, change))
    return pairs + [Difference(row, None) for row in rest]


def _at(change: Change | None) -> str:
    return f"{change.at_s:.2f}" if change else "-"


def _word(row: Difference) -> str:
    if row.kind == "time" and row.ours and row.theirs:
        late_s = row.ours.at_s - row.theirs.at_s
        if abs(late_s) <= TOLERANCE_S:
            return "out of order:"
        return f"{abs(late_s):.1f} s {'late' if late_s > 0 else 'early'}:"
    return f"{row.kind}:"
