"""Which objects a run's story is about: nodes and servers that ever held the volume or a pod of the workload, and no others."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from chaoscinder.model.attachment import View
from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Change
from chaoscinder.model.verdict import Verdict
from chaoscinder.model.workload import Target


def names_in(value: object) -> tuple[str, ...]:
    """Read a list of names from a state; anything that is no list holds none."""
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()


@dataclass(frozen=True, slots=True)
class Story:
    """The names that belong; everything belongs when the target is not known."""

    target: Target | None
    nodes: frozenset[str]
    server_ids: frozenset[str]
    server_names: dict[str, str]

    def has_pod(self, change: Change) -> bool:
        """Whether a pod is the workload's, by its owner (Kind/name; a ReplicaSet is called workload-hash) or, without one, by its name."""
        if self.target is None or change.name == self.target.pod:
            return True
        owner = str((change.state or {}).get("owner") or "").rpartition("/")[2]
        workload = self.target.workload
        return workload in (owner, owner.rpartition("-")[0]) if owner else change.name.startswith(f"{workload}-")

    def has_node(self, name: str) -> bool:
        """Whether a node ever held the volume or a pod of the workload."""
        return self.target is None or name in self.nodes

    def has_server(self, server_id: str) -> bool:
        """Whether a server ever held the volume."""
        return self.target is None or server_id in self.server_ids

    def has_volume(self, persistent_volume: object) -> bool:
        """Whether a VolumeAttachment is about the workload's volume."""
        return self.target is None or persistent_volume in (self.target.persistent_volume, None, "")

    def server(self, server_id: str) -> str:
        """Name a server; the first eight letters of its id where the name was never seen."""
        return self.server_names.get(server_id, server_id[:8])


def of_kind(run: Run, kind: str) -> Iterator[Change]:
    """Walk through the changes of one kind of object, in order."""
    return (change for change in run.changes if change.kind == kind)


def story_of(run: Run, verdict: Verdict) -> Story:
    """Find the objects that belong to the run's story."""
    bare = Story(run.target, frozenset(), frozenset(), _server_names(run))
    return Story(run.target, frozenset(_nodes(run, verdict, bare)), frozenset(_servers(run, verdict)), bare.server_names)


def _nodes(run: Run, verdict: Verdict, bare: Story) -> Iterator[str]:
    yield from _present(run.target and run.target.node)
    if verdict.movement:
        yield from _present(verdict.movement.from_node, verdict.movement.to_node)
    for change in of_kind(run, "Pod"):
        if bare.has_pod(change) and change.state:
            yield from _present(change.state.get("node"))
    for change in of_kind(run, "VolumeAttachment"):
        if change.state and bare.has_volume(change.state.get("persistent_volume")):
            yield from _present(change.state.get("node"))


def _servers(run: Run, verdict: Verdict) -> Iterator[str]:
    yield from _present(run.target and run.target.server_id)
    if verdict.movement:
        yield from _present(verdict.movement.from_server_id, verdict.movement.to_server_id)
    volume_id = run.target.volume_id if run.target else ""
    for change in run.changes:
        state = change.state or {}
        if change.view is View.NOVA and volume_id in names_in(state.get("volumes")):
            yield change.uid or change.name
        if change.view is View.CINDER and change.kind == "Volume":
            yield from names_in(state.get("servers"))


def _present(*names: object) -> Iterable[str]:
    return (str(name) for name in names if name)


def _server_names(run: Run) -> dict[str, str]:
    names = {}
    if run.target:
        names[run.target.server_id] = run.target.server_name
    for change in of_kind(run, "Server"):
        name = (change.state or {}).get("name")
        if name:
            names[change.uid or change.name] = str(name)
    return names
