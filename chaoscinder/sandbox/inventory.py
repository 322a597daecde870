"""Every object of both clouds that a run may have touched, as plain data: what `sandbox exec` keeps before the sandbox goes."""

from typing import Any

from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.store import Store
from chaoscinder.sandbox.openstack import OpenStack

KINDS = (resources.NODES, resources.PODS, resources.ATTACHMENTS, resources.EVENTS)


def take(store: Store, openstack: OpenStack) -> dict[str, Any]:
    """Tell the state of both clouds; to be called inside the world's lock."""
    caller = openstack.caller()
    servers = [
        {
            "id": server.id,
            "name": server.name,
            "status": server.status,
            "task_state": server.task_state,
            "power_state": server.power_state,
            "metadata": dict(server.metadata),
        }
        for server in openstack.nova.list(caller)
    ]
    volumes = [
        {
            "id": volume.id,
            "name": volume.name,
            "status": volume.status,
            "attachments": [{"id": row.id, "server_id": row.server_id, "status": row.status} for row in volume.attachments],
        }
        for volume in openstack.cinder.list(caller)
    ]
    kubernetes = {kind.plural: list(store.list(kind)) for kind in KINDS}
    return {"at": store.world.stamp(), "servers": servers, "volumes": volumes, "kubernetes": kubernetes}
