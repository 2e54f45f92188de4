"""The figures of the reports: `figures(period, which)` for pages and programs alike. Four queries, however many calls.

They are read from `Tally`: days, hours and quarters of an hour, which make up the days and hours of any zone.
`records.counting` keeps these true.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from functools import cached_property
from itertools import groupby
from typing import Any

from django.db.models import Q, QuerySet, Sum

from calls.models import FlowVersion, Tally
from calls.models.reports import ALL
from calls.records import tallies
from calls.records.figures import Money, Sums
from calls.records.quarters import DAY, EPOCH, HOUR, beginning_of, first_of, local, quarter_of, shifts
from calls.records.tallies import between

MOST_DAYS = 3_660  # of a period
MOST_MONTHS = 12  # whose cost is told
UNITS: dict[str, Callable[[date], date]] = {  # of a period's steps: with which day one begins
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
}
Hours = dict[tuple[int, int], int]  # calls by weekday, 0 is Monday, and hour


@dataclass(frozen=True)
class Period:
    """Days of a zone, the last one included. Raises ValueError for none, and for more than MOST_DAYS."""

    first: date
    last: date
    zone: tzinfo

    def __post_init__(self) -> None:
        if not 1 <= self.days <= MOST_DAYS:
            raise ValueError(f"A period has 1 to {MOST_DAYS} days, not {self.days}.")

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @cached_property
    def begin(self) -> int:
        """Its first quarter."""
        return first_of(self.first, self.zone)

    @cached_property
    def end(self) -> int:
        """The quarter after it."""
        return first_of(self.last + timedelta(days=1), self.zone)

    def before(self) -> "Period":
        """Give the period of as many days before it."""
        return Period(self.first - timedelta(days=self.days), self.first - timedelta(days=1), self.zone)


@dataclass(frozen=True)
class Which:
    """Which calls are meant: to a number of ours, or from it where we placed them; answered by a flow or version."""

    number: str = ""
    flow: int | None = None
    version: int | None = None
    outbound: bool = False

    def of_numbers(self, when: Q) -> QuerySet[Tally]:
        """Give the rows of each number and version, both of calls to us and of those we placed.

        `when` says which of the rows make up the time that is meant: see `tallies.between`.
        """
        rows = Tally.objects.filter(when)
        rows = rows.filter(number=self.number) if self.number else rows.exclude(number=ALL)
        if self.version is not None:
            return rows.filter(version=self.version)
        if self.flow is not None:
            return rows.filter(version__in=FlowVersion.objects.filter(flow=self.flow).values("pk"))
        return rows

    def rows(self, when: Q) -> QuerySet[Tally]:
        """Give the fewest rows that sum these calls up."""
        if self.number or self.flow is not None or self.version is not None:
            return self.of_numbers(when)
        return Tally.objects.filter(when, number=ALL)


@dataclass(frozen=True)
class Step:
    """A day, week or month of the period, as far as it lies in it; or an hour where that is one day."""

    begins: datetime  # in the zone
    last: date  # its last day
    sums: Sums


@dataclass
class NumberCost:
    """What a number of ours cost in each of the months of `Costs`. "" is all that is no number."""

    number: str
    months: list[Money]
    to_the_same_day: Money  # of the month before the last one

    @property
    def total(self) -> Money:
        return sum(self.months, Money())


@dataclass(frozen=True)
class Costs:
    """What numbers cost by month, calls to us and those we placed: up to the period's last day; the dearest first.

    `months` are the first days of those that the period touches: MOST_MONTHS at most, and two at least.
    """

    months: list[date]
    last: date
    numbers: list[NumberCost]


@dataclass(frozen=True)
class Figures:
    """The figures of a period. `other_way` are those of the calls in the other direction."""

    period: Period
    which: Which
    steps: list[Step]
    other_way: Sums
    before: Sums  # of as many days before; how they are spread is not read
    hours: Hours
    costs: Costs

    @cached_property
    def total(self) -> Sums:
        return Sums.together(step.sums for step in self.steps)

    def as_json(self) -> dict[str, Any]:
        """Give the figures as programs read them."""
        return {
            "first": self.period.first.isoformat(),
            "last": self.period.last.isoformat(),
            "zone": str(self.period.zone),
            "total": self.total.as_json(),
            "before": {"calls": self.before.calls, "cost_eur": f"{self.before.cost_eur:.8f}"},
            "steps": [{"begins": step.begins.isoformat()} | step.sums.as_json() for step in self.steps],
            "hours": [{"weekday": day, "hour": hour, "calls": n} for (day, hour), n in sorted(self.hours.items())],
            "costs": [
                {"number": row.number, "month": f"{month:%Y-%m}"} | money.as_json()
                for row in self.costs.numbers
                for month, money in zip(self.costs.months, row.months, strict=True)
            ],
        }


def figures(period: Period, which: Which = Which(), *, months: int = MOST_MONTHS, unit: str = "day") -> Figures:
    """Give the figures of these calls in that period. A call counts for the moment in which it began.

    `months`: of so many at most cost is told, 2 at least; a year of it is half of the work.
    `unit` is one of UNITS, of which the steps are made.
    """
    earlier = period.before()
    found = sums_by_step(period, which, unit)
    return Figures(
        period=period,
        which=which,
        steps=[
            Step(begins, last, found.get((step, which.outbound), Sums())) for step, begins, last in _steps(period, unit)
        ],
        other_way=Sums.together(sums for (_, outbound), sums in found.items() if outbound != which.outbound),
        before=tallies.total(which.rows(between([earlier.begin, earlier.end])).filter(outbound=which.outbound)),
        hours=_hours(period, which),
        costs=_costs(period, which, months),
    )


def compared(period: Period, which: Which) -> dict[tuple[str, int], Sums]:
    """Give the figures of each number of ours and version (its key, 0 for none) side by side. One query."""
    rows = which.of_numbers(between([period.begin, period.end]))
    return tallies.by_number_and_version(rows.filter(outbound=which.outbound))


def calls_in(period: Period, which: Which) -> int:
    """Say how many such calls there were. One query."""
    rows = which.rows(between([period.begin, period.end])).filter(outbound=which.outbound)
    return rows.aggregate(count=Sum("calls"))["count"] or 0


def sums_by_step(period: Period, which: Which, unit: str = "day") -> dict[tuple[int, bool], Sums]:
    """Read the sums of each step, by its number, and by whether we placed the calls. One query."""
    edges = [*(quarter_of(begins) for _, begins, _ in _steps(period, unit)), period.end]
    rows = which.rows(between(edges))
    if period.days > 1 and unit != "day":
        return tallies.by_stretch(rows, edges)
    found = shifts(period.zone, period.begin, period.end)
    return tallies.by_step(rows, found, HOUR if period.days == 1 else DAY)


def _steps(period: Period, unit: str) -> Iterator[tuple[int, datetime, date]]:
    """Give each step's number, its begin and its last day. An hour and a day have the number of the zone's clock."""
    if period.days == 1:
        found = shifts(period.zone, period.begin, period.end)
        hours = {local(quarter, found) // HOUR: quarter for quarter in reversed(range(period.begin, period.end))}
        for hour in sorted(hours):
            yield hour, beginning_of(hours[hour]).astimezone(period.zone), period.last
        return
    days = [period.first + timedelta(days=number) for number in range(period.days)]
    for place, (_, some) in enumerate(groupby(days, key=UNITS[unit])):
        first, *more = some
        begins = beginning_of(first_of(first, period.zone)).astimezone(period.zone)
        yield (first - EPOCH).days if unit == "day" else place, begins, (more or [first])[-1]


def _hours(period: Period, which: Which) -> Hours:
    """Count the calls of each hour of the week, of which each lies in one hour of UTC, or else has four quarters."""
    found = shifts(period.zone, period.begin, period.end)
    span = HOUR if all(shift.ahead % HOUR == 0 for shift in found) else 1
    rows = which.rows(Q(span=span, quarter__gte=period.begin, quarter__lt=period.end))
    return tallies.by_hour_of_week(rows.filter(outbound=which.outbound), found)


def _costs(period: Period, which: Which, most: int) -> Costs:
    """Read what each number cost: each month is a stretch of quarters, and the last but one is parted in two."""
    months = _months(period, most)
    after = _next(period.last)
    whole = after.day == 1  # then so is the month before
    same_day = months[-1] if whole else min(months[-2] + (after - months[-1]), months[-1])
    edges = [*months[:-1], same_day, months[-1], after]
    quarters = [first_of(day, period.zone) for day in edges]
    found = tallies.by_number(which.of_numbers(between(quarters)), quarters)
    numbers = []
    for number, stretches in found.items():
        *earlier, to_the_same_day, rest, this = stretches
        numbers.append(NumberCost(number, [*earlier, to_the_same_day + rest, this], to_the_same_day))
    numbers.sort(key=lambda row: (-row.months[-1].cost, -row.total.cost, -row.total.calls, row.number))
    return Costs(months, period.last, numbers)


def _months(period: Period, most: int) -> list[date]:
    """Give the first days of the months that are told."""
    month = period.last.replace(day=1)
    months = [month]
    while len(months) < 2 or (month > period.first and len(months) < most):
        month = (month - timedelta(days=1)).replace(day=1)
        months.append(month)
    return months[::-1]


def _next(day: date) -> date:
    return day + timedelta(days=1)
