"""A PromQL query stops a run: with a real Prometheus server that scrapes a small exporter of ours."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chaoscinder.clients.prometheus import Prometheus as Client
from chaoscinder.errors import ChaoscinderError, Refused, SettingsError
from chaoscinder.model.alert import Series
from chaoscinder.recovery.querying import Query
from chaoscinder.settings import Settings
from tests.experiments.test_stop import RECOVERS, reason_of
from tests.interrupted import experiment, marked, play, under_way, untouched, verdict_of
from tests.lent import Lent
from tests.metrics import PASSWORD, USER, Prometheus, prometheus

pytestmark = pytest.mark.timeout(240)  # the package may have to be downloaded first
SECRETS = {"metrics": {"prometheus_username": USER, "prometheus_password": {"type": "env", "key": "T_PASSWORD"}}}


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """A server that wants a password, for all tests here but the one that kills its own."""
    with prometheus(tmp_path_factory.mktemp("prometheus"), secured=True) as found:
        found.wait_until_scraped()
        yield found


@pytest.fixture
def client(metrics: Prometheus) -> Iterator[Client]:
    """Our client, with the password."""
    auth = {"prometheus_username": USER, "prometheus_password": PASSWORD}
    one = Client(Settings(prometheus_url=metrics.url, prometheus_auth=auth))
    yield one
    one.close()


def told(metrics: Prometheus, query: str, **more: str) -> dict[str, str]:
    """The environment that names server, query and password."""
    known = {"CHAOSCINDER_PROMETHEUS_URL": metrics.url, "CHAOSCINDER_ABORT_QUERY": query, "T_PASSWORD": PASSWORD}
    return {**known, "CHAOSCINDER_GUARDED_FOR_S": "60", "CHAOSCINDER_REQUEST_TIMEOUT_S": "2", **more}


def test_a_real_server_answers_as_the_recordings_say(client: Client, metrics: Prometheus) -> None:
    (row,) = client.ask("shop_up")
    target = row.labels.partition('instance="')[2].partition('"')[0]
    assert row == Series(f'shop_up{{instance="{target}", job="shop"}}', 1.0)
    assert client.ask("shop_up == 0") == ()
    assert client.ask("shop_up == bool 0") == (Series(f'{{instance="{target}", job="shop"}}', 0.0),)
    assert client.ask("1") == (Series("", 1.0),)
    assert client.ask("vector(-1/0)") == (Series("", float("-inf")),)
    assert not client.ask("scalar(nothing)")[0].is_number
    with pytest.raises(SettingsError, match=r"^abort_query gives a matrix "):
        client.ask("shop_up[1m]")
    with pytest.raises(
        SettingsError, match=r'^abort_query is no PromQL: invalid parameter "query": 1:10: parse error: unexpected end of input$'
    ):
        client.ask("shop_up >")
    with pytest.raises(Refused, match="with 401"):
        Client(Settings(prometheus_url=metrics.url)).ask("1")


def test_a_query_that_comes_to_hold_stops_the_run_with_query_and_value(at_rest: Lent, tmp_path: Path, metrics: Prometheus) -> None:
    query = "max(shop_errors) > 5"
    path = experiment(tmp_path, RECOVERS, secrets=SECRETS)
    with under_way(at_rest, tmp_path, path, marked(tmp_path, "fault_confirmed"), **told(metrics, query)) as process:
        metrics.shop.values["shop_errors"] = 7.0
        out = process.communicate(timeout=60)[0].decode()
    metrics.shop.values["shop_errors"] = 0.0
    assert verdict_of(tmp_path) == ("ABORTED", True), out
    assert reason_of(tmp_path) == f"PromQL {query} is 7 (abort_query)"
    assert untouched(at_rest)
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path for path in left if PASSWORD.encode() in path.read_bytes()] == []
    assert PASSWORD not in out


def test_a_server_that_falls_silent_stops_the_run_after_a_limit(at_rest: Lent, tmp_path: Path) -> None:
    (tmp_path / "prometheus").mkdir()
    path = experiment(tmp_path, RECOVERS)
    with prometheus(tmp_path / "prometheus") as mortal:
        reached = marked(tmp_path, "fault_confirmed")
        with under_way(at_rest, tmp_path, path, reached, **told(mortal, "vector(1) < 0")) as process:
            mortal.kill()
            out = process.communicate(timeout=60)[0].decode()
    assert verdict_of(tmp_path) == ("ABORTED", True), out
    silent = f"abort_query: Prometheus at {mortal.url}/api/v1/query could not be asked: Connection refused, for "
    assert reason_of(tmp_path).startswith(silent), out
    assert reason_of(tmp_path).endswith(" s (guarded_for_s)")
    assert untouched(at_rest)


@pytest.mark.parametrize(
    ("query", "password", "line"),
    [
        ("shop_up", PASSWORD, 'PromQL shop_up is 1 at shop_up{instance="TARGET", job="shop"} before the run: nothing is begun'),
        ("0/0", PASSWORD, "PromQL 0/0: the answer is NaN before the run: nothing is begun"),
        ("shop_up[1m]", PASSWORD, "abort_query gives a matrix (wanted an instant vector or a scalar, such as max(errors) > 5)"),
        ("1 < bool 0", "wrong", "Prometheus at URL refused the query with 401 (wanted credentials that it takes)"),
    ],
)
def test_nothing_is_begun_where_it_holds_or_nobody_can_tell(metrics: Prometheus, query: str, password: str, line: str) -> None:
    auth = {"prometheus_username": USER, "prometheus_password": password}
    one = Query(Settings(prometheus_url=metrics.url, abort_query=query, prometheus_auth=auth))
    with pytest.raises(ChaoscinderError) as refusal:
        one.refuse_to_begin()
    one.close()
    said = str(refusal.value)
    target = said.partition('instance="')[2].partition('"')[0]
    assert said.replace(f"{metrics.url}/api/v1/query", "URL").replace(target or "TARGET", "TARGET") == line


def test_nothing_is_begun_where_no_server_is(at_rest: Lent, tmp_path: Path) -> None:
    nowhere = {"CHAOSCINDER_PROMETHEUS_URL": "http://127.0.0.1:9", "CHAOSCINDER_ABORT_QUERY": "up == 0"}
    done = play(at_rest, tmp_path, experiment(tmp_path, RECOVERS), **nowhere)
    wanted = (
        "Prometheus at http://127.0.0.1:9/api/v1/query could not be asked: Connection refused: nothing is begun, because abort_query could"
    )
    assert wanted in done.out
    assert done.code != 0
    assert not (tmp_path / "chaoscinder-runs").exists()
    assert untouched(at_rest)
