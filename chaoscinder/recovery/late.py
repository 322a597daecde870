"""A stop that Nova carries out after its undo has looked: an undo counts as done only when none is still to come.

1. A stop that Nova accepted is on its record. One that no host has finished lies in the queue of a host that is dead or hangs, and will be
   done when that host returns, also where somebody has reset the server's state to ACTIVE in the meantime. Then Nova goes on showing
   ACTIVE until it looks after its guests' power (sync_power_state_interval, 600 s), so the undo waits for SHUTOFF and starts it.
2. A stop that got no answer may not be on the record yet: it lies before an API that hangs. Once Nova answers again such a request is
   carried out within moments, so the server is watched for SETTLE_S. What lies longer in front of one of several APIs is not seen.
3. A stop that was never sent, that was refused, or whose SHUTOFF was seen is not still to come.
"""

import logging
from enum import Enum

from chaoscinder.clients.site import Site
from chaoscinder.clock import Deadline
from chaoscinder.errors import NotFound, Refused
from chaoscinder.model.workload import Server
from chaoscinder.runs import RunDirectory, files, layout

SETTLE_S = 30.0  # cluster seconds; a worker of Nova's API that wakes up has handled what lay before it long before
SHARE = 0.5  # at most this part of the undo's own limit

logger = logging.getLogger("chaostoolkit")


class Asked(Enum):
    """How far a run came in asking Nova to stop a server."""

    NO = "nothing was sent, or it was refused"
    YES = "Nova accepted"
    MAYBE = "no answer is known"


def asked(run: RunDirectory, server_id: str) -> Asked:
    """Tell from a run's marks whether Nova was asked to stop a server; a directory that cannot tell means MAYBE."""
    problems: list[str] = []
    rows = [row for _, row in files.read_lines(run.path / layout.MARKS, problems)]
    if problems or not rows:
        return Asked.MAYBE
    names = {str(row.get("name")) for row in rows if (row.get("detail") or {}).get("server_id") == server_id}
    if "fault_accepted" in names:
        return Asked.YES
    return Asked.MAYBE if "fault_started" in names and "fault_refused" not in names else Asked.NO


class LateStop:
    """Whether a stop of one server is still to come, while the undo looks at that server again and again."""

    def __init__(self, site: Site, server_id: str, sent: Asked, limit_s: float, settle_s: float = SETTLE_S) -> None:
        self._site = site
        self._id = server_id
        self._sent = sent
        self._settle_s = min(settle_s, SHARE * limit_s)
        self._came = False
        self._overtaken = False  # by somebody who reset the server's state before the stop was done
        self._watch: Deadline | None = None

    def saw(self, server: Server) -> None:
        """Take note of how the server is now."""
        self._came = self._came or server.status == "SHUTOFF"

    def to_come(self, server: Server) -> str:
        """Say what is still to come of a server that is ACTIVE; "" when nothing is."""
        if self._came or self._sent is Asked.NO:
            return ""
        newest, finished = self._on_record()
        if newest == "stop" and not finished:
            self._overtaken = True
            return f"server {server.name} is ACTIVE, but Nova accepted a stop that its host has not carried out yet"
        if self._overtaken:
            return f"server {server.name} is shown ACTIVE, but a stop was done after its state was reset (wanted SHUTOFF)"
        if newest == "stop" or self._sent is Asked.YES:
            return ""
        return self._watched(server)

    def _watched(self, server: Server) -> str:
        if self._watch is None:
            logger.info("server %s is ACTIVE, and a stop that got no answer may still come: watching for %g s", server.name, self._settle_s)
            self._watch = self._site.clock.deadline(self._settle_s)
        if self._watch.passed:
            return ""
        return f"server {server.name} is ACTIVE, and a stop that got no answer may still come (watching for {self._settle_s:g} s)"

    def _on_record(self) -> tuple[str, bool]:
        """The newest action whose work ended, or the stop after it that did not: its name, and whether its work ended."""
        try:
            for action in self._site.openstack.server_actions(self._id):
                finished = self._site.openstack.is_finished(self._id, action)
                if finished or action.name == "stop":
                    return action.name, finished
        except (NotFound, Refused) as error:
            logger.info("Nova does not tell what was done to server %s: %s", self._id, error)
        return "", True
