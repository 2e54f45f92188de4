"""Which rows a change of the call log holds, and in which order it takes them.

On Postgres a change locks the names of the legs and conversations that it concerns, all in one statement and in one
order, then the rows of the calls in theirs: so two processes never wait for each other in a ring. A name can be locked
before there is a row that bears it, and costs the table nothing. SQLite has one writer at a time (IMMEDIATE).
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from django.db import connection, transaction

from calls.models import Call, Conversation, Leg
from calls.records.fold import LegFacts
from calls.records.tables import Statement, Table, run_all
from calls.vonage.events import Event

TRIES = 5
GATE = 0x6361_6C6C  # whoever locks names goes through it; whoever has too many for Postgres keeps it shut meanwhile
MOST_KEYS = 1_000
# A plan is kept, and may have been made while the tables were small: reading one whole is never what we want.
BY_INDEX = ", ".join(
    f"set_config('{name}', '{value}', true)"
    for name, value in {
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
    }.items()
)
SHUT = f"SELECT pg_advisory_xact_lock({GATE}), {BY_INDEX}"
LOCK = (
    f"SELECT pg_advisory_xact_lock_shared({GATE}), {BY_INDEX}, pg_advisory_xact_lock(key) FROM unnest(%s::bigint[]) key"  # noqa: S608
)

# Of the calls. It leaves the keys of those that it locked: what is read next may be told of others by now.
HELD = "callserver.held"
HOLD = f"""
    SELECT set_config('{HELD}', COALESCE(array_agg(id), '{{}}')::text, true) FROM (
        SELECT id FROM calls_call WHERE origin_uuid = ANY(%s) OR id = ANY(ARRAY(
            SELECT call_id FROM calls_leg WHERE uuid = ANY(%s)
            UNION ALL SELECT call_id FROM calls_conversation WHERE uuid = ANY(%s)
        )) ORDER BY origin_uuid FOR UPDATE
    ) AS held
"""  # noqa: S608 -- a name of ours

LEGS, ROOMS, CALLS = Table(Leg, "uuid"), Table(Conversation, "uuid"), Table(Call, "origin_uuid")
Named = TypeVar("Named", Leg, Conversation)
Result = TypeVar("Result")


class Vanished(Exception):
    """A row was deleted while its lock was waited for. The whole transaction is to be done anew."""


class TooFewLocks(Exception):
    """What was read names legs or conversations that are not locked. The transaction is to be done anew with these."""

    def __init__(self, names: "Names") -> None:
        super().__init__(f"{len(names.legs)} legs, {len(names.rooms)} conversations")
        self.names = names


@dataclass(frozen=True)
class Names:
    """The legs and conversations that a change concerns."""

    legs: frozenset[str] = frozenset()
    rooms: frozenset[str] = frozenset()

    @classmethod
    def of(cls, events: Iterable[Event]) -> "Names":
        events = list(events)
        legs = frozenset(event.leg_uuid for event in events if event.leg_uuid)
        return cls(legs, frozenset(uuid for event in events for uuid in event.conversations))

    def __or__(self, other: "Names") -> "Names":
        return Names(self.legs | other.legs, self.rooms | other.rooms)

    def check(self, concerned: "Names") -> None:
        """Raise TooFewLocks where these do not hold all that is concerned."""
        if not (concerned.legs <= self.legs and concerned.rooms <= self.rooms):
            raise TooFewLocks(self | concerned)

    def locks(self) -> list[Statement]:
        """Make the statement that lets nobody else change what bears these names until the transaction ends."""
        if connection.vendor != "postgresql" or not (self.legs or self.rooms):
            return []
        keys = sorted({key_of("leg", uuid) for uuid in self.legs} | {key_of("room", uuid) for uuid in self.rooms})
        return [(SHUT, ())] if len(keys) > MOST_KEYS else [(LOCK, (keys,))]

    def origins(self) -> list[str]:
        """By what a call may be born that these concern: see `origin_of`."""
        return [*self.rooms, *(f"leg:{uuid}" for uuid in self.legs)]

    def holds(self) -> list[Statement]:
        """Make the statement that locks the rows of all calls that these concern."""
        if connection.vendor != "postgresql":
            return []
        return [(HOLD, (self.origins(), list(self.legs), list(self.rooms)))]


@dataclass
class Held:
    """The rows that a transaction may change, by name. A leg or conversation that is not there yet has no key."""

    legs: dict[str, Leg]
    rooms: dict[str, Conversation]
    calls: dict[str, Call] = field(default_factory=dict)  # by the conversation they were born in
    # Legs that would belong to a sealed call: its key. They are not made, their events are added to it.
    late: dict[str, int] = field(default_factory=dict)
    # A key for the call of each leg that is not there yet, if the database has set one aside.
    set_aside: dict[str, int] = field(default_factory=dict)

    @property
    def sealed(self) -> set[int]:
        return {call.pk for call in self.calls.values() if call.sealed}

    @property
    def known_calls(self) -> set[int]:
        rows: list[Leg | Conversation] = [*self.legs.values(), *self.rooms.values()]
        return {row.call_id for row in rows if row.call_id}

    def check(self) -> None:
        """Raise Vanished where a leg or conversation is of a call that is not held."""
        if not self.known_calls <= {call.pk for call in self.calls.values()}:
            raise Vanished

    def place_of(self, event: Event) -> tuple[int | None, Leg | None]:
        """Say to which call and leg an event belongs, once the legs have their places."""
        leg = self.legs.get(event.leg_uuid)
        if leg and leg.call_id:
            return leg.call_id, leg
        room = self.rooms.get(event.conversation_uuid)
        return self.late.get(event.leg_uuid) or (room.call_id if room else None), None


def in_transaction(act: Callable[[Names], Result], names: Names) -> Result:
    """Do it in one transaction, all or nothing. It locks the names, and is done anew where they were not enough."""
    tries = 0
    while True:
        try:
            with transaction.atomic():
                return act(names)
        except TooFewLocks as more:
            names = more.names
        except Vanished:
            tries += 1
            if tries == TRIES:
                raise


def find(table: "Table[Named]", uuids: Collection[str]) -> dict[str, Named]:
    """Read the rows of these names, and make those that are missing: they are not saved yet."""
    if not uuids:
        return {}
    rows = {row.uuid: row for row in table.rows("WHERE uuid = ANY(%s)", list(uuids))}
    rows |= {uuid: table.model(uuid=uuid) for uuid in uuids if uuid not in rows}
    return rows


def lock_calls(held: Held, facts: Mapping[str, LegFacts], more: Iterable[int] = ()) -> None:
    """Lock all calls that may change, and insert those whose first leg this is. Raises Vanished."""
    keys, origins = held.known_calls | set(more), {origin_of(*leg) for leg in facts.items()} | set(held.rooms)
    which = "WHERE id = ANY(%s) OR origin_uuid = ANY(%s) ORDER BY origin_uuid"
    until_end = " FOR UPDATE" if connection.features.has_select_for_update else ""
    held.calls = {call.origin_uuid: call for call in CALLS.rows(which + until_end, list(keys), list(origins))}
    held.check()
    run_all(make_calls(held, facts))


def make_calls(held: Held, facts: Mapping[str, LegFacts]) -> list[Statement]:
    """Make the calls whose first leg is among these. Gives what is to be executed for it."""
    born = {origin_of(uuid, fact): uuid for uuid, fact in facts.items()}
    missing = [
        Call(pk=held.set_aside.get(born[origin]), origin_uuid=origin)
        for origin in sorted(born.keys() - held.calls.keys())
    ]
    held.calls |= {call.origin_uuid: call for call in missing}
    return CALLS.upserts(missing)


def origin_of(leg_uuid: str, facts: LegFacts) -> str:
    """Name the call that a leg belongs to: by the conversation it was born in."""
    return facts.born_in or f"leg:{leg_uuid}"


def key_of(kind: str, name: str) -> int:
    """Make of a name the number by which Postgres locks it. That two names share one costs a wait, at worst."""
    return int.from_bytes(hashlib.blake2b(f"{kind}:{name}".encode(), digest_size=8).digest(), signed=True)
