"""The short form of `make torture`: one run stopped by the loss of its machine, one by a signal, one call that fails, a few odd inputs."""

from collections.abc import Iterator

import pytest

from tests.torture import fail, fuzz, guards, kill, points
from tests.torture.fuzz import Desk
from tests.torture.points import Point
from tests.torture.proxy import Site
from tests.torture.stage import Stage, stage

EXPERIMENT = "node-shutdown"
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def on(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A sandbox behind the proxy."""
    with stage(tmp_path_factory.mktemp("torture") / "stage") as made:
        yield made


@pytest.fixture(scope="module")
def sites(on: Stage) -> list[Site]:
    """Where an undisturbed run calls, in its order."""
    for _ in range(3):  # a busy machine may not measure its baseline, and then nothing is stopped
        played, left = points.rehearse(on, EXPERIMENT)
        assert (played.findings, left) == ([], []), played.out
        if actions(points.sites(played.log)):
            break
    assert played.restored is True, played.out
    return points.sites(played.log)


def actions(sites: list[Site]) -> list[Site]:
    """Nova's actions: the stop, then the start."""
    return [site for site in sites if site.call == "POST /compute/v2.1/servers/{id}/action"]


def test_every_kind_of_call_was_seen_with_its_caller(sites: list[Site]) -> None:
    changing = {site.call for site in sites if site.mutates}
    assert {
        "POST /apis/coordination.k8s.io/v1/namespaces/default/leases",
        "PUT /apis/coordination.k8s.io/v1/namespaces/default/leases/chaoscinder",
        "DELETE /apis/coordination.k8s.io/v1/namespaces/default/leases/chaoscinder",
        "POST /compute/v2.1/servers/{id}/metadata",
        "POST /compute/v2.1/servers/{id}/action",
        "DELETE /compute/v2.1/servers/{id}/metadata/chaoscinder_run",
        "POST app /users",
        "DELETE app /users/{row}",
    } <= changing
    assert {site.inner for site in sites if site.process == "chaos"} >= {"recovery.audit._server", "faults.target.resolve"}


def test_a_machine_that_is_lost_right_after_the_stop(on: Stage, sites: list[Site]) -> None:
    found = kill.play(on, Point(EXPERIMENT, actions(sites)[0], after=True), "machine")
    assert (found["reached"], found["wrong"]) == (True, []), found["told"]


def test_a_signal_in_the_middle_of_marking_the_server(on: Stage, sites: list[Site]) -> None:
    site = next(site for site in sites if site.call == "POST /compute/v2.1/servers/{id}/metadata")
    found = kill.play(on, Point(EXPERIMENT, site, after=False), "SIGTERM")
    assert (found["reached"], found["wrong"], found["verdict"]) == (True, [], "ABORTED"), found["told"]


def test_a_start_that_nova_always_refuses(on: Stage, sites: list[Site]) -> None:
    found = fail.play(on, EXPERIMENT, actions(sites)[-1], 500)
    assert (found["reached"], found["wrong"], found["verdict"] != "PASS") == (True, [], True), found["told"]


def test_a_list_of_all_pods_without_the_one_to_be_hit_is_no_answer(on: Stage) -> None:
    assert guards.look(on, "GET /api/v1/pods", '{"items": null}') == []


def test_odd_experiments_are_one_line(on: Stage) -> None:
    desk = Desk(on, on.directory, over=bool)
    assert sum(fuzz.experiments(desk, on.directory, 15)) >= 15
