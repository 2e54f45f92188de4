"""Sums over rows of `Tally`, by whatever the reports ask for: each one query, in whole numbers that any database adds.

`between` says which rows these are: days, hours and quarters, as few as may be. What is then summed up by stretches of
time is given the edges that it was said for.

Where a quarter lies in a zone is worked out from its number: see `records.quarters`. No database is asked for zones.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import pairwise
from operator import or_
from typing import Any

from django.db.models import Aggregate, Case, Expression, F, IntegerField, Max, Q, QuerySet, Sum, Value, When

from calls.models import Ending, Tally
from calls.records.counting import Joined
from calls.records.figures import Money, Sums
from calls.records.quarters import DAY, HOUR, Part, Shift, parts
from calls.records.spread import Spread

MOST_PARTS = 250  # of the time in one query
THURSDAY = 3  # the first of January 1970; 0 is Monday
PLAIN: dict[str, Aggregate] = {
    **{f"of_{ending.name.lower()}": Sum(ending.name.lower()) for ending in Ending},
    "sum_talk_seconds": Sum("talk_seconds"),
    "sum_slow_answers": Sum("slow_answers"),
    "sum_cost": Sum("cost"),
    "max_slowest": Max("slowest"),
}
SPREAD: dict[str, Aggregate] = {f"all_{name}": Joined(name) for name in ("waits", "talks", "answers")}


def between(edges: Sequence[int]) -> Q:
    """The rows that make up the time from the first edge to the last, none of which lies on both sides of an edge."""
    found = parts(edges)
    if len(found) > MOST_PARTS:  # each day of a year begins within an hour
        found = [Part(min(part.span for part in found), edges[0], edges[-1])]
    ways = (Q(span=part.span, quarter__gte=part.begin, quarter__lt=part.end) for part in found)
    return reduce(or_, ways, Q(pk__in=[]))


def by_step(rows: QuerySet[Tally], found: Sequence[Shift], size: int) -> dict[tuple[int, bool], Sums]:
    """Sum up by hour or day on the zone's clock, and by whether we placed them. `size` is HOUR or DAY."""
    return _by(_local(found) / Value(size), rows)


def by_stretch(rows: QuerySet[Tally], edges: Sequence[int]) -> dict[tuple[int, bool], Sums]:
    """Sum up by the stretches of quarters between these edges, and by whether we placed them."""
    return _by(_stretch(edges), rows)


def total(rows: QuerySet[Tally]) -> Sums:
    """Sum up all, but for how values are spread."""
    return _sums(rows.aggregate(**PLAIN))


def by_number_and_version(rows: QuerySet[Tally]) -> dict[tuple[str, int], Sums]:
    """Sum up by number of ours and by the version that answered, 0 where none did."""
    summed = rows.order_by().values("number", "version").annotate(**PLAIN, **SPREAD)
    return {(row["number"], row["version"]): _sums(row) for row in summed.iterator()}


def by_hour_of_week(rows: QuerySet[Tally], found: Sequence[Shift]) -> dict[tuple[int, int], int]:
    """Count calls by weekday, 0 is Monday, and hour on the zone's clock."""
    hours = rows.annotate(hour=(_local(found) / Value(HOUR)) % Value(7 * DAY // HOUR)).order_by()
    counted = hours.values("hour").annotate(count=Sum("calls"))
    return {((row["hour"] // 24 + THURSDAY) % 7, row["hour"] % 24): row["count"] for row in counted}


def by_number(rows: QuerySet[Tally], edges: Sequence[int]) -> dict[str, list[Money]]:
    """Sum money up by number, and by the stretches of quarters between these edges."""
    found: dict[str, list[Money]] = defaultdict(lambda: [Money() for _ in pairwise(edges)])
    by = rows.annotate(stretch=_stretch(edges)).order_by().values("number", "outbound", "stretch")
    for row in by.annotate(count=Sum("calls"), sum_cost=Sum("cost")):
        money = Money(outbound=row["count"]) if row["outbound"] else Money(inbound=row["count"])
        found[row["number"]][row["stretch"]] += Money(money.inbound, money.outbound, row["sum_cost"])
    return dict(found)


def _by(step: Expression, rows: QuerySet[Tally]) -> dict[tuple[int, bool], Sums]:
    summed = rows.annotate(step=step).order_by().values("step", "outbound").annotate(**PLAIN, **SPREAD)
    return {(row["step"], row["outbound"]): _sums(row) for row in summed.iterator()}


def _stretch(edges: Sequence[int]) -> Expression:
    """Give the place of the stretch that a row lies in, in SQL."""
    return Case(*(When(quarter__lt=end, then=Value(place)) for place, end in enumerate(edges[1:])))


def _local(found: Sequence[Shift]) -> Expression:
    """Count the quarter on the zone's clock, in SQL."""
    if len(found) == 1:
        return F("quarter") + Value(found[0].ahead)
    changes = (When(quarter__lt=after.begin, then=Value(shift.ahead)) for shift, after in pairwise(found))
    return F("quarter") + Case(*changes, default=Value(found[-1].ahead), output_field=IntegerField())


def _sums(row: Mapping[str, Any]) -> Sums:
    return Sums(
        endings={ending: row[f"of_{ending.name.lower()}"] or 0 for ending in Ending},
        **{name: Spread.of(row.get(f"all_{name}") or "") for name in ("waits", "talks", "answers")},
        talk_seconds=row["sum_talk_seconds"] or 0,
        slow_answers=row["sum_slow_answers"] or 0,
        slowest=row["max_slowest"] or 0,
        cost=row["sum_cost"] or 0,
    )
