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


@pytest.mark.parametrize("module", ["nosuch", "nosuch.deeper", "", ".relative", "os.path.deeper", "sys", "_json", "tests"])
def test_a_module_that_is_not_there_or_shows_no_functions_is_a_finding(module: str) -> None:
    """Not installed, no name at all, no package, built into the interpreter, a library in C, a folder without a file."""
    experiment = spoilt()
    experiment["method"][0]["provider"]["module"] = module
    assert lint(experiment) == [f"method stop-server: there is no function {module}.stop_server"]


def test_a_misspelled_key_of_the_hypothesis_is_named() -> None:
    hypothesis = {**GOOD["steady-state-hypothesis"], "titel": "it answers"}
    assert lint(spoilt(**{"steady-state-hypothesis": hypothesis})) == [
        'steady-state-hypothesis: unknown key "titel" (wanted "title"?)'
    ]  # fmt: skip


def test_a_misspelled_key_of_a_control_is_named() -> None:
    experiment = spoilt()
    experiment["controls"][0]["automatically"] = True
    name = experiment["controls"][0]["name"]
    assert lint(experiment) == [f'control {name}: unknown key "automatically" (wanted "automatic"?)']


def pods_in_phase(**arguments: Any) -> dict[str, Any]:
    """A probe of chaostoolkit-kubernetes, which raises where it should deviate unless it is told not to."""
    provider = {
        "type": "python",
        "module": "chaosk8s.pod.probes",
        "func": "pods_in_phase",
        "arguments": {"label_selector": "a=b", **arguments},
    }
    return {"type": "probe", "name": "pods", "tolerance": True, "provider": provider}


@pytest.mark.parametrize(
    ("place", "arguments", "finds"),
    [
        ("hypothesis", {}, True),
        ("hypothesis", {"raise_on_invalid_phase": True}, True),
        ("hypothesis", {"raise_on_invalid_phase": False}, False),
        ("method", {}, False),
    ],
)
def test_a_hypothesis_that_raises_where_it_should_deviate_is_a_finding(place: str, arguments: dict[str, Any], finds: bool) -> None:
    experiment = spoilt()
    rows = experiment["steady-state-hypothesis"]["probes"] if place == "hypothesis" else experiment["method"]
    rows.append(pods_in_phase(**arguments))
    words = "hypothesis pods: raise_on_invalid_phase is not false, so an unmet steady state is an error instead of a deviation"
    assert lint(experiment) == [words] * finds


def test_a_tolerance_is_no_range_only_where_two_numbers_would_be_one_of_the_two() -> None:
    experiment = spoilt()
    page = {"type": "http", "url": "http://x/", "timeout": 3}
    counted = {"type": "python", "module": "chaoscinder.probes", "func": "web_ui_is_reachable"}
    for number, (tolerance, provider) in enumerate([(200, page), ([200, 201, 202], page), ([0, 1], counted)]):
        probe = {"type": "probe", "name": f"probe-{number}", "tolerance": tolerance, "provider": provider}
        experiment["steady-state-hypothesis"]["probes"].append(probe)
    assert [line for line in lint(experiment) if "range" in line] == []


def test_what_a_group_of_secrets_defines_may_be_used() -> None:
    experiment = spoilt(secrets={"shop": {"token": "abc"}, "plain": "word"})
    experiment["method"][1]["provider"]["arguments"] = {"deadline_s": "${token} ${w}"}
    assert lint(experiment) == ["${w} is used but never defined"]


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


def test_a_file_that_is_no_yaml_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("title: [one,\nmethod: two")
    (line,) = lint_file(path)
    assert line.startswith(f"{path}: cannot be read: while parsing a flow sequence in")
    path.write_text("title: one")
    assert lint_file(path)[0] == f'{path}: experiment: "description" is missing'


def test_something_else_than_an_object_is_one_line() -> None:
    assert lint([]) == ["the experiment is a list (wanted an object)"]
