"""Until when each view was watched: what is said of a recorder that died, and of a cloud that was silent."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from chaoscinder.checks.states import Moments
from chaoscinder.checks.watching import heard_at, unseen_at
from chaoscinder.model.run import Run

UNDONE = Moments(30.0, 1000.0, 1200.0, interrupted=False)  # our undo began at 1000 s
ENDED = replace(UNDONE, undo_s=None, end_s=1000.0)  # nothing was undone, and the record ends at 1000 s


def recorded(stories: Any, *problems: str, watched: Mapping[str, float] | None = None, rate: float = 20.0, **settings: str) -> Run:
    """A run of which only the recorder's own word matters."""
    return Run(stories.header(rate=rate, settings=settings), problems=problems, watched_to_s=watched or {})


def views(kubernetes_s: float, nova_s: float, cinder_s: float) -> dict[str, float]:
    return {"KUBERNETES": kubernetes_s, "NOVA": nova_s, "CINDER": cinder_s}


# --- signs of life ---


def test_a_sign_of_life_lasts_for_wall_seconds_whatever_the_rate(stories: Any) -> None:
    run = recorded(stories, watched={"NOVA": 1000.0, "CINDER": 1200.0}, rate=50.0)
    assert (heard_at(run, 1100.0), heard_at(run, 1100.1)) == (True, False)  # 2 s wall are 100 s
    assert heard_at(recorded(stories), 1100.1) is True  # no bound is known


@pytest.mark.parametrize(
    ("watched", "when", "told"),
    [
        ({}, UNDONE, ""),
        (views(1000.0, 1000.0, 1000.0), UNDONE, ""),
        (views(1000.0, 999.5, 1000.0), UNDONE, "the recorder's last sign of life is at 999.5 s, 0.5 s too early"),
        ({"CINDER": 900.0}, UNDONE, "the recorder's last sign of life is at 900.0 s, 100.0 s too early"),
        (views(960.0, 960.0, 960.0), ENDED, ""),  # the record's own end is known to 2 s wall, here 40 s
        (views(960.0, 960.0, 959.0), ENDED, "the recorder's last sign of life is at 959.0 s, 41.0 s too early"),
        (views(500.0, 95.0, 1000.0), UNDONE, "the recorder's last sign of life is at 95.0 s, 905.0 s too early"),
    ],
)
def test_what_was_seen_before_the_recorder_died_says_nothing_about_the_end(
    stories: Any, watched: dict[str, float], when: Moments, told: str
) -> None:
    assert unseen_at(recorded(stories, watched=watched), when) == told


# --- clouds that did not answer ---


@pytest.mark.parametrize(
    ("problem", "silent"),
    [
        ("recorder: Nova said 503 (at 1000.0 s)", True),
        ("recorder: Nova said 503 (at 999.9 s)", False),
        ("recorder: Nova said 503 (at 1000.1 s)", False),
        ("recorder: Nova said 503 (4 times from 1000.0 to 1005.0 s)", True),
        ("recorder: Nova said 503 (4 times from 900.0 to 1000.0 s)", True),
        ("recorder: Nova said 503 (4 times from 900.0 to 999.9 s)", False),
        ("recorder: Nova said 503 (4 times from 1000.1 to 1005.0 s)", False),
        # A request that waited in vain for 10 s wall, which are 200 s, began so long before.
        ("recorder: Nova did not answer (at 1200.0 s)", True),
        ("recorder: Nova TIMED OUT (at 1200.0 s)", True),
        ("recorder: Nova: timeout (at 1200.1 s)", False),
        ("recorder: Nova: no answer (4 times from 1150.0 to 1300.0 s)", True),
        ("recorder: Nova did not answer (at 999.9 s)", False),
        ("recorder: Nova did not answer", False),  # nobody said when
        ("sampler: Nova said 503 (at 1000.0 s)", False),
    ],
)
def test_a_cloud_that_did_not_answer_at_the_end_told_nothing(stories: Any, problem: str, silent: bool) -> None:
    told = "NOVA did not answer the recorder at 1000.0 s" if silent else ""
    assert unseen_at(recorded(stories, problem), UNDONE) == told


@pytest.mark.parametrize(
    ("problem", "view"),
    [
        ("recorder: GET https://10.0.0.1/api/v1/pods said 503", "KUBERNETES"),
        ("recorder: Kubernetes said 503", "KUBERNETES"),
        ("recorder: Cinder said 503", "CINDER"),
    ],
)
def test_every_view_is_known_by_its_name(stories: Any, problem: str, view: str) -> None:
    assert unseen_at(recorded(stories, f"{problem} (at 1000.0 s)"), UNDONE) == f"{view} did not answer the recorder at 1000.0 s"


def test_several_silent_clouds_are_named_together(stories: Any) -> None:
    run = recorded(stories, "recorder: Nova said 503 (at 1000.0 s)", "recorder: Cinder said 503 (at 1000.0 s)")
    assert unseen_at(run, UNDONE) == "NOVA and CINDER did not answer the recorder at 1000.0 s"


def test_a_recorder_that_died_is_told_before_a_cloud_that_was_silent(stories: Any) -> None:
    run = recorded(stories, "recorder: Nova said 503 (at 1000.0 s)", watched=views(1000.0, 990.0, 1000.0))
    assert unseen_at(run, UNDONE) == "the recorder's last sign of life is at 990.0 s, 10.0 s too early"


@pytest.mark.parametrize(("setting", "silent"), [("1.5", False), ("12", True), ("soon", True)])
def test_how_long_a_request_may_wait_is_a_setting(stories: Any, setting: str, silent: bool) -> None:
    """Its request began 200 s before, and within 10 s wall where nobody set anything that is a number."""
    run = recorded(stories, "recorder: Nova did not answer (at 1200.0 s)", request_timeout_s=setting)
    assert bool(unseen_at(run, UNDONE)) is silent
