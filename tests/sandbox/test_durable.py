"""What of a volume survives a loss of power: the model, call by call, and then with real processes whose calls are seen by the kernel."""

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chaoscinder.sandbox import durable_calls, durable_watch
from chaoscinder.sandbox.durable import IN_MEMORY, Shadow, Shadows

ROOT = Path(__file__).parents[2]


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    """A volume with a file, a directory and a link in it."""
    directory = tmp_path / "volume"
    (directory / "inner").mkdir(parents=True)
    (directory / "file").write_text("first")
    (directory / "inner" / "deep").write_text("deep")
    (directory / "link").symlink_to("file")
    return directory


@pytest.fixture(params=[0, IN_MEMORY], ids=["in files", "in memory"])
def shadow(volume: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Shadow]:
    """Its shadow; what is there at first survives."""
    made = Shadow(volume, tmp_path / "synced", "worker-1", in_memory=request.param)
    yield made
    made.close()


FIRST = {"file": "first", "inner": {"deep": "deep"}, "link": "-> file"}


def tree(path: Path) -> dict[str, Any]:
    """A directory as a plain value."""
    found: dict[str, Any] = {}
    for entry in sorted(path.iterdir()):
        if entry.is_symlink():
            found[entry.name] = f"-> {entry.readlink()}"
        else:
            found[entry.name] = tree(entry) if entry.is_dir() else entry.read_text()
    return found


def after_a_loss(shadow: Shadow, tmp_path: Path) -> dict[str, Any]:
    """What is in the volume after its server lost power."""
    shadow.lose(tmp_path / "evidence")
    assert tree(tmp_path / "evidence" / "after") == tree(shadow.directory)
    return tree(shadow.directory)


def append(path: Path, text: str) -> None:
    with path.open("a") as file:
        file.write(text)


Act = Callable[[Path, Shadow], object]
CASES: dict[str, tuple[Act, dict[str, Any]]] = {
    "nothing": (lambda v, s: None, FIRST),
    "a write that was not synced": (lambda v, s: append(v / "file", " more"), FIRST),
    "a write that was synced": (lambda v, s: (append(v / "file", " more"), s.sync(v / "file")), {**FIRST, "file": "first more"}),
    "a write after the sync": (lambda v, s: (s.sync(v / "file"), append(v / "file", " more")), FIRST),
    "a truncation that was not synced": (lambda v, s: os.truncate(v / "file", 0), FIRST),
    "a new file, synced, whose name was not": (lambda v, s: (append(v / "new", "x"), s.sync(v / "new")), FIRST),
    "a new name, synced, whose file was not": (lambda v, s: (append(v / "new", "x"), s.sync(v)), {**FIRST, "new": ""}),
    "a new file and its name, synced": (lambda v, s: (append(v / "new", "x"), s.sync(v / "new"), s.sync(v)), {**FIRST, "new": "x"}),
    "an unlink that was not synced": (lambda v, s: (v / "file").unlink(), FIRST),
    "an unlink that was synced": (lambda v, s: ((v / "file").unlink(), s.sync(v)), {"inner": {"deep": "deep"}, "link": "-> file"}),
    "a rename that was not synced": (lambda v, s: (v / "file").rename(v / "other"), FIRST),
    "a rename over another, synced, of a file that was not": (
        lambda v, s: (append(v / "new", "x"), (v / "new").rename(v / "file"), s.sync(v)), {**FIRST, "file": ""},
    ),
    "a rename between two directories of which one was synced": (
        lambda v, s: ((v / "file").rename(v / "inner" / "file"), s.sync(v / "inner")), 
        {**FIRST, "inner": {"deep": "deep", "file": "first"}},
    ),
    "a directory whose own entries were not synced": (
        lambda v, s: ((v / "dir").mkdir(), append(v / "dir" / "x", "x"), s.sync(v / "dir" / "x"), s.sync(v)), {**FIRST, "dir": {}},
    ),
    "everything, synced at once": (lambda v, s: (append(v / "new", "x"), s.flush()), {**FIRST, "new": "x"}),
    "a new file in the place of an unlinked one whose name survives": (
        lambda v, s: ((v / "file").unlink(), append(v / "file", "second"), s.sync(v / "file")), FIRST,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("act", "expected"), CASES.values(), ids=CASES)
def test_only_what_was_synced_survives(shadow: Shadow, volume: Path, tmp_path: Path, act: Act, expected: dict[str, Any]) -> None:
    act(volume, shadow)
    assert after_a_loss(shadow, tmp_path) == expected


def test_both_states_are_kept_as_evidence(shadow: Shadow, volume: Path, tmp_path: Path) -> None:
    append(volume / "file", " more")
    shadow.lose(tmp_path / "evidence")
    assert tree(tmp_path / "evidence") == {"before": {**FIRST, "file": "first more"}, "after": FIRST}


def test_modes_and_hard_links_survive(shadow: Shadow, volume: Path, tmp_path: Path) -> None:
    (volume / "file").chmod(0o640)
    (volume / "twin").hardlink_to(volume / "file")
    shadow.flush()
    shadow.lose(tmp_path / "evidence")
    found = (volume / "file").stat()
    assert (found.st_mode & 0o777, found.st_nlink, (volume / "twin").samefile(volume / "file")) == (0o640, 2, True)


def test_an_inode_number_that_is_used_again_is_another_file(shadow: Shadow, volume: Path, tmp_path: Path) -> None:
    for number in range(50):
        (volume / "journal").write_text(str(number))
        shadow.sync(volume / "journal")
        if number == 0:
            shadow.sync(volume)
        (volume / "journal").unlink()
    assert after_a_loss(shadow, tmp_path) == {**FIRST, "journal": "0"}


def test_files_that_are_gone_for_good_are_let_go(shadow: Shadow, volume: Path, tmp_path: Path) -> None:
    handles = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        (volume / "journal").write_text("x")
        shadow.sync(volume / "journal")
        (volume / "journal").unlink()
        shadow.sync(volume)
    assert len(list(Path("/proc/self/fd").iterdir())) == handles
    assert len(list((tmp_path / "synced").iterdir())) in (0, 2)


def test_what_lies_outside_of_the_volume_is_left_alone(shadow: Shadow, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("x")
    shadow.sync(tmp_path / "elsewhere")
    shadow.sync(tmp_path)
    assert after_a_loss(shadow, tmp_path) == FIRST


def test_after_a_loss_everything_that_came_back_survives_the_next(shadow: Shadow, volume: Path, tmp_path: Path) -> None:
    append(volume / "file", " more")
    shadow.lose(tmp_path / "first")
    append(volume / "file", " again")
    shadow.sync(volume / "file")
    assert after_a_loss(shadow, tmp_path) == {**FIRST, "file": "first again"}


@pytest.fixture
def shadows(tmp_path: Path) -> Iterator[Shadows]:
    made = Shadows(tmp_path / "power-losses")
    yield made
    made.close()


def test_a_container_that_starts_again_on_its_node_finds_the_same_page_cache(shadows: Shadows, volume: Path) -> None:
    shadows.mount(volume, "worker-1")
    append(volume / "file", " more")
    shadows.mount(volume, "worker-1")
    shadows.lose("worker-1")
    assert tree(volume) == FIRST


def test_a_volume_that_moved_in_order_was_unmounted_and_so_written_out(shadows: Shadows, volume: Path) -> None:
    shadows.mount(volume, "worker-1")
    append(volume / "file", " more")
    shadows.mount(volume, "worker-2")
    assert (shadows.lose("worker-1"), shadows.lose("worker-2") != []) == ([], True)
    assert tree(volume) == {**FIRST, "file": "first more"}


def test_the_volumes_of_one_node_can_be_written_out_alone(shadows: Shadows, volume: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    for directory, node in ((volume, "worker-1"), (tmp_path / "other", "worker-2")):
        shadows.mount(directory, node)
        append(directory / "new", "x")
    shadows.flush("worker-1")
    shadows.lose("worker-1")
    shadows.lose("worker-2")
    assert (tree(volume), tree(tmp_path / "other")) == ({**FIRST, "new": "x"}, {})


def test_a_volume_that_is_not_there_has_no_shadow(shadows: Shadows, tmp_path: Path) -> None:
    assert shadows.mount(tmp_path / "gone", "worker-1") is None


START = """
import ctypes, mmap, os, sys
sys.path[:0] = [sys.argv[1]]
from chaoscinder.sandbox import durable_calls
durable_calls.show(int(sys.argv[2]))
os.chdir(sys.argv[3])
def new(name, flags=0):
    return os.open(name, os.O_RDWR | os.O_CREAT | flags, 0o644)
"""


def play(volume: Path, shadow: Shadow, script: str) -> str:
    """Let a process run a script in the volume, followed; what it printed."""
    ours, theirs = durable_watch.door()
    with theirs:
        words = [sys.executable, "-I", "-c", START + textwrap.dedent(script), str(ROOT), str(theirs.fileno()), str(volume)]
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=[theirs.fileno()])
    watch = durable_watch.Watch(ours, [shadow])
    watch.start()
    said, _ = process.communicate(timeout=20)
    watch.join(5)
    assert not watch.is_alive()
    return said


def test_the_kernel_shows_what_a_process_syncs(volume: Path, shadow: Shadow, tmp_path: Path) -> None:
    script = """
        fsync, fdatasync, not_synced = new("fsync"), new("fdatasync"), new("file")
        mapped = new("mapped")
        os.truncate(mapped, 4096)
        memory = mmap.mmap(mapped, 4096)
        os.fsync(os.open(".", os.O_RDONLY))
        for handle in fsync, fdatasync, not_synced:
            os.write(handle, b"written")
        os.fsync(fsync); os.fdatasync(fdatasync)
        memory[:3] = b"abc"
        memory.flush()
        memory[:3] = b"xyz"
        os.unlink("link")
    """
    assert play(volume, shadow, script) == ""
    found = after_a_loss(shadow, tmp_path)
    assert found.pop("mapped").rstrip("\0") == "abc"
    assert found == {**FIRST, "fsync": "written", "fdatasync": "written"}


def test_threads_and_children_of_a_process_are_followed_too(volume: Path, shadow: Shadow, tmp_path: Path) -> None:
    script = """
        import subprocess, threading
        thread = threading.Thread(target=lambda: (handle := new("file"), os.write(handle, b"THREAD"), os.fsync(handle)))
        thread.start(); thread.join()
        subprocess.run(["/bin/sh", "-c", "echo child > inner/deep; sync"], check=True)
    """
    assert play(volume, shadow, script) == ""
    assert after_a_loss(shadow, tmp_path) == {**FIRST, "file": "THREAD", "inner": {"deep": "child\n"}}


def test_a_sync_that_the_kernel_refuses_stays_refused(volume: Path, shadow: Shadow) -> None:
    script = """
        try:
            os.fsync(99)
        except OSError as error:
            print(error.strerror)
    """
    assert play(volume, shadow, script) == "Bad file descriptor\n"


def test_ways_to_sync_that_cannot_be_seen_are_refused(volume: Path, shadow: Shadow) -> None:
    script = """
        def tried(act):
            try:
                return act()
            except OSError as error:
                return error.strerror
        print(tried(lambda: new("file", os.O_DSYNC)), tried(lambda: new("file", os.O_SYNC)), sep="; ")
        for flags in os.RWF_DSYNC, 0:
            print(tried(lambda: os.pwritev(new("file"), [b"x"], 0, flags)))
    """
    assert play(volume, shadow, script) == "Invalid argument; Invalid argument\nOperation not supported\n1\n"


def test_a_sync_that_cannot_be_copied_fails_for_the_application(volume: Path, tmp_path: Path) -> None:
    shadow = Shadow(volume, tmp_path / "synced", "worker-1", in_memory=0)
    script = """
        os.rename("../synced", "../away")
        try:
            os.fsync(new("file"))
        except OSError as error:
            print(error.strerror)
        os.rename("../away", "../synced")
    """
    assert play(volume, shadow, script) == "Input/output error\n"
    shadow.close()


def test_a_process_that_is_killed_while_it_syncs_does_not_hold_anybody_up(volume: Path, shadow: Shadow, tmp_path: Path) -> None:
    script = """
        import signal, threading
        handle = new("file")
        threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
        while True:
            os.fsync(handle)
    """
    play(volume, shadow, script)
    assert after_a_loss(shadow, tmp_path) == FIRST


def test_this_machine_can_follow_what_a_process_syncs() -> None:
    durable_watch.refuse_where_unable()


def test_a_machine_whose_calls_are_not_known_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(OSError, match=r"^power loss with unflushed cache needs x86_64 or aarch64 \(this machine is riscv64\)$"):
        durable_calls.machine()


def test_a_process_that_may_not_be_followed_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = durable_watch.REHEARSAL.replace("durable_calls.show(int(sys.argv[2]))", "raise PermissionError(1, 'not allowed here')")
    monkeypatch.setattr(durable_watch, "REHEARSAL", broken)
    line = r"^power loss with unflushed cache cannot be had on this machine: PermissionError: \[Errno 1\] not allowed here \(wanted seccomp"
    with pytest.raises(OSError, match=line):
        durable_watch.refuse_where_unable()


def test_a_sandbox_that_cannot_follow_its_processes_does_not_start(volume: Path, tmp_path: Path) -> None:
    shadow = Shadow(volume, tmp_path / "synced", "worker-1")
    # The kernel allows one listener for a process, and ours has one already.
    words = [sys.executable, "-m", "chaoscinder.sandbox", "--dir", str(tmp_path / "world"), "--power-loss", "unflushed"]
    script = f"""
        import subprocess
        done = subprocess.run({words}, cwd={str(ROOT)!r})
        print(done.returncode)
    """
    line = "the sandbox cannot start: power loss with unflushed cache cannot be had on this machine: OSError: [Errno 16] "
    call = "seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER): Device or resource busy"
    assert play(volume, shadow, script) == f"{line}{call} (wanted seccomp user notification, Linux 5.9)\n2\n"
    shadow.close()


@pytest.mark.parametrize("name", ["x86_64", "aarch64"])
def test_the_filter_is_whole_and_every_jump_of_it_lands_inside(name: str) -> None:
    code = durable_calls.program(durable_calls.MACHINES[name])
    steps = [code[start : start + 8] for start in range(0, len(code), 8)]
    for at, step in enumerate(steps):
        if step[0] in (durable_calls.EQUAL, durable_calls.AT_LEAST, durable_calls.ANY_BIT):
            assert at + 1 + max(step[2], step[3]) < len(steps)
    assert steps[-1] == bytes([durable_calls.RETURN, 0, 0, 0]) + durable_calls.ALLOW.to_bytes(4, "little")
