"""By which key an event names the head of its request. A process asks the database once a day for each."""

import logging
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime

from django.db import transaction

from calls.models import RequestHead
from calls.vonage.events import Event
from calls.vonage.heads import Head

logger = logging.getLogger(__name__)

MOST_REMEMBERED = 4_000
SPARED_SECONDS = 10.0  # after a failure


class Heads:
    """What this process knows of heads today, by their digests: whether they are kept."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin as a process does."""
        self.day: date | None = None
        self.kept: dict[bytes, bool] = {}
        self.spared_until = float("-inf")

    def keep(self, events: Iterable[Event]) -> None:
        """Write down the heads of these that this process did not meet yet today. Never raises.

        In a transaction of its own, before that of the events: what becomes of one is nothing to the other. As a rule
        there is nothing to write.
        """
        today = datetime.now(UTC).date()
        if today != self.day or len(self.kept) > MOST_REMEMBERED:
            self.day, self.kept = today, {}
        new = {event.head.digest: event.head for event in events if event.head and event.head.digest not in self.kept}
        if not new or time.monotonic() < self.spared_until:
            return
        try:
            with transaction.atomic():
                there = RequestHead.objects.keep(list(new.values()), today)
        except Exception as error:  # an event is worth more than its head
            self.spared_until = time.monotonic() + SPARED_SECONDS
            logger.warning("Headers of webhooks are not kept just now: %s", str(error).strip())
        else:
            self.kept |= {digest: head in there for digest, head in new.items()}

    def key_of(self, head: Head | None) -> int | None:
        """Give what an event of ours is to bear."""
        return head.key if head and self.kept.get(head.digest) else None


heads = Heads()
