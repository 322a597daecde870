"""What a broken API says, in each service's own envelope, where a rule does not bring words of its own."""

import json
from http import HTTPStatus

from werkzeug.wrappers import Response

from chaoscinder.sandbox.call_sites import KUBERNETES
from chaoscinder.sandbox.kubernetes.statuses import failure
from chaoscinder.sandbox.kubernetes.store import StoreError

REASONS = {
    400: ("BadRequest", "the server rejected our request for an unknown reason"),
    401: ("Unauthorized", "Unauthorized"),
    403: ("Forbidden", "forbidden: not allowed"),
    404: ("NotFound", "the server could not find the requested resource"),
    409: ("Conflict", "the object has been modified; please apply your changes to the latest version and try again"),
    429: ("TooManyRequests", "the server has received too many requests and has asked us to try again later"),
    500: ("InternalError", "Internal error occurred: etcdserver: request timed out"),
    503: ("ServiceUnavailable", "the server is currently unable to handle the request"),
    504: ("Timeout", "the server was unable to return a response in the time allotted, but may still be processing the request"),
}  # apimachinery, NewGenericServerResponse
FAULTS = {400: "badRequest", 401: "unauthorized", 403: "forbidden", 404: "itemNotFound", 409: "conflictingRequest", 413: "overLimit"}
UNAUTHORIZED = "The request you have made requires authentication."
ERRED = "Unexpected API Error. Please contact the administrator\n<class 'oslo_db.exception.DBConnectionError'>"  # Nova
ERRED_CINDER = "The server has either erred or is incapable of performing the requested operation."
ERRED_KEYSTONE = "An unexpected error prevented the server from fulfilling your request."
RETRY_S = {429: "1", 503: "1"}


def answer(service: str, status: int, message: str = "", body: str = "") -> Response:
    """Make the answer; body goes out as it is, message into the envelope."""
    if body:
        return Response(body, status, content_type="text/plain")
    if service != KUBERNETES and status in (502, 503, 504) and not message:
        return Response(f"{status} {HTTPStatus(status).phrase}", status, content_type="text/plain")  # of the proxy in front
    document = _kubernetes(status, message) if service == KUBERNETES else _openstack(service, status, message)
    response = Response(json.dumps(document), status, content_type="application/json")
    if status in RETRY_S:
        response.headers["Retry-After"] = RETRY_S[status]
    return response


def _kubernetes(status: int, message: str) -> dict[str, object]:
    reason, words = REASONS.get(status, ("", "an error on the server has prevented the request from succeeding"))
    return failure(StoreError(status, reason, message or words))


def _openstack(service: str, status: int, message: str) -> dict[str, object]:
    if service == "keystone" or status == 401:
        words = {401: UNAUTHORIZED, 500: ERRED_KEYSTONE}.get(status, HTTPStatus(status).phrase)
        return {"error": {"code": status, "message": message or words, "title": HTTPStatus(status).phrase}}
    words = (ERRED if service == "nova" else ERRED_CINDER) if status == 500 else HTTPStatus(status).phrase
    return {FAULTS.get(status, "computeFault"): {"code": status, "message": message or words}}
