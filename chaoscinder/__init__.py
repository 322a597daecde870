"""chaoscinder: does a stateful application on OpenStack Cinder survive the loss of its node?

The rooms, from the outside in (an arrow may only point down):

    cli                            the `chaoscinder` command
    actions  probes  controls      the doors that Chaos Toolkit calls
    doors                          what every door does
    faults  recovery  reports      break, restore, tell
    recorder                       record, in processes of its own
    clients  checks  runs          reach networks, judge, keep a run on disk
    settings  waiting              what a run is told, and waiting with a limit
    model                          the nouns
    clock  errors  redaction       the ground

    sandbox   an island: a Kubernetes cluster on an OpenStack cloud in one process, reached over HTTP only
    demoapp   the small application with SQLite on the volume
"""

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from chaoslib.types import DiscoveredActivities, Discovery

__version__ = "0.1.0"
__all__ = ["__version__", "discover"]

ACTIONS = ("chaoscinder.actions.node", "chaoscinder.actions.pod", "chaoscinder.actions.server")
PROBES = ("chaoscinder.probes.data", "chaoscinder.probes.volume", "chaoscinder.probes.web", "chaoscinder.probes.workload")


def discover(discover_system: bool = True) -> "Discovery":
    """Tell Chaos Toolkit which activities this extension has; discover_system changes nothing, there is no system to look at."""
    from chaoslib.discovery.discover import initialize_discovery_result

    logging.getLogger("chaostoolkit").info("Discovering capabilities from chaoscinder")
    found: Any = initialize_discovery_result("chaostoolkit-cinder", __version__, "openstack-cinder")
    found["activities"].extend(_activities())
    return found


def _activities() -> "list[DiscoveredActivities]":
    from chaoslib.discovery.discover import discover_actions, discover_probes

    actions = [row for module in ACTIONS for row in discover_actions(module)]
    probes = [row for module in PROBES for row in discover_probes(module)]
    return [*actions, *probes]
