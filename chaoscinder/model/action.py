"""What Nova has on record of one request that changed a server."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServerAction:
    """One of Nova's instance actions, by its own word (stop, start, reboot) and the id of its request."""

    name: str
    request_id: str
