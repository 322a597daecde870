"""Plays the recording against the sandbox's cloud on a turned clock, and tells every difference."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from werkzeug.test import Client

from chaoscinder.sandbox.openstack import OpenStack
from chaoscinder.sandbox.openstack.durations import Durations
from chaoscinder.sandbox.openstack.flavors import Flavor
from chaoscinder.sandbox.world import World
from tests.recordings.openstack.comparing import Ids, differences
from tests.recordings.openstack.recording import Line, lines

LAB = Durations(report_interval_s=2.0, service_down_s=10.0, rpc_timeout_s=20.0, lifecycle_event_s=0.4, power_sync_s=60.0, detaching_s=0.1)
START_S = 7.5  # from the start of a service's process to its first word, in the lab
LOOK_S = 0.05
PATIENCE_S = 90.0
FAULTS = {"detach_volume": "detach_fails", "attach_volume": "attach_fails", "power_off": "power_off_fails", "spawn": "spawn_fails"}
NOT_PLAYED = {"section", "race"}  # headings, and a summary of the calls before it


@dataclass(frozen=True)
class Difference:
    """One thing that the sandbox does otherwise than the recorded cloud did."""

    line: int
    label: str
    aspect: str
    recorded: Any
    ours: Any

    def __str__(self) -> str:
        return f"line {self.line} [{self.label}] {self.aspect}: recorded {self.recorded!r}, the sandbox {self.ours!r}"


def new_cloud(make: Callable[..., OpenStack] = OpenStack) -> OpenStack:
    """A cloud like the one that was recorded: three hosts, its flavors, its settings. make may be another class, to see it fail."""
    world = World()
    cloud = make(
        world,
        durations=LAB,
        device_prefix="/dev/sd",
        token_life_s=1e6,
        wait=world.turn,
        admin_password="root",
        password="chaos",
        other_password="alien",
    )
    cloud.nova.flavors.put(Flavor("42", "m1.nano", 1, 64, 1))
    cloud.nova.flavors.put(Flavor("43", "m1.toobig", 1, 999999, 1, 2))
    for number in (1, 2, 3):
        cloud.nova.hosts.ensure(f"compute{number}", cloud.zone)
    return cloud


def replay(cloud: OpenStack) -> list[Difference]:
    """Play all lines; tell the differences in the order of the lines."""
    return list(Player(cloud).play())


class Player:
    """Plays line by line."""

    def __init__(self, cloud: OpenStack) -> None:
        self._cloud = cloud
        self._world = cloud.world
        self._client = Client(cloud.wsgi)
        self._ids = Ids()
        self._tokens = {"admin": self._log_in("admin", "root", "demo"), "other": self._log_in("other", "alien", "other")}
        self._history: list[tuple[str, list[Any]]] = []
        self._since = 0
        self._called = ""
        self._late_s = 0.0
        self._lines = lines()
        self._known = {_bare(state) for line in self._lines for _, state in line.data.get("transitions", ())}
        self._placed = {
            line.data["oid"]: line.data["transitions"][-1][1][4]
            for line in self._lines
            if line.label.startswith("create ") and len(line.data.get("transitions", [[0, []]])[-1][1]) == 6
        }
        self._world.add_settler(self._look)
        self._learn_services()

    def play(self) -> Iterator[Difference]:
        """Play all lines."""
        players: dict[str, Callable[[Line], Iterator[tuple[str, Any, Any]]]] = {
            "call": self._call,
            "watch": self._watch,
            "brief": self._brief,
            "exc": self._refused,
            "lab": self._lab,
            "cut": self._cut,
            "fault": self._fault,
        }
        subject = ""
        for line in self._lines:
            self._turn(line.began_s)
            if line.kind not in NOT_PLAYED:
                subject = _subject(self._ids.ours(line.data.get("path", ""))) or subject
                line.data.setdefault("subject", subject)
                yield from (Difference(line.number, line.label, *found) for found in players[line.kind](line))

    def _call(self, line: Line) -> Iterator[tuple[str, Any, Any]]:
        if (line.label, self._called) != ("race", "race"):
            self._since = len(self._history)
        self._called = line.label
        self._cloud.nova.scheduler.favourite = self._placed.get((line.data["json"] or {}).get("server", {}).get("id", ""), "")
        path, body = self._ids.ours(line.data["path"]), json.loads(self._ids.ours(json.dumps(line.data["body"])))
        code, ours = self._ask(line, line.data["svc"], line.data["method"], path, body)
        if code != line.data["code"]:
            yield "code", line.data["code"], code
        yield from differences(line.data["json"], ours, self._ids)
        self._turn(line.ended_s)

    def _ask(self, line: Line, service: str, method: str, path: str, body: Any) -> tuple[int, Any]:
        user = "other" if line.is_members else "admin"
        volume = "3.41" if "3.41" in line.label else "3.70"
        headers = {"X-Auth-Token": self._tokens[user], "OpenStack-API-Version": f"compute 2.95, volume {volume}"}
        root = "/compute/v2.1" if service == "compute" else f"/volume/v3/{self._projects[user]}"
        answer = self._client.open(root + path, method=method, headers=headers, **({} if body is None else {"json": body}))
        is_json = answer.data and answer.content_type == "application/json"
        return answer.status_code, answer.get_json() if is_json else None

    def _watch(self, line: Line) -> Iterator[tuple[str, Any, Any]]:
        name = line.data["oid"] if line.label.startswith("service ") else self._ids.ours(line.data["oid"])
        wanted = [self._ours(state) for _, state in line.data["transitions"]]
        give_up_s = self._world.now_s + PATIENCE_S
        while line.data["ok"] and not _contains(self._states(name), wanted) and self._world.now_s < give_up_s:
            self._turn(self._now_s + LOOK_S)
        self._late_s = max(self._late_s, self._world.now_s - line.ended_s)
        self._turn(line.ended_s)
        states = self._states(name)
        missing = _missing(states, wanted)
        if missing:
            yield f"transitions.missing {_bare(missing[0])}", wanted, states
        for state in states[1:]:
            if _bare(state) not in self._known:
                yield f"transitions.unrecorded {_bare(state)}", wanted, states
        if states and wanted and not line.data["ok"] and states[-1] != wanted[-1]:
            yield "transitions.end", wanted[-1], states[-1]

    def _brief(self, line: Line) -> Iterator[tuple[str, Any, Any]]:
        _, body = self._ask(line, "compute", "GET", f"/servers/{line.data['subject']}", None)
        theirs = {key: value for key, value in line.data.items() if key != "subject"}
        yield from differences(theirs, {key: body["server"].get(key) for key in theirs}, self._ids, "server")

    def _refused(self, line: Line) -> Iterator[tuple[str, Any, Any]]:
        if line.label.startswith("new login"):
            yield "connection", "refused", self._client.post("/identity/v3/auth/tokens", json={}).status_code
        else:
            service = "block_storage" if line.data["path"] == "/volumes" else "compute"
            yield "connection", "refused", self._ask(line, service, line.data["method"], line.data["path"], None)[0]

    def _lab(self, line: Line) -> Iterator[tuple[str, Any, Any]]:
        verb, name = line.data["args"]
        self._since = len(self._history)
        if name in ("keystone", "nova", "cinder"):
            getattr(self._cloud.outages, verb)(name)
        elif name == "mariadb":
            pass  # the call that it held is played after the thaw, when it was answered
        elif verb == "start":
            self._world.call_later(START_S, lambda: self._switch(name, "start"), "service starts")
        else:
            self._switch(name, verb)
        yield from ()

    def _switch(self, name: str, verb: str) -> None:
        names = [host.name for host in self._cloud.nova.hosts] + ["cinder-volume"] if name == "rabbit" else [name]
        for each in names:
            alive = verb in ("start", "thaw")
            if each == "cinder-volume":
                self._cloud.cinder.backend.revive() if alive else self._cloud.cinder.backend.fail()
            elif alive:
                self._cloud.lifecycle.revive_host(each, restarted=verb == "start")
            else:
                self._cloud.lifecycle.fail_host(each, guests_die=False)

    def _cut(self, line: Line) -> Iterator[tuple[str, Any, Any]]:
        self._since = len(self._history)
        with self._world.step():
            self._cloud.lifecycle.put_guest(self._ids.ours(line.data["sid"]), line.data["state"])
        yield from ()

    def _fault(self, line: Line) -> Iterator[tuple[str, Any, Any]]:
        faults, host = self._cloud.nova.faults, line.data["host"]
        for name in (*FAULTS.values(), "events_lost"):
            getattr(faults, name).discard(host)
        faults.detach_delay_s.pop(host, None)
        for operation, how in line.data["faults"].items():
            if operation == "events":
                faults.events_lost.add(host)
            elif "sleep" in how:
                faults.detach_delay_s[host] = how["sleep"]
            elif operation in FAULTS:
                getattr(faults, FAULTS[operation]).add(host)
        yield from ()

    @property
    def _now_s(self) -> float:
        """Where in the recording we are; the sandbox is behind it by what it took longer for."""
        return self._world.now_s - self._late_s

    def _turn(self, until_s: float) -> None:
        """Let time go on to a moment of the recording."""
        while self._now_s < until_s - 1e-9:
            self._world.turn_to(min(until_s, self._now_s + LOOK_S) + self._late_s)
            self._look()

    def _look(self) -> bool:
        """Note the state of everything that changed."""
        now = {server.id: _server(server) for server in self._cloud.nova.everyone()}
        now |= {volume.id: _volume(volume) for volume in self._cloud.cinder.everything()}
        hosts = self._cloud.nova.hosts
        now |= {host.name: ["up" if hosts.is_up(host) else "down", _enabled(host), host.forced_down] for host in hosts}
        last = dict(self._history)
        now |= {name: ["404"] for name in last if name not in now}
        self._history.extend((name, state) for name, state in now.items() if last.get(name) != state)
        return False

    def _states(self, name: str) -> list[list[Any]]:
        """The states of an object from just before the last call on."""
        before = [state for other, state in self._history[: self._since] if other == name][-1:]
        return before + [state for other, state in self._history[self._since :] if other == name]

    def _ours(self, state: list[Any]) -> list[Any]:
        return json.loads(self._ids.ours(json.dumps(state)))

    def _learn_services(self) -> None:
        for line in self._lines:
            answer = (line.data.get("json") or {}) if line.kind == "call" and line.data["svc"] == "compute" else {}
            for service in (*answer.get("services", ()), *([answer["service"]] if "service" in answer else ())):
                self._ids.learn(service["id"], self._cloud.nova.hosts.get(service["host"]).service_id)

    def _log_in(self, user: str, password: str, project: str) -> str:
        default = {"id": "default"}
        identity = {"methods": ["password"], "password": {"user": {"name": user, "domain": default, "password": password}}}
        body = {"auth": {"identity": identity, "scope": {"project": {"name": project, "domain": default}}}}
        return self._client.post("/identity/v3/auth/tokens", json=body).headers["X-Subject-Token"]

    @property
    def _projects(self) -> dict[str, str]:
        return {"admin": self._cloud.project.id, "other": self._cloud.other_project.id}


def _subject(path: str) -> str:
    parts = path.split("?")[0].split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "servers" else ""


def _server(server: Any) -> list[Any]:
    fault = server.fault if server.status == "ERROR" else None
    return [server.status, server.vm_state, server.task_state, server.power_state, server.host or None, fault]


def _volume(volume: Any) -> list[Any]:
    return [volume.status, len(volume.attached), [row.server_id for row in volume.attached]]


def _enabled(host: Any) -> str:
    return "disabled" if host.disabled else "enabled"


def _bare(state: Any) -> tuple[Any, ...]:
    """A state without who and why: words and numbers only."""
    return tuple(state[:4]) if len(state) == 6 else tuple(value for value in state if not isinstance(value, list))


def _missing(states: list[list[Any]], wanted: list[list[Any]]) -> list[list[Any]]:
    """The recorded states that ours do not have in that order."""
    rest = iter(states)
    return [state for state in wanted if not any(_same(state, other) for other in rest)]


def _contains(states: list[list[Any]], wanted: list[list[Any]]) -> bool:
    return not _missing(states, wanted)


def _same(one: list[Any], other: list[Any]) -> bool:
    return [sorted(value) if isinstance(value, list) else value for value in one] == [
        sorted(value) if isinstance(value, list) else value for value in other
    ]
