"""Everything that a run asks of Kubernetes and OpenStack, its undo's included: what credentials are asked about before anything is done.

The tables are declared here, printed by `chaoscinder access`, and held against what runs in the sandbox really asked for
(tests/experiments/test_each_experiment.py): a call that is missing here, or that nobody makes any more, fails there.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from chaoscinder.checks import acts as known_acts
from chaoscinder.model.access import BLOCK_STORAGE, COMPUTE, WORKLOAD, CloudCall, ClusterCall, Needs
from chaoscinder.model.act import CALLS_OF, POWER, Act
from chaoscinder.model.leftover import LEASE
from chaoscinder.settings import Settings

SYSTEM = "kube-system"  # whose uid is the cluster's identity
OWNERS = {"deployment": "deployments", "statefulset": "statefulsets"}
STORAGE, LEASES = "storage.k8s.io", "coordination.k8s.io"
LATE = "an undo after a stop that got no answer"
# group, resource, verbs, place, names: what the control asks for in every run
EVERY_RUN: tuple[tuple[str, str, str, str, tuple[str, ...]], ...] = (
    ("", "namespaces", "get", "", (SYSTEM, WORKLOAD)),
    ("", "nodes", "get list watch", "", ()),
    ("", "pods", "list", "", ()),
    ("", "pods", "get watch", WORKLOAD, ()),
    ("", "events", "list watch", WORKLOAD, ()),
    ("", "persistentvolumes", "get", "", ()),
    ("", "persistentvolumeclaims", "get", WORKLOAD, ()),
    (STORAGE, "volumeattachments", "list watch", "", ()),
    (STORAGE, "csinodes", "get list", "", ()),
    ("policy", "poddisruptionbudgets", "list", "", ()),
    ("discovery.k8s.io", "endpointslices", "list watch", WORKLOAD, ()),
    (LEASES, "leases", "create", WORKLOAD, ()),
    (LEASES, "leases", "get update delete", WORKLOAD, (LEASE,)),
)
EVERY_RUN_IN_THE_CLOUD = frozenset(
    {
        CloudCall(COMPUTE, "GET", "/servers/detail", "os_compute_api:servers:detail"),
        CloudCall(COMPUTE, "GET", "/servers/{server_id}", "os_compute_api:servers:show"),
        CloudCall(COMPUTE, "GET", "/servers/{server_id}/os-volume_attachments", "os_compute_api:os-volumes-attachments:index"),
        CloudCall(BLOCK_STORAGE, "GET", "/"),  # which versions there are: Nova tells everybody, Cinder wants a token
        CloudCall(BLOCK_STORAGE, "GET", "/volumes/{volume_id}", "volume:get"),
        CloudCall(BLOCK_STORAGE, "GET", "/attachments/detail"),
    }
)
MARKING = frozenset(
    {
        CloudCall(COMPUTE, "POST", "/servers/{server_id}/metadata", "os_compute_api:server-metadata:create"),
        CloudCall(COMPUTE, "DELETE", "/servers/{server_id}/metadata/{key}", "os_compute_api:server-metadata:delete"),
    }
)
STARTING = frozenset({CloudCall(COMPUTE, "POST", "/servers/{server_id}/action", "os_compute_api:servers:start")})
STOPPING = frozenset(
    {
        CloudCall(COMPUTE, "POST", "/servers/{server_id}/action", "os_compute_api:servers:stop"),
        CloudCall(COMPUTE, "GET", "/servers/{server_id}/os-instance-actions", "os_compute_api:os-instance-actions:list", LATE),
        CloudCall(COMPUTE, "GET", "/servers/{server_id}/os-instance-actions/{request_id}", "os_compute_api:os-instance-actions:show", LATE),
    }
)
CLOUD_OF: Mapping[Act, frozenset[CloudCall]] = {Act.STOP_SERVER: STOPPING}


def of_experiment(experiment: Mapping[str, Any], settings: Settings) -> Needs:
    """Tell what an experiment of ours asks for, its control, its faults and their undo."""
    return of_acts(known_acts.of_experiment(experiment), settings)


def of_acts(acts: Iterable[Act], settings: Settings) -> Needs:
    """Tell what a run with these acts asks for, with the names that the settings give; nothing named means any."""
    found = Needs(frozenset(_every_run()) | frozenset(_owners(settings.workload, WORKLOAD)), EVERY_RUN_IN_THE_CLOUD)
    for act in acts:
        undo = MARKING | STARTING if act in POWER else frozenset()
        found |= Needs(frozenset(_of_act(act)), CLOUD_OF.get(act, frozenset()) | undo)
    for guarded in settings.guarded_workloads:
        namespace, _, workload = guarded.partition("/")
        there = ClusterCall("", "namespaces", "get", "", (namespace,))
        found |= Needs(frozenset({there, *_owners(workload, namespace)}))
    return Needs(frozenset(_named(call, settings) for call in found.cluster), found.cloud)


def _every_run() -> Iterable[ClusterCall]:
    for group, resource, verbs, place, names in EVERY_RUN:
        yield from (ClusterCall(group, resource, verb, place, names) for verb in verbs.split())


def _of_act(act: Act) -> Iterable[ClusterCall]:
    return (ClusterCall(group, resource, verb, WORKLOAD if inside else "") for verb, group, resource, inside in CALLS_OF.get(act, ()))


def _owners(workload: str, place: str) -> Iterable[ClusterCall]:
    """The Deployment or StatefulSet of a name, or both where the name does not tell which."""
    kind, _, name = workload.rpartition("/")
    plurals = [plural for word, plural in OWNERS.items() if kind.lower() in ("", word)]
    return (ClusterCall("apps", plural, "get", place, (name,) if name else ()) for plural in plurals)


def _named(call: ClusterCall, settings: Settings) -> ClusterCall:
    """The call with the workload's namespace in the places that stand for it; where that is not known, names are left out."""
    namespace = settings.namespace
    names = tuple(namespace if name == WORKLOAD else name for name in call.names)
    place = namespace or WORKLOAD if call.place == WORKLOAD else call.place
    return ClusterCall(call.group, call.resource, call.verb, place, names if all(names) else (), call.sometimes)
