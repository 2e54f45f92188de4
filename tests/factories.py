"""Make what a test is about, in plain words. Rows come into being as in real life: by publishing, and by events."""

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from calls.flows.numbers import save_number
from calls.flows.routing import directory
from calls.flows.steps import Greeting
from calls.models import Call, Contact, ContactNumber, PhoneNumber
from calls.records.store import store
from calls.vonage.events import Event

CALLER, OURS, PERSON = "447700900123", "442079460000", "447700900456"
ONE_CALL = ("started", "ringing", "answered", "completed")
_serial = itertools.count(1)


def make_number(
    msisdn: str = OURS, *, greeting: str = "Thanks for calling.", label: str = "", **voice: Any
) -> PhoneNumber:
    """Publish a number whose callers hear this greeting. `voice` is language, style or premium."""
    number = save_number(msisdn, label=label, greeting=Greeting(text=greeting, **voice))
    directory.look()
    return number


def make_event(status: str = "started", *, at: datetime | None = None, **fields: Any) -> dict[str, Any]:
    """Give the payload of a status event, as Vonage shapes it. `fields` replace or add to it."""
    moment = (at or datetime.now(UTC)).astimezone(UTC)
    payload: dict[str, Any] = {
        "headers": {},
        "from": CALLER,
        "to": OURS,
        "uuid": "8b4f0d3c1e5a4b7c9d2e6f8a0b1c2d3e",
        "conversation_uuid": "CON-f972836a-550f-45fa-956c-12a2ab5b7d22",
        "status": status,
        "direction": "inbound",
        "timestamp": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    if status == "answered":
        payload |= {"start_time": None, "rate": None, "network": None}
    if status == "completed":
        payload |= {"duration": "0", "rate": "0.00", "price": "0", "start_time": None, "network": None}
    return payload | fields


def told(status: str = "started", **fields: Any) -> Event:
    """Give such an event as it was received just now."""
    return Event(payload=make_event(status, **fields), received_at=datetime.now(UTC))


def make_call(
    *statuses: str, at: datetime | None = None, seconds: int = 8, extra: Sequence[dict[str, Any]] = (), **fields: Any
) -> Call:
    """Store the events of a call of one leg, and give the call.

    `statuses` are Vonage's words in their order (of an answered call, unless told). It starts and rings `at`
    (a minute ago), is answered half a second later, and all else happens after `seconds`. `fields` go into each
    event, such as `to="442079460001"`; `extra` are further payloads, stored with the call's identities.
    """
    serial = next(_serial)
    begun = at or datetime.now(UTC) - timedelta(minutes=1)
    offsets = {"started": 0.0, "ringing": 0.0, "answered": 0.5}
    same = {"uuid": f"{serial:032x}", "conversation_uuid": f"CON-00000000-0000-4000-8000-{serial:012x}"} | fields
    for status in statuses or ONE_CALL:
        told = dict(same)
        if status == "completed" and "answered" in (statuses or ONE_CALL):
            told = {"duration": str(seconds), "rate": "0.00450000", "price": "0.00060000"} | same
        moment = begun + timedelta(seconds=offsets.get(status, seconds))
        keep(make_event(status, at=moment, **told))
    for payload in extra:
        keep({"uuid": same["uuid"], "conversation_uuid": same["conversation_uuid"]} | payload)
    return Call.objects.of_leg(str(same["uuid"])).get()


def keep(payload: dict[str, Any], *, door: str = "event") -> None:
    """Store a payload as if it had just come in at the door."""
    store(Event(payload=payload, door=door, received_at=datetime.now(UTC)))


def make_contact(name: str, *parties: str, tags: Sequence[str] = ()) -> Contact:
    """Keep a contact with these numbers or SIP addresses, and tags."""
    contact = Contact.objects.create(name=name)
    for party in parties:
        number = ContactNumber(contact=contact, party=party)
        number.full_clean()
        number.save()
    contact.set_tags(tags)
    return contact
