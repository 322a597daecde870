"""The error budget."""

from chaoscinder.checks.budget import error_budget
from chaoscinder.model.verdict import ErrorBudget


def test_an_outage_takes_its_share_of_the_time_that_the_objective_allows() -> None:
    told = error_budget((106.2, 108.0), slo=99.95, period_days=30.0)
    assert (told.allowed_s, round(told.spent[0], 4), round(told.spent[1] or 0.0, 4)) == (1296.0, 0.0819, 0.0833)


def test_an_open_outage_took_at_least_so_much() -> None:
    assert error_budget((864.0, None), slo=99.0, period_days=1.0) == ErrorBudget(99.0, 1.0, 864.0, (1.0, None))


def test_no_outage_took_nothing() -> None:
    assert error_budget((0.0, 0.0), slo=99.9, period_days=7.0).spent == (0.0, 0.0)
