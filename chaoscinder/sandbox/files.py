"""What a client needs to find the sandbox: a kubeconfig, a clouds.yaml, and sandbox.json for the command line."""

import json
import os
from pathlib import Path
from typing import Any

from chaoscinder.sandbox.launch import NAMESPACE, SERVICE, Sandbox

CLOUD = "chaoscinder-sandbox"
STATE = "sandbox.json"


def write(sandbox: Sandbox, url: str) -> Path:
    """Write the three files, readable by their owner only, sandbox.json last: its being there means ready."""
    directory = sandbox.plan.directory
    _private(directory / "kubeconfig", _kubeconfig(url, sandbox.token))
    _private(directory / "clouds.yaml", _clouds(sandbox, url))
    _private(directory / STATE, _state(sandbox, url))
    return directory / STATE


def _kubeconfig(url: str, token: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CLOUD,
        "clusters": [{"name": CLOUD, "cluster": {"server": url}}],
        "users": [{"name": "sandbox-admin", "user": {"token": token}}],
        "contexts": [{"name": CLOUD, "context": {"cluster": CLOUD, "user": "sandbox-admin", "namespace": NAMESPACE}}],
    }


def _clouds(sandbox: Sandbox, url: str) -> dict[str, Any]:
    openstack = sandbox.openstack
    auth = {
        "auth_url": f"{url}/identity/v3",
        "username": openstack.demo.name,
        "password": openstack.demo.password,
        "project_name": openstack.project.name,
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    return {"clouds": {CLOUD: {"auth": auth, "region_name": "RegionOne", "identity_api_version": "3"}}}


def _state(sandbox: Sandbox, url: str) -> dict[str, Any]:
    directory, plan = sandbox.plan.directory, sandbox.plan
    environment = {
        "KUBECONFIG": str(directory / "kubeconfig"),
        "OS_CLIENT_CONFIG_FILE": str(directory / "clouds.yaml"),
        "OS_CLOUD": CLOUD,
        "CHAOSCINDER_NAMESPACE": NAMESPACE,
        "CHAOSCINDER_WORKLOAD": f"Deployment/{SERVICE}",
        "CHAOSCINDER_APP_URL": sandbox.app_url,
        "CHAOSCINDER_APP_BODY_PATTERN": "My pod name:",
        "CHAOSCINDER_APP_BACKEND_PATTERN": r"My pod name: (\S+)",
        "CHAOSCINDER_LEDGER": "demo",
        "CHAOSCINDER_SANDBOX_DIR": str(directory),
        "CHAOSCINDER_RATE": f"{plan.rate:g}",
        **{f"CHAOSCINDER_{name.upper()}": value for name, value in sandbox.identities().items()},
    }
    return {
        "pid": os.getpid(),
        "started": _started(),
        "url": url,
        "token": sandbox.token,
        "port": int(url.rpartition(":")[2]),
        "profile": plan.profile,
        "remediation": plan.remediation,
        "openstack": plan.openstack,
        "rate": plan.rate,
        "power_loss": plan.power_loss,
        "app_synchronous": plan.app_synchronous,
        "kubeconfig": environment["KUBECONFIG"],
        "clouds": environment["OS_CLIENT_CONFIG_FILE"],
        "environment": environment,
    }


def _started() -> str:
    """Our start time as the kernel counts it: with it a pid cannot be mistaken for a later process's."""
    return Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19]


def _private(path: Path, value: Any) -> None:
    """Write JSON (which is YAML too) that only its owner reads, all at once."""
    draft = path.with_name(f".{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(value, file, indent=1)
    draft.replace(path)
