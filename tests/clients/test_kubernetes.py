"""What an API server answers that is no object of its API is no answer, and never an empty list."""

from collections.abc import Iterator

import pytest

from chaoscinder.clients.kubernetes import Kubernetes
from chaoscinder.errors import Unreachable
from chaoscinder.settings import Settings
from tests.api_server import ApiServer

NODES = "/api/v1/nodes"


@pytest.fixture
def kubernetes(api: ApiServer) -> Iterator[Kubernetes]:
    made = Kubernetes(Settings(request_timeout_s=2.0))
    yield made
    made.close()


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"7"])
def test_json_that_is_no_object_is_named(api: ApiServer, kubernetes: Kubernetes, body: bytes) -> None:
    api.lists[NODES].append((200, body))
    with pytest.raises(Unreachable) as told:
        kubernetes.rows(NODES)
    assert str(told.value) == f"Kubernetes GET {NODES} did not answer with an object (saw {body!r})"


def test_what_is_no_json_is_named(api: ApiServer, kubernetes: Kubernetes) -> None:
    api.lists[NODES].append((200, b"<html>"))
    with pytest.raises(Unreachable) as told:
        kubernetes.rows(NODES)
    assert str(told.value) == f"Kubernetes GET {NODES} did not answer in JSON (saw b'<html>')"


@pytest.mark.parametrize("body", [b'{"items": []}', b'{"items": null}'])
def test_an_empty_list_is_one(api: ApiServer, kubernetes: Kubernetes, body: bytes) -> None:
    api.lists[NODES].append((200, body))
    assert kubernetes.rows(NODES) == ()
