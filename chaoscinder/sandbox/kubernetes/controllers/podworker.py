"""One pod on one kubelet, from its first look to its end.

    waiting -> starting -> running -> stopping -> (over)
                  ^           |
                  +- backoff -+

The sandbox runs one process for a pod, so a pod's containers share one fate.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from chaoscinder.sandbox.kubernetes.controllers import disks, pods, podstatus
from chaoscinder.sandbox.kubernetes.controllers.probe import Probe
from chaoscinder.sandbox.kubernetes.resources import ATTACHMENTS, PODS
from chaoscinder.sandbox.kubernetes.store import Object

if TYPE_CHECKING:
    from chaoscinder.sandbox.kubernetes.controllers.kubelet import Kubelet

BY = "kubelet"
KILLED, LOST = 137, 255  # exit codes: SIGKILL, and a container that ended with its machine
RELIST_S = 1.0  # pkg/kubelet, genericPlegRelistPeriod: how soon the end of a container is seen


class PodWorker:
    """The state of one pod; pod is its object as last seen."""

    def __init__(self, kubelet: "Kubelet", pod: Object) -> None:
        self.kubelet = kubelet
        self.pod = pod
        self.uid = str(pod["metadata"]["uid"])
        self.stage = "waiting"
        self._cluster, self._world, self._profile = kubelet.cluster, kubelet.cluster.world, kubelet.cluster.profile
        self._life = 0
        self._stop_due_s = 0.0
        self._restarts = podstatus.restarts(pod)
        self._was_started = podstatus.was_started(pod)
        self._probe = Probe(pod, self._profile)
        self._admitted = False
        self._shown: Object | None = None

    def sync(self, pod: Object) -> None:
        """Look at the object."""
        self.pod = pod
        if pods.is_terminating(pod):
            self._stop()
        elif pods.is_finished(pod):
            self._end_quietly()
        elif self.stage == "waiting":
            self._admit()
            if self._volumes_are_there():
                self._begin(self._profile.container_start_s)

    def object_gone(self) -> None:
        """The object was deleted with force: end what runs, with the least grace."""
        if self.stage in ("running", "stopping"):
            if self.stage == "running":
                self._ask_to_stop()
            self._stop_due_s = min(self._stop_due_s, self._world.now_s + self._profile.forced_grace_s)
        elif self.stage != "over":
            self._over()

    def pause(self) -> None:
        """The kubelet stopped: whatever runs goes on unseen."""
        self._next_life(self.stage)

    def resume(self) -> None:
        """The kubelet is back: look at what runs and go on from there."""
        if self.stage == "running":
            self._change(lambda new: podstatus.ready(new, self._world.stamp(), ready=self._probe.ready))
            self._watch(self._next_life("running"), 0.0)
        elif self.stage == "stopping":
            self._await_end(self._next_life("stopping"))
        elif self.stage == "starting":
            self._begin(self._profile.container_start_s)

    def die(self) -> None:
        """The machine lost its power."""
        self._next_life("over")
        self._cluster.containers.kill(self.uid)

    def _admit(self) -> None:
        if not self._admitted:
            self._admitted = True
            why = (LOST, "Unknown") if self._was_started else None
            self._change(lambda new: podstatus.wait(new, self._world.stamp(), self.kubelet.host_address(), ended=why))
            self._expect_volumes(self._profile.mount_wait_s)
            if self._was_started:
                self._restarts += 1
                self._tell("SandboxChanged", "Pod sandbox changed, it will be killed and re-created.", field=False)

    def _expect_volumes(self, wait_s: float) -> None:
        """Tell of volumes that did not come in time, again and again, where the profile's kubelet does."""
        text, volumes, life = self._profile.texts["mount_timeout"], " ".join(sorted(pods.claims(self.pod))), self._life
        if not text or not volumes:
            return

        def complain() -> None:
            if life == self._life:
                meta = self.pod["metadata"]
                names = {"pod": podstatus.full_name(self.pod), "namespace": meta["namespace"], "name": meta["name"]}
                self._tell("FailedMount", text.format(volumes=volumes, **names), warning=True, field=False)
                self._expect_volumes(self._profile.mount_retry_s + self._profile.mount_wait_s)

        self._world.call_later(wait_s, complain, "mount-wait")

    def _volumes_are_there(self) -> bool:
        """Each claim's volume must be reported in use by this node, attached to it, and shown so in the node's status."""
        node = self.kubelet.node()
        if node is None:
            return False
        status = node.get("status", {})
        in_use, attached = status.get("volumesInUse") or [], [row["name"] for row in status.get("volumesAttached") or []]
        return all(
            disk
            and disk.unique_name in in_use
            and disk.unique_name in attached
            and (disk.driver == disks.CINDER or self._is_attached(disk))
            for disk in disks.of_pod(self._cluster.store, self.pod).values()
        )

    def _is_attached(self, disk: disks.Disk) -> bool:
        attachment = self._cluster.store.find(ATTACHMENTS, disk.attachment(self.kubelet.name)) or {}
        return bool((attachment.get("status") or {}).get("attached"))

    def _begin(self, after_s: float) -> None:
        life = self._next_life("starting")
        self._world.call_later(after_s, lambda: self._start() if life == self._life else None, "container-start")

    def _start(self) -> None:
        found = {name: disk for name, disk in disks.of_pod(self._cluster.store, self.pod).items() if disk}
        for disk in found.values():
            self._say("SuccessfulMountVolume", "mounted", volume=disk.volume)
        for reason, text in (("Pulling", "pulling"), ("Pulled", "image_present"), ("Created", "created")):
            self._say(reason, text)
        self._cluster.containers.start(self.pod, {name: self._cluster.volumes_dir / disk.handle for name, disk in found.items()})
        self._say("Started", "started")
        address = self.kubelet.new_address()
        self._probe = Probe(self.pod, self._profile)
        self._change(lambda new: podstatus.run(new, self._world.stamp(), address, self._restarts, ready=self._probe.ready))
        self._watch(self._next_life("running"), self._probe.first_s)

    def _watch(self, life: int, after_s: float) -> None:
        """Look after the running process and its readiness each probe period."""

        def look() -> None:
            if life != self._life:
                return
            if not self._cluster.containers.is_running(self.uid):
                self._exited()
                return
            self._judge()
            self._watch(life, self._look_s())

        self._world.call_later(after_s, look, "probe")

    def _look_s(self) -> float:
        """A container that may end for good is looked at as often as its end is seen; for others the probe's period is enough."""
        always = self.pod["spec"].get("restartPolicy", "Always") == "Always"
        return self._probe.period_s if always else min(RELIST_S, self._probe.period_s)

    def _judge(self) -> None:
        success = self._cluster.containers.is_ready(self.uid) if self._probe.is_set else True
        if not success:
            self._tell("Unhealthy", self._probe.failure(self.pod), warning=True)
        self._probe.hear(success)
        if self._probe.ready and self._shows_ready():
            return  # nearly always: a look at a pod that is well must not cost a copy of it
        self._change(lambda new: podstatus.ready(new, self._world.stamp(), ready=self._probe.ready))

    def _shows_ready(self) -> bool:
        meta = self.pod["metadata"]
        found = self._cluster.store.find(PODS, meta["name"], meta["namespace"])
        if found is None or found is self._shown:  # what the store gives out is never changed, only replaced
            return found is not None
        if found["metadata"]["uid"] == self.uid and podstatus.shows_ready(found):
            self._shown = found
        return found is self._shown

    def _exited(self) -> None:
        """The process ended by itself."""
        code, policy = self._cluster.containers.exit_code(self.uid), self.pod["spec"].get("restartPolicy", "Always")
        if policy == "Never" or (policy == "OnFailure" and not code):
            self._change(lambda new: podstatus.end(new, self._world.stamp(), code or 0))
            self._end_quietly()
            return
        first, most = self._profile.crash_backoff_first_s, self._profile.crash_backoff_most_s
        pause_s = 0.0 if self._restarts == 0 else float(min(first * 2 ** (self._restarts - 1), most))
        self._restarts += 1
        self._change(lambda new: podstatus.crash(new, self._world.stamp(), pause_s, podstatus.ERROR_CODE if code is None else code))
        if pause_s:
            name = pods.container_name(self.pod)
            self._tell("BackOff", f"Back-off restarting failed container {name} in pod {podstatus.full_name(self.pod)}", warning=True)
        self._begin(max(pause_s, self._profile.container_start_s))

    def _stop(self) -> None:
        if self.stage == "stopping":
            self._stop_due_s = min(self._stop_due_s, self._world.now_s + self._grace_s())
        elif self.stage == "running":
            self._ask_to_stop()
        elif self.stage != "over":
            self._finish(LOST if self._was_started else 0)

    def _ask_to_stop(self) -> None:
        self._say("Killing", "killing")
        self._stop_due_s = self._world.now_s + self._grace_s()
        self._cluster.containers.terminate(self.uid)
        self._await_end(self._next_life("stopping"))

    def _await_end(self, life: int) -> None:
        def look() -> None:
            if life != self._life:
                return
            if not self._cluster.containers.is_running(self.uid):
                self._finish(self._profile.stopped_exit_code)
            elif self._world.now_s >= self._stop_due_s:
                self._cluster.containers.kill(self.uid)
                self._finish(KILLED)
            else:
                self._await_end(life)

        self._world.call_later(self._profile.stop_poll_s, look, "stopping")

    def _finish(self, code: int) -> None:
        """Show the end in the status, then let the object go."""
        meta = self.pod["metadata"]
        if self._change(lambda new: podstatus.end(new, self._world.stamp(), code)):
            self._cluster.store.delete(PODS, meta["name"], meta["namespace"], grace_s=0)
        self._over()

    def _end_quietly(self) -> None:
        """Somebody else called the pod finished: nothing of it may go on running."""
        self._cluster.containers.kill(self.uid)
        self._over()

    def _over(self) -> None:
        self._next_life("over")
        self.kubelet.forget(self.uid)

    def _grace_s(self) -> float:
        return float(self.pod["metadata"].get("deletionGracePeriodSeconds") or self._profile.forced_grace_s)

    def _next_life(self, stage: str) -> int:
        """Enter a stage; timers of the one before come to nothing."""
        self.stage = stage
        self._life += 1
        return self._life

    def _change(self, edit: Callable[[Object], None]) -> bool:
        meta = self.pod["metadata"]
        found = self._cluster.store.find(PODS, meta["name"], meta["namespace"])
        if found is None or found["metadata"]["uid"] != self.uid:
            return False
        self.pod = self._cluster.store.change(PODS, meta["name"], meta["namespace"], edit)
        return True

    def _say(self, reason: str, text: str, *, volume: str = "") -> None:
        """Write an event in the profile's words; where it has none, this kubelet says nothing."""
        image = self.pod["spec"]["containers"][0].get("image", "")
        message = self._profile.texts[text].format(container=pods.container_name(self.pod), image=image, volume=volume)
        if message:
            self._tell(reason, message, field=not volume)

    def _tell(self, reason: str, message: str, *, warning: bool = False, field: bool = True) -> None:
        write = self._cluster.events.warning if warning else self._cluster.events.normal
        path = f"spec.containers{{{pods.container_name(self.pod)}}}" if field else ""
        write(self.pod, reason, message, by=BY, host=self.kubelet.name, field_path=path)
