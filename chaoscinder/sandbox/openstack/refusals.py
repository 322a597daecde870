"""The refusals of Nova and Cinder, word for word, as a recording of a real control plane has them."""

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.ports import CloudError


class LateRefusal(CloudError):
    """A refusal that comes only after the service itself ran into a timeout of after_s cluster seconds."""

    def __init__(self, code: int, fault: str, message: str, *, after_s: float) -> None:
        super().__init__(code, fault, message)
        self.after_s = after_s


def bad_request(message: str) -> CloudError:
    """400: the request makes no sense, or the object is not in the state for it."""
    return CloudError(400, "badRequest", message)


def forbidden(rule: str) -> CloudError:
    """403: the caller's roles do not include this."""
    return CloudError(403, "forbidden", f"Policy doesn't allow {rule} to be performed.")


def not_found(message: str) -> CloudError:
    """404: no such object, or none that the caller may know of."""
    return CloudError(404, "itemNotFound", message)


def conflict(message: str) -> CloudError:
    """409: not in this state."""
    return CloudError(409, "conflictingRequest", message)


def over_limit(message: str) -> CloudError:
    """413: a quota is used up."""
    return CloudError(413, "overLimit", message)


def not_in_the_sandbox(what: str) -> CloudError:
    """501: the real service may know this; the sandbox does not, and says so instead of answering with something empty."""
    return CloudError(501, "notImplemented", f"The sandbox does not do {what}")


def no_instance(server_id: str) -> CloudError:
    """404 for a server."""
    return not_found(f"Instance {server_id} could not be found.")


def no_volume(volume_id: str) -> CloudError:
    """404 for a volume."""
    return not_found(f"Volume {volume_id} could not be found.")


def flavor_not_found(flavor_id: str) -> CloudError:
    """404 for a flavor; creating a server with it is a bad request in the same words."""
    return not_found(f"Flavor {flavor_id} could not be found.")


def quota_exceeded(message: str) -> CloudError:
    """403 of Nova: a quota is used up (Cinder answers 413)."""
    return CloudError(403, "forbidden", f"Quota exceeded for {message}")


def api_error(exception: str, *, after_s: float) -> LateRefusal:
    """500 of Nova, which names the class of what went wrong inside, after its timeout."""
    text = f"Unexpected API Error. Please contact the administrator\n<class '{exception}'>"
    return LateRefusal(500, "computeFault", text, after_s=after_s)


def not_ready(server_id: str) -> CloudError:
    """409 for a server without a host."""
    return conflict(f"Instance {server_id} is not ready")


def wrong_state(action: str, server_id: str, attribute: str, state: str | None) -> CloudError:
    """409 by vm_state or task_state."""
    return conflict(f"Cannot '{action}' instance {server_id} while it is in {attribute} {state}")


def nova_holds(server_id: str) -> CloudError:
    """409 of Cinder since the fix of CVE-2023-2088: what Nova attached, only Nova may detach."""
    return conflict(f"ConflictNovaUsingAttachment: Detach volume from instance {server_id} using the Compute API")


def passed_on(refusal: CloudError, caller: Caller) -> str:
    """Cinder's refusal as Nova quotes it."""
    return f"Invalid input received: {refusal.message} (HTTP {refusal.code}) (Request-ID: {caller.request_id})"
