"""Only real differences are written, and problems are counted, not repeated."""

from chaoscinder.model.attachment import View
from chaoscinder.recorder.changes import Changes, Problems
from chaoscinder.runs import RunDirectory


def written(run: RunDirectory) -> list[tuple[str, object]]:
    return [(change.uid, change.state) for change in run.read().changes]


def test_the_same_state_twice_is_written_once(run: RunDirectory) -> None:
    changes = Changes(run)
    for ready in (True, True, False, False, True):
        changes.note(View.KUBERNETES, "Pod", "p", "u1", {"ready": ready})
    assert written(run) == [("u1", {"ready": True}), ("u1", {"ready": False}), ("u1", {"ready": True})]


def test_a_pod_of_the_same_name_is_another_object(run: RunDirectory) -> None:
    changes = Changes(run)
    changes.note(View.KUBERNETES, "Pod", "db-0", "u1", {})
    changes.gone(View.KUBERNETES, "Pod", "u1")
    changes.gone(View.KUBERNETES, "Pod", "u1")
    changes.note(View.KUBERNETES, "Pod", "db-0", "u2", {})
    assert written(run) == [("u1", {}), ("u1", None), ("u2", {})]
    assert changes.states(View.KUBERNETES, "Pod") == [("db-0", {})]


def test_what_a_new_list_does_not_have_went_away_unseen(run: RunDirectory) -> None:
    changes = Changes(run)
    for uid in ("u1", "u2"):
        changes.note(View.NOVA, "Server", uid, uid, {})
    changes.keep_only(View.NOVA, "Server", ["u2"])
    changes.keep_only(View.CINDER, "Volume", [])
    assert written(run) == [("u1", {}), ("u2", {}), ("u1", None)]
    assert not changes.knows(View.NOVA, "Server", "u1")


def test_a_problem_says_how_often_and_from_when_to_when() -> None:
    times = iter([1.0, 2.0, 3.5])
    problems = Problems(lambda: next(times))
    problems.note("Nova sleeps")
    problems.note("Cinder sleeps")
    problems.note("Nova sleeps")
    assert problems.lines() == ["Nova sleeps (2 times from 1.0 to 3.5 s)", "Cinder sleeps (at 2.0 s)"]


def test_too_many_problems_are_counted_and_none_is_hidden() -> None:
    problems = Problems(lambda: 0.0)
    for number in range(Problems.MOST + 3):
        problems.note(str(number))
    assert len(problems.lines()) == Problems.MOST + 1
    assert problems.lines()[-1] == "and 3 more problems"
