"""The days of a schedule as lines, for the pages that draw them. An open day is a line with a bar on it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from calls.flows.hours import Schedule, State, changes, state

DAY = timedelta(days=1)
WIDTH = 240.0  # of 24 hours


@dataclass(frozen=True)
class Bar:
    """A stretch of a day: open by the hours ("open"), or what an override makes of it ("set-open", "set-shut")."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True)
class DayLine:
    """One day: its bars by the clock on the wall, and where "now" is on it."""

    day: date
    bars: tuple[Bar, ...]
    closure: str = ""
    now: float | None = None


def day_lines(schedule: Schedule, now: datetime, days: int = 7) -> list[DayLine]:
    """Draw today, in the schedule's zone, and the days after it."""
    today = now.astimezone(schedule.zone).date()
    first, *midnights = (_midnight(schedule, today + n * DAY) for n in range(days + 1))
    states = [state(schedule, first), *changes(schedule, first, days + 1)]
    stretches = list(zip(states, [*(one.moment for one in states[1:]), midnights[-1]], strict=True))
    lines, begins = [], first
    for number, ends in enumerate(midnights):
        held = [(one, stops) for one, stops in stretches if one.moment < ends and stops > begins]
        bars = [_bar(schedule, one, begins, ends, stops) for one, stops in held if one.open or one.why == "override"]
        closed = next((one.name for one, _ in held if one.why == "closure"), "")
        here = _x(schedule, now) if number == 0 else None
        lines.append(DayLine(today + number * DAY, tuple(bars), closed, here))
        begins = ends
    return lines


def _midnight(schedule: Schedule, day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=schedule.zone)


def _bar(schedule: Schedule, one: State, begins: datetime, ends: datetime, stops: datetime) -> Bar:
    kind = "open" if one.why != "override" else "set-open" if one.open else "set-shut"
    left = _x(schedule, max(one.moment, begins))
    right = WIDTH if stops >= ends else _x(schedule, stops)
    return Bar(kind, left, max(round(right - left, 1), 1.0))


def _x(schedule: Schedule, moment: datetime) -> float:
    local = moment.astimezone(schedule.zone)
    return round((local.hour * 60 + local.minute) / 1440 * WIDTH, 1)
