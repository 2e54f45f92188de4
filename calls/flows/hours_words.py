"""Opening hours in words, for whatever page shows them: how it stands, the week, what changes in the days ahead."""

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import groupby

from calls.flows.hours import Schedule, State, changes, in_words, state
from calls.models.hours import DAYS, clock_of

Spans = list[tuple[int, int]]  # of a day, in minutes after midnight
NO_SPANS: Spans = []


@dataclass(frozen=True)
class Change:
    """What becomes of it at a time of a day: "09:00", "opens"."""

    clock: str
    open: bool
    words: str


@dataclass(frozen=True)
class Day:
    """A day of the schedule's zone on which something changes."""

    day: date
    changes: tuple[Change, ...]


def standing(now: State) -> str:
    """ "Open until today at 17:30", "Closed by Marta until today at 15:00, then open", "Closed: Christmas, until …"."""
    word = "Open" if now.open else "Closed"
    if now.why == "override" and now.by:
        word += f" by {now.by}"
    elif now.why == "closure":
        word += f": {now.name},"
    if now.until is None:
        return word.rstrip(",")
    then = state(now.schedule, now.until)
    after = f", then {'open' if then.open else 'closed'}" if now.why != "week" else ""
    return f"{word} until {when(now.until, now.moment, now.schedule.zone)}{after}"


def week_in_words(week: dict[str, Spans]) -> list[str]:
    """["Monday to Friday 09:00–17:30", "Saturday 10:00–13:00", "Sunday closed"]: days alike on one line."""
    lines = []
    for spans, alike in groupby(DAYS, key=lambda day: week.get(day, NO_SPANS)):
        days = [day.capitalize() for day in alike]
        named = days[0] if len(days) == 1 else f"{days[0]} {'and' if len(days) == 2 else 'to'} {days[-1]}"
        times = " and ".join(f"{clock_of(opens)}–{clock_of(closes)}" for opens, closes in spans) or "closed"
        lines.append(f"{named} {times}")
    return lines


def days_ahead(schedule: Schedule, now: datetime, days: int) -> list[Day]:
    """What changes from now on, day by day in the schedule's zone."""
    found, before = [], state(schedule, now)
    for then in changes(schedule, now, days):
        at = then.moment.astimezone(schedule.zone)
        found.append((at.date(), Change(f"{at:%H:%M}", then.open, turns(before, then))))
        before = then
    return [Day(day, tuple(change for _, change in some)) for day, some in groupby(found, key=lambda one: one[0])]


def turns(before: State, then: State) -> str:
    """Say what becomes of it: "opens", "closes: Christmas", "stays closed, set by Marta"."""
    if before.open == then.open:
        words = "stays open" if then.open else "stays closed"
    else:
        words = "opens" if then.open else "closes"
    if then.why == "closure":
        return f"{words}: {then.name}"
    if then.why == "override":
        return f"{words}, set by {then.by}" if then.by else f"{words}, set for a while"
    return words


def when(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """Say a time after "until" or "from": "tomorrow at 09:00", "Monday at 09:00"."""
    return in_words(moment, now, zone).removeprefix("on ")
