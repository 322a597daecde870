"""The ticket text."""

from dataclasses import replace

import pytest

from chaoscinder.reports.markdown import escaped, render, strip_line
from tests.reports import examples


@pytest.mark.parametrize(
    ("raw", "harmless"),
    [
        ("plain, node-1", "plain, node-1"),
        ("a | b", "a &#124; b"),
        ("two\nlines\t and more", "two lines and more"),
        ("<b>&", "&lt;b&gt;&amp;"),
        ("[text](http://evil.example)", "\\[text\\](http:&#47;&#47;evil.example)"),
        ("@all `code` *bold* _it_ ~no~", "&#64;all &#96;code&#96; \\*bold\\* \\_it\\_ \\~no\\~"),
        ("# heading", "\\# heading"),
        ("1. item", "\\1. item"),
        ("- item", "\\- item"),
        ("back\\slash", "back\\\\slash"),
        ("\x1b[31mred\u202e", "\ufffd\\[31mred\ufffd"),
    ],
)
def test_nothing_that_came_from_a_cluster_becomes_markup(raw: str, harmless: str) -> None:
    assert escaped(raw) == harmless


def test_the_summary_of_a_run_that_never_recorded() -> None:
    text = render(*examples.empty())
    assert text.startswith(
        "**NOT_RUN** · remediation: none seen · **SANDBOX, simulated time × 20**\n\n"
        "nothing was recorded\n\n"
        "| | |\n"
        "|---|---|\n"
        "| Experiment | node-shutdown |\n"
        "| Longest outage | not measured |\n"
        "| Volume | not known: nobody looked; could not be compared |\n"
        "| Data | durability not tested: no write was sent |\n"
        "| Restored | nothing was touched |\n"
        "| Run | 20261122T230414Z-node-shutdown-3f9a, 2026-11-22 23:04:14 UTC |\n\n"
        "What this does not show:\n\n"
        "- The clouds were emulated"
    )


def test_the_summary_holds_verdict_strip_objectives_and_findings() -> None:
    text = render(*examples.passing())
    for said in (
        "**PASS** · remediation: out-of-service taint · **SANDBOX, simulated time × 20**",
        "| Longest outage | 78.0 to 80.0 s (wall 3.90 to 4.00 s; D = 0.9 s); budget 180 s |",
        "| Volume | node-2 → node-1; Kubernetes, Nova and Cinder agree |",
        "| outage | required | at most 180 s | 78.0 to 80.0 s | met |  |",
        "- A Multi-Attach warning was seen 3 times while the volume moved.",
        f"```\n{strip_line(*examples.passing())}\n```",
        "- watch of pods was cut after 61 s and taken up again",
    ):
        assert said in text


def test_why_nothing_would_end_it_is_in_the_summary() -> None:
    text = render(*examples.stuck())
    assert "Why nothing would have ended it:\n\n- Pod test-cinder-6496958d67-48gss stayed Terminating" in text


def test_what_was_not_restored_is_on_the_first_line() -> None:
    run, verdict = examples.hostile()
    assert "**NOT RESTORED**" in render(run, replace(verdict, restored=False)).splitlines()[0]


def test_the_summary_stays_small_harmless_and_the_same() -> None:
    text = render(*examples.hostile())
    assert len(text.encode()) < 8 * 1024
    assert "<script" not in text
    assert "://" not in text
    assert text == render(*examples.hostile())


def test_the_strip_has_its_ends_in_seconds_since_the_fault() -> None:
    assert strip_line(*examples.passing()) == "−40 s |" + "·" * 13 + "█" * 25 + "·" * 22 + "| +150 s"
    assert strip_line(*examples.empty()) == ""
