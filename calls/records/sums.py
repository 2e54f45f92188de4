"""The sum of a call, from a few figures that the database works out: a thousand legs cost what one does."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from typing import Any

from calls.models import Call, CallEvent, Kind, Leg
from calls.records.fold import ANSWERED, END_UNKNOWN, AllLegs, CallFacts, total
from calls.records.locks import CALLS, LEGS, Held
from calls.records.tables import Statement, run_all

DECIMALS = 8  # of an amount; whole numbers of these add up without loss on SQLite too, where decimals are floats

# Each figure but those of all legs is found by an index, whatever there is of legs and events.
FIGURES = f"""
    SELECT leg.call_id,
        (SELECT id FROM calls_leg AS a WHERE a.call_id = leg.call_id ORDER BY started_at, uuid LIMIT 1),
        (SELECT result FROM calls_leg AS z WHERE z.call_id = leg.call_id ORDER BY started_at DESC, uuid DESC LIMIT 1),
        COUNT(*) FILTER (WHERE leg.ended_at IS NULL),
        MAX(leg.ended_at),
        COUNT(*) FILTER (WHERE leg.result = '{ANSWERED}'),
        SUM(CAST(ROUND(leg.price_eur * {10**DECIMALS}) AS BIGINT)),
        EXISTS (SELECT 1 FROM calls_callevent AS event WHERE event.call_id = leg.call_id AND kind = '{Kind.RECORD}'),
        EXISTS (SELECT 1 FROM calls_callevent AS event WHERE event.call_id = leg.call_id AND kind = '{Kind.ACTION}')
    FROM calls_leg AS leg WHERE leg.call_id = ANY(%s) GROUP BY leg.call_id
"""  # noqa: S608 -- words of ours

NAMES = [field.name for field in fields(CallFacts)]
KEPT = {"sealed": False, "has_payloads": True}  # of a new call; another keeps its own


def sum_up(pks: Collection[int], held: Held, before: Sequence[Statement] = ()) -> None:
    """Write the sum of each call; one that lost its last leg to another call goes. Sealed calls stay as they are.

    `before` is what is to be executed first: it goes on the same journey to the database.
    """
    wanted = set(pks) - held.sealed
    if not wanted:
        run_all(before)
        return
    calls = {call.pk: call for call in held.calls.values() if call.pk in wanted}
    if wanted - calls.keys():
        others = Call.objects.open().select_for_update().filter(pk__in=wanted - calls.keys()).order_by("origin_uuid")
        calls |= {call.pk: call for call in others}
    sums = _sums(run_all([*before, (FIGURES, (list(calls),))]), held.legs.values())
    facts = [
        {**vars(total(these)), **KEPT, "id": pk, "origin_uuid": calls[pk].origin_uuid} for pk, these in sums.items()
    ]
    run_all(CALLS.inserts(facts, where_there=CALLS.over_if_different(NAMES)))
    for pk in calls.keys() - sums.keys():
        calls[pk].events.update(call=None)
        calls[pk].delete()


def _sums(figures: Iterable[tuple[Any, ...]], at_hand: Iterable[Leg]) -> dict[int, AllLegs]:
    """Read what there is to know of the legs of each call. A call without legs is not among them."""
    rows = {pk: row for pk, *row in figures}
    legs = {leg.pk: leg for leg in at_hand if leg.pk and leg.started_at}  # those without a start were not read
    if missing := {first for first, *_ in rows.values()} - legs.keys():
        legs |= {leg.pk: leg for leg in LEGS.rows("WHERE id = ANY(%s)", list(missing))}
    return {
        pk: AllLegs(
            first=legs[first],
            last_result=last_result,
            over=not lasting,
            ended_at=LEGS.python("ended_at", ended_at),
            answered=answered,
            price_eur=None if price is None else Decimal(price).scaleb(-DECIMALS),
            recorded=bool(recorded),
            given_up=bool(acts and lasting and _given_up(pk)),
        )
        for pk, (first, last_result, lasting, ended_at, answered, price, recorded, acts) in rows.items()
    }


def _given_up(pk: int) -> bool:
    """Whether we recorded that we wait for the end no longer, and nothing was told since."""
    acts = CallEvent.objects.filter(call=pk, kind=Kind.ACTION, payload__type=END_UNKNOWN)
    gave_up = acts.order_by("-received_at").values_list("received_at", flat=True).first()
    return bool(gave_up and not _told_after(pk, gave_up))


def _told_after(pk: int, moment: datetime) -> bool:
    return CallEvent.objects.told().filter(call=pk, received_at__gt=moment).exists()
