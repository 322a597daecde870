"""Statements about the workload in Kubernetes."""

from chaoslib.types import Configuration, Secrets

from chaoscinder.doors import opened
from chaoscinder.settings import require_named_target

__all__ = ["workload_is_ready"]


def workload_is_ready(configuration: Configuration = None, secrets: Secrets = None) -> bool:
    """Tell whether the configured workload has as many ready replicas as it wants, and wants at least one."""
    with opened(configuration, secrets) as site:
        require_named_target(site.settings)
        workload = site.kubernetes.workload(site.settings.namespace, site.settings.workload)
        return workload.desired > 0 and workload.ready >= workload.desired
