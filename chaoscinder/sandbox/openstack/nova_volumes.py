"""Nova's side of attaching: block devices, and the steps in which they come and go, in agreement with Cinder."""

import string
from dataclasses import dataclass

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.cinder import Attachment, Cinder, Volume
from chaoscinder.sandbox.openstack.durations import Durations
from chaoscinder.sandbox.openstack.faults import Faults
from chaoscinder.sandbox.openstack.hosts import Hosts
from chaoscinder.sandbox.openstack.instance_actions import InstanceAction, InstanceActions
from chaoscinder.sandbox.openstack.refusals import LateRefusal, bad_request, conflict, not_found, passed_on
from chaoscinder.sandbox.openstack.server_acts import check_state, check_unlocked
from chaoscinder.sandbox.openstack.servers import Server
from chaoscinder.sandbox.ports import CloudError
from chaoscinder.sandbox.world import World

ATTACHABLE = ("active", "paused", "stopped")  # nova.compute.api.attach_volume, and the same for detach_volume
NO_ANSWER = "Unexpected API Error. Please contact the administrator\n<class 'oslo_messaging.rpc.client.RemoteError'>"
DEVICE_PREFIX = "/dev/vd"  # virtio, as libvirt names them


@dataclass(slots=True)
class BlockDevice:
    """One row of Nova's: this volume belongs to this server. attachment_id is None for a ghost that Cinder never heard of."""

    id: str
    server_id: str
    volume_id: str
    device: str
    attachment_id: str | None


class VolumeAttacher:
    """All block devices, and how volumes are attached and detached."""

    def __init__(
        self, world: World, durations: Durations, *, cinder: Cinder, hosts: Hosts, faults: Faults, record: InstanceActions
    ) -> None:
        self._world = world
        self._durations = durations
        self._cinder = cinder
        self._hosts = hosts
        self._faults = faults
        self._record = record
        self._devices: list[BlockDevice] = []

    def of(self, server_id: str, *, ghosts: bool = False) -> list[BlockDevice]:
        """The block devices of a server; ghosts only if asked for."""
        return [device for device in self._devices if device.server_id == server_id and (ghosts or device.attachment_id)]

    def get(self, server_id: str, volume_id: str) -> BlockDevice:
        """One block device, or Nova's 404."""
        for device in self.of(server_id):
            if device.volume_id == volume_id:
                return device
        raise not_found(f"Instance {server_id} is not attached to volume {volume_id}")

    def attachment_id(self, server_id: str, volume_id: str) -> str | None:
        """The attachment that Nova believes in; None for none."""
        return next((device.attachment_id for device in self.of(server_id) if device.volume_id == volume_id), None)

    def attach(self, caller: Caller, server: Server, volume_id: str, *, waits: bool = True) -> BlockDevice | None:
        """Begin to attach, or refuse. waits is False from microversion 2.101 on: then nobody waits for the host to choose a device.

        None when the host is silent and nobody waits.
        """
        check_unlocked(caller, server)
        check_state(server, "attach_volume", ATTACHABLE)
        volume = self._cinder.get(caller, volume_id)
        self._check_free(volume)
        if self._hosts.is_alive(server.host):
            return self._reserve(caller, server, volume)
        self._hosts.cast(server.host, lambda: self._haunt(server, volume))
        if waits:
            raise LateRefusal(500, "computeFault", NO_ANSWER, after_s=self._durations.rpc_timeout_s)
        return None

    def attach_now(self, server: Server, volume: Volume) -> BlockDevice:
        """Have a volume attached without any steps, for the boot of a world."""
        attachment = self._cinder.reserve(volume, server.id)
        device = self._add(server, volume, attachment)
        self._cinder.connect(volume, attachment, host=server.host, device=device.device)
        self._cinder.complete(volume, attachment)
        return device

    def detach(self, caller: Caller, server: Server, volume_id: str) -> None:
        """Begin to detach, or refuse."""
        volume = self._cinder.get(caller, volume_id)
        device = self.get(server.id, volume_id)
        check_unlocked(caller, server)
        check_state(server, "detach_volume", ATTACHABLE)
        if not self._hosts.is_up(self._hosts.get(server.host)):
            raise conflict("Service is unavailable at this time.")
        try:
            self._cinder.begin_detaching(volume)
        except CloudError as refusal:
            raise bad_request(f"Invalid volume: {passed_on(refusal, caller)}") from refusal
        action = self._record.start(caller, server.id, "detach_volume")
        self._hosts.cast(server.host, lambda: self._start_detach(server, volume, device, action))

    def release_all(self, server: Server) -> None:
        """Let go of everything a server held, as its deletion does."""
        for device in self.of(server.id, ghosts=True):
            volume = self._cinder.find(device.volume_id)
            if volume is not None:
                self._remove(volume, device)
            else:
                self._devices.remove(device)

    def _check_free(self, volume: Volume) -> None:
        holders = [device.server_id for device in self._devices if device.volume_id == volume.id]
        if holders:
            raise bad_request(f"Invalid volume: volume {volume.id} is already attached to instances: {', '.join(holders)}")

    def _reserve(self, caller: Caller, server: Server, volume: Volume) -> BlockDevice:
        try:
            attachment = self._cinder.reserve(volume, server.id)
        except CloudError as refusal:
            raise bad_request(passed_on(refusal, caller)) from refusal
        device = self._add(server, volume, attachment)
        action = self._record.start(caller, server.id, "attach_volume")
        connect = lambda: self._hosts.cast(server.host, lambda: self._connect(server, volume, device, attachment, action))  # noqa: E731
        self._world.call_later(self._durations.reserved_s, connect, f"attach {volume.name}")
        return device

    def _haunt(self, server: Server, volume: Volume) -> None:
        """A returned host works off a reservation that nobody waits for any more: a row without an attachment stays behind."""
        self._add(server, volume, None)

    def _add(self, server: Server, volume: Volume, attachment: Attachment | None) -> BlockDevice:
        used = {device.device for device in self.of(server.id, ghosts=True)}
        name = next(DEVICE_PREFIX + letter for letter in string.ascii_lowercase[1:] if DEVICE_PREFIX + letter not in used)
        device = BlockDevice(self._world.new_uuid(), server.id, volume.id, name, attachment.id if attachment else None)
        self._devices.append(device)
        return device

    def _connect(self, server: Server, volume: Volume, device: BlockDevice, attachment: Attachment, action: InstanceAction) -> None:
        if device not in self._devices:
            return
        self._record.begin_event(action, "compute_attach_volume", server.host)
        if server.id in self._faults.attach_fails:
            self._remove(volume, device)
            self._record.finish(action, error=f"Device {device.device} not found.")
            return
        self._cinder.connect(volume, attachment, host=server.host, device=device.device)
        complete = lambda: self._hosts.cast(server.host, lambda: self._complete(volume, device, attachment, action))  # noqa: E731
        self._world.call_later(self._durations.attaching_s, complete, f"attached {volume.name}")

    def _complete(self, volume: Volume, device: BlockDevice, attachment: Attachment, action: InstanceAction) -> None:
        if device in self._devices:
            self._cinder.complete(volume, attachment)
            self._record.finish(action)

    def _start_detach(self, server: Server, volume: Volume, device: BlockDevice, action: InstanceAction) -> None:
        self._record.begin_event(action, "compute_detach_volume", server.host)
        after_s = self._durations.detaching_s + self._faults.detach_delay_s.get(server.id, 0.0)
        finish = lambda: self._hosts.cast(server.host, lambda: self._finish_detach(server, volume, device, action))  # noqa: E731
        self._world.call_later(after_s, finish, f"detach {volume.name}")

    def _finish_detach(self, server: Server, volume: Volume, device: BlockDevice, action: InstanceAction) -> None:
        if device not in self._devices:
            return
        if server.id in self._faults.detach_fails:
            self._cinder.roll_detaching(volume)
            name = device.device.removeprefix("/dev/")
            self._record.finish(action, error=f"Device detach failed for {name}: the guest did not let go of it")
            return
        self._remove(volume, device)
        self._record.finish(action)

    def _remove(self, volume: Volume, device: BlockDevice) -> None:
        self._devices.remove(device)
        for attachment in [row for row in volume.attachments if row.id == device.attachment_id]:
            self._cinder.remove(volume, attachment)
