"""The sum of a call, from a few figures that the database works out: a thousand legs cost little more than one."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from calls.models import Call, CallEvent, Kind, Leg
from calls.records.fold import ANSWERED, END_UNKNOWN, AllLegs, CallFacts, LegFacts, total
from calls.records.locks import CALLS, LEGS, Held
from calls.records.tables import Statement, run_all

DECIMALS = 8  # of an amount; whole numbers of these add up without loss on SQLite too, where decimals are floats

VOICEMAIL = "voicemail"  # what such a step records is a message, and what nobody says of which step it is

# Whether there are such events an index tells, however many there are of others. Legs are gone through in any case.
FIGURES = f"""
    SELECT leg.call_id,
        (SELECT id FROM calls_leg AS a WHERE a.call_id = leg.call_id ORDER BY started_at, uuid LIMIT 1),
        (SELECT result FROM calls_leg AS z WHERE z.call_id = leg.call_id ORDER BY started_at DESC, uuid DESC LIMIT 1),
        COUNT(*) FILTER (WHERE leg.ended_at IS NULL),
        MAX(leg.ended_at),
        COUNT(*) FILTER (WHERE leg.result = '{ANSWERED}'),
        SUM(CAST(ROUND(leg.price_eur * {10**DECIMALS}) AS BIGINT)),
        EXISTS (SELECT 1 FROM calls_callevent AS event WHERE event.call_id = leg.call_id AND kind = '{Kind.RECORD}'
            AND COALESCE(event.payload -> 'reply' -> 'path' -> 0 ->> 'kind', '{VOICEMAIL}') = '{VOICEMAIL}'),
        EXISTS (SELECT 1 FROM calls_callevent AS event WHERE event.call_id = leg.call_id AND kind = '{Kind.ACTION}')
    FROM calls_leg AS leg WHERE leg.call_id = ANY(%s) GROUP BY leg.call_id
"""  # noqa: S608 -- words of ours

SUMMED = tuple(field.name for field in fields(CallFacts))
KEPT = {"sealed": False, "has_payloads": True}  # of a new call; another keeps its own


def sum_up(
    pks: Collection[int],
    held: Held,
    before: Sequence[Statement],
    at_hand: Mapping[str, LegFacts] = MappingProxyType({}),
    *,
    last: bool = False,
) -> None:
    """Write the sum of each call; one that lost its last leg to another call goes. Sealed calls stay as they are.

    `before` is what is to be executed first: it goes on the same journey to the database. Most calls have one leg, and
    it is among those `at_hand`: of the others the database works out the figures. `last`: see `run_all`.
    """
    wanted = set(pks) - held.sealed
    of_one = _of_one_leg(wanted & held.alone, held, at_hand)
    origins = {call.pk: call.origin_uuid for call in held.calls.values()}
    before = [*before, *_write(of_one, origins)]
    if not (rest := wanted - of_one.keys()):
        run_all(before, last=last)
        return
    if others := rest - origins.keys():
        rows = Call.objects.open().select_for_update().filter(pk__in=others).order_by("origin_uuid")
        origins |= dict(rows.values_list("pk", "origin_uuid"))
    rest &= origins.keys()
    sums = _sums(run_all([*before, (FIGURES, (list(rest),))]))
    run_all(_write(sums, origins))
    for pk in rest - sums.keys():
        CallEvent.objects.filter(call=pk).update(call=None)
        Call.objects.filter(pk=pk).delete()


def _write(sums: Mapping[int, AllLegs], origins: Mapping[int, str]) -> list[Statement]:
    rows = [{**vars(total(legs)), **KEPT, "id": pk, "origin_uuid": origins[pk]} for pk, legs in sums.items()]
    return CALLS.inserts(rows, where_there=CALLS.over_if_different(SUMMED))


def _of_one_leg(alone: Collection[int], held: Held, at_hand: Mapping[str, LegFacts]) -> dict[int, AllLegs]:
    """Give what there is to know of those calls that have one leg, and that at hand."""
    legs: dict[int, list[str]] = {pk: [] for pk in alone}
    for uuid, leg in held.legs.items():
        if leg.call_id in legs:
            legs[leg.call_id].append(uuid)
    only = {pk: of_call[0] for pk, of_call in legs.items() if len(of_call) == 1}
    return {pk: AllLegs.of_one(at_hand[uuid]) for pk, uuid in only.items() if uuid in at_hand}


def _sums(figures: Iterable[tuple[Any, ...]]) -> dict[int, AllLegs]:
    """Read what there is to know of the legs of each call. A call without legs is not among them."""
    rows = {pk: row for pk, *row in figures}
    legs = Leg.objects.in_bulk([first for first, *_ in rows.values()])
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
