"""A process that has imported what the pack imports and forks one run after another: nothing differs for the run but its start.

Started with the number of an inherited socket to listen for orders on. An order is one JSON line {"command", "cwd", "env", "out"},
answered by {"pid"} at once and {"pid", "code"} when it has ended. The command runs at the top of the child's stack, as one of its own.
So do the recorder and the sampler that a run starts (spares.py).
"""

import gc
import json
import os
import runpy
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import spares  # type: ignore[import-not-found]  # beside this file, which is started as a script

HEAVY = (
    "kubernetes.client", "kubernetes.config", "openstack", "openstack.connection", "openstack.compute.v2._proxy",
    "openstack.block_storage.v3._proxy", "openstack.config", "keystoneauth1.loading", "chaoslib.experiment", "chaoslib.run",
    "chaostoolkit.cli", "requests", "yaml", "chaoscinder.cli", "chaoscinder.controls.recording", "chaoscinder.recovery.recover",
    "chaoscinder.actions.server", "chaoscinder.probes.data", "chaoscinder.probes.volume", "chaoscinder.probes.web", "jinja2",
    "chaoscinder.recorder.cluster", "chaoscinder.recorder.clouds", "chaoscinder.recorder.ledger", "chaoscinder.recorder.stream",
)  # fmt: skip


def orders(channel: socket.socket) -> dict[str, Any] | None:
    """Fork for each order; in the child return what it is to do, in the parent nothing once nobody orders any more."""
    with channel.makefile("rw") as lines:
        for line in lines:
            order = json.loads(line)
            sys.stdout.flush()
            pid = os.fork()
            if not pid:
                break
            lines.write(json.dumps({"pid": pid}) + "\n")
            lines.flush()
            _, status = os.waitpid(pid, 0)
            lines.write(json.dumps({"pid": pid, "code": os.waitstatus_to_exitcode(status)}) + "\n")
            lines.flush()
        else:
            return None
    return dict(order)


def become(order: dict[str, Any], channel: socket.socket) -> None:
    """Take on what a command started from a shell would have."""
    channel.close()
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    out, nothing = os.open(order["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), os.open(os.devnull, os.O_RDONLY)
    for here, there in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(here, there)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["env"])
    sys.path[0] = str(Path(sys.executable).parent)
    sys.argv = order["command"]


def main() -> None:
    """Import, then serve."""
    import importlib

    for name in HEAVY:
        importlib.import_module(name)
    from chaoslib.discovery.discover import get_discover_function  # noqa: F401

    gc.collect()
    gc.freeze()  # what is shared with the children stays shared
    channel = socket.socket(fileno=int(sys.argv[1]))
    order = orders(channel)
    if order is None:
        return
    become(order, channel)
    kubeconfig = sys.modules["kubernetes.config.kube_config"]
    kubeconfig.KUBE_CONFIG_DEFAULT_LOCATION = order["env"].get("KUBECONFIG", "~/.kube/config")  # type: ignore[attr-defined]
    module = spares.keep(int(order["env"].get(spares.COUNT, "2"))) if "run" in order["command"] else None
    if module:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    else:
        runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
