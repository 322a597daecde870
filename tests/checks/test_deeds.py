"""What a run did to its target, by its own marks."""

from typing import Any

import pytest

from chaoscinder.checks.deeds import act_of, deletes_pod, may_stay
from chaoscinder.model.act import Act
from chaoscinder.model.run import Run
from chaoscinder.model.timeline import Mark


def marked(run: Run, *marks: Mark) -> tuple[Act, bool, bool]:
    """What is said of a run with these marks: the act, whether it deleted a pod, whether the volume may stay where it was."""
    ours = Run(run.header, marks=marks)
    return act_of(ours), deletes_pod(ours), may_stay(ours)


def fault(**detail: Any) -> Mark:
    return Mark(30.0, "fault_started", detail)


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        ((fault(what="stop-server"),), (Act.STOP_SERVER, False, False)),
        ((fault(what="shut-down-server"),), (Act.SHUT_DOWN_SERVER, False, False)),
        ((fault(what="delete-pod"),), (Act.DELETE_POD, True, True)),
        ((Mark(29.0, "cordoned"), fault(what="delete-pod")), (Act.DELETE_POD, True, False)),
        ((fault(),), (Act.STOP_SERVER, False, False)),
        ((fault(what="something-newer"),), (Act.STOP_SERVER, False, False)),
        ((Mark(1.0, "problem", {"what": "delete-pod"}), fault(what="shut-down-server")), (Act.SHUT_DOWN_SERVER, False, False)),
        ((), (Act.STOP_SERVER, False, False)),
    ],
    ids=["stopped", "shut down", "deleted", "deleted, node cordoned", "before 0.2", "of another version", "a problem before", "nothing"],
)
def test_what_a_run_did_is_what_the_mark_of_its_fault_says(passing_run: Run, marks: tuple[Mark, ...], told: tuple[Act, bool, bool]) -> None:
    assert marked(passing_run, *marks) == told
