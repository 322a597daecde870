"""The Lease that keeps two runs apart, in the namespace of the workload: taken before the baseline, renewed, released at the end.

A Lease whose holder stopped renewing it is taken over, but only by a caller who saw that nothing is left over.
"""

import getpass
import os
import re
import socket
import threading
from datetime import UTC, datetime
from typing import Any

from chaoscinder.clients import objects
from chaoscinder.clients.kubernetes import LEASES, Kubernetes
from chaoscinder.clock import Clock
from chaoscinder.errors import CannotTell, ChaoscinderError, NotFound, Refused
from chaoscinder.model.leftover import LEASE, RUN_ANNOTATION, STOP_ANNOTATION, Hold
from chaoscinder.runs import processes
from chaoscinder.settings import Settings
from chaoscinder.waiting import halt

LASTS_S = 30  # wall seconds without a renewal after which a holder counts as dead
RENEW_S = 5.0
LOOK_EVERY_S = 1.0
LABEL = ("app.kubernetes.io/managed-by", "chaoscinder")
HOLDER = re.compile(r"[^@]*@(?P<host>\S+) \(process (?P<pid>\d+)\)")


def seen(kubernetes: Kubernetes, namespace: str) -> Hold | None:
    """Look at the Lease; None where there is none."""
    lease = kubernetes.lease(namespace, LEASE)
    return None if lease is None else objects.hold(lease)


def all_holds(kubernetes: Kubernetes, namespace: str) -> tuple[Hold, ...]:
    """Every Lease of ours in the cluster; where only the namespace may be read, that one's."""
    try:
        rows = kubernetes.rows(f"{LEASES}/leases", labelSelector=f"{LABEL[0]}={LABEL[1]}")
        return tuple(objects.hold(row) for row in rows if row["metadata"]["name"] == LEASE)
    except Refused:
        if not namespace:
            raise
        mine = seen(kubernetes, namespace)
        return () if mine is None else (mine,)


def refuse_if_held(hold: Hold | None, run_id: str, now: datetime) -> None:
    """Refuse when another run holds the Lease and still renews it."""
    if hold is not None and hold.run_id != run_id and not hold.expired(now):
        stop = f"chaoscinder stop {hold.run_id[:8]}" if hold.run_id else "ask its holder"
        raise Refused(f"another run is in progress: Lease {hold.namespace}/{LEASE} is {hold.told(now)} (wanted it free; {stop})")


def holder_is_dead(hold: Hold) -> bool:
    """Tell whether the holder was a process of this machine that does not live any more; False where nobody can know."""
    found = HOLDER.fullmatch(hold.holder)
    return found is not None and found["host"] == socket.gethostname() and not processes.alive(int(found["pid"]))


def remove(kubernetes: Kubernetes, hold: Hold) -> None:
    """Delete a Lease that was left over, only as it was seen."""
    meta = {"namespace": hold.namespace, "name": LEASE, "uid": hold.uid, "resourceVersion": hold.version}
    kubernetes.delete_lease({"metadata": meta})


def ask_to_stop(kubernetes: Kubernetes, namespace: str, run_id: str, why: str) -> Hold | None:
    """Write a word to stop onto the Lease of a run, from whatever machine; None where no run whose id begins so holds it."""
    lease = kubernetes.lease(namespace, LEASE)
    if lease is None or not objects.hold(lease).run_id.startswith(run_id):
        return None
    lease["metadata"].setdefault("annotations", {})[STOP_ANNOTATION] = why
    return objects.hold(kubernetes.replace_lease(lease))


class Lock:
    """The Lease as one run holds it. release() may be called more than once."""

    def __init__(self, settings: Settings, run_id: str) -> None:
        self._settings = settings
        self._run_id = run_id
        self._clock = Clock()
        self._kubernetes = Kubernetes(settings)  # of its own, for its thread
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._asked = threading.Event()
        self._problem: BaseException | None = None
        self._held = False

    def take(self) -> None:
        """Take the Lease, and renew it from now on; Refused where another run holds it or was faster.

        It is asked for in the thread that will renew it: a signal may tear this one out of its waiting, but not that one out of a request
        whose answer nobody would see. Whatever came of it, release() gives it back.
        """
        self._thread = threading.Thread(target=self._hold, name="lease", daemon=True)
        self._thread.start()
        self._asked.wait()
        if self._problem is not None:
            raise self._problem

    def release(self) -> str:
        """Stop renewing and delete the Lease if it is still ours; one line where that failed, else empty."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(3 * self._settings.request_timeout_s)
            self._thread = None
        if not self._held:
            return ""
        self._held = False
        try:
            mine = self._mine()
            if mine is not None:
                self._kubernetes.delete_lease(mine)
                self._insist_that_it_is_gone()
        except ChaoscinderError as error:
            return f"Lease {self._settings.namespace}/{LEASE} was not released and expires by itself {LASTS_S} s after its renewal: {error}"
        finally:
            self._kubernetes.close()
        return ""

    def _insist_that_it_is_gone(self) -> None:
        """Look again: an answer 404 to a change is no proof that its object is gone. A look that fails takes nothing from a deletion."""
        try:
            left = self._mine()
        except ChaoscinderError:
            return
        if left is not None:
            raise CannotTell("it is still there after its deletion was answered")

    def _hold(self) -> None:
        try:
            self._ask()
        except BaseException as error:  # whatever it is, the thread that waits has to hear of it
            self._problem = error
        finally:
            self._asked.set()
        if self._problem is None:
            self._renew()

    def _ask(self) -> None:
        namespace = self._settings.namespace
        old = self._kubernetes.lease(namespace, LEASE)
        if old is not None and not holder_is_dead(objects.hold(old)):
            refuse_if_held(objects.hold(old), self._run_id, self._clock.wall_now())
        try:
            self._held = True  # from the moment of asking: an answer that is lost does not mean that it was not taken
            if old is None:
                self._kubernetes.create_lease(self._lease({"name": LEASE, "namespace": namespace}))
            else:
                self._kubernetes.replace_lease(self._lease(dict(old["metadata"])))
        except Refused:
            self._held = False
            raise

    def _renew(self) -> None:
        while not self._over.wait(LOOK_EVERY_S):
            try:
                mine = self._mine()
                if mine is None:
                    self._held = False
                    told = f"the lock was lost: Lease {self._settings.namespace}/{LEASE} is not held by this run any more"
                    halt.ask(f"{told} (one of ours that is still there expires by itself {LASTS_S} s after its renewal)")
                    return
                self._heed(objects.hold(mine), mine)
            except CannotTell:
                continue  # an API that does not answer takes no lock away; the metadata on the server stays
            except (Refused, NotFound):
                continue  # somebody wrote or deleted it between our reading and our writing: read again
            except Exception as error:  # a guard that breaks stops the run, it does not stop guarding
                halt.ask(f"the lock could not be kept: {type(error).__name__}: {error}")
                return

    def _heed(self, hold: Hold, mine: dict[str, Any]) -> None:
        if hold.stop:
            halt.ask(hold.stop)
        age_s = (self._clock.wall_now() - hold.renewed_at).total_seconds() if hold.renewed_at else RENEW_S
        if age_s >= RENEW_S:
            mine["spec"]["renewTime"] = _micro(self._clock.wall_now())
            self._kubernetes.replace_lease(mine)

    def _mine(self) -> dict[str, Any] | None:
        lease = self._kubernetes.lease(self._settings.namespace, LEASE)
        return lease if lease is not None and objects.hold(lease).run_id == self._run_id else None

    def _lease(self, meta: dict[str, Any]) -> dict[str, Any]:
        now = _micro(self._clock.wall_now())
        kept = {key: meta[key] for key in ("name", "namespace", "uid", "resourceVersion") if key in meta}
        labels = dict([LABEL])
        spec = {"holderIdentity": who(), "leaseDurationSeconds": LASTS_S, "acquireTime": now, "renewTime": now}
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {**kept, "labels": labels, "annotations": {RUN_ANNOTATION: self._run_id}},
            "spec": spec,
        }


def who() -> str:
    """Name this process as a person would look for it: user@host and process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = f"uid {os.getuid()}"
    return f"{user}@{socket.gethostname()} (process {os.getpid()})"


def _micro(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
