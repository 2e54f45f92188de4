"""Calls whose end was never told. Vonage sends an event once: what is lost on the way is not sent again.

That we wait no longer is an act of ours, and recorded as one, so that `fold` stays pure. What Vonage tells after it
counts for more: such a call is in progress again, or over, as if nothing had been missing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from calls.models import Call, CallEvent, Outcome
from calls.records.batch import write_batch
from calls.records.fold import END_UNKNOWN
from calls.vonage.events import Event


def close_lost_calls() -> Iterator[int]:
    """Close the calls in progress of which nothing came for CALL_STALE_HOURS, one by one. Gives their keys."""
    silent_since = timezone.now() - timedelta(hours=settings.CALL_STALE_HOURS)
    # Whatever is recorded of a call counts here, what we did ourselves as well: then something may still come of it.
    recent = CallEvent.objects.filter(call=OuterRef("pk"), received_at__gte=silent_since)
    silent = Call.objects.open().filter(~Exists(recent), outcome=Outcome.IN_PROGRESS)
    for call in silent.order_by("pk"):
        if _close(call, silent_since):
            yield call.pk


def _close(call: Call, silent_since: datetime) -> bool:
    """Record that we wait no longer, unless something has come in the meantime."""
    leg = call.legs.oldest_first().first()
    if leg is None:
        return False
    waited = f"gave up waiting for the end: nothing was told for {settings.CALL_STALE_HOURS} hours"
    told = {"type": END_UNKNOWN, "uuid": leg.uuid, "conversation_uuid": call.conversation_uuid, "action": waited}
    payload = {name: value for name, value in told.items() if value}
    with transaction.atomic():
        write_batch([Event(payload=payload, door="us", received_at=timezone.now())])
        # Its locks are held now: what came just before is seen here, and what comes now waits for us.
        still_there = Call.objects.filter(pk=call.pk).exists()
        if not still_there or call.events.told().filter(received_at__gte=silent_since).exists():
            transaction.set_rollback(True)
            return False
    return True
