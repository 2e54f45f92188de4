"""Sums over rows of `Tally`, by whatever the reports ask for: each one query, in whole numbers that any database adds.

Where a quarter lies in a zone is worked out from its number: see `records.quarters`. No database is asked for zones.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from django.db.models import Aggregate, Case, Expression, F, IntegerField, Max, QuerySet, Sum, Value, When

from calls.models import Ending, Tally
from calls.records.counting import Joined
from calls.records.figures import Money, Sums
from calls.records.quarters import DAY, HOUR, Shift
from calls.records.spread import Spread

THURSDAY = 3  # the first of January 1970; 0 is Monday
PLAIN: dict[str, Aggregate] = {
    **{f"of_{ending.name.lower()}": Sum(ending.name.lower()) for ending in Ending},
    "sum_talk_seconds": Sum("talk_seconds"),
    "sum_slow_answers": Sum("slow_answers"),
    "sum_cost": Sum("cost"),
    "max_slowest": Max("slowest"),
}
SPREAD: dict[str, Aggregate] = {f"all_{name}": Joined(name) for name in ("waits", "talks", "answers")}


def by_step(rows: QuerySet[Tally], found: Sequence[Shift], size: int) -> dict[tuple[int, bool], Sums]:
    """Sum up by hour or day on the zone's clock, and by whether we placed them. `size` is HOUR or DAY."""
    steps = rows.annotate(step=_local(found) / Value(size)).order_by()
    summed = steps.values("step", "outbound").annotate(**PLAIN, **SPREAD)
    return {(row["step"], row["outbound"]): _sums(row) for row in summed.iterator()}


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
    stretches = list(pairwise(edges))
    which = Case(*(When(quarter__lt=end, then=Value(place)) for place, (_, end) in enumerate(stretches)))
    inside = rows.filter(quarter__gte=edges[0], quarter__lt=edges[-1]).annotate(stretch=which).order_by()
    found: dict[str, list[Money]] = defaultdict(lambda: [Money() for _ in stretches])
    for row in inside.values("number", "outbound", "stretch").annotate(count=Sum("calls"), sum_cost=Sum("cost")):
        money = Money(outbound=row["count"]) if row["outbound"] else Money(inbound=row["count"])
        found[row["number"]][row["stretch"]] += Money(money.inbound, money.outbound, row["sum_cost"])
    return dict(found)


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
