"""Statements about the workload's Cinder volume."""

from chaoslib.types import Configuration, Secrets

from chaoscinder.checks.attachments import holder
from chaoscinder.doors import opened
from chaoscinder.faults import volume

__all__ = ["attachments_agree", "volume_follows_workload"]


def volume_follows_workload(configuration: Configuration = None, secrets: Secrets = None) -> bool:
    """Tell whether the volume is attached to the server under the ready pod of the workload, by all three views, and to no other."""
    with opened(configuration, secrets) as site:
        servers, attachments = volume.seen(site)
        return len(servers) == 1 and holder(attachments) in servers


def attachments_agree(configuration: Configuration = None, secrets: Secrets = None) -> bool:
    """Tell whether Kubernetes, Nova and Cinder say that the volume is attached to the same one server."""
    with opened(configuration, secrets) as site:
        _, attachments = volume.seen(site)
        return holder(attachments) is not None
