"""How our numbers stand: open or closed, until when, what may be set for a while. Six queries, however many numbers."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from calls.flows import hours_data
from calls.flows.hours import Schedule, State, next_state, state
from calls.flows.hours_line import DayLine, day_lines
from calls.flows.hours_words import standing, when
from calls.flows.ways import flows_after
from calls.models import FlowVersion, PhoneNumber, StepKind

MOST_NUMBERS = 30
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

    @property
    def lines(self) -> list[DayLine]:
        return [self.line] if self.line else []


def standings(now: datetime, zone: str) -> list[Standing]:
    """Say how the first MOST_NUMBERS numbers stand, those with a name first. `zone` is that of the page."""
    rows = list(PhoneNumber.objects.with_live(now).select_related("flow").order_by("-label", "msisdn")[:MOST_NUMBERS])
    rows.sort(key=lambda row: (not row.label, row.label.lower(), row.msisdn))
    lives = {row.live_id for row in rows if row.live_id}  # type: ignore[attr-defined]
    programs = dict(FlowVersion.objects.filter(pk__in=lives).values_list("pk", "program")) if lives else {}
    asked = {row.pk: hours_asked(programs.get(row.live_id)) for row in rows}  # type: ignore[attr-defined]
    known = hours_data.load_all() if any(asked.values()) else {}
    sharing = Counter(hours for hours in asked.values() if hours)
    return [
        _standing(row, asked[row.pk], known, sharing, now, zone)
        if asked[row.pk] in known or not _leads_on(programs.get(row.live_id))  # type: ignore[attr-defined]
        else Standing(row, "Answered", "picked-up", "good", f"{row.flow} leads to flows that may ask opening hours.")
        for row in rows
    ]


def _leads_on(program: Any) -> bool:
    """Whether a program leads to other flows."""
    return isinstance(program, dict) and any(flows_after(program))


def hours_asked(program: Any) -> int | None:
    """The opening hours that a program asks first: those of its first step of the kind."""
    steps = program.get("steps") if isinstance(program, dict) else None
    found: Sequence[Mapping[str, Any]] = [
        step for step in (steps or {}).values() if step.get("kind") == StepKind.HOURS and step["settings"].get("hours")
    ]
    first = min(found, key=lambda step: step.get("place") or 0, default=None)
    return int(first["settings"]["hours"]) if first else None


def _standing(
    row: PhoneNumber, hours: int | None, known: Mapping[int, Any], sharing: Counter[int], now: datetime, zone: str
) -> Standing:
    if row.flow is None:
        return Standing(row, "No flow", "failed", "bad", "Callers hear “This number is not in service.”")
    if not row.live_id:  # type: ignore[attr-defined]
        return Standing(row, "Nothing published", "failed", "bad", "Callers hear “Something is wrong here.”")
    if hours is None or hours not in known:
        return Standing(row, "Always answered", "picked-up", "good", f"{row.flow.name} asks no opening hours.")
    schedule = Schedule.read(known[hours])
    current = state(schedule, now)
    head, _, tail = standing(current).partition(" until ")
    overridden = current.why == "override"
    tone = "warn" if overridden else "good" if current.open else ""
    icon = "clock" if overridden else "picked-up" if current.open else "blocked"
    return Standing(
        row,
        head.rstrip(","),
        icon,
        tone,
        f"until {tail}" if tail else "",
        hours,
        schedule.name,
        str(schedule.zone) if str(schedule.zone) != zone else "",
        day_lines(schedule, now, days=1)[0],
        ("open" if current.open else "closed") if overridden else "",
        untils(current),
        sharing[hours] - 1,
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
