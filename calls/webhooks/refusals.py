"""Refuse a webhook: counted in memory, with a sample a second for staff. A flood costs no more than that."""

import logging
import threading
import time
from http import HTTPStatus

from calls.models import Refusal
from calls.records.store import later
from calls.webhooks.delivery import Delivery
from calls.webhooks.lines import in_one_line
from calls.webhooks.reply import Reply

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


def refuse(delivery: Delivery, door: str, status: HTTPStatus, reason: str) -> Reply:
    """Answer `status` with the reason, and keep a sample. What Vonage itself signed is always kept."""
    keep_sample(delivery, door, status, reason)
    headers = [("WWW-Authenticate", "Bearer")] if status == HTTPStatus.UNAUTHORIZED else []
    return Reply(status, f"{reason}\n".encode("utf-8", "replace"), headers=headers)


def keep_sample(delivery: Delivery, door: str, status: HTTPStatus, reason: str) -> None:
    others = 0 if delivery.signed else strangers.admits()
    if others is None:
        return
    reason = in_one_line(reason)  # it may quote what a stranger sent
    logger.warning("Refused at /%s: %s%s", door, reason, f" (and {others} more)" if others else "")
    refusal = Refusal(
        door=door,
        http_status=status,
        reason=reason[:255],
        remote_address=delivery.sender[:64],
        body=readable(delivery),
        others=others,
    )
    later(lambda: Refusal.objects.keep(refusal), "A refusal could not be recorded")


def readable(delivery: Delivery) -> str:
    """The beginning of what was sent, as text that every database takes."""
    sent = delivery.query.encode() if delivery.method == "GET" else delivery.body
    return sent[:BODY_SHOWN].decode("utf-8", "replace").replace("\x00", "\ufffd")
