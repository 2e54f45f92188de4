"""Where legs, conversations and events belong: written under the locks of `records.locks`."""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from calls.models import Call, CallEvent, Conversation, Leg, Visit
from calls.records.fold import CallFacts, Entry, LegFacts
from calls.records.locks import Held, origin_of

Entries = dict[str, Entry]  # by the conversation's uuid


@dataclass(frozen=True)
class Reading:
    """What the events of some legs say."""

    facts: dict[str, LegFacts]  # by the leg's uuid
    visits: dict[str, Entries]  # by the leg's uuid; only of legs that were in several conversations
    errors: dict[UUID, str]  # by the digest of an event: why our reading of its leg failed


def save(row: Leg | Call, facts: LegFacts | CallFacts, **more: object) -> bool:
    """Save the columns that differ. Says whether any did."""
    columns = {name: value for name, value in {**asdict(facts), **more}.items() if getattr(row, name) != value}
    for name, value in columns.items():
        setattr(row, name, value)
    if columns:
        row.save(update_fields=columns)
    return bool(columns)


def place_legs(held: Held, facts: Mapping[str, LegFacts]) -> set[int]:
    """Write what was read of each leg, under the call of the conversation it was born in. Gives the calls it left."""
    left: set[int] = set()
    for uuid, leg in held.legs.items():
        if uuid not in facts:
            continue
        call = held.calls[origin_of(uuid, facts[uuid])]
        if call.sealed:
            held.late[uuid] = call.pk
            continue
        before = leg.call_id
        if save(leg, facts[uuid], call_id=call.pk) and before and before != call.pk:
            leg.events.update(call=call)
            left.add(before)
    unread = [leg.pk for leg in held.legs.values() if leg.call_id is None]
    if unread:
        Leg.objects.filter(pk__in=unread).delete()
    return left


def place_visits(held: Held, visits: Mapping[str, Entries]) -> None:
    """Write when each leg first was in each conversation that it was not born in."""
    legs = {uuid: leg for uuid, leg in held.legs.items() if uuid in visits and leg.call_id and uuid not in held.late}
    if not legs:
        return
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


def place_rooms(held: Held, left: Collection[int] = ()) -> set[int]:
    """Tie each conversation, and its events without a leg, to its call. Gives the calls that won or lost one.

    `left` are the calls that lost a leg just now: a call without legs is nobody's.
    """
    changed: set[int] = set()
    sealed = held.sealed
    for room in held.rooms.values():
        if room.call_id in sealed:
            continue
        owner = _born_in(room, held, left) or _first_visitor(room)
        if owner == room.call_id:
            continue
        changed |= {pk for pk in (room.call_id, owner) if pk}
        room.call_id = owner
        room.save(update_fields=["call"])
        CallEvent.objects.filter(conversation_uuid=room.uuid, leg__isnull=True).update(call_id=owner)
    return changed


def _born_in(room: Conversation, held: Held, left: Collection[int]) -> int | None:
    """Give the call whose legs were born in the conversation: `lock_calls` has locked it, if there is one."""
    call = held.calls.get(room.uuid)
    if call is None or (call.pk in left and not call.legs.exists()):
        return None
    return call.pk


def _first_visitor(room: Conversation) -> int | None:
    """A conversation in which no leg was born is a room: it is told under the call that entered it first."""
    order = ("clock", "at", "rank", "digest")
    visits = Visit.objects.filter(conversation=room, leg__call__sealed=False).order_by(*order)
    return visits.values_list("leg__call_id", flat=True).first()
