"""Wakes each controller after the changes it watches, until nothing changes any more."""

from collections.abc import Sequence
from pathlib import Path

from chaoscinder.sandbox import remediation as operator
from chaoscinder.sandbox import storage
from chaoscinder.sandbox.kubernetes.controllers import (
    attachdetach,
    cloudnodelifecycle,
    cronjob,
    deployment,
    disruption,
    endpoint,
    endpointslice,
    garbagecollector,
    job,
    kubelet,
    namespace,
    nodelifecycle,
    persistentvolume,
    podgc,
    reclaim,
    replicaset,
    scheduler,
    statefulset,
    tainteviction,
    ttlafterfinished,
)
from chaoscinder.sandbox.kubernetes.controllers.cluster import Chance, Cluster, Controller, FindTraffic, Provision
from chaoscinder.sandbox.kubernetes.controllers.conditions import is_heartbeat
from chaoscinder.sandbox.kubernetes.controllers.events import Recorder
from chaoscinder.sandbox.kubernetes.resources import NODES
from chaoscinder.sandbox.kubernetes.store import Happened, Store
from chaoscinder.sandbox.ports import Cloud, Containers, Guests
from chaoscinder.sandbox.profiles import Profile
from chaoscinder.sandbox.world import World

REMEDIATIONS = ("none", "out-of-service")


class Manager:
    """Listens to the store and keeps the controllers that have something to look at."""

    def __init__(self, cluster: Cluster, controllers: Sequence[Controller], kubelets: kubelet.Kubelets) -> None:
        self.cluster = cluster
        self.kubelets = kubelets
        self.attach_detach = next(row for row in controllers if isinstance(row, attachdetach.AttachDetach))
        self.attacher = next(row for row in controllers if isinstance(row, storage.Attacher))
        self._controllers = tuple(controllers)
        self._dirty: set[Controller] = set(controllers)
        self._late: set[Controller] = set()
        cluster.store.listen(self._happened)
        cluster.world.add_settler(self.settle)

    def settle(self) -> bool:
        """Let each controller that has something to look at look once; tell whether there was one."""
        ran = False
        for controller in self._controllers:
            if controller in self._dirty:
                self._dirty.discard(controller)
                controller.sync()
                ran = True
        return ran

    def _happened(self, event: Happened) -> None:
        if event.resource is NODES and event.type == "MODIFIED" and is_heartbeat(event.previous or {}, event.object):
            return  # read from the store by who counts them; nobody else need look
        for controller in self._controllers:
            if event.resource in controller.watches and controller.concerns(event):
                self._wake(controller)

    def _wake(self, controller: Controller) -> None:
        if controller.delay_s == 0:
            self._dirty.add(controller)
        elif controller not in self._late:
            self._late.add(controller)
            self.cluster.world.call_later(controller.delay_s, lambda: self._look(controller), type(controller).__name__)

    def _look(self, controller: Controller) -> None:
        self._late.discard(controller)
        controller.sync()


def start(
    world: World,
    store: Store,
    *,
    cloud: Cloud,
    guests: Guests,
    containers: Containers,
    traffic: FindTraffic,
    profile: Profile,
    volumes_dir: Path,
    remediation: str = "none",
    provision: Provision | None = None,
    chance: Chance | None = None,
) -> Manager:
    """Start the controllers on the objects that are there; they act from the next moment the world settles.

    remediation "out-of-service" adds the stand-in for an operator who fences dead nodes. chance decides phases and ties; the world's
    own randomness does where it is None.
    """
    if remediation not in REMEDIATIONS:
        raise ValueError(f"unknown remediation {remediation!r} (wanted one of {', '.join(REMEDIATIONS)})")
    events = Recorder(world, store)
    ports = (cloud, guests, containers, traffic, volumes_dir, provision)
    cluster = Cluster(world, store, events, profile, *ports, chance=chance or Chance(world))
    kubelets = kubelet.Kubelets(cluster)
    controllers = [*_controllers(cluster), kubelets]
    if remediation == "out-of-service":
        controllers.append(operator.Remediator(cluster))
    cluster.every(300.0, events.forget_old, "event-ttl")
    return Manager(cluster, controllers, kubelets)


def _controllers(cluster: Cluster) -> list[Controller]:
    """In the order in which they look when several have something to look at."""
    return [
        namespace.Namespaces(cluster),
        garbagecollector.GarbageCollector(cluster),
        nodelifecycle.NodeLifecycle(cluster),
        cloudnodelifecycle.CloudNodeLifecycle(cluster),
        tainteviction.TaintEviction(cluster),
        podgc.PodGC(cluster),
        deployment.Deployments(cluster),
        replicaset.ReplicaSets(cluster),
        statefulset.StatefulSets(cluster),
        job.Jobs(cluster),
        cronjob.CronJobs(cluster),
        ttlafterfinished.TtlAfterFinished(cluster),
        disruption.Disruption(cluster),
        persistentvolume.Binder(cluster),
        reclaim.Reclaimer(cluster),
        scheduler.Scheduler(cluster),
        attachdetach.AttachDetach(cluster),
        storage.Attacher(cluster),
        endpoint.Endpoints(cluster),
        endpointslice.EndpointSlices(cluster),
    ]
