"""The whole cloud: Keystone, Nova and Cinder over one world, as the Kubernetes half reaches it in-process and everyone else over HTTP."""

import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.wrappers import Request

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.cinder import Cinder
from chaoscinder.sandbox.openstack.compute_api import ComputeApi
from chaoscinder.sandbox.openstack.durations import RECORDED, Durations
from chaoscinder.sandbox.openstack.faults import Faults
from chaoscinder.sandbox.openstack.identity_api import IdentityApi
from chaoscinder.sandbox.openstack.keystone import IMPLIED, TOKEN_LIFE_S, Keystone
from chaoscinder.sandbox.openstack.lifecycle import Lifecycle
from chaoscinder.sandbox.openstack.nova import Nova
from chaoscinder.sandbox.openstack.nova_volumes import VIRTIO
from chaoscinder.sandbox.openstack.outages import Outages
from chaoscinder.sandbox.openstack.refusals import not_in_the_sandbox
from chaoscinder.sandbox.openstack.releases import find_release
from chaoscinder.sandbox.openstack.volume_api import VolumeApi
from chaoscinder.sandbox.openstack.wire import Answer, Gate, nova_fault, respond
from chaoscinder.sandbox.ports import Cloud, Guests
from chaoscinder.sandbox.world import World

DEFAULT_ZONE = "nova"


class OpenStack(Cloud, Guests):
    """A cloud with the users admin and demo in one project and other in a project of its own. Implements ports.Cloud and ports.Guests.

    Passwords that are not given are random. lifecycle, outages, nova.faults and cinder.backend are where things are made to go wrong.
    wait is how a request lets cluster seconds go by before a late refusal; None waits for somebody else to turn the world.
    """

    def __init__(
        self,
        world: World,
        *,
        release: str = "2026.2",
        project: str = "demo",
        admin_password: str | None = None,
        password: str | None = None,
        other_password: str | None = None,
        zone: str = DEFAULT_ZONE,
        durations: Durations = RECORDED,
        token_life_s: float = TOKEN_LIFE_S,
        device_prefix: str = VIRTIO,
        wait: Callable[[float], None] | None = None,
    ) -> None:
        self.world = world
        self.release = find_release(release)
        self.zone = zone
        self.outages = Outages()
        self._gate = Gate(world, self.outages, wait)
        self.keystone = Keystone(world, token_life_s=token_life_s)
        self.cinder = Cinder(
            world,
            durations,
            release=self.release,
            zone=zone,
            nova_attachment=lambda server, volume: self.nova.volumes.attachment_id(server, volume),
        )
        self.nova = Nova(
            world,
            durations,
            cinder=self.cinder,
            faults=Faults(),
            release=self.release,
            outages=self.outages,
            device_prefix=device_prefix,
        )
        self.lifecycle = Lifecycle(self.nova)
        self._populate(project, admin_password, password, other_password)
        self.wsgi = self._application()

    def add_server(self, name: str, *, zone: str = "", host: str = "", metadata: Mapping[str, str] | None = None) -> str:
        """Have a server of the project that is ACTIVE at once, on a host of its own unless one is named; tells its id."""
        host = host or f"compute{len(list(self.nova.hosts)) + 1}"
        return self.nova.add(self.caller(), name, zone=zone or self.zone, host=host, metadata=metadata or {}).id

    def add_volume(self, name: str, size_gib: int, zone: str = "", *, metadata: Mapping[str, str] | None = None) -> str:
        """Have a volume of the project that is available at once; tells its id."""
        return self.cinder.add(self.caller(), name, size_gib, zone=zone or self.zone, metadata=dict(metadata or {})).id

    def attach_now(self, server_id: str, volume_id: str) -> None:
        """Have a volume in use at once, for the boot of a world."""
        caller = self.caller()
        self.nova.volumes.attach_now(self.nova.get(caller, server_id), self.cinder.get(caller, volume_id))

    def caller(self) -> Caller:
        """The project's ordinary user, as whom the Kubernetes half acts."""
        return Caller(self.demo.id, self.project.id, IMPLIED["member"], f"req-{self.world.new_uuid()}")

    def server_status(self, server_id: str) -> str | None:
        """Nova's status word, None for 404."""
        server = self.nova.find(server_id)
        return server.status if server and self.caller().may_see(server.project_id) else None

    def attach(self, server_id: str, volume_id: str) -> None:
        """Nova's POST os-volume_attachments: returns when accepted, raises CloudError when refused.

        The refusal that over HTTP comes after a timeout (the host is silent) is raised at once.
        """
        caller = self.caller()
        self.nova.volumes.attach(caller, self.nova.get(caller, server_id), volume_id)

    def detach(self, server_id: str, volume_id: str) -> None:
        """Nova's DELETE os-volume_attachments: returns when accepted, raises CloudError when refused."""
        caller = self.caller()
        self.nova.volumes.detach(caller, self.nova.get(caller, server_id), volume_id)

    def volume_status(self, volume_id: str) -> str | None:
        """Cinder's status word, None for 404."""
        volume = self.cinder.find(volume_id)
        return volume.status if volume else None

    def delete_volume(self, volume_id: str) -> None:
        """Cinder's DELETE volume: returns when accepted, raises CloudError when refused."""
        self.cinder.delete(self.caller(), volume_id)

    def attached_servers(self, volume_id: str) -> tuple[str, ...]:
        """Server ids in Cinder's volume.attachments (attached ones only, as the API shows them)."""
        volume = self.cinder.find(volume_id)
        return tuple(row.server_id for row in volume.attached if row.server_id) if volume else ()

    def is_running(self, server_id: str) -> bool:
        """Whether the guest runs now."""
        return self.nova.power.is_running(server_id)

    def is_frozen(self, server_id: str) -> bool:
        """Whether the guest is paused or suspended: it does not run, and keeps its memory."""
        return self.nova.power.is_frozen(server_id)

    def on_power(self, listener: Callable[[str, bool], None]) -> None:
        """Call listener(server_id, running) at each change of a guest's power."""
        self.nova.power.on_power(listener)

    def _populate(self, project: str, admin_password: str | None, password: str | None, other_password: str | None) -> None:
        self.project = self.keystone.add_project(project)
        self.other_project = self.keystone.add_project("other")
        self.admin = self.keystone.add_user("admin", admin_password or secrets.token_urlsafe(16), self.project, "admin")
        self.demo = self.keystone.add_user("demo", password or secrets.token_urlsafe(16), self.project, "member")
        self.other = self.keystone.add_user("other", other_password or secrets.token_urlsafe(16), self.other_project, "member")
        self.application_credential = self.keystone.add_application_credential(self.demo, self.project, "chaos")

    def _application(self) -> Callable[[dict[str, Any], Any], Iterable[bytes]]:
        return DispatcherMiddleware(
            _nothing_there,
            {
                "/identity": IdentityApi(self._gate, self.keystone),
                "/compute": ComputeApi(self._gate, self.nova, self.keystone, self.release),
                "/volume": VolumeApi(self._gate, self.cinder, self.keystone, self.release, zone=self.zone),
            },
        )


def _nothing_there(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    request = Request(environ)
    refusal = not_in_the_sandbox(f"{request.method} {request.path}")
    return respond(Answer(refusal.code, nova_fault(refusal)), "")(environ, start_response)
