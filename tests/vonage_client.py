"""Vonage, as the webhook doors see it: requests that are signed as the platform signs them.

The signature is made here by hand, not by our own `calls.vonage.signatures`, so that the two check each other.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.test import Client

# The test client's responses carry more than HttpResponse does (`.json()`); their class is private to Django's stubs.
Response = Any
Body = Mapping[str, Any] | bytes

SIGNED = "signed by Vonage"  # stands for the header that Vonage would send


def sign(body: bytes = b"", *, secret: str = "", algorithm: str = "HS256", **claims: Any) -> str:
    """Give the Authorization header for a request with this body.

    `claims` replace or add to those of Vonage; one that is None is left out. An empty `secret` is ours.
    """
    told: dict[str, Any] = {"iat": int(time.time()), "jti": "0f1e2d3c", "iss": "Vonage"}
    if body:
        told["payload_hash"] = hashlib.sha256(body).hexdigest()
    told = {name: value for name, value in (told | claims).items() if value is not None}
    return "Bearer " + token(json.dumps(told).encode(), secret=secret, algorithm=algorithm)


def token(claims: bytes, *, secret: str = "", algorithm: str = "HS256") -> str:
    """Sign any bytes as the claims of a JWT (RFC 7515), with one of HS256, HS384 and HS512."""
    header = json.dumps({"alg": algorithm, "typ": "JWT"}).encode()
    signed = b".".join(_base64(part) for part in (header, claims))
    key = (secret or settings.VONAGE_SIGNATURE_SECRET[0]).encode()
    signature = hmac.digest(key, signed, f"sha{algorithm.removeprefix('HS')}")
    return b".".join([signed, _base64(signature)]).decode()


def _base64(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


def in_query(fields: Mapping[str, Any]) -> dict[str, str]:
    """Write fields as Vonage does in a GET request: a nested object is JSON text, null is an empty text."""
    return {
        name: value if isinstance(value, str) else "" if value is None else json.dumps(value, separators=(",", ":"))
        for name, value in fields.items()
    }


class VonageClient:
    """Posts and gets at the doors, with Django's CSRF checks on."""

    def __init__(self) -> None:
        self.http = Client(enforce_csrf_checks=True)

    def post(
        self,
        path: str,
        payload: Body,
        *,
        authorization: str | None = SIGNED,
        content_type: str = "application/json",
        **extra: Any,
    ) -> Response:
        """Post a payload, or bytes as they are. `authorization=None` leaves the header out."""
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        headers = _headers(sign(body) if authorization == SIGNED else authorization)
        return self.http.post(path, body, content_type=content_type, headers=headers, **extra)

    def get(
        self, path: str, fields: Mapping[str, Any], *, authorization: str | None = SIGNED, **extra: Any
    ) -> Response:
        """Get with the fields in the query string, signed over a JSON text of them as Vonage does."""
        query = in_query(fields)
        text = json.dumps(query, separators=(",", ":"), ensure_ascii=False)
        headers = _headers(sign(text.encode()) if authorization == SIGNED else authorization)
        address = f"{path}?{urlencode(query)}" if query else path
        return self.http.get(address, headers=headers, **extra)


def _headers(authorization: str | None) -> dict[str, str]:
    return {} if authorization is None else {"Authorization": authorization}
