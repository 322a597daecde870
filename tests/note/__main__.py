"""`python -m tests.note`: walk "Testing Node Failure with Cinder" through Kubernetes 1.9 and 1.10, and judge its claims.

At rate 1 (the default) kubectl's clock is the cluster's, so the ages of `describe` are right; it takes about six minutes.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from tests.commands import kubectls
from tests.lent import sandbox
from tests.note import claims
from tests.note.evidence import Evidence
from tests.note.hands import Hands
from tests.note.narrator import Narrator, to_terminal_and
from tests.note.walk import Walk


def main() -> int:
    """Walk, tell, judge; exit code 1 when a step of the note did not happen at all."""
    asked = _arguments()
    with tempfile.TemporaryDirectory(prefix="chaoscinder-note-") as home:
        if asked.out is None:
            return _told(asked.rate, asked.kubectl, to_terminal_and(None), Path(home))
        with asked.out.open("w", encoding="utf-8") as file:
            return _told(asked.rate, asked.kubectl, to_terminal_and(file), Path(home))


def _told(rate: float, origin: str, outputs: Sequence[TextIO], home: Path) -> int:
    narrator = Narrator(outputs, home)
    try:
        evidence = play(narrator, home, rate=rate, origin=origin)
    except (kubectls.Missing, TimeoutError, RuntimeError) as error:
        narrator.say(f"the walk ended early: {error}")
        return 1
    narrator.heading("The note's claims, one by one")
    narrator.table(claims.told(claims.judge(evidence["1.9-intree"], evidence["1.10-intree"])))
    return 0


def play(narrator: Narrator, home: Path, *, rate: float, origin: str) -> dict[str, Evidence]:
    """Walk both profiles, each in a sandbox of its own."""
    program = kubectls.best() if origin == "best" else kubectls.find(origin)
    narrator.say(f"kubectl {program.version} ({program.origin}) and openstack, in a sandbox with {rate:g} cluster seconds a second")
    if rate != 1:
        narrator.say("kubectl's own clock is slower than the cluster's, so `describe` prints <invalid> for ages; tables are right")
    return {profile: play_profile(profile, narrator, home, program, rate) for profile in ("1.9-intree", "1.10-intree")}


def play_profile(profile: str, narrator: Narrator, home: Path, program: kubectls.Kubectl, rate: float) -> Evidence:
    """Walk one profile."""
    narrator.heading(f"Kubernetes {profile}")
    place = home / profile
    place.mkdir()
    with sandbox(place / "world", "--profile", profile, "--rate", f"{rate:g}", "--remediation", "none") as lent:
        hands = Hands(lent, narrator, program, place)
        try:
            walk = Walk(hands, profile)
            (_nine if profile.startswith("1.9") else _ten)(walk)
            return walk.evidence
        finally:
            hands.close()


def _nine(walk: Walk) -> None:
    step, evidence = walk.narrator.step, walk.evidence
    step("The default strategy, by jsonpath")
    walk.take_the_default_strategy()
    step("A pod is deleted; the new one comes to the same node")
    evidence.deletions.append(walk.delete_pod("RollingUpdate", move=False))
    step("A new template is rolled out on the same node: RollingUpdate")
    evidence.rollouts.append(walk.roll_out("RollingUpdate", other_node=False))
    step("The same, and the new pod has to go to another node")
    evidence.rollouts.append(walk.roll_out("RollingUpdate", other_node=True))
    step("The note's work around: Recreate")
    walk.set_strategy("Recreate")
    evidence.rollouts.append(walk.roll_out("Recreate", other_node=False))
    step("A pod is deleted under Recreate")
    evidence.deletions.append(walk.delete_pod("Recreate", move=False))
    step("The node is shut down")
    evidence.loss = walk.lose_node("Recreate")


def _ten(walk: Walk) -> None:
    step, evidence = walk.narrator.step, walk.evidence
    step("First, verify the strategy type")
    walk.take_the_default_strategy()
    step("The application's pod is deleted and restarts on its node")
    evidence.deletions.append(walk.delete_pod("RollingUpdate", move=False))
    step("The pod is deleted and starts on a new node")
    evidence.move = walk.delete_pod("RollingUpdate", move=True)
    step("A new template under RollingUpdate, and the new pod has to go to another node")
    evidence.rollouts.append(walk.roll_out("RollingUpdate", other_node=True))
    step("Failure of a node")
    evidence.loss = walk.lose_node("RollingUpdate")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.note", description=__doc__)
    parser.add_argument("--rate", type=float, default=1.0, help="cluster seconds per wall second (1)")
    parser.add_argument("--out", type=Path, help="write the transcript here as well")
    parser.add_argument("--kubectl", choices=["best", "debian", "path"], default="best", help="which one (PATH's, else Debian's)")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
