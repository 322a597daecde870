"""Raw requests to Keystone, Nova and Cinder as one user, whoever the witness is."""

from dataclasses import dataclass, field
from typing import Any

import requests

NOVA, CINDER = "2.95", "3.70"
TIMEOUT_S = 60.0
Reply = tuple[int, Any]


@dataclass
class Login:
    """Who somebody is."""

    auth_url: str
    user: str
    password: str
    project: str


@dataclass
class Asker:
    """Asks as one user, at one microversion of each service; a reply is (code, body)."""

    http: requests.Session
    login: Login
    nova: str = NOVA
    cinder: str = CINDER
    token: str = ""
    project_id: str = ""
    user_id: str = ""
    places: dict[str, str] = field(default_factory=dict)

    def at(self, *, nova: str = NOVA, cinder: str = CINDER) -> "Asker":
        """The same user at other microversions."""
        self.log_in()
        return Asker(self.http, self.login, nova, cinder, self.token, self.project_id, self.user_id, self.places)

    def log_in(self) -> None:
        """Get a token, once."""
        if not self.token:
            self.accept(self.authenticate(password_of(self.login)))

    def accept(self, answer: requests.Response) -> None:
        """Take the token of an answer for all that follows."""
        assert answer.status_code == 201, answer.text
        body = answer.json()["token"]
        self.token, self.project_id, self.user_id = answer.headers["X-Subject-Token"], body["project"]["id"], body["user"]["id"]
        public = {row["type"]: each["url"] for row in body["catalog"] for each in row["endpoints"] if each["interface"] == "public"}
        self.places = {"compute": public["compute"], "volume": public.get("block-storage") or public["volumev3"]}

    def authenticate(self, identity: dict[str, Any]) -> requests.Response:
        """POST /v3/auth/tokens."""
        return self.http.post(f"{self.login.auth_url}/auth/tokens", json={"auth": identity}, timeout=TIMEOUT_S)

    def identity(self, method: str, path: str, body: Any = None, **headers: str) -> Reply:
        """Ask Keystone."""
        self.log_in()
        return self._send(method, f"{self.login.auth_url}{path}", body, headers)

    def compute(self, method: str, path: str, body: Any = None) -> Reply:
        """Ask Nova."""
        self.log_in()
        return self._send(method, self.places["compute"] + path, body, {"OpenStack-API-Version": f"compute {self.nova}"})

    def volume(self, method: str, path: str, body: Any = None) -> Reply:
        """Ask Cinder."""
        self.log_in()
        return self._send(method, self.places["volume"] + path, body, {"OpenStack-API-Version": f"volume {self.cinder}"})

    def act(self, server: str, name: str, body: Any = None) -> Reply:
        """POST an action of a server."""
        return self.compute("POST", f"/servers/{server}/action", {name: body})

    def volume_act(self, volume: str, name: str, body: Any = None) -> Reply:
        """POST an action of a volume."""
        return self.volume("POST", f"/volumes/{volume}/action", {name: body})

    def attach(self, server: str, volume: str) -> Reply:
        """POST os-volume_attachments."""
        return self.compute("POST", f"/servers/{server}/os-volume_attachments", {"volumeAttachment": {"volumeId": volume}})

    def detach(self, server: str, volume: str) -> Reply:
        """DELETE os-volume_attachments."""
        return self.compute("DELETE", f"/servers/{server}/os-volume_attachments/{volume}")

    def server(self, server: str) -> dict[str, Any]:
        """GET a server, or nothing for 404."""
        code, body = self.compute("GET", f"/servers/{server}")
        return body["server"] if code == 200 else {}

    def get_volume(self, volume: str) -> dict[str, Any]:
        """GET a volume, or nothing for 404."""
        code, body = self.volume("GET", f"/volumes/{volume}")
        return body["volume"] if code == 200 else {}

    def _send(self, method: str, url: str, body: Any, headers: dict[str, str]) -> Reply:
        answer = self.http.request(method, url, json=body, headers={"X-Auth-Token": self.token, **headers}, timeout=TIMEOUT_S)
        is_json = bool(answer.content) and "json" in answer.headers.get("Content-Type", "")
        return answer.status_code, answer.json() if is_json else None


def password_of(login: Login) -> dict[str, Any]:
    """What a log-in with a password sends."""
    default = {"id": "default"}
    user = {"name": login.user, "domain": default, "password": login.password}
    return {
        "identity": {"methods": ["password"], "password": {"user": user}},
        "scope": {"project": {"name": login.project, "domain": default}},
    }


FAULTS = {400: "badRequest", 403: "forbidden", 404: "itemNotFound", 409: "conflictingRequest", 500: "computeFault"}


def refused(code: int, message: str) -> Reply:
    """A refusal of Nova or Cinder, whole."""
    return code, {FAULTS[code]: {"code": code, "message": message}}


def told(reply: Reply) -> Reply:
    """A refusal without the id of the request that it may quote: code and message."""
    code, body = reply
    [fault] = (body or {"": {"message": body}}).values()
    return code, str(fault["message"]).split(" (Request-ID: req-")[0]


def wrong_state(action: str, server: str, state: str, attribute: str = "vm_state") -> Reply:
    """Nova's 409 for the state of a server."""
    return refused(409, f"Cannot '{action}' instance {server} while it is in {attribute} {state}")
