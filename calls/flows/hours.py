"""Whether a line is open at a moment, and until when: pure, in memory, asked while a caller waits.

The one rule for days on which clocks change: it is open whenever the clock on the wall there shows a time within
the hours. A time that the clock shows twice is open twice, one that it skips never comes.

A schedule comes as plain data, as each host keeps it in its files:

    {"id": 7, "name": "Shop", "zone": "Europe/London",
     "week": [[540, 1050], …],          # minutes after Monday 00:00: opens, closes
     "closures": [{"name": "Christmas", "first": "2026-12-25", "last": "2026-12-26", "yearly": true, "message": ""}],
     "overrides": [{"state": "closed", "from": "2026-11-25T14:00:00+00:00", "until": …, "message": "", "by": "Marta"}]}

Overrides stand newest first: the first that covers a moment counts.
"""

import logging
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

logger = logging.getLogger(__name__)

WEEK = 7 * 1440  # minutes
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
HORIZON = timedelta(days=400)  # how far ahead a change is looked for
SAME_YEAR = 330  # days; a time beyond them is told with its year
Data = dict[str, Any]


@dataclass(frozen=True)
class Closed:
    """Whole days that are closed. Days of a yearly one come back in every later year."""

    first: date
    last: date
    yearly: bool = False
    name: str = ""
    message: str = ""

    def covers(self, day: date) -> bool:
        if not self.yearly or day < self.first:
            return self.first <= day <= self.last
        if day <= self.last:
            return True
        begins, here, ends = ((of.month, of.day) for of in (self.first, day, self.last))
        return begins <= here <= ends if begins <= ends else here >= begins or here <= ends


@dataclass(frozen=True)
class Set:
    """What somebody set for a while: open or closed."""

    open: bool
    since: datetime
    until: datetime
    message: str = ""
    by: str = ""


@dataclass(frozen=True)
class Schedule:
    """Opening hours, ready to be asked. `edges` are the minutes of a week at which it opens and closes, by turns."""

    zone: tzinfo = UTC
    edges: tuple[int, ...] = ()
    closures: tuple[Closed, ...] = ()  # the shortest first: it says most
    overrides: tuple[Set, ...] = ()
    name: str = ""
    readable: bool = True

    @classmethod
    def read(cls, data: Data | None) -> "Schedule":
        """Read plain data. Never raises: what cannot be read is logged and counts as open, so nobody is turned away."""
        try:
            if data is None:
                raise ValueError("it is not here")
            closures = [
                Closed(
                    date.fromisoformat(one["first"]),
                    date.fromisoformat(one["last"]),
                    one["yearly"],
                    one["name"],
                    one["message"],
                )
                for one in data["closures"]
            ]
            overrides = [
                Set(one["state"] == "open", _moment(one["from"]), _moment(one["until"]), one["message"], one["by"])
                for one in data["overrides"]
            ]
            return cls(
                ZoneInfo(data["zone"]),
                _edges(data["week"]),
                tuple(sorted(closures, key=lambda one: one.last - one.first)),
                tuple(overrides),
                data["name"],
            )
        except (KeyError, TypeError, ValueError, AttributeError, OSError) as error:
            logger.error("Opening hours cannot be read, and count as open: %s", error)
            return UNREADABLE


UNREADABLE = Schedule(readable=False)


@dataclass(frozen=True)
class State:
    """How it stands at a moment. The times ahead are found when they are asked for."""

    open: bool
    why: str  # "week", "closure", "override"; "unreadable" where nothing is known
    message: str = ""  # what callers hear before the step for "closed"
    name: str = ""  # of the closure
    by: str = ""  # who set the override
    schedule: Schedule = field(default=UNREADABLE, repr=False, compare=False)
    moment: datetime = field(default=datetime.min.replace(tzinfo=UTC), repr=False, compare=False)

    @cached_property
    def until(self) -> datetime | None:
        """When it, or its reason, changes next; None where that is not within 400 days."""
        found = next_state(self)
        return found.moment if found else None

    @cached_property
    def closes(self) -> datetime | None:
        """While open: when it closes."""
        return _turn(self) if self.open else None

    @cached_property
    def next_open(self) -> datetime | None:
        """When it opens next: while open, after it has closed."""
        if not self.open:
            return _turn(self)
        return _turn(state(self.schedule, self.closes)) if self.closes else None


def state(schedule: Schedule, moment: datetime) -> State:
    """Say whether it is open at an aware moment. Never raises."""
    for one in schedule.overrides:
        if one.since <= moment < one.until:
            message = "" if one.open else one.message
            return State(one.open, "override", message, by=one.by, schedule=schedule, moment=moment)
    if not schedule.readable:
        return State(True, "unreadable", schedule=schedule, moment=moment)
    local = moment.astimezone(schedule.zone)
    if schedule.closures:
        today = local.date()
        for closure in schedule.closures:
            if closure.covers(today):
                return State(False, "closure", closure.message, name=closure.name, schedule=schedule, moment=moment)
    minute = local.weekday() * 1440 + local.hour * 60 + local.minute
    return State(bisect_right(schedule.edges, minute) % 2 == 1, "week", schedule=schedule, moment=moment)


def next_state(now: State) -> State | None:
    """Give the state that follows: with another reason, or open instead of closed. None within 400 days."""
    schedule, moment = now.schedule, now.moment
    limit = moment + HORIZON
    while (edge := _edge_after(schedule, moment, now.why)) and edge <= limit:
        then = state(schedule, edge)
        if then != now:
            return then
        moment = edge
    return None


def changes(schedule: Schedule, start: datetime, days: int = 14) -> list[State]:
    """List the states that come after `start`, each with the moment at which it begins."""
    found, now = [], state(schedule, start)
    end = start + timedelta(days=days)
    while (then := next_state(now)) and then.moment < end:
        found.append(then)
        now = then
    return found


def in_words(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """Say a time that is ahead: "today at 14:00", "tomorrow at 09:00", "on Monday at 09:00", "on 2 January at …"."""
    there = moment.astimezone(zone)
    days = (there.date() - now.astimezone(zone).date()).days
    if days == 0:
        day = "today"
    elif days == 1:
        day = "tomorrow"
    elif 1 < days < 7:
        day = f"on {there:%A}"
    else:
        day = f"on {there.day} {there:%B}" + (f" {there.year}" if abs(days) > SAME_YEAR else "")
    return f"{day} at {there:%H:%M}"


def _turn(now: State) -> datetime | None:
    """When it is open instead of closed, or closed instead of open, for whatever reason."""
    then = next_state(now)
    while then and then.open == now.open:
        then = next_state(then)
        if then and then.moment - now.moment > HORIZON:
            return None
    return then.moment if then else None


def _edge_after(schedule: Schedule, moment: datetime, why: str) -> datetime | None:
    """The next moment at which anything could change: an edge of the week, a midnight, an override, a new offset."""
    local = moment.astimezone(schedule.zone)
    offset = local.utcoffset() or timedelta()
    midnight = datetime(local.year, local.month, local.day, tzinfo=UTC) - offset  # as this offset has it
    candidates = [midnight + DAY] if schedule.closures else []
    if schedule.edges and why != "closure":
        minute = local.weekday() * 1440 + local.hour * 60 + local.minute
        place = bisect_right(schedule.edges, minute)
        edge = schedule.edges[place] if place < len(schedule.edges) else schedule.edges[0] + WEEK
        candidates.append(midnight + timedelta(minutes=edge - local.weekday() * 1440))
    candidates += [at for one in schedule.overrides for at in (one.since, one.until) if at > moment]
    if not candidates:
        return None
    nearest = min(candidates)
    if nearest.astimezone(schedule.zone).utcoffset() != offset:
        return min(nearest, _new_offset(schedule.zone, moment, nearest))
    return nearest


def _new_offset(zone: tzinfo, before: datetime, after: datetime) -> datetime:
    """The second at which the clock is changed between two moments."""
    low, high = before.astimezone(UTC).replace(microsecond=0), after.astimezone(UTC)
    old = low.astimezone(zone).utcoffset()
    while high - low > SECOND:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == old:
            low = middle
        else:
            high = middle
    return high


def _edges(week: list[list[int]]) -> tuple[int, ...]:
    """Join the spans that touch, and give all ends in order. Raises ValueError for what is no week."""
    edges: list[int] = []
    for opens, closes in sorted(week):
        if not 0 <= opens < closes <= WEEK:
            raise ValueError(f"{opens} to {closes} is not within a week")
        if edges and opens <= edges[-1]:
            edges[-1] = max(edges[-1], closes)
        else:
            edges += [opens, closes]
    return tuple(edges)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return moment.astimezone(UTC)
