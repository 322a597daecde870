"""What the outages of one run took of the error budget that a service level objective leaves."""

from chaoscinder.model.verdict import ErrorBudget, Interval

SECONDS_IN_A_DAY = 86_400.0


def error_budget(away_s: Interval, *, slo: float, period_days: float) -> ErrorBudget:
    """Tell the share of the allowed time that being away took: 106.2 s of the 1296 s that 99.95 % in 30 days allow are 8.2 %."""
    allowed_s = round((1 - slo / 100) * period_days * SECONDS_IN_A_DAY, 6)
    least_s, most_s = away_s
    return ErrorBudget(slo, period_days, allowed_s, (least_s / allowed_s, None if most_s is None else most_s / allowed_s))
