"""Take a webhook only when Vonage signed it. In every mode: the local Vonage signs as the real one does."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.http.request import UnreadablePostError

from calls.vonage.events import Payload, read_body, read_query
from calls.vonage.signatures import Claims, SignatureMissing, SignatureRefused, verify
from calls.webhooks.refusals import refuse

logger = logging.getLogger(__name__)
TOO_MUCH = "the body is over 256 KiB, or its length is no number"


@dataclass(frozen=True)
class Delivery:
    """What came: the raw bytes that the payload is read from, and who signed them (None: nobody, as allowed)."""

    method: str
    body: bytes
    query: str
    content_type: str
    claims: Claims | None
    begun: float  # time.perf_counter() when we took it up: how long an answer took counts from here

    @property
    def signed(self) -> bool:
        return self.claims is not None

    def payload(self) -> tuple[Payload, bytes | None]:
        """Read it; give the raw bytes as well where they had to be cleaned. Raises EventError."""
        if self.body or self.method == "POST":
            payload, changed = read_body(self.body, self.content_type)
        else:
            payload, changed = read_query(self.query)
        return payload, (self.body or self.query.encode("utf-8", "surrogateescape")) if changed else None


View = Callable[[HttpRequest, Delivery], HttpResponse]


def signed_by_vonage(door: str) -> Callable[[View], Callable[[HttpRequest], HttpResponse]]:
    """Hand the view a Delivery whose signature is good; refuse all else with 401, and too much with 413."""

    def decorate(view: View) -> Callable[[HttpRequest], HttpResponse]:
        @wraps(view)
        def checked(request: HttpRequest) -> HttpResponse:
            begun = time.perf_counter()
            try:
                body = read_request(request)
            except RequestDataTooBig:
                request._body = b""
                return refuse(request, door, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_MUCH)
            except UnreadablePostError:  # the sender hung up
                return HttpResponse(status=HTTPStatus.BAD_REQUEST)
            try:
                claims = claims_of(request, body)
            except SignatureRefused as refusal:
                return refuse(request, door, HTTPStatus.UNAUTHORIZED, str(refusal))
            if claims and claims.hash_differs:
                logger.info("Noted at /%s: payload_hash does not fit the query", door)
            query = request.META.get("QUERY_STRING", "")
            return view(request, Delivery(request.method or "", body, query, request.content_type or "", claims, begun))

        return checked

    return decorate


def read_request(request: HttpRequest) -> bytes:
    """Read the raw body. Raises RequestDataTooBig without reading more than is allowed."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not (length.isdecimal() and len(length) < 16 and int(length) <= settings.WEBHOOK_MAX_BYTES):
        raise RequestDataTooBig
    if len(request.META.get("QUERY_STRING", "")) > settings.WEBHOOK_MAX_BYTES:
        raise RequestDataTooBig
    return request.body


def claims_of(request: HttpRequest, body: bytes) -> Claims | None:
    """Check the signature; None where none is there and none is asked for. Raises SignatureRefused."""
    try:
        return verify(
            request.META.get("HTTP_AUTHORIZATION"),  # `headers` would make a dictionary of all of them
            body,
            query=request.META.get("QUERY_STRING", ""),
            secrets=settings.VONAGE_SIGNATURE_SECRET,
            application_id=settings.VONAGE_APPLICATION_ID,
            api_key=settings.VONAGE_API_KEY,
        )
    except SignatureMissing:
        if settings.WEBHOOK_SIGNATURES == "optional":
            return None
        raise
