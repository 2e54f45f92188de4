"""How many calls are placed: a second, a minute, a day. Counted in the database, so that all processes count alike."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from calls.control.refusals import Refused
from calls.models import Gate, Placement, User

GATE = "placing"
PLATFORM_A_SECOND = 3
TOO_MANY = 429


def stand_in_line() -> None:
    """Wait until nobody else counts. Within a transaction, which SQLite begins as the only writer."""
    gate, _ = Gate.objects.get_or_create(name=GATE)
    Gate.objects.select_for_update().get(pk=gate.pk)


def check(user: User | None) -> None:
    """Raises Refused where one more call would be one too many. Stand in line before, and count after."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("Limits are counted within a transaction.")
    now = timezone.now()
    everybody, one = Placement.objects.all(), Placement.objects.filter(user=user)
    limits = [
        (everybody, timedelta(seconds=1), PLATFORM_A_SECOND, "a second, as Vonage allows"),
        (one, timedelta(minutes=1), settings.OUTBOUND_PER_USER, "a minute for one user (OUTBOUND_PER_USER)"),
        (everybody, timedelta(minutes=1), settings.OUTBOUND_PER_MINUTE, "a minute (OUTBOUND_PER_MINUTE)"),
        (everybody, timedelta(days=1), settings.OUTBOUND_PER_DAY, "a day (OUTBOUND_PER_DAY)"),
    ]
    for placed, period, most, words in limits:
        times = list(placed.since(now - period).order_by("-asked_at").values_list("asked_at", flat=True)[:most])
        if len(times) >= most:
            raise _too_many(f"{most} {'call is' if most == 1 else 'calls are'} placed {words}.", times, period, now)


def _too_many(words: str, times: list[datetime], period: timedelta, now: datetime) -> Refused:
    """Say when there is room again: when the oldest that counts is older than the period."""
    seconds = max(int((times[-1] + period - now).total_seconds()) + 1, 1) if times else int(period.total_seconds())
    return Refused(f"No more than {words} Try again in {_shown(seconds)}.", TOO_MANY, retry_after=seconds)


def _shown(seconds: int) -> str:
    if seconds < 120:
        return f"{seconds} s"
    return f"{seconds // 60} min" if seconds < 7200 else f"{seconds // 3600} h"
