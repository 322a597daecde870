"""The commands of the walk: what a person types, in a sandbox, with everything shown and everything that happens recorded."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.commands.kubectls import Kubectl
from tests.lent import BIN, CHAOSCINDER, Lent, merged
from tests.note.evidence import Told
from tests.note.history import History, Seen, Stopwatch, is_ready, status
from tests.note.looks import Looks
from tests.note.narrator import Narrator

APP = "test-cinder"
WORKERS = ("worker-1", "worker-2", "worker-3", "worker-4")


class Hands:
    """Types commands and follows what comes of them. close() ends the looks; the watches end with the sandbox."""

    def __init__(self, lent: Lent, narrator: Narrator, program: Kubectl, home: Path) -> None:
        self.narrator = narrator
        self.watch = Stopwatch(float(lent.found["rate"]))
        self.history = History(lent.found["url"], lent.found["token"], self.watch)
        self.looks = Looks(lent.environment["CHAOSCINDER_APP_URL"], self.watch)
        self._program, self._home = program, home
        self._closed: set[str] = set()
        self._environment = merged({**lent.environment, "HOME": str(home), "COLUMNS": "400"})
        self._url = lent.environment["CHAOSCINDER_APP_URL"]

    def close(self) -> None:
        """Look no more."""
        self.looks.close()

    def kubectl(self, *words: str, rc: int | None = 0) -> str:
        """Type kubectl."""
        shown = " ".join(["kubectl", *(f"'{word}'" if re.search(r"[{}\s]", word) else word for word in words)])
        return self.narrator.run([str(self._program.path), *words], self._environment, shown=shown, rc=rc)

    def openstack(self, *words: str) -> str:
        """Type openstack."""
        return self.narrator.run([str(BIN / "openstack"), *words], self._environment, shown=" ".join(["openstack", *words]))

    def look_at_the_web_ui(self) -> str:
        """Ask the application as its users do."""
        curl = shutil.which("curl")
        fetch = f"import urllib.request as u; print(u.urlopen({self._url!r}, timeout=5).read().decode())"
        words = [curl, "-s", self._url] if curl else [str(BIN / "python"), "-c", fetch]
        return self.narrator.run(words, self._environment, shown=f"curl -s {self._url}", rc=None)

    def shut_down(self, node: str) -> str:
        """Shut a node down from inside, over ssh where the sandbox has a door and this machine a client; tells how."""
        ssh, config = shutil.which("ssh"), self._environment.get("CHAOSCINDER_SSH_CONFIG")
        if ssh and config:
            words = [ssh, "-F", config, node, "sudo", "shutdown", "-h", "now"]
            self.narrator.run(words, self._environment, shown=f"ssh {node} sudo shutdown -h now", rc=None)
            return "ssh NODE sudo shutdown -h now"
        self.narrator.say("no ssh client here, or no door of the sandbox: its fault of the same name shuts the guest down from inside")
        self.narrator.run([CHAOSCINDER, "sandbox", "fault", "guest-shutdown", node], self._environment, shown=f"guest-shutdown {node}")
        return "chaoscinder sandbox fault guest-shutdown NODE"

    @contextmanager
    def watching_pods(self) -> Iterator[None]:
        """Run `kubectl get pods -w` meanwhile, and show at the end what it printed."""
        seen = self._home / "watch"
        with seen.open("wb") as file:
            watching = subprocess.Popen([str(self._program.path), "get", "pods", "-w"], env=self._environment, stdout=file, stderr=file)
        try:
            give_up = time.monotonic() + 10
            while seen.read_bytes().count(b"\n") < 2 and time.monotonic() < give_up:
                time.sleep(0.02)
            yield
        finally:
            os.kill(watching.pid, signal.SIGTERM)
            watching.wait()
        self.narrator.table(f"\n$ kubectl get pods -w      (in another terminal, meanwhile)\n{seen.read_text().rstrip()}")

    def only(self, *names: str) -> None:
        """Leave only these workers open to new pods; it is our preparation, not a step of the note."""
        there = [name for name in WORKERS if name in self.history.now("Node")]
        for verb, wanted in (("uncordon", self._closed & set(names)), ("cordon", set(there) - set(names) - self._closed)):
            if wanted & set(there):
                self.kubectl(verb, *sorted(wanted & set(there)))
        self._closed = set(there) - set(names)

    def pod(self) -> dict[str, Any]:
        """The application's ready pod, waited for."""
        found = self.history.wait(self._alone, "one ready pod of the application, and no other", 300)
        assert isinstance(found, dict)
        return found

    def told_of(self, pod: str) -> tuple[Told, ...]:
        """The events about a pod in the order of their first writing."""
        now = self.history.now("Event")
        names = dict.fromkeys(seen.name for seen in self.history.all("Event") if seen.object["involvedObject"]["name"] == pod)
        rows = [now[name] for name in names if name in now]
        return tuple(
            Told(row["type"], row["reason"], _by(row), row["message"], int(row.get("count") or (row.get("series") or {}).get("count") or 1))
            for row in rows
        )

    def new_pod(self, old: str, since_s: float) -> Seen:
        """The pod that was made in the place of another."""
        found = self.history.wait(
            lambda: self.history.first("Pod", lambda seen: seen.type == "ADDED" and is_app(seen) and seen.name != old, since_s),
            f"a pod in the place of {old}", 600,
        )  # fmt: skip
        assert isinstance(found, Seen)
        return found

    def is_beside(self, old: str, new: str) -> bool:
        """Whether at any moment the new pod was ContainerCreating while the old one was Terminating."""
        states: dict[str, str] = {}
        for seen in self.history.all("Pod"):
            states[seen.name] = "gone" if seen.type == "DELETED" else status(seen.object)
            if (states.get(old), states.get(new)) == ("Terminating", "ContainerCreating"):
                return True
        return False

    def _alone(self) -> dict[str, Any] | None:
        pods = [pod for pod in self.history.now("Pod").values() if (pod["metadata"].get("labels") or {}).get("app") == APP]
        return pods[0] if len(pods) == 1 and is_ready(pods[0]) else None


def is_app(seen: Seen) -> bool:
    """Whether a change is about a pod of the application."""
    return (seen.object["metadata"].get("labels") or {}).get("app") == APP


def _by(event: dict[str, Any]) -> str:
    source = event.get("source") or {}
    name = source.get("component") or event.get("reportingComponent") or ""
    return f"{name}, {source['host']}" if source.get("host") else str(name)
