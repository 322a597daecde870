"""Every call to Kubernetes that a run makes, its undo's included: what the credentials are asked about before anything is done."""

# verb, group, resource, and whether it is asked of the workload's namespace (else of the cluster)
CALLS: tuple[tuple[str, str, str, bool], ...] = (
    ("get", "", "namespaces", False),
    ("list", "", "nodes", False),
    ("get", "", "nodes", False),
    ("watch", "", "nodes", False),
    ("list", "", "pods", False),
    ("list", "", "pods", True),
    ("watch", "", "pods", True),
    ("watch", "", "events", False),
    ("get", "", "persistentvolumes", False),
    ("get", "", "persistentvolumeclaims", True),
    ("get", "apps", "deployments", True),
    ("get", "apps", "statefulsets", True),
    ("list", "storage.k8s.io", "volumeattachments", False),
    ("watch", "storage.k8s.io", "volumeattachments", False),
    ("get", "storage.k8s.io", "csinodes", False),
    ("list", "storage.k8s.io", "csinodes", False),
    ("list", "policy", "poddisruptionbudgets", False),
    ("watch", "discovery.k8s.io", "endpointslices", True),
    ("get", "coordination.k8s.io", "leases", True),
    ("create", "coordination.k8s.io", "leases", True),
    ("update", "coordination.k8s.io", "leases", True),
    ("delete", "coordination.k8s.io", "leases", True),
)
