"""The figures of the reports as tables: what stands under each chart, and what a CSV file holds. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from calls.dashboard.charts import SERIES, WEEKDAYS, Group, WeekMap
from calls.dashboard.export import safe
from calls.models import Ending
from calls.records.endings import MISSED
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
ENDINGS = {
    Ending.PICKED_UP: "A person picked up.",
    Ending.MESSAGE: "The call was recorded, and picked up by nobody.",
    Ending.NOTICE: "It heard us, and rang nobody.",
    Ending.UNANSWERED: "It rang, and nobody picked up in time.",
    Ending.BUSY: "The line that was rung was busy.",
    Ending.GAVE_UP: "The caller hung up before anybody answered.",
    Ending.DECLINED: "Somebody declined the call.",
    Ending.CANCELLED: "We ended a call that we placed before it was answered.",
    Ending.FAILED: "Vonage or a carrier could not put it through.",
    Ending.BLOCKED: "The caller is on the block list.",
    Ending.END_UNKNOWN: "Vonage did not say how it ended.",
    Ending.IN_PROGRESS: "It goes on now.",
}
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
        return safe(text) if isinstance(self.value, str) else text


@dataclass(frozen=True)
class Table:
    """Figures. The first column names the row."""

    name: str  # in the URL of its CSV
    caption: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    timed: int | None = None  # the column whose times stand in the zone of the page
    words: bool = False  # the last column is text

    def lines(self, zone: str) -> Iterator[list[str]]:
        """Give the heads, of which one names the zone, and the rows."""
        yield [f"{head} ({zone})" if column == self.timed else head for column, head in enumerate(self.heads)]
        for row in self.rows:
            yield [cell.in_csv for cell in row]


@dataclass(frozen=True)
class Names:
    """The labels of our numbers by their digits, and the names of versions ("Orders v3") by their keys."""

    labels: Mapping[str, str]
    versions: Mapping[int, str] = field(default_factory=dict)

    def number(self, digits: str) -> str:
        return self.labels.get(digits) or (numbers.shown(digits) if digits else "Other")

    def cell(self, digits: str) -> Cell:
        """A number by its name; in CSV its digits alone."""
        return Cell(self.number(digits), digits or "other")

    def version(self, key: int) -> str:
        return self.versions.get(key, "A flow that is gone") if key else "No answer of a flow"


def tables(figures: Figures, groups: Sequence[Group], week: WeekMap, names: Names) -> dict[str, Table]:
    """Make all tables that need no more than the figures, by name."""
    total = figures.total
    found = (
        _days(groups, outbound=figures.which.outbound),
        _endings(total),
        _hours(figures, [int(label.text) for label in week.hours]),
        _classes("waits", "Time until a person picked up", WAIT_NAMES, total.wait_classes),
        _classes("talks", "Time that people talked", TALK_NAMES, total.talk_classes),
        _answers(groups),
        _months(figures.costs, names),
    )
    return {table.name: table for table in found}


def side_by_side(compared: Mapping[tuple[str, int], Sums], names: Names, *, outbound: bool) -> dict[str, Table]:
    """Make the tables that set numbers, and versions of flows, beside each other; the busiest first.

    `compared` are sums by number and version, as `records.stats.compared` gives them.
    """
    numbers_, versions = defaultdict[str, list[Sums]](list), defaultdict[int, list[Sums]](list)
    for (number, version), sums in compared.items():
        numbers_[number].append(sums)
        versions[version].append(sums)
    found = [
        _compared(
            "numbers",
            "Calls by number",
            "Number",
            [(names.cell(one), Sums.together(sums)) for one, sums in numbers_.items()],
            outbound=outbound,
        )
    ]
    if not outbound:  # calls that we place bring their own words
        rows = [(_text(names.version(one)), Sums.together(sums)) for one, sums in versions.items()]
        found.append(_compared("versions", "Calls by flow and version", "Flow and version", rows, outbound=False))
    return {table.name: table for table in found}


def _compared(name: str, caption: str, head: str, sums: Sequence[tuple[Cell, Sums]], *, outbound: bool) -> Table:
    heads = [head, "Calls", "Picked up", "Left a message", "Not reached" if outbound else "Missed", "Failed"]
    heads += ["Answer rate", "Time to pick up", "95 % within", "Our answers, p50", "p95", "Slowest", "Over 3 s", "Cost"]
    rows = [
        [
            first,
            *(count(number) for number in (one.calls, one.picked_up, one.message, one.missed, one.failed)),
            part(one.answer_rate),
            *(_seconds(one.wait_seconds(percent)) for percent in (50, 95)),
            *(_latency(ms) for ms in (one.answer_ms(50), one.answer_ms(95), one.slowest_ms)),
            count(one.slow_answers),
            _money(one),
        ]
        for first, one in sorted(sums, key=lambda row: (-row[1].calls, row[0].shown))
    ]
    return Table(name, caption, heads, rows)


def series_names(*, outbound: bool) -> list[tuple[str, str]]:
    """Name what a bar is made of, from the bottom up. Who places a call misses none."""
    words = {"missed": "not reached"} if outbound else {}
    return [(kind, words.get(kind, name)) for kind, name in SERIES]


def count(number: int) -> Cell:
    return Cell(f"{number:,}", number)


def part(share: float | None) -> Cell:
    return Cell(NOTHING, None) if share is None else Cell(f"{share * 100:.1f} %", round(share, 4))


def _text(text: str) -> Cell:
    return Cell(text, text)


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
    return Table("days", "Calls by day and how they ended", heads, rows, timed=0)


def _endings(total: Sums) -> Table:
    rows = [
        [_text(str(ending.label)), count(number), part(number / total.calls), _text(_meaning(ending))]
        for ending in ENDINGS
        if (number := total.of(ending))
    ]
    return Table("endings", "How calls ended", ["Ending", "Calls", "Of all", "What it means"], rows, words=True)


def _meaning(ending: Ending) -> str:
    return ENDINGS[ending] + (" It counts as missed." if ending in MISSED else "")


def _when(group: Group) -> Cell:
    return Cell(group.name, group.begins.isoformat(timespec="minutes"))


def _money(sums: Sums) -> Cell:
    return Cell(money_sum(sums.cost_eur), sums.cost_eur)


def _hours(figures: Figures, shown: Sequence[int]) -> Table:
    rows = [
        [_text(name), *(count(figures.hours.get((day, hour), 0)) for hour in shown)]
        for day, name in enumerate(WEEKDAYS)
    ]
    heads = ["Weekday", *(f"{hour:02d}" for hour in shown)]
    return Table("hours", "Calls by weekday and hour", heads, rows, timed=0)


def _classes(name: str, caption: str, names: Sequence[str], counts: Sequence[int]) -> Table:
    whole = sum(counts)
    rows = [
        [_text(label), count(number), part(number / whole if whole else None)]
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
    return Table("answers", "How fast we answered", heads, rows, timed=0)


def _months(costs: Costs, names: Names) -> Table:
    """A row a number and month; in the CSV with its digits alone."""
    rows = []
    for row in costs.numbers:
        for month, money in zip(reversed(costs.months), reversed(row.months), strict=True):
            rows.append(
                [
                    names.cell(row.number),
                    Cell(f"{month:%B %Y}", f"{month:%Y-%m}"),
                    count(money.inbound),
                    count(money.outbound),
                    Cell(money_sum(money.cost_eur), money.cost_eur),
                ]
            )
    heads = ["Number", "Month", "Calls to it", "Calls from it", "Cost"]
    return Table("costs", "Cost by number and month", heads, rows, timed=1)
