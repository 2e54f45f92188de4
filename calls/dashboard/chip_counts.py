"""How many calls each filter of the list would leave: all of them up to a thousand, or some, in one query."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from functools import lru_cache
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Count, F, Func, Q, QuerySet, Value
from django.utils import timezone

from calls.models import Call
from calls.models.calls import CallQuerySet
from calls.records.answered import Answered
from calls.records.filters import ENDINGS, CallFilters, asked_by
from calls.records.finding import MOST_SAMPLED, AnyOf, Found, in_one_text, is_one_of
from calls.records.several import Rows, Sql, compiled, several

PAGE_SIZE = 25
MOST_COUNTED = 1_000
MOST_LOOKED_AT = 250  # calls of one count, where each has to be looked at
# What an index finds, the rarest first.
BY_INDEX = (
    *(("test",), ("failed", "long"), ("missed", "long"), ("voicemail", "long"), ("unhandled", "long")),
    *(("failed",), ("long",), ("unhandled",), ("voicemail",), ("missed",)),
)
ANY_KEYS = "the keys"  # stands in kept SQL for those of calls that are named
Wanted = Mapping[str, tuple[str, Rows]]
Counts = dict[str, Any]
Asked = Mapping[str, CallFilters]  # by the name of the count
Shows = tuple[tuple[str, tuple[str, ...]], ...]  # what each of these asks for


class FirstPage(Func):
    """Of an array, as much as the first page shows, and one more."""

    template = f"(CAST(%(expressions)s AS bigint[]))[1:{PAGE_SIZE + 1}]"  # where nothing can fit it is a bare NULL


@dataclass(frozen=True)
class Counting:
    """Counts calls. What a search finds, what a flow answered and whose calls are tests was looked up before."""

    found: Found | None
    answered: Answered | None
    tests: tuple[str, ...]

    def narrowed(self, filters: CallFilters, few: CallQuerySet | None = None) -> CallQuerySet:
        """The calls that are asked for, or those of a few."""
        found, calls = self.found if filters.q else None, Call.objects.all() if few is None else few
        return filters.narrow(calls, found, self.tests, self.answered, by_index=few is None)

    def count(self, asked: Asked, besides: Wanted) -> Counts:
        """Count what chips ask for that differ in what they show. Gives what else is wanted along with that.

        "at_least" names those for which not all calls were looked at. Where a search finds few, "first_page" is the
        keys of the newest calls that "these" asks for.
        """
        everything = replace(asked["these"], show=())
        chips = {name: CallFilters(show=filters.show) for name, filters in asked.items()}  # what they differ in
        if self.found and self.found.keys is not None:
            if self.found.keys and not everything.flow:
                return several(besides, self._of_keys(self.found.in_one_text, chips, everything, name_first_page=True))
            return several(besides, self._of_some(self.narrowed(everything), chips, name_first_page=True))
        if self.found:
            return self._count_some(self.found, everything, chips, besides)
        return self.count_apart(asked, besides)

    def _count_some(self, found: Found, everything: CallFilters, chips: Asked, besides: Wanted) -> Counts:
        """Count those of many that a search named, or that are among the newest thousand of the days and the flow."""
        rest = everything.without("q")
        if rest == rest.without("days").without("flow"):
            counts, there_are_more = several(besides, self._of_keys(in_one_text(found.some), chips, rest)), True
        else:
            days = rest.without("hours") if self._answered_few else rest.without("hours").without("flow")
            asked = everything.without("days")
            asked = asked.without("flow") if days.flow else asked
            fits = Q(*asked.conditions(found, self.tests, self.answered))
            newest: Any = self.narrowed(days).telling(fits).latest_first()
            rows = newest.values_list("pk", "fits")[:MOST_SAMPLED]
            keys, there_are_more = [pk for pk, does in rows if does], len(rows) == MOST_SAMPLED
            counts = several(besides, self._of_keys(in_one_text(keys), chips, CallFilters()))
        some = {name for name, filters in chips.items() if self.tests or "test" not in filters.show}
        return counts | {"at_least": some if there_are_more else set()}

    def _of_keys(self, keys: str, chips: Asked, within: CallFilters, *, name_first_page: bool = False) -> Sql:
        """The same of calls that are named, within some days and hours."""
        shows = tuple((name, filters.show) for name, filters in chips.items())
        shape = within.without("q").shape
        kept = _of_named(shows, shape, self.tests, connection.vendor, _zone(), name_first_page=name_first_page)
        return filled(kept, within, keys)

    def _of_some(self, calls: CallQuerySet, asked: Asked, *, name_first_page: bool = False) -> QuerySet[Any, Any]:
        """The counts of calls that are few, or of some of many: each is looked at, once for all chips."""
        counts: Counts = {}
        for name, filters in asked.items():
            parts = [*filter(None, filters.conditions(tests=self.tests, answered=self.answered))]
            counts[name] = Count("pk", filter=Q(*parts) if parts else None)
        if name_first_page and connection.vendor == "postgresql":
            keys = ArrayAgg("pk", filter=counts["these"].filter, order_by=("-started_at", "-pk"))
            counts["first_page"] = FirstPage(keys)
        # All are one group: `aggregate` would ask at once, in a query of its own.
        counted: QuerySet[Any, Any] = calls.order_by().values(one=Value(1)).annotate(**counts).values(*counts)
        return counted

    def count_apart(self, asked: Asked, besides: Wanted) -> Counts:
        """The same of anything, each by itself; those of a search that names its calls together."""
        wanted, looked_at, together = {**besides}, {}, {}
        every: Rows
        rows: Rows
        for name, filters in asked.items():
            if filters.q and self.found and self.found.keys:
                together[name] = filters.without("q")
                continue
            if not (filters.q or filters.flow):
                kept = _plain(filters.shape, self.tests, connection.vendor, _zone())
                every, rows = (filled(sql, filters) for sql in kept)
            else:
                every, rows = self._parts(filters)
            if every is not None:
                wanted[name] = "COUNT(*)", every
            else:
                looked_at[name] = rows
        keys = self.found.keys if self.found and self.found.keys else frozenset[int]()
        of_named = self._of_some(Call.objects.filter(is_one_of(keys)), together) if together else None
        counts = several(wanted, of_named, looked_at)
        return counts | {"at_least": {name for name in looked_at if counts[f"{name}_of"] >= MOST_LOOKED_AT}}

    @property
    def _answered_few(self) -> bool:
        return bool(self.answered and self.answered.keys is not None)

    def _are_few(self, filters: CallFilters) -> bool:
        return bool(filters.q and self.found and self.found.keys is not None)

    def split(self, filters: CallFilters) -> tuple[CallQuerySet, Q | None]:
        """Split what is asked for into the calls that an index finds, and what each of these is then asked; None where
        that is nothing, or they are few.
        """
        if len({*ENDINGS} & {*filters.show}) > 1:
            return Call.objects.none(), None
        indexed = next((those for those in BY_INDEX if {*those} <= {*filters.show}), ())
        easy = replace(filters, q="", hours_from=None, hours_to=None, show=indexed)
        easy = easy if self._answered_few else easy.without("flow")
        if filters == easy or self._are_few(filters):
            return self.narrowed(filters), None
        by_index, more = [], []
        for name in indexed:
            condition, *others = asked_by(name, self.tests)
            by_index.append(condition)
            more += others
        return self.narrowed(replace(easy, show=())).filter(*by_index), Q(*more, self._rest(filters, easy))

    def _rest(self, filters: CallFilters, easy: CallFilters) -> Q:
        """What is asked for beside what is easy."""
        others = tuple(shown for shown in filters.show if shown not in easy.show)
        rest = replace(filters, show=others)
        rest = rest.without("flow") if easy.flow else rest
        rest = rest.without("days") if easy.without("days") != easy else rest
        return Q(*rest.conditions(self.found, self.tests, self.answered))

    def _parts(self, filters: CallFilters) -> tuple[Rows, Rows]:
        """The calls that are asked for, up to a thousand and one more, where an index finds them. Else None, and the
        newest of those that an index finds: each tells whether it fits.
        """
        asked: Q | None
        if "unsigned" in filters.show and not self._are_few(filters):
            easy = CallFilters(show=("unsigned",))
            rows, asked = Call.objects.unsigned(MOST_LOOKED_AT), self._rest(filters, easy)
        else:
            rows, asked = self.split(filters)
        if asked is None:
            return rows[: MOST_COUNTED + 1], None
        return None, rows.telling(asked).latest_first()[:MOST_LOOKED_AT]


@lru_cache(maxsize=256)
def _plain(shape: CallFilters, tests: tuple[str, ...], database: str, zone: str) -> tuple[Sql, Sql]:
    """The parts of what is the same each time, as SQL: making it takes longer than to execute it."""
    every, rows = Counting(None, None, tests)._parts(shape)
    return None if every is None else compiled(every), None if rows is None else compiled(rows, "fits")


@lru_cache(maxsize=256)
def _of_named(
    shows: Shows, shape: CallFilters, tests: tuple[str, ...], database: str, zone: str, *, name_first_page: bool
) -> Sql:
    """Counts of calls that are named, likewise: where their keys go, ANY_KEYS stand."""
    asked = {name: CallFilters(show=show) for name, show in shows}
    calls = shape.narrow(Call.objects.filter(AnyOf(F("pk"), ANY_KEYS)))
    return compiled(Counting(None, None, tests)._of_some(calls, asked, name_first_page=name_first_page), None)


def filled(sql: Sql, filters: CallFilters, keys: str = "") -> Sql:
    """Give kept SQL the days and hours that are asked for, and the keys that were found."""
    if sql is None:
        return None
    meant = dict(zip(map(_adapted, filters.shape.moments), map(_adapted, filters.moments), strict=True))
    return sql[0], tuple(keys if value is ANY_KEYS else meant.get(value, value) for value in sql[1])


def _adapted(moment: datetime | time) -> Any:
    """Spell a day or an hour as the database is given it."""
    if isinstance(moment, datetime):
        return connection.ops.adapt_datetimefield_value(moment)
    return connection.ops.adapt_timefield_value(moment)


def _zone() -> str:
    """The zone of the days and hours: SQL names it."""
    return timezone.get_current_timezone_name()


def in_words(counts: Counts, name: str) -> str:
    """Say a count: "12", "1,000+", or "12+" where not all calls were looked at; "" where nobody knows."""
    count, at_least = counts.get(name), name in counts.get("at_least", ())
    if count is None or (at_least and not count):
        return ""
    if count > MOST_COUNTED:
        return f"{MOST_COUNTED:,}+"
    return f"{count:,}+" if at_least else f"{count:,}"
