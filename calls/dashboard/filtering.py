"""The list's filters as people meet them: chips with counts, what is applied, and what to drop where nothing fits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.contrib.postgres.aggregates import ArrayAgg
from django.db import connection
from django.db.models import Count, Func, Q, QuerySet, Value

from calls.models import Call, CallEvent, CallFlow
from calls.models.calls import CallQuerySet
from calls.records.answered import Answered
from calls.records.filters import DAYS, CallFilters, conditions
from calls.records.finding import Found
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
Wanted = dict[str, tuple[str, QuerySet[Any]]]


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

    def wanted(self) -> Wanted:
        """What is counted for the chips, each by itself."""
        wanted: Wanted = {"unsigned_events": ("COUNT(*)", CallEvent.objects.filter(signed=False)[: MOST_UNSIGNED + 1])}
        for name, filters in {} if self._are_few else self._counted().items():
            wanted |= self._count(name, filters)
        return wanted

    def of_few(self) -> QuerySet[Any, Any] | None:
        """The same of a search that few calls fit: all of them are looked at, and once for all chips and the page."""
        if not self._are_few:
            return None
        counts: dict[str, Any] = {}
        for name, filters in self._counted().items():
            asked = [part for shown in filters.show for part in conditions(shown, self.parties.tests)]
            counts[name] = Count("pk", filter=Q(*asked) if asked else None)
        if connection.vendor == "postgresql":
            these = counts["these"].filter
            counts["first_page"] = _FirstPage(ArrayAgg("pk", filter=these, order_by=("-started_at", "-pk")))
        rows = self._narrowed(replace(self.filters, show=())).order_by()
        # All are one group: `aggregate` would ask at once, in a query of its own.
        counted: QuerySet[Any, Any] = rows.values(one=Value(1)).annotate(**counts).values(*counts)
        return counted

    @property
    def _are_few(self) -> bool:
        return bool(self.found and self.found.keys is not None)

    def _counted(self) -> dict[str, CallFilters]:
        """What each chip, and the page in all, counts."""
        counted = {"all": replace(self.filters, show=())}
        counted |= {name: self.filters.without("show", name).toggled(name) for name in QUICK}
        return counted | {"these": self.filters}

    def quick(self) -> Iterator[Chip]:
        """The chips one presses: each adds its filter, or takes it off."""
        everything = replace(self.filters, show=())
        yield Chip("all", "All", everything.query, "", self._words("all"), not self.filters.show)
        for name, (words, icon) in QUICK.items():
            query = self.filters.toggled(name).query
            yield Chip(name, words, query, icon, self._words(name), name in self.filters.show)

    def applied(self) -> Iterator[Chip]:
        """The chips of what is asked for: each leads to the list without it."""
        for name, words, rest in self._parts():
            yield Chip(name, words, rest.query)

    def drops(self) -> list[Chip]:
        """Where nothing fits: what to drop, with how many there are then. One query."""
        parts = [(name, words, rest) for name, words, rest in self._parts() if rest]
        wanted: Wanted = {}
        for name, _, rest in parts:
            wanted |= self._count(name, rest)
        self.counts |= several(wanted)
        chips = [Chip(name, words, rest.query, "", self._words(name)) for name, words, rest in parts]
        return [chip for chip in chips if chip.count != "0"]

    @property
    def total(self) -> str:
        return self._words("these")

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

    def _count(self, name: str, filters: CallFilters) -> Wanted:
        """Count what is found through an index. Where each call has to be looked at, of the newest ones only."""
        few = self._are_few
        of_few = bool(self.answered and self.answered.keys is not None)
        if "unsigned" in filters.show and not few:
            easy = CallFilters(show=("unsigned",))
            looked_at = Call.objects.unsigned(MOST_LOOKED_AT + 1)
        else:
            indexed = [shown for shown in BY_INDEX if shown in filters.show][:1]
            easy = replace(filters, q=filters.q if few else "", hours_from=None, hours_to=None, show=tuple(indexed))
            easy = easy if of_few else easy.without("flow")
            looked_at = self._narrowed(easy).latest_first()[:MOST_LOOKED_AT]
        if filters == easy:
            every = looked_at if easy.show == ("unsigned",) else self._narrowed(filters)[: MOST_COUNTED + 1]
            return {name: ("COUNT(*)", every)}
        others = tuple(shown for shown in filters.show if shown not in easy.show)
        rest = replace(filters, show=others, q=filters.q if filters.q != easy.q else "")
        rest = rest.without("flow") if easy.flow else rest
        rest = rest.without("days") if easy.without("days") != easy else rest
        fits = self._narrowed(rest, Call.objects.filter(pk__in=looked_at.values("pk")))
        return {name: ("COUNT(*)", fits[: MOST_COUNTED + 1]), f"{name}_of": ("COUNT(*)", looked_at)}

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
