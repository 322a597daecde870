"""Where the workload's volume is right now, in all three views."""

from chaoscinder.clients.site import Site
from chaoscinder.errors import CannotTell
from chaoscinder.faults.target import pod_and_claim
from chaoscinder.model.attachment import Attachment
from chaoscinder.settings import require_named_target


def seen(site: Site) -> tuple[frozenset[str], tuple[Attachment, ...]]:
    """Tell the servers under the workload's ready pods, and every view's claims about its volume.

    Nova is asked about every server that is a node of the cluster, because a volume may be where nobody expects it.
    """
    settings = site.settings
    require_named_target(settings)
    workload = site.kubernetes.workload(settings.namespace, settings.workload)
    pods = site.kubernetes.pods(workload)
    pod, claim = pod_and_claim(settings, workload, pods)
    persistent_volume, volume_id = site.kubernetes.cinder_volume(settings.namespace, claim)
    servers = {node.name: node.server_id for node in site.kubernetes.nodes()}
    known = tuple(sorted({server_id for server_id in servers.values() if server_id}))
    if not known:
        raise CannotTell(f"no node of the cluster has a spec.providerID (wanted the server under {pod.node})")
    attachments = (
        *site.kubernetes.attachments(persistent_volume, volume_id),
        *site.openstack.nova_attachments(volume_id, known),
        *site.openstack.volume_attachments(volume_id),
    )
    ready = frozenset(server for row in pods if row.ready and not row.deleting and (server := servers.get(row.node or "")))
    return ready, attachments
