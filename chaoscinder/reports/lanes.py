"""The lanes of figure 2: for each object of the story the states it went through, in words and tones, ready to be drawn."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Change
from chaoscinder.model.verdict import Verdict
from chaoscinder.reports import states
from chaoscinder.reports.states import Look, State
from chaoscinder.reports.story import Story, of_kind, story_of

MOST_LANES = 40
OPEN = float("inf")  # the end of a bar whose object still looks so


@dataclass(frozen=True, slots=True)
class Bar:
    """One state from start to end, in cluster seconds on the run's axis."""

    start_s: float
    end_s: float
    look: Look


@dataclass(frozen=True, slots=True)
class Lane:
    """One row: group is whose view it is, label what it is about."""

    group: str
    label: str
    bars: tuple[Bar, ...]


def lanes_of(run: Run, verdict: Verdict, end_s: float) -> tuple[Lane, ...]:
    """Tell every lane of the run's story, top to bottom; a lane that would be empty is left out, and so are those after the 40th."""
    story = story_of(run, verdict)
    found = (*_kubernetes(run, story, end_s), *_nova(run, story, end_s), *_cinder(run, story, end_s))
    return tuple(lane for lane in found if lane.bars)[:MOST_LANES]


def _kubernetes(run: Run, story: Story, end_s: float) -> Iterator[Lane]:
    group = "Kubernetes"
    yield Lane(group, "endpoints ready", bars(of_kind(run, "EndpointSlice"), states.endpoints, end_s))
    for name, changes in _by(run, "Pod", lambda change: change.name):
        if any(story.has_pod(change) for change in changes if change.state):
            yield Lane(group, f"pod {name}", bars(changes, _single(states.pod), end_s))
    for _, changes in _by(run, "VolumeAttachment", lambda change: change.name):
        node = next((str(change.state.get("node")) for change in changes if change.state), "")
        if any(story.has_volume(change.state.get("persistent_volume")) for change in changes if change.state):
            yield Lane(group, f"attachment {node}", bars(changes, _single(states.volume_attachment), end_s))
    for name, changes in _by(run, "Node", lambda change: change.name):
        if story.has_node(name):
            yield Lane(group, f"node {name}", bars(changes, _single(states.node), end_s))
            yield Lane(group, f"taints {name}", _when_any(bars(changes, _single(states.taints), end_s)))


def _nova(run: Run, story: Story, end_s: float) -> Iterator[Lane]:
    for server_id, changes in _by(run, "Server", lambda change: change.uid or change.name):
        if story.has_server(server_id):
            yield Lane("Nova", f"server {story.server(server_id)}", bars(changes, _single(states.server), end_s))
    if run.target:
        look = states.nova_volume(run.target.volume_id, story.server)
        yield Lane("Nova", "volume is on", bars(of_kind(run, "Server"), look, end_s))


def _cinder(run: Run, story: Story, end_s: float) -> Iterator[Lane]:
    for volume_id, changes in _by(run, "Volume", lambda change: change.uid or change.name):
        if run.target is None or run.target.volume_id in (volume_id, *(change.name for change in changes)):
            yield Lane("Cinder", "volume", bars(changes, _single(states.cinder_volume(story.server)), end_s))


def _by(run: Run, kind: str, key: Callable[[Change], str]) -> list[tuple[str, list[Change]]]:
    found: dict[str, list[Change]] = {}
    for change in of_kind(run, kind):
        found.setdefault(key(change), []).append(change)
    return list(found.items())


def _single(look: Callable[[State], Look]) -> Callable[[Mapping[str, State]], Look | None]:
    def of_the_only_one(present: Mapping[str, State]) -> Look | None:
        return next((look(state) for state in present.values()), None)

    return of_the_only_one


def _when_any(found: tuple[Bar, ...]) -> tuple[Bar, ...]:
    """Leave out a lane in which nothing was ever said."""
    return found if any(bar.look.texts for bar in found) else ()


def bars(changes: Iterable[Change], look: Callable[[Mapping[str, State]], Look | None], end_s: float) -> tuple[Bar, ...]:
    """Turn changes into bars: what the objects present look like after each change, until the next one that looks different."""
    found: list[Bar] = []
    present: dict[str, Mapping[str, Any]] = {}
    for change in changes:
        if change.state is None:
            present.pop(change.uid or change.name, None)
        else:
            present[change.uid or change.name] = change.state
        _continue(found, look(present), change.at_s)
    return tuple(replace(bar, end_s=end_s) if bar.end_s == OPEN else bar for bar in found)


def _continue(found: list[Bar], look: Look | None, at_s: float) -> None:
    if found and found[-1].end_s == OPEN:
        if found[-1].look == look:
            return
        found[-1] = replace(found[-1], end_s=at_s)
    if look is not None:
        found.append(Bar(at_s, OPEN, look))
