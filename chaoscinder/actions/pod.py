"""Actions on the workload's pod."""

from typing import Any, Dict

from chaoslib.types import Configuration, Secrets

from chaoscinder import runs
from chaoscinder.doors import opened
from chaoscinder.faults import acting, pod
from chaoscinder.recovery import undo

__all__ = ["delete_pod", "see_pod_replaced"]


def delete_pod(timeout_s: float = None, configuration: Configuration = None, secrets: Secrets = None) -> Dict[str, Any]:
    """Delete the configured workload's pod, in its own grace period, and wait until it is gone.

    The pod is found from the workload and deleted by its uid, never another one. timeout_s is in cluster seconds
    (configuration.server_timeout_s, 600). Refuses to act when the control chaoscinder.controls.recording does not record this run.
    """
    with opened(configuration, secrets) as site:
        return pod.delete(site, acting.live_run(), timeout_s or site.settings.server_timeout_s)


def see_pod_replaced(timeout_s: float = None, configuration: Configuration = None, secrets: Secrets = None) -> Dict[str, Any]:
    """See that the pod which this run deleted was replaced and every replica is ready; nothing deleted is a success.

    It is the undo of delete_pod: nothing can bring a pod back, its controller makes another one. timeout_s is in cluster seconds
    (configuration.server_timeout_s, 600); then the error says what is missing.
    """
    with opened(configuration, secrets) as site:
        run = runs.live()
        done = undo.everything(site, run, timeout_s or site.settings.server_timeout_s) if run is not None else ()
        return {"replaced": list(done)}
