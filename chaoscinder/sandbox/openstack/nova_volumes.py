"""Nova's side of attaching: block devices, and the steps in which they come and go, in agreement with Cinder."""

import string
from dataclasses import dataclass

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.cinder import Cinder
from chaoscinder.sandbox.openstack.departments import Departments
from chaoscinder.sandbox.openstack.faults import delay_s, strikes
from chaoscinder.sandbox.openstack.instance_actions import InstanceAction
from chaoscinder.sandbox.openstack.outages import Outages
from chaoscinder.sandbox.openstack.refusals import api_error, bad_request, conflict, not_found, passed_on
from chaoscinder.sandbox.openstack.releases import Microversion, Release
from chaoscinder.sandbox.openstack.server_acts import check_state, check_unlocked
from chaoscinder.sandbox.openstack.servers import Server
from chaoscinder.sandbox.openstack.volumes import Attachment, Volume
from chaoscinder.sandbox.ports import CloudError

ATTACHABLE = ("active", "paused", "stopped", "resized", "shelved", "shelved_offloaded")  # nova.compute.api.attach_volume and detach_volume
MULTIATTACH_SINCE = (2, 60)
VIRTIO = "/dev/vd"  # as libvirt names them


@dataclass(slots=True)
class BlockDevice:
    """One row of Nova's: this volume belongs to this server. attachment_id is None for a ghost that Cinder never heard of."""

    id: str
    server_id: str
    volume_id: str
    device: str | None
    attachment_id: str | None


@dataclass(frozen=True, slots=True)
class Way:
    """How a request wants a volume attached: at which microversion, and whether somebody waits for the host to choose a device."""

    version: Microversion = (2, 95)
    waits: bool = True


DEFAULT_WAY = Way()


class VolumeAttacher:
    """All block devices, and how volumes are attached and detached."""

    def __init__(
        self, departments: Departments, *, cinder: Cinder, release: Release, outages: Outages, device_prefix: str = VIRTIO
    ) -> None:
        self._world = departments.world
        self._durations = departments.durations
        self._hosts = departments.hosts
        self._faults = departments.faults
        self._record = departments.record
        self._cinder = cinder
        self._release = release
        self._outages = outages
        self.root_device = device_prefix + "a"
        self._prefix = device_prefix
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

    def attach(self, caller: Caller, server: Server, volume_id: str, way: Way = DEFAULT_WAY) -> BlockDevice | None:
        """Begin to attach, or refuse; None when the host is silent and nobody waits."""
        check_unlocked(caller, server)
        check_state(server, "attach_volume", ATTACHABLE)
        if self._outages.is_dead("cinder"):
            raise api_error("nova.exception.CinderConnectionFailed", after_s=self._durations.cinder_gives_up_s)
        volume = self._cinder.get(caller, volume_id)
        if volume.multiattach and way.version < MULTIATTACH_SINCE:
            raise bad_request("Multiattach volumes are only supported starting with compute API version 2.60.")
        self._check_free(server, volume)
        if not server.host:
            return self._reserve(caller, server, volume)
        if self._hosts.is_alive(server.host):
            return self._reserve(caller, server, volume)
        self._hosts.cast(server.host, lambda: self._haunt(server, volume))
        if way.waits:
            raise api_error("oslo_messaging.rpc.client.RemoteError", after_s=self._durations.rpc_timeout_s)
        return None

    def attach_now(self, server: Server, volume: Volume) -> BlockDevice:
        """Have a volume attached without any steps, for the boot of a world."""
        attachment = self._cinder.reserve(volume, server.id)
        device = self._add(server, volume, attachment)
        self._finish(volume, attachment, server.host, device)
        return device

    def detach(self, caller: Caller, server: Server, volume_id: str) -> None:
        """Begin to detach, or refuse."""
        volume = self._cinder.get(caller, volume_id)
        device = self.get(server.id, volume_id)
        check_unlocked(caller, server)
        check_state(server, "detach_volume", ATTACHABLE)
        if server.host and self._release.detach_asks_whether_the_host_is_up and not self._hosts.is_up(self._hosts.get(server.host)):
            raise conflict("Service is unavailable at this time.")
        try:
            self._cinder.begin_detaching(volume)
        except CloudError as refusal:
            raise bad_request(f"Invalid volume: {passed_on(refusal, caller)}") from refusal
        action = self._record.start(caller, server.id, "detach_volume")
        start = lambda: self._start_detach(server, volume, device, action)  # noqa: E731
        self._hosts.cast(server.host, lambda: self._hosts.take_turn(server.host, server.id, start))

    def release_all(self, server: Server) -> None:
        """Let go of everything a server held, as its deletion does."""
        for device in self.of(server.id, ghosts=True):
            volume = self._cinder.find(device.volume_id)
            if volume is not None:
                self._remove(volume, device)
            else:
                self._devices.remove(device)

    def let_go(self, server: Server) -> None:
        """Let the host of a server disconnect its volumes, which stay reserved for the server."""
        for device, volume in self._held(server):
            old = [row for row in volume.attachments if row.id == device.attachment_id]
            device.attachment_id = self._cinder.add_attachment(volume, server.id).id
            for attachment in old:
                self._cinder.remove(volume, attachment)

    def take_up(self, server: Server) -> None:
        """Let the host of a server connect the volumes that are reserved for it."""
        for device, volume in self._held(server):
            device.device = device.device or self._free_name(server)
            for attachment in volume.attachments:
                if attachment.id == device.attachment_id:
                    self._finish(volume, attachment, server.host, device)

    def move(self, server: Server, *, host: str = "") -> None:
        """Let another host connect the volumes of a server in place of the one that had them, without a moment in between."""
        for device, volume in self._held(server):
            old = [row for row in volume.attachments if row.id == device.attachment_id]
            new = self._cinder.add_attachment(volume, server.id)
            device.attachment_id = new.id
            self._finish(volume, new, host or server.host, device)
            for attachment in old:
                self._cinder.remove(volume, attachment)

    def _held(self, server: Server) -> list[tuple[BlockDevice, Volume]]:
        rows = [(device, self._cinder.find(device.volume_id)) for device in self.of(server.id)]
        return [(device, volume) for device, volume in rows if volume is not None]

    def _finish(self, volume: Volume, attachment: Attachment, host: str, device: BlockDevice) -> None:
        self._cinder.connect(volume, attachment, host=host, device=device.device or "")
        self._cinder.complete(volume, attachment)

    def _check_free(self, server: Server, volume: Volume) -> None:
        holders = [device.server_id for device in self._devices if device.volume_id == volume.id]
        if volume.multiattach:
            if server.id in holders:
                raise bad_request(f"Invalid volume: volume {volume.id} already attached")
        elif holders and (self._release.attach_asks_whether_nova_holds_it or server.id in holders):
            raise bad_request(f"Invalid volume: volume {volume.id} is already attached to instances: {' '.join(holders)}")

    def _reserve(self, caller: Caller, server: Server, volume: Volume) -> BlockDevice:
        try:
            attachment = self._cinder.reserve(volume, server.id)
        except CloudError as refusal:
            raise bad_request(passed_on(refusal, caller)) from refusal
        device = self._add(server, volume, attachment)
        action = self._record.start(caller, server.id, "attach_volume")
        if not server.host:
            device.device = None
            self._record.finish(action)
            return device
        connect = lambda: self._hosts.cast(server.host, lambda: self._connect(server, volume, device, attachment, action))  # noqa: E731
        self._world.call_later(self._durations.reserved_s, connect, f"attach {volume.name}")
        return device

    def _haunt(self, server: Server, volume: Volume) -> None:
        """A returned host works off a reservation that nobody waits for any more: a row without an attachment stays behind, once."""
        if all(device.volume_id != volume.id for device in self.of(server.id, ghosts=True)):
            self._add(server, volume, None)

    def _add(self, server: Server, volume: Volume, attachment: Attachment | None) -> BlockDevice:
        row_id, name = self._world.new_uuid(), self._free_name(server)
        device = BlockDevice(row_id, server.id, volume.id, name, attachment.id if attachment else None)
        self._devices.append(device)
        return device

    def _free_name(self, server: Server) -> str:
        used = {device.device for device in self.of(server.id)}
        return next(self._prefix + letter for letter in string.ascii_lowercase[1:] if self._prefix + letter not in used)

    def _connect(self, server: Server, volume: Volume, device: BlockDevice, attachment: Attachment, action: InstanceAction) -> None:
        if device not in self._devices:
            return
        self._record.begin_event(action, "compute_attach_volume", server.host)
        self._cinder.backend.cast(lambda: self._connected(server, volume, device, attachment, action))

    def _connected(self, server: Server, volume: Volume, device: BlockDevice, attachment: Attachment, action: InstanceAction) -> None:
        if device not in self._devices:
            return
        self._cinder.connect(volume, attachment, host=server.host, device=device.device or "")
        complete = lambda: self._hosts.cast(server.host, lambda: self._complete(server, volume, device, attachment, action))  # noqa: E731
        self._world.call_later(self._durations.attaching_s, complete, f"attached {volume.name}")

    def _complete(self, server: Server, volume: Volume, device: BlockDevice, attachment: Attachment, action: InstanceAction) -> None:
        if device not in self._devices:
            return
        if strikes(self._faults.attach_fails, server):
            self._remove(volume, device)
            self._record.finish(action, error=f"Device {device.device} not found.")
            return
        self._cinder.complete(volume, attachment)
        self._record.finish(action)

    def _start_detach(self, server: Server, volume: Volume, device: BlockDevice, action: InstanceAction) -> None:
        host = server.host
        self._record.begin_event(action, "compute_detach_volume", host)
        after_s = self._durations.detaching_s + delay_s(self._faults.detach_delay_s, server)

        def finish() -> None:
            self._finish_detach(server, volume, device, action)
            self._hosts.end_turn(host, server.id)

        self._world.call_later(after_s, lambda: self._hosts.cast(host, finish), f"detach {volume.name}")

    def _finish_detach(self, server: Server, volume: Volume, device: BlockDevice, action: InstanceAction) -> None:
        if device not in self._devices:
            return
        if strikes(self._faults.detach_fails, server):
            self._cinder.roll_detaching(volume)
            name = (device.device or "").removeprefix("/dev/")
            self._record.finish(action, error=f"Device detach failed for {name}: the guest did not let go of it")
            return
        self._cinder.backend.cast(lambda: self._detached(volume, device, action))

    def _detached(self, volume: Volume, device: BlockDevice, action: InstanceAction) -> None:
        if device in self._devices:
            self._remove(volume, device)
            self._record.finish(action)

    def _remove(self, volume: Volume, device: BlockDevice) -> None:
        self._devices.remove(device)
        for attachment in [row for row in volume.attachments if row.id == device.attachment_id]:
            self._cinder.remove(volume, attachment)
