"""What Nova and Cinder have in common on the wire: a Keystone token, microversions, and their fault envelope."""

import re

from werkzeug.wrappers import Request

from chaoscinder.sandbox.openstack.caller import Caller
from chaoscinder.sandbox.openstack.keystone import UNAUTHORIZED, Keystone, unauthorized
from chaoscinder.sandbox.openstack.refusals import bad_request, not_found
from chaoscinder.sandbox.openstack.releases import Microversion
from chaoscinder.sandbox.openstack.wire import Answer, Call, Gate, Route, Service, find_handler, nova_fault, routes
from chaoscinder.sandbox.ports import CloudError


def spell(version: Microversion) -> str:
    """A microversion as the headers have it."""
    return f"{version[0]}.{version[1]}"


def need(call: Call, since: Microversion) -> None:
    """Refuse a method that the call's microversion does not have yet, as Cinder does: it is just not there."""
    if call.version < since:
        raise not_found("The resource could not be found.")


class VersionedService(Service):
    """Nova's or Cinder's API. word is the service's word in OpenStack-API-Version, legacy its older header if it has one.

    service_type is [keystone_authtoken] service_type: by it access rules name the service.
    """

    word = ""
    legacy = ""
    service_type = ""

    def __init__(self, gate: Gate, keystone: Keystone, *, lowest: Microversion, highest: Microversion) -> None:
        super().__init__(gate)
        self._keystone = keystone
        self.lowest = lowest
        self.highest = highest
        self._table = routes(self.routes())

    def routes(self) -> list[Route]:
        """What needs a token."""
        raise NotImplementedError

    def version_document(self, request: Request) -> Answer | None:
        """What needs none; None for every other path."""
        raise NotImplementedError

    def refuse_by_role(self, caller: Caller, request: Request) -> None:
        """Refuse what the caller's roles do not allow, before the request is looked at."""

    def answer(self, request: Request, request_id: str) -> Answer:
        """Check version and token, then let the handler answer."""
        document = self.version_document(request)
        if document is not None:
            return document
        caller = self._keystone.caller(request.headers.get("X-Auth-Token", ""), request_id)
        if not caller.may_ask(self.service_type, request.method, request.root_path + request.path):
            raise unauthorized()
        self.refuse_by_role(caller, request)
        version = self._asked_version(request)
        handler, args = find_handler(self._table, request)
        query = request.args.to_dict()
        base = request.root_url.rstrip("/")
        answer = handler(Call(request.method, args, query, request.get_data(), caller, version, base, request.base_url))
        return Answer(answer.code, answer.body, {**answer.headers, **self._version_headers(version)})

    def refusal(self, error: CloudError, request: Request) -> Answer:
        """Refuse in the envelope of Nova and Cinder; 401 as their Keystone middleware words it."""
        if error.code != 401:
            return Answer(error.code, nova_fault(error))
        identity = request.host_url + "identity"
        body = {"error": {"code": 401, "title": "Unauthorized", "message": UNAUTHORIZED}}
        return Answer(401, body, {"WWW-Authenticate": f'Keystone uri="{identity}"'})

    def _asked_version(self, request: Request) -> Microversion:
        asked = request.headers.get(self.legacy, "") if self.legacy else ""
        for part in request.headers.get("OpenStack-API-Version", "").split(","):
            word, _, version = part.strip().partition(" ")
            asked = version.strip() if word == self.word else asked
        if asked == "latest":
            return self.highest
        return self._supported(asked) if asked else self.lowest

    def _supported(self, asked: str) -> Microversion:
        match = re.fullmatch(r"([1-9]\d*)\.([1-9]\d*|0)", asked)
        if match is None:
            raise bad_request(f"API Version String {asked} is of invalid format. Must be of format MajorNum.MinorNum.")
        version = (int(match[1]), int(match[2]))
        if not self.lowest <= version <= self.highest:
            limits = f"Minimum is {spell(self.lowest)} and maximum is {spell(self.highest)}."
            raise CloudError(406, "computeFault", f"Version {asked} is not supported by the API. {limits}")
        return version

    def _version_headers(self, version: Microversion) -> dict[str, str]:
        names = ["OpenStack-API-Version", *([self.legacy] if self.legacy else [])]
        headers = {"OpenStack-API-Version": f"{self.word} {spell(version)}", "Vary": ", ".join(names)}
        return {**headers, **({self.legacy: spell(version)} if self.legacy else {})}
