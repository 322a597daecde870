"""One cluster for the whole run, a namespace for each test."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.conformance.kubernetes.cluster import Cluster

_numbers = count(1)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "endpoint(*names): which endpoints of the Kubernetes API a conformance test asks")


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.close()


@pytest.fixture
def home(cluster: Cluster) -> str:
    """The name of a new namespace."""
    name = f"home-{next(_numbers)}"
    assert cluster.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name}}).status_code == 201
    return name
