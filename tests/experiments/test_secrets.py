"""The five secret keys log in, and a password is in nothing that is left; test_each_experiment.py has every other kind of secret."""

import json
from pathlib import Path

import pytest

from tests.lent import CHAOS, Lent, run

FIVE = {
    "region": "RegionOne",
    "auth_url": {"type": "env", "key": "T_AUTH_URL"},
    "project_name": {"type": "env", "key": "T_PROJECT"},
    "username": {"type": "env", "key": "T_USER"},
    "password": {"type": "env", "key": "T_PASSWORD"},
}


def experiment(tmp_path: Path) -> Path:
    """One probe that needs all three views, with the five keys and no clouds.yaml."""
    provider = {"type": "python", "module": "chaoscinder.probes.volume", "func": "volume_follows_workload", "secrets": ["openstack"]}
    probe = {"type": "probe", "name": "volume-follows-workload", "tolerance": True, "provider": provider}
    body = {
        "title": "Five keys",
        "description": "A probe that logs in with them.",
        "secrets": {"openstack": FIVE},
        "steady-state-hypothesis": {"title": "The volume is where its pod is", "probes": [probe]},
        "method": [],
        "runtime": {"rollbacks": {"strategy": "always"}},
    }
    path = tmp_path / "five.json"
    path.write_text(json.dumps(body))
    return path


def keys_of(lent: Lent) -> dict[str, str]:
    """The environment that the five keys are read from."""
    auth = json.loads(Path(lent.environment["OS_CLIENT_CONFIG_FILE"]).read_text())["clouds"]["chaoscinder-sandbox"]["auth"]
    named = {"T_AUTH_URL": "auth_url", "T_PROJECT": "project_name", "T_USER": "username", "T_PASSWORD": "password"}
    return {name: auth[key] for name, key in named.items()}


@pytest.fixture
def keys(lent: Lent) -> dict[str, str | None]:
    """The environment with the keys, and without clouds.yaml."""
    return {"OS_CLOUD": None, "OS_CLIENT_CONFIG_FILE": None, **keys_of(lent)}


def test_the_five_keys_log_in(lent: Lent, keys: dict[str, str | None], tmp_path: Path) -> None:
    done = run([CHAOS, "--no-version-check", "run", str(experiment(tmp_path))], cwd=tmp_path, env={**lent.environment, **keys})
    journal = json.loads((tmp_path / "journal.json").read_text())
    assert (done.code, journal["status"], journal["deviated"]) == (0, "completed", False), done.out
    assert journal["steady_states"]["before"]["probes"][0]["output"] is True
    left = [path for path in tmp_path.iterdir() if path.name != "five.json"]
    assert {path.name for path in left} == {"journal.json", "chaostoolkit.log"}
    assert [path for path in left if str(keys["T_PASSWORD"]) in path.read_text()] == []


def test_a_wrong_password_is_one_line_without_the_password(lent: Lent, keys: dict[str, str | None], tmp_path: Path) -> None:
    changed = {**lent.environment, **keys, "T_PASSWORD": "wr0ng-canary"}
    done = run([CHAOS, "--no-version-check", "run", str(experiment(tmp_path))], cwd=tmp_path, env=changed)
    assert "OpenStack refused the login" in done.out
    for path in (tmp_path / "journal.json", tmp_path / "chaostoolkit.log"):
        assert "wr0ng-canary" not in path.read_text()
    assert "wr0ng-canary" not in done.out
