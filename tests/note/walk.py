"""The steps of "Testing Node Failure with Cinder", one after the other, in one sandbox."""

import json
import re
import time
from collections.abc import Callable
from contextlib import suppress

from tests.note.evidence import Deletion, Evidence, NodeLoss, Rollout
from tests.note.hands import APP, WORKERS, Hands
from tests.note.history import Seen, has_ended, is_ready, status

PATIENCE_S = 60.0  # cluster seconds after which something that has not happened is called stuck
KUBECTL_STAMPS_S = 1.1  # wall seconds: kubectl writes when it restarted in whole seconds, and refuses to within the same one
STRATEGY = "jsonpath={.items[].spec.strategy.type}"
ELSEWHERE = re.compile(r"AttachVolume\.Attach failed for volume \"(\S+)\" : disk (\S+) is attached to a different instance \((\S+)\)")
ROLLING = {"spec": {"strategy": {"type": "RollingUpdate", "rollingUpdate": None}}}
RECREATE = {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}


class Walk:
    """Walks through one profile and keeps the evidence."""

    def __init__(self, hands: Hands, profile: str) -> None:
        self.hands, self.narrator = hands, hands.narrator
        self.watch, self.history = hands.watch, hands.history
        self.evidence = Evidence(profile, hands.watch.rate)

    def strategy_by_jsonpath(self) -> str:
        """Ask for the strategy in the note's words."""
        return self.hands.kubectl("get", "deployment", "-o", STRATEGY)

    def take_the_default_strategy(self) -> None:
        """Take the strategy out of the Deployment, so that the API server fills in its default."""
        patch = json.dumps([{"op": "remove", "path": "/spec/strategy"}])
        self.hands.kubectl("patch", "deployment", APP, "--type=json", "-p", patch)
        self.evidence.default_strategy = self.strategy_by_jsonpath()

    def set_strategy(self, strategy: str) -> None:
        """Set a strategy and read it back."""
        self.hands.kubectl("patch", "deployment", APP, "-p", json.dumps(RECREATE if strategy == "Recreate" else ROLLING))
        self.strategy_by_jsonpath()

    def delete_pod(self, strategy: str, *, move: bool) -> Deletion:
        """Delete the pod; its node stays open for the new one, or (move) is closed to it."""
        old = self.hands.pod()
        name, home = old["metadata"]["name"], old["spec"]["nodeName"]
        self.hands.only(*([node for node in WORKERS if node != home] if move else [home]))
        self.hands.kubectl("get", "pods", "-o", "wide")
        since_s = self.watch.now_s()
        with self.hands.watching_pods():
            self.hands.kubectl("delete", "pod", name, "--wait=false")
            self.hands.kubectl("get", "pods", "-o", "wide")
            new = self.hands.new_pod(name, since_s).name
            self._wait_ready(new)
        new_pod = self.hands.pod()
        self.hands.kubectl("get", "pods", "-o", "wide")
        if move:
            self.hands.kubectl("describe", "pod", new)
        answer = self.hands.look_at_the_web_ui()
        self.hands.only(*WORKERS)
        return self._deletion(strategy, old, new_pod, since_s, answer)

    def _deletion(self, strategy: str, old: dict, new: dict, since_s: float, answer: str) -> Deletion:
        name, new_name = old["metadata"]["name"], new["metadata"]["name"]
        asked_s = self._at(name, lambda seen: status(seen.object) == "Terminating", since_s)
        ended_s = self._at(name, lambda seen: has_ended(seen.object) or seen.type == "DELETED", since_s)
        return Deletion(
            strategy=strategy, old=name, new=new_name, old_node=old["spec"]["nodeName"], new_node=new["spec"]["nodeName"],
            old_address=old["status"]["podIP"], new_address=new["status"]["podIP"], beside=self.hands.is_beside(name, new_name),
            created_s=self._at(new_name, lambda seen: seen.type == "ADDED", since_s) - asked_s, old_ended_s=ended_s - asked_s,
            ready_s=self._at(new_name, lambda seen: is_ready(seen.object), since_s) - asked_s,
            away=self.hands.looks.away(since_s), answered_by=answer, events=self.hands.told_of(new_name),
        )  # fmt: skip

    def roll_out(self, strategy: str, *, other_node: bool) -> Rollout:
        """Change the template and watch; what does not end is undone."""
        old = self.hands.pod()
        name, home = old["metadata"]["name"], old["spec"]["nodeName"]
        self.hands.only(*([node for node in WORKERS if node != home] if other_node else [home]))
        time.sleep(KUBECTL_STAMPS_S)
        since_s = self.watch.now_s()
        self.hands.kubectl("rollout", "restart", f"deployment/{APP}")
        patience_s = max(4.0, PATIENCE_S / self.watch.rate) if other_node else max(20.0, PATIENCE_S / self.watch.rate)
        said = self.hands.kubectl("rollout", "status", f"deployment/{APP}", f"--timeout={patience_s:g}s", rc=None)
        self.hands.kubectl("get", "pods", "-o", "wide")
        new = self.hands.new_pod(name, since_s).name
        if "successfully rolled out" in said:
            self.hands.pod()  # the old one is gone
            result = self._rollout(strategy, other_node, name, new, since_s)
        else:
            result = self._rollout(strategy, other_node, name, new, since_s)
            self.hands.kubectl("describe", "pod", new)
            self.hands.kubectl("rollout", "undo", f"deployment/{APP}")
            self.hands.pod()
        self.hands.only(*WORKERS)
        return result

    def _rollout(self, strategy: str, other_node: bool, old: str, new: str, since_s: float) -> Rollout:
        first = self.history.first("Pod", lambda seen: seen.name in (old, new), since_s)
        began_s = first.at_s if first else since_s

        def after(name: str, is_it: Callable[[Seen], bool]) -> float | None:
            seen = self.history.first("Pod", lambda seen: seen.name == name and is_it(seen), since_s)
            return seen.at_s - began_s if seen else None

        now = self.history.now("Pod")
        return Rollout(
            strategy=strategy, other_node=other_node, watched_s=self.watch.now_s() - began_s,
            old_terminating_s=after(old, lambda seen: status(seen.object) == "Terminating"),
            old_gone_s=after(old, lambda seen: seen.type == "DELETED"), created_s=after(new, lambda seen: seen.type == "ADDED"),
            ready_s=after(new, lambda seen: is_ready(seen.object)), status=status(now[new]) if new in now else "gone",
            events=self.hands.told_of(new),
        )  # fmt: skip

    def lose_node(self, strategy: str) -> NodeLoss:
        """Shut the pod's node down; repair with openstack if the new pod cannot get the volume."""
        old = self.hands.pod()
        name, home = old["metadata"]["name"], old["spec"]["nodeName"]
        server = self.history.now("Node")[home]["spec"]["providerID"].rpartition("/")[2]
        self.hands.kubectl("get", "pods", "-o", "wide")
        since_s = self.watch.now_s()
        how = self.hands.shut_down(home)
        self.hands.kubectl("get", "nodes")
        gone_s = self._wait_until_the_node_is_gone(home, since_s)
        self.hands.kubectl("get", "nodes")
        new = self.hands.new_pod(name, since_s)
        waited_s, word = self._wait_ready_or_stuck(new)
        self.hands.kubectl("get", "pods", "-o", "wide")
        self.hands.kubectl("describe", "pod", new.name)
        events = self.hands.told_of(new.name)
        removed_s = None if word == "Running" else self._remove_volume(new.name, since_s)
        return NodeLoss(
            strategy=strategy, node=home, server=server, how=how, node_gone_s=gone_s, created_s=new.at_s - since_s,
            ready_s=self._at(new.name, lambda seen: is_ready(seen.object), since_s) - since_s, waited_s=waited_s, status=word,
            events=events, removed_s=removed_s, deleting_node=self._told_of_node(home), away=self.hands.looks.away(since_s),
        )  # fmt: skip

    def _remove_volume(self, pod: str, since_s: float) -> float:
        """What the note's operator does: read both ids in the event and detach by hand."""
        found = next((match for told in self.hands.told_of(pod) if (match := ELSEWHERE.search(told.message))), None)
        if found is None:
            raise RuntimeError(f"{pod} does not run, and no event names the instance that has its volume")
        removed_s = self.watch.now_s() - since_s
        self.hands.openstack("server", "remove", "volume", found[3], found[2])
        self._wait_ready(pod)
        self.hands.kubectl("get", "pods", "-o", "wide")
        self.hands.kubectl("describe", "pod", pod)
        return removed_s

    def _wait_ready_or_stuck(self, new: Seen) -> tuple[float, str]:
        """Wait until the new pod is ready, or was told three times that its volume cannot be attached."""

        def outcome() -> str:
            if self.history.first("Pod", lambda seen: seen.name == new.name and is_ready(seen.object)):
                return "Running"
            refused = [told for told in self.hands.told_of(new.name) if ELSEWHERE.search(told.message) and told.count >= 3]
            return status(self.history.now("Pod")[new.name]) if refused else ""

        word = self.history.wait(outcome, f"{new.name} runs or is refused its volume three times", 900)
        return self.watch.now_s() - new.at_s, str(word)

    def _wait_ready(self, pod: str) -> None:
        self.history.wait(
            lambda: self.history.first("Pod", lambda seen: seen.name == pod and is_ready(seen.object)), f"{pod} is ready", 400
        )

    def _wait_until_the_node_is_gone(self, node: str, since_s: float) -> float | None:
        def gone() -> Seen | None:
            return self.history.first("Node", lambda seen: seen.name == node and seen.type == "DELETED", since_s)

        with suppress(TimeoutError):
            self.history.wait(gone, f"node {node} is gone from the cluster", 300)
        seen = gone()
        return seen.at_s - since_s if seen else None

    def _told_of_node(self, node: str) -> str:
        rows = [seen.object for seen in self.history.all("Event") if seen.object["involvedObject"]["name"] == node]
        return next((str(row["message"]) for row in rows if "Deleting" in row["reason"] + row["message"]), "")

    def _at(self, name: str, is_it: Callable[[Seen], bool], since_s: float) -> float:
        seen = self.history.first("Pod", lambda seen: seen.name == name and is_it(seen), since_s)
        return seen.at_s if seen else float("nan")
