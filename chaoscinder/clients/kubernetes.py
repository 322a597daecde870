"""The Kubernetes API through the official client, as raw JSON turned into nouns.

1. Every call has a time limit in wall seconds and is made once: a hanging API server is an answer too.
2. No ApiException leaves this room.
3. Only our own Lease, the cordon of a node with our annotations, and the deletion of one named pod change anything.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chaoscinder.clients import objects
from chaoscinder.clients.reading import brief, readable
from chaoscinder.clients.whole import whole
from chaoscinder.errors import CannotTell, ChaoscinderError, NotFound, Refused, SettingsError, Unreachable
from chaoscinder.model.attachment import Attachment
from chaoscinder.model.workload import Kind, Node, Pod, Workload
from chaoscinder.redaction import redaction
from chaoscinder.settings import Settings

APPS = "/apis/apps/v1"
STORAGE = "/apis/storage.k8s.io/v1"
LEASES = "/apis/coordination.k8s.io/v1"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
PAGE = 500  # objects a request
PLURALS = {Kind.DEPLOYMENT: "deployments", Kind.STATEFULSET: "statefulsets"}


@readable("Kubernetes")
class Kubernetes:
    """One cluster, the one that the kubeconfig (and settings.context) names, or the one this process runs in."""

    def __init__(self, settings: Settings) -> None:
        self._timeout_s = settings.request_timeout_s
        self._client = _api_client(settings.context)

    def close(self) -> None:
        """Close the connections."""
        self._client.rest_client.pool_manager.clear()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """GET a path as JSON."""
        return self._asked("GET", path, query)

    def rows(self, path: str, **query: Any) -> tuple[dict[str, Any], ...]:
        """GET a list, page by page, whole."""
        found: list[dict[str, Any]] = []
        query["limit"] = PAGE
        while True:
            answer = self.get(path, **query)
            found += answer.get("items") or []
            query["continue"] = answer.get("metadata", {}).get("continue", "")
            if not query["continue"]:
                return tuple(found)

    def groups(self) -> frozenset[str]:
        """The API groups that are served, those of CustomResourceDefinitions included."""
        return frozenset(str(row["name"]) for row in self.get("/apis")["groups"])

    def may(self, verb: str, group: str, resource: str, namespace: str = "", name: str = "") -> bool:
        """Tell whether these credentials may do that (to the one with this name), by the API server's word (SelfSubjectAccessReview)."""
        resource, _, part = resource.partition("/")
        attributes = {"verb": verb, "group": group, "resource": resource, "subresource": part, "namespace": namespace, "name": name}
        body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": {"resourceAttributes": attributes}}
        return bool(self._asked("POST", REVIEWS, body=body).get("status", {}).get("allowed", False))

    def lease(self, namespace: str, name: str) -> dict[str, Any] | None:
        """One Lease as it is; None where there is none."""
        try:
            return self.get(f"{LEASES}/namespaces/{namespace}/leases/{name}")
        except NotFound:
            return None

    def create_lease(self, lease: Mapping[str, Any]) -> dict[str, Any]:
        """Make a Lease; Refused when there is one of this name."""
        return self._asked("POST", f"{LEASES}/namespaces/{lease['metadata']['namespace']}/leases", body=lease)

    def replace_lease(self, lease: Mapping[str, Any]) -> dict[str, Any]:
        """Write a Lease over the version that was read; Refused when somebody else wrote it since."""
        meta = lease["metadata"]
        return self._asked("PUT", f"{LEASES}/namespaces/{meta['namespace']}/leases/{meta['name']}", body=lease)

    def delete_lease(self, lease: Mapping[str, Any]) -> None:
        """Delete a Lease, only as the version that was read; one that is gone already is no error."""
        meta = lease["metadata"]
        body = {"preconditions": {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]}}
        try:
            self._asked("DELETE", f"{LEASES}/namespaces/{meta['namespace']}/leases/{meta['name']}", body=body)
        except NotFound:
            return

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Merge a few keys into an object; null takes a key away."""
        return self._asked("PATCH", path, body=body, kind="application/merge-patch+json")

    def delete(self, path: str, uid: str) -> dict[str, Any]:
        """Delete the one object with this uid, in its own grace period; Refused when another one has its name by now."""
        return self._asked("DELETE", path, body={"preconditions": {"uid": uid}})

    def watch(self, path: str, *, resource_version: str, timeout_s: float, **query: Any) -> Iterator[dict[str, Any]]:
        """Follow a path's watch events, raw, for at most timeout_s wall seconds; an ERROR event (410) is yielded as it is."""
        query |= {
            "watch": "true",
            "resourceVersion": resource_version,
            "timeoutSeconds": max(1, int(timeout_s)),
            "allowWatchBookmarks": "true",
        }
        response = self._call("GET", path, query, timeout_s + self._timeout_s)
        try:
            yield from _lines(response, path)
        finally:
            response.close()

    def server_version(self) -> dict[str, Any]:
        """The API server's /version, with what the sandbox adds to it."""
        return self.get("/version")

    def cluster_id(self) -> str:
        """The cluster's identity: the uid of its namespace kube-system."""
        return str(self.get("/api/v1/namespaces/kube-system")["metadata"]["uid"])

    def workload(self, namespace: str, name: str) -> Workload:
        """Find the Deployment or StatefulSet called name, or Kind/name; Refused when there is one of each."""
        self.get(f"/api/v1/namespaces/{namespace}")
        kinds = [kind for kind in Kind if "/" not in name or name.lower().startswith(kind.value.lower() + "/")]
        bare = name.split("/")[-1]
        found = [row for kind in kinds if (row := self._workload(namespace, bare, kind)) is not None]
        if not found:
            raise NotFound(f"no Deployment or StatefulSet {name} in namespace {namespace} (wanted one)")
        if len(found) > 1:
            raise Refused(f"namespace {namespace} has both a Deployment and a StatefulSet {bare} (wanted one: say Deployment/{bare})")
        return found[0]

    def pods(self, workload: Workload) -> tuple[Pod, ...]:
        """The pods that the workload's selector matches."""
        items = self.get(f"/api/v1/namespaces/{workload.namespace}/pods", labelSelector=workload.selector)["items"]
        return tuple(objects.pod(item) for item in items)

    def node(self, name: str) -> Node:
        """One node, with its CSINode where there is one."""
        raw = self.get(f"/api/v1/nodes/{name}")
        try:
            return objects.node(raw, self.get(f"{STORAGE}/csinodes/{name}"))
        except NotFound:
            return objects.node(raw)

    def nodes(self) -> tuple[Node, ...]:
        """All nodes, without their CSINodes."""
        return tuple(objects.node(item) for item in self.get("/api/v1/nodes")["items"])

    def cinder_volume(self, namespace: str, claim: str) -> tuple[str, str]:
        """The PersistentVolume and the Cinder volume's id behind a claim; Refused when it is not Cinder's."""
        bound = self.get(f"/api/v1/namespaces/{namespace}/persistentvolumeclaims/{claim}")["spec"].get("volumeName")
        if not bound:
            raise Refused(f"claim {claim} in namespace {namespace} is not bound to a PersistentVolume (wanted a Cinder volume)")
        raw = self.get(f"/api/v1/persistentvolumes/{bound}")
        volume_id = objects.cinder_volume_of(raw)
        if volume_id is None:
            source = raw["spec"].get("csi", {}).get("driver") or next(
                (key for key in raw["spec"] if key in ("nfs", "hostPath", "local", "rbd")), "?"
            )
            raise Refused(f"claim {claim} is bound to {bound}, a volume of {source} (wanted one of Cinder: {objects.CSI_DRIVER})")
        return bound, volume_id

    def attachments(self, persistent_volume: str, volume_id: str) -> tuple[Attachment, ...]:
        """What Kubernetes says about where the volume is: its VolumeAttachments, or the nodes' word for an in-tree volume."""
        items = self.get(f"{STORAGE}/volumeattachments")["items"]
        mine = [item for item in items if item["spec"]["source"].get("persistentVolumeName") == persistent_volume]
        nodes = self.get("/api/v1/nodes")["items"]
        known = (objects.node(item) for item in nodes)
        servers = {node.name: node.server_id for node in known if node.server_id}
        if not mine:
            return tuple(row for item in nodes for row in objects.in_tree_attachments(item, volume_id))
        return tuple(objects.attachment(item, volume_id, servers) for item in mine)

    def _workload(self, namespace: str, name: str, kind: Kind) -> Workload | None:
        try:
            return objects.workload(self.get(f"{APPS}/namespaces/{namespace}/{PLURALS[kind]}/{name}"), kind)
        except NotFound:
            return None

    def _asked(
        self, method: str, path: str, query: Mapping[str, Any] | None = None, body: Any = None, kind: str = "application/json"
    ) -> dict[str, Any]:
        def ask() -> dict[str, Any]:
            response = self._call(method, path, dict(query or {}), self._timeout_s, body, kind)
            try:
                found = json.loads(response.data)
            except ValueError as error:
                raise Unreachable(f"Kubernetes {method} {path} did not answer in JSON (saw {response.data[:60]!r})") from error
            if not isinstance(found, dict):  # an empty JSON list would pass for an object without anything in it
                raise Unreachable(f"Kubernetes {method} {path} did not answer with an object (saw {response.data[:60]!r})")
            return found

        return ask() if method == "GET" or path == REVIEWS else whole(ask)

    def _call(
        self, method: str, path: str, query: dict[str, Any], timeout_s: float, body: Any = None, kind: str = "application/json"
    ) -> Any:
        from kubernetes.client import ApiException
        from urllib3.exceptions import HTTPError

        headers = {"Accept": "application/json", **({} if body is None else {"Content-Type": kind})}
        try:
            return self._client.call_api(
                path, method, query_params=list(query.items()), header_params=headers, body=body, auth_settings=["BearerToken"],
                _preload_content=False, _return_http_data_only=True, _request_timeout=(self._timeout_s, timeout_s),
            )  # fmt: skip
        except ApiException as error:
            raise _translated(error, method, path) from error
        except (HTTPError, OSError) as error:
            host = self._client.configuration.host
            raise Unreachable(f"Kubernetes at {host} did not answer {method} {path} within {timeout_s:g} s ({_cause(error)})") from error


@dataclass(frozen=True, slots=True)
class ApiServer:
    """Where the API server listens and how its certificate is verified; empty means the system's certificates and the host's name."""

    url: str
    ca_file: str
    verify: bool
    server_name: str


def api_server(settings: Settings) -> ApiServer | None:
    """Tell where the API server is, without asking it; None where it is only reached through a proxy.

    Without credentials on purpose: /readyz answers everybody (system:public-info-viewer), and a token that expires in the midst of a run
    would look like an API server that is gone. ca_file may be a temporary file that goes away with this process.
    """
    client = _api_client(settings.context)
    try:
        given = client.configuration
        if given.proxy and not _is_named(given.host, given.no_proxy or ""):
            return None
        return ApiServer(given.host.rstrip("/"), given.ssl_ca_cert or "", bool(given.verify_ssl), given.tls_server_name or "")
    finally:
        client.close()


def _is_named(url: str, no_proxy: str) -> bool:
    from requests.utils import should_bypass_proxies

    return bool(should_bypass_proxies(url, no_proxy))


def _api_client(context: str) -> Any:
    from kubernetes import client, config
    from kubernetes.config.config_exception import ConfigException

    configuration = client.Configuration()
    try:
        try:
            config.load_kube_config(context=context or None, client_configuration=configuration)
        except ConfigException:
            if context:
                raise
            config.load_incluster_config(client_configuration=configuration)
    except (ConfigException, OSError, ValueError) as error:
        raise SettingsError(
            f"no usable kubeconfig (wanted KUBECONFIG or ~/.kube/config{_in(context)}, or a pod): {_cause(error)}"
        ) from error
    except Exception as error:  # whatever the library makes of a kubeconfig that is none
        raise SettingsError(f"the kubeconfig cannot be read ({brief(error)}; wanted KUBECONFIG or ~/.kube/config, or a pod)") from error
    configuration.retries = False
    redaction.learn(configuration.password, *(key.split()[-1] for key in configuration.api_key.values() if key))
    return client.ApiClient(configuration)


def _in(context: str) -> str:
    return f" with context {context}" if context else ""


def _lines(response: Any, path: str) -> Iterator[dict[str, Any]]:
    from urllib3.exceptions import HTTPError

    rest = b""
    try:
        for chunk in response.stream(amt=None, decode_content=False):
            *lines, rest = (rest + chunk).split(b"\n")
            yield from (json.loads(line) for line in lines if line.strip())
    except (HTTPError, OSError, ValueError) as error:
        raise Unreachable(f"Kubernetes stopped answering the watch of {path} ({_cause(error)})") from error


def _translated(error: Any, method: str, path: str) -> ChaoscinderError:
    try:
        said = json.loads(error.body)["message"]
    except (TypeError, ValueError, KeyError):
        said = str(error.reason)
    if error.status == 404:
        return NotFound(f"Kubernetes has no {path}: {said}")
    if error.status in (401, 403, 409, 422):
        return Refused(f"Kubernetes refused {method} {path} with {error.status}: {said}")
    return CannotTell(f"Kubernetes answered {method} {path} with {error.status}: {said}")


def _cause(error: BaseException) -> str:
    text = str(getattr(error, "reason", None) or error).splitlines()
    return f"{type(error).__name__}: {text[0][:160]}" if text else type(error).__name__
