"""Undo the cordon of a node: make it schedulable, see that it is, then take our annotations off.

Only what carries our annotations was cordoned by us; a node that was made anew since then, or that somebody else cordoned, is left alone.
"""

import logging

from chaoscinder.clients import nodes
from chaoscinder.clients.site import Site
from chaoscinder.clock import Deadline
from chaoscinder.errors import NotFound
from chaoscinder.model.leftover import NODE_KEYS, RUN_ANNOTATION
from chaoscinder.recovery.steps import changing, go_on, insist_gone

GONE = "gone"

logger = logging.getLogger("chaostoolkit")


def uncordon_node(site: Site, node: str, run_id: str, deadline: Deadline) -> str:
    """Uncordon a node that a run cordoned and see it schedulable, then take that run's annotations off; returns the end state.

    A node that is gone, or that another run holds by now, is left alone.
    """
    try:
        return go_on(site.clock, deadline, lambda: _step(site, node, run_id), wanted="it schedulable and unmarked")
    except NotFound as error:
        insist_gone(error, node, (row.name for row in site.kubernetes.nodes()))
        logger.warning("node %s does not exist any more: nothing can be uncordoned", node)
        return GONE


def _step(site: Site, name: str, run_id: str) -> tuple[str, str]:
    node = site.kubernetes.node(name)
    carried = dict(node.marks)
    other = carried.get(RUN_ANNOTATION, run_id)
    state = "schedulable" if node.schedulable else "cordoned"
    if run_id and other != run_id:
        logger.warning("node %s is held by run %s now: leaving it as it is (%s)", name, other[:8], state)
        return f"{state}, held by run {other[:8]}", ""
    if not carried:
        return state if node.schedulable else "cordoned, but not by this run (it carries no annotation of ours)", ""
    if not node.schedulable:
        logger.info("uncordoning node %s", name)
        with changing():
            nodes.uncordon(site.kubernetes, name)
        return "", f"node {name} is cordoned"
    with changing():
        nodes.unmark(site.kubernetes, name, tuple(key for key in NODE_KEYS if key in carried))
    return "", f"node {name} is schedulable and still carries our annotations"
