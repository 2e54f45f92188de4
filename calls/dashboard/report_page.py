"""The page of reports: the figures of `records.stats` as people read them, in words, charts and tables. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from calls.dashboard.charts import BarChart, Group, Lengths, WeekMap, bars, lengths, week_map
from calls.dashboard.latency_chart import LatencyChart, latencies
from calls.dashboard.report_tables import TALK_NAMES, WAIT_NAMES, Names, Table, series_names, side_by_side, tables
from calls.models import Ending
from calls.records.figures import Money, Sums
from calls.records.stats import Figures, Period
from calls.templatetags.calls_format import NOTHING, duration, latency, money, money_sum
from calls.vonage import numbers

MOST_BARS = 62  # of days; then weeks, and beyond a year months
FIRST_ROWS = 5
MISSED_WORDS = {
    Ending.UNANSWERED: "nobody picked up",
    Ending.GAVE_UP: "gave up",
    Ending.BUSY: "busy",
    Ending.DECLINED: "declined",
}


@dataclass(frozen=True)
class Stat:
    """A figure of the strip: its name, what it is, what belongs to it, and what is meant by it."""

    name: str
    value: str
    under: str
    meaning: str


@dataclass(frozen=True)
class CostRow:
    """What a number cost this month, and the month before to the same day; the bars in parts of a hundred."""

    label: str
    number: str
    this: Money
    before: Money
    bar: float
    bar_before: float


@dataclass(frozen=True)
class ReportPage:
    """All that the template tells of calls that there are."""

    figures: Figures
    days: str  # "10 to 23 November"
    unit: str  # of the bars: hour, day, week, month
    stats: Sequence[Stat]
    series: Sequence[tuple[str, str]]  # those that are there
    bars: BarChart
    week: WeekMap
    waits: Lengths
    talks: Lengths
    latency: LatencyChart | None
    costs: Sequence[CostRow]
    cost_sums: tuple[Money, Money]
    cost_names: tuple[str, str]  # "November", "October"
    tables: dict[str, Table]

    @property
    def total(self) -> Sums:
        return self.figures.total

    @property
    def answers(self) -> str:
        """How fast all of these answers were, and how many came near the limit."""
        total = self.total
        if not total.answers.total:
            return ""
        p50, p95, slowest = (latency(ms) for ms in (total.answer_ms(50), total.answer_ms(95), total.slowest_ms))
        near = f"{total.slow_answers:,} near miss{'' if total.slow_answers == 1 else 'es'}"
        return f"{total.answers.total:,} answers: p50 {p50}, p95 {p95}, slowest {slowest}, {near}."

    @property
    def talk_mean(self) -> str:
        return duration(self.total.talk_mean_seconds) if self.total.talks.total else ""


def report_page(
    figures: Figures, names: Names, now: datetime, compared: Mapping[tuple[str, int], Sums] | None = None
) -> ReportPage:
    """Make the page. `now` stands in the zone of the figures; `compared` is left out where nobody asks for it."""
    unit, groups = _groups(figures, now)
    total, outbound = figures.total, figures.which.outbound
    week = week_map(figures.hours, _weekdays(figures.period, now.date()))
    costs = _costs(figures, names)
    return ReportPage(
        figures=figures,
        days=days_in_words(figures.period.first, figures.period.last, now.date()),
        unit=unit,
        stats=_stats(figures),
        series=[(kind, name) for kind, name in series_names(outbound=outbound) if getattr(total, kind)],
        bars=bars(groups),
        week=week,
        waits=lengths(WAIT_NAMES, total.wait_classes),
        talks=lengths(TALK_NAMES, total.talk_classes),
        latency=latencies(groups),
        costs=costs,
        cost_sums=(sum((row.this for row in costs), Money()), sum((row.before for row in costs), Money())),
        cost_names=_month_names(figures),
        tables=tables(figures, [group for group in groups if group.begins <= now] or groups, week, names)
        | side_by_side(compared or {}, names, outbound=outbound),
    )


def days_in_words(first: date, last: date, today: date) -> str:
    """10 to 23 November; 28 October to 3 November; 1 December 2025 to 3 January 2026; Monday 23 November."""
    year = f" {last.year}" if last.year != today.year or first.year != last.year else ""
    if first == last:
        return f"{last:%A} {last.day} {last:%B}{year}"
    if first.year != last.year:
        return f"{first.day} {first:%B} {first.year} to {last.day} {last:%B}{year}"
    begin = f"{first.day}" if first.month == last.month else f"{first.day} {first:%B}"
    return f"{begin} to {last.day} {last:%B}{year}"


def unit_of(period: Period) -> str:
    """Say what the bars of a period are, so that there is room for them; of one day they are hours in any case."""
    return "day" if period.days <= MOST_BARS else "week" if period.days <= 370 else "month"


def _groups(figures: Figures, now: datetime) -> tuple[str, list[Group]]:
    """Make a bar of each step. Gives what it is, too."""
    period, steps = figures.period, figures.steps
    if period.days == 1:
        return "hour", [_hour(step.begins, step.sums, now) for step in steps]
    unit = unit_of(period)
    return unit, [_group(unit, step.begins, step.last, step.sums, now.date()) for step in steps]


def _hour(begins: datetime, sums: Sums, now: datetime) -> Group:
    so_far = begins <= now < begins + timedelta(hours=1)
    return Group(begins, f"{begins:%H:%M}", f"{begins:%H}", "", sums, so_far)


def _group(unit: str, begins: datetime, last: date, sums: Sums, today: date) -> Group:
    so_far, day = begins.date() <= today <= last, begins.date()
    year = "" if day.year == today.year else f" {day.year}"
    if unit == "month":
        return Group(begins, f"{day:%b %Y}", f"{day:%b}", f"{day.year}", sums, so_far)
    name = f"{day.day} {day:%b}{year}"
    return Group(begins, name, f"{day.day}", f"{day:%a}" if unit == "day" else f"{day:%b}", sums, so_far)


def _weekdays(period: Period, today: date) -> list[int]:
    """Count the Mondays, Tuesdays … of a period, as far as they have come."""
    counts = [0] * 7
    for number in range((max(min(period.last, today), period.first) - period.first).days + 1):
        counts[(period.first + timedelta(days=number)).weekday()] += 1
    return counts


def _stats(figures: Figures) -> list[Stat]:
    total, before, outbound = figures.total, figures.before, figures.which.outbound
    change = total.calls - before.calls
    days = "day" if figures.period.days == 1 else f"{figures.period.days} days"
    than = f"{abs(change):,} {'more' if change > 0 else 'fewer'} than" if change else "as many as"
    rate = "–" if total.answer_rate is None else f"{total.answer_rate * 100:.1f} %"
    reached = "Not reached" if outbound else "Missed"
    found = [
        Stat("Calls", f"{total.calls:,}", f"{than} the {days} before", _calls_meaning(outbound=outbound)),
        Stat(
            "Picked up",
            rate,
            f"of {total.asked:,} that asked for a person",
            "Calls that a person picked up, of those that asked for one: picked up, left a message, "
            f"{reached.lower()}. Calls that heard a notice, failed or were blocked asked for nobody.",
        ),
        Stat(
            "Time to pick up",
            duration(total.wait_seconds(50)),
            f"half of them; 95 of 100: {duration(total.wait_seconds(95))}" if total.waits.total else "nobody picked up",
            "From the start of the call until a person picked up, with all that was heard and keyed before: half of "
            "those that were picked up waited no longer. Exact to the second below 64 s, to 3 % above.",
        ),
        Stat(
            reached,
            f"{total.missed:,}",
            _missed_words(total),
            "Calls that asked for a person, reached nobody and left no message: nobody picked up, the line was busy, "
            "somebody declined" + (". " if outbound else ", or the caller gave up."),
        ),
    ]
    if not outbound:
        share = f"{total.message / total.asked * 100:.1f} % of those that asked for a person" if total.asked else "none"
        found.append(
            Stat("Messages", f"{total.message:,}", share, "Calls that were recorded, and picked up by nobody.")
        )
    return [*found, _cost(figures)]


def _calls_meaning(*, outbound: bool) -> str:
    which = "Calls that we placed" if outbound else "Calls to our numbers"
    once = "counted once each, however many people they rang, on the day on which they began"
    return f"{which}, {once}. A day that goes on is compared, as far as it has come, with a whole one."


def _missed_words(total: Sums) -> str:
    """52 nobody picked up, 30 gave up: the reasons that count most."""
    counts = sorted(((total.of(ending), word) for ending, word in MISSED_WORDS.items()), reverse=True)
    return ", ".join(f"{number:,} {word}" for number, word in counts[:2] if number) or "none"


def _cost(figures: Figures) -> Stat:
    total, other = figures.total, figures.other_way
    each = f"{money(total.cost_eur / total.calls)} a call" if total.calls else NOTHING
    way = "calls to us" if figures.which.outbound else "calls we placed"
    beside = f"; {money_sum(other.cost_eur)} for {way}" if other.calls else ""
    meaning = "The sum of what Vonage reported for every leg of these calls, in euros. It is told when a leg has ended."
    return Stat("Cost", money_sum(total.cost_eur), f"{each}{beside}", meaning)


def _month_names(figures: Figures) -> tuple[str, str]:
    before, this = figures.costs.months[-2:]
    return f"{this:%B}", f"{before:%B}"


def _costs(figures: Figures, names: Names) -> list[CostRow]:
    rows = [row for row in figures.costs.numbers if row.months[-1].calls or row.to_the_same_day.calls]
    most = max((money.cost for row in rows for money in (row.months[-1], row.to_the_same_day)), default=0) or 1
    return [
        CostRow(
            label=names.number(row.number),
            number=numbers.shown(row.number) if names.labels.get(row.number) else "",
            this=row.months[-1],
            before=row.to_the_same_day,
            bar=round(row.months[-1].cost / most * 200, 1),
            bar_before=round(row.to_the_same_day.cost / most * 200, 1),
        )
        for row in rows
    ]
