"""The walk through both profiles at a high rate, with the real kubectl and openstack: every step happens, every claim is judged."""

import io
import re

import pytest

from tests.commands import kubectls
from tests.note import claims
from tests.note.__main__ import play
from tests.note.claims import CONFIRMED, REFUTED, UNVERIFIED
from tests.note.evidence import Evidence
from tests.note.narrator import Narrator

pytestmark = pytest.mark.timeout(600)  # a walk takes about 15 s; a machine with other work to do may need ten times as long
Walked = tuple[dict[str, Evidence], str]
GRACE_S, HEARTBEAT_S = 40, 10  # cluster seconds without a heartbeat until a node is lost, and how old the last one may be at its end


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    """What both walks measured, and their transcript."""
    try:
        kubectls.best()
    except kubectls.Missing as why:
        pytest.skip(f"NOT RUN: {why}")
    told = io.StringIO()
    home = tmp_path_factory.mktemp("note")
    return play(Narrator([told], home), home, rate=20, origin="best"), told.getvalue()


def test_every_claim_is_judged_as_the_measured_figures_say(walked: Walked) -> None:
    evidence, _ = walked
    judged = {claim.number: claim.verdict for claim in claims.judge(evidence["1.9-intree"], evidence["1.10-intree"])}
    minutes = judged.pop("19")  # about 2 minutes: how long a real process takes to start is part of it, on a busy machine at this rate
    assert judged == {
        "1": CONFIRMED, "2": REFUTED, "3": CONFIRMED, "4a": REFUTED, "4b": CONFIRMED, "5": CONFIRMED, "6": UNVERIFIED, "7a": CONFIRMED,
        "7b": REFUTED, "8": CONFIRMED, "9": CONFIRMED, "10": CONFIRMED, "11a": CONFIRMED, "11b": CONFIRMED, "12": REFUTED,
        "13": CONFIRMED, "14": REFUTED, "15": CONFIRMED, "16": CONFIRMED, "17": CONFIRMED, "18": UNVERIFIED,
    }  # fmt: skip
    loss = evidence["1.10-intree"].loss
    assert loss is not None
    assert (minutes == CONFIRMED) == (90 <= loss.ready_s - loss.created_s <= 150)
    assert loss.ready_s - loss.created_s < 300, "the volume waited for the 6 minutes, which the profile's assumption says it does not"


def test_on_1_9_the_dead_nodes_volume_is_named_in_the_notes_words_and_taken_away_by_hand(walked: Walked) -> None:
    evidence, transcript = walked
    loss = evidence["1.9-intree"].loss
    assert loss is not None
    (refused,) = [row for row in loss.events if row.reason == "FailedMount" and row.by == "attachdetach-controller"]
    ids = r"[0-9a-f-]{36}"
    text = rf'AttachVolume\.Attach failed for volume "pvc-{ids}" : disk ({ids}) is attached to a different instance \({loss.server}\)'
    found = re.fullmatch(text, refused.message)
    assert found is not None, refused.message
    assert (refused.type, refused.by, refused.count >= 3) == ("Warning", "attachdetach-controller", True)
    assert f"\n$ openstack server remove volume {loss.server} {found[1]}\n" in transcript
    assert loss.removed_s is not None
    assert loss.node_gone_s is not None
    assert GRACE_S - HEARTBEAT_S <= loss.node_gone_s < loss.removed_s < loss.ready_s


def test_on_1_10_the_moved_pods_events_are_those_of_the_note(walked: Walked) -> None:
    move = walked[0]["1.10-intree"].move
    assert move is not None
    volume = re.search(r'"(pvc-\S+)"', move.events[1].message)
    assert volume is not None
    image = "registry.invalid/chaoscinder-demo:0.1.0"
    host = f"kubelet, {move.new_node}"
    used = f'Multi-Attach error for volume "{volume[1]}" Volume is already used by pod(s) {move.old}'
    assert [(row.type, row.reason, row.by, row.message.rstrip()) for row in move.events if row.reason != "Unhealthy"] == [
        ("Normal", "Scheduled", "default-scheduler", f"Successfully assigned {move.new} to {move.new_node}"),
        ("Warning", "FailedAttachVolume", "attachdetach-controller", used),
        ("Normal", "SuccessfulAttachVolume", "attachdetach-controller", f'AttachVolume.Attach succeeded for volume "{volume[1]}"'),
        ("Normal", "SuccessfulMountVolume", host, f'MountVolume.SetUp succeeded for volume "{volume[1]}"'),
        ("Normal", "Pulling", host, f'pulling image "{image}"'),
        ("Normal", "Pulled", host, f'Successfully pulled image "{image}"'),
        ("Normal", "Created", host, "Created container"),
        ("Normal", "Started", host, "Started container"),
    ]


def test_the_transcript_shows_what_a_person_would_see(walked: Walked) -> None:
    evidence, transcript = walked
    assert "\n$ kubectl get deployment -o 'jsonpath={.items[].spec.strategy.type}'\nRollingUpdate\n" in transcript
    for profile in ("1.9-intree", "1.10-intree"):
        first, loss = evidence[profile].deletions[0], evidence[profile].loss
        assert re.search(rf"^{first.old} +1/1 +Terminating ", transcript, re.MULTILINE)
        assert re.search(rf"^{first.new} +0/1 +ContainerCreating ", transcript, re.MULTILINE)
        assert re.search(rf"^{first.new} +1/1 +Running .* {first.new_address} +{first.new_node} ", transcript, re.MULTILINE)
        assert loss is not None
        nodes = [part for part in re.split(r"^\$ ", transcript, flags=re.MULTILINE) if part.startswith("kubectl get nodes\n")]
        shown = [part for part in nodes if f"v{profile.split('-')[0]}." in part]
        assert [bool(re.search(rf"^{loss.node} ", part, re.MULTILINE)) for part in shown] == [True, False]
