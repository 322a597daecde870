"""From a namespace and a workload to the one server and the one volume it stands on, cross-checked at every step."""

from chaoscinder.clients.kubernetes import Kubernetes
from chaoscinder.clients.openstack import OpenStack
from chaoscinder.errors import Refused, SettingsError
from chaoscinder.model.workload import Node, Pod, Server, Target, Workload
from chaoscinder.settings import Settings, require_named_target

SANDBOX_KEY = "chaoscinder"  # what the sandbox's API server adds to /version


def is_sandbox(kubernetes: Kubernetes) -> bool:
    """Tell whether the API server says that it is the sandbox."""
    return bool(kubernetes.server_version().get(SANDBOX_KEY, {}).get("sandbox", False))


def check_identity(settings: Settings, kubernetes: Kubernetes, openstack: OpenStack) -> None:
    """Refuse another cluster, another project, and a rate that the cluster does not run at."""
    require_named_target(settings)
    seen = kubernetes.cluster_id()
    if seen != settings.cluster_id:
        raise Refused(f"this is cluster {seen} (wanted {settings.cluster_id}): nothing was touched")
    check_rate(settings, kubernetes)
    project = openstack.project_id()
    if settings.cloud_project_id and project != settings.cloud_project_id:
        raise Refused(f"the OpenStack credentials are for project {project} (wanted {settings.cloud_project_id}): nothing was touched")


def check_rate(settings: Settings, kubernetes: Kubernetes) -> None:
    """Refuse a rate other than 1 unless the API server says that it is the sandbox and runs at that rate."""
    version = kubernetes.server_version()
    runs_at = float(version.get(SANDBOX_KEY, {}).get("rate", 1.0))
    if settings.rate != runs_at:
        said = f"{version.get('gitVersion', 'unknown')} at rate {runs_at:g}"
        raise SettingsError(
            f"rate is {settings.rate:g} but the cluster is {said} (wanted the same; only the sandbox has a rate other than 1)"
        )


def resolve(settings: Settings, kubernetes: Kubernetes, openstack: OpenStack) -> Target:
    """Find pod, node, server, claim and volume of the workload in settings; one line says which step gave none, several or disagreement."""
    check_identity(settings, kubernetes, openstack)
    workload = kubernetes.workload(settings.namespace, settings.workload)
    pod, claim = pod_and_claim(settings, workload, kubernetes.pods(workload))
    persistent_volume, volume_id = kubernetes.cinder_volume(settings.namespace, claim)
    node = kubernetes.node(str(pod.node))
    server = _server(node, openstack)
    _check_volume(volume_id, server, openstack)
    return Target(
        namespace=settings.namespace,
        workload=workload.name,
        kind=workload.kind,
        pod=pod.name,
        pod_uid=pod.uid,
        node=node.name,
        server_id=server.id,
        server_name=server.name,
        claim=claim,
        persistent_volume=persistent_volume,
        volume_id=volume_id,
    )


def pod_and_claim(settings: Settings, workload: Workload, pods: tuple[Pod, ...]) -> tuple[Pod, str]:
    """Pick the one live pod and the one claim this is about; Refused when there is none or several."""
    named = f"{workload.kind} {workload.namespace}/{workload.name}"
    live = [pod for pod in pods if not pod.deleting and pod.node]
    pairs = [(pod, claim) for pod in live for claim in pod.claims if settings.claim in ("", claim)]
    if not live:
        raise Refused(f"{named} has no scheduled pod (wanted one with a Cinder volume; {len(pods)} pods seen)")
    if not pairs:
        wanted = f"claim {settings.claim}" if settings.claim else "a PersistentVolumeClaim"
        raise Refused(f"{named} mounts no volume of a claim (wanted {wanted} in pod {live[0].name})")
    if len(pairs) > 1:
        claims = sorted({claim for _, claim in pairs})
        if len(claims) == 1:
            names = ", ".join(pod.name for pod, _ in pairs)
            raise Refused(f"{named} mounts claim {claims[0]} in {len(pairs)} pods (wanted one pod, so that there is one target): {names}")
        seen = ", ".join(f"{claim} in {pod.name}" for pod, claim in pairs)
        raise Refused(f"{named} has several claims (wanted one: set claim): {seen}")
    return pairs[0]


def _server(node: Node, openstack: OpenStack) -> Server:
    if node.server_id is None:
        raise Refused(f"node {node.name} has no usable spec.providerID (wanted openstack:///SERVER)")
    if node.csi_node_id and node.csi_node_id.lower() != node.server_id:
        raise Refused(f"node {node.name}: providerID says server {node.server_id}, its CSINode says {node.csi_node_id} (wanted the same)")
    server = openstack.server(node.server_id)
    if server.name.split(".")[0] != node.name.split(".")[0]:
        raise Refused(f"node {node.name} is server {server.id}, but that server is called {server.name} (wanted the same name)")
    twins = [twin.id for twin in openstack.servers_named(server.name) if twin.id != server.id]
    if twins:
        raise Refused(f"{len(twins) + 1} servers are called {server.name}: {server.id}, {', '.join(twins)} (wanted one)")
    return server


def _check_volume(volume_id: str, server: Server, openstack: OpenStack) -> None:
    volume = openstack.volume(volume_id)
    holders = sorted({str(row.server_id) for row in openstack.volume_attachments(volume_id) if row.status == "attached"})
    if volume.status != "in-use" or holders != [server.id]:
        seen = f"{volume.status}, attached to {', '.join(holders) or 'nothing'}"
        raise Refused(f"volume {volume_id} is {seen} in Cinder (wanted in-use on server {server.name} {server.id}, where the pod is)")
