"""Which rows a change of the call log holds, and in which order it takes them.

Legs first, then conversations, then calls, each table in the order of names: so two processes never wait for each
other in a ring. SQLite has one writer at a time (IMMEDIATE), so there the locks do nothing.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from django.db import models, transaction

from calls.models import Call, Conversation, Leg
from calls.records.fold import LegFacts
from calls.vonage.events import Event

TRIES = 5

Named = TypeVar("Named", Leg, Conversation)
Row = TypeVar("Row", bound=models.Model)
Result = TypeVar("Result")


class Vanished(Exception):
    """A row was deleted while its lock was waited for. The whole transaction is to be done anew."""


@dataclass
class Held:
    """The rows that a transaction has locked, by name."""

    legs: dict[str, Leg]
    rooms: dict[str, Conversation]
    calls: dict[str, Call] = field(default_factory=dict)  # by the conversation they were born in
    # Legs that would belong to a sealed call: its key. They are not made, their events are added to it.
    late: dict[str, int] = field(default_factory=dict)

    @property
    def sealed(self) -> set[int]:
        return {call.pk for call in self.calls.values() if call.sealed}

    def place_of(self, event: Event) -> tuple[int | None, Leg | None]:
        """Say to which call and leg an event belongs, once the legs have their places."""
        leg = self.legs.get(event.leg_uuid)
        if leg and leg.call_id:
            return leg.call_id, leg
        room = self.rooms.get(event.conversation_uuid)
        return self.late.get(event.leg_uuid) or (room.call_id if room else None), None


def in_transaction(act: Callable[[], Result]) -> Result:
    """Do it in one transaction, all or nothing, and anew where a row vanished meanwhile."""
    for _ in range(TRIES - 1):
        try:
            with transaction.atomic():
                return act()
        except Vanished:
            continue
    with transaction.atomic():
        return act()


def lock(model: type[Named], uuids: Collection[str]) -> dict[str, Named]:
    """Insert the rows that are missing, and lock them all until the transaction ends. Raises Vanished."""
    if not uuids:
        return {}
    manager = model._default_manager
    names = sorted(uuids)
    there = set(manager.filter(uuid__in=names).values_list("uuid", flat=True))
    missing = [model(uuid=uuid) for uuid in names if uuid not in there]
    if missing:
        manager.bulk_create(missing, ignore_conflicts=True)
    locked = manager.select_for_update().filter(uuid__in=names).order_by("uuid")
    return _all_there({row.uuid: row for row in locked}, names)


def lock_calls(held: Held, facts: Mapping[str, LegFacts], more: Iterable[int] = ()) -> None:
    """Insert the calls whose first leg this is, and lock all that may change. Raises Vanished."""
    born = {origin_of(uuid, fact) for uuid, fact in facts.items()}
    known = {leg.call_id for leg in held.legs.values()} | {room.call_id for room in held.rooms.values()} | set(more)
    known.discard(None)
    concerned = models.Q(pk__in=known) | models.Q(origin_uuid__in=born | set(held.rooms))
    there = set(Call.objects.filter(concerned).values_list("origin_uuid", flat=True))
    missing = [Call(origin_uuid=origin) for origin in sorted(born - there)]
    if missing:
        Call.objects.bulk_create(missing, ignore_conflicts=True)
    locked = Call.objects.select_for_update().filter(origin_uuid__in=there | born).order_by("origin_uuid")
    held.calls = _all_there({call.origin_uuid: call for call in locked}, born)


def origin_of(leg_uuid: str, facts: LegFacts) -> str:
    """Name the call that a leg belongs to: by the conversation it was born in."""
    return facts.born_in or f"leg:{leg_uuid}"


def _all_there(rows: dict[str, Row], names: Iterable[str]) -> dict[str, Row]:
    if not set(names) <= rows.keys():
        raise Vanished
    return rows
