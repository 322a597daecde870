"""Whether a PromQL query stops a run."""

import math

import pytest

from chaoscinder.checks.alerting import judge
from chaoscinder.model.alert import Alert, Series

ZERO, FIVE, NAN = Series('{job="a"}', 0.0), Series('{job="b"}', 5.0), Series("", math.nan)
NAN_TELLS = Alert(unknown="the answer is NaN")


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ((), Alert()),
        ((FIVE,), Alert(holds='5 at {job="b"}')),
        ((ZERO,), Alert(holds='0 at {job="a"}')),  # up == 0
        ((ZERO, FIVE), Alert(holds='0 at {job="a"} and 1 more')),
        ((ZERO, FIVE, FIVE), Alert(holds='0 at {job="a"} and 2 more')),
        ((NAN,), NAN_TELLS),
        ((NAN, FIVE), Alert(holds='5 at {job="b"}')),
        ((Series("", -math.inf),), Alert(holds="-inf")),
    ],
)
def test_a_query_that_was_empty_at_the_start_holds_by_any_series(answer: tuple[Series, ...], found: Alert) -> None:
    assert judge(answer, filters=True) == found


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        ((ZERO, ZERO), Alert()),
        ((ZERO, FIVE), Alert(holds='5 at {job="b"}')),
        ((Series("", 1.0),), Alert(holds="1")),
        ((NAN, ZERO), NAN_TELLS),
        ((), Alert(unknown="no series answers any more (wanted what answered at the start)")),
    ],
)
def test_a_query_that_had_series_at_the_start_holds_by_a_value_other_than_zero(answer: tuple[Series, ...], found: Alert) -> None:
    assert judge(answer, filters=False) == found
