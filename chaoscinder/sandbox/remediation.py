"""A stand-in for an operator (or for node-healthcheck and self-node-remediation): declares dead nodes out of service.

Kubernetes itself never does this. On a cluster without such an operator a shut-down node keeps its volumes for ever, which is what the
sandbox shows when this room is not used. The rule is the careful one: only a node that is not Ready and whose server Nova shows as
SHUTOFF for a while is taken for fenced; and the taint goes when the node is Ready again.
"""

from chaoscinder.sandbox.kubernetes.controllers import conditions, taints
from chaoscinder.sandbox.kubernetes.controllers.cloudnodelifecycle import server_of
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.resources import NODES
from chaoscinder.sandbox.kubernetes.store import Object

VALUE = "nodeshutdown"


class Remediator(Controller):
    """Looks at the nodes at its own pace."""

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._seen_off_s: dict[str, float] = {}
        self._set: set[str] = set()
        cluster.every(self.profile.remediation_poll_s, self.look, "remediation")

    def look(self) -> None:
        """Set and remove the out-of-service taint where it is due; a taint that somebody else set is left alone."""
        for node in self.store.list(NODES):
            name = node["metadata"]["name"]
            if conditions.status(node, "Ready") == "True":
                self._seen_off_s.pop(name, None)
                self._remove(name)
            elif self._is_off(node):
                since_s = self._seen_off_s.setdefault(name, self.world.now_s)
                if self.world.now_s - since_s >= self.profile.remediation_confirm_s:
                    self._add(node)
            else:
                self._seen_off_s.pop(name, None)

    def _is_off(self, node: Object) -> bool:
        server = server_of(node)
        return server is not None and self.cluster.cloud.server_status(server) == "SHUTOFF"

    def _add(self, node: Object) -> None:
        name = node["metadata"]["name"]
        if not taints.has(node, taints.OUT_OF_SERVICE):
            self._set.add(name)
            self.store.change(NODES, name, "", lambda new: taints.add(new, taints.OUT_OF_SERVICE, "NoExecute", value=VALUE))

    def _remove(self, name: str) -> None:
        if name in self._set:
            self._set.discard(name)
            self.store.change(NODES, name, "", lambda new: taints.remove(new, taints.OUT_OF_SERVICE))
