"""The one code path by which events enter the call log.

`write_batch` keeps events and brings their legs and calls up to date, in one transaction. It is true when
several processes store events of the same call at once: each locks the legs that its events name, then the
conversations, then the calls concerned, and folds only what it reads behind these locks.
"""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import models

from calls.models import Call, CallEvent, Conversation, Leg
from calls.records.fold import fold, visits
from calls.records.locks import Held, in_transaction, lock, lock_calls
from calls.records.places import Reading, place_legs, place_rooms, place_visits
from calls.records.sums import sum_up
from calls.vonage.events import Event, Payload

logger = logging.getLogger(__name__)

Histories = dict[str, list[Event]]  # by the leg's uuid


def write_batch(events: Sequence[Event]) -> None:
    """Keep the events, each delivery once, and fold them into legs and calls. All or nothing."""
    in_transaction(lambda: _write(events))


def _write(events: Sequence[Event]) -> None:
    legs = lock(Leg, {event.leg_uuid for event in events if event.leg_uuid})
    histories = _histories(legs)
    named = [*events, *(event for history in histories.values() for event in history)]
    held = Held(legs, lock(Conversation, {uuid for event in named for uuid in event.conversations}))
    times = Counter(event.digest for event in events)
    new = _new_ones(events, times)
    reading = _read(histories, new)
    lock_calls(held, reading.facts)
    left = place_legs(held, reading.facts)
    place_visits(held, reading.visits)
    changed = left | _insert(new, times, held, reading.errors)
    changed |= place_rooms(held, left)
    changed |= {leg.call_id for leg in legs.values() if leg.call_id}
    sum_up(changed, held)


def event_of(payload: Payload, door: str, received_at: datetime, digest: UUID) -> Event:
    """Read a kept event again. Its digest is known, and for an act of ours it could not be made a second time."""
    event = Event(payload=payload, door=door, received_at=received_at)
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
    histories: Histories = {uuid: [] for uuid in legs}
    uuids = {leg.pk: leg.uuid for leg in legs.values()}
    columns = ("leg_id", "leg__call__sealed", "payload", "door", "received_at", "digest")
    rows = CallEvent.objects.filter(leg__in=list(uuids)).values_list(*columns) if uuids else ()
    for leg, sealed, *columns_of_event in rows:
        if sealed:
            histories.pop(uuids[leg], None)
        else:
            histories[uuids[leg]].append(event_of(*columns_of_event))
    return histories


def _read(histories: Histories, new: Iterable[Event]) -> Reading:
    fresh: Histories = {}
    for event in new:
        fresh.setdefault(event.leg_uuid, []).append(event)
    return read_legs({uuid: [*events, *fresh.get(uuid, [])] for uuid, events in histories.items()}, fresh)


def _new_ones(events: Iterable[Event], times: Counter[UUID]) -> list[Event]:
    """Give each delivery that was not kept before, once; count the others as repeats."""
    there = set(CallEvent.objects.filter(digest__in=list(times)).values_list("digest", flat=True))
    _count_repeats({digest: times[digest] for digest in there})
    return list({event.digest: event for event in reversed(list(events)) if event.digest not in there}.values())


def _count_repeats(times: dict[UUID, int]) -> None:
    for digest, count in sorted(times.items()):
        repeated = CallEvent.objects.filter(digest=digest)
        repeated.update(times_received=models.F("times_received") + count)


def _insert(events: Sequence[Event], times: Counter[UUID], held: Held, errors: Mapping[UUID, str]) -> set[int]:
    """Keep the events, each at its place. Gives the calls that have them."""
    rows = []
    for event in events:
        call, leg = held.place_of(event)
        rows.append(
            CallEvent(
                call_id=call,
                leg=leg,
                payload=event.payload,
                raw=event.raw,
                signed=event.signed,
                digest=event.digest,
                times_received=times[event.digest],
                received_at=event.received_at,
                error=errors.get(event.digest, ""),
                **reading_of(event),
            )
        )
    CallEvent.objects.bulk_create(rows, ignore_conflicts=True)
    calls = {row.call_id for row in rows if row.call_id}
    if late := calls & held.sealed:
        Call.objects.filter(pk__in=late).update(has_payloads=True)
    # Without leg and conversation an event stands behind no lock: another process may have kept it first.
    loose = {event.digest: event for event in events if not event.leg_uuid and not event.conversations}
    if loose:
        kept = CallEvent.objects.filter(digest__in=list(loose)).values_list("digest", "received_at")
        _count_repeats({digest: times[digest] for digest, at in kept if at != loose[digest].received_at})
    return calls


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
