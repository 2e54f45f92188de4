"""The one code path by which events enter the call log.

`write_batch` keeps events and brings their legs and calls up to date, in one transaction. It is true when
several processes store events of the same call at once: each locks the names of the legs and conversations that
its events bear, then the rows of the calls concerned, and folds only what it reads behind these locks.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection

from calls.models import Call, CallEvent, Conversation, Leg
from calls.records.fold import fold, visits
from calls.records.locks import HELD, Held, Names, in_transaction, make_calls
from calls.records.places import Reading, place_legs, place_rooms, place_visits
from calls.records.sums import sum_up
from calls.records.tables import Statement, Table, run_all
from calls.vonage.events import Event, Payload

logger = logging.getLogger(__name__)

Histories = dict[str, list[Event]]  # by the leg's uuid

EVENTS = Table(CallEvent, "digest")
KNOWN = """
    SELECT 'leg', leg.id, leg.uuid, leg.call_id, event.payload, event.door, event.received_at, event.digest
    FROM calls_leg AS leg JOIN calls_call AS call ON call.id = leg.call_id
    LEFT JOIN calls_callevent AS event ON event.leg_id = leg.id AND NOT call.sealed
    WHERE leg.uuid = ANY(%s)
    UNION ALL
    SELECT 'room', room.id, room.uuid, room.call_id, NULL, NULL, NULL, NULL
    FROM calls_conversation AS room WHERE room.uuid = ANY(%s)
    UNION ALL
    SELECT CASE WHEN call.sealed THEN 'sealed' ELSE 'call' END, call.id, call.origin_uuid, NULL, NULL, NULL, NULL, NULL
    FROM calls_call AS call WHERE {calls}
"""
# On Postgres the calls are those that are locked, and new legs and their calls get keys: nothing waits to learn them.
SET_ASIDE = """
    UNION ALL
    SELECT 'new', nextval('calls_leg_id_seq'), name, nextval('calls_call_id_seq'), NULL, NULL, NULL, NULL
    FROM unnest(%s::text[]) AS name WHERE NOT EXISTS (SELECT FROM calls_leg WHERE uuid = name)
"""
KNOWN_ON_POSTGRES = KNOWN.format(calls=f"call.id = ANY(current_setting('{HELD}')::bigint[])") + SET_ASIDE
KNOWN_ON_SQLITE = KNOWN.format(
    calls="""call.origin_uuid = ANY(%s) OR call.id IN (
        SELECT call_id FROM calls_leg WHERE uuid = ANY(%s)
        UNION ALL SELECT call_id FROM calls_conversation WHERE uuid = ANY(%s)
    )"""
)
ONE_MORE = "times_received = calls_callevent.times_received + excluded.times_received"
# What bears the very time of the one kept before is that one, and no repeat.
ONE_MORE_IF_ANOTHER = f"{ONE_MORE} - CASE WHEN calls_callevent.received_at = excluded.received_at THEN 1 ELSE 0 END"


def write_batch(events: Sequence[Event], *, by_two_ways: bool = False) -> None:
    """Keep the events, each delivery once, and fold them into legs and calls. All or nothing.

    A repeat is counted. `by_two_ways`: a delivery may come here twice by itself, through the spool and through a
    database that was too slow to say that it has it.
    """
    if events:
        in_transaction(partial(_write, events, ONE_MORE_IF_ANOTHER if by_two_ways else ONE_MORE), Names.of(events))


def _write(events: Sequence[Event], where_there: str, names: Names) -> None:
    held, histories = _known(names)
    names.check(Names.of(event for history in histories.values() for event in history))
    held.check()
    kept = {event.digest for history in histories.values() for event in history}
    new = {event.digest: event for event in reversed(events) if event.digest not in kept}
    reading = _read(histories, new.values())
    make = make_calls(held, reading.facts)  # else the sum makes them: each of these has one
    left, write = place_legs(held, reading.facts)
    if left or reading.visits:  # then the database is asked where these legs are
        run_all([*make, *write])
        write = []
        place_visits(held, reading.visits)
    won_or_lost, tie = place_rooms(held, left)
    rows = _rows(events, held, reading.errors)
    with_news = {row["call_id"] for row in rows if row["call_id"] and row["digest"] in new}
    if late := with_news & held.sealed:
        Call.objects.filter(pk__in=late).update(has_payloads=True)
    sum_up(left | won_or_lost | with_news, held, [*write, *tie, *EVENTS.inserts(rows, where_there=where_there)])


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


def _known(names: Names) -> tuple[Held, Histories]:
    """Lock the names and their calls, and read what is known of them: of a leg or call not enough to save it.

    A leg of a sealed call has no history any more, and is left out of the histories.
    """
    held = Held({uuid: Leg(uuid=uuid) for uuid in names.legs}, {uuid: Conversation(uuid=uuid) for uuid in names.rooms})
    histories: Histories = {}
    legs, rooms = list(names.legs), list(names.rooms)
    known: Statement = KNOWN_ON_SQLITE, (legs, rooms, names.origins(), legs, rooms)
    if connection.vendor == "postgresql":
        known = KNOWN_ON_POSTGRES, (legs, rooms, legs)
    for kind, pk, uuid, call, payload, door, received_at, digest in run_all([*names.locks(), *names.holds(), known]):
        if kind in {"call", "sealed"}:
            held.calls[uuid] = Call(pk=pk, origin_uuid=uuid, sealed=kind == "sealed")
            continue
        row: Leg | Conversation = held.rooms[uuid] if kind == "room" else held.legs[uuid]
        row.pk = pk
        if kind == "new":
            held.set_aside[uuid] = call
            histories[uuid] = []
            continue
        row.call_id = call
        if payload is not None:
            columns = {"payload": payload, "received_at": received_at, "digest": digest}
            told = {name: EVENTS.python(name, value) for name, value in columns.items()}
            histories.setdefault(uuid, []).append(event_of(door=door, **told))
    return held, histories | {uuid: [] for uuid, leg in held.legs.items() if not leg.pk}


def _read(histories: Histories, new: Iterable[Event]) -> Reading:
    fresh: Histories = {}
    for event in new:
        fresh.setdefault(event.leg_uuid, []).append(event)
    return read_legs({uuid: [*events, *fresh.get(uuid, [])] for uuid, events in histories.items()}, fresh)


def _rows(events: Sequence[Event], held: Held, errors: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """Make a row of each delivery, at its place: its columns."""
    times = Counter(event.digest for event in events)
    rows = []
    for event in {event.digest: event for event in reversed(events)}.values():
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
