"""What a client needs to find the sandbox: a kubeconfig, a clouds.yaml, and sandbox.json for the command line."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from chaoscinder.sandbox.launch import NAMESPACE, SERVICE, Sandbox
from chaoscinder.sandbox.openstack.keystone import User

CLOUD = "chaoscinder-sandbox"
ADMIN_CLOUD = f"{CLOUD}-admin"  # for what only an administrator may ask, with openstack --os-cloud
STATE = "sandbox.json"


def write(sandbox: Sandbox, url: str) -> Path:
    """Write the three files, readable by their owner only, sandbox.json last: its being there means ready."""
    directory = sandbox.plan.directory
    _private(directory / "kubeconfig", _kubeconfig(url, sandbox.token, sandbox.authority.file))
    _private(directory / "clouds.yaml", _clouds(sandbox, url))
    _private(directory / STATE, _state(sandbox, url))
    return directory / STATE


def remove(directory: Path) -> None:
    """Take away what leads nowhere when the sandbox is gone; logs, volumes and evidence stay."""
    for name in (STATE, "kubeconfig", "clouds.yaml"):
        (directory / name).unlink(missing_ok=True)
    for name in ("ssh", "pki"):
        shutil.rmtree(directory / name, ignore_errors=True)


def _kubeconfig(url: str, token: str, ca: Path) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CLOUD,
        "clusters": [{"name": CLOUD, "cluster": {"server": url, "certificate-authority": str(ca)}}],
        "users": [{"name": "sandbox-admin", "user": {"token": token}}],
        "contexts": [{"name": CLOUD, "context": {"cluster": CLOUD, "user": "sandbox-admin", "namespace": NAMESPACE}}],
    }


def _clouds(sandbox: Sandbox, url: str) -> dict[str, Any]:
    users = {CLOUD: sandbox.openstack.demo, ADMIN_CLOUD: sandbox.openstack.admin}
    return {"clouds": {name: _cloud(url, user, sandbox.openstack.project.name) for name, user in users.items()}}


def _cloud(url: str, user: User, project: str) -> dict[str, Any]:
    auth = {
        "auth_url": f"{url}/identity/v3",
        "username": user.name,
        "password": user.password,
        "project_name": project,
        "user_domain_name": "Default",
        "project_domain_name": "Default",
    }
    return {"auth": auth, "region_name": "RegionOne", "identity_api_version": "3"}


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
        **(sandbox.doors.environment if sandbox.doors else {}),
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
        "ssh": "on" if sandbox.doors else "off",
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
