"""What would become of a rollout, for every pair of strategy and access mode that matters."""

import pytest

from chaoscinder.checks.rollout import fenceposts, forecast
from chaoscinder.model.rollout import Forecast, Mount, Outlook, Rollout
from chaoscinder.model.workload import Kind

RWO, RWOP, RWX = (Mount("data", (mode,)) for mode in ("ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany"))


def deployment(strategy: str, mount: Mount, replicas: int = 1, surge: str = "", unavailable: str = "") -> Rollout:
    """A Deployment whose pods mount one claim."""
    return Rollout(Kind.DEPLOYMENT, strategy, replicas, surge, unavailable, (mount,))


@pytest.mark.parametrize(
    ("rollout", "outlook"),
    [
        (deployment("Recreate", RWO), Outlook.FINISHES),
        (deployment("Recreate", RWOP), Outlook.FINISHES),
        (deployment("RollingUpdate", RWO), Outlook.BY_LUCK),
        (deployment("RollingUpdate", RWOP), Outlook.NEVER),
        (deployment("RollingUpdate", RWX), Outlook.FINISHES),
        (deployment("RollingUpdate", RWO, surge="0", unavailable="1"), Outlook.FINISHES),
        (deployment("RollingUpdate", RWO, surge="0", unavailable="0"), Outlook.FINISHES),
        (deployment("RollingUpdate", RWO, surge="1", unavailable="100%"), Outlook.FINISHES),
        (deployment("RollingUpdate", RWO, surge="1", unavailable="99%"), Outlook.BY_LUCK),
        (deployment("RollingUpdate", RWO, replicas=2), Outlook.BY_LUCK),
        (deployment("Recreate", RWO, replicas=2), Outlook.BY_LUCK),
        (deployment("Recreate", RWOP, replicas=2), Outlook.NEVER),
        (Rollout(Kind.DEPLOYMENT, "RollingUpdate", 3), Outlook.FINISHES),
        (Rollout(Kind.STATEFULSET, "RollingUpdate", 1, shared=(RWO,)), Outlook.FINISHES),
        (Rollout(Kind.STATEFULSET, "RollingUpdate", 3), Outlook.FINISHES),
        (Rollout(Kind.STATEFULSET, "OnDelete", 1, shared=(RWO,)), Outlook.WAITS),
        (deployment("RollingUpdate", Mount("data", ("ReadWriteOnce", "ReadWriteMany"))), Outlook.FINISHES),
        (deployment("RollingUpdate", Mount("data", ())), Outlook.BY_LUCK),
    ],
)
def test_strategy_and_access_mode_decide_what_becomes_of_a_rollout(rollout: Rollout, outlook: Outlook) -> None:
    assert forecast(rollout).outlook is outlook


def test_the_trap_is_named_with_its_claim_and_the_way_out() -> None:
    why = (
        "RollingUpdate with 1 more and 0 fewer pods: a next pod on another node waits for data (ReadWriteOnce), and the last one is kept"
        " until it is Ready; only on the same node it finishes (wanted Recreate, or maxSurge 0 and maxUnavailable 1)"
    )
    assert forecast(deployment("RollingUpdate", RWO)) == Forecast(Outlook.BY_LUCK, why)


@pytest.mark.parametrize(
    ("replicas", "surge", "unavailable", "pods"),
    [
        (1, "", "", (1, 0)),
        (4, "", "", (1, 1)),
        (5, "", "", (2, 1)),
        (3, "0", "0%", (0, 1)),
        (10, "3", "20%", (3, 2)),
        (1, "0%", "1%", (0, 1)),
    ],
)
def test_shares_are_rounded_as_the_deployment_controller_rounds_them(
    replicas: int, surge: str, unavailable: str, pods: tuple[int, int]
) -> None:
    assert fenceposts(Rollout(Kind.DEPLOYMENT, "RollingUpdate", replicas, surge, unavailable)) == pods


@pytest.mark.parametrize(
    ("rollout", "told"),
    [
        (
            Rollout(Kind.STATEFULSET, "OnDelete", 1, shared=(RWO,)),
            Forecast(Outlook.WAITS, "OnDelete: a pod is replaced when somebody deletes it"),
        ),
        (
            deployment("RollingUpdate", RWX),
            Forecast(Outlook.FINISHES, "no claim that all its pods mount is bound to one node or one pod"),
        ),
        (
            Rollout(Kind.STATEFULSET, "RollingUpdate", 1, shared=(RWO,)),
            Forecast(
                Outlook.FINISHES, "a StatefulSet ends the last pod before it makes the next one, so data (ReadWriteOnce) is free for it"
            ),
        ),
        (
            deployment("Recreate", RWOP),
            Forecast(
                Outlook.FINISHES, "Recreate ends the last pod before it makes the next one, so data (ReadWriteOncePod) is free for it"
            ),
        ),
        (
            deployment("RollingUpdate", RWO, surge="0"),
            Forecast(
                Outlook.FINISHES,
                "RollingUpdate with 0 more and 1 fewer pods: the last pod may end first, so data (ReadWriteOnce) is free for the next one",
            ),
        ),
        (
            deployment("RollingUpdate", RWOP),
            Forecast(
                Outlook.NEVER,
                "RollingUpdate with 1 more and 0 fewer pods: the next pod waits for data (ReadWriteOncePod), the last one for the next to"
                " be Ready (wanted Recreate)",
            ),
        ),
        (
            Rollout(
                Kind.DEPLOYMENT, "RollingUpdate", 1, shared=(RWX, Mount("cache", ()), Mount("logs", ("ReadWriteOnce", "ReadWriteOncePod")))
            ),
            Forecast(
                Outlook.NEVER,
                "RollingUpdate with 1 more and 0 fewer pods: the next pod waits for cache (no access mode) and logs (ReadWriteOnce,"
                " ReadWriteOncePod), the last one for the next to be Ready (wanted Recreate)",
            ),
        ),
        (
            deployment("Recreate", RWOP, replicas=2),
            Forecast(Outlook.NEVER, "2 replicas share data (ReadWriteOncePod): only one pod can ever use it"),
        ),
        (
            Rollout(Kind.STATEFULSET, "RollingUpdate", 3, shared=(RWO,)),
            Forecast(Outlook.BY_LUCK, "3 replicas share data (ReadWriteOnce): a pod on another node than the others never starts"),
        ),
    ],
)
def test_every_outlook_says_why(rollout: Rollout, told: Forecast) -> None:
    assert forecast(rollout) == told


def test_a_volume_that_many_may_read_is_bound_to_no_node() -> None:
    assert forecast(deployment("RollingUpdate", Mount("docs", ("ReadOnlyMany",)))).outlook is Outlook.FINISHES
    assert forecast(deployment("RollingUpdate", RWX, replicas=5)).outlook is Outlook.FINISHES
