"""The only reader of configuration, secrets and environment.

Every setting has one name, one environment variable (CHAOSCINDER_ and the name in capitals) and one default. An experiment's configuration
wins over the environment. Whatever cannot be used is one SettingsError line that names the setting, what was wanted and what was seen.
"""

import json
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit

from chaoscinder.errors import SettingsError
from chaoscinder.model.run import OBJECTIVES, Aims
from chaoscinder.model.verdict import Level

PREFIX = "CHAOSCINDER_"
# The five keys of chaostoolkit-openstack's secrets, and what Keystone v3 wants beside them.
FIVE_KEYS = ("region", "auth_url", "project_name", "username", "password")
DOMAIN_KEYS = ("user_domain_name", "project_domain_name")
NONE = "none"
HEADER_PREFIX = "header:"  # a secret called header:Authorization is sent to the application as that header


@dataclass(frozen=True, slots=True)
class LedgerPlan:
    """How numbered writes go into the application and are read back.

    {id} and {hash} are filled in; an empty delete_method means that the rows stay. The first group of read_pattern is the id, a second one
    the hash: a row that has another, or none, is torn.
    """

    write_method: str
    write_path: str
    write_json: Mapping[str, str]
    acknowledged: tuple[int, ...]
    read_method: str
    read_path: str
    read_pattern: str
    delete_method: str = ""
    delete_path: str = ""


DEMO_LEDGER = LedgerPlan(
    write_method="POST",
    write_path="/users",
    write_json={"name": "{id}", "mail": "{hash}@ledger.invalid"},
    acknowledged=(201,),
    read_method="GET",
    read_path="/users",
    read_pattern=r'"name": ?"(chaoscinder-[0-9a-f]+-[0-9]+)"(?:, ?"mail": ?"([^"]*?)(?:@ledger\.invalid)?")?',
    delete_method="DELETE",
    delete_path="/users/{id}",
)


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a run is told. Cluster seconds, but for samples_per_s, writes_per_s, answer_within_s and request_timeout_s (wall).

    namespace, workload, app_url and cluster_id have no default on purpose: the first run must not hit whatever context is current.
    workload is a name, or Deployment/name or StatefulSet/name. cluster_id is the uid of the namespace kube-system.
    cloud_project_id may be empty: then any project of the credentials is taken. claim picks one of several claims.
    control_url empty means the API server's /readyz, "none" means no control; direct_url empty and kept_connections 0 mean no such series.
    """

    namespace: str = ""
    workload: str = ""
    app_url: str = ""
    cluster_id: str = ""
    cloud_project_id: str = ""
    claim: str = ""
    context: str = ""
    rate: float = 1.0
    outage_budget_s: float = 180.0
    recovery_deadline_s: float = 900.0
    stable_for_s: float = 10.0
    baseline_s: float = 30.0
    server_timeout_s: float = 600.0
    restore_timeout_s: float = 600.0
    samples_per_s: float = 20.0
    answer_within_s: float = 0.9
    kept_connections: int = 4
    direct_url: str = ""
    control_url: str = ""
    slo: float = 99.95
    slo_period_days: float = 30.0
    writes_per_s: float = 2.0
    request_timeout_s: float = 10.0
    app_expected_status: int = 200
    app_body_pattern: str = ""
    app_backend_pattern: str = ""
    app_ca_file: str = ""
    app_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    ledger: LedgerPlan | None = None
    objectives: Mapping[str, Level] = field(default_factory=dict)
    runs_dir: str = "chaoscinder-runs"
    allow_loss: tuple[str, ...] = ()
    abort_outage_s: float = 0.0
    guarded_workloads: tuple[str, ...] = ()
    guarded_for_s: float = 60.0
    stop_file: str = ""
    cloud_auth: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def aims(self) -> Aims:
        """The bounds the run is judged against."""
        shared = {row.name: getattr(self, row.name) for row in fields(Aims) if row.name != "levels"}
        return Aims(**shared, levels=self.objectives)

    @property
    def run_limit_s(self) -> float:
        """Cluster seconds after which a run that acts now is over by its own limits, its undo included."""
        return self.recovery_deadline_s + self.stable_for_s + 2 * self.server_timeout_s + self.restore_timeout_s

    def public(self) -> dict[str, str]:
        """Tell every setting that is no secret, as text for the report."""
        secret = ("app_headers", "cloud_auth")
        shown = {row.name: getattr(self, row.name) for row in fields(self) if row.name not in secret}
        shown["ledger"] = f"{self.ledger.write_method} {self.ledger.write_path}" if self.ledger else "none"
        shown |= {name: ", ".join(getattr(self, name)) for name in ("allow_loss", "guarded_workloads")}
        shown["ledger_deletes"] = "yes" if self.ledger and self.ledger.delete_method else "no"
        shown["objectives"] = ", ".join(f"{name} {level}" for name, level in self.objectives.items()) or "all required"
        return {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in shown.items()}

    def secret_values(self) -> tuple[str, ...]:
        """The values that must never be seen in a log, a journal or a report."""
        auth = [value for key, value in self.cloud_auth.items() if key in ("password", "application_credential_secret", "token")]
        return tuple(value for value in (*auth, *self.app_headers.values()) if value)

    def dumps(self) -> str:
        """Write it all, secrets included, for the standard input of a process of our own."""
        return json.dumps(asdict(self))

    @classmethod
    def loads(cls, text: str) -> "Settings":
        """Read what dumps wrote."""
        data = json.loads(text)
        if data["ledger"]:
            data["ledger"]["acknowledged"] = tuple(data["ledger"]["acknowledged"])
            data["ledger"] = LedgerPlan(**data["ledger"])
        data |= {name: tuple(data[name]) for name in ("allow_loss", "guarded_workloads")}
        data["objectives"] = {name: Level(level) for name, level in data["objectives"].items()}
        return cls(**data)


def read(
    configuration: Mapping[str, Any] | None = None,
    secrets: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings: the experiment's configuration first, then the environment, then the defaults.

    secrets may be Chaos Toolkit's groups ({"openstack": {...}, "app": {...}}) or one merged group, as controls and activities get them.
    """
    environ = os.environ if environ is None else environ
    values = {name: _value(name, configuration or {}, environ) for name in READERS}
    given = {name: READERS[name](name, value) for name, value in values.items() if value not in (None, "")}
    flat = _flatten(secrets or {})
    return Settings(**given, app_headers=_headers(flat), cloud_auth=_cloud_auth(flat))


def of_experiment(experiment: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of an experiment's file as Chaos Toolkit would, without it: plain values and those from the environment."""
    environ = os.environ if environ is None else environ
    configuration = {name: _declared(name, value, environ) for name, value in (experiment.get("configuration") or {}).items()}
    groups = experiment.get("secrets") or {}
    secrets = {group: {name: _declared(name, value, environ) for name, value in rows.items()} for group, rows in groups.items()}
    return read(configuration, secrets, environ)


def _declared(name: str, value: Any, environ: Mapping[str, str]) -> Any:
    if not isinstance(value, Mapping) or "type" not in value:
        return value
    if value["type"] != "env" or "key" not in value:
        wanted = "a plain value, or one of the environment: only chaos run can read others"
        raise SettingsError(f"{name} comes from {value['type']} (wanted {wanted})")
    return environ.get(str(value["key"]), value.get("default", ""))


def require_named_target(settings: Settings) -> None:
    """Refuse empty names: nothing is ever hit because it happened to be the current context."""
    for name in ("namespace", "workload", "app_url", "cluster_id"):
        if not getattr(settings, name):
            raise SettingsError(f"{name} is empty (wanted it named: set {PREFIX}{name.upper()} or configuration.{name})")


def _value(name: str, configuration: Mapping[str, Any], environ: Mapping[str, str]) -> Any:
    value = configuration.get(name)
    if isinstance(value, str) and "${" in value:
        raise SettingsError(f'{name} is "{value}" (wanted a value; the variable in it was never set)')
    return environ.get(PREFIX + name.upper()) if value in (None, "") else value


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise SettingsError(f"{name} is {value!r} (wanted text)")
    return value


def _url(name: str, value: Any) -> str:
    if not re.match(r"https?://[^/\s]+", _text(name, value)):
        raise SettingsError(f'{name} is "{value}" (wanted http://HOST[:PORT]/ or https://...)')
    if "@" in urlsplit(value).netloc:
        raise SettingsError(
            f"{name} holds a user or a password, which would be kept with the run (wanted them as the secret {HEADER_PREFIX}Authorization)"
        )
    return str(value)


def _url_or_none(name: str, value: Any) -> str:
    return NONE if value == NONE else _url(name, value)


def _connections(name: str, value: Any) -> int:
    if not re.fullmatch(r"[0-9]{1,2}", str(value)):
        raise SettingsError(f'{name} is "{value}" (wanted a number of connections from 0 to 99)')
    return int(value)


def _pattern(name: str, value: Any) -> str:
    try:
        re.compile(_text(name, value))
    except re.error as error:
        raise SettingsError(f'{name} is "{value}" (wanted a regular expression: {error})') from error
    return str(value)


def _number(unit: str, most: float = math.inf) -> Callable[[str, Any], float]:
    def parse(name: str, value: Any) -> float:
        try:
            number = float("nan") if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            number = float("nan")
        if not (0 < number <= most and math.isfinite(number)):
            limit = f", at most {most:g}" if math.isfinite(most) else ""
            raise SettingsError(f'{name} is "{value}" (wanted a number of {unit} above 0{limit})')
        return number

    return parse


def _status(name: str, value: Any) -> int:
    if not re.fullmatch(r"[1-5]\d\d", str(value)):
        raise SettingsError(f'{name} is "{value}" (wanted an HTTP status such as 200)')
    return int(value)


def _names(wanted: str) -> Callable[[str, Any], tuple[str, ...]]:
    def parse(name: str, value: Any) -> tuple[str, ...]:
        rows = [part.strip() for part in value.split(",")] if isinstance(value, str) else value
        if not isinstance(rows, (list, tuple)) or not all(re.fullmatch(r"[^/\s]+(/[^/\s]+){1,2}", str(row)) for row in rows):
            raise SettingsError(f'{name} is "{value}" (wanted {wanted}, ...)')
        return tuple(str(row) for row in rows)

    return parse


def _ledger(name: str, value: Any) -> LedgerPlan | None:
    if value in ("demo", "none"):
        return DEMO_LEDGER if value == "demo" else None
    try:
        data = dict(json.loads(value) if isinstance(value, str) else value)
        data["acknowledged"] = tuple(int(code) for code in data["acknowledged"])
        re.compile(data["read_pattern"])
        return LedgerPlan(**data)
    except (TypeError, ValueError, KeyError, re.error) as error:
        wanted = "demo, none, or an object with write_method, write_path, write_json, acknowledged, read_method, read_path, read_pattern"
        raise SettingsError(f"{name} cannot be used: {error} (wanted {wanted})") from error


def _objectives(name: str, value: Any) -> dict[str, Level]:
    try:
        pairs = dict(part.strip().split("=") for part in value.split(",")) if isinstance(value, str) else dict(value)
        levels = {str(key): Level(str(level)) for key, level in pairs.items()}
    except (TypeError, ValueError) as error:
        raise SettingsError(f'{name} is "{value}" (wanted NAME=required|optional|off, ...)') from error
    unknown = sorted(set(levels) - set(OBJECTIVES))
    if unknown:
        raise SettingsError(f"{name} names {', '.join(unknown)} (wanted one of {', '.join(OBJECTIVES)})")
    return levels


READERS: dict[str, Callable[[str, Any], Any]] = {
    "namespace": _text,
    "workload": _text,
    "app_url": _url,
    "cluster_id": _text,
    "cloud_project_id": _text,
    "claim": _text,
    "context": _text,
    "rate": _number("cluster seconds per wall second", 1000),
    "outage_budget_s": _number("seconds"),
    "recovery_deadline_s": _number("seconds"),
    "stable_for_s": _number("seconds"),
    "baseline_s": _number("seconds"),
    "server_timeout_s": _number("seconds"),
    "restore_timeout_s": _number("seconds"),
    "samples_per_s": _number("samples a second", 100),
    "answer_within_s": _number("seconds", 60),
    "slo": _number("percent", 99.9999),
    "slo_period_days": _number("days", 366),
    "kept_connections": _connections,
    "direct_url": _url,
    "control_url": _url_or_none,
    "writes_per_s": _number("writes a second", 20),
    "request_timeout_s": _number("seconds", 300),
    "app_expected_status": _status,
    "app_body_pattern": _pattern,
    "app_backend_pattern": _pattern,
    "app_ca_file": _text,
    "ledger": _ledger,
    "objectives": _objectives,
    "runs_dir": _text,
    "allow_loss": _names("NAMESPACE/WORKLOAD or NAMESPACE/POD"),
    "abort_outage_s": _number("seconds"),
    "guarded_workloads": _names("NAMESPACE/WORKLOAD or NAMESPACE/Kind/WORKLOAD"),
    "guarded_for_s": _number("seconds"),
    "stop_file": _text,
}


def _flatten(secrets: Mapping[str, Any]) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in secrets.items():
        if isinstance(value, Mapping):
            flat.update({str(inner): str(text) for inner, text in value.items() if not isinstance(text, Mapping)})
        else:
            flat[key] = str(value)
    return flat


def _headers(flat: Mapping[str, str]) -> dict[str, str]:
    return {key.removeprefix(HEADER_PREFIX): value for key, value in flat.items() if key.startswith(HEADER_PREFIX)}


def _cloud_auth(flat: Mapping[str, str]) -> dict[str, str]:
    given = {key: flat[key] for key in (*FIVE_KEYS, *DOMAIN_KEYS) if flat.get(key)}
    missing = [key for key in FIVE_KEYS if key not in given]
    if given and missing:
        raise SettingsError(f"the openstack secrets lack {', '.join(missing)} (wanted all five: {', '.join(FIVE_KEYS)})")
    return dict.fromkeys(DOMAIN_KEYS, "Default") | given if given else {}
