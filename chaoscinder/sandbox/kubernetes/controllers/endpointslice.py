"""The EndpointSlice controller, and with it the way of the traffic: a Service's address leads to its ready pods and to nothing else.

A pod whose node lost power stays an endpoint until the node lifecycle controller calls it not ready: until then its connections hang.
"""

from typing import Any

from chaoscinder.sandbox.kubernetes.controllers import pods, podtemplate
from chaoscinder.sandbox.kubernetes.controllers.cluster import Cluster, Controller
from chaoscinder.sandbox.kubernetes.resources import NODES, PODS, SERVICES, SLICES
from chaoscinder.sandbox.kubernetes.store import Object

SERVICE_LABEL = "kubernetes.io/service-name"
MANAGED_LABEL = "endpointslice.kubernetes.io/managed-by"


class EndpointSlices(Controller):
    """Keeps one slice for each Service that selects pods, and sends the traffic after it."""

    watches = (SERVICES, PODS, NODES)

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._led: dict[tuple[str, str], tuple[str, ...]] = {}

    def sync(self) -> None:
        """Write each slice and lead each address."""
        for service in self.store.list(SERVICES):
            if service["spec"].get("selector"):
                chosen = selected(self.store.list(PODS, service["metadata"]["namespace"]), service)
                self._write(service, chosen)
                self._lead(service, tuple(pod["metadata"]["uid"] for pod in chosen if takes_traffic(pod)))

    def _write(self, service: Object, chosen: list[Object]) -> None:
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        mine = [row for row in self.store.list(SLICES, namespace) if (row["metadata"].get("labels") or {}).get(SERVICE_LABEL) == name]
        endpoints = [self._endpoint(pod) for pod in chosen]
        ports = ports_of(service, chosen)

        def edit(row: Object) -> None:
            row["endpoints"], row["ports"] = endpoints, ports

        if mine:
            self.store.change(SLICES, mine[0]["metadata"]["name"], namespace, edit)
        else:
            labels = {**(service["metadata"].get("labels") or {}), SERVICE_LABEL: name, MANAGED_LABEL: "endpointslice-controller.k8s.io"}
            meta = {
                "generateName": f"{name}-",
                "namespace": namespace,
                "labels": labels,
                "ownerReferences": [podtemplate.reference(service)],
            }
            self.store.create(SLICES, {"metadata": meta, "addressType": "IPv4", "endpoints": endpoints, "ports": ports})

    def _endpoint(self, pod: Object) -> Object:
        ready, leaving = pods.is_ready(pod), pods.is_terminating(pod)
        meta = pod["metadata"]
        target = {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
        row = {
            "addresses": [pod["status"]["podIP"]],
            "conditions": {"ready": ready and not leaving, "serving": ready, "terminating": leaving},
        }
        row |= {"nodeName": pod["spec"]["nodeName"], "targetRef": target}
        node = self.store.find(NODES, pod["spec"]["nodeName"]) or {"metadata": {}}
        zone = (node["metadata"].get("labels") or {}).get("topology.kubernetes.io/zone")
        return row | ({"zone": zone} if zone else {})

    def _lead(self, service: Object, uids: tuple[str, ...]) -> None:
        key = (service["metadata"]["namespace"], service["metadata"]["name"])
        traffic = self.cluster.traffic(*key)
        if traffic is not None and self._led.get(key) != uids:
            self._led[key] = uids
            traffic.send_to(uids)


def selected(candidates: list[Object], service: Object) -> list[Object]:
    """The pods of a Service that have an address and are not finished."""
    wanted = service["spec"]["selector"].items()
    rows = [pod for pod in candidates if wanted <= (pod["metadata"].get("labels") or {}).items()]
    return [pod for pod in rows if pod.get("status", {}).get("podIP") and not pods.is_finished(pod)]


def takes_traffic(pod: Object) -> bool:
    """Whether new connections are led to a pod."""
    return pods.is_ready(pod) and not pods.is_terminating(pod)


def ports_of(service: Object, chosen: list[Object]) -> list[Object]:
    """The container ports behind a Service's ports; a named one is looked up in the pods."""
    rows = service["spec"].get("ports") or []
    return [{"name": row.get("name", ""), "port": _number(row, chosen), "protocol": row.get("protocol", "TCP")} for row in rows]


def _number(port: Object, chosen: list[Object]) -> Any:
    target = port.get("targetPort", port["port"])
    if isinstance(target, int):
        return target
    declared = [row for pod in chosen for container in pod["spec"]["containers"] for row in container.get("ports") or []]
    return next((row["containerPort"] for row in declared if row.get("name") == target), port["port"])
