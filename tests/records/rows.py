"""Legs and events as plain data, for what reads them without a database. Times are seconds after BEGIN."""

import itertools
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from calls.vonage.events import Event

BEGIN = datetime(2026, 11, 23, 14, 2, 11, tzinfo=UTC)
CALLER, OURS, PERSON = "447700900123", "442079460010", "447700900456"
DELAY = 0.05  # a webhook's way to us
_serial = itertools.count(1)


def after(seconds: float) -> datetime:
    return BEGIN + timedelta(seconds=seconds)


@dataclass
class Leg:
    """A leg, as the table has it."""

    pk: int
    direction: str = "inbound"
    from_number: str = CALLER
    to_number: str = OURS
    status: str = "completed"
    detail: str = ""
    disconnected_by: str = ""
    machine: str = ""
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: int | None = None
    rate_eur: Decimal | None = None
    price_eur: Decimal | None = None


@dataclass
class Row:
    """An event, as the table has it."""

    leg_id: int | None
    door: str
    kind: str
    status: str
    rank: int
    occurred_at: datetime
    received_at: datetime
    payload: Any
    pk: int = field(default_factory=lambda: next(_serial))


def leg(
    pk: int, start: float | None = 0.0, answered: float | None = None, end: float | None = None, **columns: Any
) -> Leg:
    """A leg with these times; an outbound one rings PERSON."""
    names: dict[str, Any] = {"started_at": start, "answered_at": answered, "ended_at": end}
    times: dict[str, Any] = {name: None if at is None else after(at) for name, at in names.items()}
    if columns.get("direction") == "outbound":
        columns = {"from_number": OURS, "to_number": PERSON} | columns
    return Leg(pk, **times, **columns)


def happened(
    at: float, leg: int | None = 1, *, arrived: float | None = None, door: str = "event", **payload: Any
) -> Row:
    """An event that Vonage dates `at`, read as the store reads it; our own records bear our clock, `arrived`."""
    if door == "event" and "timestamp" not in payload:
        payload["timestamp"] = after(at).isoformat()
    event = Event(payload=payload, door=door, received_at=after(at + DELAY if arrived is None else arrived))
    return Row(leg, door, event.kind, event.status, event.rank, event.occurred_at, event.received_at, payload)


def answered_with(*actions: dict[str, Any], at: float = 0.06, milliseconds: float = 12.5) -> Row:
    """An answer of ours that served these actions."""
    reply = {"ncco": list(actions), "milliseconds": milliseconds, "version": 1}
    request: dict[str, Any] = {"from": CALLER, "to": OURS, "reply": reply}
    return happened(at, arrived=at, door="answer", **request)
