"""Statements about what the application acknowledged."""

from chaoslib.types import Configuration, Secrets

from chaoscinder import runs
from chaoscinder.doors import opened
from chaoscinder.faults import outage

__all__ = ["no_acknowledged_write_is_lost"]


def no_acknowledged_write_is_lost(configuration: Configuration = None, secrets: Secrets = None) -> bool:
    """Read back, now, the numbered writes of this run and tell whether every acknowledged one is there.

    Without a live recorder it is an error. Where configuration.ledger is none there is nothing to lose: true,
    and the report says "not tested".
    """
    with opened(configuration, secrets) as site:
        return outage.writes_are_there(site, runs.live())
