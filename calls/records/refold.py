"""Read what was kept again: columns are our reading of payloads, and a reading may be corrected.

The steps are those of `batch.write_batch`, under the same locks, so that events may come in meanwhile. Sealed calls
have no payloads to be read from, and stay as they are.
"""

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from calls.models import Call, CallEvent, Conversation, Leg
from calls.models.calls import NO_CONVERSATION
from calls.records.batch import Histories, event_of, read_legs, reading_of, waits_for
from calls.records.counting import recount
from calls.records.locks import Names, find, in_transaction, lock_calls
from calls.records.places import place_legs, place_rooms, place_visits
from calls.records.sums import sum_up
from calls.records.tables import on_postgres, run_all
from calls.vonage.events import Event

logger = logging.getLogger(__name__)

CALLS_AT_ONCE = 20
LOOSE_AT_ONCE = 100
# Things are looked for here by one name or another: without it a whole index is read for each 20 calls.
BY_SEVERAL_INDEXES = "SELECT set_config('enable_bitmapscan', 'on', true)"
EVENT_COLUMNS = ("call_id", "leg_id", "conversation_uuid", "kind", "status", "rank", "occurred_at", "error")
Columns = dict[str, Any]
Rows = dict[int | str, Columns]
# What reading again has changed in each "call", "leg" and "event", by key or uuid: the columns, or "made", or "gone".
Changes = dict[str, dict[int | str, list[str]]]
Thing = TypeVar("Thing")


def what_to_read(*, since: datetime | None = None, calls: Collection[int] | None = None) -> tuple[list[int], list[int]]:
    """Give the keys of the calls, and of the events without a call, that can be read again.

    `since` leaves out those of which nothing was received since then, `calls` all but these.
    """
    found = Call.objects.open().order_by("pk")
    loose = CallEvent.objects.without_call().order_by("pk")
    if since:
        recent = CallEvent.objects.filter(received_at__gte=since)
        found = found.filter(pk__in=recent.filter(call__isnull=False).values("call_id"))
        loose = loose.filter(received_at__gte=since)
    if calls is not None:
        found, loose = found.filter(pk__in=calls), loose.none()
    return list(found.values_list("pk", flat=True)), list(loose.values_list("pk", flat=True))


def refold(calls: Sequence[int], loose: Sequence[int], *, dry_run: bool = False) -> Iterator[tuple[int, Changes]]:
    """Read these again, some at a time, each time in a transaction. Gives how many, and what changed in them."""
    for some in _portions(calls, CALLS_AT_ONCE):
        yield len(some), _read_again(Q(call__in=some), some, dry_run=dry_run)
    for some in _portions(loose, LOOSE_AT_ONCE):
        yield len(some), _read_again(Q(pk__in=some), (), dry_run=dry_run)


def _portions(things: Iterable[Thing], size: int) -> Iterator[list[Thing]]:
    rest = iter(things)
    while portion := list(islice(rest, size)):
        yield portion


def _read_again(which: Q, calls: Collection[int], *, dry_run: bool) -> Changes:
    """Read events again with all that they may concern: what that is shows in them, and is locked before."""
    return in_transaction(lambda names: _Again(which, calls, names).do(dry_run=dry_run), Names())


class _Again:
    """One transaction that reads some calls, or some events without a call, again. Raises TooFewLocks."""

    def __init__(self, which: Q, calls: Collection[int], names: Names) -> None:
        self.calls = set(calls)
        run_all(names.locks())
        if on_postgres():
            run_all([(BY_SEVERAL_INDEXES, ())])
        self.held = find(names)
        of_legs = Q(leg__in=[leg.pk for leg in self.held.legs.values() if leg.pk])
        of_rooms = Q(leg__isnull=True, conversation_uuid__in=list(self.held.rooms))
        readable = Q(call__isnull=True) | Q(call__sealed=False)
        rows = CallEvent.objects.filter(which | of_legs | of_rooms, readable).exclude(payload={})  # {}: it was emptied
        self.rows = list(rows.defer("raw").order_by("pk"))
        self.read: dict[int, tuple[Event, Columns]] = {}  # by the row's key
        self.errors: dict[int, str] = {}
        for row in self.rows:
            self._read(row)
        names.check(self._concerned())

    def do(self, *, dry_run: bool) -> Changes:
        held, calls = self.held, self._calls()
        histories = self._histories()
        reading = read_legs(histories, histories)
        lock_calls(held, reading.facts, calls)
        before = self._snapshot(calls)
        left, write = place_legs(held, reading.facts)
        run_all(write)
        place_visits(held, {uuid: reading.visits.get(uuid, {}) for uuid in reading.facts}, reading.facts)
        left |= self._write_events(reading.errors) | self._drop_legs_without_events()
        won_or_lost, tie = place_rooms(held, left)
        changed = left | won_or_lost | self._calls()
        sum_up(changed, held, tie)
        recount(calls | changed)
        after = self._snapshot(calls | changed)
        if dry_run:
            transaction.set_rollback(True)
        return {word: _differences(before[word], after[word]) for word in before}

    def _read(self, row: CallEvent) -> None:
        """Read one event again; where that fails it stays as it is, with the error."""
        try:
            event = event_of(row.payload, row.door, row.received_at, row.digest)
            columns = reading_of(event)
            _ = event.leg_uuid, event.conversations  # what fails to be read fails here
            self.read[row.pk] = event, {name: columns[name] for name in EVENT_COLUMNS if name in columns}
        except Exception as error:
            logger.exception("Event %s could not be read", row.pk)
            self.errors[row.pk] = f"{type(error).__name__}: {error}"

    def _concerned(self) -> Names:
        """Name all that these events, as they were read before and are read now, concern."""
        of_rows = Q(pk__in={row.leg_id for row in self.rows}) | Q(call__in=self.calls)
        legs = frozenset(Leg.objects.filter(of_rows).values_list("uuid", flat=True))
        before = Q(uuid__in={row.conversation_uuid for row in self.rows}) | Q(call__in=self.calls)
        visited = Q(visits__leg__in=[leg.pk for leg in self.held.legs.values() if leg.pk])
        rooms = frozenset(Conversation.objects.filter(before | visited).values_list("uuid", flat=True))
        return Names(legs, rooms | self._births()) | Names.of(event for event, _ in self.read.values())

    def _births(self) -> frozenset[str]:
        """Name the conversations that these calls were born in; one may have been born in none."""
        origins = Call.objects.filter(pk__in=self.calls).exclude(origin_uuid__startswith=NO_CONVERSATION)
        return frozenset(origins.values_list("origin_uuid", flat=True))

    def _calls(self) -> set[int]:
        """The calls that are concerned, as far as the rows at hand tell."""
        of_rows = {row.call_id for row in self.rows if row.call_id}
        of_legs = {leg.call_id for leg in self.held.legs.values() if leg.call_id}
        return self.calls | of_rows | of_legs | {room.call_id for room in self.held.rooms.values() if room.call_id}

    def _histories(self) -> Histories:
        """The events of each leg, but for those of sealed calls."""
        sealed = set(Call.objects.filter(pk__in=self._calls(), sealed=True).values_list("pk", flat=True))
        histories: Histories = {}
        for event, _ in self.read.values():
            leg = self.held.legs.get(event.leg_uuid)
            if leg and leg.call_id not in sealed:
                histories.setdefault(leg.uuid, []).append(event)
        return histories

    def _write_events(self, errors: Mapping[UUID, str]) -> set[int]:
        """Write what was read of each event, and where it belongs. Gives the calls that won or lost one."""
        changed, calls = [], set[int]()
        for row in self.rows:
            columns: Columns = {"error": self.errors.get(row.pk, "")}
            if row.pk in self.read:
                event, columns_of_event = self.read[row.pk]
                call, leg = self.held.place_of(event)
                error = errors.get(event.digest, "")
                columns = {
                    **columns_of_event,
                    "call_id": call,
                    "leg_id": leg,
                    "conversation_uuid": waits_for(event, leg),
                    "error": error,
                }
            different = {name: value for name, value in columns.items() if getattr(row, name) != value}
            if "call_id" in different:
                calls |= {call for call in (row.call_id, different["call_id"]) if call}
            for name, value in different.items():
                setattr(row, name, value)
            changed += [row] if different else []
        fields = [name.removesuffix("_id") for name in EVENT_COLUMNS]
        CallEvent.objects.bulk_update(changed, fields, batch_size=500)
        Call.objects.filter(pk__in=calls & self.held.sealed).update(has_payloads=True)
        return calls

    def _drop_legs_without_events(self) -> set[int]:
        """Drop legs of which, as we read now, nothing was told. Gives the calls they were in."""
        told_of = Exists(CallEvent.objects.filter(leg=OuterRef("pk")))
        placed = {leg.pk: leg for leg in self.held.legs.values() if leg.pk and leg.call_id}
        calls = set[int]()
        for row in Leg.objects.filter(~told_of, pk__in=placed, call__sealed=False):
            calls |= {row.call_id} if row.call_id else set()
            placed[row.pk].call_id = None
            row.delete()
        return calls

    def _snapshot(self, calls: Collection[int]) -> dict[str, Rows]:
        legs = Leg.objects.filter(uuid__in=list(self.held.legs), call__isnull=False)
        events = CallEvent.objects.filter(pk__in=[row.pk for row in self.rows])
        return {
            "call": {row["id"]: dict(row) for row in Call.objects.filter(pk__in=calls).values()},
            "leg": {row["uuid"]: dict(row) for row in legs.values()},
            "event": {row["id"]: dict(row) for row in events.values("id", *EVENT_COLUMNS)},
        }


def _differences(before: Rows, after: Rows) -> dict[int | str, list[str]]:
    """Name the columns that differ, row by row."""
    made = {name: ["made"] for name in after.keys() - before.keys()}
    gone = {name: ["gone"] for name in before.keys() - after.keys()}
    changed = {}
    for name in before.keys() & after.keys():
        was, now = before[name], after[name]
        if columns := [column for column in was if was[column] != now[column]]:
            changed[name] = columns
    return made | gone | changed
