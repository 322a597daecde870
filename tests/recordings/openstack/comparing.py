"""What a recorded answer and ours have in common: ids stand for each other once they met, times and random words for nothing."""

import re
from collections.abc import Iterator
from typing import Any

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
HEX = re.compile(r"(?<![0-9a-f-])[0-9a-f]{32}(?![0-9a-f-])")
PLACES = {"http://127.0.0.1:18774": "http://localhost/compute", "http://127.0.0.1:18776": "http://localhost/volume"}
MEANINGLESS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?"), "<time>"),
    (re.compile(r"^[0-9a-f]{56}$"), "<host>"),
    (re.compile(r"^r-[0-9a-z]{8}$"), "<reservation>"),
    (re.compile(r"req-[0-9a-f-]{36}"), "<request>"),
)


class Ids:
    """Which of our ids stands for which recorded one."""

    def __init__(self) -> None:
        self._ours: dict[str, str] = {}
        self._theirs: dict[str, str] = {}

    def learn(self, theirs: str, ours: str) -> None:
        self._ours.setdefault(theirs, ours)
        self._theirs.setdefault(ours, theirs)

    def ours(self, text: str) -> str:
        """A recorded text with our ids in it."""
        for theirs, ours in self._ours.items():
            text = text.replace(theirs, ours)
        return text

    def meet(self, theirs: str, ours: str) -> None:
        """Two ids at the same place of two answers: let them stand for each other, unless one is known already."""
        if theirs not in self._ours and ours not in self._theirs:
            self.learn(theirs, ours)


def differences(theirs: Any, ours: Any, ids: Ids, path: str = "body") -> Iterator[tuple[str, Any, Any]]:
    """Every place at which two answers differ, with what stands there."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key in sorted({*theirs, *ours}):
            if key not in theirs or key not in ours:
                yield f"{path}.{key}", theirs.get(key, "<none>"), ours.get(key, "<none>")
            elif key != "adminPass":
                yield from differences(theirs[key], ours[key], ids, f"{path}.{key}")
    elif isinstance(theirs, list) and isinstance(ours, list):
        if len(theirs) != len(ours):
            yield f"{path}.length", len(theirs), len(ours)
        for their_row, our_row in zip(theirs, _in_order(theirs, ours, ids), strict=False):
            yield from differences(their_row, our_row, ids, f"{path}[]")
    elif isinstance(theirs, str) and isinstance(ours, str):
        yield from _texts(theirs, ours, ids, path)
    elif theirs != ours or type(theirs) is not type(ours):
        yield path, theirs, ours


def plain(text: str) -> str:
    """A text without what differs from run to run."""
    for pattern, word in MEANINGLESS:
        text = pattern.sub(word, text)
    for theirs, ours in PLACES.items():
        text = text.replace(theirs, ours)
    return text


def _texts(theirs: str, ours: str, ids: Ids, path: str) -> Iterator[tuple[str, Any, Any]]:
    for pattern in (UUID, HEX):
        found = pattern.findall(theirs), pattern.findall(ours)
        if len(found[0]) == len(found[1]) == 1:
            ids.meet(found[0][0], found[1][0])
    if plain(ids.ours(theirs)) != plain(ours):
        yield path, theirs, ours


def _in_order(theirs: list[Any], ours: list[Any], ids: Ids) -> list[Any]:
    """Our rows in the order of the recorded ones with the same ids; what happened in one second has no order of its own."""
    wanted = [ids.ours(str(row.get("id"))) for row in theirs if isinstance(row, dict)]
    known = {str(row.get("id")): row for row in ours if isinstance(row, dict)}
    return [known[each] for each in wanted] if sorted(wanted) == sorted(known) else ours
