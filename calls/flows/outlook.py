"""What changes in the days ahead: the moments at which a stranger begins to hear something else. Bounded work."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from calls.flows.hours import changes, state
from calls.flows.hours_words import turns
from calls.flows.naming import kind_words
from calls.flows.reading import Reading
from calls.flows.run import Number, World
from calls.flows.telling import heard
from calls.flows.ways import flows_after
from calls.flows.whatif import DRAFT, first_heard, until_question
from calls.models import FlowVersion

DAYS = 14
MOST_MOMENTS, MOST_FLOWS, MOST_ROWS = 200, 30, 40


@dataclass(frozen=True)
class Row:
    """From `moment` on a stranger hears this. `why` says what changes then; of the first row nothing."""

    moment: datetime
    why: str
    way: str  # "Shop hours (open), then Welcome, then Main menu"
    heard: str  # the first words


@dataclass(frozen=True)
class Outlook:
    """The rows from now on; `more`: not all of them are here."""

    rows: Sequence[Row]
    more: bool = False


def outlook(reading: Reading, world: World, number: Number, start: datetime, days: int = DAYS) -> Outlook:
    """List what a stranger hears first of a number, now and at each change. `world` may have a draft over `reading`."""
    causes = _causes(reading, world, number, start, start + timedelta(days=days))
    moments = sorted(causes)
    rows: list[Row] = []
    last: Any = None
    for moment in [start, *moments[:MOST_MOMENTS]]:
        served = first_heard(world, number, moment)
        actions = until_question(served.ncco)
        said = tuple(heard(actions))
        visits = [served.path[at] for at, _, _ in served.begins]
        seen = ([(visit["step"], visit.get("is")) for visit in visits], said)
        if seen != last:
            rows.append(Row(moment, "; ".join(causes.get(moment, [])), _way(visits), said[0] if said else ""))
        last = seen
        if len(rows) > MOST_ROWS:
            break
    return Outlook(rows[:MOST_ROWS], more=len(rows) > MOST_ROWS or len(moments) > MOST_MOMENTS)


def _way(visits: Sequence[dict[str, Any]]) -> str:
    names = [
        (visit["name"] or kind_words(visit["kind"])) + (f" ({visit['is']})" if visit.get("is") else "")
        for visit in visits
    ]
    return ", then ".join(names) or "Not in service"


def _causes(
    reading: Reading, world: World, number: Number, start: datetime, end: datetime
) -> dict[datetime, list[str]]:
    """When something changes that the answer may depend on, and what."""
    found: dict[datetime, list[str]] = {}
    flows, versions = _reached(reading, world, number, end)
    names = dict(FlowVersion.objects.filter(pk__in=versions).values_list("pk", "number"))
    for flow in flows:
        for begins, ends, version in reading.times(flow) if world.live(flow, start) != DRAFT else ():
            if start < begins < end:
                found.setdefault(begins, []).append(f"v{names.get(version, '?')} goes live")
            if ends and start < ends < end:
                found.setdefault(ends, []).append(f"v{names.get(version, '?')} ends")
    for hours in sorted(set(_hours_of(world, versions))):
        schedule = world.schedule(hours)
        before = state(schedule, start)
        for then in changes(schedule, start, (end - start).days):
            found.setdefault(then.moment, []).append(f"{schedule.name} {turns(before, then)}")
            before = then
    return found


def _reached(reading: Reading, world: World, number: Number, end: datetime) -> tuple[list[int], set[int]]:
    """The flows that callers of the number may come to, with all their versions of these days."""
    ahead, flows, versions = [number.flow] if number.flow else [], list[int](), set[int]()
    while ahead and len(flows) < MOST_FLOWS:
        flow = ahead.pop(0)
        if flow in flows:
            continue
        flows.append(flow)
        drafted = world.live(flow, end) == DRAFT
        mine = {DRAFT} if drafted else {version for begins, _, version in reading.times(flow) if begins < end}
        versions |= mine
        for version in mine:
            ahead += flows_after(world.program(version) or {})
    return flows, versions


def _hours_of(world: World, versions: set[int]) -> Iterator[int]:
    for version in versions:
        for step in ((world.program(version) or {}).get("steps") or {}).values():
            if step.get("kind") == "hours" and step.get("settings", {}).get("hours"):
                yield step["settings"]["hours"]
