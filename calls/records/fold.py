"""Read the rows of the call log out of events: pure, so that order, repeats and delays do not matter.

`fold(events of a leg) → LegFacts` and `total(what is known of all legs) → CallFacts`. The most telling status
wins, not the last to arrive: `completed` hides no reason, and nothing that comes late reopens an ended leg.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import groupby
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from calls.vonage.events import Event, parse_time, text_of

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
TEXT_OR_NUMBER = (str, int, float)
MOST_SECONDS = 2**31 - 1
# What is more cannot be true, and SQLite could not read it back: it keeps 15 digits, 8 of them decimals.
MOST_EUR = Decimal(10) ** 6
MOST_EUR_IN_ALL = Decimal(10) ** 7

ANSWERED, MISSED = "answered", "missed"
END_UNKNOWN = "end unknown"  # the outcome of a call, and the type of the act by which we record it
ASKED = "asked"  # the type of the act by which we record what the platform told when we asked about a leg
# What comes of a leg that ends so. One that ends in another way was picked up, or it was not.
RESULTS = {
    "cancelled": "cancelled",
    "timeout": MISSED,
    "unanswered": MISSED,
    "busy": "busy",
    "failed": "failed",
    "rejected": "rejected",
}


@dataclass(frozen=True)
class LegFacts:
    """The columns of a Leg, and the conversation it was born in, which is its call's."""

    born_in: str
    moved_to: str
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
    result: str


class Entry(NamedTuple):
    """Orders the events of a leg, and the legs that enter a conversation: who comes first stands first.

    What Vonage told comes before what we recorded ourselves, and what it gave a time before what our clock dates:
    the two clocks may lie hours apart. The digest settles what is left.
    """

    clock: int  # 0 Vonage's, 1 ours where Vonage told no time, 2 ours for what we did
    at: datetime
    rank: int
    digest: UUID


@dataclass(frozen=True)
class CallFacts:
    """The columns of a Call."""

    moved_to: str
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
    """What `total` reads of a call's first leg: LegFacts and the model both have it."""

    @property
    def moved_to(self) -> str: ...
    @property
    def direction(self) -> str: ...
    @property
    def from_number(self) -> str: ...
    @property
    def to_number(self) -> str: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def answered_at(self) -> datetime | None: ...
    @property
    def duration_seconds(self) -> int | None: ...
    @property
    def result(self) -> str: ...


@dataclass(frozen=True)
class AllLegs:
    """What `total` needs to know of the legs of a call, however many there are."""

    first: LegRow  # the one that started first; its uuid settles equal times
    last_result: str  # of the one that started last; the first one's own where there is no other
    over: bool  # all have ended
    ended_at: datetime | None  # the latest of their ends
    answered: int  # how many have the result “answered”
    price_eur: Decimal | None  # of all; None where no price was told
    recorded: bool  # the call has a `record` event, and not of a room
    given_up: bool  # we recorded its end as unknown, and since then Vonage told nothing

    @classmethod
    def of_one(cls, leg: "LegFacts") -> "AllLegs":
        """Know it of a call with one leg, of which nothing was recorded."""
        return cls(
            first=leg,
            last_result=leg.result,
            over=leg.ended_at is not None,
            ended_at=leg.ended_at,
            answered=int(leg.result == ANSWERED),
            price_eur=leg.price_eur,
            recorded=False,
            given_up=False,
        )


def fold(events: Iterable[Event]) -> LegFacts:
    """Read one leg out of all its events, in whatever order and however often they came."""
    ordered = in_order(events)
    told = [
        event if event.door == "event" else _as_told(event)
        for event in ordered
        if event.door == "event" or _is_told(event)
    ]
    statuses = [event for event in told if event.status]
    telling = max(statuses, key=lambda event: weight_of(event.status), default=None)
    status = telling.status if telling else ""
    conversations = _conversations(ordered)
    answered = _first(statuses, lambda event: event.occurred_at if _word(event) == "answered" else None)
    answered = answered or _first(statuses, lambda event: parse_time(event.payload.get("start_time")))
    ended_at = _first(statuses, lambda event: event.occurred_at if _word(event) in ENDING else None)
    return LegFacts(
        born_in=conversations[0] if conversations else "",
        moved_to=conversations[-1] if conversations and conversations[-1] != conversations[0] else "",
        direction=_known(ordered, "direction", length=16),
        from_number=_known(ordered, "from") or _known(ordered, "from_user"),
        to_number=_known(ordered, "to"),
        status=status,
        detail=_known(statuses, "detail", length=64),
        sip_code=_first(statuses, lambda event: _whole(event.payload.get("sip_code"), most=32_767)),
        disconnected_by=_known(statuses, "disconnected_by", length=16),
        machine=next((_word(event) for event in statuses if _word(event) in DETECTION), ""),
        started_at=ordered[0].occurred_at if ordered else None,
        answered_at=answered,
        ended_at=ended_at,
        duration_seconds=_first(statuses, lambda event: _whole(event.payload.get("duration"), most=MOST_SECONDS)),
        rate_eur=_first(statuses, lambda event: _money(event.payload.get("rate"))),
        price_eur=_first(statuses, lambda event: _money(event.payload.get("price"))),
        network=_known(statuses, "network", length=64),
        result=_result(status, answered) if ended_at else "",
    )


def _is_told(event: Event) -> bool:
    """Whether it is what Vonage told when we asked."""
    return event.door == "us" and event.payload.get("type") == ASKED


def _as_told(event: Event) -> Event:
    """Read the platform's answer about a leg as the webhook that did not come."""
    answer = event.payload.get("told")
    answer = answer if isinstance(answer, dict) else {}
    return Event(payload=answer | {"timestamp": event.payload.get("ended_at")}, received_at=event.received_at)


def visits(events: Iterable[Event]) -> dict[str, Entry]:
    """Say when the leg of these events first was in each conversation."""
    found: dict[str, Entry] = {}
    for event in in_order(events):
        for uuid in event.conversations:
            found.setdefault(uuid, entry_of(event))
    return found


def total(legs: AllLegs) -> CallFacts:
    """Sum up a call from what is known of its legs."""
    first, price = legs.first, legs.price_eur
    return CallFacts(
        moved_to=first.moved_to,
        direction=first.direction,
        from_number=first.from_number,
        to_number=first.to_number,
        outcome=_outcome(legs) if legs.over else END_UNKNOWN if legs.given_up else "in progress",
        started_at=first.started_at,
        answered_at=first.answered_at,
        ended_at=legs.ended_at if legs.over else None,
        duration_seconds=first.duration_seconds,
        price_eur=price if price is not None and price < MOST_EUR_IN_ALL else None,
    )


def entry_of(event: Event) -> Entry:
    """Give an event its place among others."""
    return Entry(_clock_of(event), event.occurred_at, event.rank, event.digest)


def _clock_of(event: Event) -> int:
    return 2 if event.door != "event" else int(event.told_time is None)


def in_order(events: Iterable[Event]) -> list[Event]:
    """First things first, by a rule that does not depend on arrival."""
    return sorted(events, key=entry_of)


def weight_of(status: str) -> int:
    """How telling a status is; 0 for a word that we don't know."""
    word = status.lower()
    return TELLING.get(word, DETECTION.get(word, 0))


def _conversations(ordered: list[Event]) -> list[str]:
    """Name the conversations that the leg was in, by the best clock that any was told by."""
    for _, events in groupby(ordered, _clock_of):
        if names := [uuid for event in events for uuid in event.conversations]:
            return names
    return []


def _outcome(legs: AllLegs) -> str:
    """Say what came of a call that is over: who was forwarded to decides, else the caller's own leg."""
    first_answered = legs.first.result == ANSWERED
    if legs.answered > first_answered:
        return ANSWERED  # a further leg was
    left_message = legs.recorded and legs.first.direction != "outbound" and first_answered
    return "voicemail" if left_message else legs.last_result


def _result(status: str, answered_at: datetime | None) -> str:
    return RESULTS.get(status.lower()) or (ANSWERED if answered_at else MISSED)


def _word(event: Event) -> str:
    return event.status.lower()


def _first(events: Iterable[Event], read: Callable[[Event], Fact | None]) -> Fact | None:
    for event in events:
        if (fact := read(event)) is not None:
            return fact
    return None


def _known(events: Iterable[Event], name: str, length: int = 255) -> str:
    """Give the first of the events' values that says anything."""
    for event in events:
        value = event.payload.get(name)
        if value is not None and (text := text_of(value, length)):
            return text
    return ""


def _whole(value: Any, *, most: int) -> int | None:
    """Read a whole number that Vonage may have written as text; None where it is none or cannot be true."""
    number = _decimal(value)
    return int(number) if number is not None and 0 <= number <= most else None


def _money(value: Any) -> Decimal | None:
    """Read a rate or price in EUR to 8 decimals; None where it is none or cannot be true."""
    number = _decimal(value)
    return number.quantize(Decimal("1e-8")) if number is not None and 0 <= number < MOST_EUR else None


def _decimal(value: Any) -> Decimal | None:
    if value is None or isinstance(value, bool) or not isinstance(value, TEXT_OR_NUMBER):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None
