"""What a pod's first container asks for, in the sandbox's terms: its readiness probe and its environment."""

import http.client
import os
import re
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Probe:
    """A readiness probe: an HTTP GET of path, or a connection where path is None. timeout_s is wall time."""

    path: str | None
    timeout_s: float

    def succeeds(self, port: int) -> bool:
        """Look once. HTTP codes from 200 to 399 are success, as for the kubelet."""
        try:
            if self.path is None:
                socket.create_connection((HOST, port), self.timeout_s).close()
                return True
            return 200 <= self._status(port, self.path) < 400
        except (OSError, http.client.HTTPException):
            return False

    def _status(self, port: int, path: str) -> int:
        connection = http.client.HTTPConnection(HOST, port, timeout=self.timeout_s)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()


def probe_of(pod: Mapping[str, Any]) -> Probe | None:
    """Read the first container's readiness probe; None where it has none that can be looked at from here (exec, grpc)."""
    spec = pod["spec"]["containers"][0].get("readinessProbe", {})
    timeout_s = float(spec.get("timeoutSeconds", 1))  # Kubernetes' own default
    if "httpGet" in spec:
        return Probe(spec["httpGet"].get("path", "/"), timeout_s)
    return Probe(None, timeout_s) if "tcpSocket" in spec else None


def command_of(pod: Mapping[str, Any], environment: Mapping[str, str]) -> list[str]:
    """The command and arguments of a container that may end, as in a Job; empty for the demo application.

    $(NAME) stands for a variable of the container's, as in Kubernetes; $$(NAME) is left as $(NAME).
    """
    container = pod["spec"]["containers"][0]
    if not may_end(pod) or not container.get("command"):
        return []

    def value(found: re.Match[str]) -> str:
        return found[0][1:] if found[1] else environment.get(found[2], found[0])

    return [re.sub(r"(\$?)\$\(([^)]+)\)", value, word) for word in [*container["command"], *container.get("args", ())]]


def may_end(pod: Mapping[str, Any]) -> bool:
    """Whether its container is not started again whatever happens, as in a Job."""
    return bool(pod["spec"].get("restartPolicy", "Always") != "Always")


def environment_of(pod: Mapping[str, Any], volumes: Mapping[str, Path], scratch: Path) -> dict[str, str]:
    """Make the process's environment from the first container's, and from nothing else.

    DATABASE_DIR, or the first mount where it is not set, becomes the directory of the volume that is mounted there. Where none is,
    scratch is made and used: that is the container's own file system, gone with the pod.
    """
    container = pod["spec"]["containers"][0]
    mounts = {mount["mountPath"]: volumes[mount["name"]] for mount in container.get("volumeMounts", ()) if mount["name"] in volumes}
    environment = {entry["name"]: _value(pod, entry) for entry in container.get("env", ())}
    directory = _behind(environment.get("DATABASE_DIR") or next(iter(mounts), ""), mounts)
    if directory is None:
        scratch.mkdir(parents=True, exist_ok=True)
        directory = scratch
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}" if may_end(pod) else os.defpath  # Jobs find our own commands
    return {"PATH": path, "LANG": "C.UTF-8", **environment, "DATABASE_DIR": str(directory)}


def _behind(path: str, mounts: Mapping[str, Path]) -> Path | None:
    """Translate a path in the container to the directory behind it; the longest mount path wins."""
    for mount in sorted(mounts, key=len, reverse=True):
        if Path(path).is_relative_to(mount):
            return mounts[mount] / Path(path).relative_to(mount)
    return None


def _value(pod: Mapping[str, Any], entry: Mapping[str, Any]) -> str:
    """The value of one variable: literal, or one of the downward API's fields; empty for what is not known here."""
    path = entry.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath")
    if path is None:
        return str(entry.get("value", ""))
    found: Any = pod
    for key in path.split("."):
        found = found.get(key, {})
    return found if isinstance(found, str) else ""
