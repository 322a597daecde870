"""The Containerfile, carried out without an image builder: its own lines, in an empty directory, as an ordinary user.

FROM and `pip install` cannot be carried out here. The interpreter is the base interpreter of the one that runs the tests, or the system's,
and in place of the installation the installed Werkzeug and what it needs are copied. So the application sees nothing of the environment
of the tests: neither its packages nor its variables.
"""

import http.client
import importlib.metadata
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO

import pytest

PROJECT = Path(__file__).parents[2]
INSTRUCTIONS = [
    (word, rest)
    for word, _, rest in (line.partition(" ") for line in (PROJECT / "deploy/Containerfile").read_text().splitlines())
    if word and word != "#"
]
REQUIREMENT = 'python -m pip install --no-cache-dir "Werkzeug>=3,<4"'
INSTALLED = ("Werkzeug", "MarkupSafe")


class Image:
    """What the Containerfile makes, below a directory that stands for the root of its file system."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment: dict[str, str] = {}
        self.user = ""
        self.words: dict[str, list[str]] = {}
        self._directory = root
        for word, rest in INSTRUCTIONS:
            getattr(self, f"do_{word.lower()}")(rest)

    def run(self, arguments: list[str], **environment: str) -> "subprocess.Popen[str]":
        """Start a container with these arguments in place of CMD."""
        command = [*self.words["ENTRYPOINT"], *arguments]
        return self._start(command, {**self.environment, **environment})

    def do_from(self, rest: str) -> None:
        self.python = interpreter()
        self.environment["PYTHONPATH"] = str(self.root / "site-packages")

    def do_run(self, rest: str) -> None:
        if rest == REQUIREMENT:
            for name in INSTALLED:
                copy_distribution(name, self.root / "site-packages")
            return
        words = [str(self.root) + word if word.startswith("/") else word for word in shlex.split(rest)]
        if os.geteuid() and "-o" in words:  # only root gives a directory away
            words = ["mkdir", words[-1]]
        words[0] = self.python if words[0] == "python" else words[0]
        subprocess.run(words, cwd=self._directory, env={"PATH": os.defpath, **self.environment}, check=True)

    def do_workdir(self, rest: str) -> None:
        self._directory = self.root / rest.lstrip("/")
        self._directory.mkdir(parents=True)

    def do_copy(self, rest: str) -> None:
        *sources, target = rest.split()
        for source in sources:
            path = PROJECT / source
            if path.is_dir():
                shutil.copytree(path, self._directory / target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                (self._directory / target).mkdir(exist_ok=True)
                shutil.copy(path, self._directory / target)

    def do_env(self, rest: str) -> None:
        for pair in shlex.split(rest):
            name, _, value = pair.partition("=")
            self.environment[name] = str(self.root) + value if value.startswith("/") else value

    def do_user(self, rest: str) -> None:
        self.user = rest

    def do_expose(self, rest: str) -> None:
        assert rest == "8080"

    def do_entrypoint(self, rest: str) -> None:
        self.words["ENTRYPOINT"] = json.loads(rest)

    def do_cmd(self, rest: str) -> None:
        self.words["CMD"] = json.loads(rest)

    def _start(self, command: list[str], environment: dict[str, str]) -> "subprocess.Popen[str]":
        assert command[0] == "python"
        user, group = map(int, self.user.split(":")) if os.geteuid() == 0 else (None, None)
        return subprocess.Popen(
            [self.python, *command[1:]], cwd=self._directory, env=environment, user=user, group=group,
            extra_groups=[] if user else None, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


def interpreter() -> str:
    """A Python outside of the virtual environment that an ordinary user may run."""
    user = 10001 if os.geteuid() == 0 else None
    for path in (getattr(sys, "_base_executable", sys.executable), "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            seen = subprocess.run(
                [path, "-c", "import sqlite3, sys; print(sys.version_info >= (3, 11))"], user=user, capture_output=True, cwd="/"
            )
        except OSError:
            continue
        if seen.stdout == b"True\n":
            return str(path)
    pytest.skip("no Python 3.11 or later that an ordinary user may run")


def copy_distribution(name: str, target: Path) -> None:
    """Copy an installed distribution's files, as pip would install them."""
    distribution = importlib.metadata.distribution(name)
    for file in distribution.files or ():
        if file.suffix != ".pyc" and ".." not in file.parts:
            (target / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(str(distribution.locate_file(file)), target / file)


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    root = Path(tempfile.mkdtemp(prefix="chaoscinder-image-"))  # pytest's own directories are closed to other users
    root.chmod(0o755)
    yield Image(root)
    shutil.rmtree(root)


def finish(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, err = process.communicate(timeout=10)
    return process.returncode, out, err


def output_of(process: "subprocess.Popen[str]") -> IO[str]:
    assert process.stdout is not None
    return process.stdout


def test_the_commands_of_the_image_run_as_an_ordinary_user_from_a_clean_environment(image: Image) -> None:
    names = {"MY_POD_NAME": "test-cinder-1", "MY_NODE_NAME": "worker-1"}
    assert finish(image.run(["initdb"])) == (0, "", "")
    assert finish(image.run(["adduser", "foo", "foo@example.com"])) == (0, "", "")
    served = image.run([*image.words["CMD"], "-p", "0"], **names)
    line = output_of(served).readline()
    assert line.startswith("serving on http://0.0.0.0:")
    with closing(http.client.HTTPConnection("127.0.0.1", int(line.rpartition(":")[2]), timeout=3)) as connection:
        connection.request("GET", "/")
        page = connection.getresponse().read().decode()
    owner = Path(f"/proc/{served.pid}").stat().st_uid
    served.terminate()
    assert finish(served) == (0, "", "")
    assert page == "foo|foo@example.com\nMy pod name: test-cinder-1\nMy node name worker-1\n"
    assert owner != 0


def test_only_the_data_directory_belongs_to_the_user(image: Image) -> None:
    if os.geteuid():
        pytest.skip("only root gives a directory away")
    owners = {path.name: (path.stat().st_uid, path.stat().st_gid) for path in image.root.iterdir()}
    assert owners == {"app": (0, 0), "site-packages": (0, 0), "data": (10001, 10001)}


def test_the_requirement_is_the_one_of_the_package() -> None:
    ours = importlib.metadata.requires("chaostoolkit-cinder") or []
    wanted = shlex.split(REQUIREMENT)[-1]
    assert [sorted(row[len("Werkzeug") :].split(",")) for row in ours if row.lower().startswith("werkzeug")] == [
        sorted(wanted[len("Werkzeug") :].split(","))
    ]


def test_the_stand_in_for_the_installation_is_complete() -> None:
    needed = importlib.metadata.requires("Werkzeug") or []
    assert [row.lower().split(">")[0] for row in needed if "extra ==" not in row] == ["markupsafe"]
