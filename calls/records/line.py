"""A call as a line of time: which stretches it has, and where they are drawn. Pure geometry, no words, no colours.

One notation serves the list (widths by the square root of the seconds, so that short and long calls share a
column) and the strip of calls in progress (one linear axis that ends now).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice, pairwise
from math import sqrt
from typing import Protocol

ROW_SCALE = 6.4  # pixels for the square root of a second
MOST_PARTS = 100  # legs and recordings that are drawn: no eye tells more apart
LEAST_WIDTH = 3.0  # or a stretch would not be seen
MOST_WIDTH = 240.0  # of one stretch, 23 minutes; a longer one is torn
GAP = 1.0
END_ROOM = 5.0  # from the last stretch to the middle of the end's mark
NOTCH_STEP = 5.0

AXIS_SECONDS = 180
AXIS_LEFT, AXIS_NOW = 10.0, 606.0
AXIS_SCALE = (AXIS_NOW - AXIS_LEFT) / AXIS_SECONDS  # pixels a second

# Where two things happen at once, the more telling one is drawn.
TELLING = {"say": 0, "ring": 1, "rec": 2, "talk": 3}


class LegTimes(Protocol):
    """What is read of a leg."""

    @property
    def started_at(self) -> datetime | None: ...
    @property
    def answered_at(self) -> datetime | None: ...
    @property
    def ended_at(self) -> datetime | None: ...


@dataclass(frozen=True)
class Stretch:
    """Something that lasts: "ring", "say" (hears us speak), "talk" or "rec" (a message is recorded)."""

    kind: str
    starts_at: datetime
    ends_at: datetime
    open: bool = False  # it goes on now

    @property
    def lasts(self) -> timedelta:
        return self.ends_at - self.starts_at


@dataclass(frozen=True)
class Mark:
    """A stretch as drawn, in pixels. `notches` are the places of a recording's notches, `tear` that of a torn bar."""

    kind: str
    x: float
    width: float
    open: bool = False
    notches: list[float] = field(default_factory=list)
    tear: float | None = None

    @property
    def ends(self) -> float:
        return self.x + self.width


@dataclass(frozen=True)
class Line:
    """What is drawn of a call: its marks and, in the middle of its end's mark, where it ends."""

    marks: list[Mark]
    end_x: float

    @property
    def width(self) -> float:
        return self.end_x + END_ROOM


def stretches(
    legs: Sequence[LegTimes], recordings: Iterable[tuple[datetime, datetime]] = (), *, now: datetime
) -> list[Stretch]:
    """Say what the caller lived through, in order and without gaps. `legs` are oldest first; `now` ends an open one.

    The first leg rings until it is answered and then hears us speak, wherever no further leg rings or talks and
    nothing is recorded.
    """
    told = [leg for leg in legs if leg.started_at]
    if not told:
        return []
    first, further = told[0], told[1:]
    begun = first.started_at or now
    over = all(leg.ended_at for leg in told)
    end = max([leg.ended_at for leg in told if leg.ended_at] if over else [now, begun])
    answered = first.answered_at or end
    layers = [("ring", begun, answered), ("say", answered, end)]
    for leg in further[:MOST_PARTS]:
        left = leg.ended_at or end
        layers.append(("ring", leg.started_at or begun, leg.answered_at or left))
        layers.append(("talk", leg.answered_at or left, left))
    layers += [("rec", start, stop) for start, stop in islice(recordings, MOST_PARTS)]
    found = _flatten(layers, begun, end)
    if found and not over:
        last = found[-1]
        found[-1] = Stretch(last.kind, last.starts_at, last.ends_at, open=True)
    return found


def _flatten(layers: Sequence[tuple[str, datetime, datetime]], begun: datetime, end: datetime) -> list[Stretch]:
    """Cut overlapping layers into stretches: the most telling one wins, neighbours of one kind are joined."""
    inside = [(kind, max(start, begun), min(stop, end)) for kind, start, stop in layers]
    inside = [layer for layer in inside if layer[1] < layer[2]]
    edges = sorted({moment for _, start, stop in inside for moment in (start, stop)})
    found: list[Stretch] = []
    for start, stop in pairwise(edges):
        kinds = [kind for kind, first, last in inside if first <= start and stop <= last]
        if not kinds:
            continue
        kind = max(kinds, key=TELLING.__getitem__)
        if found and found[-1].kind == kind and found[-1].ends_at == start:
            found[-1] = Stretch(kind, found[-1].starts_at, stop)
        else:
            found.append(Stretch(kind, start, stop))
    return found


def time_of(found: Iterable[Stretch], kinds: Collection[str]) -> timedelta:
    """Sum up how long the stretches of these kinds last."""
    return sum((stretch.lasts for stretch in found if stretch.kind in kinds), timedelta())


def row_line(found: Sequence[Stretch]) -> Line:
    """Draw a call in a row of the list: a stretch of s seconds is 6.4 × √s wide."""
    marks: list[Mark] = []
    x = 0.0
    for stretch in found:
        wanted = ROW_SCALE * sqrt(stretch.lasts.total_seconds())
        width = min(max(wanted, LEAST_WIDTH), MOST_WIDTH)
        tear = round(x + width / 2, 1) if wanted > MOST_WIDTH else None
        marks.append(_mark(stretch, x, width, tear=tear))
        x += width + GAP
    return Line(marks, round(x - GAP + END_ROOM if marks else END_ROOM, 1))


def axis_line(found: Sequence[Stretch], *, now: datetime) -> Line:
    """Draw a call on the axis of the last three minutes. What began before comes in from the left."""
    marks = []
    for stretch in found:
        starts = max(_on_axis(stretch.starts_at, now), AXIS_LEFT)
        ends = _on_axis(stretch.ends_at, now)
        if ends > AXIS_LEFT:
            marks.append(_mark(stretch, starts, max(ends - starts, 1.0)))
    return Line(marks, AXIS_NOW)


def _on_axis(moment: datetime, now: datetime) -> float:
    return AXIS_NOW - (now - moment).total_seconds() * AXIS_SCALE


def _mark(stretch: Stretch, x: float, width: float, *, tear: float | None = None) -> Mark:
    x, width = round(x, 1), round(width, 1)
    notches = []
    if stretch.kind == "rec":
        notches = [round(x + step * NOTCH_STEP, 1) for step in range(1, int(width // NOTCH_STEP))]
    return Mark(stretch.kind, x, width, stretch.open, notches, tear)
