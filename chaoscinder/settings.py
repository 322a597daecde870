"""The only reader of configuration, secrets and environment.

Every setting has one name, one environment variable (CHAOSCINDER_ and the name in capitals) and one default. An experiment's configuration
wins over the environment. Whatever cannot be used is one SettingsError line that names the setting, what was wanted and what was seen.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from chaoscinder import parsing, secret_groups
from chaoscinder.errors import SettingsError
from chaoscinder.model.ledgerplan import DEMO_LEDGER, LedgerPlan
from chaoscinder.model.run import OBJECTIVES, Aims
from chaoscinder.model.verdict import Level
from chaoscinder.parsing import NONE
from chaoscinder.redaction import redaction

__all__ = ["DEMO_LEDGER", "NONE", "PREFIX", "READERS", "LedgerPlan", "Settings", "of_experiment", "read", "require_named_target"]

PREFIX = "CHAOSCINDER_"


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
    poll_every_s: float = 1.0
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
    prometheus_url: str = ""
    prometheus_ca_file: str = ""
    abort_query: str = ""
    prometheus_auth: Mapping[str, str] = field(default_factory=dict, repr=False)
    ssh_config: str = ""
    ssh_auth: Mapping[str, str] = field(default_factory=dict, repr=False)
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
        secret = ("app_headers", "cloud_auth", "prometheus_auth", "ssh_auth")
        shown = {row.name: getattr(self, row.name) for row in fields(self) if row.name not in secret}
        shown["ledger"] = f"{self.ledger.write_method} {self.ledger.write_path}" if self.ledger else "none"
        shown |= {name: ", ".join(getattr(self, name)) for name in ("allow_loss", "guarded_workloads")}
        shown["ledger_deletes"] = "yes" if self.ledger and self.ledger.delete_method else "no"
        shown["objectives"] = ", ".join(f"{name} {level}" for name, level in self.objectives.items()) or "all required"
        return {name: f"{value:g}" if isinstance(value, float) else str(value) for name, value in shown.items()}

    def secret_values(self) -> tuple[str, ...]:
        """The values that must never be seen in a log, a journal or a report."""
        auth = [value for key, value in self.cloud_auth.items() if key in ("password", "application_credential_secret", "token")]
        metrics = [value for key, value in self.prometheus_auth.items() if key != "prometheus_username"]
        key = self.ssh_auth.get("ssh_key", "")
        ssh = [key] if "\n" in key else []  # else it is a path
        return tuple(value for value in (*auth, *self.app_headers.values(), *metrics, *ssh) if value)

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
        found = cls(**data)
        redaction.learn(*found.secret_values())
        return found


def read(
    configuration: Mapping[str, Any] | None = None,
    secrets: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings: the experiment's configuration first, then the environment, then the defaults.

    secrets may be Chaos Toolkit's groups ({"openstack": {...}, "app": {...}}) or one merged group, as controls and activities get them.
    """
    environ = os.environ if environ is None else environ
    redaction.learn_group(secrets or {})
    values = {name: _value(name, configuration or {}, environ) for name in READERS}
    given = {name: READERS[name](name, value) for name, value in values.items() if value not in (None, "")}
    flat = secret_groups.flatten(secrets or {})
    found = Settings(
        **given,
        app_headers=secret_groups.headers(flat),
        cloud_auth=secret_groups.cloud_auth(flat),
        prometheus_auth=secret_groups.prometheus_auth(flat),
        ssh_auth=secret_groups.ssh_auth(flat),
    )
    if bool(found.prometheus_url) != bool(found.abort_query):
        raise SettingsError("prometheus_url and abort_query belong together (wanted both, or neither)")
    return found


def of_experiment(experiment: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings of an experiment's file as Chaos Toolkit would, without it: plain values and those from the environment."""
    environ = os.environ if environ is None else environ
    given, groups = _object("configuration", experiment.get("configuration")), _object("secrets", experiment.get("secrets"))
    configuration = {name: _declared(name, value, environ) for name, value in given.items()}
    inside = {group: _object(f"secrets.{group}", rows) for group, rows in groups.items()}
    secrets = {group: {name: _declared(name, value, environ) for name, value in rows.items()} for group, rows in inside.items()}
    return read(configuration, secrets, environ)


def _object(name: str, value: Any) -> Mapping[str, Any]:
    if value is not None and not isinstance(value, Mapping):
        raise SettingsError(f"{name} is a {type(value).__name__} (wanted an object)")
    return value or {}


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
    "namespace": parsing.text,
    "workload": parsing.text,
    "app_url": parsing.url,
    "cluster_id": parsing.text,
    "cloud_project_id": parsing.text,
    "claim": parsing.text,
    "context": parsing.text,
    "rate": parsing.number("cluster seconds per wall second", 1000),
    "outage_budget_s": parsing.number("seconds"),
    "recovery_deadline_s": parsing.number("seconds"),
    "stable_for_s": parsing.number("seconds"),
    "baseline_s": parsing.number("seconds"),
    "server_timeout_s": parsing.number("seconds"),
    "restore_timeout_s": parsing.number("seconds"),
    "samples_per_s": parsing.number("samples a second", 100),
    "answer_within_s": parsing.number("seconds", 60),
    "slo": parsing.number("percent", 99.9999),
    "slo_period_days": parsing.number("days", 366),
    "kept_connections": parsing.connections,
    "direct_url": parsing.url,
    "control_url": parsing.url_or_none,
    "poll_every_s": parsing.number("seconds", 60),
    "writes_per_s": parsing.number("writes a second", 20),
    "request_timeout_s": parsing.number("seconds", 300),
    "app_expected_status": parsing.status,
    "app_body_pattern": parsing.pattern,
    "app_backend_pattern": parsing.pattern,
    "app_ca_file": parsing.text,
    "ledger": parsing.ledger,
    "objectives": _objectives,
    "runs_dir": parsing.text,
    "allow_loss": parsing.names("NAMESPACE/WORKLOAD or NAMESPACE/POD"),
    "abort_outage_s": parsing.number("seconds"),
    "guarded_workloads": parsing.names("NAMESPACE/WORKLOAD or NAMESPACE/Kind/WORKLOAD"),
    "guarded_for_s": parsing.number("seconds"),
    "stop_file": parsing.text,
    "prometheus_url": parsing.url,
    "prometheus_ca_file": parsing.text,
    "abort_query": parsing.text,
    "ssh_config": parsing.text,
}
