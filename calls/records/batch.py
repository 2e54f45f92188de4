"""The one code path by which events enter the call log.

`write_batch` keeps events and brings their legs and calls up to date, in one transaction. It is true when
several processes store events of the same call at once: each locks the legs that its events name, then the
conversations, then the calls concerned, and folds only what it reads behind these locks.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from calls.models import Call, CallEvent, Leg
from calls.records.fold import fold, visits
from calls.records.locks import LEGS, ROOMS, Held, Names, find, in_transaction, lock_calls
from calls.records.places import Reading, place_legs, place_rooms, place_visits
from calls.records.sums import sum_up
from calls.records.tables import Table
from calls.vonage.events import Event, Payload

logger = logging.getLogger(__name__)

Histories = dict[str, list[Event]]  # by the leg's uuid

EVENTS = Table(CallEvent, "digest")
EVENT_COLUMNS = ("leg_id", "payload", "door", "received_at", "digest")
HISTORY = "JOIN calls_call ON calls_call.id = call_id WHERE leg_id = ANY(%s) AND NOT calls_call.sealed"
ONE_MORE = "times_received = calls_callevent.times_received + excluded.times_received"
AS_BEFORE = "times_received = calls_callevent.times_received"


def write_batch(events: Sequence[Event], *, perhaps_kept: bool = False) -> None:
    """Keep the events, each delivery once, and fold them into legs and calls. All or nothing.

    One that was kept before is a repeat, and counted; with `perhaps_kept` it may be the very same delivery, and is not.
    """
    if events:
        in_transaction(partial(_write, events, AS_BEFORE if perhaps_kept else ONE_MORE), Names.of(events))


def _write(events: Sequence[Event], where_there: str, names: Names) -> None:
    legs = find(LEGS, names.legs)
    histories = _histories(legs)
    names.check(Names.of(event for history in histories.values() for event in history))
    held = Held(legs, find(ROOMS, names.rooms))
    kept = {event.digest for history in histories.values() for event in history}
    new = {event.digest: event for event in reversed(events) if event.digest not in kept}
    reading = _read(histories, new.values())
    lock_calls(held, reading.facts)
    left = place_legs(held, reading.facts)
    place_visits(held, reading.visits)
    won_or_lost = place_rooms(held, left)
    rows = _rows(events, held, reading.errors)
    EVENTS.insert(rows, where_there=where_there)
    with_news = {row["call_id"] for row in rows if row["call_id"] and row["digest"] in new}
    if late := with_news & held.sealed:
        Call.objects.filter(pk__in=late).update(has_payloads=True)
    sum_up(left | won_or_lost | with_news, held)


def event_of(payload: Payload, door: str, received_at: datetime, digest: UUID, **more: Any) -> Event:
    """Read a kept event again. Its digest is known, and for an act of ours it could not be made a second time."""
    event = Event(payload=payload, door=door, received_at=received_at, **more)
    vars(event)["digest"] = digest
    return event


def read_legs(histories: Mapping[str, Sequence[Event]], blamed: Mapping[str, Sequence[Event]]) -> Reading:
    """Read each leg out of its events. Where our reading fails they stay as they are; those blamed get the error."""
    reading = Reading({}, {}, {})
    for uuid, events in histories.items():
        try:
            reading.facts[uuid] = fold(events)
            if len({name for event in events for name in event.conversations}) > 1:
                reading.visits[uuid] = visits(events)
        except Exception as error:  # a fault of ours must not cost what Vonage said
            logger.exception("Leg %s could not be read", uuid)
            reading.facts.pop(uuid, None)
            reason = f"{type(error).__name__}: {error}"
            reading.errors.update((event.digest, reason) for event in blamed.get(uuid, ()))
    return reading


def _histories(legs: Mapping[str, Leg]) -> Histories:
    """Read all that was kept of each leg. One of a sealed call has no history any more, and is left out."""
    histories: Histories = {uuid: [] for uuid, leg in legs.items() if not leg.pk}
    uuids = {leg.pk: leg.uuid for leg in legs.values() if leg.pk}
    if uuids:
        for leg, *columns in EVENTS.read(EVENT_COLUMNS, HISTORY, list(uuids)):
            histories.setdefault(uuids[leg], []).append(event_of(*columns))
    return histories


def _read(histories: Histories, new: Iterable[Event]) -> Reading:
    fresh: Histories = {}
    for event in new:
        fresh.setdefault(event.leg_uuid, []).append(event)
    return read_legs({uuid: [*events, *fresh.get(uuid, [])] for uuid, events in histories.items()}, fresh)


def _rows(events: Iterable[Event], held: Held, errors: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """Make a row of each delivery, at its place: its columns."""
    times = Counter(event.digest for event in events)
    rows = []
    for event in {event.digest: event for event in events}.values():
        call, leg = held.place_of(event)
        rows.append(
            {
                "call_id": call,
                "leg_id": leg.pk if leg else None,
                "payload": event.payload,
                "raw": event.raw,
                "signed": event.signed,
                "digest": event.digest,
                "times_received": times[event.digest],
                "received_at": event.received_at,
                "error": errors.get(event.digest, ""),
                **reading_of(event),
            }
        )
    return rows


def reading_of(event: Event) -> dict[str, object]:
    """The columns of an event that are our reading of it alone."""
    return {
        "conversation_uuid": event.conversation_uuid,
        "door": event.door,
        "kind": event.kind,
        "status": event.status,
        "rank": event.rank,
        "occurred_at": event.occurred_at,
    }
