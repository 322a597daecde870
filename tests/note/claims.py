"""The note's claims, judged one by one from what the walks measured.

1. Confirmed and refuted speak of what the sandbox did. Its 1.9 and 1.10 were read in sources and in the note, not recorded from a
   cluster, so a claim about a fault of those versions that no source shows is unverified whatever the sandbox does.
2. No verdict is written down here: each is a comparison of measured figures.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.note.evidence import Deletion, Evidence, NodeLoss, Rollout, Told
from tests.note.walk import ELSEWHERE

CONFIRMED, REFUTED, UNVERIFIED = "confirmed", "refuted", "unverified"
TWO_MINUTES_S = (90.0, 150.0)  # what "about 2 minutes" may mean
MULTI_USED = r'Multi-Attach error for volume "pvc-\S+" Volume is already used by pod\(s\) {old}'
MOVED = ("SuccessfulAttachVolume", "SuccessfulMountVolume", "Pulling", "Pulled", "Created", "Started")


@dataclass(frozen=True)
class Claim:
    """One sentence of the note, what became of it, and the figures that say so."""

    number: str
    says: str
    verdict: str
    why: str


def judge(nine: Evidence, ten: Evidence) -> list[Claim]:
    """Judge every claim, in the note's order."""
    return [*_strategies(nine), *_nine(nine), *_ten(ten), *_failure(ten)]


def told(claims: list[Claim]) -> str:
    """The claims as a table, and how many there are of each verdict."""
    rows = [f"{claim.number:>4}  {claim.verdict:<10}  {claim.says}\n{'':18}{claim.why}" for claim in claims]
    counts = ", ".join(f"{sum(claim.verdict == word for claim in claims)} {word}" for word in (CONFIRMED, REFUTED, UNVERIFIED))
    return "\n".join(["", *rows, "", f"{len(claims)} claims: {counts}"])


def _word(is_so: bool) -> str:
    return CONFIRMED if is_so else REFUTED


def _s(seconds: float | None) -> str:
    return "no time that was seen" if seconds is None else f"{seconds:.1f} s"


def _strategies(nine: Evidence) -> Iterator[Claim]:
    default, why = nine.default_strategy, f"the API server filled in {nine.default_strategy}"
    yield Claim("1", "the default update strategy is a rolling update", _word(default == "RollingUpdate"), why)
    yield from _deletions_and_the_strategy(nine)
    same, other = nine.rollout("RollingUpdate", other_node=False), nine.rollout("RollingUpdate", other_node=True)
    if same:
        first = _is_new_first(same)
        says = "on an update the old pod is destroyed only when the new one is in place and running"
        yield Claim("3", says, _word(first), f"same node: {_order(same)}")
        says = "with RollingUpdate the new pod can not attach the volume of a running one: on the same node"
        yield Claim("4a", says, _word(same.ready_s is None), f"attachment is per node: {_order(same)}")
    if other:
        refused = [row.message for row in other.events if row.reason == "FailedAttachVolume"]
        why = f"after {other.watched_s:.0f} s the new pod was {other.status} and the old one served on: {' '.join(refused) or 'no event'}"
        yield Claim("4b", "the same on another node", _word(other.ready_s is None), why)


def _deletions_and_the_strategy(nine: Evidence) -> Iterator[Claim]:
    """What `kubectl delete pod` does, under one strategy and the other."""
    rolling, recreate = nine.deletion("RollingUpdate"), nine.deletion("Recreate")
    both = [row for row in (rolling, recreate) if row]
    waits = any(row.ready_s < 0 for row in both)  # the new pod ready before the old one was told to end
    figures = "; ".join(f"{row.strategy}: {_delete_order(row)}" for row in both)
    says = "`kubectl delete pod` first schedules another pod, and destroys the deleted one only when that runs"
    yield Claim("2", says, _word(waits), f"it does not consult the strategy. {figures}")


def _nine(nine: Evidence) -> Iterator[Claim]:
    rolling, recreate = nine.deletion("RollingUpdate"), nine.deletion("Recreate")
    if rolling:
        says = "1.9: after `kubectl delete pods` the new pod is ContainerCreating beside the Terminating one"
        yield Claim("5", says, _word(rolling.beside), f"seen by a watch of the pods; {_delete_order(rolling)}")
        why = f"no source shows such a fault of 1.9, and there is no recording; here it was ready after {_s(rolling.ready_s)}"
        yield Claim("6", "1.9: on the same node it does not get out of ContainerCreating", UNVERIFIED, why)
    rolled = nine.rollout("Recreate", other_node=False)
    if rolled:
        says = "Recreate first tears the container down completely and then restarts: on an update"
        yield Claim("7a", says, _word(_is_gone_first(rolled)), _order(rolled))
    if recreate:
        says = "the same when the pod is deleted"
        yield Claim("7b", says, _word(recreate.created_s >= recreate.old_ended_s), _delete_order(recreate))
    if nine.loss:
        yield from _nines_loss(nine.loss)


def _nines_loss(loss: NodeLoss) -> Iterator[Claim]:
    stuck = loss.removed_s is not None
    since = f"with {loss.strategy} the new pod was {loss.status} {loss.waited_s:.0f} s after it was made"
    yield Claim("8", "1.9: after a node is shut down the volume is not released and a new pod does not start", _word(stuck), since)
    found = [row for row in loss.events if _is_elsewhere(row, loss.server)]
    shown = f"{found[0].type} {found[0].reason} [{found[0].by}] x{found[0].count}: {found[0].message}" if found else "no such event"
    yield Claim("9", "1.9: describe shows: disk ... is attached to a different instance (...)", _word(bool(found)), shown)
    after = f"ready {loss.ready_s - loss.removed_s:.1f} s after the command" if loss.removed_s is not None else "it was not needed"
    yield Claim("10", "1.9: `openstack server remove volume` lets the pod run", _word(stuck), after)


def _ten(ten: Evidence) -> Iterator[Claim]:
    move, loss = ten.move, ten.loss
    if move:
        moved = move.old_node != move.new_node
        yield Claim("11a", "1.10 detaches volumes from active hosts", _word(moved), f"{_places(move)}, ready after {_s(move.ready_s)}")
    if loss:
        hand = "by itself" if loss.removed_s is None else "after a detach by hand"
        why = f"{hand}, ready {_s(loss.ready_s)} after the shutdown, as the Node was deleted: {loss.deleting_node or 'it was not'}"
        yield Claim("11b", "1.10 detaches volumes from terminated hosts", _word(loss.removed_s is None), why)
    if rolled := ten.rollout("RollingUpdate", other_node=True):
        why = f"a roll-out to another node was not over after {rolled.watched_s:.0f} s: {_order(rolled)}"
        yield Claim("12", "1.10: RollingUpdate can be applied for stateful deployments", _word(rolled.ready_s is not None), why)
    if deletion := ten.deletion("RollingUpdate"):
        yield from _deleted_on_its_node(deletion)
    if move:
        yield Claim("16", "a pod deleted and scheduled to a new node errs, and its volume is detached and attached there", *_moved(move))


def _deleted_on_its_node(row: Deletion) -> Iterator[Claim]:
    new = row.old != row.new and row.old_address != row.new_address and row.old_node == row.new_node
    why = f"{row.old_address} became {row.new_address} on {row.new_node}; {_delete_order(row)}"
    yield Claim("13", "the container is destroyed and started on its node with a new IP address", _word(new), why)
    why = f"away {row.away}"
    yield Claim("14", "the whole time you can reach the application via the web UI", _word(not row.away.looks), why)
    named = f"My pod name: {row.new}" in row.answered_by and f"My node name {row.new_node}" in row.answered_by
    last = " / ".join(row.answered_by.split("\n")[-3:]).strip(" /")
    yield Claim("15", "which shows the name of the new pod and of its node", _word(named), last)


def _failure(ten: Evidence) -> Iterator[Claim]:
    loss = ten.loss
    if not loss:
        return
    why = f"after {_s(loss.node_gone_s)}: {loss.deleting_node}"
    yield Claim("17", "a node that was shut down is gone from `kubectl get nodes`", _word(loss.node_gone_s is not None), why)
    refused = [f"{row.reason}: {row.message}" for row in loss.events if row.type == "Warning" and "Attach" in row.message]
    word = CONFIRMED if refused else UNVERIFIED
    yield Claim("18", "the pod will error trying to mount the volume", word, refused[0] if refused else "no such event was written here")
    after_s, least, most = loss.ready_s - loss.created_s, *TWO_MINUTES_S
    why = f"ready {_s(after_s)} after the new pod was made, {_s(loss.ready_s)} after the shutdown; away {loss.away}"
    yield Claim("19", "after about 2 minutes it will start", _word(least <= after_s <= most), why)


def _moved(move: Deletion) -> tuple[str, str]:
    """Whether the new pod's events were the note's, in its order."""
    wanted = re.compile(MULTI_USED.format(old=re.escape(move.old)))
    refused = [row for row in move.events if row.reason == "FailedAttachVolume" and wanted.fullmatch(row.message)]
    reasons = [row.reason for row in move.events if row.reason in MOVED]
    shown = ", ".join(row.reason for row in move.events)
    text = refused[0].message if refused else "no Multi-Attach error"
    return _word(bool(refused) and reasons == list(MOVED) and move.old_node != move.new_node), f"{text}; events: {shown}"


def _is_elsewhere(row: Told, server: str) -> bool:
    found = ELSEWHERE.fullmatch(row.message)
    return found is not None and found[3] == server


def _is_new_first(row: Rollout) -> bool:
    return row.ready_s is not None and row.old_terminating_s is not None and row.ready_s <= row.old_terminating_s


def _is_gone_first(row: Rollout) -> bool:
    return row.created_s is not None and row.old_gone_s is not None and row.old_gone_s <= row.created_s


def _order(row: Rollout) -> str:
    old = f"old pod told to end at {_s(row.old_terminating_s)}, gone at {_s(row.old_gone_s)}"
    return f"{old}; new one made at {_s(row.created_s)}, ready at {_s(row.ready_s)}"


def _delete_order(row: Deletion) -> str:
    return f"old pod told to end at 0.0 s, ended at {_s(row.old_ended_s)}; new one made at {_s(row.created_s)}, ready at {_s(row.ready_s)}"


def _places(row: Deletion) -> str:
    return f"{row.old_node} to {row.new_node}"
