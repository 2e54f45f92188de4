"""Where legs, conversations and events belong: written under the locks of `records.locks`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from calls.models import CallEvent, Leg, Visit
from calls.records.fold import Entry, LegFacts
from calls.records.locks import LEGS, ROOMS, Held, Place, origin_of
from calls.records.tables import Statement, run_all

LEG_FACTS = tuple(field.name for field in fields(LegFacts) if field.name != "born_in")  # which its call tells
LEG_COLUMNS = ("call_id", *LEG_FACTS)
Entries = dict[str, Entry]  # by the conversation's uuid

# An event without a leg belongs to the call of its conversation.
LET_EVENTS_FOLLOW = "UPDATE calls_callevent SET call_id = %s WHERE conversation_uuid = %s AND leg_id IS NULL"


@dataclass(frozen=True)
class Reading:
    """What the events of some legs say."""

    facts: dict[str, LegFacts]  # by the leg's uuid
    visits: dict[str, Entries]  # by the leg's uuid; only of legs that were in several conversations
    errors: dict[UUID, str]  # by the digest of an event: why our reading of its leg failed


def place_legs(held: Held, facts: Mapping[str, LegFacts]) -> tuple[set[int], list[Statement]]:
    """Tell each leg what was read of it, under the call of the conversation it was born in.

    Gives the calls that it left, and what is to be executed to write it.
    """
    rows: list[dict[str, Any]] = []
    left: dict[str, int] = {}  # by the leg that left it
    for uuid, fact in facts.items():
        leg, call = held.legs[uuid], held.calls[origin_of(uuid, fact)]
        if call.sealed:
            held.late[uuid] = call.pk
            continue
        if leg.call_id and leg.call_id != call.pk:
            left[uuid] = leg.call_id
        leg.call_id = call.pk
        row = {"id": leg.pk, "uuid": uuid, "call_id": call.pk, **vars(fact)}
        del row["born_in"]
        rows.append(row)
    write = LEGS.upserts(rows, over=LEG_COLUMNS)
    for row in rows:
        held.legs[row["uuid"]].pk = row["id"]
    for uuid in left:
        CallEvent.objects.filter(leg=held.legs[uuid].pk).update(call=held.legs[uuid].call_id)
    return set(left.values()), write


def place_visits(held: Held, visits: Mapping[str, Entries], facts: Mapping[str, LegFacts]) -> None:
    """Write when each leg first was in each conversation that it was not born in."""
    legs = {uuid: leg for uuid, leg in held.legs.items() if uuid in visits and leg.call_id and uuid not in held.late}
    if not legs:
        return
    visited = {room for uuid in legs for room in visits[uuid] if room != facts[uuid].born_in}
    rooms: list[dict[str, Any]] = [
        {"id": None, "uuid": room.uuid, "call_id": room.call_id}
        for room in held.rooms.values()
        if not room.pk and room.uuid in visited
    ]
    run_all(ROOMS.upserts(rooms, over=("call_id",)))
    for row in rooms:
        held.rooms[row["uuid"]].pk = row["id"]
    wanted: dict[tuple[Any, Any], Entry] = {
        (leg.pk, held.rooms[room].pk): entry
        for uuid, leg in legs.items()
        for room, entry in visits[uuid].items()
        if room != facts[uuid].born_in
    }
    for visit in Visit.objects.filter(leg__in=[leg.pk for leg in legs.values()]):
        entry = wanted.pop((visit.leg_id, visit.conversation_id), None)
        if entry is None:
            visit.delete()
        elif entry != Entry(visit.clock, visit.at, visit.rank, visit.digest):
            visit.clock, visit.at, visit.rank, visit.digest = entry
            visit.save()
    if wanted:
        Visit.objects.bulk_create(
            Visit(leg_id=leg, conversation_id=room, **entry._asdict()) for (leg, room), entry in wanted.items()
        )


def place_rooms(held: Held, left: Collection[int] = ()) -> tuple[set[int], list[Statement]]:
    """Tie each conversation to its call. Gives the calls that won or lost one, and what is to be executed for it.

    `left` are the calls that lost a leg just now: a call without legs is nobody's.
    """
    won_or_lost: set[int] = set()
    write: list[Statement] = []
    rows: list[dict[str, Any]] = []
    sealed = held.sealed
    for room in held.rooms.values():
        owner = room.call_id if room.call_id in sealed else _born_in(room, held, left) or _first_visitor(room)
        born, moves = held.calls.get(room.uuid), owner != room.call_id
        if moves if room.pk else not (born and born.pk == owner):  # what names its call needs no row
            rows.append({"uuid": room.uuid, "call_id": owner})
        if moves:
            won_or_lost |= {pk for pk in (room.call_id, owner) if pk}
            room.call_id = owner
            if room.uuid not in held.quiet:
                write.append((LET_EVENTS_FOLLOW, (owner, room.uuid)))
                held.alone.discard(owner or 0)
    return won_or_lost, [*ROOMS.inserts(rows, where_there="call_id = excluded.call_id"), *write]


def _born_in(room: Place, held: Held, left: Collection[int]) -> int | None:
    """Give the call whose legs were born in the conversation: `lock_calls` has locked it, if there is one."""
    call = held.calls.get(room.uuid)
    if call is None or (call.pk in left and not Leg.objects.filter(call=call.pk).exists()):
        return None
    return call.pk


def _first_visitor(room: Place) -> int | None:
    """A conversation in which no leg was born is a room: it is told under the call that entered it first."""
    if not room.pk:
        return None
    order = ("clock", "at", "rank", "digest")
    visits = Visit.objects.filter(conversation=room.pk, leg__call__sealed=False).order_by(*order)
    return visits.values_list("leg__call_id", flat=True).first()
