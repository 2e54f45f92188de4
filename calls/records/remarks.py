"""What people remarked on a call, told from what happened on it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from calls.records.moments import EventRow
from calls.vonage.events import text_of

REMARK = "remark"  # bears what an act was: "note", "handled", "reopened", "blocked", "tagged"
MOST_CHARACTERS = 2_000


@dataclass(frozen=True)
class Remark:
    """One of them: who did what, and when; `note` is the text of a note."""

    by: str
    words: str
    note: str
    at: datetime


def is_remark(event: EventRow) -> bool:
    """Whether people said it: it is no part of the call, and may come weeks after it."""
    return event.kind == "action" and isinstance(event.payload, dict) and REMARK in event.payload


def remarks_of(events: Iterable[EventRow]) -> list[Remark]:
    """Read the remarks among these events, the newest first."""
    rows = sorted(filter(is_remark, events), key=lambda event: (event.received_at, event.pk), reverse=True)
    return [_remark(event) for event in rows]


def _remark(event: EventRow) -> Remark:
    told = {name: text_of(event.payload.get(name), MOST_CHARACTERS) for name in ("by", "action", "note")}
    return Remark(told["by"], told["action"], told["note"], event.received_at)
