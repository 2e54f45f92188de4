"""Take a webhook only when Vonage signed it. In every mode: the local Vonage signs as the real one does.

A webhook is known by its WSGI environ alone. Nothing of Django's request is of use here, and making one costs more than
all that is done with it: see `webhooks.wsgi`.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings

from calls.vonage.signatures import Claims, SignatureMissing, SignatureRefused, verify
from calls.webhooks.delivery import Delivery, Environ
from calls.webhooks.heads import head_of
from calls.webhooks.refusals import refuse
from calls.webhooks.reply import Promise, Reply

logger = logging.getLogger(__name__)
TOO_MUCH = "the body is over 256 KiB, or its length is no number"
METHODS = ("GET", "POST")  # an application may choose at Vonage for each webhook


class TooMuch(ValueError):
    """More is sent than we read."""


View = Callable[[Delivery], Reply | Promise]
Webhook = Callable[[Environ], Reply | Promise]


def signed_by_vonage(door: str) -> Callable[[View], Webhook]:
    """Hand the view a Delivery whose signature is good; refuse all else with 401, and too much with 413."""

    def decorate(view: View) -> Webhook:
        def checked(environ: Environ) -> Reply | Promise:
            delivery = Delivery.of(environ)
            if delivery.method not in METHODS:
                return Reply(HTTPStatus.METHOD_NOT_ALLOWED, headers=[("Allow", ", ".join(METHODS))])
            try:
                delivery.body = body_of(environ)
                delivery.claims = claims_of(environ, delivery)
            except TooMuch:
                return refuse(delivery, door, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_MUCH)
            except OSError:  # the sender hung up
                return Reply(HTTPStatus.BAD_REQUEST)
            except SignatureRefused as refusal:
                return refuse(delivery, door, HTTPStatus.UNAUTHORIZED, str(refusal))
            if delivery.claims and delivery.claims.hash_differs:
                logger.info("Noted at /%s: payload_hash does not fit the query", door)
            delivery.head = head_of(environ, delivery)
            return view(delivery)

        return checked

    return decorate


def body_of(environ: Environ) -> bytes:
    """Read the raw body. Raises TooMuch without reading more than is allowed, and OSError."""
    length, most = environ.get("CONTENT_LENGTH") or "0", settings.WEBHOOK_MAX_BYTES
    if not (length.isdecimal() and len(length) < 16 and int(length) <= most):
        raise TooMuch
    if len(environ.get("QUERY_STRING", "")) > most:
        raise TooMuch
    return bytes(environ["wsgi.input"].read(int(length))) if int(length) else b""


def claims_of(environ: Environ, delivery: Delivery) -> Claims | None:
    """Check the signature; None where none is there and none is asked for. Raises SignatureRefused."""
    try:
        return verify(
            environ.get("HTTP_AUTHORIZATION"),
            delivery.body,
            query=delivery.query,
            secrets=settings.VONAGE_SIGNATURE_SECRET,
            application_id=settings.VONAGE_APPLICATION_ID,
            api_key=settings.VONAGE_API_KEY,
        )
    except SignatureMissing:
        if settings.WEBHOOK_SIGNATURES == "optional":
            return None
        raise
