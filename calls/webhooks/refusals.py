"""Refuse a webhook: counted in memory, with a sample a second for staff. A flood costs no more than that."""

import logging
import threading
import time
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from calls.models import Refusal
from calls.records.store import later
from calls.webhooks.lines import in_one_line

logger = logging.getLogger(__name__)

SAMPLE_SECONDS = 1.0
BODY_SHOWN = 2_000


class Sampler:
    """Lets one refusal a second through, and counts the others."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.last = float("-inf")
        self.passed_over = 0

    def admits(self) -> int | None:
        """Give how many were passed over since the last sample, or None when this one is passed over too."""
        with self.lock:
            now = time.monotonic()
            if now - self.last < SAMPLE_SECONDS:
                self.passed_over += 1
                return None
            self.last, others, self.passed_over = now, self.passed_over, 0
            return others


strangers = Sampler()


def refuse(request: HttpRequest, door: str, status: HTTPStatus, reason: str, *, signed: bool = False) -> HttpResponse:
    """Answer `status` with the reason, and keep a sample. What Vonage itself signed is always kept."""
    keep_sample(request, door, status, reason, signed=signed)
    response = HttpResponse(f"{reason}\n", status=status, content_type="text/plain; charset=utf-8")
    if status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def keep_sample(request: HttpRequest, door: str, status: HTTPStatus, reason: str, *, signed: bool) -> None:
    others = 0 if signed else strangers.admits()
    if others is None:
        return
    reason = in_one_line(reason)  # it may quote what a stranger sent
    logger.warning("Refused at /%s: %s%s", door, reason, f" (and {others} more)" if others else "")
    refusal = Refusal(
        door=door,
        http_status=status,
        reason=reason[:255],
        remote_address=request.META.get("REMOTE_ADDR", "")[:64],
        body=readable(request),
        others=others,
    )
    later(lambda: Refusal.objects.keep(refusal), "A refusal could not be recorded")


def readable(request: HttpRequest) -> str:
    """The beginning of what was sent, as text that every database takes."""
    sent = request.META.get("QUERY_STRING", "").encode() if request.method == "GET" else request.body
    return sent[:BODY_SHOWN].decode("utf-8", "replace").replace("\x00", "\ufffd")
