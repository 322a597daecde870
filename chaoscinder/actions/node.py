"""Actions on the Kubernetes nodes under and beside the workload."""

from typing import Any, Dict

from chaoslib.types import Configuration, Secrets

from chaoscinder import runs
from chaoscinder.doors import opened
from chaoscinder.faults import acting, node
from chaoscinder.recovery import undo

__all__ = ["cordon_node", "cordon_other_nodes", "uncordon_nodes"]


def cordon_node(configuration: Configuration = None, secrets: Secrets = None) -> Dict[str, Any]:
    """Cordon the node of the configured workload's pod, so that its next pod must go to another one.

    The node is found from the workload, never named here. Refuses where it is cordoned already, where no other node would take the pod and
    its volume, and when the control chaoscinder.controls.recording does not record this run.
    """
    with opened(configuration, secrets) as site:
        return node.cordon(site, acting.live_run())


def cordon_other_nodes(most_nodes: int = node.MOST_OTHERS, configuration: Configuration = None, secrets: Secrets = None) -> Dict[str, Any]:
    """Cordon every other node that would take the configured workload's pod, so that its next pod is on the same node again.

    Nothing new of anybody goes to these nodes until they are uncordoned; refuses where they are more than most_nodes, where the pod's own
    node is cordoned, and when the control chaoscinder.controls.recording does not record this run.
    """
    with opened(configuration, secrets) as site:
        return node.cordon_others(site, acting.live_run(), most_nodes)


def uncordon_nodes(timeout_s: float = None, configuration: Configuration = None, secrets: Secrets = None) -> Dict[str, Any]:
    """Uncordon exactly the nodes that this run cordoned, and undo whatever else it did; nothing to undo is a success.

    timeout_s is in cluster seconds for each step (configuration.server_timeout_s, 600). Nothing cuts it short but its limit; then the error
    names what is left and how to finish.
    """
    with opened(configuration, secrets) as site:
        run = runs.live()
        done = undo.everything(site, run, timeout_s or site.settings.server_timeout_s) if run is not None else ()
        return {"undone": list(done)}
