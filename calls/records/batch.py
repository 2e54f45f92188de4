"""The one code path by which events enter the call log.

`write_batch` keeps events and brings their legs and calls up to date, in one transaction. It is true when
several processes store events of the same call at once: each locks the names of the legs and conversations that
its events bear, then the rows of the calls concerned, and folds only what it reads behind these locks.
"""

import json
import logging
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from typing import Any
from uuid import UUID

import orjson

from calls.models import Call, CallEvent
from calls.models.calls import TELLING
from calls.records.counting import recount
from calls.records.fold import fold, visits
from calls.records.heads import heads
from calls.records.locks import CONCERNED, HELD, Held, HeldCall, Names, Place, in_transaction, make_calls
from calls.records.places import Reading, place_legs, place_rooms, place_visits
from calls.records.sums import sum_up
from calls.records.tables import NAMES, Statement, Table, on_postgres, run_all
from calls.vonage.events import Event, Payload

logger = logging.getLogger(__name__)

Histories = dict[str, list[Event]]  # by the leg's uuid
Kept = tuple[str, str, Any, UUID]  # an event that is not read again yet: payload, door, received_at, digest
REMEMBERED, MOST_REMEMBERED = 1_000, 2_000  # events, and characters of one: some megabytes as a rule
LONG_NUMBER = re.compile(r"\d{19}")

EVENTS = Table(CallEvent, "digest")
# What is known of the names, in rows of one form. Of a call it tells as well whether there is more in it than the legs
# that are named: then its key stands a second time.
KNOWN = f"""
    SELECT CASE WHEN call.sealed THEN 'late' ELSE 'leg' END, leg.id, leg.uuid, leg.call_id,
        CAST(event.payload AS text), event.door, event.received_at, event.digest
    FROM {NAMES} JOIN calls_leg AS leg ON leg.uuid = name.value JOIN calls_call AS call ON call.id = leg.call_id
    LEFT JOIN calls_callevent AS event ON event.leg_id = leg.id AND NOT call.sealed
    UNION ALL
    SELECT 'room', room.id, room.uuid, room.call_id, NULL, NULL, NULL, NULL
    FROM {NAMES} JOIN calls_conversation AS room ON room.uuid = name.value
    UNION ALL
    SELECT 'loose', NULL, name.value, NULL, NULL, NULL, NULL, NULL FROM {NAMES} WHERE EXISTS (
        SELECT 1 FROM calls_callevent AS event WHERE event.conversation_uuid = name.value AND event.leg_id IS NULL
    )
    UNION ALL
    SELECT CASE WHEN call.sealed THEN 'sealed' ELSE 'call' END, call.id, call.origin_uuid, CASE WHEN
        EXISTS (SELECT 1 FROM calls_leg AS other WHERE other.call_id = call.id AND other.uuid <> ALL(%s))
        OR EXISTS (SELECT 1 FROM calls_callevent AS event WHERE event.call_id = call.id AND event.kind IN {TELLING})
        THEN call.id END, NULL, NULL, NULL, NULL
    FROM {{held}} AS held JOIN calls_call AS call ON call.id = held.id
"""  # noqa: S608 -- names of ours
# On Postgres the calls are those that are locked, and new legs and their calls get keys: nothing waits to learn them.
KNOWN_ON_POSTGRES = KNOWN.format(held=f"(SELECT unnest(current_setting('{HELD}')::bigint[]) AS id)")
KNOWN_ON_POSTGRES += f"""
    UNION ALL
    SELECT 'new', nextval('calls_leg_id_seq'), name.value, nextval('calls_call_id_seq'), NULL, NULL, NULL, NULL
    FROM {NAMES} WHERE NOT EXISTS (SELECT 1 FROM calls_leg WHERE uuid = name.value)
"""  # noqa: S608 -- names of ours
KNOWN_ON_SQLITE = KNOWN.format(held=CONCERNED)
ONE_MORE = "times_received = calls_callevent.times_received + excluded.times_received"
# What bears the very time of the one kept before is that one, and no repeat.
ONE_MORE_IF_ANOTHER = f"{ONE_MORE} - CASE WHEN calls_callevent.received_at = excluded.received_at THEN 1 ELSE 0 END"


def write_batch(events: Sequence[Event], *, by_two_ways: bool = False) -> None:
    """Keep the events, each delivery once, and fold them into legs and calls. All or nothing.

    A repeat is counted. `by_two_ways`: a delivery may come here twice by itself, through the spool and through a
    database that was too slow to say that it has it.
    """
    if events:
        heads.keep(events)
        in_transaction(partial(_write, events, ONE_MORE_IF_ANOTHER if by_two_ways else ONE_MORE), Names.of(events))


def _write(events: Sequence[Event], where_there: str, names: Names) -> None:
    held, known = _known(names)
    held.check()
    kept = {digest for history in known.values() for *_, digest in history}
    new = {event.digest: event for event in reversed(events) if event.digest not in kept}
    histories, news = _histories(known, new.values())
    names.check(Names.of(event for history in histories.values() for event in history))
    reading = read_legs(histories, news)
    make = make_calls(held, reading.facts)  # else the sum makes them: each of these has one
    left, write = place_legs(held, reading.facts)
    if left or reading.visits:  # then the database is asked where these legs are
        run_all([*make, *write])
        write = []
        place_visits(held, reading.visits, reading.facts)
        held.alone.clear()
    won_or_lost, tie = place_rooms(held, left)
    rows = _rows(events, held, reading.errors)
    with_news = {row["call_id"] for row in rows if row["call_id"] and row["digest"] in new}
    held.alone -= {row["call_id"] for row in rows if row["kind"] in TELLING}
    if late := with_news & held.sealed:
        Call.objects.filter(pk__in=late).update(has_payloads=True)
    if others := left | (won_or_lost - with_news):
        recount(others)  # nothing is told of them
    write = [*write, *tie, *EVENTS.inserts(rows, where_there=where_there)]
    sum_up(left | won_or_lost | with_news, held, write, reading.facts, last=True)


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


def _known(names: Names) -> tuple[Held, dict[str, list[Kept]]]:
    """Lock the names and their calls, and learn what is known of them, the events of each leg among it.

    A leg of a sealed call has none any more, and is left out.
    """
    held = Held({uuid: Place(uuid) for uuid in names.legs}, {uuid: Place(uuid) for uuid in names.rooms})
    held.quiet.update(names.rooms)
    events: dict[str, list[Kept]] = {uuid: [] for uuid in names.legs}
    legs, rooms = list(names.legs), list(names.rooms)
    known: Statement = KNOWN_ON_SQLITE, (legs, rooms, rooms, legs, *names.concerned())
    if on_postgres():
        known = KNOWN_ON_POSTGRES, (legs, rooms, rooms, legs, legs)
    for kind, pk, uuid, call, payload, door, received_at, digest in run_all([*names.locks(), *names.holds(), known]):
        if kind in {"leg", "late"}:
            held.legs[uuid].pk, held.legs[uuid].call_id = pk, call
            if kind == "late":
                events.pop(uuid, None)
            elif payload is not None:
                events[uuid].append((payload, door, received_at, EVENTS.python("digest", digest)))
        elif kind == "room":
            held.rooms[uuid].pk, held.rooms[uuid].call_id = pk, call
        elif kind == "loose":
            held.quiet.discard(uuid)
        elif kind == "new":
            held.legs[uuid].pk, held.set_aside[uuid] = pk, call
        else:
            held.calls[uuid] = HeldCall(pk, uuid, sealed=kind == "sealed")
            if call is None:
                held.alone.add(pk)
    held.name_by_birth()
    return held, events


def _histories(known: Mapping[str, Iterable[Kept]], new: Iterable[Event]) -> tuple[Histories, Histories]:
    """Read all events of the legs that have news; the second: the news. A repeat changes nothing of its leg."""
    news: Histories = {}
    for event in new:
        if event.leg_uuid in known:
            news.setdefault(event.leg_uuid, []).append(event)
    return {uuid: [*map(_again, known[uuid]), *events] for uuid, events in news.items()}, news


def _again(kept: Kept) -> Event:
    return (_read_once if len(kept[0]) <= MOST_REMEMBERED else _read)(kept)


def _read(kept: Kept) -> Event:
    payload, door, received_at, digest = kept
    try:  # orjson is quicker, and would round a long number
        told = json.loads(payload) if LONG_NUMBER.search(payload) else orjson.loads(payload)
    except orjson.JSONDecodeError:  # what Python alone spells
        told = json.loads(payload)
    return event_of(told, door, EVENTS.python("received_at", received_at), digest)


# With each event of a leg all that came before are read again. What this process has read lately it knows.
_read_once = lru_cache(REMEMBERED)(_read)
forget = _read_once.cache_clear


def _rows(events: Sequence[Event], held: Held, errors: Mapping[UUID, str]) -> list[dict[str, Any]]:
    """Make a row of each delivery, at its place: its columns."""
    times = Counter(event.digest for event in events)
    rows = []
    for event in {event.digest: event for event in reversed(events)}.values():
        call, leg = held.place_of(event)
        rows.append(
            {
                "call_id": call,
                "leg_id": leg,
                "payload": event.payload,
                "raw": event.raw or b"",
                "signed": event.signed,
                "digest": event.digest,
                "times_received": times[event.digest],
                "received_at": event.received_at,
                "error": errors.get(event.digest, ""),
                "head_id": heads.key_of(event.head),
                **reading_of(event),
                "conversation_uuid": waits_for(event, leg),
            }
        )
    return rows


def waits_for(event: Event, leg: int | None) -> str:
    """Name the conversation by whose call an event without a leg is found; of another its leg tells more."""
    return "" if leg else event.conversation_uuid


def reading_of(event: Event) -> dict[str, object]:
    """The columns of an event that are our reading of it alone."""
    return {
        "door": event.door,
        "kind": event.kind,
        "status": event.status,
        "rank": event.rank,
        "occurred_at": event.occurred_at,
    }
