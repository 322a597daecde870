"""A Kubernetes API over real HTTP whose nodes are servers of the lab: the objects stand still, nobody controls them."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from chaoscinder.sandbox import default_world
from chaoscinder.sandbox.kubernetes import resources
from chaoscinder.sandbox.kubernetes.api import KubernetesApi
from chaoscinder.sandbox.kubernetes.controllers.podtemplate import reference
from chaoscinder.sandbox.kubernetes.store import Store
from chaoscinder.sandbox.server import Quiet
from chaoscinder.sandbox.world import World

HASH = "6d5fcd9584"
NAMESPACE, WORKLOAD, POD = "default", default_world.APP, f"{default_world.APP}-{HASH}-9c5wf"


class Cluster:
    """The demo application's Deployment with one ready pod on the first node, and its volume attached there."""

    def __init__(self, servers: Mapping[str, str], volume_id: str) -> None:
        """Serve it; servers maps node names to the ids of servers."""
        self._world = World(epoch=datetime.now(UTC))
        self._store = Store(self._world)
        zones = dict.fromkeys(servers, "nova")
        default_world.build(self._world, self._store, servers=servers, zones=zones, volume_id=volume_id, service_port=1)
        self._run_pod(next(iter(servers)))
        self._api = KubernetesApi(self._world, self._store, git_version="v1.36.2", rate=1.0)
        self._served = [_Served(self._api), _Served(_always_well)]

    @property
    def app_url(self) -> str:
        """Where something answers that stands for the application."""
        return self._served[1].url

    @property
    def identity(self) -> str:
        """The uid of kube-system."""
        return str(self._store.get(resources.NAMESPACES, "kube-system")["metadata"]["uid"])

    def kubeconfig(self, file: Path) -> Path:
        """Write a kubeconfig that leads here."""
        cluster = {"name": "c", "cluster": {"server": self._served[0].url}}
        context = {"name": "x", "context": {"cluster": "c", "user": "u"}}
        file.write_text(
            json.dumps({"current-context": "x", "clusters": [cluster], "contexts": [context], "users": [{"name": "u", "user": {}}]})
        )
        return file

    def close(self) -> None:
        """Stop serving."""
        self._api.close()
        for served in self._served:
            served.close()

    def _run_pod(self, node: str) -> None:
        deployment = self._store.get(resources.DEPLOYMENTS, WORKLOAD, NAMESPACE)
        template = deployment["spec"]["template"]
        ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
        labels = {**template["metadata"]["labels"], "pod-template-hash": HASH}
        replicas = {"replicas": 1, "selector": deployment["spec"]["selector"], "template": template}
        set_meta = {"name": f"{WORKLOAD}-{HASH}", "namespace": NAMESPACE, "labels": labels, "ownerReferences": [reference(deployment)]}
        replica_set = self._store.create(resources.REPLICASETS, {"metadata": set_meta, "spec": replicas, "status": {"replicas": 1}})
        meta = {"name": POD, "namespace": NAMESPACE, "labels": labels, "ownerReferences": [reference(replica_set)]}
        self._store.create(resources.PODS, {"metadata": meta, "spec": {**template["spec"], "nodeName": node}, "status": ready})
        (volume,) = self._store.list(resources.VOLUMES)
        spec = {"attacher": default_world.DRIVER, "nodeName": node, "source": {"persistentVolumeName": volume["metadata"]["name"]}}
        self._store.create(resources.ATTACHMENTS, {"metadata": {"name": "csi-1"}, "spec": spec, "status": {"attached": True}})


class _Served:
    """A WSGI application on a free port of 127.0.0.1."""

    def __init__(self, application: Any) -> None:
        self._server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)


@Request.application
def _always_well(request: Request) -> Response:
    return Response("well")
