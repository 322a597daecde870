"""Mistakes in chaoscinder.checks.watching that cosmic-ray made and nobody noticed."""

from dataclasses import replace

from chaoscinder.checks.watching import HEARD_WITHIN_WALL_S, heard_at
from chaoscinder.model.run import Run


def test_a_sign_of_life_lasts_for_wall_seconds_whatever_the_rate(passing_run: Run) -> None:
    run = replace(passing_run, header=replace(passing_run.header, rate=50.0), watched_to_s={"NOVA": 1000.0, "CINDER": 1200.0})
    assert heard_at(run, 1000.0 + HEARD_WITHIN_WALL_S * 50.0)
    assert not heard_at(run, 1000.1 + HEARD_WITHIN_WALL_S * 50.0)
