"""Read the rows of the call log out of events: pure, so that order, repeats and delays do not matter.

`fold(events of a leg) → LegFacts` and `total(legs, kinds of leg-less events) → CallFacts`. The most telling status
wins, not the last to arrive: `completed` hides no reason, and nothing that comes late reopens an ended leg.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol, TypeVar

from calls.vonage.events import Event, in_order, parse_time, text_of

# How telling a status is. Words that are not here, and what machine detection says, never outrank one that is.
TELLING = {
    status: weight
    for weight, status in enumerate(
        (
            "started",
            "ringing",
            "answered",
            "disconnected",
            "completed",
            "cancelled",
            "timeout",
            "unanswered",
            "busy",
            "failed",
            "rejected",
        ),
        start=2,
    )
}
DETECTION = {"human": 1, "machine": 1}
ENDING = {"disconnected", "completed", "cancelled", "timeout", "unanswered", "busy", "failed", "rejected"}
Fact = TypeVar("Fact")
MOST_SECONDS = 2**31 - 1
# What is more cannot be true, and SQLite could not read it back: it keeps 15 digits, 8 of them decimals.
MOST_EUR = Decimal(10) ** 6
MOST_EUR_IN_ALL = Decimal(10) ** 7

OUTCOMES = {
    "cancelled": "cancelled",
    "timeout": "missed",
    "unanswered": "missed",
    "busy": "busy",
    "failed": "failed",
    "rejected": "rejected",
}


@dataclass(frozen=True)
class LegFacts:
    """The columns of a Leg."""

    born_in: str
    conversation_uuid: str
    direction: str
    from_number: str
    to_number: str
    status: str
    detail: str
    sip_code: int | None
    disconnected_by: str
    machine: str
    started_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    duration_seconds: int | None
    rate_eur: Decimal | None
    price_eur: Decimal | None
    network: str


@dataclass(frozen=True)
class CallFacts:
    """The columns of a Call."""

    conversation_uuid: str
    direction: str
    from_number: str
    to_number: str
    outcome: str
    started_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    duration_seconds: int | None
    price_eur: Decimal | None


class LegRow(Protocol):
    """What `total` reads of a leg: LegFacts and the model both have it."""

    conversation_uuid: str
    direction: str
    from_number: str
    to_number: str
    status: str
    started_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    duration_seconds: int | None
    price_eur: Decimal | None


def fold(events: Iterable[Event]) -> LegFacts:
    """Read one leg out of all its events, in whatever order and however often they came."""
    ordered = in_order(events)
    told = [event for event in ordered if event.door == "event"]
    # Where Vonage has told us a time, its clock alone counts; what we recorded ourselves fills the gaps.
    clock = [event for event in told if event.told_time] or told or ordered
    known = told + [event for event in ordered if event.door != "event"]
    statuses = [event for event in told if event.status]
    telling = max(statuses, key=lambda event: weight_of(event.status), default=None)
    conversations = [uuid for event in clock for uuid in event.conversations] or [
        uuid for event in known for uuid in event.conversations
    ]
    answered = _first(statuses, lambda event: event.occurred_at if _word(event) == "answered" else None)
    return LegFacts(
        born_in=conversations[0] if conversations else "",
        conversation_uuid=conversations[-1] if conversations else "",
        direction=_known(known, "direction", length=16),
        from_number=_known(known, "from") or _known(known, "from_user"),
        to_number=_known(known, "to"),
        status=telling.status if telling else "",
        detail=_known(statuses, "detail", length=64),
        sip_code=_first(statuses, lambda event: _whole(event.payload.get("sip_code"), most=32_767)),
        disconnected_by=_known(statuses, "disconnected_by", length=16),
        machine=next((_word(event) for event in statuses if _word(event) in DETECTION), ""),
        started_at=clock[0].occurred_at if clock else None,
        answered_at=answered or _first(statuses, lambda event: parse_time(event.payload.get("start_time"))),
        ended_at=_first(statuses, lambda event: event.occurred_at if _word(event) in ENDING else None),
        duration_seconds=_first(statuses, lambda event: _whole(event.payload.get("duration"), most=MOST_SECONDS)),
        rate_eur=_first(statuses, lambda event: _money(event.payload.get("rate"))),
        price_eur=_first(statuses, lambda event: _money(event.payload.get("price"))),
        network=_known(statuses, "network", length=64),
    )


def total(legs: Sequence[LegRow], kinds: Collection[str]) -> CallFacts:
    """Sum up a call from its legs, oldest first, and the kinds of its events. Raises IndexError without legs."""
    first = legs[0]
    over = all(leg.ended_at for leg in legs)
    prices = [leg.price_eur for leg in legs if leg.price_eur is not None]
    price = sum(prices, Decimal(0))
    return CallFacts(
        conversation_uuid=first.conversation_uuid,
        direction=first.direction,
        from_number=first.from_number,
        to_number=first.to_number,
        outcome=_outcome(legs, kinds) if over else "in progress",
        started_at=first.started_at,
        answered_at=first.answered_at,
        ended_at=max(leg.ended_at for leg in legs if leg.ended_at) if over else None,
        duration_seconds=first.duration_seconds,
        price_eur=price if prices and price < MOST_EUR_IN_ALL else None,
    )


def weight_of(status: str) -> int:
    """How telling a status is; 0 for a word that we don't know."""
    word = status.lower()
    return TELLING.get(word, DETECTION.get(word, 0))


def _outcome(legs: Sequence[LegRow], kinds: Collection[str]) -> str:
    """Say what came of a call that is over: who was forwarded to decides, else the caller's own leg."""
    first, further = legs[0], legs[1:]
    if any(leg.answered_at and _result(leg) == "answered" for leg in further):
        return "answered"
    result = _result(further[-1] if further else first)
    left_message = "record" in kinds and first.direction != "outbound" and _result(first) == "answered"
    return "voicemail" if left_message else result


def _result(leg: LegRow) -> str:
    reason = OUTCOMES.get(leg.status.lower())
    return reason or ("answered" if leg.answered_at else "missed")


def _word(event: Event) -> str:
    return event.status.lower()


def _first(events: Iterable[Event], read: Callable[[Event], Fact | None]) -> Fact | None:
    return next((fact for fact in map(read, events) if fact is not None), None)


def _known(events: Iterable[Event], name: str, length: int = 255) -> str:
    """Give the first of the events' values that says anything."""
    return next((text for text in (text_of(event.payload.get(name), length) for event in events) if text), "")


def _whole(value: Any, *, most: int) -> int | None:
    """Read a whole number that Vonage may have written as text; None where it is none or cannot be true."""
    number = _decimal(value)
    return int(number) if number is not None and 0 <= number <= most else None


def _money(value: Any) -> Decimal | None:
    """Read a rate or price in EUR to 8 decimals; None where it is none or cannot be true."""
    number = _decimal(value)
    return number.quantize(Decimal("1e-8")) if number is not None and 0 <= number < MOST_EUR else None


def _decimal(value: Any) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
