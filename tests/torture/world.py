"""Everything that a run may leave behind, looked at past the pack and past the proxy, before and after."""

import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

MARKER = "TORTURE_MARK"  # in the environment of everything that a run starts
OURS = re.compile(r"chaoscinder")
# Written by the controllers as they go, and no residue of anybody.
VOLATILE = ("deployment.kubernetes.io/revision", "csi.volume.kubernetes.io/nodeid")
NAMESPACED = ("pods", "persistentvolumeclaims", "events", "secrets", "configmaps")
SEEN = {
    "nodes": "/api/v1/nodes",
    "pods": "/api/v1/pods",
    "leases": "/apis/coordination.k8s.io/v1/leases",
    "volumes": "/api/v1/persistentvolumes",
    "claims": "/api/v1/persistentvolumeclaims",
    "attachments": "/apis/storage.k8s.io/v1/volumeattachments",
    "deployments": "/apis/apps/v1/deployments",
    "statefulsets": "/apis/apps/v1/statefulsets",
    "budgets": "/apis/policy/v1/poddisruptionbudgets",
}

World = dict[str, Any]


class Witness:
    """Looks at one sandbox, over connections of its own."""

    def __init__(self, url: str, token: str, app_url: str) -> None:
        self._url = url
        self._app_url = app_url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {token}"

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def get(self, path: str) -> Any:
        """GET a path of the sandbox as JSON."""
        return self._session.get(self._url + path, timeout=10).json()

    def look(self) -> World:
        """Everything, as plain data that is the same when nothing was left behind."""
        state = self.get("/_sandbox/state")
        rows = {name: self.get(path)["items"] for name, path in SEEN.items()}
        nodes = {row["metadata"]["name"]: row["spec"].get("providerID", "").rpartition("/")[2] for row in rows["nodes"]}
        return {
            "servers": {row["name"]: _server(row) for row in state["servers"]},
            "nodes": {row["metadata"]["name"]: _node(row) for row in rows["nodes"]},
            "leases": sorted(_named(row) for row in rows["leases"] if row["metadata"]["namespace"] != "kube-node-lease"),
            "objects": {name: _objects(rows[name]) for name in ("volumes", "claims", "deployments", "statefulsets", "budgets")},
            "workload": _workload(rows["pods"]),
            "volume": _volume(state["volumes"], rows["attachments"], rows["pods"], nodes),
            "rows": self._rows(),
        }

    def answers(self) -> bool:
        """Whether the application does."""
        try:
            return requests.get(self._app_url, timeout=1).status_code == 200
        except requests.RequestException:
            return False

    def power(self) -> dict[str, str]:
        """Name to status of every server."""
        return {row["name"]: row["status"] for row in self.get("/_sandbox/state")["servers"]}

    def clear_rows(self) -> None:
        """Take every row of ours out of the application."""
        for row in self._rows():
            requests.delete(f"{self._app_url.rstrip('/')}/users/{row}", timeout=3)

    def _rows(self) -> list[str] | str:
        """The rows of any run of ours in the application."""
        try:
            text = requests.get(self._app_url.rstrip("/") + "/users", timeout=3).text
        except requests.RequestException as error:
            return f"cannot be asked ({type(error).__name__})"
        return sorted(set(re.findall(r"chaoscinder-[0-9a-f]+-[0-9]+", text)))


def differences(before: World, after: World) -> list[str]:
    """What is not as it was, one line for each."""
    return list(_differing("", before, after))


def _differing(path: str, before: Any, after: Any) -> Any:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from _differing(f"{path}/{key}", before.get(key), after.get(key))
    elif before != after:
        yield f"{path}: {str(after)[:300]} (before {str(before)[:300]})"


def processes(mark: str) -> list[str]:
    """The processes that a run started, or that work in its directory, and that still live, by their command lines."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and entry.name != str(os.getpid()):
            try:
                marked = f"{MARKER}={mark}".encode() in (entry / "environ").read_bytes().split(b"\0")
                if marked or str((entry / "cwd").readlink()) == mark:
                    words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
                    found += [f"{entry.name} {words}"] if words else []
            except OSError:
                continue
    return found


def all_ended(mark: str, limit_s: float) -> list[str]:
    """Wait until no process of a run lives; those that do after the limit."""
    ends = time.monotonic() + limit_s
    while (left := processes(mark)) and time.monotonic() < ends:
        time.sleep(0.05)
    return left


def _server(row: Mapping[str, Any]) -> Any:
    return {key: row.get(key) for key in ("status", "task_state", "power_state", "metadata")}


def _node(row: Mapping[str, Any]) -> Any:
    meta, spec = row["metadata"], row["spec"]
    ready = next((one["status"] for one in row["status"]["conditions"] if one["type"] == "Ready"), None)
    taints = sorted(f"{one['key']}={one.get('value', '')}:{one['effect']}" for one in spec.get("taints") or [])
    return {
        "ready": ready, "cordoned": bool(spec.get("unschedulable")), "taints": taints,
        "labels": meta.get("labels"), "annotations": _stable(meta.get("annotations")),
    }  # fmt: skip


def _stable(annotations: Mapping[str, str] | None) -> dict[str, str]:
    return {key: value for key, value in (annotations or {}).items() if key not in VOLATILE}


def _objects(rows: list[Mapping[str, Any]]) -> Any:
    """Annotations, labels, finalizers and wishes of objects that a run has no business with, or must give back."""
    return {
        _named(row): {
            "annotations": _stable(row["metadata"].get("annotations")), "labels": row["metadata"].get("labels"),
            "finalizers": row["metadata"].get("finalizers"), "replicas": (row.get("spec") or {}).get("replicas"),
            "phase": (row.get("status") or {}).get("phase"),
        }
        for row in rows
    }  # fmt: skip


def _workload(pods: list[Mapping[str, Any]]) -> Any:
    """How many pods each owner has, ready and not being deleted."""
    found: dict[str, list[bool]] = {}
    for pod in pods:
        owner = next((row["name"].rpartition("-")[0] for row in pod["metadata"].get("ownerReferences") or []), pod["metadata"]["name"])
        ready = any(row["type"] == "Ready" and row["status"] == "True" for row in pod["status"].get("conditions") or [])
        found.setdefault(owner, []).append(ready and not pod["metadata"].get("deletionTimestamp"))
    return {owner: sorted(rows) for owner, rows in found.items()}


def _volume(volumes: Any, attachments: Any, pods: Any, nodes: Mapping[str, str]) -> Any:
    """Each volume's status, and whether all views say that it is where its pod is and nowhere else."""
    users = [row for row in pods if any("persistentVolumeClaim" in one for one in row["spec"].get("volumes") or [])]
    places = sorted(nodes.get(row["spec"].get("nodeName", ""), "?") for row in users)
    cinder = sorted(row["server_id"] for volume in volumes for row in volume["attachments"] if row["status"] == "attached")
    records = sum(len(volume["attachments"]) for volume in volumes)
    kubernetes = sorted(nodes.get(row["spec"]["nodeName"], "?") for row in attachments if (row.get("status") or {}).get("attached"))
    agree = places == cinder == kubernetes and len(attachments) == len(kubernetes) and records == len(cinder)
    shown = "" if agree else f"pods on {places}, Cinder {cinder} of {records}, Kubernetes {kubernetes} of {len(attachments)}"
    return {"status": sorted(row["status"] for row in volumes), "where its pod is": agree, "else": shown}


def _named(row: Mapping[str, Any]) -> str:
    return "/".join(part for part in (row["metadata"].get("namespace"), row["metadata"]["name"]) if part)
