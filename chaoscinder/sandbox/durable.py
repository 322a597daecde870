"""What of a volume would survive if its server lost power now: a shadow beside each volume, which follows what is synced.

The model, the strictest that POSIX allows, so that nothing survives by luck:

1. A file's content is what it was at its last fsync, fdatasync or msync(MS_SYNC); never synced: empty.
2. A directory's entries (made, renamed, unlinked) are what they were at the last fsync of that directory. Syncing a file does not make its
   name survive. A renamed file brings the content that it was last synced with.
3. syncfs, sync, the end of boot, and an orderly move to another node (which unmounts) make everything survive.
4. Nothing is written back by itself, in part or out of order, however long it waits. A real kernel writes back after about 30 s, so a real
   power loss takes less than this, and may tear what this takes whole.
5. A killed process loses nothing, and a container that starts again on the same node finds the same page cache.

Files are told apart by inode. Each one that the shadow knows is held open, so that its number is not given to another file meanwhile.
Sockets, pipes and devices do not survive; modes do, owners and extended attributes are not looked at.
"""

import ctypes
import os
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

EXCHANGE, AT_FDCWD = 2, -100  # renameat2
IN_MEMORY = 1024 * 1024  # bytes; such a copy takes a tenth of the time that a file takes


@dataclass(slots=True)
class Node:
    """One inode as it would survive. handle holds it; content is a file's bytes, or where a copy of them is; None: never synced."""

    handle: int
    mode: int
    content: bytes | Path | None = None
    link: str = ""
    entries: dict[str, int] = field(default_factory=dict)

    @property
    def is_directory(self) -> bool:
        """Whether it is a directory."""
        return stat.S_ISDIR(self.mode)


class Shadow:
    """What would survive of one volume, mounted on a node. Copies of at most in_memory bytes are kept in memory, others in store."""

    def __init__(self, directory: Path, store: Path, node: str, *, in_memory: int = IN_MEMORY) -> None:
        self.directory = directory
        self.node = node
        self._real = directory.resolve()
        self._store = store
        self._in_memory = in_memory
        self._nodes: dict[int, Node] = {}
        self._root = 0
        self._copies = 0
        self._lock = threading.RLock()
        store.mkdir(parents=True, exist_ok=True)
        self.flush()

    def flush(self) -> None:
        """Let everything survive that is there now."""
        with self._lock:
            self._forget(set())
            handle = os.open(self.directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
            self._root = os.fstat(handle).st_ino
            self._nodes[self._root] = Node(handle, os.fstat(handle).st_mode)
            self._flush(self._root)

    def sync(self, path: str | Path) -> None:
        """Let one file or directory of this volume survive as it is now; path may be any name for it, as /proc/PID/fd/N.

        What is not of this volume is left alone. OSError where it cannot be copied: then the sync must fail.
        """
        with self._lock:
            found = Path(path).stat()
            if not self._is_here(path, found):
                return
            if stat.S_ISDIR(found.st_mode):
                self._list(self._known(path, found))
                self._collect()
            elif stat.S_ISREG(found.st_mode):
                self._copy(self._known(path, found))

    def lose(self, evidence: Path) -> None:
        """Lose what was not synced: the volume's directory is replaced at once. evidence/before and after keep both states."""
        with self._lock:
            draft = self.directory.with_name(f".{self.directory.name}.restored")
            self._restore(self._root, draft, {})
            evidence.mkdir(parents=True)
            shutil.copytree(draft, evidence / "after", symlinks=True)
            _exchange(draft, self.directory)
            draft.rename(evidence / "before")
            self.flush()

    def close(self) -> None:
        """Let go of every inode."""
        with self._lock:
            self._forget(set())

    def _is_here(self, path: str | Path, found: os.stat_result) -> bool:
        if found.st_ino in self._nodes and found.st_dev == os.fstat(self._nodes[self._root].handle).st_dev:
            return True
        return Path(os.path.realpath(path)).is_relative_to(self._real)

    def _known(self, path: str | Path, found: os.stat_result) -> Node:
        if found.st_ino not in self._nodes:
            self._nodes[found.st_ino] = Node(os.open(path, os.O_PATH | os.O_CLOEXEC), found.st_mode)
        return self._nodes[found.st_ino]

    def _flush(self, number: int) -> None:
        node = self._nodes[number]
        if node.is_directory:
            for child in self._list(node):
                self._flush(child)
        elif stat.S_ISREG(node.mode):
            self._copy(node)

    def _list(self, node: Node) -> list[int]:
        """Note a directory's entries; inodes that were not known yet are known from now on."""
        before = set(self._nodes)
        node.mode = os.fstat(node.handle).st_mode
        node.entries = dict(self._entries(node.handle))
        return [number for number in node.entries.values() if number not in before]

    def _entries(self, directory: int) -> Iterator[tuple[str, int]]:
        for name in (path.name for path in Path(f"/proc/self/fd/{directory}").iterdir()):
            with suppress(FileNotFoundError):  # it went away since
                handle = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
                found = os.fstat(handle)
                if found.st_ino in self._nodes:
                    os.close(handle)
                elif stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode) or stat.S_ISLNK(found.st_mode):
                    link = os.readlink("", dir_fd=handle) if stat.S_ISLNK(found.st_mode) else ""
                    self._nodes[found.st_ino] = Node(handle, found.st_mode, link=link)
                else:
                    os.close(handle)
                    continue
                yield name, found.st_ino

    def _copy(self, node: Node) -> None:
        found, source = os.fstat(node.handle), Path(f"/proc/self/fd/{node.handle}")
        content: bytes | Path
        if found.st_size <= self._in_memory:
            content = source.read_bytes()
        else:
            self._copies += 1
            content = self._store / str(self._copies)
            shutil.copyfile(source, content)
        _drop(node.content)
        node.content, node.mode = content, found.st_mode

    def _collect(self) -> None:
        """Forget inodes that no surviving entry leads to, and no present one either."""
        named = {number for node in self._nodes.values() for number in node.entries.values()}
        self._forget({number for number, node in self._nodes.items() if number in named or os.fstat(node.handle).st_nlink})

    def _forget(self, but: set[int]) -> None:
        for number in set(self._nodes) - but:
            node = self._nodes.pop(number)
            os.close(node.handle)
            _drop(node.content)

    def _restore(self, number: int, path: Path, made: dict[int, Path]) -> None:
        node = self._nodes[number]
        if node.is_directory:
            path.mkdir()
            for name, child in node.entries.items():
                self._restore(child, path / name, made)
        elif node.link:
            path.symlink_to(node.link)
            return
        elif number in made:
            path.hardlink_to(made[number])
        else:
            made[number] = path
            if isinstance(node.content, Path):
                shutil.copyfile(node.content, path)
            else:
                path.write_bytes(node.content or b"")
        path.chmod(stat.S_IMODE(node.mode))


class Shadows:
    """The shadows of all volumes that are mounted while on is True. directory holds the copies, and the evidence of each loss."""

    def __init__(self, directory: Path) -> None:
        self.on = False
        self._directory = directory
        self._shadows: dict[Path, Shadow] = {}
        self._losses = 0

    def mount(self, directory: Path, node: str) -> Shadow | None:
        """Follow a volume on a node; one that came from another node in order was unmounted there, so all of it survives."""
        if not directory.is_dir():
            return None
        shadow = self._shadows.get(directory)
        if shadow is None:
            shadow = self._shadows[directory] = Shadow(directory, self._directory / "synced" / directory.name, node)
        elif shadow.node != node:
            shadow.node = node
            shadow.flush()
        return shadow

    def flush(self, node: str | None = None) -> None:
        """Let everything survive that is on the volumes of a node, or on all."""
        for shadow in self._shadows.values():
            if node in (None, shadow.node):
                shadow.flush()

    def lose(self, node: str) -> list[Path]:
        """Take the volumes of a node that lost power back to what was synced; tell where each one's evidence is."""
        found = [shadow for shadow in self._shadows.values() if shadow.node == node]
        self._losses += bool(found)
        evidence = {shadow: self._directory / str(self._losses) / shadow.directory.name for shadow in found}
        for shadow, path in evidence.items():
            shadow.lose(path)
        return list(evidence.values())

    def close(self) -> None:
        """Forget everything."""
        for shadow in self._shadows.values():
            shadow.close()
        self._shadows.clear()


def _drop(content: bytes | Path | None) -> None:
    if isinstance(content, Path):
        content.unlink()


def _exchange(one: Path, other: Path) -> None:
    """Exchange two directories in one step; where the file system cannot, in three (nobody looks: the world stands still)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if hasattr(libc, "renameat2") and not libc.renameat2(AT_FDCWD, os.fsencode(one), AT_FDCWD, os.fsencode(other), EXCHANGE):
        return
    aside = one.with_name(f"{one.name}.aside")
    other.rename(aside)
    one.rename(other)
    aside.rename(one)
