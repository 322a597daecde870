"""Actions on the Nova server that is the workload's node."""

from typing import Any, Dict

from chaoslib.types import Configuration, Secrets

from chaoscinder import runs
from chaoscinder.doors import opened
from chaoscinder.faults import acting, server, shutdown
from chaoscinder.recovery import undo

__all__ = ["shut_down_server", "start_server", "stop_server"]


def stop_server(timeout_s: float = None, configuration: Configuration = None, secrets: Secrets = None) -> Dict[str, Any]:
    """Stop the Nova server under the configured workload's pod and wait until it is SHUTOFF.

    The server is found from the workload, never named here. timeout_s is in cluster seconds (configuration.server_timeout_s, 600).
    Refuses to act when the control chaoscinder.controls.recording does not record this run.
    """
    with opened(configuration, secrets) as site:
        return server.stop(site, acting.live_run(), timeout_s or site.settings.server_timeout_s)


def shut_down_server(timeout_s: float = None, configuration: Configuration = None, secrets: Secrets = None) -> Dict[str, Any]:
    """Shut the server under the workload's pod down from inside, with `sudo shutdown -h now` over ssh, and wait until it is SHUTOFF.

    The host is found from the workload, its key is checked, and it must say that it is that Nova server. User, key and known host keys are
    the secrets ssh_user, ssh_key and ssh_known_hosts. timeout_s is in cluster seconds (configuration.server_timeout_s, 600). Refuses to act
    when the control chaoscinder.controls.recording does not record this run.
    """
    with opened(configuration, secrets) as site:
        return shutdown.shut_down(site, acting.live_run(), timeout_s or site.settings.server_timeout_s)


def start_server(timeout_s: float = None, configuration: Configuration = None, secrets: Secrets = None) -> Dict[str, Any]:
    """Start exactly the server that this run stopped or shut down, and wait until it is ACTIVE; nothing to start is a success.

    timeout_s is in cluster seconds (configuration.server_timeout_s, 600). Nothing cuts it short but its limit; then the error names
    what is left and how to finish.
    """
    with opened(configuration, secrets) as site:
        run = runs.live()
        done = undo.everything(site, run, timeout_s or site.settings.server_timeout_s) if run is not None else ()
        return {"started": list(done)}
