"""How fast the sandbox is, and where it stops being true: python -m tests.bench.sandbox [start|rates|rest] [--small].

start   from the command to ready, the median of some starts, with and without the nodes' ssh doors
rates   the node-shutdown story at several rates: by how many cluster seconds each phase came late (tests/timelines/bench_rates.py)
rest    1,000 nodes, 10,000 volumes and 5,000 pods at rest: memory, time to settle, lists and watches, and the rate that it can keep

Everything is on this machine as it is: the load average is printed with the figures.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from werkzeug.serving import make_server

from chaoscinder.sandbox.server import Quiet
from tests.bench.rest import Rest, Size
from tests.timelines import bench_rates

FULL, SMALL = Size(1000, 10_000, 5000), Size(50, 500, 250)
RATES = (20.0, 50.0, 100.0, 200.0)
STARTS = 5
FAR_OFF_S = 5.0  # cluster seconds: the monitor tick of the node lifecycle controller, the coarsest step of a real control plane
TOKEN = {"Authorization": "Bearer token"}


def main(asked: argparse.Namespace) -> int:
    """Run the parts that were asked for."""
    say(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}")
    parts: dict[str, Callable[[bool], None]] = {"start": start, "rates": rates, "rest": rest}
    if unknown := set(asked.parts) - set(parts):
        raise SystemExit(f"there is no part {', '.join(sorted(unknown))} (wanted: {', '.join(parts)})")
    for name in asked.parts or parts:
        say(f"\n== {name}")
        parts[name](asked.small)
    return 0


def say(line: str) -> None:
    """Print a line now."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def start(small: bool) -> None:
    """From the command to ready."""
    for option in ("--ssh", "--no-ssh"):
        took = [_started(option) for _ in range(2 if small else STARTS)]
        say(f"start to ready, {option:8} median {statistics.median(took):.2f} s, {min(took):.2f} to {max(took):.2f} s ({len(took)} starts)")


def _started(option: str) -> float:
    command = [str(Path(sys.executable).with_name("chaoscinder")), "sandbox"]
    with tempfile.TemporaryDirectory() as place:
        began = time.monotonic()
        subprocess.run([*command, "up", "--dir", place, option], check=True, capture_output=True)
        took_s = time.monotonic() - began
        subprocess.run([*command, "down", "--dir", place], check=True, capture_output=True)
    return took_s


def rates(small: bool) -> None:
    """How late each phase comes at each rate; and how fast the story can be turned at most."""
    began = time.process_time()
    right = bench_rates.phases(bench_rates.turned())
    cluster_s = bench_rates.FAULT_S + bench_rates.END_S
    say(f"turned: {cluster_s / (time.process_time() - began):.0f} cluster seconds per second of one core")
    say("rate".ljust(10) + "".join(f"{name:>16}" for name in right))
    for rate in RATES[-2:] if small else RATES:
        seen = bench_rates.phases(bench_rates.on_the_wall_clock(rate))
        late = {name: seen[name] - at_s for name, at_s in right.items()}
        word = "" if max(map(abs, late.values())) < FAR_OFF_S else "   NOT TRUE ANY MORE"
        say(f"{rate:<10g}" + "".join(f"{late_s:>+14.2f} s" for late_s in late.values()) + word)


def rest(small: bool) -> None:
    """A large world that nobody touches."""
    size = SMALL if small else FULL
    before_mib = _memory_mib()
    world = Rest(size)
    build_s, settle_s = _timed(world.build), _timed(world.settle)
    say(f"{size.nodes} nodes, {size.volumes} volumes, {size.pods} pods: built in {build_s:.1f} s, settled (60 s) in {settle_s:.1f} s")
    say(f"memory: {_memory_mib() - before_mib:.0f} MiB for the world, {_memory_mib():.0f} MiB in all")
    turn_s = _timed(lambda: world.world.turn(60)) / 60
    say(f"at rest a cluster second costs {turn_s * 1000:.1f} ms of a core: it keeps any rate below {1 / turn_s:.0f}, and is late above")
    with _served(world) as url:
        _lists(url)
        _watch(url, world)


def _timed(act: Callable[[], object]) -> float:
    """Seconds of this process, whatever else the machine does."""
    began = time.process_time()
    act()
    return time.process_time() - began


def _memory_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


@contextmanager
def _served(world: Rest) -> Iterator[str]:
    api = world.api()
    server = make_server("127.0.0.1", 0, api, threaded=True, request_handler=type("Handler", (Quiet,), {"authority": None}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        api.close()
        server.shutdown()
        server.server_close()


def _lists(url: str) -> None:
    paths = {"nodes": "/api/v1/nodes", "pods": "/api/v1/pods", "volumes": "/api/v1/persistentvolumes"}
    paths |= {"claims": "/api/v1/persistentvolumeclaims", "attachments": "/apis/storage.k8s.io/v1/volumeattachments"}
    paths |= {"500 pods (limit)": "/api/v1/pods?limit=500", "one pod": "/api/v1/namespaces/default/pods/pod-00007"}
    for name, path in paths.items():
        took = [_got(url + path) for _ in range(3)]
        seconds, size = min(took)
        stands = f"at rate 20 the world stands still for up to {seconds * 20:.1f} cluster s"
        say(f"{name:18} {seconds * 1000:8.0f} ms {size / 1e6:8.1f} MB; " + stands)


def _got(url: str) -> tuple[float, int]:
    began = time.monotonic()
    with urlopen(Request(url, headers=TOKEN), timeout=60) as answer:
        size = len(answer.read())
    return time.monotonic() - began, size


def _watch(url: str, world: Rest) -> None:
    """How long a change takes to reach a client that watches all pods."""
    request = Request(f"{url}/api/v1/pods?watch=1&resourceVersion={world.store.version}&timeoutSeconds=30", headers=TOKEN)
    took = []
    with urlopen(request, timeout=30) as answer:
        for number in range(20):
            body = json.dumps({"metadata": {"labels": {"bench": str(number)}}}).encode()
            headers = {**TOKEN, "Content-Type": "application/merge-patch+json"}
            began = time.monotonic()
            path = f"{url}/api/v1/namespaces/default/pods/pod-00007"
            threading.Thread(
                target=lambda made: urlopen(made, timeout=30).read(), args=[Request(path, body, headers, method="PATCH")]
            ).start()
            answer.readline()
            took.append(time.monotonic() - began)
    say(f"a change reaches a watch in {statistics.median(took) * 1000:.0f} ms (median of 20, {max(took) * 1000:.0f} ms at most)")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", metavar="start|rates|rest", help="what to measure (all)")
    parser.add_argument("--small", action="store_true", help="a short form, which proves that it runs")
    sys.exit(main(parser.parse_args()))
