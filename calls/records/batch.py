"""The one code path by which events enter the call log.

`write_batch` keeps events and brings their legs and calls up to date, in one transaction. It is true when
several processes store events of the same call at once: each locks, sorted within each table, the legs that its
events name, then the conversations, then the calls concerned, and folds only what it reads behind these
locks. SQLite has one writer at a time (IMMEDIATE), so there the locks do nothing.
"""

import logging
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from typing import TypeVar
from uuid import UUID

from django.db import models, transaction

from calls.models import Call, CallEvent, Conversation, Kind, Leg
from calls.records.fold import CallFacts, LegFacts, fold, total
from calls.vonage.events import Event

logger = logging.getLogger(__name__)

Named = TypeVar("Named", Leg, Conversation)
Histories = dict[str, list[Event]]  # by the leg's uuid
Errors = dict[UUID, str]  # by the event's digest


def write_batch(events: Sequence[Event]) -> None:
    """Keep the events, each delivery once, and fold them into legs and calls. All or nothing."""
    with transaction.atomic():
        legs = _lock(Leg, {event.leg_uuid for event in events if event.leg_uuid})
        histories = _histories(legs)
        named = [*events, *(event for history in histories.values() for event in history)]
        rooms = _lock(Conversation, {uuid for event in named for uuid in event.conversations})
        times = Counter(event.digest for event in events)
        new = _new_ones(events, times)
        facts, errors = _fold(histories, new)
        calls = _lock_calls(facts, legs, rooms)
        changed = _place_legs(facts, legs, calls)
        _insert(new, times, legs, rooms, errors)
        changed |= _place_rooms(rooms)
        changed |= {room.call_id for room in rooms.values()} | {leg.call_id for leg in legs.values()}
        _sum_up({pk for pk in changed if pk})


def event_of(row: CallEvent) -> Event:
    """Read a kept event again."""
    return Event(payload=row.payload, door=row.door, received_at=row.received_at)


def _lock(model: type[Named], uuids: Collection[str]) -> dict[str, Named]:
    """Insert the rows that are missing, and lock them all until the transaction ends."""
    if not uuids:
        return {}
    manager = model._default_manager
    names = sorted(uuids)
    there = set(manager.filter(uuid__in=names).values_list("uuid", flat=True))
    missing = [model(uuid=uuid) for uuid in names if uuid not in there]
    if missing:
        manager.bulk_create(missing, ignore_conflicts=True)
    return {row.uuid: row for row in manager.select_for_update().filter(uuid__in=names).order_by("uuid")}


def _histories(legs: dict[str, Leg]) -> Histories:
    """Read all that was kept of each leg."""
    uuids = {leg.pk: leg.uuid for leg in legs.values()}
    histories: Histories = {uuid: [] for uuid in legs}
    rows = CallEvent.objects.filter(leg_id__in=list(uuids)).only("leg_id", "payload", "door", "received_at")
    for row in rows if uuids else ():
        if row.leg_id:
            histories[uuids[row.leg_id]].append(event_of(row))
    return histories


def _new_ones(events: Iterable[Event], times: Counter[UUID]) -> list[Event]:
    """Give each delivery that was not kept before, once; count the others as repeats."""
    there = set(CallEvent.objects.filter(digest__in=list(times)).values_list("digest", flat=True))
    _count_repeats({digest: times[digest] for digest in there})
    return list({event.digest: event for event in reversed(list(events)) if event.digest not in there}.values())


def _count_repeats(times: dict[UUID, int]) -> None:
    for digest, count in times.items():
        repeated = CallEvent.objects.filter(digest=digest)
        repeated.update(times_received=models.F("times_received") + count)


def _fold(histories: Histories, new: Iterable[Event]) -> tuple[dict[str, LegFacts], Errors]:
    """Read each leg out of its events. An event of which our reading fails is kept, with the error."""
    by_leg: Histories = {}
    for event in new:
        by_leg.setdefault(event.leg_uuid, []).append(event)
    facts: dict[str, LegFacts] = {}
    errors: Errors = {}
    for uuid in histories:
        fresh = by_leg.get(uuid, [])
        try:
            facts[uuid] = fold([*histories[uuid], *fresh])
        except Exception as error:  # a fault of ours must not cost what Vonage said
            logger.exception("Leg %s could not be read", uuid)
            errors |= {event.digest: f"{type(error).__name__}: {error}" for event in fresh}
    return facts, errors


def _lock_calls(facts: dict[str, LegFacts], legs: dict[str, Leg], rooms: dict[str, Conversation]) -> dict[str, Call]:
    """Insert the calls whose first leg this is, and lock all that may change. Gives them by origin."""
    born = {_origin(uuid, fact) for uuid, fact in facts.items()}
    known = {row.call_id or 0 for row in legs.values()} | {row.call_id or 0 for row in rooms.values()}
    origins = born | set(Call.objects.filter(pk__in=known).values_list("origin_uuid", flat=True))
    names = sorted(origins)
    there = set(Call.objects.filter(origin_uuid__in=names).values_list("origin_uuid", flat=True))
    missing = [Call(origin_uuid=origin) for origin in sorted(born - there)]
    if missing:
        Call.objects.bulk_create(missing, ignore_conflicts=True)
    locked = Call.objects.select_for_update().filter(origin_uuid__in=names).order_by("origin_uuid")
    return {call.origin_uuid: call for call in locked}


def _origin(leg_uuid: str, facts: LegFacts) -> str:
    return facts.born_in or f"leg:{leg_uuid}"


def _place_legs(facts: dict[str, LegFacts], legs: dict[str, Leg], calls: dict[str, Call]) -> set[int | None]:
    """Write what was read of each leg, under the call of the conversation it was born in. Gives the calls it left."""
    left: set[int | None] = set()
    for uuid, leg in legs.items():
        if uuid not in facts:
            continue
        call = calls[_origin(uuid, facts[uuid])]
        before = leg.call_id
        if _write(leg, facts[uuid], call_id=call.pk) and before not in {None, call.pk}:
            leg.events.update(call=call)
            left.add(before)
    unread = [leg.pk for leg in legs.values() if leg.call_id is None]
    if unread:
        Leg.objects.filter(pk__in=unread).delete()
    return left


def _write(row: Leg | Call, facts: LegFacts | CallFacts, **more: object) -> bool:
    """Save the columns that differ. Says whether any did."""
    columns = {name: value for name, value in {**asdict(facts), **more}.items() if getattr(row, name) != value}
    for name, value in columns.items():
        setattr(row, name, value)
    if columns:
        row.save(update_fields=columns)
    return bool(columns)


def _insert(
    events: Sequence[Event],
    times: Counter[UUID],
    legs: dict[str, Leg],
    rooms: dict[str, Conversation],
    errors: Errors,
) -> None:
    rows = []
    for event in events:
        leg = legs.get(event.leg_uuid)
        room = rooms.get(event.conversation_uuid)
        placed = leg if leg and leg.call_id else None
        rows.append(
            CallEvent(
                call_id=placed.call_id if placed else room.call_id if room else None,
                leg=placed,
                conversation_uuid=event.conversation_uuid,
                door=event.door,
                kind=event.kind,
                status=event.status,
                rank=event.rank,
                occurred_at=event.occurred_at,
                received_at=event.received_at,
                payload=event.payload,
                raw=event.raw,
                signed=event.signed,
                digest=event.digest,
                times_received=times[event.digest],
                error=errors.get(event.digest, ""),
            )
        )
    CallEvent.objects.bulk_create(rows, ignore_conflicts=True)
    # Without leg and conversation an event stands behind no lock: another process may have kept it first.
    loose = {event.digest: event for event in events if not event.leg_uuid and not event.conversations}
    if loose:
        kept = CallEvent.objects.filter(digest__in=list(loose)).values_list("digest", "received_at")
        _count_repeats({digest: times[digest] for digest, at in kept if at != loose[digest].received_at})


def _place_rooms(rooms: dict[str, Conversation]) -> set[int | None]:
    """Tie each conversation, and its events without a leg, to its call. Gives the calls that lost one."""
    left: set[int | None] = set()
    born = Call.objects.filter(models.Exists(Leg.objects.filter(call=models.OuterRef("pk"))))
    births = dict(born.filter(origin_uuid__in=list(rooms)).values_list("origin_uuid", "pk")) if rooms else {}
    for room in rooms.values():
        owner = births.get(room.uuid) or _first_visitor(room)
        if owner == room.call_id:
            continue
        left.add(room.call_id)
        room.call_id = owner
        room.save(update_fields=["call"])
        CallEvent.objects.filter(conversation_uuid=room.uuid, leg__isnull=True).update(call_id=owner)
    return left


def _first_visitor(room: Conversation) -> int | None:
    """A conversation in which no leg was born is a room: it is told under the call that entered it first."""
    visits = CallEvent.objects.filter(conversation_uuid=room.uuid, leg__isnull=False)
    return visits.order_by("occurred_at", "rank", "digest").values_list("leg__call_id", flat=True).first()


def _sum_up(pks: Collection[int]) -> None:
    """Write the sum of each call; one that lost its last leg to another call goes."""
    for call in Call.objects.select_for_update().filter(pk__in=pks).order_by("origin_uuid"):
        legs = list(call.legs.oldest_first())
        if not legs:
            call.events.update(call=None)
            call.delete()
            continue
        kinds = {Kind.RECORD.value} if call.events.filter(kind=Kind.RECORD).exists() else set()
        _write(call, total(legs, kinds))
