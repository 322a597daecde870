"""Undo what runs left that did not end in order: idempotent, line by line, from whatever machine has the credentials.

What is to be undone is known from two places, and either is enough: the intents in a run's directory, where it is at hand, and our
metadata on the servers. A run that is still in progress is left alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from chaoscinder import runs
from chaoscinder.clients.site import Site
from chaoscinder.errors import ChaoscinderError, NotFound, Refused
from chaoscinder.model.leftover import LEASE, Hold, LeftOver
from chaoscinder.recovery import audit, leftovers, lock, rows, undo
from chaoscinder.recovery.unmark import unmark_server
from chaoscinder.runs import RunDirectory, layout

Say = Callable[[str], None]
LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Asked:
    """What recover was asked for: one run by what people type, or all; only what is expired; only telling."""

    run: str
    runs_dir: Path
    everything: bool
    if_expired: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True)
class Remains:
    """What is left of one run: its directory if it is here, and the servers and nodes that carry its marks."""

    run_id: str
    directory: RunDirectory | None
    servers: tuple[LeftOver, ...]

    @property
    def open_intents(self) -> bool:
        """Whether its directory says that something is to be undone."""
        return self.directory is not None and bool(self.directory.open_intents())

    @property
    def rows(self) -> bool:
        """Whether rows of it may be left in the application."""
        return self.directory is not None and rows.may_be_left(self.directory)


def recover(site: Site, asked: Asked, directory: RunDirectory | None, say: Say) -> bool:
    """Undo what was asked for and say each step; whether nothing of it is left. directory is the run's, where it was found here."""
    _insist_on_identity(site)
    holds = _holds(site, say)
    remains = _remains(site, asked, directory, holds, say)
    if not remains:
        say("nothing is left over")
    done = [_Recovery(site, asked, say, holds).of(one) for one in remains]
    return all(done)


def _insist_on_identity(site: Site) -> None:
    wanted = site.settings
    project = site.openstack.project_id()
    if wanted.cloud_project_id and project != wanted.cloud_project_id:
        raise Refused(f"the OpenStack credentials are for project {project} (wanted {wanted.cloud_project_id}): nothing was touched")


def _holds(site: Site, say: Say) -> tuple[Hold, ...]:
    """Every Lease of ours; where Kubernetes cannot tell, that is said, and the metadata on the servers has to do."""
    try:
        if site.settings.cluster_id and site.kubernetes.cluster_id() != site.settings.cluster_id:
            raise Refused(f"this is cluster {site.kubernetes.cluster_id()} (wanted {site.settings.cluster_id}): nothing was touched")
        return lock.all_holds(site.kubernetes, site.settings.namespace)
    except NotFound:
        return ()
    except ChaoscinderError as error:
        if isinstance(error, Refused) and "nothing was touched" in str(error):
            raise
        say(f"Kubernetes cannot be asked who holds the Lease, so only the servers' metadata tells: {error}")
        return ()


def _on_nodes(site: Site, say: Say) -> tuple[LeftOver, ...]:
    """The nodes that carry our annotations; where Kubernetes cannot tell, that is said."""
    try:
        return leftovers.on_nodes(site)
    except ChaoscinderError as error:
        say(f"Kubernetes cannot be asked for cordoned nodes, so one may be left: {error}")
        return ()


def _remains(site: Site, asked: Asked, directory: RunDirectory | None, holds: Sequence[Hold], say: Say) -> tuple[Remains, ...]:
    found = (*leftovers.on_servers(site), *_on_nodes(site, say))
    here = {run.run_id: run for run in _here(asked, directory)}
    ids = [run_id for run_id, run in here.items() if run.open_intents() or rows.may_be_left(run)]
    ids += [*(row.run_id for row in found), *(row.run_id for row in holds)]
    wanted = [one for one in dict.fromkeys(ids) if asked.everything or one == _id(asked, directory) or _begins(one, asked)]
    return tuple(Remains(one, here.get(one), tuple(row for row in found if row.run_id == one)) for one in wanted)


def _here(asked: Asked, directory: RunDirectory | None) -> tuple[RunDirectory, ...]:
    return runs.everything(asked.runs_dir) if asked.everything else (directory,) if directory is not None else ()


def _id(asked: Asked, directory: RunDirectory | None) -> str:
    return directory.run_id if directory is not None else asked.run


def _begins(run_id: str, asked: Asked) -> bool:
    return bool(asked.run) and len(asked.run) >= 4 and run_id.startswith(asked.run)


class _Recovery:
    """The recovery of one run after the other."""

    def __init__(self, site: Site, asked: Asked, say: Say, holds: Sequence[Hold]) -> None:
        self._site = site
        self._asked = asked
        self._say = say
        self._holds = {hold.run_id: hold for hold in holds}

    def of(self, one: Remains) -> bool:
        """Undo one run; whether nothing of it is left."""
        named = f"run {one.run_id[:8] or '(unknown)'}"
        for row in one.servers:
            self._say(f"{named}: {leftovers.told(row)}")
        for intent in one.directory.open_intents() if one.directory is not None else ():
            self._say(f"{named}: {intent['what']} {intent['name']} was {intent['did']}, undo {undo.word_of(intent)}, by {layout.INTENT}")
        if one.rows:
            self._say(f"{named}: rows of it may be left in the application")
        if self._asked.if_expired and not self._expired(one):
            self._say(f"{named}: not expired, left alone")
            return False
        if self._asked.dry_run:
            self._say(f"{named}: nothing was touched (--dry-run)")
            return False
        if not self._may_touch(one.run_id, named):
            return False
        return self._undo(one, named)

    def _expired(self, one: Remains) -> bool:
        hold = self._holds.get(one.run_id)
        now = self._site.clock.wall_now()
        if one.servers:
            return all(row.expired(now) for row in one.servers)
        return hold is None or hold.expired(now)

    def _may_touch(self, run_id: str, named: str) -> bool:
        """Wait until the run's Lease has run out; False where its holder goes on renewing it: then it is in progress."""
        hold = self._holds.get(run_id)
        if hold is None or lock.holder_is_dead(hold):
            return True
        first, now = hold.renewed_at, self._site.clock.wall_now
        if not hold.expired(now()):
            self._say(f"{named}: Lease {hold.namespace}/{LEASE} is {hold.told(now())}; waiting until it runs out")
        while not hold.expired(now()):
            self._site.clock.sleep_wall(LOOK_EVERY_S)
            seen = lock.seen(self._site.kubernetes, hold.namespace)
            if seen is None or seen.run_id != run_id:
                self._holds.pop(run_id, None)
                return True
            if seen.renewed_at != first:
                self._say(f"{named}: it is in progress ({seen.told(now())}); to end it: chaoscinder stop {run_id[:8]}")
                return False
            self._holds[run_id] = hold = seen
        return True

    def _undo(self, one: Remains, named: str) -> bool:
        done = [self._undo_directory(one.directory, named)] if one.directory is not None and one.open_intents else []
        done += [self._undo_server(row, named) for row in one.servers]
        if not all(done):
            return False
        self._audit(one, named)
        cleared = self._clear_rows(one, named)
        return self._release(one.run_id, named) and cleared

    def _clear_rows(self, one: Remains, named: str) -> bool:
        if not one.rows and (one.directory is not None or not one.run_id or not rows.can_be_cleared(self._site)):
            return True
        problem = rows.clear(self._site, one.run_id, one.directory)
        self._say(f"{named}: {problem or 'no row of it is left in the application'}")
        return not problem

    def _undo_directory(self, directory: RunDirectory, named: str) -> bool:
        try:
            for name in undo.everything(self._site, directory, self._site.settings.server_timeout_s):
                self._say(f"{named}: {name} undone, seen to be so, and noted in {directory.path}")
        except ChaoscinderError as error:
            self._say(f"{named}: {error}")
            return False
        return True

    def _undo_server(self, row: LeftOver, named: str) -> bool:
        """Undo by the metadata alone; after the directory's intents it finds nothing to do any more."""
        act = undo.UNDOES.get(row.undo) if row.undo or row.what == "node" else unmark_server
        if act is None:
            self._say(f"{named}: {row.what} {row.server_name} wants undo {row.undo!r} (this version knows {', '.join(undo.UNDOES)})")
            return False
        try:
            deadline = self._site.clock.deadline(self._site.settings.server_timeout_s)
            state = act(self._site, row.server_id, row.run_id, deadline)
        except ChaoscinderError as error:
            self._say(f"{named}: {error}; to finish: {leftovers.by_hand(row)}, then chaoscinder recover {row.run_id[:8]}")
            return False
        marks = "annotations are" if row.what == "node" else "metadata is"
        self._say(f"{named}: {row.what} {row.server_name} is {state}, our {marks} off it")
        return True

    def _audit(self, one: Remains, named: str) -> None:
        """Look once more at everything the fault may have touched, so that a verdict made from now on knows of the recovery."""
        target = one.directory.target() if one.directory is not None else None
        if one.directory is None or target is None:
            return
        before, touched = one.directory.read_json(layout.BEFORE) or {}, one.directory.read().touched
        try:
            after = audit.wait_until_restored(self._site, target, before, touched, self._site.settings.restore_timeout_s)
        except ChaoscinderError as error:
            self._say(f"{named}: {error}")
            return
        one.directory.write_json(layout.AFTER, {**(one.directory.read_json(layout.AFTER) or {}), **after})

    def _release(self, run_id: str, named: str) -> bool:
        hold = self._holds.get(run_id)
        if hold is None:
            return True
        try:
            lock.remove(self._site.kubernetes, hold)
        except ChaoscinderError as error:
            self._say(f"{named}: its Lease stays: {error}")
            return False
        self._say(f"{named}: Lease {hold.namespace}/{LEASE} removed (it was {hold.told(self._site.clock.wall_now())})")
        return True
