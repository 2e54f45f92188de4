"""By which key an event names the head of its request. A process asks the database once a day for each."""

import logging
import time
from collections.abc import Iterable
from datetime import UTC, date, datetime

from django.db import Error, connection, transaction

from calls.models import RequestHead
from calls.vonage.events import Event
from calls.vonage.heads import Head

logger = logging.getLogger(__name__)

MOST_REMEMBERED = 4_000
SPARED_SECONDS = 10.0  # after a failure


class Heads:
    """What this process knows of heads today: whether they are kept."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin as a process does."""
        self.day: date | None = None
        self.kept: dict[Head, bool] = {}
        self.said_on: date | None = None  # that there is no room
        self.spared_until = float("-inf")

    def keep(self, events: Iterable[Event]) -> None:
        """Write down the heads of these that this process did not meet yet today. As a rule there are none.

        In a transaction of its own, before that of the events: what becomes of one is nothing to the other. Raises
        what the database raises when it is away, or its connection is lost: that is the failure of the events as well.
        """
        today = datetime.now(UTC).date()
        if today != self.day or len(self.kept) > MOST_REMEMBERED:
            self.day, self.kept = today, {}
        kept = self.kept  # a day that another thread begins meanwhile is told nothing of this one
        new = {event.head for event in events if event.head and event.head not in kept}
        if not new or time.monotonic() < self.spared_until:
            return
        used = None
        try:
            with transaction.atomic():
                used = connection.connection
                there = RequestHead.objects.keep(list(new), today)
        except Exception as error:  # an event is worth more than its head
            if isinstance(error, Error) and is_lost(used):
                raise
            self.spared_until = time.monotonic() + SPARED_SECONDS
            logger.warning("Headers of webhooks are not kept just now: %s", str(error).strip())
        else:
            kept.update((head, there.get(head.key) == head) for head in new)
            if any(head.key not in there for head in new) and self.said_on != today:
                self.said_on = today
                logger.warning("Headers of webhooks that are new today are not kept: too many came that differ")

    def key_of(self, head: Head | None) -> int | None:
        """Give what an event of ours is to bear."""
        return head.key if head and self.kept.get(head) else None


def is_lost(used: object) -> bool:
    """Whether that connection is gone, or there was none. Django may have made another by now."""
    return used is None or connection.connection is not used or not connection.is_usable()


heads = Heads()
