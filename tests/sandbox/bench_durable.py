"""What following a process costs: POSTs to two demo applications in turn, one followed and one not.

Both run at once on the same machine, so that a busy moment meets both: python -m tests.sandbox.bench_durable
"""

import http.client
import json
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

from chaoscinder.sandbox.durable import Shadows
from chaoscinder.sandbox.processes import Processes

POSTS = 300


def pod(uid: str) -> dict[str, Any]:
    """The demo application as it is: synchronous EXTRA, five syncs a write."""
    container = {
        "env": [{"name": "DATABASE_DIR", "value": "/data"}],
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "readinessProbe": {"tcpSocket": {"port": 8080}},
    }
    return {"metadata": {"name": uid, "namespace": "default", "uid": uid}, "spec": {"nodeName": "worker-1", "containers": [container]}}


def post(port: int | None, number: int) -> float:
    """Write once; milliseconds."""
    began = time.perf_counter()
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("POST", "/users", json.dumps({"name": f"user-{number}", "mail": "m"}))
        if connection.getresponse().status != 201:
            raise RuntimeError("a write was not acknowledged")
    return (time.perf_counter() - began) * 1000


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as place:
        shadows = Shadows(Path(place) / "power-losses")
        processes = Processes(Path(place), shadows)
        for uid in ("alone", "followed"):
            (Path(place) / f"volume-{uid}").mkdir()
            shadows.on = uid == "followed"
            processes.start(pod(uid), {"data": Path(place) / f"volume-{uid}"})
            while not processes.is_ready(uid):
                time.sleep(0.01)
        taken = {"alone": list[float](), "followed": list[float]()}
        for number in range(POSTS):
            for uid in taken if number % 2 else reversed(taken):
                taken[uid].append(post(processes.port(uid), number))
        processes.close()
        shadows.close()
    for uid, times in taken.items():
        tenth, median, ninetieth = (statistics.quantiles(times, n=10)[place] for place in (0, 4, 8))
        sys.stdout.write(f"{uid:9} {median:6.2f} ms a POST (tenth {tenth:.2f}, ninetieth {ninetieth:.2f})\n")
    sys.stdout.write(f"followed / alone: {statistics.median(taken['followed']) / statistics.median(taken['alone']):.2f}\n")


if __name__ == "__main__":
    main()
