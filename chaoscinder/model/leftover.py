"""What a run leaves on a target before it acts, so that anybody with credentials can undo it: who, how, and until when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

RUN_KEY = "chaoscinder_run"
UNDO_KEY = "chaoscinder_undo"
EXPIRES_KEY = "chaoscinder_expires"
KEYS = (RUN_KEY, UNDO_KEY, EXPIRES_KEY)
RUN_ANNOTATION = "chaoscinder/run"  # on the Lease: for which run it is held; on a node: which run cordoned it
UNDO_ANNOTATION = "chaoscinder/undo"
EXPIRES_ANNOTATION = "chaoscinder/expires"
NODE_KEYS = (RUN_ANNOTATION, UNDO_ANNOTATION, EXPIRES_ANNOTATION)
STOP_ANNOTATION = "chaoscinder/stop"  # on the Lease: why that run must stop
LEASE = "chaoscinder"  # the Lease, in the namespace of the workload, that keeps two runs apart


@dataclass(frozen=True, slots=True)
class LeftOver:
    """One server or node that carries our marks: the run that touched it, the verb that undoes it, and when that run is over at the latest.

    Of a node both id and name are its name.
    """

    server_id: str
    server_name: str
    status: str
    run_id: str
    undo: str
    expires_at: datetime | None
    what: str = "server"

    def expired(self, now: datetime) -> bool:
        """Whether its run is over by its own word; one that cannot be read counts as over."""
        return self.expires_at is None or self.expires_at <= now


@dataclass(frozen=True, slots=True)
class Hold:
    """The Lease as it was seen: its holder, the run it is held for, and whether its time is over without a renewal."""

    namespace: str
    holder: str
    run_id: str
    renewed_at: datetime | None
    lasts_s: float
    version: str
    uid: str = ""
    stop: str = ""

    def expired(self, now: datetime) -> bool:
        """Whether its holder stopped renewing it; a Lease without a holder or a time is nobody's."""
        return not self.holder or self.renewed_at is None or (now - self.renewed_at).total_seconds() > self.lasts_s

    def told(self, now: datetime) -> str:
        """Say in a few words who holds it and since when it was not renewed."""
        ago = f"renewed {(now - self.renewed_at).total_seconds():.0f} s ago" if self.renewed_at else "never renewed"
        return f"held by {self.holder or 'nobody'} for run {self.run_id[:8] or '?'}, {ago}"


def marking(run_id: str, undo: str, expires_at: datetime) -> dict[str, str]:
    """The metadata that a run writes onto a server before it acts on it."""
    return {RUN_KEY: run_id, UNDO_KEY: undo, EXPIRES_KEY: stamp(expires_at)}


def read(server_id: str, name: str, status: str, metadata: Mapping[str, str]) -> LeftOver | None:
    """Read our metadata off a server; None where it carries none."""
    if not any(key in metadata for key in KEYS):
        return None
    when = parsed(metadata.get(EXPIRES_KEY, ""))
    return LeftOver(server_id, name, status, metadata.get(RUN_KEY, ""), metadata.get(UNDO_KEY, ""), when)


def node_marking(run_id: str, undo: str, expires_at: datetime) -> dict[str, str]:
    """The annotations that a run writes onto a node before it acts on it."""
    return dict(zip(NODE_KEYS, marking(run_id, undo, expires_at).values(), strict=True))


def read_node(name: str, status: str, marks: Mapping[str, str]) -> LeftOver | None:
    """Read our annotations off a node; None where it carries none."""
    if not any(key in marks for key in NODE_KEYS):
        return None
    when = parsed(marks.get(EXPIRES_ANNOTATION, ""))
    return LeftOver(name, name, status, marks.get(RUN_ANNOTATION, ""), marks.get(UNDO_ANNOTATION, ""), when, "node")


def stamp(at: datetime) -> str:
    """Write a moment as 2026-11-23T00:31:07Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parsed(text: str) -> datetime | None:
    """Read a moment in RFC 3339; None where it is none."""
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
