"""Lint: what `chaos validate` lets pass."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from chaoscinder.checks.lint import lint, lint_file

SHIPPED = sorted(Path(__file__).parents[2].glob("experiments/*.json"))
GOOD: dict[str, Any] = json.loads(next(path for path in SHIPPED if path.name == "node-shutdown.json").read_text())


def spoilt(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(GOOD), **changes}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_experiments_we_ship_have_nothing_to_find_fault_with(path: Path) -> None:
    assert lint_file(path) == []


def test_a_misspelled_key_of_the_experiment_is_named_with_the_right_one() -> None:
    experiment = spoilt()
    experiment["rollback"] = experiment.pop("rollbacks")
    assert lint(experiment) == ['experiment: unknown key "rollback" (wanted "rollbacks"?)']


def test_a_misspelled_key_of_an_activity_is_named() -> None:
    experiment = spoilt()
    experiment["method"][0]["backgroud"] = True
    assert lint(experiment) == ['method stop-server: unknown key "backgroud" (wanted "background"?)']


def test_an_argument_that_the_function_does_not_take_is_named() -> None:
    experiment = spoilt()
    experiment["method"][0]["provider"]["arguments"] = {"timeouts": 3}
    assert lint(experiment) == ['method stop-server arguments: unknown key "timeouts" (wanted "timeout_s"?)']


def test_a_misspelled_setting_is_named() -> None:
    experiment = spoilt(configuration={**GOOD["configuration"], "outage_budjet_s": "3"})
    assert lint(experiment) == ['configuration: unknown key "outage_budjet_s" (wanted "outage_budget_s"?)']


def test_any_rollback_strategy_but_always_is_a_finding() -> None:
    found = lint(spoilt(runtime={"rollbacks": {"strategy": "default"}}))
    wanted = 'wanted "always": any other skips the undo when a probe raises or on Ctrl-C'
    assert found == [f'runtime.rollbacks.strategy is "default" ({wanted})']


def test_secrets_beside_the_provider_are_ignored_by_the_platform_and_a_finding_here() -> None:
    experiment = spoilt()
    experiment["method"][0]["secrets"] = ["openstack"]
    assert lint(experiment) == ['method stop-server: "secrets" beside "provider" is ignored (wanted it inside "provider")']


def test_a_function_that_is_not_there_is_a_finding() -> None:
    experiment = spoilt()
    experiment["method"][0]["provider"]["func"] = "stop_servers"
    assert lint(experiment) == ["method stop-server: there is no function chaoscinder.actions.server.stop_servers"]


def test_an_http_probe_without_timeout_and_a_two_number_tolerance_are_findings() -> None:
    experiment = spoilt()
    probe = {"type": "probe", "name": "page", "tolerance": [200, 299], "provider": {"type": "http", "url": "http://x/"}}
    experiment["steady-state-hypothesis"]["probes"].append(probe)
    assert lint(experiment) == [
        "hypothesis page: an HTTP probe without a timeout waits for ever (wanted provider.timeout)",
        "hypothesis page: tolerance [200, 299] on http means one of the two, not a range",
    ]


def test_our_actions_without_our_control_are_a_finding() -> None:
    assert lint(spoilt(controls=[])) == ["no control chaoscinder.controls.recording: our actions refuse to act unrecorded"]


def test_names_used_twice_and_variables_never_defined_are_findings() -> None:
    experiment = spoilt()
    experiment["rollbacks"][0]["name"] = "stop-server"
    experiment["method"][1]["provider"]["arguments"] = {"deadline_s": "${deadline}"}
    assert lint(experiment) == ['2 activities are called "stop-server" (wanted one)', "${deadline} is used but never defined"]


def test_dynamic_configuration_is_a_finding_because_it_leaks_secrets() -> None:
    probe = {"type": "probe", "name": "x", "provider": {"type": "python", "module": "os", "func": "getcwd"}}
    found = lint(spoilt(configuration={**GOOD["configuration"], "where": probe}))
    assert found == ["configuration.where is a probe: Chaos Toolkit then writes every secret into the journal (wanted a plain value)"]


def test_a_file_that_is_no_json_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text('{"title": ')
    assert lint_file(path) == [f"{path}: cannot be read: Expecting value: line 1 column 11 (char 10)"]


def test_something_else_than_an_object_is_one_line() -> None:
    assert lint([]) == ["the experiment is a list (wanted an object)"]
