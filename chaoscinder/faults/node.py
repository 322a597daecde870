"""Cordon nodes, so that the workload's next pod goes elsewhere, or nowhere else. The undo is chaoscinder.recovery.uncordon."""

import logging
from typing import Any

from chaoscinder.checks import safety_placement
from chaoscinder.clients import nodes
from chaoscinder.clients.site import Site
from chaoscinder.errors import CannotTell, Refused
from chaoscinder.faults import acting, guard, survey
from chaoscinder.model.act import Act
from chaoscinder.runs import RunDirectory
from chaoscinder.waiting import halt

MOST_OTHERS = 10

logger = logging.getLogger("chaostoolkit")


def cordon(site: Site, run: RunDirectory) -> dict[str, Any]:
    """Cordon the node of the workload's pod, and see that it is; idempotent within a run."""
    target = acting.target_of(run)
    if not acting.already(run, "Node"):
        acting.insist_on_same(site, target, "cordoning")
        guard.insist(site, run, acts=(Act.CORDON_NODE,))
        _cordon(site, run, target.node, f"pod {target.pod} runs there, and its next one shall not")
    _insist_on_cordon(site, target.node)
    run.mark("cordoned", node=target.node)
    return {"cordoned": [target.node]}


def cordon_others(site: Site, run: RunDirectory, most: int) -> dict[str, Any]:
    """Cordon every other node that would take the workload's pod, and see that they are; idempotent within a run."""
    target = acting.target_of(run)
    if not acting.already(run, "Node"):
        acting.insist_on_same(site, target, "cordoning")
        guard.insist(site, run, acts=(Act.CORDON_OTHER_NODES,))
        for name in _others(site, run, most):
            _cordon(site, run, name, f"the next pod of {target.workload} shall be on {target.node} again")
    cordoned = [str(row["name"]) for row in run.open_intents() if row["what"] == "Node"]
    for name in cordoned:
        _insist_on_cordon(site, name)
    run.mark("others_cordoned", nodes=cordoned)
    return {"cordoned": cordoned}


def _others(site: Site, run: RunDirectory, most: int) -> tuple[str, ...]:
    found = safety_placement.takers(survey.take(site, run.run_id, (Act.CORDON_OTHER_NODES,)))
    if len(found) > most:
        raise Refused(f"{len(found)} other nodes would take the pod (wanted at most {most}: argument most_nodes): not cordoning")
    return found


def _cordon(site: Site, run: RunDirectory, name: str, why: str) -> None:
    acting.intend_on_node(site, run, name)
    halt.heed()
    logger.info("cordoning node %s: %s", name, why)
    run.mark("cordoning", node=name)
    nodes.cordon(site.kubernetes, name)


def _insist_on_cordon(site: Site, name: str) -> None:
    if site.kubernetes.node(name).schedulable:
        raise CannotTell(f"node {name} is schedulable after it was cordoned (wanted it cordoned)")
