"""Statements about the workload in Kubernetes."""

import logging

from chaoslib.types import Configuration, Secrets

from chaoscinder.doors import opened
from chaoscinder.faults import rollout
from chaoscinder.model.rollout import Outlook
from chaoscinder.settings import require_named_target

__all__ = ["rollouts_can_finish", "workload_is_ready"]

logger = logging.getLogger("chaostoolkit")


def workload_is_ready(configuration: Configuration = None, secrets: Secrets = None) -> bool:
    """Tell whether the configured workload has as many ready replicas as it wants, and wants at least one."""
    with opened(configuration, secrets) as site:
        require_named_target(site.settings)
        workload = site.kubernetes.workload(site.settings.namespace, site.settings.workload)
        return workload.desired > 0 and workload.ready >= workload.desired


def rollouts_can_finish(configuration: Configuration = None, secrets: Secrets = None) -> bool:
    """Tell beforehand whether a rollout of the workload can finish by itself, by its update strategy and its volumes' access modes.

    False for a RollingUpdate that waits for itself: the next pod for the volume, the last pod for the next one. The log says why.
    Nothing is begun; and a deletion of a pod is no rollout, it does not ask the strategy.
    """
    with opened(configuration, secrets) as site:
        found = rollout.ahead(site)
        logger.info("chaoscinder: a rollout of %s %s: %s", site.settings.workload, found.outlook, found.why)
        return found.outlook is Outlook.FINISHES
