"""The list's filters as people meet them: chips with counts, what is applied, and what to drop where nothing fits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Case, Count, Func, Q, QuerySet, Value, When

from calls.models import Call, CallEvent, CallFlow
from calls.models.calls import CallQuerySet
from calls.records.answered import Answered
from calls.records.filters import DAYS, CallFilters, conditions
from calls.records.finding import Found, is_one_of
from calls.records.names import parties_like
from calls.records.several import several

PAGE_SIZE = 25
MOST_COUNTED = 1_000
MOST_LOOKED_AT = 250  # calls of one count, where each has to be looked at
QUICK = {
    "missed": ("Missed", "missed"),
    "voicemail": ("Voicemail", "message"),
    "unhandled": ("Not handled", "todo"),
    "failed": ("Failed", "failed"),
    "long": ("Over 5 min", "clock"),
    "unsigned": ("Unsigned", "signed"),
    "test": ("Test", "test"),
}
BY_INDEX = ("test", "failed", "long", "unhandled", "voicemail", "missed")  # the rarest first
MOST_UNSIGNED = 3_000  # events
Wanted = Mapping[str, tuple[str, QuerySet[Any]]]
LookedAt = dict[str, QuerySet[Any]]


class _FirstPage(Func):
    """Of an array, as much as the first page shows, and one more."""

    template = f"(%(expressions)s)[1:{PAGE_SIZE + 1}]"


@dataclass(frozen=True)
class Chip:
    """A filter as a link: what it is, where it leads, and how many calls there are, "" where nobody counted."""

    name: str
    words: str
    query: str
    icon: str = ""
    count: str = ""
    current: bool = False


class Filtering:
    """What is asked for, and how it is shown."""

    def __init__(self, filters: CallFilters, problems: Mapping[str, str]) -> None:
        self.filters, self.problems = filters, dict(problems)
        self.parties = parties_like(filters.q)
        self.found = Found.of(filters.q, self.parties.named) if filters.q else None
        self.answered = Answered.of(filters.flow) if filters.flow else None
        self.counts: dict[str, Any] = {}

    @property
    def calls(self) -> CallQuerySet:
        """What the list shows. Where few events came unsigned, it begins with these: known once that was counted."""
        if "unsigned" in self.filters.show and self.counts["unsigned_events"] <= MOST_UNSIGNED:
            return self._narrowed(self.filters.without("show", "unsigned"), Call.objects.unsigned(MOST_UNSIGNED))
        return self._narrowed(self.filters)

    @property
    def first_page(self) -> CallQuerySet:
        """The same for the first page alone: where the counts named its calls, these."""
        named = self.counts.get("first_page")
        return Call.objects.filter(pk__in=named) if named else self.calls

    def _narrowed(self, filters: CallFilters, few: CallQuerySet | None = None) -> CallQuerySet:
        found, calls = self.found if filters.q else None, Call.objects.all() if few is None else few
        return filters.narrow(calls, found, self.parties.tests, self.answered, by_index=few is None)

    def count(self, besides: Wanted) -> dict[str, Any]:
        """Count for the chips, and give that along with what else is wanted, in one query."""
        unsigned = CallEvent.objects.filter(signed=False)[: MOST_UNSIGNED + 1]
        wanted = {**besides, "unsigned_events": ("COUNT(*)", unsigned)}
        everything = replace(self.filters, show=())
        if self._are_few:
            told = several(wanted, self._of_some(self._narrowed(everything), name_first_page=True))
        elif self.found and everything == everything.without("days").without("flow"):
            some = Call.objects.filter(is_one_of(self.found.some))
            told = several(wanted, self._of_some(self._narrowed(everything.without("q"), some)))
            told |= {f"{name}_of": MOST_LOOKED_AT for name in self._counted()}  # there are more
        else:
            told = several(*self._of_many(self._counted(), wanted))
        self.counts |= told
        return told

    def _of_some(self, calls: CallQuerySet, *, name_first_page: bool = False) -> QuerySet[Any, Any]:
        """The counts of calls that are few, or of some of many: each is looked at, once for all chips."""
        counts: dict[str, Any] = {}
        for name, filters in self._counted().items():
            asked = [part for shown in filters.show for part in conditions(shown, self.parties.tests)]
            counts[name] = Count("pk", filter=Q(*asked) if asked else None)
        if name_first_page and connection.vendor == "postgresql":
            these = counts["these" if self.filters.show else "all"].filter
            counts["first_page"] = _FirstPage(ArrayAgg("pk", filter=these, order_by=("-started_at", "-pk")))
        # All are one group: `aggregate` would ask at once, in a query of its own.
        counted: QuerySet[Any, Any] = calls.order_by().values(one=Value(1)).annotate(**counts).values(*counts)
        return counted

    @property
    def _are_few(self) -> bool:
        return bool(self.found and self.found.keys is not None)

    def _counted(self) -> dict[str, CallFilters]:
        """What each chip, and the page in all, counts."""
        counted = {"all": replace(self.filters, show=())}
        counted |= {name: self.filters.toggled(name) for name in QUICK if name not in self.filters.show}
        return counted | ({"these": self.filters} if self.filters.show else {})

    def quick(self) -> Iterator[Chip]:
        """The chips one presses: each adds its filter, or takes it off."""
        everything = replace(self.filters, show=())
        yield Chip("all", "All", everything.query, "", self._words("all"), not self.filters.show)
        for name, (words, icon) in QUICK.items():
            query, current = self.filters.toggled(name).query, name in self.filters.show
            yield Chip(name, words, query, icon, self.total if current else self._words(name), current)

    def applied(self) -> Iterator[Chip]:
        """The chips of what is asked for: each leads to the list without it."""
        for name, words, rest in self._parts():
            yield Chip(name, words, rest.query)

    def drops(self) -> list[Chip]:
        """Where nothing fits: what to drop, with how many there are then. One query."""
        parts = [(name, words, rest) for name, words, rest in self._parts() if rest]
        self.counts |= several(*self._of_many({name: rest for name, _, rest in parts}, {}))
        chips = [Chip(name, words, rest.query, "", self._words(name)) for name, words, rest in parts]
        return [chip for chip in chips if chip.count != "0"]

    @property
    def total(self) -> str:
        return self._words("these" if self.filters.show else "all")

    def _parts(self) -> Iterator[tuple[str, str, CallFilters]]:
        filters = self.filters
        if filters.q:
            yield "q", f"“{filters.q}”", filters.without("q")
        if days := _days(filters):
            yield "days", days, filters.without("days")
        if hours := _hours(filters):
            yield "hours", hours, filters.without("hours")
        if filters.flow:
            yield "flow", _flow(filters.flow), filters.without("flow")
        for name in filters.show:
            yield name, QUICK[name][0], filters.without("show", name)

    def _of_many(self, counted: Mapping[str, CallFilters], wanted: Wanted) -> tuple[Wanted, None, LookedAt]:
        """How `several` counts each by itself, and what else is wanted."""
        looked_at: LookedAt = {}
        for name, filters in counted.items():
            every, rows = self._count(filters)
            if every is not None:
                wanted = {**wanted, name: ("COUNT(*)", every)}
            if rows is not None:
                looked_at[name] = rows
        return wanted, None, looked_at

    def _count(self, filters: CallFilters) -> tuple[QuerySet[Any] | None, QuerySet[Any] | None]:
        """Count all that is found through an index; where each call has to be looked at, the newest ones only."""
        few = self._are_few
        of_few = bool(self.answered and self.answered.keys is not None)
        if "unsigned" in filters.show and not few:
            easy = CallFilters(show=("unsigned",))
            rows = Call.objects.unsigned(MOST_COUNTED + 1 if filters == easy else MOST_LOOKED_AT)
        else:
            indexed = [shown for shown in BY_INDEX if shown in filters.show][:1]
            easy = replace(filters, q=filters.q if few else "", hours_from=None, hours_to=None, show=tuple(indexed))
            easy = easy if of_few else easy.without("flow")
            rows = self._narrowed(easy)
        if filters == easy:
            return (rows if easy.show == ("unsigned",) else rows[: MOST_COUNTED + 1]), None
        others = tuple(shown for shown in filters.show if shown not in easy.show)
        rest = replace(filters, show=others, q=filters.q if filters.q != easy.q else "")
        rest = rest.without("flow") if easy.flow else rest
        rest = rest.without("days") if easy.without("days") != easy else rest
        asked = Q(*rest.conditions(self.found, self.parties.tests, self.answered))
        fits = Case(When(asked, then=Value(True)), default=Value(False))
        return None, rows.annotate(fits=fits).latest_first()[:MOST_LOOKED_AT]

    def _words(self, name: str) -> str:
        """Say a count: "12", "1,000+", or "12+" where not all calls were looked at."""
        count = self.counts.get(name)
        if count is None:
            return ""
        if count > MOST_COUNTED:
            return f"{MOST_COUNTED:,}+"
        return f"{count:,}+" if self.counts.get(f"{name}_of", 0) >= MOST_LOOKED_AT else f"{count:,}"


def _flow(code: str) -> str:
    """Name it: "Orders line", "Orders line v3"."""
    pk, _, number = code.partition("v")
    name = CallFlow.objects.filter(pk=int(pk)).values_list("name", flat=True).first() or f"Flow {pk}"
    return f"{name} v{number}" if number else name


def _days(filters: CallFilters) -> str:
    if filters.days:
        return DAYS[filters.days]
    first, last = (_day(day) if day else "" for day in (filters.since, filters.until))
    if first == last:
        return first
    return " ".join(filter(None, (first and f"From {first}", last and f"{'to' if first else 'Until'} {last}")))


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _hours(filters: CallFilters) -> str:
    first, last = (f"{one:%H:%M}" if one else "" for one in (filters.hours_from, filters.hours_to))
    return " ".join(filter(None, (first and f"From {first}", last and f"{'to' if first else 'Until'} {last}")))
