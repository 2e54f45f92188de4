"""When each event of a call happened, in seconds after the call's start. Pure.

Vonage's clock is the call's; what we recorded ourselves (the answers we gave) bears ours. Where the two lie more
than SAME_CLOCK_SECONDS apart, our records are placed by what arrived around them, and say so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median
from typing import Any, Protocol

from calls.vonage.events import RANKS, text_of

SAME_CLOCK_SECONDS = 2.0  # a webhook takes that long at most when nothing is wrong
LATE_SECONDS = 2.0  # later than its neighbours by this much: worth telling


class EventRow(Protocol):
    """What is read of an event: the model has it."""

    pk: int
    leg_id: int | None
    door: str
    kind: str
    status: str
    rank: int
    occurred_at: datetime
    received_at: datetime
    payload: Any


@dataclass(frozen=True)
class Moment:
    """When an event happened and when it came, in seconds after the start."""

    event: EventRow
    at: float
    arrived: float
    estimated: bool = False  # worked out by us: the clocks differ
    late: float = 0.0  # seconds; 0 when it came in time


@dataclass(frozen=True)
class Clock:
    """Puts moments on the call's line."""

    zero: datetime
    skew: float

    def at(self, moment: datetime) -> float:
        return (moment - self.zero).total_seconds()

    def place(self, event: EventRow) -> Moment:
        """Place an event by Vonage's clock if it told the time, else by ours, put right by the skew."""
        arrived = self.at(event.received_at) - self.skew
        if not told(event):
            return Moment(event, at=arrived, arrived=arrived, estimated=bool(self.skew))
        at = self.at(event.occurred_at)
        late = arrived - at
        return Moment(event, at=at, arrived=arrived, late=late if late > LATE_SECONDS else 0.0)


def told(event: EventRow) -> bool:
    """Whether the event bears Vonage's time: ours stands in where the payload tells none."""
    return event.door == "event" and event.occurred_at != event.received_at


def skew_of(events: Iterable[EventRow]) -> float:
    """By how many seconds our clock is ahead of Vonage's; 0 when they agree as well as can be told."""
    gaps = [(event.received_at - event.occurred_at).total_seconds() for event in events if told(event)]
    skew = median(gaps) if gaps else 0.0
    return skew if abs(skew) > SAME_CLOCK_SECONDS else 0.0


def shape_of(event: EventRow) -> str:
    """How an event is marked: told (to us), asked (and we answered), ours (our act), unknown (kept as it came)."""
    if event.kind in {"answer", "fallback"} or "ncco" in reply_of(event):
        return "asked"
    if event.kind == "action":
        return "ours"
    new_word = event.kind == "status" and event.status.lower() not in RANKS
    return "unknown" if new_word or event.kind == "unknown" else "told"


def served_actions(event: EventRow) -> list[dict[str, Any]]:
    """The actions of the NCCO that we served with this event; none where it was no answer of ours."""
    actions = reply_of(event).get("ncco")
    return [action for action in actions if isinstance(action, dict)] if isinstance(actions, list) else []


def reply_of(event: EventRow) -> dict[str, Any]:
    """What was kept of our reply: its NCCO, the version, the steps; {} where nothing was."""
    reply = event.payload.get("reply") if isinstance(event.payload, dict) else None
    return reply if isinstance(reply, dict) else {}


def visits_of(event: EventRow) -> list[dict[str, Any]]:
    """The steps of a flow that the event led through, or tells of, in order, with what the caller chose there."""
    path = reply_of(event).get("path")
    return [visit for visit in path if isinstance(visit, dict)] if isinstance(path, list) else []


def is_message(event: EventRow) -> bool:
    """Whether it tells of a message that a caller left: what was recorded, but not of a room."""
    first = next(iter(visits_of(event)), {})
    return event.kind == "record" and text_of(first.get("kind")) in {"", "voicemail"}


def keys_of(payload: Any) -> str:
    """What was keyed in: `dtmf` is an object, and was a text until 2020. "" for nothing."""
    dtmf = payload.get("dtmf") if isinstance(payload, dict) else None
    return text_of(dtmf.get("digits") if isinstance(dtmf, dict) else dtmf)
