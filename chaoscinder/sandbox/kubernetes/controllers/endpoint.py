"""The Endpoints controller: the older form of what the EndpointSlice controller writes."""

from chaoscinder.sandbox.kubernetes.controllers import endpointslice, pods
from chaoscinder.sandbox.kubernetes.controllers.cluster import Controller
from chaoscinder.sandbox.kubernetes.resources import ENDPOINTS, PODS, SERVICES
from chaoscinder.sandbox.kubernetes.store import Object


class Endpoints(Controller):
    """Keeps one Endpoints object for each Service that selects pods, and none without its Service."""

    watches = (SERVICES, PODS)

    def sync(self) -> None:
        """Write each one."""
        for service in self.store.list(SERVICES):
            if service["spec"].get("selector"):
                self._write(service)
        for row in self.store.list(ENDPOINTS):
            if self.store.find(SERVICES, row["metadata"]["name"], row["metadata"]["namespace"]) is None:
                self.store.delete(ENDPOINTS, row["metadata"]["name"], row["metadata"]["namespace"])

    def _write(self, service: Object) -> None:
        name, namespace = service["metadata"]["name"], service["metadata"]["namespace"]
        subsets = _subsets(service, self.store.list(PODS, namespace))

        def edit(row: Object) -> None:
            row.pop("subsets", None)
            row |= {"subsets": subsets} if subsets else {}

        if self.store.find(ENDPOINTS, name, namespace) is None:
            self.store.create(ENDPOINTS, {"metadata": {"name": name, "namespace": namespace}} | ({"subsets": subsets} if subsets else {}))
        else:
            self.store.change(ENDPOINTS, name, namespace, edit)


def _subsets(service: Object, candidates: list[Object]) -> list[Object]:
    chosen = [pod for pod in endpointslice.selected(candidates, service) if not pods.is_terminating(pod)]
    if not chosen:
        return []
    ready = [_address(pod) for pod in chosen if pods.is_ready(pod)]
    others = [_address(pod) for pod in chosen if not pods.is_ready(pod)]
    subset = ({"addresses": ready} if ready else {}) | ({"notReadyAddresses": others} if others else {})
    ports = [{key: value for key, value in row.items() if value != ""} for row in endpointslice.ports_of(service, chosen)]
    return [subset | {"ports": ports}]


def _address(pod: Object) -> Object:
    meta = pod["metadata"]
    target = {"kind": "Pod", "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"]}
    return {"ip": pod["status"]["podIP"], "nodeName": pod["spec"]["nodeName"], "targetRef": target}
