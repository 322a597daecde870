"""The fault server as a process that is broken, killed and started again, and the truth about each of its outages."""

import json
import random
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chaoscinder.clock import Clock
from chaoscinder.errors import CannotTell
from chaoscinder.recorder.fault_server import HOST, Fault

TRIES = 50
PORTS = range(20_000, 32_000)  # below net.ipv4.ip_local_port_range: what nobody listens at must not be taken by somebody's own connection


@dataclass(frozen=True, slots=True)
class Step:
    """One outage to come: gap_s of health, then length_s of a fault. name is what it is called in a report."""

    fault: Fault
    length_s: float
    gap_s: float
    name: str


@dataclass(frozen=True, slots=True)
class Truth:
    """One outage as it was, on the monotonic clock; loose_s is how loosely its edges are known."""

    name: str
    fault: Fault
    started_s: float
    ended_s: float
    loose_s: float = 0.0


class FaultProcess:
    """The server's process. After every act it is well again."""

    def __init__(self, port: int) -> None:
        self._clock = Clock()
        self._port = port
        self.url = f"http://{HOST}:{port}/"
        self._process = self._start()
        self._hear("listening")

    def act(self, step: Step) -> Truth:
        """Wait out the gap, break it as told, and tell when it was broken."""
        self._clock.sleep_wall(step.gap_s)
        if step.fault is Fault.KILLED:
            return self._kill(step)
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"fault": step.fault, "length_s": step.length_s}).encode() + b"\n")
        self._process.stdin.flush()
        told = self._hear("ended")
        return Truth(step.name, step.fault, told["started"], told["ended"])

    def close(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.kill()
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()

    def _kill(self, step: Step) -> Truth:
        started = self._clock.monotonic_s()
        self.close()
        loose_s = self._clock.monotonic_s() - started
        self._clock.sleep_wall(step.length_s - loose_s)
        self._process = self._start()
        return Truth(step.name, step.fault, started, self._hear("listening")["listening"], loose_s)

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", "chaoscinder.recorder.fault_server"]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        assert process.stdin is not None
        process.stdin.write(f"{self._port}\n".encode())
        process.stdin.flush()
        return process

    def _hear(self, wanted: str) -> dict[str, float]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        told: dict[str, float] = json.loads(line) if line else {}
        if wanted not in told:
            raise CannotTell(f"the fault server ended before its time (wanted it {wanted} on port {self._port})")
        return told


@contextmanager
def fault_process(chance: random.Random) -> Iterator[FaultProcess]:
    """Start a fault server on a free port, and end it afterwards."""
    made = FaultProcess(_free_port(chance))
    try:
        yield made
    finally:
        made.close()


@contextmanager
def busy_neighbour() -> Iterator[None]:
    """Keep a process beside us busy with what an experiment's own process does most: parsing JSON."""
    parse = "import json\ntext = json.dumps([{'a': list(range(50))}] * 20000)\nwhile True: json.loads(text)"
    process = subprocess.Popen([sys.executable, "-I", "-c", parse], start_new_session=True)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def processor_s(pid: int) -> float:
    """Tell the processor seconds that a process of ours has used so far (Linux: /proc/PID/schedstat, of all its threads)."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def _free_port(chance: random.Random) -> int:
    for port in chance.sample(PORTS, TRIES):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    raise CannotTell(f"no free port for the fault server (tried {TRIES} from {PORTS.start} to {PORTS.stop - 1})")
