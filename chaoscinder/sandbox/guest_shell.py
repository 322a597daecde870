"""What a guest answers to the few commands that an experiment gives over ssh. Its user may sudo without a password."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chaoscinder.sandbox.launch import Sandbox

USER = "debian"  # of Debian's cloud images
METADATA = r"http://169\.254\.169\.254/openstack/(latest|[\d-]+)/meta_data\.json"
TRIGGER = "/proc/sysrq-trigger"
DENIED = "Interactive authentication required."  # of systemd's tools, where nobody can be asked for a password
NOW = r"( -f| --force)*"


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command says. ends: the machine closes its connections afterwards; silent: nothing comes back at all."""

    out: str = ""
    error: str = ""
    code: int = 0
    ends: bool = False
    silent: bool = False


class Shell:
    """The shell of one node's guest."""

    def __init__(self, sandbox: "Sandbox", node: str) -> None:
        self._sandbox = sandbox
        self._node = node
        answers: tuple[tuple[str, Callable[[bool], Reply]], ...] = (
            (r"true", lambda _: Reply()),
            (r"hostname( -s)?|uname -n|cat /etc/hostname", lambda _: Reply(f"{node}\n")),
            (r"cat /var/lib/cloud/data/instance-id", lambda _: Reply(f"{self._server()}\n")),
            (rf"curl( -[sSf]+| --silent| --fail)* {METADATA}", lambda _: Reply(self._metadata())),
            (r"cat /proc/sys/kernel/random/boot_id", lambda _: Reply(f"{sandbox.machines.boot_id(node)}\n")),
            (r"systemctl is-active kubelet(\.service)?", self._is_active),
            (rf"shutdown( -[hP]+)+ (now|\+0)|(systemctl )?poweroff{NOW}|halt -p{NOW}|init 0", self._shut_down),
            (r"systemctl stop kubelet(\.service)?", self._stop_kubelet),
            (r"systemctl (re)?start kubelet(\.service)?", self._start_kubelet),
        )
        self._answers = tuple((re.compile(pattern), answer) for pattern, answer in answers)

    def run(self, line: str) -> Reply:
        """Run one command line."""
        line = " ".join(line.split())
        with self._sandbox.world.step():
            if TRIGGER in line:
                return self._trigger(line)
            words = line.removeprefix("sudo ").removeprefix("-n ")
            for pattern, answer in self._answers:
                if pattern.fullmatch(words):
                    return answer(words != line)
        name = words.split()[0] if words else ""
        return Reply(error=f"sudo: {name}: command not found\n" if words != line else f"sh: 1: {name}: not found\n", code=127)

    def _trigger(self, line: str) -> Reply:
        tee = rf"echo c \| sudo( -n)? tee {TRIGGER}( >/dev/null| > /dev/null)?"
        shell = rf"sudo( -n)? (/bin/)?(ba)?sh -c (?P<quote>['\"])echo c ?> ?{TRIGGER}(?P=quote)"
        if re.fullmatch(f"{tee}|{shell}", line):
            self._sandbox.machines.crash(self._node)
            return Reply(silent=True)
        return Reply(error=f"sh: 1: cannot create {TRIGGER}: Permission denied\n", code=2)

    def _is_active(self, _sudo: bool) -> Reply:
        active = self._sandbox.machines.kubelet_is_active(self._node)
        return Reply("active\n" if active else "inactive\n", code=0 if active else 3)

    def _shut_down(self, sudo: bool) -> Reply:
        if not sudo:
            return Reply(error=f"Call to PowerOff failed: {DENIED}\n", code=1)
        self._sandbox.machines.shut_down(self._node)
        return Reply(ends=True)

    def _stop_kubelet(self, sudo: bool) -> Reply:
        if not sudo:
            return Reply(error=f"Failed to stop kubelet.service: {DENIED}\n", code=1)
        self._sandbox.machines.stop_kubelet(self._node)
        return Reply()

    def _start_kubelet(self, sudo: bool) -> Reply:
        if not sudo:
            return Reply(error=f"Failed to start kubelet.service: {DENIED}\n", code=1)
        self._sandbox.machines.start_kubelet(self._node)
        return Reply()

    def _server(self) -> str:
        return self._sandbox.machines.server(self._node)

    def _metadata(self) -> str:
        """What the metadata service says of the server: nova.api.metadata.base, less keys and random seed."""
        nova, server_id = self._sandbox.openstack.nova, self._server()
        server = next(row for row in nova.everyone() if row.id == server_id)
        said = {"uuid": server.id, "meta": dict(server.metadata), "hostname": server.name, "name": server.name, "launch_index": 0}
        return json.dumps({**said, "availability_zone": server.zone, "project_id": server.project_id, "devices": []})
