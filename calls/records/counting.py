"""The reports' figures follow the call log: calls are counted anew once something was told of them.

Ingest knows nothing of it. Who counts finds by the keys of events what came since the last time, as those who look for
recordings do. What changes without an event is marked: see `recount`. A call is counted as it stands, however often:
its row in `Counted` is written when it differs, and the sums of the quarters that it left and entered are made anew.
"""

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Count, F, Max, Q, QuerySet, Sum
from django.utils import timezone

from calls.models import Bookmark, Call, CallEvent, Counted, Ending, Kind, Leg, Recount, Tally
from calls.models.reports import ALL
from calls.records.counted import Answer, LegTimes, counted
from calls.records.quarters import DAY, HOUR
from calls.records.several import several
from calls.records.spread import Spread

PAGE = 2_000  # events, and marks, of one transaction
QUARTERS = 500  # whose sums are made at once, where they lie apart
OVERLAP = timedelta(seconds=15)  # after it an event that was written earlier has been committed
NAME = "reports"  # of the bookmark
TALLIES = Tally._meta.db_table
COLUMNS = [field.name for field in Counted._meta.concrete_fields if not field.primary_key]


class Joined(models.Aggregate):
    """The texts of many rows as one."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s, '')"
    output_field = models.TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)


SUMS: dict[str, models.Aggregate] = {
    "calls": Count("pk"),
    **{ending.name.lower(): Count("pk", filter=Q(ending=ending)) for ending in Ending},
    "waits": Joined("waited"),
    "talks": Joined("talked"),
    "talk_seconds": Sum("talked_seconds"),
    "answers": Joined("latencies"),
    "slow_answers": Sum("late_answers"),
    "slowest": Max("latest_answer"),
    "cost": Sum("price"),
}
OF_SUMS = "of_"
SPREAD = ("waits", "talks", "answers")
SUMS_OF_SUMS: dict[str, models.Aggregate] = {
    f"{OF_SUMS}{name}": Joined(name) if name in SPREAD else Max(name) if name == "slowest" else Sum(name)
    for name in SUMS
}
KEYS = ["begin", "outbound", "number", "version"]


def count_news(seconds: float = 2.0, *, most: int | None = None) -> bool:
    """Count the calls of which something was told, or that were marked. Gives True when there may be more.

    It goes on for that long, or through so many events. Where another process is at it, it is left to that one.
    """
    until = time.monotonic() + seconds
    after, left = 0, most
    while not _is_quiet():
        size = PAGE if left is None else min(left, PAGE)
        with transaction.atomic():
            mark = _take()
            if mark is None:
                return True
            after, done = _count_page(mark, max(after, mark.seen), size)
        left = None if left is None else left - size
        if done:
            break
        if time.monotonic() > until or left == 0:
            return True
    return False


def waits_since() -> datetime | None:
    """Say when the first event was received that is not counted yet for sure; None where there is none."""
    seen = Bookmark.objects.filter(name=NAME).values_list("seen", flat=True).first() or 0
    waiting = CallEvent.objects.filter(pk__gt=seen).order_by("pk")
    return waiting.values_list("received_at", flat=True).first()


def recount(calls: Iterable[int]) -> None:
    """Have calls counted anew of which nothing is told: in the transaction that changes or deletes them."""
    Recount.objects.bulk_create([Recount(call=call) for call in sorted(calls)], batch_size=500)


def count_calls(calls: Collection[int]) -> None:
    """Count these calls as they stand, and bring the sums up to date. Only who holds the bookmark does so."""
    old = Counted.objects.in_bulk(calls)
    new = {row.call: row for row in counts_of(calls, old)}
    changed = [row for call, row in new.items() if call not in old or _values(row) != _values(old[call])]
    gone = old.keys() - new.keys()
    if changed:
        Counted.objects.bulk_create(
            changed, batch_size=500, update_conflicts=True, unique_fields=["call"], update_fields=COLUMNS
        )
    if gone:
        rows = Counted.objects.filter(pk__in=gone)
        rows._raw_delete(rows.db)
    touched = {row.quarter for row in changed} | {old[row.call].quarter for row in changed if row.call in old}
    renew_sums(touched | {old[call].quarter for call in gone})


def hold() -> None:
    """Let nobody else count until the transaction ends."""
    _make_bookmark()
    list(Bookmark.objects.filter(name=NAME).select_for_update())


def _is_quiet() -> bool:
    """Whether nothing is to be done. It locks nothing."""
    mark = Bookmark.objects.filter(name=NAME).first()
    if mark is None or mark.seen != mark.newest:
        return False
    newest = ("MAX(id)", CallEvent.objects.order_by("-pk")[:1])
    told = several({"newest": newest, "marks": ("COUNT(*)", Recount.objects.order_by()[:1])})
    return not told["marks"] and mark.newest >= (told["newest"] or 0)


def _newest() -> int:
    return CallEvent.objects.aggregate(newest=Max("pk"))["newest"] or 0


def _take() -> Bookmark | None:
    """Lock the bookmark; None where another process has it."""
    _make_bookmark()
    return Bookmark.objects.filter(name=NAME).select_for_update(skip_locked=True).first()


def _make_bookmark() -> None:
    if not Bookmark.objects.filter(name=NAME).exists():
        Bookmark.objects.bulk_create([Bookmark(name=NAME, newest=_newest())], ignore_conflicts=True)


def _count_page(mark: Bookmark, after: int, size: int) -> tuple[int, bool]:
    """Count what stands behind an event. Gives how far it came, and whether that was all.

    Up to `newest` nothing is written any more once OVERLAP is over: what was counted since then is seen for good.
    """
    now = timezone.now()
    is_settled = now - mark.noted_at >= OVERLAP
    settled = mark.newest if is_settled else mark.seen
    marks = list(Recount.objects.order_by("pk").values_list("pk", "call")[:PAGE])
    events = list(CallEvent.objects.filter(pk__gt=after).order_by("pk").values_list("pk", "call_id")[: size + 1])
    page, all_there = events[:size], len(events) <= size
    at = page[-1][0] if page else after
    if calls := {call for _, call in (*marks, *page) if call}:
        count_calls(calls)
    if marks:
        Recount.objects.filter(pk__in=[pk for pk, _ in marks]).delete()
    if is_settled and (all_there or at >= mark.newest):
        mark.move(seen=settled, newest=max(at, settled) if all_there else _newest(), noted_at=now)
    elif mark.seen < at <= settled:
        mark.move(seen=at)
    return at, all_there and len(marks) < PAGE


def counts_of(calls: Collection[int], old: Mapping[int, Counted]) -> Iterator[Counted]:
    """Say what is to be counted of each of these calls that is there, and write nothing. Three queries."""
    legs: dict[int, list[LegTimes]] = defaultdict(list)
    for call, *columns in Leg.objects.filter(call__in=calls).oldest_first().values_list(*LegTimes.COLUMNS):
        legs[call].append(LegTimes(*columns))
    answers: dict[int, list[Answer]] = defaultdict(list)
    events = CallEvent.objects.filter(call__in=calls, kind__in=[Kind.ANSWER, Kind.FALLBACK]).oldest_first()
    for call, version, milliseconds in events.values_list(
        "call_id", "payload__reply__version", "payload__reply__milliseconds"
    ):
        answers[call or 0].append((version, milliseconds))
    for row in Call.objects.filter(pk__in=calls, started_at__isnull=False):
        yield counted(row, legs[row.pk], answers[row.pk], old.get(row.pk))


def _values(row: Counted) -> list[Any]:
    return [getattr(row, name) for name in COLUMNS]


def renew_sums(quarters: Collection[int]) -> None:
    """Make the sums of these quarters, their hours and their days anew. Only who holds the bookmark does so.

    Hours are made of quarters, and days of hours: a day of many calls is not read call by call whenever one comes.
    """
    if isinstance(quarters, range):  # told by its ends, however long
        _renew_sums(quarters)
        return
    some = sorted(quarters)
    for at in range(0, len(some), QUARTERS):
        _renew_sums(some[at : at + QUARTERS])


def _renew_sums(quarters: Sequence[int]) -> None:
    """Make them anew, where there are any quarters."""
    if not quarters:
        return
    hours, days = _begun(quarters, HOUR), _begun(quarters, DAY)
    before = Tally.objects.filter(
        Q(_any_of(quarters), span=1) | Q(_any_of(hours), span=HOUR) | Q(_any_of(days), span=DAY)
    )
    before._raw_delete(before.db)
    counted = Counted.objects.filter(_any_of(quarters)).order_by()
    _keep_sums(counted, ["quarter", "outbound"], SUMS, {"number": ALL, "version": 0, "span": 1})
    _keep_sums(counted, ["quarter", "outbound", "number", "version"], SUMS, {"span": 1})
    _keep_sums(_parts_of(hours, HOUR, 1), KEYS, SUMS_OF_SUMS, {"span": HOUR})
    of_days = _parts_of(days, DAY, HOUR).values(*KEYS).annotate(**SUMS_OF_SUMS)
    Tally.objects.bulk_create(map(_day, of_days), batch_size=500)


def _begun(quarters: Sequence[int], span: int) -> Sequence[int]:
    """Give the quarters with which the hours or days begin that these lie in."""
    if isinstance(quarters, range):
        return range(quarters[0] // span * span, quarters[-1] + 1, span)
    return sorted({quarter // span * span for quarter in quarters})


def _any_of(quarters: Sequence[int]) -> Q:
    if isinstance(quarters, range):
        return Q(quarter__gte=quarters[0], quarter__lte=quarters[-1])
    return Q(quarter__in=quarters)


def _parts_of(begun: Sequence[int], span: int, part: int) -> QuerySet[Tally]:
    """Give the rows of quarters or hours that make up hours or days, with what these begin with in `begin`."""
    if isinstance(begun, range):
        parts: Sequence[int] = range(begun[0], begun[-1] + span, part)
    else:
        parts = [begin + place for begin in begun for place in range(0, span, part)]
    rows = Tally.objects.filter(_any_of(parts), span=part)
    return rows.annotate(begin=F("quarter") / span * span).order_by()


def _keep_sums(
    rows: QuerySet[Any, Any], by: Sequence[str], sums: Mapping[str, models.Aggregate], same: Mapping[str, Any]
) -> None:
    """Write the sums of these rows by some columns; `same` stands in each. They never leave the database."""
    sql, given = rows.values(*by).annotate(**sums).query.get_compiler(connection=connection).as_sql()
    columns = ", ".join([*same, *(_column(name) for name in (*by, *sums))])
    found = ", ".join([*("%s" for _ in same), *(f'found."{name}"' for name in (*by, *sums))])
    insert = f"INSERT INTO {TALLIES} ({columns}) SELECT {found} FROM ({sql}) AS found"  # noqa: S608 -- Django's own
    with connection.cursor() as cursor:
        cursor.execute(insert, [*same.values(), *given])


def _column(name: str) -> str:
    """Give the column in which a sum of sums, and what it begins with, is kept: a field's own name is taken there."""
    return "quarter" if name == "begin" else name.removeprefix(OF_SUMS)


def _day(row: Mapping[str, Any]) -> Tally:
    """Make the sums of a day of those of its hours. There is one letter for many: see `records.spread`."""
    columns = {_column(name): value for name, value in row.items()}
    short = {name: Spread.of(columns[name]).text for name in SPREAD}
    return Tally(span=DAY, **columns | short)
