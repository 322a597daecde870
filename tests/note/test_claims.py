"""The judgement of the claims, on evidence written by hand: it follows the figures, whichever way they are."""

from dataclasses import replace

import pytest

from tests.note.claims import CONFIRMED, REFUTED, UNVERIFIED, Claim, judge, told
from tests.note.evidence import Deletion, Evidence, NodeLoss, Rollout, Told
from tests.note.history import Stopwatch
from tests.note.looks import Away, Look, Looks

NEVER_AWAY = Away(0.0, 0.0, 0)
SERVER, DISK, PV = "9454752c-f0e2-4447-9b7f-16434c49f7ac", "4e41d530-cb5f-49a9-9c6f-a591abdb6f11", "pvc-12ff0316"
ADC = "attachdetach-controller"
ELSEWHERE = f'AttachVolume.Attach failed for volume "{PV}" : disk {DISK} is attached to a different instance ({SERVER})'
USED = f'Multi-Attach error for volume "{PV}" Volume is already used by pod(s) old'
REASONS = ("SuccessfulAttachVolume", "SuccessfulMountVolume", "Pulling", "Pulled", "Created", "Started")
MOVED = (Told("Warning", "FailedAttachVolume", ADC, USED, 1), *(Told("Normal", reason, "kubelet", "", 1) for reason in REASONS))

DELETED = Deletion(
    strategy="RollingUpdate", old="old", new="new", old_node="n3", new_node="n3", old_address="10.233.74.4", new_address="10.233.74.5",
    beside=True, created_s=-20.0, old_ended_s=30.0, ready_s=-4.0, away=NEVER_AWAY,
    answered_by="foo|foo@example.com\nMy pod name: new\nMy node name n3\n", events=(),
)  # fmt: skip
ROLLED = Rollout(
    strategy="RollingUpdate", other_node=False, watched_s=60.0, old_terminating_s=5.0, old_gone_s=6.0, created_s=0.0, ready_s=4.0,
    status="Running", events=(),
)  # fmt: skip
STUCK = replace(ROLLED, other_node=True, old_terminating_s=None, old_gone_s=None, ready_s=None, status="ContainerCreating")
LOST = NodeLoss(
    strategy="Recreate", node="n4", server=SERVER, how="", node_gone_s=45.0, created_s=60.0, ready_s=180.0, waited_s=10.0, status="Running",
    events=(Told("Warning", "FailedAttachVolume", ADC, "Multi-Attach error", 1),), removed_s=None, deleting_node="Deleting",
    away=NEVER_AWAY,
)  # fmt: skip
REFUSED = Told("Warning", "FailedMount", ADC, ELSEWHERE, 3)


def world_of_the_note() -> tuple[Evidence, Evidence]:
    """Evidence of a world in which the note is right in everything that can be measured."""
    recreated = replace(DELETED, strategy="Recreate", created_s=31.0, ready_s=40.0)
    rolled = replace(ROLLED, strategy="Recreate", old_terminating_s=0.0, old_gone_s=1.0, created_s=1.1, ready_s=5.0)
    stuck_on_its_node = replace(ROLLED, old_terminating_s=9.0, ready_s=8.0)
    nine = Evidence("1.9-intree", 1.0, "RollingUpdate", [DELETED, recreated], None, [stuck_on_its_node, STUCK, rolled])
    nine.loss = replace(LOST, status="ContainerCreating", removed_s=90.0, events=(REFUSED,))
    moved = replace(DELETED, new_node="n4", events=MOVED)
    ten = Evidence("1.10-intree", 1.0, "RollingUpdate", [DELETED], moved, [replace(ROLLED, other_node=True)], LOST)
    return nine, ten


def verdicts(nine: Evidence, ten: Evidence) -> dict[str, str]:
    return {claim.number: claim.verdict for claim in judge(nine, ten)}


def test_in_the_notes_world_everything_is_confirmed_but_what_the_note_itself_contradicts() -> None:
    judged = verdicts(*world_of_the_note())
    assert {number: word for number, word in judged.items() if word != CONFIRMED} == {
        "4a": REFUTED,  # the volume of a running pod cannot be attached, and yet the roll-out of claim 3 comes to its end
        "6": UNVERIFIED,
    }


@pytest.mark.parametrize(
    ("number", "word", "change"),
    [
        ("1", REFUTED, {"default_strategy": "Recreate"}),
        ("2", REFUTED, {"deletions": [replace(DELETED, ready_s=2.0)]}),
        ("3", REFUTED, {"rollouts": [replace(ROLLED, ready_s=7.0)]}),
        ("4a", CONFIRMED, {"rollouts": [replace(STUCK, other_node=False)]}),
        ("4b", REFUTED, {"rollouts": [replace(STUCK, ready_s=5.0)]}),
        ("5", REFUTED, {"deletions": [replace(DELETED, beside=False)]}),
        ("7a", REFUTED, {"rollouts": [replace(ROLLED, strategy="Recreate", old_gone_s=6.0, created_s=0.0)]}),
        ("7b", REFUTED, {"deletions": [replace(DELETED, strategy="Recreate", created_s=0.0)]}),
        ("8", REFUTED, {"loss": LOST}),
        ("9", REFUTED, {"loss": replace(LOST, events=(replace(REFUSED, message=ELSEWHERE.replace("disk", "disc")),))}),
        ("9", REFUTED, {"loss": replace(LOST, server="another", events=(REFUSED,))}),
        ("10", REFUTED, {"loss": LOST}),
    ],
)
def test_a_claim_about_1_9_follows_its_figures(number: str, word: str, change: dict[str, object]) -> None:
    nine, ten = world_of_the_note()
    assert verdicts(replace(nine, **change), ten)[number] == word


@pytest.mark.parametrize(
    ("number", "word", "change"),
    [
        ("11a", REFUTED, {"move": DELETED}),
        ("11b", REFUTED, {"loss": replace(LOST, removed_s=90.0)}),
        ("12", REFUTED, {"rollouts": [STUCK]}),
        ("13", REFUTED, {"deletions": [replace(DELETED, new_address="10.233.74.4")]}),
        ("14", REFUTED, {"deletions": [replace(DELETED, away=Away(0.5, 0.6, 9))]}),
        ("15", REFUTED, {"deletions": [replace(DELETED, answered_by="My pod name: old\nMy node name n3\n")]}),
        ("16", REFUTED, {"move": replace(DELETED, new_node="n4", events=MOVED[1:])}),
        ("16", REFUTED, {"move": replace(DELETED, new_node="n4", events=(*MOVED[:3], *MOVED[4:]))}),
        ("16", REFUTED, {"move": replace(DELETED, new_node="n4", events=(MOVED[0], MOVED[2], MOVED[1], *MOVED[3:]))}),
        ("17", REFUTED, {"loss": replace(LOST, node_gone_s=None)}),
        ("18", UNVERIFIED, {"loss": replace(LOST, events=())}),
        ("19", REFUTED, {"loss": replace(LOST, ready_s=72.0)}),
        ("19", REFUTED, {"loss": replace(LOST, ready_s=480.0)}),
    ],
)
def test_a_claim_about_1_10_follows_its_figures(number: str, word: str, change: dict[str, object]) -> None:
    nine, ten = world_of_the_note()
    assert verdicts(nine, replace(ten, **change))[number] == word


def test_the_table_counts_its_verdicts() -> None:
    shown = told([Claim("1", "a", CONFIRMED, "x"), Claim("2", "b", REFUTED, "y"), Claim("3", "c", CONFIRMED, "z")])
    assert shown.splitlines()[1:3] == ["   1  confirmed   a", "                  x"]
    assert shown.splitlines()[-1] == "3 claims: 2 confirmed, 1 refuted, 0 unverified"


class Recorded(Looks):
    """Looks that were made by hand."""

    def __init__(self, answers: list[tuple[float, float, str]]) -> None:
        self._looks = [Look(*row) for row in answers]
        self._watch = Stopwatch(1.0)


def test_how_long_nobody_answered_lies_between_the_unanswered_looks_and_the_answered_ones_around_them() -> None:
    rows = [(0.0, 0.1, "old"), (1.0, 1.1, ""), (2.0, 2.5, ""), (3.0, 3.2, "new"), (4.0, 4.1, ""), (5.0, 5.1, "new")]
    assert Recorded(rows).away(0.0) == Away(1.5, 3.2, 2)
    assert Recorded([*rows[:1], *rows[3:4]]).away(0.0) == NEVER_AWAY
    assert Recorded(rows).away(3.5) == Away(pytest.approx(0.1), pytest.approx(1.6), 1)
