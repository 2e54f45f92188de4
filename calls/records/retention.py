"""What is kept, and for how long: PAYLOAD_DAYS and CALL_DAYS after the last thing that was received of a call.

After PAYLOAD_DAYS its payloads are emptied, headers included, and the call is **sealed**: its columns stay as they
are, since they could not be read again. After CALL_DAYS it is deleted with all that belongs to it. A call in progress
is left alone.
Late events of a sealed call are added to it; one of a deleted call makes a new call.

Each portion is a transaction of its own, of BATCH events at most. It locks its calls, and passes over those that
somebody holds: ingest waits for one portion at most, and a portion for nobody.
"""

import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from calls.models import (
    Call,
    CallEvent,
    CallSearch,
    Conversation,
    Kind,
    Leg,
    Outcome,
    Recording,
    Refusal,
    RequestHead,
    Visit,
)
from calls.records import search
from calls.records.counting import recount
from calls.records.locks import Held, HeldCall, Place
from calls.records.places import place_rooms
from calls.records.tables import run_all

BATCH = 5_000  # events of one transaction
LOOK_AHEAD = 5_000  # rows in a row that are not old: those after them are not either
PAUSE_SECONDS = 0.11  # between two of them: who waits for SQLite looks every tenth of a second whether it is free
EMPTY: dict[str, Any] = {}

Done = Counter[str]  # how many of each: "calls deleted", "events emptied", …
CALLS_DELETED, EVENTS_DELETED = "calls deleted", "events deleted"
CALLS_SEALED, EVENTS_EMPTIED = "calls sealed", "events emptied"
LOOSE_DELETED, LOOSE_EMPTIED = "events without a call deleted", "events without a call emptied"
REFUSALS_DELETED = "refused requests deleted"
HEADS_DELETED = "sets of headers deleted"
RECORDINGS_DELETED = "recordings deleted"


def prune(*, dry_run: bool = False) -> Iterator[Done]:
    """Do what PAYLOAD_DAYS and CALL_DAYS ask for, or say what that would be. Gives what each portion did."""
    deleting, emptying = _before(settings.CALL_DAYS), _before(settings.PAYLOAD_DAYS)
    if dry_run:
        yield from _foresee(deleting, emptying)
        return
    if deleting:
        for calls in _calls_by_age(deleting):
            yield from _delete_calls(calls, deleting)
        yield from _delete_loose(deleting)
        yield Done({REFUSALS_DELETED: _refusals(deleting).delete()[0]})
    if emptying:
        for calls in _calls_with_payloads(emptying):
            yield from _seal_calls(calls, emptying)
        yield from _empty_loose(emptying)
    yield Done({HEADS_DELETED: _drop(_heads(deleting, emptying))})


def _foresee(deleting: datetime | None, emptying: datetime | None) -> Iterator[Done]:
    if deleting:
        for calls in _calls_by_age(deleting):
            events = CallEvent.objects.filter(call__in=calls)
            recordings = Recording.objects.filter(event__call__in=calls).count()
            yield Done({CALLS_DELETED: len(calls), EVENTS_DELETED: events.count(), RECORDINGS_DELETED: recordings})
        recordings = Recording.objects.filter(event__in=_loose(deleting).order_by()).count()
        yield Done({LOOSE_DELETED: _loose(deleting).count(), RECORDINGS_DELETED: recordings})
        yield Done({REFUSALS_DELETED: _refusals(deleting).count()})
    if emptying:
        for calls in _calls_with_payloads(emptying):
            kept = Call.objects.filter(pk__in=set(calls) - set(_old(calls, deleting) if deleting else ()))
            full = _full(CallEvent.objects.filter(call__in=kept.values("pk")))
            yield Done({CALLS_SEALED: kept.open().count(), EVENTS_EMPTIED: full.count()})
        loose = _full(_loose(emptying))
        yield Done({LOOSE_EMPTIED: (loose.filter(received_at__gte=deleting) if deleting else loose).count()})
    yield Done({HEADS_DELETED: _heads(deleting, emptying).count()})


def _before(days: int) -> datetime | None:
    return timezone.now() - timedelta(days=days) if days else None


def _old(calls: Collection[int], before: datetime) -> list[int]:
    """Of these calls, those that are over and of which nothing was received since."""
    recent = CallEvent.objects.filter(call=OuterRef("pk"), received_at__gte=before)
    old = Call.objects.filter(~Exists(recent), pk__in=calls).exclude(outcome=Outcome.IN_PROGRESS)
    return sorted(old.values_list("pk", flat=True))


def _calls_by_age(before: datetime) -> Iterator[list[int]]:
    """Go through all events from the oldest on, and give the calls that are old, some at a time, each once.

    Keys of events grow as time goes on, but for those that waited in a spool: these have their turn later.
    """
    events = CallEvent.objects.filter(call__isnull=False).order_by("pk")
    page, seen = events[:LOOK_AHEAD], set[int]()
    while rows := list(page.values_list("pk", "call_id", "received_at")):
        if all(received_at >= before for *_, received_at in rows):
            return
        calls = {call for _, call, _ in rows if call} - seen
        seen |= calls
        if old := _old(calls, before):
            yield old
        page = events.filter(pk__gt=rows[-1][0])[:LOOK_AHEAD]


def _calls_with_payloads(before: datetime) -> Iterator[list[int]]:
    """Give the old calls that still have payloads, some at a time.

    Keys of calls grow as calls come in, but for those that were kept waiting: these have their turn later.
    """
    with_payloads, after = Call.objects.filter(has_payloads=True).order_by("pk"), 0
    while calls := list(with_payloads.filter(pk__gt=after).values_list("pk", flat=True)[:LOOK_AHEAD]):
        after, old = calls[-1], _old(calls, before)
        if not old:
            return
        yield old


def _packs(calls: Sequence[int]) -> Iterator[list[int]]:
    """Give the calls in packs of BATCH events at most, or alone where one has more."""
    rows = CallEvent.objects.filter(call__in=calls).order_by().values_list("call_id").annotate(count=Count("pk"))
    counts = {call: count for call, count in rows if call}
    pack: list[int] = []
    size = 0
    for call in calls:
        count = counts.get(call, 0)
        if pack and size + count > BATCH:
            yield pack
            pack, size = [], 0
        pack.append(call)
        size += count
    if pack:
        yield pack


def _hold(calls: Collection[int], before: datetime) -> list[int]:
    """Lock the calls, as everybody does who changes anything of them. Gives those that nobody has, and still old."""
    free = Call.objects.filter(pk__in=calls).select_for_update(skip_locked=True).order_by("origin_uuid")
    return _old(list(free.values_list("pk", flat=True)), before)


def _seal_calls(calls: Sequence[int], before: datetime) -> Iterator[Done]:
    """Empty the payloads of these calls, and let nobody read them again."""
    for pack in _packs(calls):
        more = True
        while more:
            with transaction.atomic():
                held = Call.objects.filter(pk__in=_hold(pack, before))
                newly = held.filter(sealed=False).update(sealed=True)
                emptied, more = _empty(CallEvent.objects.filter(call__in=held.values("pk")))
                if not more:
                    search.write(list(held.values_list("pk", flat=True)))  # what was said is not kept there either
                    held.update(has_payloads=False)
            yield Done({CALLS_SEALED: newly, EVENTS_EMPTIED: emptied})
            time.sleep(PAUSE_SECONDS)


def _full(events: QuerySet[CallEvent]) -> QuerySet[CallEvent]:
    """Those with a payload or headers that go: what people remarked stays as long as the call."""
    return events.exclude(payload=EMPTY, head__isnull=True).exclude(kind=Kind.ACTION, payload__remark__isnull=False)


def _empty(events: QuerySet[CallEvent]) -> tuple[int, bool]:
    """Empty payloads, BATCH at most. Gives how many, and whether there are more."""
    full = list(_full(events).values_list("pk", flat=True)[: BATCH + 1])
    rows = CallEvent.objects.filter(pk__in=full[:BATCH])
    return rows.update(payload=EMPTY, raw=b"", head=None), len(full) > BATCH


def _delete_calls(calls: Sequence[int], before: datetime) -> Iterator[Done]:
    """Delete these calls. One of more than BATCH events is sealed first: nobody reads it while it goes."""
    for pack in _packs(calls):
        more = True
        while more:
            with transaction.atomic():
                held = _hold(pack, before)
                some = list(CallEvent.objects.filter(call__in=held).values_list("pk", flat=True)[: BATCH + 1])
                more = len(some) > BATCH
                recordings = Recording.objects.discard_of(some[:BATCH])
                deleted = _drop(CallEvent.objects.filter(pk__in=some[:BATCH]))
                if more:
                    Call.objects.filter(pk__in=held).update(sealed=True)
                else:
                    _delete_rows(held)
            calls_deleted = 0 if more else len(held)
            yield Done({CALLS_DELETED: calls_deleted, EVENTS_DELETED: deleted, RECORDINGS_DELETED: recordings})
            time.sleep(PAUSE_SECONDS)


def _drop(rows: QuerySet[Any]) -> int:
    """Delete rows that nothing refers to: `delete()` would read them first, to look for what does."""
    return rows._raw_delete(rows.db) or 0  # None where there is nothing to look for


def _delete_rows(calls: Collection[int]) -> None:
    """Delete calls that have no events any more. A conversation in which others were is theirs from now on."""
    _drop(Visit.objects.filter(leg__in=Leg.objects.filter(call__in=calls).values("pk")))
    _drop(Leg.objects.filter(call__in=calls))
    rooms = Conversation.objects.filter(call__in=calls)
    born = Call.objects.filter(origin_uuid=OuterRef("uuid")).exclude(pk__in=calls)
    shared = rooms.filter(Exists(Visit.objects.filter(conversation=OuterRef("pk"))) | Exists(born))
    held = Held({}, {room.uuid: Place(room.uuid, room.pk, room.call_id) for room in shared})
    others = Call.objects.filter(origin_uuid__in=list(held.rooms)).exclude(pk__in=calls)
    held.calls = {call.origin_uuid: HeldCall(call.pk, call.origin_uuid, sealed=call.sealed) for call in others}
    won_or_lost, tie = place_rooms(held)
    run_all(tie)
    recount({*calls, *won_or_lost})
    _drop(rooms.all())
    _drop(CallSearch.objects.filter(call__in=calls))
    _drop(Call.objects.filter(pk__in=calls))


def _heads(*limits: datetime | None) -> QuerySet[RequestHead]:
    """Those that came with no request since one of these: no event names them any more, but in calls that go on."""
    latest = max((limit.date() for limit in limits if limit), default=None)
    return RequestHead.objects.not_seen_since(latest) if latest else RequestHead.objects.none()


def _refusals(before: datetime) -> QuerySet[Refusal]:
    return Refusal.objects.filter(at__lt=before)


def _loose(before: datetime) -> QuerySet[CallEvent]:
    return CallEvent.objects.without_call().received_before(before).order_by("pk")


def _empty_loose(before: datetime) -> Iterator[Done]:
    more = True
    while more:
        with transaction.atomic():
            emptied, more = _empty(_loose(before).select_for_update(skip_locked=True))
        yield Done({LOOSE_EMPTIED: emptied})
        time.sleep(PAUSE_SECONDS)


def _delete_loose(before: datetime) -> Iterator[Done]:
    """Delete old events without a call, and the conversations that nothing else is known of."""
    deleted = BATCH
    while deleted == BATCH:
        with transaction.atomic():
            rows = _loose(before).select_for_update(skip_locked=True).values_list("pk", "conversation_uuid")[:BATCH]
            found = dict(rows)
            recordings = Recording.objects.discard_of(found)
            deleted = _drop(CallEvent.objects.filter(pk__in=found))
            _delete_unknown(set(found.values()) - {""})
        yield Done({LOOSE_DELETED: deleted, RECORDINGS_DELETED: recordings})
        time.sleep(PAUSE_SECONDS)


def _delete_unknown(names: Collection[str]) -> None:
    others = CallEvent.objects.filter(conversation_uuid=OuterRef("uuid"), leg__isnull=True)  # of a leg: it has a call
    visits = Visit.objects.filter(conversation=OuterRef("pk"))
    unknown = Conversation.objects.filter(~Exists(others), ~Exists(visits), uuid__in=names, call__isnull=True)
    free = unknown.select_for_update(skip_locked=True).order_by("uuid")
    _drop(Conversation.objects.filter(pk__in=list(free.values_list("pk", flat=True))))
