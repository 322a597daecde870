"""The witness of this suite: the sandbox's API server with all its controllers on a turned clock, asked over a socket by real clients."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from kubernetes import client as k8s
from kubernetes.client.exceptions import ApiException
from werkzeug.serving import make_server

from chaoscinder.sandbox.kubernetes.api import KubernetesApi
from chaoscinder.sandbox.kubernetes.tls import Authority, Handler
from tests.commands import kubectls
from tests.sandbox.fakes import Scene

ADMIN = "the-administrators-token"
TIMEOUT_S = 10.0
OLDEST = 25  # older ones send batch/v1beta1 and policy/v1beta1, which no API server since 1.25 has
Object = dict[str, Any]


def _kubectl() -> str:
    """The kubectl on PATH, else Debian's; where that is too old to speak to this API server, it is counted as not run."""
    try:
        found = kubectls.best()
    except kubectls.Missing as error:
        pytest.skip(f"NOT RUN: {error}")
    if found.minor < OLDEST:
        pytest.skip(f"NOT RUN: kubectl {found.version} is too old for Kubernetes 1.36 (wanted 1.{OLDEST} or later on PATH)")
    return str(found.path)


class Quiet(Handler):
    """HTTP/1.1 without a log line for each request."""

    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: object) -> None:
        pass


class Cluster:
    """One cluster. Time goes on when it is turned; turn() waits for nobody."""

    def __init__(self, directory: Path) -> None:
        self.scene = Scene()
        self.world, self.store, self.containers = self.scene.world, self.scene.store, self.scene.containers
        self.authority = Authority(directory / "pki")
        self.api = KubernetesApi(
            self.world, self.store, git_version="v1.36.2+chaoscinder-sandbox", rate=1.0, log=lambda _: "hello\n",
            tokens={ADMIN: "admin"}, ca=self.authority.pem,
        )  # fmt: skip
        handler = type("Handler", (Quiet,), {"authority": self.authority})
        self._server = make_server("127.0.0.1", 0, self.api, threaded=True, request_handler=handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        self.address = f"127.0.0.1:{self._server.port}"
        self._directory = directory
        self._clients: list[Any] = []

    def client(self, token: str | None = ADMIN, *, scheme: str = "https", impersonate: str = "") -> Any:
        """An ApiClient of the official Python client."""
        configuration = k8s.Configuration(host=f"{scheme}://{self.address}")
        configuration.ssl_ca_cert, configuration.retries = str(self.authority.file), False
        if token:
            configuration.api_key = {"authorization": f"Bearer {token}"}
        made = k8s.ApiClient(configuration)
        if impersonate:
            made.set_default_header("Impersonate-User", impersonate)
        self._clients.append(made)
        return made

    def kubectl(self, *arguments: str, stdin: str | None = None, rc: int = 0, token: str = ADMIN, home: str = "default") -> str:
        """Run kubectl over HTTPS with a token and give back what it prints, errors included."""
        found = _kubectl()
        config = self._directory / "kubeconfig"
        cluster = {"server": f"https://{self.address}", "certificate-authority": str(self.authority.file)}
        context = {"cluster": "c", "user": "u", "namespace": home}
        config.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c", "clusters": [{"name": "c", "cluster": cluster}],
            "contexts": [{"name": "c", "context": context}], "users": [{"name": "u", "user": {"token": token}}],
        }))  # fmt: skip
        environment = {"PATH": os.environ["PATH"], "KUBECONFIG": str(config), "HOME": str(self._directory)}
        done = subprocess.run([found, *arguments], env=environment, input=stdin, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == rc, done.stdout + done.stderr
        return done.stdout + done.stderr

    def ask(self, method: str, path: str, body: Any = None, *, token: str | None = ADMIN, **headers: str) -> requests.Response:
        """One raw request over HTTPS; Content_Type stands for Content-Type."""
        given = {name.replace("_", "-"): value for name, value in headers.items()} | {"Connection": "close"}
        if token:
            given["Authorization"] = f"Bearer {token}"
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        if data is not None:
            given.setdefault("Content-Type", "application/json")
        url = f"https://{self.address}{path}"
        return requests.request(method, url, data=data, headers=given, timeout=TIMEOUT_S, verify=str(self.authority.file))

    def status(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str, str]:
        """Code, reason and message of the Status that refuses."""
        answer = self.ask(method, path, body, **more)
        status = answer.json()
        assert (status["kind"], status["apiVersion"], status["status"], status["code"]) == ("Status", "v1", "Failure", answer.status_code)
        return answer.status_code, status.get("reason", ""), status["message"]

    def turn(self, seconds: float) -> None:
        """Let cluster time go by."""
        with self.world.lock:
            self.world.turn(seconds)

    def until(self, is_so: Callable[[], bool], limit_s: float = 60.0) -> None:
        """Turn until something is so."""
        limit_s += self.world.now_s
        while not is_so():
            assert self.world.now_s < limit_s, f"not so at {self.world.now_s:.0f} s"
            self.turn(0.5)

    def close(self) -> None:
        """Stop listening."""
        for made in self._clients:
            made.rest_client.pool_manager.clear()
            made.close()
        self.api.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def refused(call: Callable[..., Any], *arguments: Any, **more: Any) -> tuple[int, str, str]:
    """What the Python client makes of a refusal: code, reason and message."""
    try:
        call(*arguments, **more)
    except ApiException as error:
        status = json.loads(error.body)
        return error.status, status.get("reason", ""), status["message"]
    raise AssertionError("it was not refused")


def soon(is_so: Callable[[], bool]) -> None:
    """Wait for something that happens in another thread on the wall clock."""
    give_up = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.002)


def pod(name: str = "web", **spec: Any) -> Object:
    """A pod as a client writes it."""
    containers = [{"name": "main", "image": "registry.invalid/app:1"}]
    return {"metadata": {"name": name, "labels": {"app": "web"}}, "spec": {"containers": containers, **spec}}


def deployment(name: str = "web", **spec: Any) -> Object:
    """A Deployment as a client writes it; without pods unless told."""
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "main", "image": "registry.invalid/app:1"}]}}
    return {"metadata": {"name": name}, "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "web"}}, "template": template, **spec}}


def job(name: str = "work", *, policy: str = "Never", **spec: Any) -> Object:
    """A Job as a client writes it."""
    container = {"name": "main", "image": "registry.invalid/app:1", "command": ["true"]}
    return {"metadata": {"name": name}, "spec": {"template": {"spec": {"restartPolicy": policy, "containers": [container]}}, **spec}}
