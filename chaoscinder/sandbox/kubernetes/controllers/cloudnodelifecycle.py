"""The cloud node lifecycle controller: asks Nova about nodes that are not Ready.

A server that Nova does not know means that its Node is deleted. A server that is SHUTOFF means the shutdown taint, which keeps new
pods away but moves no volume; the taint goes when the node is Ready again.
"""

import re

from chaoscinder.sandbox.kubernetes.controllers import conditions, taints
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.resources import NODES
from chaoscinder.sandbox.kubernetes.store import Object

PROVIDER_ID = re.compile(r"^openstack://[^/]*/([^/]+)$")


def server_of(node: Object) -> str | None:
    """The Nova server id in a node's spec.providerID."""
    found = PROVIDER_ID.match(node.get("spec", {}).get("providerID") or "")
    return found[1] if found else None


class CloudNodeLifecycle(Controller):
    """Looks each --node-monitor-period."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        cluster.every(self.profile.cloud_node_s, self.monitor, "cloud-node-monitor")

    def monitor(self) -> None:
        """Look at every node once."""
        for node in self.store.list(NODES):
            if conditions.status(node, "Ready") == "True":
                if taints.has(node, taints.SHUTDOWN):
                    self.store.change(NODES, node["metadata"]["name"], "", lambda new: taints.remove(new, taints.SHUTDOWN))
            elif server := server_of(node):
                self._ask(node, server)

    def _ask(self, node: Object, server: str) -> None:
        name = node["metadata"]["name"]
        status = self.cluster.cloud.server_status(server)
        if status is None or (status != "ACTIVE" and self.profile.shutoff_deletes_node):
            texts = {key: text.format(node=name) for key, text in self.profile.texts.items() if key.startswith("deleting_node")}
            self.events.normal(node, texts["deleting_node_reason"], texts["deleting_node"], by=texts["deleting_node_component"])
            self.store.delete(NODES, name)
        elif self.profile.shutdown_taint and status == "SHUTOFF" and not taints.has(node, taints.SHUTDOWN):
            now = self.world.stamp()
            self.store.change(NODES, name, "", lambda new: taints.add(new, taints.SHUTDOWN, "NoSchedule", at=now))
