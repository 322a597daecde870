"""Fixtures that more than one room's tests use: the stories of a node that was shut down, an API server that is told its answers."""

import importlib.util
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

from chaoscinder.model.run import Run
from tests.api_server import ApiServer

settings.register_profile("chaoscinder", deadline=None)  # a busy machine is no counterexample
settings.load_profile("chaoscinder")


def _load(name: str) -> ModuleType:
    """Load a module that lies beside this file (tests are no package)."""
    spec = importlib.util.spec_from_file_location(f"chaoscinder_tests_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_stories = _load("stories")


@pytest.fixture(scope="session")
def stories() -> ModuleType:
    """The builders of tests/stories.py."""
    return _stories


@pytest.fixture
def passing_run() -> Run:
    """A server stopped under a volume; the out-of-service taint frees the volume, and the application is back after about 80 s."""
    return _stories.passing()


@pytest.fixture
def failing_run() -> Run:
    """The same without remediation: nothing frees the volume within the deadline, and only our undo ends it."""
    return _stories.failing()


@pytest.fixture
def api_kind() -> type[ApiServer]:
    """What the fixture api makes; a module whose server has to do something else says so here."""
    return ApiServer


@pytest.fixture
def api(api_kind: type[ApiServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ApiServer]:
    """A Kubernetes API server that says what it is told, with a kubeconfig that leads to it."""
    made = api_kind()
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(made.kubeconfig())
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig))
    # The client reads the variable once, when it is imported; in this process that may have been another test's.
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", str(kubeconfig))
    yield made
    made.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what could not be run on this machine: a skip whose reason begins with NOT RUN is no success."""
    reasons = [str(row.longrepr[2]) for row in terminalreporter.stats.get("skipped", []) if isinstance(row.longrepr, tuple)]
    found = Counter(reason.partition("NOT RUN: ")[2] for reason in reasons if "NOT RUN: " in reason)
    for why, number in sorted(found.items()):
        terminalreporter.write_line(f"NOT RUN: {number} tests: {why}", red=True, bold=True)
