"""Fail every call: one site is answered otherwise from its first request on, and the run may say anything but what is not so."""

from collections.abc import Callable

from tests.torture.points import RENEWAL_S, SETTINGS, path_of
from tests.torture.proxy import Fail, Site
from tests.torture.stage import Stage

HOWS: tuple[int | str, ...] = (500, 403, 409, 404, "timeout", "reset")
LOST = "lost"  # done, but the answer is lost: for calls that change something
LIMITS = {
    "CHAOSCINDER_REQUEST_TIMEOUT_S": "1",
    "CHAOSCINDER_SERVER_TIMEOUT_S": "250",
    "CHAOSCINDER_RESTORE_TIMEOUT_S": "250",
    "CHAOSCINDER_RECOVERY_DEADLINE_S": "500",
}


def play(stage: Stage, experiment: str, site: Site, how: int | str) -> dict[str, object]:
    """Play an experiment while one site fails in one way; what came of it, with one line for each thing that is wrong."""
    cwd = stage.place()
    fail = stage.proxy.fail = Fail(_same(site), "timeout" if how == LOST else how, done=how == LOST)
    longer = {"CHAOSCINDER_BASELINE_S": RENEWAL_S} if site.thread == "lease" else {}
    played = stage.play(path_of(experiment), cwd, **{**LIMITS, **SETTINGS.get(experiment, {}), **longer})
    stage.proxy.clear()
    wrong, said = list(played.findings), played.out
    left = stage.residue(str(cwd), limit_s=4.0)
    if left:
        wrong += _not_named(stage, said, played.restored)
        done = stage.recover(cwd, "--all")
        wrong += [f"recover: {line}" for line in done.findings]
        left = stage.residue(str(cwd))
        if left or done.code:
            wrong += [f"recover ended with {done.code}: {done.out[-400:]}", *(f"left behind: {line}" for line in left)]
    result = {
        "what": f"{how} for {site}", "reached": fail.seen > 0, "verdict": played.verdict, "code": played.code, "wrong": wrong,
        "took_s": round(played.took_s, 1), "told": said[-3000:] if wrong else "", "cwd": str(cwd),
        "despite": played.verdict == "PASS" and fail.seen > 0, "times": fail.seen,
    }  # fmt: skip
    if left:
        stage.wipe(cwd)
        stage.before = stage.settled()
    return result


def _same(site: Site) -> Callable[[Site], bool]:
    """The same call by the same function from the same door, in whichever thread."""
    return lambda seen: (seen.process, seen.call, seen.inner, seen.outer) == (site.process, site.call, site.inner, site.outer)


def _not_named(stage: Stage, said: str, restored: bool | None) -> list[str]:
    """Something is left: the run must have said so, and how to finish.

    Of rows it says that nobody counted them, of the Lease, which it gives back after its verdict, that it expires by itself.
    """
    left = stage.residue("-", 0.0)
    told = ("/rows", "/leases") if "expires by itself" in said else ("/rows",)
    if restored is True and any(not line.startswith(told) for line in left):
        return [f"something is left, and the run says restored: {left[:3]}"]
    if "chaoscinder recover" not in said and "expires by itself" not in said:
        return [f"something is left, and nothing says how to finish: {left[:3]}"]
    return []
