"""Credentials for a sandbox that may do exactly what `chaoscinder access` prints, and what a run asked for by the sandbox's own record."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import requests
import yaml

from chaoscinder.model.access import CloudCall
from tests.lent import CHAOSCINDER, Lent, run

CLOUD = "least"
DAY_S = 24 * 3600
PLURALS = {"ServiceAccount": "serviceaccounts", "ClusterRole": "clusterroles", "ClusterRoleBinding": "clusterrolebindings"}
PLURALS |= {"Role": "roles", "RoleBinding": "rolebindings"}
VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
SERVICES = {"nova": "compute", "cinder": "block-storage"}


def allow(lent: Lent, experiment: Path, directory: Path) -> tuple[dict[str, str], list[str]]:
    """Make a ServiceAccount and an application credential with what an experiment needs; the environment, and the secrets in it."""
    manifest = printed(lent, experiment, directory, "--account", experiment.stem)
    for document in yaml.safe_load_all(manifest):
        apply(lent, document)
    token = token_of(lent, "default", experiment.stem)
    rules = json.loads(printed(lent, experiment, directory, "--for", "access-rules", "--from-cloud"))
    credential = credential_with(lent, rules)
    return {**kubeconfig(lent, directory, token), **clouds(lent, directory, credential)}, [token, credential["secret"]]


def printed(lent: Lent, experiment: Path, directory: Path, *options: str) -> str:
    """What `chaoscinder access` prints."""
    done = run([CHAOSCINDER, "access", str(experiment), *options], cwd=directory, env=lent.environment)
    assert done.code == 0, done.out
    return done.out


def apply(lent: Lent, document: dict[str, Any]) -> None:
    """Make an object, or replace it."""
    meta = document["metadata"]
    group = "/api/v1" if document["apiVersion"] == "v1" else f"/apis/{document['apiVersion']}"
    within = f"/namespaces/{meta['namespace']}" if "namespace" in meta else ""
    path = f"{group}{within}/{PLURALS[document['kind']]}"
    if asked(lent, "POST", path, document).status_code == 409:
        assert asked(lent, "PUT", f"{path}/{meta['name']}", document).status_code == 200


def token_of(lent: Lent, namespace: str, account: str) -> str:
    """A token of a ServiceAccount, as kubectl create token makes it, for a day: the hour that is the default is a minute at rate 60."""
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": DAY_S}}
    return str(asked(lent, "POST", path, body).json()["status"]["token"])


def kubeconfig(lent: Lent, directory: Path, token: str) -> dict[str, str]:
    """A kubeconfig like the sandbox's, with another token."""
    known = json.loads(Path(lent.environment["KUBECONFIG"]).read_text())
    known["users"][0]["user"] = {"token": token}
    (directory / "kubeconfig").write_text(json.dumps(known))
    return {"KUBECONFIG": str(directory / "kubeconfig")}


def credential_with(lent: Lent, rules: list[dict[str, str]]) -> dict[str, str]:
    """An application credential of the sandbox's member with these access rules: its id and its secret."""
    auth = member(lent)
    named = {"name": auth["username"], "domain": {"name": "Default"}, "password": auth["password"]}
    scope = {"project": {"name": auth["project_name"], "domain": {"name": "Default"}}}
    login = {"auth": {"identity": {"methods": ["password"], "password": {"user": named}}, "scope": scope}}
    answer = requests.post(f"{auth['auth_url']}/auth/tokens", json=login, verify=authority(lent), timeout=10)
    user, token = answer.json()["token"]["user"]["id"], answer.headers["X-Subject-Token"]
    wanted = {"application_credential": {"name": "least", "roles": [{"name": "member"}], "access_rules": rules}}
    path = f"{auth['auth_url']}/users/{user}/application_credentials"
    made = requests.post(path, json=wanted, headers={"X-Auth-Token": token}, verify=authority(lent), timeout=10).json()
    return {key: str(made["application_credential"][key]) for key in ("id", "secret")}


def clouds(lent: Lent, directory: Path, credential: dict[str, str]) -> dict[str, str]:
    """A clouds.yaml that logs in with an application credential."""
    there = json.loads(Path(lent.environment["OS_CLIENT_CONFIG_FILE"]).read_text())["clouds"]["chaoscinder-sandbox"]
    auth = {"auth_url": there["auth"]["auth_url"], "application_credential_id": credential["id"]}
    auth["application_credential_secret"] = credential["secret"]
    (directory / "clouds.yaml").write_text(json.dumps({"clouds": {CLOUD: {**there, "auth_type": "v3applicationcredential", "auth": auth}}}))
    return {"OS_CLIENT_CONFIG_FILE": str(directory / "clouds.yaml"), "OS_CLOUD": CLOUD}


def member(lent: Lent) -> dict[str, str]:
    """How the sandbox's clouds.yaml logs in."""
    return dict(json.loads(Path(lent.environment["OS_CLIENT_CONFIG_FILE"]).read_text())["clouds"]["chaoscinder-sandbox"]["auth"])


def authority(lent: Lent) -> Any:
    """What the sandbox's certificate is verified with, where it has one."""
    known = json.loads(Path(lent.environment["KUBECONFIG"]).read_text())["clusters"][0]["cluster"]
    return known.get("certificate-authority", True)


def asked(lent: Lent, method: str, path: str, body: Any = None) -> requests.Response:
    """Ask as the sandbox's administrator."""
    headers = {"Authorization": f"Bearer {lent.found['token']}"}
    return requests.request(method, lent.found["url"] + path, json=body, headers=headers, verify=authority(lent), timeout=10)


def forget(lent: Lent) -> None:
    """Let the sandbox's record begin anew."""
    assert asked(lent, "DELETE", "/_sandbox/requests").status_code < 300


def requests_of(lent: Lent) -> list[dict[str, Any]]:
    """The requests since then, but for those of the tests themselves."""
    rows = asked(lent, "GET", "/_sandbox/requests").json()["requests"]
    return [row for row in rows if not row["agent"].startswith("python-requests")]


def asked_of_cluster(rows: Iterable[dict[str, Any]]) -> set[tuple[str, str, str, str]]:
    """Group, resource, verb and namespace of each request to Kubernetes that is about objects; reviews everybody may ask."""
    found = set()
    for row in rows:
        service, method, *_ = row["site"].split()
        match = re.fullmatch(r"/(?:api|apis/([^/]+))/v1(?:/namespaces/([^/]+)(?=/[^/]))?/([^/]+)(?:/([^/]+))?", row["path"])
        if service != "kubernetes" or match is None or match[3].endswith("reviews"):
            continue
        reading = "watch" if row["site"].endswith(" watch") else "get" if match[4] else "list"
        found.add((match[1] or "", match[3], VERBS.get(method, reading), match[2] or ""))
    return found


def asked_of_cloud(rows: Iterable[dict[str, Any]], declared: Iterable[CloudCall]) -> tuple[list[str], list[str]]:
    """The requests to Nova and Cinder that are not declared, and the declared ones that were never made though they always should be."""
    patterns = {call: re.compile(re.sub(r"{[^}]*}", "[^/]+", call.path)) for call in declared}
    strange, used = set(), set()
    for row in rows:
        service, method, *_ = row["site"].split()
        path = re.sub(r"^/v[0-9.]+", "", row["path"])
        if service not in SERVICES or (service == "nova" and path in ("", "/")):
            continue
        fitting = [call for call in patterns if (call.service, call.method) == (SERVICES[service], method)]
        exact = [call for call in fitting if call.path == path] or [call for call in fitting if patterns[call].fullmatch(path)]
        used.update(exact)
        strange.update([] if exact else [row["site"]])
    return sorted(strange), sorted(str(call) for call in patterns if call not in used and not call.sometimes)
