"""The namespace controller: what lives in a namespace goes with it; and what every namespace has from its beginning."""

from chaoscinder.sandbox.kubernetes.controllers.cluster import Controller
from chaoscinder.sandbox.kubernetes.resources import ALL, CONFIGMAPS, NAMESPACES, SERVICEACCOUNTS, Resource
from chaoscinder.sandbox.kubernetes.store import Object

BORN_WITH: tuple[tuple[Resource, Object], ...] = (
    (SERVICEACCOUNTS, {"metadata": {"name": "default"}}),
    (CONFIGMAPS, {"metadata": {"name": "kube-root-ca.crt"}, "data": {"ca.crt": ""}}),
)


class Namespaces(Controller):
    """Looks after each change of a namespace."""

    watches = (NAMESPACES,)

    def sync(self) -> None:
        """Furnish the new ones and empty the ones that are gone."""
        there = {row["metadata"]["name"] for row in self.store.list(NAMESPACES)}
        for name in sorted(there):
            for resource, body in BORN_WITH:
                if self.store.find(resource, body["metadata"]["name"], name) is None:
                    meta = {**body["metadata"], "namespace": name}
                    self.store.create(resource, {**body, "metadata": meta})
        for resource in [resource for resource in ALL if resource.namespaced]:
            for row in self.store.list(resource):
                if row["metadata"]["namespace"] not in there and not row["metadata"].get("deletionTimestamp"):
                    self.store.delete(resource, row["metadata"]["name"], row["metadata"]["namespace"])
