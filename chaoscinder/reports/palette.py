"""The colours: told apart with any kind of colour blindness (after Okabe and Ito, and Tol's muted set), and always beside a word."""

from enum import StrEnum

from chaoscinder.model.sample import Outcome
from chaoscinder.model.verdict import Value

# In the order in which they are drawn and listed: the later one lies on top, so a failure is never hidden by an answer.
OUTCOMES: dict[Outcome, str] = {
    Outcome.MISSED: "#b8bec4",
    Outcome.UNKNOWN: "#9aa5b1",
    Outcome.OK: "#3f88c5",
    Outcome.SLOW: "#8ecae6",
    Outcome.WRONG_CONTENT: "#aa4499",
    Outcome.STALE_BACKEND: "#661100",
    Outcome.CLIENT_ERROR: "#8a8a2d",
    Outcome.SERVER_ERROR: "#e69f00",
    Outcome.RESET: "#cc79a7",
    Outcome.TLS: "#b59b3a",
    Outcome.DNS: "#2f8f83",
    Outcome.UNREACHABLE: "#332288",
    Outcome.REFUSED: "#d55e00",
    Outcome.READ_TIMEOUT: "#a8447c",
    Outcome.CONNECT_TIMEOUT: "#7b1e4b",
}
RANK = {outcome: rank for rank, outcome in enumerate(OUTCOMES)}
# Dark text on these, white on the others.
LIGHT_OUTCOMES = frozenset({Outcome.MISSED, Outcome.UNKNOWN, Outcome.SLOW, Outcome.SERVER_ERROR, Outcome.RESET})

VERDICTS: dict[Value, str] = {
    Value.PASS: "#0b6e4f",
    Value.FAIL: "#b3261e",
    Value.INCONCLUSIVE: "#8a5a00",
    Value.ABORTED: "#5b3a8c",
    Value.NOT_RUN: "#52606d",
}
FAULT_SHADE = "#fbeae3"
UNDO_SHADE = "#fbf3d3"


class Tone(StrEnum):
    """What kind of news a state is, as the fill of its bar."""

    GOOD = "#bcd9ee"
    CHANGING = "#f6e2a0"
    BAD = "#f3b08d"
    FORCED = "#d9bfe0"
    IDLE = "#e3e7eb"
