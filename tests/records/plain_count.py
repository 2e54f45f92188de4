"""The figures of the reports counted once more, in another way: each call by itself, from the rows of the call log.

Slow, and plain. Days and hours are those that the zone's own clock shows; what came of a call is what its page says.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from itertools import pairwise
from typing import Any

from calls.dashboard.outcomes import state_of
from calls.models import Call, CallEvent, FlowVersion, Leg
from calls.records.figures import Sums
from calls.records.spread import letter_of
from calls.records.stats import Period, Which, figures

OTHERS = {"Blocked", "Cancelled", "End unknown"}


@dataclass
class Count:
    """What the calls of a day come to."""

    words: Counter[str] = field(default_factory=Counter)
    waits: list[int] = field(default_factory=list)
    talks: list[int] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    cost: Decimal = Decimal(0)

    @classmethod
    def told(cls, sums: Sums) -> dict[str, Any]:
        """Spell sums as `plain` does."""
        return {
            "picked up": sums.picked_up,
            "message": sums.message,
            "notice": sums.notice,
            "missed": sums.missed,
            "failed": sums.failed,
            "other": sums.other,
            "waits": dict(sums.waits.counts),
            "talks": sums.talk_classes,
            "talk seconds": sums.talk_seconds,
            "answers": dict(sums.answers.counts),
            "over 3 s": sums.slow_answers,
            "slowest": sums.slowest_ms,
            "cost": sums.cost_eur,
        }

    def plain(self) -> dict[str, Any]:
        edges = [0, 30, 60, 120, 300, 600, 1800, 10**10]
        worst = max(self.milliseconds, default=None)
        return {
            "picked up": self.words["Picked up"],
            "message": self.words["Left a message"],
            "notice": self.words["Heard a notice"],
            "missed": sum(self.words[word] for word in ("Missed", "No answer", "Busy", "Declined")),
            "failed": self.words["Failed"],
            "other": sum(self.words[word] for word in (*OTHERS, "in progress")),
            "waits": dict(Counter(map(letter_of, self.waits))),
            "talks": [sum(low <= t < high for t in self.talks) for low, high in pairwise(edges)],
            "talk seconds": sum(self.talks),
            "answers": dict(Counter(letter_of(round(ms * 10)) for ms in self.milliseconds)),
            "over 3 s": sum(ms > 3000 for ms in self.milliseconds),
            "slowest": None if worst is None else round(worst * 10) / 10,
            "cost": self.cost,
        }


@dataclass
class Plain:
    """The figures of all calls that are meant, wherever they lie in time."""

    days: dict[date, Count]
    hours: Counter[tuple[date, int]]
    money: dict[tuple[str, int, int], Decimal]  # by number, year and month; both ways


def count(which: Which, zone: tzinfo) -> Plain:
    """Count them."""
    found = Plain(defaultdict(Count), Counter(), defaultdict(Decimal))
    legs, answered = defaultdict(list), defaultdict(list)
    for leg in Leg.objects.oldest_first():
        legs[leg.call_id].append(leg)
    for event in CallEvent.objects.filter(kind__in=["answer", "fallback"]).oldest_first():
        answered[event.call_id].append(event)
    of_flow = set(FlowVersion.objects.filter(flow=which.flow).values_list("pk", flat=True))
    for call in Call.objects.exclude(started_at=None):
        outbound = call.direction == "outbound"
        number = (call.from_number if outbound else call.to_number).removeprefix("+")
        number = number if number.isdigit() and len(number) <= 15 else ""
        replies = [event.payload["reply"] for event in answered[call.pk] if "reply" in event.payload]
        version = next((reply["version"] for reply in replies if reply.get("version")), None)
        if (which.number and number != which.number) or (which.version and version != which.version):
            continue
        if which.flow and version not in of_flow:
            continue
        assert call.started_at
        begun = call.started_at.astimezone(zone)
        found.money[number, begun.year, begun.month] += call.price_eur or 0
        if outbound != which.outbound:
            continue
        day = found.days[begun.date()]
        found.hours[begun.date(), begun.hour] += 1
        _add(day, call, legs[call.pk], outbound)
        day.milliseconds += [reply["milliseconds"] for reply in replies]
        day.cost += call.price_eur or 0
    return found


def _add(day: Count, call: Call, legs: Sequence[Leg], outbound: bool) -> None:
    state = state_of(call, legs)
    word = "in progress" if state.tone == "live" else state.word
    day.words[word] += 1
    answered = [leg for leg in (legs if outbound else legs[1:]) if leg.answered_at]
    if word != "Picked up" or not answered:
        return
    assert call.started_at
    picked_up = min(leg.answered_at for leg in answered if leg.answered_at)
    day.waits.append(max(int((picked_up - call.started_at) / timedelta(seconds=1)), 0))
    ends = [leg.ended_at for leg in answered if leg.ended_at]
    if ends:
        day.talks.append(max(int((max(ends) - picked_up) / timedelta(seconds=1)), 0))


def check(period: Period, which: Which) -> None:
    """Compare the reports' figures with those of the plain count."""
    plain, told = count(which, period.zone), figures(period, which)
    empty = Count().plain()
    days: dict[date, Sums] = defaultdict(Sums)
    for step in told.steps:
        assert step.begins.tzinfo is not None
        days[step.begins.date()] = Sums.together([days[step.begins.date()], step.sums])
    wanted = {period.first + timedelta(days=n) for n in range(period.days)}
    assert set(days) == wanted
    for day, sums in days.items():
        assert Count.told(sums) == (plain.days[day].plain() if day in plain.days else empty), (day, period.zone)
    inside = {at: n for at, n in plain.hours.items() if at[0] in wanted}
    hours: Counter[tuple[int, int]] = Counter()
    for (day, hour), number in inside.items():
        hours[day.weekday(), hour] += number
    assert told.hours == hours, period.zone
    if period.days == 1:
        by_hour = {step.begins.hour: step.sums.calls for step in told.steps if step.sums.calls}
        assert by_hour == {hour: number for (_, hour), number in inside.items()}
    _check_money(plain, told.costs)


def _check_money(plain: Plain, costs: Any) -> None:
    whole = [month for month in costs.months if month != costs.months[-1]]  # the last one ends with the period
    for month in whole:
        found = {row.number: money.cost_eur for row in costs.numbers for money in [row.months[whole.index(month)]]}
        told = {number: eur for (number, *at), eur in plain.money.items() if at == [month.year, month.month]}
        assert {n: eur for n, eur in found.items() if eur} == {n: eur for n, eur in told.items() if eur}


def random_moment(choose: Any, around: datetime, days: int = 2) -> datetime:
    """Give some moment within so many days of another."""
    return around + timedelta(seconds=choose.randrange(-days * 86_400, days * 86_400))
