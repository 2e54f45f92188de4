"""How our numbers stand: open or closed, until when, what may be set for a while.

Seven queries, however many numbers, and two for each flow on the longest way from one flow to another."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from calls.flows import hours_data
from calls.flows.hours import Schedule, State, next_state, state
from calls.flows.hours_line import DayLine, day_lines
from calls.flows.hours_reached import Asked, hours_reached, live_programs
from calls.flows.hours_words import standing, when
from calls.models import PhoneNumber

MOST_NUMBERS = 30
MOST_HOURS = 6  # of one number
SOME_TIME = (timedelta(minutes=30), timedelta(hours=1), timedelta(hours=2))
MOST_AHEAD = timedelta(days=14)  # a change further away is none to wait for


@dataclass(frozen=True)
class Until:
    """A time until which it can be kept open or closed."""

    at: datetime
    words: str
    chosen: bool = False

    @property
    def value(self) -> str:
        return self.at.isoformat()


@dataclass(frozen=True)
class Standing:
    """A number, and how it stands. `tone` and `icon` are those of a state; `set` is "open", "closed" or ""."""

    number: PhoneNumber
    word: str
    icon: str
    tone: str = ""
    under: str = ""
    hours: int | None = None
    hours_name: str = ""
    zone: str = ""  # where it is not that of the page
    line: DayLine | None = None
    set: str = ""
    untils: tuple[Until, ...] = ()
    shared: int = 0  # other numbers that ask the same opening hours
    via: str = ""  # the flow that asks them, where it is not the number's own
    further: bool = False  # hours that only some callers come to; the number itself stands above

    @property
    def id(self) -> str:
        """Tells its row from others on the page."""
        return f"{self.number.pk}-{self.hours}" if self.further else str(self.number.pk)

    @property
    def lines(self) -> list[DayLine]:
        return [self.line] if self.line else []


def standings(now: datetime, zone: str) -> list[Standing]:
    """Say how the first MOST_NUMBERS numbers stand, those with a name first. `zone` is that of the page.

    A number has further rows for opening hours that some of its callers come to.
    """
    rows = list(PhoneNumber.objects.with_live(now).select_related("flow").order_by("-label", "msisdn")[:MOST_NUMBERS])
    rows.sort(key=lambda row: (not row.label, row.label.lower(), row.msisdn))
    programs = live_programs({row.flow_id for row in rows if row.flow_id and row.live_id}, now)  # type: ignore[attr-defined]
    reached = {row.pk: hours_reached(row.flow_id, programs) if row.flow_id else [] for row in rows}
    schedules: dict[int, Schedule] = {}
    if any(reached.values()):
        schedules = {pk: Schedule.read(data) for pk, data in hours_data.load_all().items()}
    sharing = Counter(asked.hours for found in reached.values() for asked in found)
    names = {flow: str(program.get("name", "")) for flow, program in programs.items()}
    found: list[Standing] = []
    for row in rows:
        asked = [one for one in reached[row.pk] if one.hours in schedules][:MOST_HOURS]
        found += _of_number(row, asked, schedules, names, now)
    return [
        replace(one, shared=sharing[one.hours or 0] - 1, zone=one.zone if one.zone != zone else "") for one in found
    ]


def _of_number(
    row: PhoneNumber,
    reached: Sequence[Asked],
    schedules: Mapping[int, Schedule],
    names: Mapping[int, str],
    now: datetime,
) -> Iterator[Standing]:
    """Say how a number stands: by the hours that all of its callers come to; then the hours that some come to."""
    if row.flow is None:
        yield Standing(row, "No flow", "failed", "bad", "Callers hear “This number is not in service.”")
    elif not row.live_id:  # type: ignore[attr-defined]
        yield Standing(row, "Nothing published", "failed", "bad", "Callers hear “Something is wrong here.”")
    elif not reached:
        yield Standing(row, "Always answered", "picked-up", "good", f"{row.flow.name} asks no opening hours.")
    elif not reached[0].all_come:
        yield Standing(row, "Always answered", "picked-up", "good", "Some callers come to opening hours:")
    for asked in reached:
        via = names.get(asked.flow, "") if asked.flow != row.flow_id else ""
        further = not (asked.all_come and asked == reached[0])
        yield _by_hours(row, asked.hours, schedules[asked.hours], now, via=via, further=further)


def _by_hours(row: PhoneNumber, hours: int, schedule: Schedule, now: datetime, *, via: str, further: bool) -> Standing:
    current = state(schedule, now)
    head, _, tail = standing(current).partition(" until ")
    overridden = current.why == "override"
    return Standing(
        row,
        head.rstrip(","),
        "clock" if overridden else "picked-up" if current.open else "blocked",
        "warn" if overridden else "good" if current.open else "",
        f"until {tail}" if tail else "",
        hours,
        schedule.name,
        str(schedule.zone),
        day_lines(schedule, now, days=1)[0],
        ("open" if current.open else "closed") if overridden else "",
        untils(current),
        via=via,
        further=further,
    )


def untils(current: State) -> tuple[Until, ...]:
    """The times to choose from, the nearest first: some while, the next changes by the hours, the end of the day."""
    now, zone = current.moment, current.schedule.zone
    whole = now.replace(second=0, microsecond=0)
    found = {whole + time: f"{(whole + time).astimezone(zone):%H:%M}, for {_length(time)}" for time in SOME_TIME}
    local = now.astimezone(zone)
    midnight = datetime(local.year, local.month, local.day, tzinfo=zone) + timedelta(days=1)
    found[midnight] = "the end of today"
    then = next_state(current)
    while then and then.moment - now < MOST_AHEAD and len(found) < 7:
        if then.why != "override":
            found[then.moment] = f"{when(then.moment, now, zone)}, when it {'opens' if then.open else 'closes'}"
        then = next_state(then)
    chosen = whole + SOME_TIME[1]
    if current.why == "override" and current.until:
        chosen = current.until
        found[chosen] = f"{when(chosen, now, zone)}, as it is set"
    return tuple(Until(at, found[at], at == chosen) for at in sorted(found))


def _length(time: timedelta) -> str:
    minutes = int(time.total_seconds() // 60)
    return f"{minutes} minutes" if minutes < 60 else "1 hour" if minutes == 60 else f"{minutes // 60} hours"
