"""The Kubernetes side of the world that the sandbox lends: its nodes, its storage and the demo application.

demo_manifests() is the application as a user would apply it; everything else is what a cluster has before anybody applies anything.
"""

import copy
from collections.abc import Mapping

from chaoscinder.sandbox import profiles
from chaoscinder.sandbox.kubernetes import defaults, resources
from chaoscinder.sandbox.kubernetes.controllers.conditions import put
from chaoscinder.sandbox.kubernetes.controllers.kubelet import HEALTHY
from chaoscinder.sandbox.kubernetes.controllers.persistentvolume import TOPOLOGY, bind_claim, bind_volume, volume_of
from chaoscinder.sandbox.kubernetes.controllers.podtemplate import reference
from chaoscinder.sandbox.kubernetes.controllers.reclaim import finalizers_of
from chaoscinder.sandbox.kubernetes.resources import Resource
from chaoscinder.sandbox.kubernetes.store import Object, Store
from chaoscinder.sandbox.profiles import Profile
from chaoscinder.sandbox.world import World

APP = "test-cinder"
CLAIM = "test-cinder-volume"
CLASS = "cinder"
IMAGE = "registry.invalid/chaoscinder-demo:0.1.0"
DRIVER = "cinder.csi.openstack.org"
REGION = "RegionOne"
NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
ADDRESS = "sandbox.chaoscinder/address"
USER = 10001  # as deploy/demoapp has it
MOST_VOLUMES = 256  # Cinder CSI driver, node-volume-attach-limit


def build(
    world: World,
    store: Store,
    *,
    servers: Mapping[str, str],
    zones: Mapping[str, str],
    volume_id: str,
    service_port: int,
    image: str = IMAGE,
    profile: Profile | None = None,
) -> None:
    """Create every object of the default world; the controllers do the rest.

    servers maps node names to Nova server ids and zones to availability zones; a name that begins with control-plane is one.
    volume_id is the Cinder volume behind the demo application's claim, service_port the port of 127.0.0.1 that its Service leads to.
    profile tells Kubernetes' version and the storage driver; the default one where it is None.
    """
    profile = profile or profiles.load()
    for name in NAMESPACES:
        _create(store, resources.NAMESPACES, {"metadata": {"name": name}})
    if profile.plugin == "csi":
        _create(store, resources.CSIDRIVERS, {"metadata": {"name": DRIVER}, "spec": {"attachRequired": True, "podInfoOnMount": True}})
    for number, (name, server) in enumerate(servers.items(), start=1):
        node = _create(store, resources.NODES, node_of(world, name, server, zones[name], number, profile.git_version))
        if profile.plugin == "csi":
            _create(store, resources.CSINODES, _csi_node(node, server))
    class_, claim, deployment, service = demo_manifests(image)
    _create(store, resources.STORAGECLASSES, class_ | {"provisioner": profile.driver})
    _create_bound_claim(store, claim, volume_id, zones, profile)
    _create(store, resources.DEPLOYMENTS, deployment)
    service["metadata"]["annotations"] = {ADDRESS: f"127.0.0.1:{service_port}"}
    _create(store, resources.SERVICES, service)


def demo_manifests(image: str = IMAGE, namespace: str = "default") -> list[Object]:
    """The demo application as plain objects: StorageClass, PersistentVolumeClaim, Deployment, Service."""
    class_: Object = {"kind": "StorageClass", "apiVersion": "storage.k8s.io/v1", "metadata": {"name": CLASS}, "provisioner": DRIVER}
    class_ |= {"reclaimPolicy": "Delete", "allowVolumeExpansion": True, "volumeBindingMode": "WaitForFirstConsumer"}
    claim: Object = {"kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": _meta(CLAIM, namespace)}
    size = {"requests": {"storage": "3Gi"}}
    claim["spec"] = {"accessModes": ["ReadWriteOnce"], "storageClassName": CLASS, "resources": size}
    ports = [{"name": "http", "port": 80, "targetPort": 8080}]
    service: Object = {"kind": "Service", "apiVersion": "v1", "metadata": _meta(APP, namespace)}
    service["spec"] = {"selector": {"app": APP}, "ports": ports}
    return [class_, claim, _deployment(image, namespace), service]


def node_of(world: World, name: str, server: str, zone: str, number: int, version: str) -> Object:
    """A Node as kubelet and cloud controller manager leave it after it joined."""
    labels = {
        "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": name, "kubernetes.io/os": "linux",
        "node.kubernetes.io/instance-type": "m1.medium", TOPOLOGY: zone,
        "topology.kubernetes.io/region": REGION, "topology.kubernetes.io/zone": zone,
    }  # fmt: skip
    annotations = {"node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true"}
    spec: Object = {"providerID": f"openstack:///{server}"}
    if name.startswith("control-plane"):
        labels["node-role.kubernetes.io/control-plane"] = ""
        spec["taints"] = [{"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}]
    node = {"metadata": {"name": name, "labels": labels, "annotations": annotations}, "spec": spec}
    node["status"] = _node_status(world, name, server, number, version)
    for type_, value, reason, message in HEALTHY:
        put(node, type_, value, world.stamp(), reason=reason, message=message, lastHeartbeatTime=world.stamp())
    return node


def _node_status(world: World, name: str, server: str, number: int, version: str) -> Object:
    addresses = [{"type": "InternalIP", "address": f"192.168.0.{number + 10}"}, {"type": "Hostname", "address": name}]
    info = {
        "machineID": server.replace("-", ""), "systemUUID": server, "bootID": world.new_uuid(), "kernelVersion": "sandbox",
        "osImage": "chaoscinder sandbox", "containerRuntimeVersion": "sandbox://0", "kubeletVersion": version, "kubeProxyVersion": "",
        "operatingSystem": "linux", "architecture": "amd64",
    }  # fmt: skip
    capacity = {"cpu": "4", "ephemeral-storage": "40Gi", "memory": "8Gi", "pods": "110"}
    endpoints = {"kubeletEndpoint": {"Port": 10250}}
    return {"capacity": capacity, "allocatable": dict(capacity), "addresses": addresses, "nodeInfo": info, "daemonEndpoints": endpoints}


def _csi_node(node: Object, server: str) -> Object:
    driver = {"name": DRIVER, "nodeID": server, "topologyKeys": [TOPOLOGY], "allocatable": {"count": MOST_VOLUMES}}
    owner = {key: value for key, value in reference(node).items() if key not in ("controller", "blockOwnerDeletion")}
    return {"metadata": {"name": node["metadata"]["name"], "ownerReferences": [owner]}, "spec": {"drivers": [driver]}}


def _create_bound_claim(store: Store, manifest: Object, volume_id: str, zones: Mapping[str, str], profile: Profile) -> None:
    claim = _create(store, resources.CLAIMS, manifest)
    zone = next(zone for name, zone in zones.items() if not name.startswith("control-plane"))
    class_ = store.get(resources.STORAGECLASSES, CLASS)
    made = volume_of(claim, volume_id, zone, profile.driver, class_, finalizers_of(profile, class_))
    volume = _create(store, resources.VOLUMES, made)
    volume = store.change(resources.VOLUMES, volume["metadata"]["name"], "", lambda new: bind_volume(new, claim))
    store.change(resources.CLAIMS, claim["metadata"]["name"], claim["metadata"]["namespace"], lambda new: bind_claim(new, volume))


def _deployment(image: str, namespace: str) -> Object:
    user: Object = {"runAsNonRoot": True, "runAsUser": USER, "runAsGroup": USER}
    user |= {"fsGroup": USER, "fsGroupChangePolicy": "OnRootMismatch", "seccompProfile": {"type": "RuntimeDefault"}}
    pod = {
        "automountServiceAccountToken": False, "securityContext": user, "containers": [_container(image)],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": CLAIM}}],
    }  # fmt: skip
    template = {"metadata": {"labels": {"app": APP}}, "spec": pod}
    spec = {"replicas": 1, "strategy": {"type": "Recreate"}, "selector": {"matchLabels": {"app": APP}}, "template": template}
    return {"kind": "Deployment", "apiVersion": "apps/v1", "metadata": _meta(APP, namespace), "spec": spec}


def _container(image: str) -> Object:
    narrow = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    environment = [{"name": "DATABASE_DIR", "value": "/data"}, _field("MY_POD_NAME", "metadata.name"), _field("MY_POD_UID", "metadata.uid")]
    return {
        "name": APP, "image": image, "args": ["serve", "-H", "0.0.0.0"],
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [*environment, _field("MY_NODE_NAME", "spec.nodeName")],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": 8080}, "periodSeconds": 1},
        "livenessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 10},
        "resources": {"requests": {"cpu": "20m", "memory": "48Mi"}, "limits": {"memory": "128Mi"}},
        "securityContext": narrow,
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }  # fmt: skip


def _meta(name: str, namespace: str) -> Object:
    return {"name": name, "namespace": namespace, "labels": {"app": APP}}


def _field(name: str, path: str) -> Object:
    return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}


def _create(store: Store, resource: Resource, obj: Object) -> Object:
    return store.create(resource, defaults.apply(resource, copy.deepcopy(obj)))
