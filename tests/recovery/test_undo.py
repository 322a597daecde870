"""An undo whose cloud does not answer: nothing is undone where nobody knows that it is the right one, and the intent stays open."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from chaoscinder import runs
from chaoscinder.clients.site import Site
from chaoscinder.clock import Clock
from chaoscinder.errors import CannotTell
from chaoscinder.model.run import Aims, Header
from chaoscinder.recovery import undo
from chaoscinder.settings import Settings
from tests.lost_cloud import lost_cloud

pytestmark = pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning", "ignore::PendingDeprecationWarning")
RATE = 100.0


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site whose cloud has an address where nobody listens."""
    for name, value in lost_cloud(tmp_path).items():
        monkeypatch.setenv(name, value)
    return Site(Settings(rate=RATE, request_timeout_s=1.0))


def test_nothing_is_undone_in_a_cloud_that_does_not_say_which_one_it_is(site: Site, tmp_path: Path) -> None:
    header = Header("0a1b2c3d" + "0" * 24, "node shutdown", "e3b0", datetime.now(UTC), Clock().monotonic_s(), RATE, False, Aims())
    run = runs.create(tmp_path / "runs", header)
    run.intend("Server", "worker-2", "stopped", "openstack server start s2", target_id="s2", project_id="p1", undo_word="start")
    wanted = r"^Server worker-2 is still stopped: .*\(wanted project_id p1 within 100 s\); to finish: openstack server start s2, then: "
    with pytest.raises(CannotTell, match=wanted + r"chaoscinder recover 0a1b2c3d$"):
        undo.everything(site, run, 100.0)
    assert [row["name"] for row in run.open_intents()] == ["worker-2"]
    assert [mark.name for mark in run.read().marks] == []
