"""Makes docs/openstack-coverage.md from the suite, the recording and what the real services confirmed.

python -m tests.conformance.openstack.coverage            writes the page
python -m tests.conformance.openstack.coverage --check    says whether it is stale
"""

import importlib
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType
from typing import Any

from chaoscinder.sandbox.openstack.cinder_actions import VolumeActions
from chaoscinder.sandbox.openstack.compute_actions import ActionRoutes
from chaoscinder.sandbox.openstack.volume_api import VolumeApi
from tests.conformance import made_page
from tests.recordings.openstack.recording import lines
from tests.recordings.openstack.replay import new_cloud

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "openstack-coverage.md"
CONFIRMED = HERE / "confirmed.json"
OBSERVED = HERE / "observed.json"  # what real Nova and Cinder were seen to do, row by row, and the tests that hold it
CINDERS = ("/volumes", "/attachments", "/snapshots", "/types", "/messages", "/scheduler-stats")
ROOTS = {"/": "Nova, Cinder", "/v2.1/": "Nova", "/v3/": "Cinder"}
BOTHS = ("/os-services", "/limits", "/os-quota-sets")
UUID = re.compile(r"(req-)?[0-9a-f]{8}-[0-9a-f-]{27}")


@dataclass(frozen=True)
class Row:
    """One endpoint, one behaviour of it, and who says so."""

    endpoint: str
    behaviour: str
    test: str
    confirmed: bool
    recorded: bool


def rows() -> list[Row]:
    """Every endpoint that a test names, with the test's sentence."""
    confirmed = set(json.loads(CONFIRMED.read_text(encoding="utf-8"))) if CONFIRMED.exists() else set()
    recorded = {endpoint for line in lines() if line.kind == "call" for endpoint in _endpoints_of(line.data)}
    found = [
        Row(
            endpoint,
            name.removeprefix("test_").replace("_", " "),
            f"{module}::{name}",
            f"{module}::{name}" in confirmed,
            endpoint in recorded,
        )
        for module, name, endpoint in _marked()
    ]
    return sorted(found, key=lambda row: (_service(row), _path(row.endpoint), row.endpoint, row.test))


def page() -> str:
    """The page as Markdown."""
    table = rows()
    tests = {row.test for row in table}
    counts = f"{len(tests)} tests of {len({row.endpoint for row in table})} endpoints and actions; "
    counts += f"{len({row.test for row in table if row.confirmed})} of the tests also passed on the real services"
    covered = {_plain(row.endpoint) for row in table}
    uncovered = sorted(each for each in _answered() - covered if not any(other.startswith(f"{each} ") for other in covered))
    return "\n".join(
        [
            "# What the sandbox's OpenStack was checked against",
            "",
            "Made by `python -m tests.conformance.openstack.coverage` from the suite in `tests/conformance/openstack`;",
            "a test fails when it is stale. Every test here is written once and passes on the sandbox. *Real*: it also passed on real",
            "Keystone 30, Nova 34 and Cinder 29, as `tests/lab/openstack` runs them (`confirmed.json`, written by a run with",
            "`OPENSTACK_LAB_TESTS=1 OPENSTACK_LAB_CONFIRM=1`). *Recorded*: a call of that kind is in",
            "`tests/recordings/openstack/calls.jsonl`, which is played against the sandbox line by line.",
            "",
            f"{counts}.",
            "",
            "| service | endpoint | behaviour | test | real | recorded |",
            "|---|---|---|---|---|---|",
            *(_line(row) for row in table),
            "",
            "## What was seen of real services, and the tests that hold it",
            "",
            "| of | observed | tests |",
            "|---|---|---|",
            *(_seen(row) for row in observed()),
            "",
            "## Answered by the sandbox without a conformance test",
            "",
            "What is not listed on this page gets 501 with its path.",
            "",
            *(f"* `{endpoint}`" for endpoint in uncovered),
            "",
        ]
    )


def observed() -> list[dict[str, Any]]:
    """Every row of observed.json."""
    return list(json.loads(OBSERVED.read_text(encoding="utf-8")))


def _seen(row: dict[str, Any]) -> str:
    names = (name.removeprefix("test_").replace("::test_", ": ").replace("_", " ") for name in row["tests"])
    return f"| {row['of']} | {row['observed']} | {'; '.join(names) or 'left out: ' + row['left_out']} |"


def _line(row: Row) -> str:
    test = f"`{row.test.split('::')[0]}`"
    return f"| {_service(row)} | `{row.endpoint}` | {row.behaviour} | {test} | {_tick(row.confirmed)} | {_tick(row.recorded)} |"


def _service(row: Row) -> str:
    path = _path(row.endpoint)
    if path in ROOTS or path.startswith("/v3"):
        return ROOTS.get(path, "Keystone")
    of_cinder = path.startswith(CINDERS) or (path.startswith(BOTHS) and ("test_volumes" in row.test or "volume_service" in row.test))
    return "Cinder" if of_cinder else "Nova"


def _tick(value: bool) -> str:
    return "yes" if value else "-"


def _marked() -> Iterator[tuple[str, str, str]]:
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(f"tests.conformance.openstack.{path.stem}")
        for name, function in vars(module).items():
            if not name.startswith("test_") or not isinstance(function, FunctionType):
                continue
            for mark in getattr(function, "pytestmark", ()):
                yield from ((path.stem, name, endpoint) for endpoint in mark.args if mark.name == "endpoint")


def _endpoints_of(call: dict) -> Iterator[str]:
    path, _, query = call["path"].partition("?")
    parts = path.strip("/").split("/")
    names = {"os-volume_attachments": "{volume}", "os-instance-actions": "{request}"}
    plain = [names.get(parts[n - 1], "{id}") if UUID.fullmatch(part) else part for n, part in enumerate(parts)]
    endpoint = f"{call['method']} /{'/'.join(plain)}"
    yield endpoint
    if "all_tenants" in query:
        yield f"{endpoint}?all_tenants"
    if endpoint.endswith("/action") and call["body"]:
        yield f"{endpoint} {next(iter(call['body']))}"


def _path(endpoint: str) -> str:
    return endpoint.split(" ", 1)[1]


def _plain(endpoint: str) -> str:
    """An endpoint without the names of its parts."""
    return re.sub(r"\{\w+\}", "{}", endpoint.split("?")[0])


def _answered() -> set[str]:
    """Every route and action of the sandbox's Nova and Cinder."""
    cloud = new_cloud()
    compute, volume = _applications(cloud.wsgi)
    found = {f"{method} {_templated(path)}" for methods, path, _ in compute.routes() for method in methods.split()}
    found |= {
        f"{method} {_templated(path)}" for methods, path, _ in volume.routes() for method in methods.split() if "project_id" not in path
    }
    actions = [*ActionRoutes(cloud.nova)._others] + [name for name in cloud.nova.operator.acts if " " not in name]
    found |= {f"POST /servers/{{}}/action {name}" for name in actions}
    return found | {f"POST /volumes/{{}}/action {name}" for name in VolumeActions(cloud.cinder)._acts}


def _applications(wsgi: object) -> tuple:
    mounts = wsgi.mounts  # type: ignore[attr-defined]
    assert isinstance(mounts["/volume"], VolumeApi)
    return mounts["/compute"], mounts["/volume"]


def _templated(path: str) -> str:
    return re.sub(r"<\w+>", "{}", re.sub(r"^/v[\d.]+", "", path))


if __name__ == "__main__":
    sys.exit(made_page.main(PAGE, page, "python -m tests.conformance.openstack.coverage"))
