"""Which rows a change of the call log holds, and in which order it takes them.

On Postgres a change locks the names of the legs and conversations that it concerns, all in one statement and in one
order, then the rows of the calls in theirs: so two processes never wait for each other in a ring. A name can be locked
before there is a row that bears it, and costs the table nothing. SQLite has one writer at a time (IMMEDIATE).
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from django.db.models import Q

from calls.models import Call, Conversation, Leg
from calls.models.calls import NO_CONVERSATION
from calls.records.fold import LegFacts
from calls.records.tables import NAMES, Statement, Table, on_postgres, run_all, whole
from calls.vonage.events import Event

TRIES = 5
GATE = 0x6361_6C6C  # whoever locks names goes through it; whoever has too many for Postgres keeps it shut meanwhile
MOST_KEYS = 1_000
# A plan is kept, and may have been made while the tables were small: looking up one name after the other is what we
# want, whatever Postgres makes of it.
BY_INDEX = ", ".join(
    f"set_config('{name}', '{value}', true)"
    for name, value in {
        "plan_cache_mode": "force_generic_plan",
        "enable_seqscan": "off",
        "enable_bitmapscan": "off",
        "enable_hashjoin": "off",
        "enable_mergejoin": "off",
        "enable_material": "off",
    }.items()
)
SHUT = f"SELECT pg_advisory_xact_lock({GATE}), {BY_INDEX}"
LOCK = f"""
    SELECT pg_advisory_xact_lock_shared({GATE}), {BY_INDEX},
        (SELECT count(pg_advisory_xact_lock(key)) FROM unnest(%s::bigint[]) AS key)
"""  # noqa: S608

# Of the calls. It leaves the keys of those that it locked: what is read next may be told of others by now.
HELD = "callserver.held"
CONCERNED = f"""(
    SELECT call.id FROM {NAMES} JOIN calls_call AS call ON call.origin_uuid = name.value
    UNION SELECT leg.call_id FROM {NAMES} JOIN calls_leg AS leg ON leg.uuid = name.value
    UNION SELECT room.call_id FROM {NAMES} JOIN calls_conversation AS room ON room.uuid = name.value
)"""  # noqa: S608 -- names of ours
HOLD = f"""
    SELECT set_config('{HELD}', COALESCE(array_agg(id), '{{}}')::text, true) FROM (
        SELECT call.id FROM {CONCERNED} AS concerned JOIN calls_call AS call ON call.id = concerned.id
        ORDER BY origin_uuid FOR UPDATE OF call
    ) AS held
"""  # noqa: S608 -- names of ours

LEGS, ROOMS, CALLS = Table(Leg, "uuid"), Table(Conversation, "uuid"), Table(Call, "origin_uuid")
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
        """Make the statement that lets nobody else change what bears these names until the transaction ends.

        It is there for no names as well: a transaction of `whole` begins with it.
        """
        if not on_postgres():
            return []
        keys = sorted({key_of("leg", uuid) for uuid in self.legs} | {key_of("room", uuid) for uuid in self.rooms})
        return [(SHUT, ())] if len(keys) > MOST_KEYS else [(LOCK, (keys,))]

    def origins(self) -> list[str]:
        """By what a call may be born that these concern: see `origin_of`."""
        return [*self.rooms, *(f"{NO_CONVERSATION}{uuid}" for uuid in self.legs)]

    def concerned(self) -> tuple[list[str], list[str], list[str]]:
        """Give the values of CONCERNED."""
        return self.origins(), list(self.legs), list(self.rooms)

    def holds(self) -> list[Statement]:
        """Make the statement that locks the rows of all calls that these concern."""
        return [(HOLD, self.concerned())] if on_postgres() else []


@dataclass(slots=True)
class Place:
    """Where a leg or conversation stands: its own key and that of its call. One that is not there yet has no call."""

    uuid: str
    pk: int | None = None
    call_id: int | None = None


@dataclass(slots=True)
class HeldCall:
    """A call that nobody else changes now."""

    pk: int
    origin_uuid: str  # the conversation it was born in
    sealed: bool = False


@dataclass
class Held:
    """What a transaction may change, by name."""

    legs: dict[str, Place]
    rooms: dict[str, Place]
    calls: dict[str, HeldCall] = field(default_factory=dict)  # by the conversation they were born in
    # Legs that would belong to a sealed call: its key. They are not made, their events are added to it.
    late: dict[str, int] = field(default_factory=dict)
    # A key for the call of each leg that is not there yet, if the database has set one aside.
    set_aside: dict[str, int] = field(default_factory=dict)
    # Calls that have no legs but those named here, nor anything else that tells in their sums, as far as was looked.
    alone: set[int] = field(default_factory=set)
    # Conversations of which no event without a leg is there, as far as was looked.
    quiet: set[str] = field(default_factory=set)

    @property
    def sealed(self) -> set[int]:
        return {call.pk for call in self.calls.values() if call.sealed}

    @property
    def known_calls(self) -> set[int]:
        return {row.call_id for row in (*self.legs.values(), *self.rooms.values()) if row.call_id}

    def name_by_birth(self) -> None:
        """Let a conversation that no row tells of find the call that was born in it."""
        for origin, call in self.calls.items():
            room = self.rooms.get(origin)
            if room and not room.pk:
                room.call_id = call.pk

    def check(self) -> None:
        """Raise Vanished where a leg or conversation is of a call that is not held."""
        if not self.known_calls <= {call.pk for call in self.calls.values()}:
            raise Vanished

    def place_of(self, event: Event) -> tuple[int | None, int | None]:
        """Say to which call and leg an event belongs, once the legs have their places."""
        leg = self.legs.get(event.leg_uuid)
        if leg and leg.call_id:
            return leg.call_id, leg.pk
        room = self.rooms.get(event.conversation_uuid)
        return self.late.get(event.leg_uuid) or (room.call_id if room else None), None


def in_transaction(act: Callable[[Names], Result], names: Names) -> Result:
    """Do it in one transaction, all or nothing. It locks the names, and is done anew where they were not enough."""
    tries = 0
    while True:
        try:
            with whole():
                return act(names)
        except TooFewLocks as more:
            names = more.names
        except Vanished:
            tries += 1
            if tries == TRIES:
                raise


def find(names: Names) -> Held:
    """Find where these names stand; those that nothing bears are not there yet. Nothing of a call is held yet."""
    held = Held({uuid: Place(uuid) for uuid in names.legs}, {uuid: Place(uuid) for uuid in names.rooms})
    for model, places in ((Leg, held.legs), (Conversation, held.rooms)):
        for pk, uuid, call in model._default_manager.filter(uuid__in=list(places)).values_list("pk", "uuid", "call_id"):
            places[uuid].pk, places[uuid].call_id = pk, call
    born = Call.objects.filter(origin_uuid__in=list(held.rooms)).values_list("pk", "origin_uuid")
    held.calls = {origin: HeldCall(pk, origin) for pk, origin in born}
    held.name_by_birth()
    held.calls.clear()
    return held


def lock_calls(held: Held, facts: Mapping[str, LegFacts], more: Iterable[int] = ()) -> None:
    """Lock all calls that may change, and insert those whose first leg this is. Raises Vanished."""
    keys, origins = held.known_calls | set(more), {origin_of(*leg) for leg in facts.items()} | set(held.rooms)
    which = Call.objects.filter(Q(pk__in=keys) | Q(origin_uuid__in=origins)).order_by("origin_uuid")
    rows = which.select_for_update().values_list("pk", "origin_uuid", "sealed")
    held.calls = {call.origin_uuid: call for call in (HeldCall(*row) for row in rows)}
    held.check()
    run_all(make_calls(held, facts))


def make_calls(held: Held, facts: Mapping[str, LegFacts]) -> list[Statement]:
    """Make the calls whose first leg is among these. Gives what is to be executed for it."""
    born = {origin_of(uuid, fact): uuid for uuid, fact in facts.items()}
    missing = sorted(born.keys() - held.calls.keys())
    rows = [{**CALLS.blank, "id": held.set_aside.get(born[origin]), "origin_uuid": origin} for origin in missing]
    made = CALLS.upserts(rows, over=("origin_uuid",))
    held.calls |= {row["origin_uuid"]: HeldCall(row["id"], row["origin_uuid"]) for row in rows}
    held.alone |= {row["id"] for row in rows}
    return made


def origin_of(leg_uuid: str, facts: LegFacts) -> str:
    """Name the call that a leg belongs to: by the conversation it was born in."""
    return facts.born_in or f"{NO_CONVERSATION}{leg_uuid}"


def key_of(kind: str, name: str) -> int:
    """Make of a name the number by which Postgres locks it. That two names share one costs a wait, at worst."""
    return int.from_bytes(hashlib.blake2b(f"{kind}:{name}".encode(), digest_size=8).digest(), signed=True)
