"""Makes docs/kubernetes-coverage.md from the suite.

python -m tests.conformance.kubernetes.coverage            writes the page
python -m tests.conformance.kubernetes.coverage --check    says whether it is stale
"""

import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FunctionType

from chaoscinder.sandbox.kubernetes.routes import url_map
from tests.conformance import made_page

HERE = Path(__file__).parent
PAGE = HERE.parents[2] / "docs" / "kubernetes-coverage.md"
HEAD = """# What the sandbox's Kubernetes API was checked for

Made by `python -m tests.conformance.kubernetes.coverage` from the suite in `tests/conformance/kubernetes`; a test fails when it is stale.
Each test asks the sandbox's API server, with all its controllers on a turned clock, over HTTPS; *With* says how: by the Python client,
kubectl, or a raw request. No real API server is asked: the words are those of Kubernetes' public sources (1.34 and later, where a
structure in a refusal is JSON) and of the recordings of a real 1.36.2 (`tests/recordings/kubernetes`). What controllers do over time is
held against those recordings apart ([timelines.md](timelines.md)).

## Asking as somebody else than the administrator

RBAC is enforced for everybody who is not in the group `system:masters`. The sandbox's own kubeconfig has an administrator's token. One port
speaks HTTP and HTTPS; kubectl sends a token over HTTPS only, and who comes over HTTP without one is `system:unsecured`, an administrator,
as behind the API server's old `--insecure-port`. Over HTTPS without a token one is `system:anonymous`.

    kubectl create serviceaccount robot; kubectl create role ...; kubectl create rolebinding ...
    kubectl --server https://127.0.0.1:PORT --token "$(kubectl create token robot)" get pods    # the kubeconfig knows the sandbox's CA
    kubectl auth can-i list pods --as system:serviceaccount:default:robot

## Where it differs from a real one, as far as is known

| what | real | sandbox |
|---|---|---|
| server-side apply | merges by owner of each field | 501, with the path; `managedFields` are not kept |
| tokens | signed with RS256 | signed with HS256, by a key of the process; no OpenID discovery |
| refusals of changes to a pod or a claim | end with a difference in Go's words | end before it |
| quantities | answered in their shortest form (`1000m` as `1`) | answered as they were sent |
| a Job that is Indexed, or has a failure or success policy | acts on it | 501, or the field is refused |
| a Job's pods | have the finalizer `batch.kubernetes.io/job-tracking` | have none |
| a Job's command | runs in its image | runs on this machine, unconfined; without a command the demo application runs |
| profiles before 1.25, 1.21, ... | serve older versions of groups (`batch/v1beta1`, `policy/v1beta1`) | serve the versions of 1.36 |
| a namespace that is deleted | is Terminating until it is empty | goes at once, and what lives in it with it |

## Behaviours
"""


@dataclass(frozen=True)
class Row:
    """One behaviour, with the endpoints it was seen at."""

    area: str
    behaviour: str
    endpoints: tuple[str, ...]
    clients: tuple[str, ...]


def rows() -> list[Row]:
    """Every test of the suite that names its endpoints."""
    return [Row(module.removeprefix("test_"), _sentence(name), marks, _clients(function)) for module, name, marks, function in _marked()]


def page() -> str:
    """The page as Markdown."""
    table = rows()
    covered = {_plain(endpoint) for row in table for endpoint in row.endpoints}
    uncovered = sorted(_answered() - covered)
    counts = f"{len(table)} behaviours; {len(covered)} of {len(covered | _answered())} endpoints are named by one."
    head = ["| area | behaviour | endpoints | with |", "|---|---|---|---|"]
    body = [f"| {row.area} | {row.behaviour} | {_listed(row.endpoints)} | {', '.join(row.clients)} |" for row in table]
    rest = ["", "## Answered by the sandbox and named by no test of this suite", "", "What is on neither list gets 501 with its path.", ""]
    return "\n".join([HEAD, counts, "", *head, *body, *rest, *(f"* `{endpoint}`" for endpoint in uncovered), ""])


def _sentence(name: str) -> str:
    return name.removeprefix("test_").replace("_", " ")


def _listed(endpoints: tuple[str, ...]) -> str:
    return "<br>".join(f"`{endpoint}`" for endpoint in endpoints)


def _clients(function: FunctionType) -> tuple[str, ...]:
    text = inspect.getsource(function)
    found = [
        ("Python client", r"k8s\.|batch\.|refused\(|running\(|config_map\("),
        ("kubectl", r"\.kubectl\("),
        ("raw", r"\.ask\(|\.status\(|lines\(|patch\("),
    ]
    return tuple(name for name, pattern in found if re.search(pattern, text)) or ("raw",)


def _marked() -> Iterator[tuple[str, str, tuple[str, ...], FunctionType]]:
    for path in sorted(HERE.glob("test_*.py")):
        module = importlib.import_module(f"tests.conformance.kubernetes.{path.stem}")
        for name, function in vars(module).items():
            marks = [mark for mark in getattr(function, "pytestmark", ()) if mark.name == "endpoint"]
            if name.startswith("test_") and isinstance(function, FunctionType) and marks:
                yield path.stem, name, tuple(marks[0].args), function


def _answered() -> set[str]:
    """Every method and path that the API server serves."""
    found = set()
    for rule in url_map().iter_rules():
        plain = re.sub(r"<[^>]+>", "{}", rule.rule)
        found |= {f"{method} {plain}" for method in (rule.methods or ()) if method not in ("HEAD", "OPTIONS")}
    return found


def _plain(endpoint: str) -> str:
    return endpoint.split("?")[0]


if __name__ == "__main__":
    sys.exit(made_page.main(PAGE, page, "python -m tests.conformance.kubernetes.coverage"))
