"""The sum of a call, from a few figures that the database works out: a thousand legs cost what one does."""

from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import BigIntegerField, Count, Exists, F, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Cast, Round

from calls.models import Call, CallEvent, Kind, Leg
from calls.records.fold import ANSWERED, END_UNKNOWN, AllLegs, total
from calls.records.locks import Held
from calls.records.places import save

DECIMALS = 8  # of an amount; whole numbers of these add up without loss on SQLite too, where decimals are floats


def sum_up(pks: Collection[int], held: Held) -> None:
    """Write the sum of each call; one that lost its last leg to another call goes. Sealed calls stay as they are."""
    wanted = set(pks) - held.sealed
    if not wanted:
        return
    calls = {call.pk: call for call in held.calls.values() if call.pk in wanted}
    if wanted - calls.keys():
        others = Call.objects.open().select_for_update().filter(pk__in=wanted - calls.keys()).order_by("origin_uuid")
        calls |= {call.pk: call for call in others}
    sums = _sums(calls, held.legs.values())
    for pk, call in calls.items():
        if pk in sums:
            save(call, total(sums[pk]))
        else:
            call.events.update(call=None)
            call.delete()


def _sums(pks: Collection[int], at_hand: Iterable[Leg]) -> dict[int, AllLegs]:
    """Ask for what there is to know of the legs of each call. A call without legs is not among them."""
    ends = _ends(pks)
    legs = {leg.pk: leg for leg in at_hand if leg.pk}
    missing = {row["first_leg"] for row in ends.values()} - legs.keys()
    if missing:
        legs |= Leg.objects.in_bulk(missing)
    figures = _figures(pks)
    sums = {}
    for pk, row in ends.items():
        figure = figures[pk]
        over, price, gave_up = not figure["lasting"], figure["price"], row["gave_up_at"]
        sums[pk] = AllLegs(
            first=legs[row["first_leg"]],
            last_result=row["last_result"],
            over=over,
            ended_at=figure["ended_at"],
            answered=figure["answered"],
            price_eur=None if price is None else Decimal(price).scaleb(-DECIMALS),
            recorded=row["recorded"],
            given_up=bool(gave_up and not over and not _told_after(pk, gave_up)),
        )
    return sums


def _ends(pks: Collection[int]) -> dict[int, Any]:
    """The first and the last leg of each call, and what of its events counts. Each is found by an index."""
    legs = Leg.objects.filter(call=OuterRef("pk"))
    events = CallEvent.objects.filter(call=OuterRef("pk"))
    gave_up = events.filter(kind=Kind.ACTION, payload__type=END_UNKNOWN).order_by("-received_at")
    rows = Call.objects.filter(pk__in=pks).values(
        "pk",
        first_leg=Subquery(legs.oldest_first().values("pk")[:1]),
        last_result=Subquery(legs.oldest_first().reverse().values("result")[:1]),
        recorded=Exists(events.filter(kind=Kind.RECORD)),
        gave_up_at=Subquery(gave_up.values("received_at")[:1]),
    )
    return {row["pk"]: row for row in rows if row["first_leg"]}


def _figures(pks: Collection[int]) -> dict[int, Any]:
    in_units = Cast(Round(F("price_eur") * 10**DECIMALS), BigIntegerField())
    rows = Leg.objects.filter(call__in=pks).order_by().values("call_id")
    return {
        row["call_id"]: row
        for row in rows.annotate(
            lasting=Count("pk", filter=Q(ended_at__isnull=True)),
            ended_at=Max("ended_at"),
            answered=Count("pk", filter=Q(result=ANSWERED)),
            price=Sum(in_units),
        )
    }


def _told_after(pk: int, moment: datetime) -> bool:
    return CallEvent.objects.told().filter(call=pk, received_at__gt=moment).exists()
