"""The page."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from chaoscinder.checks.verdict import judge
from chaoscinder.model.run import Run
from chaoscinder.model.verdict import Verdict
from chaoscinder.reports.html import last_states, render
from tests.reports import examples

EVERY = {
    "passing": examples.passing(),
    "passing, rate 1": examples.passing(1.0),
    "stuck": examples.stuck(),
    "without fault": examples.without_fault(),
    "empty": examples.empty(),
    "short outage": examples.short_outage(),
    "hostile": examples.hostile(),
}
SECTIONS = (
    "What happened",
    "Acceptance",
    "Findings",
    "Over time",
    "Data: every numbered write",
    "Where the volume went",
    "What was touched, and how it was left",
    "What this run did",
    "Kubernetes events",
    "How good the measurement was",
    "Versions",
    "Settings (without secrets)",
)


class Page(HTMLParser):
    """A page taken apart: tags, attributes, headings and text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.headings: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.open.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        self.open.pop() if self.open and self.open[-1] == tag else None

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("h2", "h3"):
            self.headings.append(data)
        if not self.open or self.open[-1] != "style":
            self.words.append(data)


@pytest.mark.parametrize("example", EVERY.values(), ids=EVERY)
def test_every_page_fetches_nothing_and_runs_nothing(example: tuple[Run, Verdict]) -> None:
    text = render(*example)
    page = Page(text)
    assert page.tags.isdisjoint(
        {"script", "link", "img", "iframe", "object", "embed", "base", "form", "a", "use", "image", "foreignobject"}
    )
    names = {name for name, _ in page.attributes}
    assert names.isdisjoint({"src", "href", "xlink:href", "action", "background", "srcset", "ping"})
    assert [name for name in names if name.startswith("on")] == []
    style = "".join(re.findall(r"<style>(.*?)</style>", text, re.DOTALL))
    assert not any(word in style for word in ("@import", "url(", "//"))
    assert ("content", "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'") in page.attributes


@pytest.mark.parametrize("example", EVERY.values(), ids=EVERY)
def test_every_page_has_every_section_and_well_formed_pictures(example: tuple[Run, Verdict]) -> None:
    text = render(*example)
    headings = Page(text).headings
    assert [section for section in SECTIONS if section not in headings] == []
    pictures = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    assert [ElementTree.fromstring(picture).tag for picture in pictures] == ["svg"] * len(pictures)


def test_the_same_run_gives_the_same_page() -> None:
    assert render(*examples.passing()) == render(*examples.passing())


def test_the_first_line_is_the_verdict_the_remediation_and_the_mark_of_the_sandbox() -> None:
    first = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", re.findall(r"<h1>(.*?)</h1>", render(*examples.passing()), re.DOTALL)[0])).strip()
    assert first == "PASS remediation: out-of-service taint SANDBOX, simulated time × 20"


def test_a_real_cluster_has_no_mark_of_the_sandbox() -> None:
    assert "SANDBOX" not in Page(render(*examples.passing(1.0))).text


def test_what_was_not_restored_is_said_on_the_first_line() -> None:
    run, verdict = examples.passing()
    heading = re.findall(r"<h1>(.*?)</h1>", render(run, replace(verdict, restored=False)), re.DOTALL)[0]
    assert "NOT RESTORED" in heading
    assert "NOT RESTORED" not in render(run, verdict)


def test_hostile_names_stay_text() -> None:
    text = render(*examples.hostile())
    assert "<script" not in text.lower()
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert '<script>alert("x")</script>\ufffd[31m\ufffd&amp;|`[a](http://evil.example)@all # no' in Page(text).text


def test_why_nothing_would_end_it_stands_before_the_figures() -> None:
    _, verdict = examples.stuck()
    words = Page(render(*examples.stuck())).text
    assert words.index("Why nothing would have ended it") < words.index(verdict.stuck[0]) < words.index("Longest outage")


def test_an_outage_without_an_end_and_without_an_explanation_says_so() -> None:
    run, verdict = examples.stuck()
    assert (
        "It did not end The web UI was still away when sampling ended, and this run cannot tell why."
        in Page(render(run, replace(verdict, stuck=()))).text
    )


def test_every_objective_is_told_also_the_one_that_was_not_tested() -> None:
    words = Page(render(*examples.stuck())).text
    assert "writes optional every acknowledged write read back ? not tested nobody could read back" in words
    assert "outage required at most 180 s at least 987.8 s ✗ missed the web UI never answered again" in words


def test_events_touched_objects_problems_and_versions_are_told() -> None:
    words = Page(render(*examples.passing())).text
    for said in (
        "+68.9 s Warning FailedAttachVolume attachdetach-controller",
        f"Server node-2 ({examples.SERVER_2}) stopped start yes ACTIVE",
        "watch of pods was cut after 61 s and taken up again",
        "kubernetes v1.36.2",
        f"SHA-256 {examples.passing()[0].header.experiment_sha256}",
        "after recovery 70 11.4 ms 88.1 ms 170 ms",
        "Restored: yes",
    ):
        assert said in words


def test_the_audit_says_what_differs_or_that_nothing_does() -> None:
    run, verdict = examples.passing()
    audit = {"server": {"status": "ACTIVE"}}
    assert "Nothing differs." in render(replace(run, before=audit, after=audit), verdict)
    assert "1 of 1 facts differs, 1 of them not as expected." in render(
        replace(run, before=audit, after={"server": {"status": "ERROR"}}), verdict
    )
    assert "Nobody looked again after the run." in render(replace(run, before=audit), verdict)


def test_more_events_than_a_page_should_hold_are_counted() -> None:
    run, verdict = examples.passing()
    assert "124 more are in the run&#39;s directory." not in render(run, verdict)
    many = replace(run, events=run.events * 53)
    assert "124 more are in the run's directory." in render(many, verdict)


def test_the_last_word_of_each_view_leaves_out_what_is_gone() -> None:
    assert last_states(*examples.passing()) == (
        ("Kubernetes", "endpoints ready", examples.NEW),
        ("Kubernetes", f"pod {examples.NEW}", "Running on node-1"),
        ("Kubernetes", "attachment node-1", "attached"),
        ("Kubernetes", "node node-1", "Ready"),
        ("Kubernetes", "node node-2", "Ready"),
        ("Kubernetes", "taints node-2", "none"),
        ("Nova", "server node-2", "ACTIVE"),
        ("Nova", "server node-1", "ACTIVE"),
        ("Nova", "volume is on", "node-1"),
        ("Cinder", "volume", "in-use on node-1"),
    )


def test_a_page_of_186_000_samples_stays_below_400_kib() -> None:
    run, verdict = examples.without_fault()
    samples = examples.looks(1860.0, 1.0, examples.healthy, per_s=100.0)
    assert len(samples) == 186_000
    assert len(render(replace(run, samples=samples), verdict).encode()) < 400 * 1024


def test_the_judged_stories_have_a_page(passing_run: Run, failing_run: Run) -> None:
    passed, failed = (Page(render(run, judge(run))).text for run in (passing_run, failing_run))
    assert passed.index("PASS remediation: out-of-service taint on node-2, 68.7 s after the fault") < passed.index("What happened")
    assert "Why nothing would have ended it" in failed
    undone = "D = 0.9 s; until our undo; users were away for 936.9 to 939.1 s"
    assert f"Longest outage at least 910.4 s wall at least 45.5 s; {undone}" in failed
    assert "1 −0.5 s to +0.6 s 936.9 to 939.1 s (wall 46.84 to 46.96 s)" in failed
    assert "ended only after our undo" in failed
