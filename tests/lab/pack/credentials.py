"""Credentials that may do less than the member who made them: application credentials with fewer roles, or with access rules."""

import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

CLOUD = "lab-application"
Rule = Mapping[str, str]  # service (compute or block-storage), method, path


class Credentials:
    """Makes application credentials of the lab's member, and takes them back."""

    def __init__(self, member: Any, clouds: Path, directory: Path) -> None:
        """member is a connection as the user who makes them; their clouds.yaml goes into directory."""
        self._member, self._clouds, self._directory = member, clouds, directory
        self._made: list[str] = []

    def make(self, *, roles: Sequence[str] = ("member",), rules: Sequence[Rule] = ()) -> dict[str, str]:
        """Make one with these roles, and if told with nothing but these requests; returns the environment that uses it."""
        wanted: dict[str, Any] = {"roles": [{"name": role} for role in roles], **({"access_rules": list(rules)} if rules else {})}
        made = self._member.identity.create_application_credential(self._user, name=f"lab-{uuid.uuid4().hex[:8]}", **wanted)
        self._made.append(made.id)
        file = self._directory / f"clouds-{made.id}.yaml"
        file.write_text(json.dumps({"clouds": {CLOUD: self._cloud(made.id, made.secret)}}))
        return {"OS_CLIENT_CONFIG_FILE": str(file), "OS_CLOUD": CLOUD}

    def close(self) -> None:
        """Take all of them back."""
        for id in self._made:
            self._member.identity.delete_application_credential(self._user, id, ignore_missing=True)

    @property
    def _user(self) -> str:
        return str(self._member.current_user_id)

    def _cloud(self, id: str, secret: str) -> dict[str, Any]:
        there = yaml.safe_load(self._clouds.read_text())["clouds"]["lab-member"]
        auth = {"auth_url": there["auth"]["auth_url"], "application_credential_id": id, "application_credential_secret": secret}
        return {**there, "auth_type": "v3applicationcredential", "auth": auth}
