"""Calls that never ended, as far as we were told: the platform is asked, and what it says is recorded.

Vonage sends an event once, and what is lost on the way is not sent again; but for some days it knows how a leg ended.
"""

import logging
from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Exists, OuterRef
from django.utils import timezone

from calls.control.account import account
from calls.control.acting import region_of
from calls.models import CallEvent, Inquiry, Leg, Outcome
from calls.records.batch import write_batch
from calls.records.fold import ASKED, ENDING
from calls.vonage.account import Account
from calls.vonage.events import Event, parse_time, text_of

logger = logging.getLogger(__name__)

QUIET = timedelta(minutes=15)  # without a word, of a call that goes on: then the platform is asked
LONGEST_PAUSE = timedelta(hours=4)  # between two times; it grows from QUIET on
FORGOTTEN_AFTER = timedelta(days=3)
MOST_LEGS = 500  # of one turn


def ask_for_ends() -> Iterator[str]:
    """Ask about the legs that go on and of which nothing was told for a while. Gives each leg that was asked about.

    Ends early where the platform does not answer: it is asked again the next time.
    """
    if account().problem:
        return
    quiet_since = timezone.now() - QUIET
    Inquiry.objects.filter(next_at__lt=timezone.now() - FORGOTTEN_AFTER).delete()
    recent = CallEvent.objects.filter(call=OuterRef("call"), received_at__gte=quiet_since)
    asked = Inquiry.objects.filter(leg_uuid=OuterRef("uuid"), next_at__gt=timezone.now())
    lasting = Leg.objects.filter(call__outcome=Outcome.IN_PROGRESS, call__sealed=False, ended_at=None)
    due = lasting.filter(~Exists(recent), ~Exists(asked)).select_related("call").order_by("call", "pk")
    for leg in due[:MOST_LEGS]:
        assert leg.call  # noqa: S101 - it was joined
        if not _ask(account(region_of(leg.call)), leg):
            return
        yield leg.uuid


def _ask(where: Account, leg: Leg) -> bool:
    """Ask about one leg. Gives whether the platform answered."""
    from calls.vonage.client import VonageError, read  # late: it brings the SDK

    try:
        told = read(where, leg.uuid)
    except VonageError as error:
        logger.info("Vonage was asked about leg %s: %s", leg.uuid, error)
        _later(leg, str(error))
        return error.status not in {0, 401, 403, 429} and error.status < 500
    status = text_of(told.get("status")).lower()
    if status in ENDING:
        _record(leg, told, status)
        Inquiry.objects.filter(leg_uuid=leg.uuid).delete()
    else:
        _later(leg, f"It goes on: {status or 'no status was told'}.")
    return True


def _later(leg: Leg, said: str) -> None:
    inquiry, _ = Inquiry.objects.get_or_create(leg_uuid=leg.uuid)
    inquiry.times, inquiry.said = min(inquiry.times + 1, 1_000), said[:300]
    inquiry.next_at = timezone.now() + min(QUIET * 2 ** min(inquiry.times - 1, 10), LONGEST_PAUSE)
    inquiry.save()


def _record(leg: Leg, told: dict[str, object], status: str) -> None:
    """Record the answer as an act of ours. Where it tells no end, that was when the last thing was told."""
    last = leg.events.told().order_by("-occurred_at").values_list("occurred_at", flat=True).first()
    ended_at = parse_time(told.get("end_time")) or last or timezone.now()
    payload = {
        "type": ASKED,
        "action": f"asked Vonage what became of the call: {status}",
        "by": "The worker",
        "uuid": leg.uuid,
        "conversation_uuid": leg.conversation_uuid,
        "told": told,
        "ended_at": ended_at.isoformat(),
    }
    write_batch([Event(payload={k: v for k, v in payload.items() if v}, door="us", received_at=timezone.now())])
