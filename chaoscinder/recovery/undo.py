"""Undo what a run did: every open intent, newest first, verified before intent and metadata go."""

import logging
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from chaoscinder.clients.site import Site
from chaoscinder.clock import Deadline
from chaoscinder.errors import CannotTell, ChaoscinderError, NotFound, Refused
from chaoscinder.model.leftover import RUN_KEY
from chaoscinder.model.workload import Server
from chaoscinder.recovery.late import Asked, LateStop, asked
from chaoscinder.recovery.replacement import see_replaced
from chaoscinder.recovery.steps import changing, go_on, insist_gone
from chaoscinder.recovery.uncordon import uncordon_node
from chaoscinder.recovery.unmark import IN_ORDER
from chaoscinder.runs import RunDirectory
from chaoscinder.waiting import halt

AGAIN_WALL_S = 2.0  # pause before Nova is asked to start the same server once more
GONE = "gone"
SEE_REPLACED = "see-replaced"
GUEST_ENDS_S = 120.0  # cluster seconds; systemd gives a unit 90 s to stop, and Nova hears of the end 15 s later (libvirt driver)
Undo = Callable[..., str]  # site, what to undo, run_id, deadline

logger = logging.getLogger("chaostoolkit")
_one_at_a_time = threading.RLock()


def everything(site: Site, run: RunDirectory, limit_s: float) -> tuple[str, ...]:
    """Undo every open intent of a run within limit_s cluster seconds each; the names of what was undone.

    All are tried. What is left is one error that names it, why, and how to finish.
    """
    with halt.shelter(), _one_at_a_time:
        done, left = [], []
        newest_first = reversed(run.open_intents())
        # A pod that was deleted is seen replaced last of all: it may need the very nodes that are cordoned.
        for intent in sorted(newest_first, key=lambda row: word_of(row) == SEE_REPLACED):
            try:
                _one(site, run, intent, limit_s)
                done.append(str(intent["name"]))
            except ChaoscinderError as error:
                _on_disk(partial(run.seen_as, str(intent.get("id")), end_state=str(error)))
                left.append(f"{intent['what']} {intent['name']} is still {intent['did']}: {error}; to finish: {intent['undo']}")
        if left:
            raise CannotTell(f"{'; '.join(left)}, then: chaoscinder recover {run.run_id[:8]}")
        return tuple(done)


def start_server(site: Site, server_id: str, run_id: str, deadline: Deadline, sent: Asked = Asked.MAYBE) -> str:
    """Start a server that a run stopped, see it ACTIVE, then take that run's metadata off; returns the end state.

    Without run_id whatever metadata of ours it carries goes. A server that is gone, or that another run holds by now, is left alone.
    sent says how far the run came in asking for the stop: one that may still come is waited for.
    """
    late = LateStop(site, server_id, sent, deadline.left_s)
    return _Start(site, server_id, run_id, deadline, late).finish()


def boot_server(site: Site, server_id: str, run_id: str, deadline: Deadline) -> str:
    """Start a server that a run shut down from inside, as start_server does.

    Nova has no record of such a shutdown, so one that was not seen SHUTOFF yet is watched for as long as a guest may take to end.
    """
    late = LateStop(site, server_id, Asked.MAYBE, deadline.left_s, GUEST_ENDS_S)
    return _Start(site, server_id, run_id, deadline, late).finish()


# The word that stands in intents and on what was touched, and what it means.
UNDOES: Mapping[str, Undo] = {"start": start_server, "boot": boot_server, "uncordon": uncordon_node, SEE_REPLACED: see_replaced}


def word_of(intent: Mapping[str, Any]) -> str:
    """Tell the verb that undoes an intent; runs before 0.2 wrote none and only stopped servers."""
    return str(intent.get("undo_word") or "start")


def _one(site: Site, run: RunDirectory, intent: Mapping[str, Any], limit_s: float) -> None:
    act = UNDOES.get(word_of(intent))
    if act is None:
        raise Refused(f"this version knows no undo {word_of(intent)!r} (wanted one of {', '.join(UNDOES)})")
    deadline = site.clock.deadline(limit_s)
    _insist_on_its_clouds(site, intent, deadline)
    target_id = str(intent.get("target_id") or "")
    if not target_id:
        raise Refused("the intent does not say which object was touched (wanted its target_id)")
    run.note("undo_started", **_named(intent))
    known = {"sent": asked(run, target_id)} if act is start_server else {}
    end_state = act(site, target_id, run.run_id, deadline, **known)
    _on_disk(lambda: run.undone(str(intent.get("id")), end_state=end_state))
    run.note("undone", **_named(intent), end_state=end_state)


def _named(intent: Mapping[str, Any]) -> dict[str, str]:
    """Name what is undone in a mark."""
    what, target_id = str(intent["what"]), str(intent.get("target_id"))
    return {"server_id": target_id} if what == "Server" else {"what": what, "name": str(intent["name"])}


def _on_disk(note: Callable[[], None]) -> None:
    """Note what was done; an undo that the disk cannot take down is still done."""
    try:
        note()
    except OSError as error:
        logger.error("chaoscinder: the undo could not be noted on disk: %s", error)


def _insist_on_its_clouds(site: Site, intent: Mapping[str, Any], deadline: Deadline) -> None:
    """Refuse other ones than the fault had: there its server would seem to be gone, and a node of its name is another one.

    Without an answer nothing is undone: they are asked until the deadline.
    """
    looks: tuple[tuple[str, Callable[[], str], str], ...] = (
        ("project_id", lambda: site.openstack.project_id(), "these credentials are for project"),
        ("cluster_id", lambda: site.kubernetes.cluster_id(), "this is cluster"),
    )
    for key, ask, what in looks:
        wanted = str(intent.get(key) or "")
        if not wanted:
            continue
        seen = go_on(site.clock, deadline, partial(_answer, ask), wanted=f"{key} {wanted}")
        if seen != wanted:
            raise Refused(f"{what} {seen} (wanted {wanted}, where the fault was)")


def _answer(ask: Callable[[], str]) -> tuple[str, str]:
    return ask(), ""


class _Start:
    """One server on its way back: look, do the next step, look again, until nothing is left to do."""

    def __init__(self, site: Site, server_id: str, run_id: str, deadline: Deadline, late: LateStop) -> None:
        self._site = site
        self._id = server_id
        self._run_id = run_id
        self._deadline = deadline
        self._late = late
        self._asked_at: float | None = None

    def finish(self) -> str:
        """Go on until it is done; TimedOut says what stood in the way last."""
        try:
            return go_on(self._site.clock, self._deadline, self._step, wanted="ACTIVE")
        except NotFound as error:
            insist_gone(error, self._id, (row.id for row in self._site.openstack.servers()))
            logger.warning("server %s does not exist any more: nothing can be started", self._id)
            return GONE

    def _step(self) -> tuple[str, str]:
        """Do the next step; the end state when there is none left, else what is still to come."""
        server = self._site.openstack.server(self._id)
        self._late.saw(server)
        carried = dict(server.metadata)
        other = carried.get(RUN_KEY, self._run_id)
        if self._run_id and other != self._run_id:
            logger.warning("server %s is held by run %s now: leaving it as it is (%s)", server.name, other[:8], server.status)
            return f"{server.status}, held by run {other[:8]}", ""
        if server.task_state or server.status != "ACTIVE":
            self._ask_to_start(server)
            return "", described(server)
        ours = tuple(key for key in IN_ORDER if key in carried)
        still_to_come = self._late.to_come(server) if ours else ""
        if still_to_come:
            return "", still_to_come
        if ours:
            with changing():
                self._site.openstack.delete_metadata(self._id, ours)
            return "", f"server {server.name} is ACTIVE and still carries our metadata"
        return "ACTIVE", ""

    def _ask_to_start(self, server: Server) -> None:
        now = self._site.clock.monotonic_s()
        if server.task_state or (self._asked_at is not None and now - self._asked_at < AGAIN_WALL_S):
            return
        if self._asked_at is None:
            logger.info("starting server %s (%s)", server.name, server.id)
        self._asked_at = now
        with changing():
            self._site.openstack.start_server(self._id)


def described(server: Server) -> str:
    """Say in a few words what a server is doing."""
    task = f"; task_state {server.task_state}" if server.task_state else ""
    return f"server {server.name} is {server.status}{task}"
