"""Quarters of an hour, counted since 1970, and the days and hours that they make in a zone. Pure.

Since 2000 every zone has been whole quarters away from UTC. So a day of any zone is some number of quarters, and
where a quarter lies on its clock is the quarter's number plus a shift, which changes with summer time.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from itertools import pairwise

SECONDS = 900
HOUR, DAY = 4, 96  # quarters
SPANS = (DAY, HOUR, 1)  # of UTC, of which each has sums
EPOCH = date(1970, 1, 1)


def quarter_of(moment: datetime) -> int:
    """Give the quarter in which a moment lies."""
    return int(moment.timestamp() // SECONDS)


def beginning_of(quarter: int) -> datetime:
    return datetime.fromtimestamp(quarter * SECONDS, UTC)


def first_of(day: date, zone: tzinfo) -> int:
    """Give the quarter with which a day begins in a zone."""
    return quarter_of(datetime.combine(day, time(), zone))


@dataclass(frozen=True, order=True)
class Part:
    """Days, hours or quarters of UTC in a row, from a quarter up to another."""

    span: int  # one of SPANS
    begin: int
    end: int


def parts(edges: Sequence[int]) -> list[Part]:
    """Part the time from the first edge to the last, so that no day, hour or quarter lies on both sides of an edge.

    They are the fewest that there are. Any two that follow one another make one part.
    """
    found: list[Part] = []
    for part in sorted(part for low, high in pairwise(edges) for part in _parts(low, high, SPANS)):
        if found and (found[-1].span, found[-1].end) == (part.span, part.begin):
            part = Part(part.span, found.pop().begin, part.end)
        found.append(part)
    return found


def _parts(low: int, high: int, spans: Sequence[int]) -> Iterator[Part]:
    """Part the time between two edges: the longest in the middle, shorter ones before and after."""
    if low >= high:
        return
    span, *shorter = spans
    begin, end = -(-low // span) * span, high // span * span
    if begin >= end:
        yield from _parts(low, high, shorter)
        return
    yield from _parts(low, begin, shorter)
    yield Part(span, begin, end)
    yield from _parts(end, high, shorter)


@dataclass(frozen=True)
class Shift:
    """From a quarter on, the zone's clock is so many quarters ahead of UTC."""

    begin: int
    ahead: int


def shifts(zone: tzinfo, begin: int, end: int) -> list[Shift]:
    """Give the shifts of a zone from one quarter up to another, the first from the beginning on."""
    found = [Shift(begin, _ahead(zone, begin))]
    for low, high in _stretches(begin, end):
        if _ahead(zone, high) != found[-1].ahead:
            found.append(Shift(_first_other(zone, low, high, found[-1].ahead), _ahead(zone, high)))
    return found


def local(quarter: int, found: list[Shift]) -> int:
    """Count a quarter on the clock of the zone whose shifts these are."""
    return quarter + next((shift.ahead for shift in reversed(found) if shift.begin <= quarter), found[0].ahead)


def day_of(local_quarter: int) -> date:
    return EPOCH + timedelta(days=local_quarter // DAY)


def _ahead(zone: tzinfo, quarter: int) -> int:
    offset = beginning_of(quarter).astimezone(zone).utcoffset()
    return round((offset or timedelta()).total_seconds() / SECONDS)


def _stretches(begin: int, end: int) -> Iterator[tuple[int, int]]:
    """Part the quarters into days: no clock is changed twice within one."""
    for low in range(begin, end - 1, DAY):
        yield low, min(low + DAY, end - 1)


def _first_other(zone: tzinfo, low: int, high: int, ahead: int) -> int:
    """Find the first quarter after `low` with another shift; `high` has it."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _ahead(zone, middle) == ahead else (low, middle)
    return high
