"""The last lines of a run."""

from chaoscinder.reports.terminal import render
from tests.reports import examples


def test_the_last_lines_of_a_run_that_passed() -> None:
    assert render(*examples.passing()) == (
        "PASS  remediation: out-of-service taint  [SANDBOX, simulated time × 20]\n"
        "  away for 78.0 to 80.0 s (budget 180 s), the volume moved, and no acknowledged write is lost\n"
        "  web UI      −40 s |·············█████████████████████████······················| +150 s\n"
        "  outage      78.0 to 80.0 s (wall 3.90 to 4.00 s; D = 0.9 s); budget 180 s\n"
        "  recovery    79.2 to 80.2 s (wall 3.96 to 4.01 s; D = 0.9 s; deadline 900 s; first failure 0.2 to 1.2 s after\n"
        "              the fault was accepted)\n"
        "  volume      node-2 → node-1; Kubernetes, Nova and Cinder agree\n"
        "  data        62 writes, 35 acknowledged, 0 lost, 0 twice, 2 without an answer found all the same\n"
        "  restored    yes\n"
        "  finding     A Multi-Attach warning was seen 3 times while the volume moved.\n"
        "  finding     23 of the 80 s passed between NotReady and the out-of-service taint.\n"
        "  problem     watch of pods was cut after 61 s and taken up again\n"
    )


def test_the_last_lines_of_a_run_that_never_recovered_say_why_and_what_was_not_tested() -> None:
    lines = render(*examples.stuck()).splitlines()
    assert lines[0] == "FAIL  remediation: none seen  [SANDBOX, simulated time × 20]"
    assert "  outage      at least 987.8 s (wall at least 49.3 s; D = 0.9 s; never ended); budget 180 s" in lines
    assert "  not tested  writes (optional)" in lines
    assert "  stuck       No out-of-service taint was seen, and nothing in the cluster sets one." in lines


def test_the_last_lines_of_a_run_that_never_recorded() -> None:
    assert render(*examples.empty()) == (
        "NOT_RUN  remediation: none seen  [SANDBOX, simulated time × 20]\n"
        "  nothing was recorded\n"
        "  outage      not measured\n"
        "  volume      not known: nobody looked; could not be compared\n"
        "  data        durability not tested: no write was sent\n"
        "  restored    nothing was touched\n"
    )


def test_hostile_names_cannot_move_the_cursor_or_forge_a_line() -> None:
    text = render(*examples.hostile())
    assert "\x1b" not in text
    assert "\r" not in text
    assert [line for line in text.splitlines() if line.startswith("#")] == []


def test_long_lines_are_broken_between_words() -> None:
    assert max(len(line) for line in render(*examples.stuck()).splitlines()) <= 120
