"""What the groups of an experiment's secrets hold for us: the cloud, the application's headers, the metrics server, the way into a node."""

from collections.abc import Mapping
from typing import Any

from chaoscinder.errors import SettingsError

# The five keys of chaostoolkit-openstack's secrets, and what Keystone v3 wants beside them.
FIVE_KEYS = ("region", "auth_url", "project_name", "username", "password")
DOMAIN_KEYS = ("user_domain_name", "project_domain_name")
PROMETHEUS_KEYS = ("prometheus_token", "prometheus_username", "prometheus_password")
SSH_KEYS = ("ssh_user", "ssh_key", "ssh_known_hosts")
HEADER_PREFIX = "header:"  # a secret called header:Authorization is sent to the application as that header


def flatten(secrets: Mapping[str, Any]) -> dict[str, str]:
    """Lay groups of secrets into one; those that are one already stay as they are."""
    flat: dict[str, str] = {}
    for key, value in secrets.items():
        if isinstance(value, Mapping):
            flat.update({str(inner): str(text) for inner, text in value.items() if not isinstance(text, Mapping)})
        else:
            flat[key] = str(value)
    return flat


def headers(flat: Mapping[str, str]) -> dict[str, str]:
    """Pick the headers that are sent to the application."""
    return {key.removeprefix(HEADER_PREFIX): value for key, value in flat.items() if key.startswith(HEADER_PREFIX)}


def prometheus_auth(flat: Mapping[str, str]) -> dict[str, str]:
    """Pick the credentials of the metrics server."""
    given = {key: flat[key] for key in PROMETHEUS_KEYS if flat.get(key)}
    if ("prometheus_username" in given) != ("prometheus_password" in given) or len(given) == len(PROMETHEUS_KEYS):
        raise SettingsError("the prometheus secrets do not fit (wanted prometheus_token, or prometheus_username and prometheus_password)")
    return given


def cloud_auth(flat: Mapping[str, str]) -> dict[str, str]:
    """Pick the credentials of the cloud: all five keys, or none."""
    given = {key: flat[key] for key in (*FIVE_KEYS, *DOMAIN_KEYS) if flat.get(key)}
    missing = [key for key in FIVE_KEYS if key not in given]
    if given and missing:
        raise SettingsError(f"the openstack secrets lack {', '.join(missing)} (wanted all five: {', '.join(FIVE_KEYS)})")
    return dict.fromkeys(DOMAIN_KEYS, "Default") | given if given else {}


def ssh_auth(flat: Mapping[str, str]) -> dict[str, str]:
    """Pick the way into the nodes: user, key and known host keys, all three or none."""
    given = {key: flat[key] for key in SSH_KEYS if flat.get(key)}
    missing = [key for key in SSH_KEYS if key not in given]
    if given and missing:
        raise SettingsError(f"the ssh secrets lack {', '.join(missing)} (wanted all three: {', '.join(SSH_KEYS)})")
    return given
