"""What we did, kept in the call log."""

from typing import Any

from django.utils import timezone

from calls.records.store import StoreUnavailable, store
from calls.vonage.events import Event


def record(payload: dict[str, Any]) -> None:
    """Keep an act of ours as an event of its call. It is done already, so that nothing keeps it is no failure."""
    try:
        store(Event(payload=payload, received_at=timezone.now(), door="us"))
    except StoreUnavailable:
        return
