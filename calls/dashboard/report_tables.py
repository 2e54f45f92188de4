"""The figures of the reports as tables: what stands under each chart, and what a CSV file holds. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from calls.dashboard.charts import SERIES, WEEKDAYS, Group, WeekMap
from calls.records.figures import WAIT_EDGES, Sums
from calls.records.stats import Costs, Figures
from calls.templatetags.calls_format import NOTHING, duration, latency, money_sum
from calls.vonage import numbers

TALK_NAMES = ("under 30 s", "30 s to 1 min", "1 to 2 min", "2 to 5 min", "5 to 10 min", "10 to 30 min", "over 30 min")
WAIT_NAMES = (
    f"under {WAIT_EDGES[0]} s",
    *(f"{low} to {high} s" for low, high in pairwise(WAIT_EDGES)),
    f"over {WAIT_EDGES[-1]} s",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with which a spreadsheet begins to reckon
Value = str | int | float | Decimal | None


@dataclass(frozen=True)
class Cell:
    """What a table shows, and what its CSV says: a bare number, "" for what is not known."""

    shown: str
    value: Value

    @property
    def in_csv(self) -> str:
        if self.value is None:
            return ""
        text = f"{self.value:f}" if isinstance(self.value, Decimal) else str(self.value)
        return f"'{text}" if isinstance(self.value, str) and text.startswith(FORMULA) else text


@dataclass(frozen=True)
class Table:
    """Figures. The first column names the row."""

    name: str  # in the URL of its CSV
    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]

    def lines(self) -> Iterator[list[str]]:
        yield list(self.heads)
        for row in self.rows:
            yield [cell.in_csv for cell in row]


def tables(figures: Figures, groups: Sequence[Group], week: WeekMap, labels: dict[str, str]) -> dict[str, Table]:
    """Make all tables, by name. `labels` are the names of our numbers."""
    total = figures.total
    found = (
        _days(groups, outbound=figures.which.outbound),
        _hours(figures, [int(label.text) for label in week.hours]),
        _classes("waits", "Time until a person picked up", WAIT_NAMES, total.wait_classes),
        _classes("talks", "Time that people talked", TALK_NAMES, total.talk_classes),
        _answers(groups),
        _months(figures.costs, labels),
    )
    return {table.name: table for table in found}


def series_names(*, outbound: bool) -> list[tuple[str, str]]:
    """Name what a bar is made of, from the bottom up. Who places a call misses none."""
    words = {"missed": "not reached"} if outbound else {}
    return [(kind, words.get(kind, name)) for kind, name in SERIES]


def count(number: int) -> Cell:
    return Cell(f"{number:,}", number)


def part(share: float | None) -> Cell:
    return Cell(NOTHING, None) if share is None else Cell(f"{share * 100:.1f} %", round(share, 4))


def _seconds(seconds: int | None) -> Cell:
    return Cell(duration(seconds), seconds)


def _latency(milliseconds: float | None) -> Cell:
    return Cell(latency(milliseconds), milliseconds)


def _days(groups: Sequence[Group], *, outbound: bool) -> Table:
    names = series_names(outbound=outbound)
    heads = ["From", "Calls", *(name.capitalize() for _, name in names), "Answer rate"]
    rows = []
    for group in reversed(groups):
        sums = group.sums
        counts = [count(getattr(sums, kind)) for kind, _ in names]
        median, most = _seconds(sums.wait_seconds(50)), _seconds(sums.wait_seconds(95))
        rows.append([_when(group), count(sums.calls), *counts, part(sums.answer_rate), median, most, _money(sums)])
    heads += ["Time to pick up", "95 % within", "Cost"]
    return Table("days", "Calls by day and how they ended", heads, rows)


def _when(group: Group) -> Cell:
    return Cell(group.name, group.begins.isoformat(timespec="minutes"))


def _money(sums: Sums) -> Cell:
    return Cell(money_sum(sums.cost_eur), sums.cost_eur)


def _hours(figures: Figures, shown: Sequence[int]) -> Table:
    rows = [
        [Cell(name, name), *(count(figures.hours.get((day, hour), 0)) for hour in shown)]
        for day, name in enumerate(WEEKDAYS)
    ]
    return Table("hours", "Calls by weekday and hour", ["Weekday", *(f"{hour:02d}" for hour in shown)], rows)


def _classes(name: str, caption: str, names: Sequence[str], counts: Sequence[int]) -> Table:
    whole = sum(counts)
    rows = [
        [Cell(label, label), count(number), part(number / whole if whole else None)]
        for label, number in zip(names, counts, strict=True)
    ]
    return Table(name, caption, ["Time", "Calls", "Of all"], rows)


def _answers(groups: Sequence[Group]) -> Table:
    rows = []
    for group in reversed(groups):
        sums = group.sums
        if sums.answers.total:
            times = [_latency(ms) for ms in (sums.answer_ms(50), sums.answer_ms(95), sums.slowest_ms)]
            rows.append([_when(group), count(sums.answers.total), *times, count(sums.slow_answers)])
    heads = ["From", "Answers", "Half within (p50)", "95 % within (p95)", "Slowest", "Over 3 s"]
    return Table("answers", "How fast we answered", heads, rows)


def _months(costs: Costs, labels: dict[str, str]) -> Table:
    """A row a number and month; in the CSV with its digits alone."""
    rows = []
    for row in costs.numbers:
        for month, money in zip(reversed(costs.months), reversed(row.months), strict=True):
            name = labels.get(row.number) or (numbers.shown(row.number) if row.number else "Other")
            rows.append(
                [
                    Cell(name, row.number or "other"),
                    Cell(f"{month:%B %Y}", f"{month:%Y-%m}"),
                    count(money.inbound),
                    count(money.outbound),
                    Cell(money_sum(money.cost_eur), money.cost_eur),
                ]
            )
    return Table("costs", "Cost by number and month", ["Number", "Month", "Calls to it", "Calls from it", "Cost"], rows)
