"""Statements about the workload's Cinder volume."""

from chaoslib.types import Configuration, Secrets

from chaoscinder import runs
from chaoscinder.checks.attachments import holder
from chaoscinder.doors import opened
from chaoscinder.faults import stuck, volume

__all__ = ["attachments_agree", "no_attachment_is_stuck", "volume_follows_workload"]


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


def no_attachment_is_stuck(wait: bool = False, configuration: Configuration = None, secrets: Secrets = None) -> bool:
    """Tell whether no pod of the workload waits for a volume that hangs on a server of which Kubernetes knows nothing any more.

    With wait it looks, for at most configuration.recovery_deadline_s, until the workload is ready, or the volume stuck and safe to free.
    When it is stuck, log and report name volume and server, by the event and by the three views, with the command that would free it and
    whether that is safe now. It is not done.
    """
    with opened(configuration, secrets) as site:
        return stuck.wait_for_stuck(site, runs.live(), site.settings.recovery_deadline_s if wait else 0.0) is None
