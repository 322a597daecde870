"""What a person sees: commands run as processes in a sandbox's environment, and their tables read as rows."""

import re
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.commands.kubectls import Kubectl
from tests.lent import BIN, Lent, merged

LIMIT_S = 60
OPENSTACK = str(BIN / "openstack")
Rows = list[list[object]]


class Like:
    """Equal to every text that a pattern matches whole; for what chance or time gives."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and re.fullmatch(self.pattern, other) is not None

    def __hash__(self) -> int:
        return hash(self.pattern)

    def __repr__(self) -> str:
        return f"<like {self.pattern}>"


AGE = Like(r"(\d+[dhms]){1,2}")
SHOWN_AGE = Like(r"(\d+[dhms]){1,2}( \(x\d+ over (\d+[dhms]){1,2}\))?|<invalid>( \(x\d+ over <invalid>\))?")
APP_POD = Like(r"test-cinder-[a-z0-9]{8,10}-[a-z0-9]{5}")
APP_SET = Like(r"test-cinder-[a-z0-9]{8,10}")
ADDRESS = Like(r"10\.244\.\d+\.\d+")
PV = Like(r"pvc-[0-9a-f-]{36}")
UUID = Like(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Terminal:
    """A shell in a sandbox: a directory, an environment, a kubectl."""

    lent: Lent
    cwd: Path
    program: Kubectl | None = None

    def kubectl(self, *words: str, rc: int = 0, stdin: str | None = None) -> str:
        """Run kubectl and give back both of its streams, as a person sees them."""
        assert self.program is not None
        return self.run([str(self.program.path), *words], rc=rc, stdin=stdin)

    def openstack(self, *words: str, rc: int = 0) -> str:
        """Run openstack as the project's user."""
        return self.run([OPENSTACK, *words], rc=rc)

    def as_admin(self, *words: str, rc: int = 0) -> str:
        """Run openstack as the administrator."""
        return self.run([OPENSTACK, "--os-cloud", "chaoscinder-sandbox-admin", *words], rc=rc)

    def run(self, command: list[str], *, rc: int = 0, stdin: str | None = None) -> str:
        """Run any command; its exit code has to be rc."""
        done = subprocess.run(
            command, cwd=self.cwd, env=self.environment, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, timeout=LIMIT_S, check=False,
        )  # fmt: skip
        assert done.returncode == rc, f"{' '.join(command)} ended with {done.returncode} (wanted {rc}):\n{done.stdout}"
        return done.stdout

    def start(self, *words: str, into: Path) -> subprocess.Popen[bytes]:
        """Start kubectl and leave it running, its output in a file."""
        assert self.program is not None
        with into.open("wb") as file:
            return subprocess.Popen(
                [str(self.program.path), *words], cwd=self.cwd, env=self.environment, stdout=file, stderr=subprocess.STDOUT
            )

    @property
    def environment(self) -> dict[str, str]:
        """The sandbox's variables; kubectl keeps what it remembers in a home of its own, not in the user's."""
        home = self.cwd / "home"
        home.mkdir(exist_ok=True)
        given: Mapping[str, str] = {**self.lent.environment, "HOME": str(home), "COLUMNS": "400", "PYTHONWARNINGS": "ignore"}
        return merged(given)

    def field(self, path: str, *what: str) -> str:
        """One value by jsonpath: field("{.spec.nodeName}", "pod", "web-0")."""
        return self.kubectl("get", *what, "-o", f"jsonpath={path}")

    def app_pod(self) -> str:
        """The name of the application's youngest pod that is not being deleted."""
        rows = table(self.kubectl("get", "pods", "-l", "app=test-cinder", "--sort-by=.metadata.creationTimestamp"))[1:]
        return str([row[0] for row in rows if row[2] != "Terminating"][-1])

    def app_node(self) -> str:
        """The node of that pod."""
        return self.field("{.spec.nodeName}", "pod", self.app_pod())


def table(text: str) -> Rows:
    """Read a table of kubectl by the columns of its header, so that an empty cell stays one; the header is its first row."""
    lines = [line for line in text.splitlines() if line.strip()]
    starts = [match.start() for match in re.finditer(r"\S+( \S+)*", lines[0])]
    ends = [*starts[1:], None]
    return [[line[start:end].strip() for start, end in zip(starts, ends, strict=True)] for line in lines]


def box(text: str) -> Rows:
    """Read a table of openstack, drawn with +, - and |; the header is its first row."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]


def section(text: str, name: str) -> Rows:
    """One indented table of a description, Events for example, without the line under its header."""
    lines = iter(text.splitlines())
    for line in lines:
        if line.startswith(f"{name}:"):
            break
    rows = []
    for line in lines:
        if not line.startswith("  "):
            break
        rows.append([cell.strip() for cell in re.split(r"\s{2,}", line.strip())])
    return [rows[0], *rows[2:]] if rows else []


def told(text: str) -> dict[str, str]:
    """The fields of a description that stand at its margin and fit on a line."""
    return {match[1]: match[2] for match in re.finditer(r"^(\w[\w -]*):[ \t]+(\S.*?) *$", text, re.MULTILINE)}


def until(is_so: Callable[[], bool], what: str, limit_s: float = 20.0) -> None:
    """Wait until something became so."""
    give_up = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < give_up, f"not so after {limit_s:g} s: {what}"
        time.sleep(0.05)
