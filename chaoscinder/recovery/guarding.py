"""What stands around one run so that it leaves nothing behind: the lock, the stop conditions, and who undoes beside the main thread."""

from chaoscinder.clients.site import Site
from chaoscinder.errors import Refused
from chaoscinder.model.leftover import LeftOver
from chaoscinder.recovery import leftovers
from chaoscinder.recovery.lock import Lock
from chaoscinder.recovery.querying import Query
from chaoscinder.recovery.rescue import Rescue
from chaoscinder.recovery.stopping import Stopping, stop_file
from chaoscinder.runs import RunDirectory
from chaoscinder.settings import Settings


class Guarding:
    """One run's guards, in the order in which they come; every end may be called more than once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock: Lock | None = None
        self._rescue: Rescue | None = None
        self._stopping: Stopping | None = None
        self._query = Query(settings)

    def refuse_to_begin(self, site: Site) -> None:
        """Refuse while a stop file lies there or the stop query holds, and over what an earlier run left on this cluster's servers."""
        stopped = stop_file(self._settings)
        if stopped:
            raise Refused(f"{stopped}: nothing is begun")
        self._query.refuse_to_begin()
        leftovers.refuse_if_any(_of_this_cluster(site))

    def take_lock(self, run_id: str) -> None:
        """Take the Lease."""
        self._lock = Lock(self._settings, run_id)
        self._lock.take()

    def watch(self, run: RunDirectory) -> None:
        """Watch the stop conditions of a run from now on."""
        self._rescue = Rescue(self._settings, run)
        self._stopping = Stopping(self._settings, run, self._rescue, self._query)
        self._stopping.start()

    def needs_undo(self) -> bool:
        """Whether something is to be undone yet."""
        return self._rescue is not None and self._rescue.needed

    def undo_now(self) -> None:
        """Begin to undo beside the main thread."""
        if self._rescue is not None:
            self._rescue.begin()

    def stop_watching(self) -> None:
        """End the stop conditions: the run is ending anyway."""
        if self._stopping is not None:
            self._stopping.end()

    def release(self) -> str:
        """End it all and release the Lease; one line where that failed, else empty."""
        self.stop_watching()
        self._query.close()
        lock, self._lock = self._lock, None
        return lock.release() if lock is not None else ""


def _of_this_cluster(site: Site) -> tuple[LeftOver, ...]:
    """The left-overs on this cluster's nodes and their servers; all of the project's servers where no node tells its own."""
    known = {node.server_id for node in site.kubernetes.nodes()} - {None}
    servers = (row for row in leftovers.on_servers(site) if row.server_id in known or not known)
    return (*servers, *leftovers.on_nodes(site))
