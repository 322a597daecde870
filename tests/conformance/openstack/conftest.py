"""Each test runs on every witness: the sandbox always, the lab when OPENSTACK_LAB_TESTS is set. The end tells how many ran where."""

import json
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.openstack.bench import Bench
from tests.conformance.openstack.witnesses import Laboratory, Sandbox, Witness

LAB = "OPENSTACK_LAB_TESTS"
LAB_LIMIT_S = 400
CONFIRM = "OPENSTACK_LAB_CONFIRM"  # write down which tests the real services passed
CONFIRMED = Path(__file__).with_name("confirmed.json")
WITNESSES = ("sandbox", "lab") if os.environ.get(LAB) == "1" else ("sandbox",)
_ran: Counter[tuple[str, str]] = Counter()
_confirmed: dict[str, bool] = {}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "endpoint(*names): which endpoints of Keystone, Nova or Cinder a conformance test asks")
    config.addinivalue_line("filterwarnings", "ignore::openstack.warnings.RemovedInSDK60Warning")
    config.addinivalue_line("filterwarnings", "ignore::openstack.warnings.RemovedInSDK50Warning")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test on the lab the time that a real cloud on a busy machine needs, and a second try, which is told."""
    for item in items:
        if getattr(item, "callspec", None) is not None and item.callspec.params.get("cloud") == "lab":  # type: ignore[attr-defined]
            item.add_marker(pytest.mark.timeout(LAB_LIMIT_S))
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def laboratory() -> Iterator[Witness]:
    witness = Laboratory()
    yield witness
    witness.close()


@pytest.fixture(params=WITNESSES)
def cloud(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """A corner of a cloud, on each witness."""
    witness = Sandbox() if request.param == "sandbox" else request.getfixturevalue("laboratory")
    bench = Bench(witness)
    yield bench
    bench.close()
    if request.param == "sandbox":
        witness.close()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()
    params = getattr(getattr(item, "callspec", None), "params", {})
    if report.when != "call" or "cloud" not in params:
        return
    witness = params["cloud"]
    _ran[witness, report.outcome] += 1
    if witness == "lab":
        name = f"{Path(item.path).stem}::{item.originalname}"
        _confirmed[name] = _confirmed.get(name, True) and report.passed


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for witness in sorted({name for name, _ in _ran}):
        rows = ", ".join(f"{number} {outcome}" for (name, outcome), number in sorted(_ran.items()) if name == witness)
        terminalreporter.write_line(f"conformance on the {witness}: {rows}")
    if os.environ.get(CONFIRM) == "1" and _confirmed:
        before = set(json.loads(CONFIRMED.read_text(encoding="utf-8"))) if CONFIRMED.exists() else set()
        passed = {name for name, good in _confirmed.items() if good}
        CONFIRMED.write_text(json.dumps(sorted((before - set(_confirmed)) | passed), indent=2) + "\n", encoding="utf-8")
        terminalreporter.write_line(f"wrote {CONFIRMED}")
