"""Statements about the application as its visitors see it."""

from chaoslib.types import Configuration, Secrets

from chaoscinder import runs
from chaoscinder.doors import opened
from chaoscinder.faults import outage

__all__ = ["outage_is_within_budget", "recovers_within", "web_ui_is_reachable"]


def web_ui_is_reachable(configuration: Configuration = None, secrets: Secrets = None) -> bool:
    """Tell whether the configured address answers now as the application would: status and body as expected, in time."""
    with opened(configuration, secrets) as site:
        return site.web.look().reachable


def recovers_within(
    deadline_s: float = None, stable_for_s: float = None, configuration: Configuration = None, secrets: Secrets = None
) -> bool:
    """Wait until the application answers again without failure for stable_for_s, for at most deadline_s; False when it did not.

    Both are in cluster seconds (configuration.recovery_deadline_s, 900; configuration.stable_for_s, 10).
    """
    with opened(configuration, secrets) as site:
        aims = site.settings.aims
        limit_s, stable_s = deadline_s or aims.recovery_deadline_s, stable_for_s or aims.stable_for_s
        return outage.wait_for_recovery(site, runs.live(), limit_s, stable_s)


def outage_is_within_budget(budget_s: float = None, configuration: Configuration = None, secrets: Secrets = None) -> bool:
    """Tell whether the outages that the live recorder saw so far add up to at most budget_s (configuration.outage_budget_s, 180).

    budget_s is in cluster seconds. Without a live recorder of this run it is an error, never true.
    """
    with opened(configuration, secrets) as site:
        return outage.is_within(site, runs.live(), budget_s or site.settings.outage_budget_s)
