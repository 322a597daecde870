"""What a run did to its target, by its own marks: the claims that are made of a server's loss do not all apply to a pod's deletion."""

from chaoscinder.checks.states import marked_at
from chaoscinder.model.act import Act
from chaoscinder.model.run import Run


def act_of(run: Run) -> Act:
    """Tell which act was the fault; runs before 0.2 only stopped servers."""
    said = next((str(mark.detail.get("what")) for mark in run.marks if mark.name == "fault_started"), "")
    return next((act for act in Act if act == said), Act.STOP_SERVER)


def deletes_pod(run: Run) -> bool:
    """Whether the fault was the deletion of the pod, so that its server stayed up."""
    return act_of(run) is Act.DELETE_POD


def may_stay(run: Run) -> bool:
    """Whether the volume may stay where it was: its node lives and takes pods."""
    return deletes_pod(run) and marked_at(run, "cordoned") is None
