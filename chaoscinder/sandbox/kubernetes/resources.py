"""Which resources the sandbox knows, with the names the API server gives them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of one API group; group is "" for the core group."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    singular: str = ""

    @property
    def api_version(self) -> str:
        """apps/v1, or v1 for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version


def _core(plural: str, kind: str, namespaced: bool, short: tuple[str, ...] = (), sub: tuple[str, ...] = ()) -> Resource:
    return Resource("", "v1", plural, kind, namespaced, short, sub)


NAMESPACES = _core("namespaces", "Namespace", False, ("ns",), ("status",))
NODES = _core("nodes", "Node", False, ("no",), ("status",))
PODS = _core("pods", "Pod", True, ("po",), ("status", "eviction", "log", "binding"))
SERVICES = _core("services", "Service", True, ("svc",), ("status",))
ENDPOINTS = _core("endpoints", "Endpoints", True, ("ep",))
EVENTS = _core("events", "Event", True, ("ev",))
CONFIGMAPS = _core("configmaps", "ConfigMap", True, ("cm",))
SECRETS = _core("secrets", "Secret", True)
SERVICEACCOUNTS = _core("serviceaccounts", "ServiceAccount", True, ("sa",), ("token",))
CLAIMS = _core("persistentvolumeclaims", "PersistentVolumeClaim", True, ("pvc",), ("status",))
VOLUMES = _core("persistentvolumes", "PersistentVolume", False, ("pv",), ("status",))
DEPLOYMENTS = Resource("apps", "v1", "deployments", "Deployment", True, ("deploy",), ("status", "scale"))
REPLICASETS = Resource("apps", "v1", "replicasets", "ReplicaSet", True, ("rs",), ("status", "scale"))
STATEFULSETS = Resource("apps", "v1", "statefulsets", "StatefulSet", True, ("sts",), ("status", "scale"))
JOBS = Resource("batch", "v1", "jobs", "Job", True, (), ("status",))
CRONJOBS = Resource("batch", "v1", "cronjobs", "CronJob", True, ("cj",), ("status",))
LEASES = Resource("coordination.k8s.io", "v1", "leases", "Lease", True)
SLICES = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", True)
BUDGETS = Resource("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", True, ("pdb",), ("status",))
STORAGECLASSES = Resource("storage.k8s.io", "v1", "storageclasses", "StorageClass", False, ("sc",))
ATTACHMENTS = Resource("storage.k8s.io", "v1", "volumeattachments", "VolumeAttachment", False, (), ("status",))
CSINODES = Resource("storage.k8s.io", "v1", "csinodes", "CSINode", False)
CSIDRIVERS = Resource("storage.k8s.io", "v1", "csidrivers", "CSIDriver", False)

_RBAC = "rbac.authorization.k8s.io"
ROLES = Resource(_RBAC, "v1", "roles", "Role", True)
ROLEBINDINGS = Resource(_RBAC, "v1", "rolebindings", "RoleBinding", True)
CLUSTERROLES = Resource(_RBAC, "v1", "clusterroles", "ClusterRole", False)
CLUSTERROLEBINDINGS = Resource(_RBAC, "v1", "clusterrolebindings", "ClusterRoleBinding", False)

ALL: tuple[Resource, ...] = (
    NAMESPACES, NODES, PODS, SERVICES, ENDPOINTS, EVENTS, CONFIGMAPS, SECRETS, SERVICEACCOUNTS, CLAIMS, VOLUMES,
    DEPLOYMENTS, REPLICASETS, STATEFULSETS, JOBS, CRONJOBS, LEASES, SLICES, BUDGETS, STORAGECLASSES, ATTACHMENTS, CSINODES, CSIDRIVERS,
    ROLES, ROLEBINDINGS, CLUSTERROLES, CLUSTERROLEBINDINGS,
)  # fmt: skip
