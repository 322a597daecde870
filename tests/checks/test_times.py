"""How long the steps of a story took."""

from chaoscinder.checks.times import steps_s, took_s


def test_a_step_counts_from_the_last_one_that_was_seen() -> None:
    assert steps_s([30.5, 32.0, None, 40.0], 30.0) == (0.5, 1.5, None, 8.0)
    assert steps_s([31.0, 33.0], None) == (None, 2.0)


def test_what_was_not_seen_took_no_known_time() -> None:
    assert (took_s(5.0, 2.0), took_s(None, 2.0), took_s(5.0, None)) == (3.0, None, None)
