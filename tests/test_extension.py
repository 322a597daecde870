"""What Chaos Toolkit sees of us: discovery, info, and a neighbour that is not installed for good reasons."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lent import CHAOS, ROOT, Done, merged, run

PORTABLE = {"boolean", "integer", "number", "string", "list", "mapping"}
NUMBER, SECRETS = "number", ("configuration", "secrets")
# Chaos Toolkit calls an experiment invalid whose secrets the environment lacks.
SECRETS_OF = {"node-shutdown-ssh.json": {f"CHAOSCINDER_SSH_{name}": "x" for name in ("USER", "KEY", "KNOWN_HOSTS")}}

EXPECTED = {
    ("action", "stop_server", ("timeout_s",)),
    ("action", "shut_down_server", ("timeout_s",)),
    ("action", "start_server", ("timeout_s",)),
    ("action", "cordon_node", ()),
    ("action", "cordon_other_nodes", ("most_nodes",)),
    ("action", "uncordon_nodes", ("timeout_s",)),
    ("action", "delete_pod", ("timeout_s",)),
    ("action", "see_pod_replaced", ("timeout_s",)),
    ("probe", "web_ui_is_reachable", ()),
    ("probe", "recovers_within", ("deadline_s", "stable_for_s")),
    ("probe", "outage_is_within_budget", ("budget_s",)),
    ("probe", "workload_is_ready", ()),
    ("probe", "rollouts_can_finish", ()),
    ("probe", "volume_follows_workload", ()),
    ("probe", "attachments_agree", ()),
    ("probe", "no_attachment_is_stuck", ("wait",)),
    ("probe", "no_acknowledged_write_is_lost", ()),
}


def discovered(tmp_path: Path, env: dict[str, str | None] | None = None) -> dict[str, Any]:
    """The file that `chaos discover` writes."""
    command = [CHAOS, "--no-version-check", "discover", "--no-install", "chaostoolkit-cinder"]
    done = run(command, cwd=tmp_path, env=env)
    assert done.code == 0, done.out
    return dict(json.loads((tmp_path / "discovery.json").read_text()))


def test_every_activity_is_discovered_with_its_type_and_all_its_arguments(tmp_path: Path) -> None:
    rows = discovered(tmp_path)["activities"]
    seen = {(row["type"], row["name"], tuple(arg["name"] for arg in row["arguments"] if arg["name"] not in SECRETS)) for row in rows}
    assert EXPECTED - seen == set()


def test_every_argument_of_every_activity_has_a_portable_type_and_every_activity_a_sentence(tmp_path: Path) -> None:
    rows = discovered(tmp_path)["activities"]
    for row in rows:
        assert row["doc"].strip(), row["name"]
        for argument in row["arguments"]:
            assert argument["type"] in PORTABLE, (row["name"], argument)


def test_chaos_init_offers_every_activity_and_takes_its_defaults(tmp_path: Path) -> None:
    """It crashes on an argument whose type it does not know, so every activity is picked once.

    Return takes an argument's default, but for a number without one: there it goes on asking.
    """
    rows = discovered(tmp_path)["activities"]
    answers = ["every activity", "n", "y"]
    for number, row in enumerate(rows, start=1):
        arguments = [arg for arg in row["arguments"] if arg["name"] not in SECRETS]
        values = ["60" if (arg["type"], arg.get("default")) == (NUMBER, None) else "" for arg in arguments]
        answers += [str(number), "y", *values, "n" if number == len(rows) else "y"]
    command = [CHAOS, "--no-version-check", "init"]
    text = "\n".join([*answers, "n", ""])
    done = subprocess.run(command, cwd=tmp_path, input=text, capture_output=True, text=True, check=False, env=merged({"PAGER": "cat"}))
    assert done.returncode == 0, done.stdout + done.stderr
    written = json.loads((tmp_path / "experiment.json").read_text())
    assert [row["name"] for row in written["method"]] == [row["name"] for row in rows]


def test_chaos_info_extensions_lists_us(tmp_path: Path) -> None:
    done = run([CHAOS, "--no-version-check", "info", "extensions"], cwd=tmp_path)
    assert done.code == 0
    assert any(line.split()[:2] == ["chaostoolkit-cinder", "0.1.0"] for line in done.out.splitlines()), done.out


@pytest.mark.parametrize("path", sorted((ROOT / "experiments").glob("*.json")), ids=lambda path: path.name)
def test_every_experiment_is_valid_for_chaos_toolkit(path: Path, tmp_path: Path) -> None:
    done = run([CHAOS, "--no-version-check", "validate", str(path)], cwd=tmp_path, env=SECRETS_OF.get(path.name))
    assert done.code == 0, done.out


def test_importing_the_package_and_its_command_line_is_cheap() -> None:
    """Neither may import a cloud client, Chaos Toolkit or the web server; that is what keeps --help as quick as `chaos --version`."""
    heavy = "kubernetes openstack chaoslib werkzeug requests jinja2".split()
    script = f"import sys, chaoscinder.cli; print(sorted(set(sys.modules) & set({heavy!r})))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def neighbour(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """chaostoolkit-openstack beside us, without its pins; the package index must answer, or this fails and says so."""
    target = tmp_path_factory.mktemp("neighbour")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), "chaostoolkit-openstack==0.1.1"]
    done = run([*command, "--disable-pip-version-check"], cwd=target)
    assert done.code == 0, f"chaostoolkit-openstack could not be had to show that it does no harm: {done.out}"
    return target


def test_chaostoolkit_openstack_beside_us_does_no_harm(tmp_path: Path, neighbour: Path) -> None:
    beside: dict[str, str | None] = {"PYTHONPATH": os.pathsep.join([str(neighbour), str(ROOT)])}
    alone, together = discovered(tmp_path), discovered(tmp_path, beside)
    assert together["activities"] == alone["activities"]
    listed: Done = run([CHAOS, "--no-version-check", "info", "extensions"], cwd=tmp_path, env=beside)
    names = [line.split()[0] for line in listed.out.splitlines() if line.startswith("chaostoolkit-")]
    assert {"chaostoolkit-cinder", "chaostoolkit-openstack"} <= set(names)


def test_what_the_readme_says_of_it_is_so(neighbour: Path) -> None:
    metadata = next(neighbour.glob("*openstack*.dist-info/METADATA")).read_text()
    pins = {
        line.removeprefix("Requires-Dist: ").replace(" (==", "==").rstrip(")") for line in metadata.splitlines() if "Requires-Dist" in line
    }
    assert {"chaostoolkit-lib==1.1.2", "openstacksdk==0.27.0", "pytest==4.4.0", "logzero==1.5.0"} <= pins
    assert not (neighbour / "chaosopenstack" / "compute").exists()
    readme = (ROOT / "README.md").read_text()
    for pin in ("chaostoolkit-lib==1.1.2", "openstacksdk==0.27.0", "pytest==4.4.0", "logzero==1.5.0"):
        assert pin in readme
