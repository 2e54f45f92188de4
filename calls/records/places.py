"""Where legs, conversations and events belong: written under the locks of `records.locks`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from calls.models import Call, Conversation, Leg, Visit
from calls.records.fold import CallFacts, Entry, LegFacts
from calls.records.locks import LEGS, ROOMS, Held, origin_of
from calls.records.tables import Statement, run_all

Entries = dict[str, Entry]  # by the conversation's uuid

# An event without a leg belongs to the call of its conversation.
LET_EVENTS_FOLLOW = """
    UPDATE calls_callevent SET call_id = room.call_id FROM calls_conversation AS room
    WHERE room.uuid = ANY(%s) AND calls_callevent.conversation_uuid = room.uuid AND calls_callevent.leg_id IS NULL
"""


@dataclass(frozen=True)
class Reading:
    """What the events of some legs say."""

    facts: dict[str, LegFacts]  # by the leg's uuid
    visits: dict[str, Entries]  # by the leg's uuid; only of legs that were in several conversations
    errors: dict[UUID, str]  # by the digest of an event: why our reading of its leg failed


def take(row: Leg | Call, facts: LegFacts | CallFacts, **more: object) -> bool:
    """Let the row say what was read. Says whether that is new to it: it is not saved here."""
    different = {name: value for name, value in {**vars(facts), **more}.items() if getattr(row, name) != value}
    for name, value in different.items():
        setattr(row, name, value)
    return bool(different)


def place_legs(held: Held, facts: Mapping[str, LegFacts]) -> tuple[set[int], list[Statement]]:
    """Tell each leg what was read of it, under the call of the conversation it was born in.

    Gives the calls that it left, and what is to be executed to write it.
    """
    changed: list[Leg] = []
    left: dict[str, int] = {}  # by the leg that left it
    for uuid in held.legs.keys() & facts.keys():
        leg, call = held.legs[uuid], held.calls[origin_of(uuid, facts[uuid])]
        if call.sealed:
            held.late[uuid] = call.pk
            continue
        before = leg.call_id
        if take(leg, facts[uuid], call_id=call.pk):
            changed.append(leg)
        if before and before != call.pk:
            left[uuid] = before
    write = LEGS.upserts(changed)
    for uuid in left:
        held.legs[uuid].events.update(call=held.legs[uuid].call_id)
    return set(left.values()), write


def place_visits(held: Held, visits: Mapping[str, Entries]) -> None:
    """Write when each leg first was in each conversation that it was not born in."""
    legs = {uuid: leg for uuid, leg in held.legs.items() if uuid in visits and leg.call_id and uuid not in held.late}
    if not legs:
        return
    run_all(ROOMS.upserts([room for room in held.rooms.values() if not room.pk]))
    wanted: dict[tuple[Any, Any], Entry] = {
        (leg.pk, held.rooms[room].pk): entry
        for uuid, leg in legs.items()
        for room, entry in visits[uuid].items()
        if room != leg.born_in
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
    changed: list[Conversation] = []
    sealed = held.sealed
    for room in held.rooms.values():
        owner = room.call_id if room.call_id in sealed else _born_in(room, held, left) or _first_visitor(room)
        if owner != room.call_id:
            won_or_lost |= {pk for pk in (room.call_id, owner) if pk}
        if owner != room.call_id or not room.pk:
            room.call_id = owner
            changed.append(room)
    if not changed:
        return won_or_lost, []
    rows = [{"uuid": room.uuid, "call_id": room.call_id} for room in changed]
    write = ROOMS.inserts(rows, where_there="call_id = excluded.call_id")
    return won_or_lost, [*write, (LET_EVENTS_FOLLOW, ([room.uuid for room in changed],))]


def _born_in(room: Conversation, held: Held, left: Collection[int]) -> int | None:
    """Give the call whose legs were born in the conversation: `lock_calls` has locked it, if there is one."""
    call = held.calls.get(room.uuid)
    if call is None or (call.pk in left and not call.legs.exists()):
        return None
    return call.pk


def _first_visitor(room: Conversation) -> int | None:
    """A conversation in which no leg was born is a room: it is told under the call that entered it first."""
    if not room.pk:
        return None
    order = ("clock", "at", "rank", "digest")
    visits = Visit.objects.filter(conversation=room, leg__call__sealed=False).order_by(*order)
    return visits.values_list("leg__call_id", flat=True).first()
