"""The sandbox's own paths, as a test asks them: which requests came, and what becomes of the next ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import requests


@dataclass(frozen=True)
class Control:
    """Asks one sandbox. Control(found["url"], found["token"]) with found from sandbox.json, or Control(server.url, world.token)."""

    url: str
    token: str

    def ask(self, method: str, path: str, body: object = None, limit_s: float = 30.0) -> Any:
        """Ask a path below /_sandbox/; what it says, or AssertionError with its line."""
        headers = {"Authorization": f"Bearer {self.token}"}
        answer = requests.request(method, f"{self.url}/_sandbox/{path}", json=body, headers=headers, timeout=limit_s)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def counts(self) -> dict[str, int]:
        """How often each call was made: call site to number, in the order in which they were first made."""
        return {row["site"]: row["count"] for row in self.ask("GET", "requests")["sites"]}

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The last requests, with a number above since."""
        return list(self.ask("GET", f"requests?since={since}")["requests"])

    def forget(self) -> None:
        """Count requests from nothing."""
        self.ask("DELETE", "requests")

    def spoil(self, what: str, **rule: object) -> str:
        """Begin a rule (chaoscinder.sandbox.api_faults.Rule); its id."""
        return str(self.ask("POST", "api-faults", {"what": what, **rule})["id"])

    def fault(self, fault_id: str, *, struck: int = 0, wait_s: float = 20.0) -> dict[str, Any]:
        """One rule, as soon as it struck that often."""
        return dict(self.ask("GET", f"api-faults/{fault_id}?struck={struck}&wait_s={wait_s}", limit_s=wait_s + 10))

    def release(self, fault_id: str) -> None:
        """Let go on what a rule holds."""
        self.ask("POST", f"api-faults/{fault_id}/release")

    def mend(self, fault_id: str = "") -> None:
        """End a rule, or all."""
        self.ask("DELETE", f"api-faults/{fault_id}" if fault_id else "api-faults")

    def inject(self, name: str, *arguments: str) -> str:
        """Let a fault of chaoscinder.sandbox.faults happen; what it says."""
        return str(self.ask("POST", "faults", {"name": name, "arguments": list(arguments)})["message"])

    def heal(self, name: str = "", target: str = "") -> str:
        """Heal a fault, those of a name, or all."""
        return str(self.ask("DELETE", "/".join(filter(None, ("faults", name, target))))["message"])

    @contextmanager
    def spoilt(self, what: str, **rule: object) -> Iterator[str]:
        """A rule for as long as the block lasts; its id."""
        fault_id = self.spoil(what, **rule)
        try:
            yield fault_id
        finally:
            self.mend(fault_id)
