"""What a whole history means, read plainly: everything at once, in memory, from Vonage's words alone.

A second reading of the same facts as `calls.records`, written without looking at it, so that the two check each
other. It takes nothing of an Event but what came: door, payload and our clock.
Source: https://developer.vonage.com/en/voice/voice-api/webhook-reference
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from calls.vonage.events import Event

Row = dict[str, Any]

# Of two statuses of a leg the later one here tells more. A word that is not here tells least.
LEAST_TO_MOST_TELLING = (
    ("human", "machine"),
    ("started",),
    ("ringing",),
    ("answered",),
    ("disconnected",),
    ("completed",),
    ("cancelled",),
    ("timeout",),
    ("unanswered",),
    ("busy",),
    ("failed",),
    ("rejected",),
)
ENDINGS = {"disconnected", "completed", "cancelled", "timeout", "unanswered", "busy", "failed", "rejected"}
# Of things that happened at one moment, these come first and those last.
AT_ONE_MOMENT = (
    *("started", "ringing", "answer", "fallback", "answered", "human or machine", "transfer", "input", "notify"),
    *("action", "unknown", "error", "record", "disconnected", "cancelled", "timeout", "unanswered", "busy", "failed"),
    *("rejected", "completed", "transcription"),
)
NO_PICK_UP = {"busy": "busy", "cancelled": "cancelled", "failed": "failed", "rejected": "rejected"}


@dataclass(frozen=True)
class Rows:
    """What must stand in the tables, with names in place of keys."""

    calls: dict[str, Row]  # by the conversation they were born in
    legs: dict[str, Row]  # by uuid
    events: dict[str, Row]  # by door and content
    conversations: dict[str, str]  # every one that a leg was ever in, and the call that it finds


@dataclass
class Happening:
    """One delivery, or one act of ours, with how often it came."""

    key: str
    door: str
    payload: dict[str, Any]
    received_at: datetime
    times: int = 1

    def text(self, name: str) -> str:
        """A scalar as text; "" where there is none."""
        value = self.payload.get(name)
        if isinstance(value, str):
            return value.strip()
        return "" if value is None or isinstance(value, bool | dict | list) else str(value)

    @property
    def kind(self) -> str:
        if self.door != "event":
            return self.door if self.door in ("answer", "fallback") else "action"
        if self.text("status") == "transcribed":
            return "transcription"
        if self.text("status"):
            return "status"
        if self.text("type") == "transfer":
            return "transfer"
        for field, kind in {"recording_url": "record", "reason": "error", "payload": "notify"}.items():
            if field in self.payload:
                return kind
        return "input" if "dtmf" in self.payload or "speech" in self.payload else "unknown"

    @property
    def status(self) -> str:
        return self.text("status") if self.kind == "status" else ""

    @property
    def leg(self) -> str:
        return self.text("uuid") or self.text("call_uuid")

    @property
    def conversations(self) -> list[str]:
        """Those that it names, in the order in which its leg was in them."""
        names = ["conversation_uuid"]
        if self.kind == "transfer":
            names = ["conversation_uuid_from", "conversation_uuid_to"]
        return [self.text(name) for name in names if self.text(name)]

    @property
    def by_vonages_clock(self) -> datetime | None:
        """What we did ourselves has none, whatever its fields say."""
        if self.door != "event":
            return None
        moments = (moment_in(self.text(name)) for name in ("timestamp", "end_time", "start_time"))
        return next((moment for moment in moments if moment), None)

    @property
    def at(self) -> datetime:
        return self.by_vonages_clock or self.received_at

    @property
    def order(self) -> tuple[bool, bool, datetime, int, str]:
        """What we did ourselves comes after what we were told, and what our clock dates after what Vonage's does.

        They are not one clock, and ours may be wrong. The last part settles what is left.
        """
        word = self.status or self.kind
        word = "human or machine" if word in ("human", "machine") else word
        rank = AT_ONE_MOMENT.index(word if word in AT_ONE_MOMENT else "unknown")
        settled = Event(door=self.door, payload=self.payload, received_at=self.received_at).digest
        return (self.door != "event", self.by_vonages_clock is None, self.at, rank, str(settled))


def moment_in(text: str) -> datetime | None:
    """A time in any spelling of Vonage's; UTC where none is named."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def money_in(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return round(amount, 8) if amount.is_finite() and amount >= 0 else None


def whole_number_in(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def contents(payload: Any) -> str:
    """One spelling for what GET and POST spell each in its way: all scalars are text, what is empty is not there."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: plain(inner) for name, inner in value.items() if inner not in (None, "")}
        if isinstance(value, list):
            return [plain(inner) for inner in value]
        return value if isinstance(value, str) else json.dumps(value)

    return json.dumps(plain(payload), sort_keys=True)


def key_of(door: str, payload: dict[str, Any], received_at: datetime) -> str:
    """What tells a delivery from others is its content; an act of ours, the moment as well."""
    moment = "" if door == "event" else received_at.isoformat()
    return f"{door} {moment} {contents(payload)}"


def happenings(history: Iterable[Event]) -> list[Happening]:
    """Each delivery once, however often it came; each act of ours as often as there was one."""
    found: dict[str, Happening] = {}
    for event in history:
        key = key_of(event.door, event.payload, event.received_at)
        if key in found:
            found[key].times += 1
        else:
            found[key] = Happening(key, event.door, event.payload, event.received_at)
    return sorted(found.values(), key=lambda one: one.order)


def read_plainly(history: Iterable[Event]) -> Rows:
    """Read a whole history, whatever its order."""
    told = happenings(history)
    of_leg: dict[str, list[Happening]] = {}
    for one in told:
        if one.leg:
            of_leg.setdefault(one.leg, []).append(one)
    legs = {uuid: leg_of(uuid, events) for uuid, events in of_leg.items()}
    conversations = {leg["born_in"]: call_of(leg) for leg in legs.values() if leg["born_in"]}
    for one in told:  # in their order: a room is found under the call whose leg was there first
        for conversation in one.conversations if one.leg else []:
            conversations.setdefault(conversation, call_of(legs[one.leg]))
    events = {}
    for one in told:
        call = conversations.get(one.conversations[-1]) if one.conversations else None
        events[one.key] = {
            "call": call_of(legs[one.leg]) if one.leg else call,
            "leg": one.leg or None,
            "kind": one.kind,
            "status": one.status,
            "occurred_at": one.at,
            "times_received": one.times,
        }
    calls = {}
    for origin in {call_of(leg) for leg in legs.values()}:
        own = [leg for leg in legs.values() if call_of(leg) == origin]
        recorded = any(row["call"] == origin and row["kind"] == "record" for row in events.values())
        calls[origin] = call_with(own, recorded=recorded)
    return Rows(calls, legs, events, conversations)


def call_of(leg: Row) -> str:
    """The call of a leg is named for the conversation it was born in, or for the leg where none was ever named."""
    return leg["born_in"] or f"leg:{leg['uuid']}"


def leg_of(uuid: str, events: list[Happening]) -> Row:
    """What the events of a leg, in their order, tell of it."""
    statuses = [one for one in events if one.status]
    completed = [one for one in statuses if one.status == "completed"]
    ends = [one for one in statuses if one.status in ENDINGS]
    picked_up = [one.at for one in statuses if one.status == "answered"]
    billed_from = [moment for one in completed if (moment := moment_in(one.text("start_time")))]
    conversations = [name for one in events for name in one.conversations]
    deciding = max(statuses, key=lambda one: telling(one.status), default=None)
    return {
        "uuid": uuid,
        "born_in": first(conversations, ""),
        "conversation_uuid": latest_conversation(events),
        "direction": first_text(events, "direction"),
        "from_number": first((one.text("from") or one.text("from_user") for one in events), ""),
        "to_number": first_text(events, "to"),
        "status": deciding.status if deciding else "",
        "detail": first_text(statuses, "detail"),
        "sip_code": first((whole_number_in(one.text("sip_code")) for one in statuses), None),
        "disconnected_by": first_text(completed, "disconnected_by"),
        "machine": first((one.status for one in statuses if one.status in ("human", "machine")), ""),
        "started_at": events[0].at,
        "answered_at": first(picked_up + billed_from, None),
        "ended_at": ends[0].at if ends else None,
        "duration_seconds": first((whole_number_in(one.text("duration")) for one in completed), None),
        "rate_eur": first((money_in(one.text("rate")) for one in completed), None),
        "price_eur": first((money_in(one.text("price")) for one in completed), None),
        "network": first_text(completed, "network"),
    }


def telling(status: str) -> int:
    """How much a status tells; of equals the first one counts."""
    return next((at for at, words in enumerate(LEAST_TO_MOST_TELLING) if status in words), -1)


def latest_conversation(events: list[Happening]) -> str:
    """The last one by the best clock that names any."""
    for clock in sorted({one.order[:2] for one in events}):
        if names := [name for one in events if one.order[:2] == clock for name in one.conversations]:
            return names[-1]
    return ""


def first(values: Iterable[Any], otherwise: Any) -> Any:
    """The first one that is known: 0 is, "" and None are not."""
    return next((value for value in values if value not in (None, "")), otherwise)


def first_text(events: list[Happening], field: str) -> str:
    return str(first((one.text(field) for one in events), ""))


def call_with(legs: list[Row], *, recorded: bool) -> Row:
    """What the legs of a call come to."""
    legs = sorted(legs, key=lambda leg: (leg["started_at"], leg["uuid"]))
    over = all(leg["ended_at"] for leg in legs)
    prices = [leg["price_eur"] for leg in legs if leg["price_eur"] is not None]
    own_facts = ("conversation_uuid", "direction", "from_number", "to_number", "answered_at", "duration_seconds")
    return {name: legs[0][name] for name in own_facts} | {
        "started_at": legs[0]["started_at"],
        "ended_at": max(leg["ended_at"] for leg in legs) if over else None,
        "price_eur": sum(prices) if prices else None,
        "outcome": outcome_of(legs, recorded=recorded) if over else "in progress",
    }


def outcome_of(legs: list[Row], *, recorded: bool) -> str:
    """What came of a call that is over. Whom the caller was put through to counts, where there was somebody."""
    caller, *others = legs
    if "answered" in [result_of(leg) for leg in others]:
        return "answered"
    if recorded and caller["direction"] == "inbound" and result_of(caller) == "answered":
        return "voicemail"
    return result_of(legs[-1])


def result_of(leg: Row) -> str:
    """What came of a leg that is over."""
    if leg["status"] in NO_PICK_UP:
        return NO_PICK_UP[leg["status"]]
    return "answered" if leg["answered_at"] and leg["status"] not in ("timeout", "unanswered") else "missed"
