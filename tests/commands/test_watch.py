"""`kubectl get -w`: each change is a line, in its order."""

from pathlib import Path

from tests.commands.terminal import AGE, Terminal, until


def rows(file: Path) -> list[list[str]]:
    """The lines of a watch; its columns grow while it runs, but no cell of these has a space."""
    return [line.split() for line in file.read_text().splitlines()]


def test_a_pod_that_is_deleted_and_the_one_that_replaces_it(terminal: Terminal, tmp_path: Path) -> None:
    old, seen = terminal.app_pod(), tmp_path / "watch"
    watching = terminal.start("get", "pods", "-w", into=seen)
    try:
        until(lambda: len(rows(seen)) == 2, "the watch began")
        assert terminal.kubectl("delete", "pod", old) in deleted(old)
        until(lambda: rows(seen)[-1][1:3] == ["1/1", "Running"] and rows(seen)[-1][0] != old, "the new pod was seen ready")
    finally:
        watching.terminate()
        watching.wait()
    new = rows(seen)[-1][0]
    assert [row for row in rows(seen) if row[0] == new] == [
        [new, "0/1", "Pending", "0", AGE],
        [new, "0/1", "Pending", "0", AGE],
        [new, "0/1", "ContainerCreating", "0", AGE],
        [new, "0/1", "Running", "0", AGE],
        [new, "1/1", "Running", "0", AGE],
    ]
    ended = [row for row in rows(seen) if row[0] == old]
    assert ended[:2] == [[old, "1/1", "Running", "0", AGE], [old, "1/1", "Terminating", "0", AGE]]
    assert {tuple(row[1:4]) for row in ended[2:]} == {("0/1", "Completed", "0")}  # its end, its deletion with grace 0, and that it is gone
    order = [(row[0], row[2]) for row in rows(seen)]
    assert order.index((old, "Terminating")) < order.index((new, "ContainerCreating")) < order.index((old, "Completed"))


def test_a_watch_of_nodes_shows_a_cordon(terminal: Terminal, tmp_path: Path) -> None:
    seen = tmp_path / "watch"
    watching = terminal.start("get", "nodes", "worker-4", "-w", into=seen)
    try:
        until(lambda: len(rows(seen)) == 2, "the watch began")
        terminal.kubectl("cordon", "worker-4")
        terminal.kubectl("uncordon", "worker-4")
        until(lambda: states(seen)[-2:] == ["Ready,SchedulingDisabled", "Ready"], "the watch saw both")
    finally:
        watching.terminate()
        watching.wait()
    assert states(seen) == ["Ready", "Ready,SchedulingDisabled", "Ready"]


def states(file: Path) -> list[str]:
    """What a watch of one node showed, each state once: a heartbeat is a line too."""
    shown = [row[1] for row in rows(file)[1:]]
    return [state for before, state in zip(["", *shown], shown, strict=False) if state != before]


def deleted(pod: str) -> tuple[str, ...]:
    """What kubectl says of a deleted pod; it names the namespace since 1.34."""
    return (f'pod "{pod}" deleted\n', f'pod "{pod}" deleted from default namespace\n')
