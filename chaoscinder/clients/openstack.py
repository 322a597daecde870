"""Keystone, Nova and Cinder through openstacksdk.

1. Every request has a time limit in wall seconds and is made once; a first call is up to three: log in, find the API's version, ask.
2. No SDK exception leaves this room, and no credential is in any message.
3. Only stop, start and our own metadata change anything.
"""

import contextlib
import logging
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from chaoscinder.clients.reading import brief, readable
from chaoscinder.clients.whole import whole
from chaoscinder.errors import CannotTell, ChaoscinderError, NotFound, Refused, SettingsError, Unreachable
from chaoscinder.model.access import BLOCK_STORAGE, COMPUTE, CloudRule
from chaoscinder.model.action import ServerAction
from chaoscinder.model.attachment import Attachment, View
from chaoscinder.model.workload import Server, Volume
from chaoscinder.redaction import redaction
from chaoscinder.settings import Settings

T = TypeVar("T")
ATTACHMENTS_SINCE = "3.27"  # Cinder's attachments API
POOL = re.compile(r"HTTPS?ConnectionPool\(.*")  # what urllib3 wraps around the reason of a connection that was not made


@readable("OpenStack")
class OpenStack:
    """One project of one cloud: the five secret keys if they were given, else OS_CLOUD with clouds.yaml, else OS_* variables."""

    def __init__(self, settings: Settings) -> None:
        self._connection = _connect(settings)

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def project_id(self) -> str:
        """The project of the credentials (this logs in)."""
        return str(self._ask("log in to OpenStack", lambda: self._connection.current_project_id))

    def server(self, server_id: str) -> Server:
        """One server, in Nova's words."""
        return _server(self._ask(f"server {server_id}", lambda: self._nova(f"/servers/{server_id}")["server"]))

    def servers(self) -> tuple[Server, ...]:
        """Every server of the project, metadata included."""
        return tuple(_server(row) for row in self._ask("servers", self._servers))

    def roles(self) -> tuple[str, ...]:
        """The roles of the credentials on the project, as the token names them."""
        return tuple(sorted(self._ask("roles of the token", lambda: self._access().role_names)))

    def services(self) -> frozenset[str]:
        """The types of the services in the catalog."""
        return frozenset(str(row["type"]) for row in self._ask("service catalog", lambda: self._access().service_catalog.catalog))

    def access_rules(self) -> tuple[CloudRule, ...] | None:
        """The only requests that the token may make; None where it was not made with an application credential that has such rules."""
        rows = self._ask("access rules of the token", lambda: self._access().application_credential_access_rules)
        return None if not rows else tuple(CloudRule(str(row["service"]), str(row["method"]), str(row["path"])) for row in rows)

    def endpoint_paths(self) -> dict[str, str]:
        """The path of the endpoint of each service that we ask, below its host."""
        asked = {
            COMPUTE: lambda: self._connection.compute.get_endpoint(),
            BLOCK_STORAGE: lambda: self._connection.block_storage.get_endpoint(),
        }
        return {service: urlsplit(str(self._ask(f"endpoint of {service}", ask) or "")).path for service, ask in asked.items()}

    def servers_named(self, name: str) -> tuple[Server, ...]:
        """The servers with exactly this name."""
        found = self._ask(f"servers named {name}", lambda: self._servers(name=f"^{name}$"))
        return tuple(_server(row) for row in found if row["name"] == name)

    def volume(self, volume_id: str) -> Volume:
        """One volume, in Cinder's words."""
        raw = self._ask(f"volume {volume_id}", lambda: self._connection.block_storage.get_volume(volume_id))
        return Volume(raw.id, raw.name or "", raw.status, raw.size, raw.availability_zone or "")

    def server_volumes(self, server_id: str) -> tuple[str, ...]:
        """The volumes that Nova says are attached to a server."""
        found = self._ask(f"attachments of server {server_id}", lambda: self._nova(f"/servers/{server_id}/os-volume_attachments"))
        return tuple(sorted(row["volumeId"] for row in found["volumeAttachments"]))

    def nova_attachments(self, volume_id: str, server_ids: tuple[str, ...]) -> tuple[Attachment, ...]:
        """What Nova says about a volume, asked of each of these servers."""
        holders = [server_id for server_id in server_ids if volume_id in self.server_volumes(server_id)]
        return tuple(Attachment(View.NOVA, volume_id, server_id, "attached") for server_id in holders)

    def volume_attachments(self, volume_id: str) -> tuple[Attachment, ...]:
        """What Cinder says about a volume, reserved and attaching records included (they are hidden in the volume itself)."""

        def ask() -> Any:
            return self._connection.block_storage.get(
                "/attachments/detail", params={"volume_id": volume_id}, microversion=ATTACHMENTS_SINCE
            )

        answer = self._ask(f"attachments of volume {volume_id}", ask)
        if answer.status_code != 200:
            raise CannotTell(f"Cinder answered GET /attachments/detail with {answer.status_code} (wanted 200)")
        rows = answer.json()["attachments"]
        return tuple(Attachment(View.CINDER, volume_id, row.get("instance") or None, row["status"]) for row in rows)

    def server_actions(self, server_id: str) -> tuple[ServerAction, ...]:
        """What was done to a server by Nova's own record, the latest first."""
        rows = self._ask(f"actions of server {server_id}", lambda: list(self._connection.compute.server_actions(server_id)))
        return tuple(ServerAction(str(row.action), str(row.request_id)) for row in rows)

    def is_finished(self, server_id: str, action: ServerAction) -> bool:
        """Whether a compute host has finished the work of an action, well or not; one that no host began has not."""
        what = f"action {action.request_id} of server {server_id}"
        row = self._ask(what, lambda: self._connection.compute.get_server_action(action.request_id, server_id))
        return any(event.get("finish_time") for event in row.events or ())

    def stop_server(self, server_id: str) -> None:
        """Ask Nova to stop a server; returns when Nova accepted."""
        self._change(f"stop server {server_id}", lambda: self._connection.compute.stop_server(server_id))

    def start_server(self, server_id: str) -> None:
        """Ask Nova to start a server; returns when Nova accepted."""
        self._change(f"start server {server_id}", lambda: self._connection.compute.start_server(server_id))

    def set_metadata(self, server_id: str, values: Mapping[str, str]) -> None:
        """Write our own metadata onto a server."""
        self._change(f"write metadata of server {server_id}", lambda: self._connection.compute.set_server_metadata(server_id, **values))

    def delete_metadata(self, server_id: str, keys: tuple[str, ...]) -> None:
        """Take our own metadata off a server, key after key in this order; one that is not there any more is no error."""
        for key in keys:
            with contextlib.suppress(NotFound):
                self._change(
                    f"delete metadata of server {server_id}", partial(self._connection.compute.delete_server_metadata, server_id, [key])
                )

    def _change(self, what: str, call: Callable[[], object]) -> None:
        whole(lambda: self._ask(what, call))

    def _nova(self, path: str, **query: str) -> Any:
        """Nova's own words: these are asked for again and again, and the SDK's nouns take four times as long to make."""
        from openstack.exceptions import raise_from_response

        answer = self._connection.compute.get(path, params=query)
        raise_from_response(answer)
        return answer.json()

    def _servers(self, **query: str) -> list[Any]:
        """All rows of a list of servers, page after page."""
        page = self._nova("/servers/detail", **query)
        rows, markers = list(page["servers"]), set[str]()
        while more := [row["href"] for row in page.get("servers_links") or () if row["rel"] == "next"]:
            marker = parse_qs(urlsplit(more[0]).query)["marker"][0]
            if marker in markers:
                raise CannotTell(f"Nova names the page of servers after {marker} a second time")
            markers.add(marker)
            page = self._nova("/servers/detail", **query, marker=marker)
            rows += page["servers"]
        return rows

    def _access(self) -> Any:
        return self._connection.session.auth.get_access(self._connection.session)

    def _ask(self, what: str, call: Callable[[], T]) -> T:
        from keystoneauth1.exceptions import ClientException, ConnectFailure, ConnectTimeout, DiscoveryFailure, Unauthorized
        from openstack.exceptions import HttpException, SDKException

        try:
            return call()
        except Unauthorized as error:
            raise Refused(f"OpenStack refused the login while asked to {what}: {_said(error)}") from error
        except (ConnectFailure, ConnectTimeout, DiscoveryFailure) as error:
            raise Unreachable(f"OpenStack did not answer ({what}): {_said(error)}") from error
        except HttpException as error:
            raise _translated(error, what) from error
        except (SDKException, ClientException) as error:
            raise CannotTell(f"OpenStack could not tell ({what}): {_said(error)}") from error


def _connect(settings: Settings) -> Any:
    import openstack
    from keystoneauth1.exceptions import ClientException
    from openstack.exceptions import SDKException

    logging.getLogger("keystoneauth").addHandler(logging.NullHandler())  # what it has to say is in the error that follows
    auth = dict(settings.cloud_auth)
    region = auth.pop("region", None)
    limits: dict[str, Any] = {"api_timeout": settings.request_timeout_s, "app_name": "chaoscinder"}
    try:
        given: dict[str, Any] = {"load_yaml_config": False, "load_envvars": False, "region_name": region, "auth": auth} if auth else {}
        connection = openstack.connect(**given, **limits)
        redaction.learn_group(connection.config.config.get("auth") or {})
        return connection
    except (SDKException, ClientException, OSError) as error:
        wanted = "the five openstack secrets, or OS_CLOUD with a clouds.yaml, or OS_AUTH_URL and its kin"
        raise SettingsError(f"no usable OpenStack credentials (wanted {wanted}): {_said(error)}") from error
    except Exception as error:  # whatever the library makes of a clouds.yaml that is none
        raise SettingsError(f"the OpenStack credentials cannot be read ({brief(error)}; wanted a clouds.yaml or OS_* variables)") from error


def _server(row: Mapping[str, Any]) -> Server:
    return Server(
        id=row["id"],
        name=row["name"],
        status=row["status"],
        power_state=int(row.get("OS-EXT-STS:power_state") or 0),
        task_state=row.get("OS-EXT-STS:task_state"),
        vm_state=row.get("OS-EXT-STS:vm_state") or "",
        metadata=tuple(sorted((row.get("metadata") or {}).items())),
    )


def _translated(error: Any, what: str) -> ChaoscinderError:
    code = error.status_code
    if code == 404:
        return NotFound(f"OpenStack does not know what was asked for ({what}): {_said(error)}")
    if code in (400, 401, 403, 409, 413):
        return Refused(f"OpenStack refused to {what} with {code}: {_said(error)}")
    return CannotTell(f"OpenStack answered {code or 'nothing'} ({what}): {_said(error)}")


def _said(error: BaseException) -> str:
    text = " ".join(str(getattr(error, "details", None) or error).split())
    return POOL.sub(lambda _: _root(error), text)[:200]


def _root(error: BaseException) -> str:
    """Tell why a connection was not made, as the operating system says it."""
    reason, below = "", error.__cause__ or error.__context__
    while below is not None:
        reason = getattr(below, "strerror", None) or reason
        below = below.__cause__ or below.__context__
    return reason or type(error).__name__
