"""chaostoolkit-kubernetes beside us in an experiment: its activities must ask the very cluster that ours do.

It finds its cluster by itself: by KUBERNETES_CONTEXT, which knows nothing of our setting `context`; and where KUBECONFIG is no single file
and it was not told that it runs in a pod, it asks http://localhost without verifying anything.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from chaoscinder.errors import SettingsError

NEIGHBOUR = "chaosk8s."
CONTEXT = "KUBERNETES_CONTEXT"
IN_POD = "CHAOSTOOLKIT_IN_POD"


def share_cluster(experiment: Mapping[str, Any], context: str, environ: Any = os.environ) -> None:
    """Give chaosk8s our context, where the experiment uses it; SettingsError where it would ask another cluster than we do."""
    if not any(str(row.get("module", "")).startswith(NEIGHBOUR) for row in _providers(experiment)):
        return
    config = Path(environ.get("KUBECONFIG", "~/.kube/config")).expanduser()
    if not config.exists() and environ.get(IN_POD) != "true":
        wanted = f"one file in KUBECONFIG, or {IN_POD}=true in a pod"
        raise SettingsError(f"chaostoolkit-kubernetes finds no kubeconfig at {config} and would ask http://localhost (wanted {wanted})")
    theirs = environ.get(CONTEXT, "")
    if theirs and theirs != context:
        raise SettingsError(f'{CONTEXT} is "{theirs}" and our context is "{context}" (wanted the same: set both, or neither)')
    if context:
        environ[CONTEXT] = context


def _providers(experiment: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    hypothesis = experiment.get("steady-state-hypothesis") or {}
    for rows in (hypothesis.get("probes"), experiment.get("method"), experiment.get("rollbacks")):
        yield from (row.get("provider") or {} for row in rows or [] if isinstance(row, Mapping))
