"""A whole stop and start with credentials that may do less than the member: nothing but what is needed, and not quite that."""

from collections.abc import Callable

import pytest

from chaoscinder.checks.access import access_rules
from chaoscinder.clients.openstack import OpenStack
from chaoscinder.errors import Refused
from chaoscinder.faults.access import of_acts
from chaoscinder.model.act import Act
from chaoscinder.settings import Settings
from tests.lab.pack.credentials import Rule
from tests.lab.pack.stage import Stage

Use = Callable[..., None]


PATHS = {"compute": "/v2.1", "block-storage": "/v3/{project_id}"}  # of the lab's endpoints


def stop_and_start() -> list[Rule]:
    """What `chaoscinder access --for access-rules` prints for a run that stops a server."""
    return list(access_rules(of_acts([Act.STOP_SERVER], Settings()), PATHS))


def test_the_member_role_alone_is_enough(stage: Stage, use: Use) -> None:
    use(roles=["member"])
    ours = OpenStack(Settings())
    assert (ours.project_id(), ours.roles()) == (stage.tenant.member.current_project_id, ("member", "reader"))
    ours.close()
    stage.record()
    assert stage.stop(timeout_s=30.0)["status"] == "SHUTOFF"
    assert stage.start() == {"started": [stage.name]}
    assert stage.state() == stage.untouched


def test_a_reader_is_refused_in_one_line_before_anything_is_touched(stage: Stage, use: Use) -> None:
    use(roles=["reader"])
    with pytest.raises(Refused) as refused:
        stage.record()
    why = "permissions: OpenStack the token has only the role reader: it could neither stop nor start a server"
    assert str(refused.value) == f"preflight found 1 that block: {why}"
    assert stage.state() == stage.untouched


def test_access_rules_for_exactly_these_requests_are_enough(stage: Stage, use: Use) -> None:
    use(rules=stop_and_start())
    stage.record()
    assert stage.stop(timeout_s=30.0)["status"] == "SHUTOFF"
    assert stage.start() == {"started": [stage.name]}
    assert stage.state() == stage.untouched


def test_without_the_rule_for_actions_nothing_is_stopped(stage: Stage, use: Use) -> None:
    use(rules=[row for row in stop_and_start() if not row["path"].endswith("/action")])
    with pytest.raises(Refused) as refused:
        stage.record()
    why = "permissions: OpenStack the access rules of these credentials do not allow POST /servers/{server_id}/action of compute"
    assert str(refused.value) == f"preflight found 1 that block: {why}"
    assert stage.state() == stage.untouched
