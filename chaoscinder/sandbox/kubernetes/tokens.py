"""Tokens of ServiceAccounts: signed by the sandbox, read back, and written into Secrets of their type.

They are JSON Web Tokens with the claims that the real ones have, but signed with a secret of this process (HS256; the real ones are RS256),
so no other sandbox takes them. Their time is the cluster's.
"""

import base64
import hashlib
import hmac
import json
import secrets
from datetime import UTC, datetime
from typing import Any

from chaoscinder.sandbox.kubernetes.asking import Asked
from chaoscinder.sandbox.kubernetes.resources import NODES, PODS, SECRETS, SERVICEACCOUNTS, Resource
from chaoscinder.sandbox.kubernetes.statuses import bad_request, invalid, invalid_value
from chaoscinder.sandbox.kubernetes.store import Happened, Object, Store
from chaoscinder.sandbox.kubernetes.users import User, account_groups, account_name

ISSUER = "https://kubernetes.default.svc.cluster.local"
LEGACY_ISSUER = "kubernetes/serviceaccount"
TYPE = "kubernetes.io/service-account-token"
NAME, UID = "kubernetes.io/service-account.name", "kubernetes.io/service-account.uid"
LEAST_S, USUAL_S, MOST_S = 600, 3600, 1 << 32
_LEGACY = "kubernetes.io/serviceaccount"
_BOUND_TO = {"Pod": PODS, "Secret": SECRETS, "Node": NODES}
_REQUEST = Resource("authentication.k8s.io", "v1", "tokenrequests", "TokenRequest", True)


class Tokens:
    """Issues and reads tokens, and fills Secrets of type service-account-token. ca is the certificate that goes along, as PEM."""

    def __init__(self, store: Store, ca: str = "") -> None:
        self._store = store
        self._ca = ca
        self._key = secrets.token_bytes(32)
        self._unfilled: list[Object] = []
        store.listen(self._happened)
        store.world.add_settler(self._fill_secrets)

    def request(self, store: Store, asked: Asked) -> Object:
        """Answer a TokenRequest."""
        sent = asked.document()
        spec = dict(sent.get("spec") or {})
        spec["audiences"] = spec.get("audiences") or [ISSUER]
        spec.setdefault("expirationSeconds", USUAL_S)
        spec.setdefault("boundObjectRef", None)
        _check(spec["expirationSeconds"])
        account = store.get(SERVICEACCOUNTS, asked.name, asked.home)
        bound = self._bound_object(spec["boundObjectRef"], asked.home)
        ends_s = int(store.world.now.timestamp()) + int(spec["expirationSeconds"])
        status = {"token": self._sign(self._claims(account, spec["audiences"], ends_s, bound)), "expirationTimestamp": _stamp(ends_s)}
        meta = {"name": asked.name, "namespace": asked.home, "creationTimestamp": store.world.stamp()}
        return {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": meta, "spec": spec, "status": status}

    def read(self, token: str) -> User | None:
        """The ServiceAccount that a token speaks for; None where it is not ours, is over, or what it is bound to is gone."""
        claims = self._verified(token)
        if claims is None:
            return None
        if claims.get("iss") == LEGACY_ISSUER:
            return self._legacy_user(claims, token)
        now_s = self._store.world.now.timestamp()
        if ISSUER not in claims["aud"] or not claims["nbf"] <= now_s + 1 or now_s >= claims["exp"]:
            return None
        return self._bound_user(claims)

    def _claims(self, account: Object, audiences: list[str], ends_s: int, bound: Object | None) -> Object:
        meta = account["metadata"]
        now_s = int(self._store.world.now.timestamp())
        about: Object = {"namespace": meta["namespace"], "serviceaccount": {"name": meta["name"], "uid": meta["uid"]}}
        if bound:
            about[bound["kind"].lower()] = {"name": bound["metadata"]["name"], "uid": bound["metadata"]["uid"]}
        times = {"exp": ends_s, "iat": now_s, "nbf": now_s}
        subject = account_name(meta["namespace"], meta["name"])
        return {"aud": audiences, "iss": ISSUER, "jti": self._store.world.new_uuid(), **times, "kubernetes.io": about, "sub": subject}

    def _bound_object(self, reference: Object | None, namespace: str) -> Object | None:
        if not reference:
            return None
        resource = _BOUND_TO.get(reference.get("kind", ""))
        if resource is None:
            raise bad_request(f"cannot bind token for serviceaccount to object of type {reference.get('kind', '')}")
        return self._store.get(resource, reference.get("name", ""), namespace if resource.namespaced else "")

    def _bound_user(self, claims: Object) -> User | None:
        about = claims["kubernetes.io"]
        namespace, extra = about["namespace"], {"authentication.kubernetes.io/credential-id": [f"JTI={claims['jti']}"]}
        for kind, resource in _BOUND_TO.items():
            if (held := about.get(kind.lower())) and not self._is_there(resource, held, namespace):
                return None
            if held and kind != "Secret":
                extra |= {f"authentication.kubernetes.io/{kind.lower()}-{field}": [held[field]] for field in ("name", "uid")}
        return self._user(about["serviceaccount"], namespace, extra)

    def _legacy_user(self, claims: Object, token: str) -> User | None:
        namespace = claims[f"{_LEGACY}/namespace"]
        secret = self._store.find(SECRETS, claims[f"{_LEGACY}/secret.name"], namespace)
        if secret is None or (secret.get("data") or {}).get("token") != _b64(token):
            return None
        account = {field: claims[f"{_LEGACY}/service-account.{field}"] for field in ("name", "uid")}
        return self._user(account, namespace, {})

    def _user(self, account: Object, namespace: str, extra: dict[str, list[str]]) -> User | None:
        if not self._is_there(SERVICEACCOUNTS, account, namespace):
            return None
        return User(account_name(namespace, account["name"]), account_groups(namespace), account["uid"], extra)

    def _is_there(self, resource: Resource, held: Object, namespace: str) -> bool:
        found = self._store.find(resource, held["name"], namespace if resource.namespaced else "")
        return found is not None and found["metadata"]["uid"] == held["uid"]

    def _happened(self, event: Happened) -> None:
        if event.resource is SECRETS and event.type == "ADDED" and event.object.get("type") == TYPE:
            self._unfilled.append(event.object)

    def _fill_secrets(self) -> bool:
        """Do what the controller manager's token controller does with a Secret of that type."""
        waiting, self._unfilled = self._unfilled, []
        for secret in waiting:
            self._fill(secret)
        return bool(waiting)

    def _fill(self, secret: Object) -> None:
        name, home = secret["metadata"]["name"], secret["metadata"]["namespace"]
        if self._store.find(SECRETS, name, home) is None:
            return
        account = self._store.find(SERVICEACCOUNTS, secret["metadata"]["annotations"][NAME], home)
        if account is None:
            self._store.delete(SECRETS, name, home)
            return
        meta = account["metadata"]
        subject = {f"{_LEGACY}/{key}": value for key, value in _legacy(meta, name).items()}
        token = self._sign({"iss": LEGACY_ISSUER, **subject, "sub": account_name(home, meta["name"])})

        def edit(new: Object) -> None:
            new["metadata"]["annotations"][UID] = meta["uid"]
            new["data"] = {**(new.get("data") or {}), "ca.crt": _b64(self._ca), "namespace": _b64(home), "token": _b64(token)}

        self._store.change(SECRETS, name, home, edit)

    def _sign(self, claims: Object) -> str:
        text = f"{_part({'alg': 'HS256', 'typ': 'JWT'})}.{_part(claims)}"
        return f"{text}.{_url64(hmac.digest(self._key, text.encode(), hashlib.sha256))}"

    def _verified(self, token: str) -> Object | None:
        text, _, signature = token.rpartition(".")
        if not hmac.compare_digest(_url64(hmac.digest(self._key, text.encode(), hashlib.sha256)), signature):
            return None
        payload = text.partition(".")[2]
        claims: Object = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return claims


def _check(expires_s: Any) -> None:
    why = "less than 10 minutes" if expires_s < LEAST_S else "larger than 2^32 seconds" if expires_s > MOST_S else ""
    if why:
        raise invalid(_REQUEST, "", [invalid_value("spec.expirationSeconds", expires_s, f"may not specify a duration {why}")])


def _legacy(account: Object, secret: str) -> dict[str, str]:
    named = {"namespace": account["namespace"], "secret.name": secret}
    return {**named, "service-account.name": account["name"], "service-account.uid": account["uid"]}


def _stamp(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _part(value: Object) -> str:
    return _url64(json.dumps(value, separators=(",", ":")).encode())


def _url64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
