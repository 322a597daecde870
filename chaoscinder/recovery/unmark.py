"""A server whose undo was seen done, and whose run died while it took its metadata off: the word that names the undo goes first."""

from chaoscinder.clients.site import Site
from chaoscinder.clock import Deadline
from chaoscinder.errors import NotFound
from chaoscinder.model.leftover import EXPIRES_KEY, RUN_KEY, UNDO_KEY
from chaoscinder.recovery.steps import changing, go_on, insist_gone

IN_ORDER = (UNDO_KEY, EXPIRES_KEY, RUN_KEY)  # whoever finds a part of them knows: what is named is to be done yet, what is not was done
GONE = "gone"


def unmark_server(site: Site, server_id: str, run_id: str, deadline: Deadline) -> str:
    """Take the rest of a run's metadata off a server and leave it as it is, whatever state that is by now; returns that state."""
    try:
        return go_on(site.clock, deadline, lambda: _step(site, server_id, run_id), wanted="it without our metadata")
    except NotFound as error:
        insist_gone(error, server_id, (row.id for row in site.openstack.servers()))
        return GONE


def _step(site: Site, server_id: str, run_id: str) -> tuple[str, str]:
    server = site.openstack.server(server_id)
    carried = dict(server.metadata)
    other = carried.get(RUN_KEY, run_id)
    if run_id and other != run_id:
        return f"{server.status}, held by run {other[:8]}", ""
    left = tuple(key for key in IN_ORDER if key in carried)
    if not left:
        return server.status, ""
    with changing():
        site.openstack.delete_metadata(server_id, left)
    return "", f"server {server.name} still carries our metadata"
