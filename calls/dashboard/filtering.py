"""The list's filters as people meet them: chips with counts, what is applied, and what to drop where nothing fits."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from django.db.models import Q

from calls.dashboard.by_name import ByName
from calls.dashboard.chip_counts import Counting, Counts, Wanted, in_words
from calls.dashboard.paging import Page
from calls.models import Call, CallEvent, CallFlow
from calls.models.calls import CallQuerySet
from calls.records.answered import Answered
from calls.records.filters import DAYS, CallFilters
from calls.records.finding import Found
from calls.records.names import parties_like

MOST_UNSIGNED = 3_000  # events
MOST_LOOKED_AT = 10_000  # calls for a page, where their own columns tell
MOST_LOOKED_UP = 6_000  # where it is looked up what was said or told of each, and more is asked
QUICK = {
    "missed": ("Missed", "missed"),
    "voicemail": ("Voicemail", "message"),
    "unhandled": ("Not handled", "todo"),
    "failed": ("Failed", "failed"),
    "long": ("Over 5 min", "clock"),
    "unsigned": ("Unsigned", "signed"),
    "test": ("Test", "test"),
}


@dataclass(frozen=True)
class Chip(ByName):
    """A filter as a link: what it is, where it leads, and how many calls there are, "" where nobody knows."""

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
        parties = parties_like(filters.q)
        self.found = Found.of(filters.q, parties.named) if filters.q else None
        answered = Answered.of(filters.flow) if filters.flow else None
        self.counting = Counting(self.found, answered, parties.tests)
        self.counts: Counts = {}

    @property
    def calls(self) -> tuple[CallQuerySet, Q | None]:
        """What the list shows: calls that an index finds, and what each of them is asked beside that; None: nothing.

        Where few events came unsigned, it begins with these: known once that was counted.
        """
        if "unsigned" in self.filters.show and self.counts["unsigned_events"] <= MOST_UNSIGNED:
            rest, few = self.filters.without("show", "unsigned"), Call.objects.unsigned(MOST_UNSIGNED)
            return self.counting.narrowed(rest, few), None
        return self.counting.split(self.filters)

    @property
    def first_page(self) -> tuple[CallQuerySet, Q | None]:
        """The same for the first page alone: where the counts named its calls, these."""
        if "first_page" in self.counts:
            return Call.objects.filter(pk__in=self.counts["first_page"] or ()), None
        return self.calls

    @property
    def most_looked_at(self) -> int:
        """How many calls are looked at for a page, where an index does not find all that is asked for."""
        filters = self.filters
        looked_up = (filters.q and filters.without("q")) or filters.flow or {"unsigned", "failed"} & {*filters.show}
        return MOST_LOOKED_UP if looked_up else MOST_LOOKED_AT

    def count(self, besides: Wanted) -> Counts:
        """Count for the chips, and give that along with what else is wanted, in one query."""
        unsigned = CallEvent.objects.filter(signed=False)[: MOST_UNSIGNED + 1]
        self.counts = self.counting.count(self._counted(), {**besides, "unsigned_events": ("COUNT(*)", unsigned)})
        return self.counts

    def _counted(self) -> dict[str, CallFilters]:
        """What each chip, and the page in all, counts."""
        counted = {"these": self.filters}
        if self.filters.show:
            counted["all"] = replace(self.filters, show=())
        return counted | {name: self.filters.toggled(name) for name in QUICK if name not in self.filters.show}

    def quick(self) -> Iterator[Chip]:
        """The chips one presses: each adds its filter, or takes it off."""
        everything, asked = replace(self.filters, show=()), self.filters.show
        yield Chip("all", "All", everything.query, "", self._words("all" if asked else "these"), not asked)
        for name, (words, icon) in QUICK.items():
            count = self._words("these" if name in asked else name)
            yield Chip(name, words, self.filters.toggled(name).query, icon, count, name in asked)

    def applied(self) -> Iterator[Chip]:
        """The chips of what is asked for: each leads to the list without it."""
        for name, words, rest in self._parts():
            yield Chip(name, words, rest.query)

    def drops(self) -> list[Chip]:
        """Where nothing fits: what to drop, with how many there are then. One query."""
        parts = [(name, words, rest) for name, words, rest in self._parts() if rest]
        counts = self.counting.count_apart({name: rest for name, _, rest in parts}, {})
        chips = [Chip(name, words, rest.query, "", in_words(counts, name)) for name, words, rest in parts]
        return [chip for chip in chips if chip.count != "0"]

    def note(self, page: Page[Call]) -> None:
        """Take note of what a page lists: it looks further than counting does, and may come to the end."""
        at_least = self.counts.get("at_least", set())
        if "these" in at_least:
            self.counts["these"] = max(self.counts["these"], len(page.rows))
            if page.first and not page.older:
                self.counts["at_least"] = at_least - {"these"}

    @property
    def total(self) -> str:
        """How many fit, "" where nobody knows."""
        return self._words("these")

    def _words(self, name: str) -> str:
        return in_words(self.counts, name)

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
    if first == last:
        return first and f"At {first}"
    return " ".join(filter(None, (first and f"From {first}", last and f"{'to' if first else 'Until'} {last}")))
