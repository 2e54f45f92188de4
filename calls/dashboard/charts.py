"""The reports' charts, as figures that a template draws: bars by day, a map of the week, bars by length. Pure.

Counts begin at zero. Each series has a pattern as well as a colour, and a label where one fits. A label needs so many
px; where bars stand closer, every second or third one has one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from calls.dashboard.scale import width_of
from calls.records.figures import Sums
from calls.records.stats import Hours

WIDTH, LEFT, RIGHT, TOP, PLOT = 1278.0, 40.0, 1264.0, 30.0, 190.0  # of the bars by day
BAR_MOST, GAP = 0.62, 1.2  # of its place; px between series
RATE_TOP, RATE_PLOT = 292.0, 48.0
LABEL_GAP = 8.0
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

# From the bottom up: what a bar is made of, and its name in the legend.
SERIES = (
    ("picked_up", "picked up"),
    ("notice", "heard a notice"),
    ("message", "left a message"),
    ("missed", "missed"),
    ("failed", "failed"),
    ("other", "other"),
)


@dataclass(frozen=True)
class Group:
    """Some steps in one bar: an hour, a day, a week or a month."""

    begins: datetime
    name: str  # "23 Nov", as the table says it
    label: str
    under: str
    sums: Sums
    so_far: bool = False


@dataclass(frozen=True)
class Label:
    x: float
    y: float
    text: str
    strong: bool = False


@dataclass(frozen=True)
class Block:
    """One series of a bar."""

    kind: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class BarChart:
    """Bars by time, and under them the part that was picked up."""

    blocks: list[Block]
    grid: list[Label]
    labels: list[Label]
    rate: list[str] = field(default_factory=list)  # points of lines
    dots: list[Label] = field(default_factory=list)
    height: float = 260.0

    left, right, width, rate_top, rate_bottom = LEFT, WIDTH, WIDTH, RATE_TOP, RATE_TOP + RATE_PLOT
    phone_width = 958


def bars(groups: Sequence[Group]) -> BarChart:
    """Draw a bar for each group."""
    place = (RIGHT - LEFT) / max(len(groups), 1)
    most = max((group.sums.calls for group in groups), default=0)
    marks = ticks(most)
    per_call = PLOT / marks[-1]
    bottom = TOP + PLOT
    middles = [LEFT + place * (position + 0.5) for position in range(len(groups))]
    width = round(min(place * BAR_MOST, 72.0), 1)
    blocks: list[Block] = []
    for middle, group in zip(middles, groups, strict=True):
        blocks += _stack(group.sums, middle - width / 2, width, bottom, per_call)
    labels = [*_under(groups, middles, place, bottom), *_totals(groups, middles, place, bottom, per_call)]
    grid = [Label(LEFT, round(bottom - mark * per_call, 1), f"{mark:,}") for mark in marks]
    rates, dots = _rate(groups, middles, place)
    return BarChart(blocks, grid, labels, rates, dots, height=RATE_TOP + RATE_PLOT + 24 if dots else bottom + 40)


def _stack(sums: Sums, x: float, width: float, bottom: float, per_call: float) -> list[Block]:
    """Pile up the series. What is there is seen: at least 1.5 px of it."""
    blocks, y = [], bottom
    for kind, _ in SERIES:
        if count := getattr(sums, kind):
            height = max(count * per_call, 1.5)
            y -= height
            blocks.append(Block(kind, round(x, 1), round(y, 1), width, round(max(height - GAP, 1.2), 1)))
    return blocks


def _under(groups: Sequence[Group], middles: Sequence[float], place: float, bottom: float) -> list[Label]:
    """Name the bars: all of them where there is room."""
    widest = max((width_of(text) for group in groups for text in (group.label, group.under)), default=0)
    every = max(math.ceil((widest + LABEL_GAP) / place), 1)
    labels, last = [], ""
    for position, (middle, group) in enumerate(zip(middles, groups, strict=True)):
        if (len(groups) - 1 - position) % every:  # counted from the newest on
            continue
        labels.append(Label(middle, bottom + 16, group.label, strong=group.so_far))
        if group.under != last or every == 1:
            labels.append(Label(middle, bottom + 31, group.under))
        last = group.under
    return labels


def _totals(
    groups: Sequence[Group], middles: Sequence[float], place: float, bottom: float, per_call: float
) -> list[Label]:
    labels = []
    for middle, group in zip(middles, groups, strict=True):
        y = bottom - group.sums.calls * per_call - 6
        text = f"{group.sums.calls:,}"
        if group.so_far:
            labels.append(Label(middle, y - (16 if place >= width_of(text) + 4 else 0), "so far", strong=True))
        if group.sums.calls and place >= width_of(text) + 4:
            labels.append(Label(middle, y, text))
    return labels


def _rate(groups: Sequence[Group], middles: Sequence[float], place: float) -> tuple[list[str], list[Label]]:
    """Draw the part that was picked up: lines between neighbours, dots, and the part in words where it fits."""
    points = [
        (middle, rate)
        for middle, group in zip(middles, groups, strict=True)
        if (rate := group.sums.answer_rate) is not None
    ]
    wordy = place >= 44
    ends = {middle for middle, _ in (points[-1:] if not wordy else points)}
    dots = [
        Label(round(x, 1), _rate_y(rate), f"{rate * 100:.0f} %" if x in ends else "", strong=place >= 20)
        for x, rate in points
    ]
    return lines([(x, _rate_y(rate)) for x, rate in points], place), dots


def _rate_y(rate: float) -> float:
    return round(RATE_TOP + RATE_PLOT * (1 - rate), 1)


Point = tuple[float, float]


def lines(points: Sequence[Point], place: float) -> list[str]:
    """Join points that stand side by side; a gap stays one."""
    return [" ".join(f"{x:.1f},{y:.1f}" for x, y in part) for part in _parts(points, place) if len(part) > 1]


def alone(points: Sequence[Point], place: float) -> list[Point]:
    """Give the points that no line touches."""
    return [part[0] for part in _parts(points, place) if len(part) == 1]


def _parts(points: Sequence[Point], place: float) -> list[list[Point]]:
    found: list[list[Point]] = []
    before = -math.inf
    for x, y in points:
        if x - before > place * 1.5:
            found.append([])
        found[-1].append((x, y))
        before = x
    return found


def ticks(most: int) -> list[int]:
    """Give the marks of an axis of counts, from 0 to the first one that is not less: five steps at most."""
    step = 1
    while step * 5 < most:
        step = next(s for s in (10 ** len(str(step)) * f // 10 for f in (1, 2, 5, 10)) if s > step)
    return list(range(0, max(most, 1) + step, step))[: -(-max(most, 1) // step) + 1]


# When people ring


@dataclass(frozen=True)
class Cell:
    x: float
    y: float
    shade: int  # 0 to 5
    text: str


@dataclass(frozen=True)
class WeekMap:
    """A row a weekday, a column an hour: only hours in which anybody rang, and those between them."""

    cells: list[Cell]
    hours: list[Label]
    days: list[Label]
    cell_width: float
    width: float = 832.0
    height: float = 24 + 7 * 27

    @property
    def cell_middle(self) -> float:
        return round(self.cell_width / 2, 1)

    @property
    def phone_width(self) -> int:
        return min(round(40 + len(self.hours) * 48), round(self.width))  # no letter is drawn larger than it is


def week_map(hours: Hours, weekdays: Sequence[int]) -> WeekMap:
    """Draw the mean of each hour of the week. `weekdays` says how many Mondays, Tuesdays … there were."""
    rung = [hour for (_, hour), count in hours.items() if count]
    first, last = (min(rung), max(rung)) if rung else (8, 18)
    while last - first < 9:  # a few hours around, so that a cell is one
        first, last = max(first - 1, 0), min(last + 1, 23)
    shown = range(first, last + 1)
    pitch = (832.0 - 40) / len(shown)
    means = {at: count / weekdays[at[0]] for at, count in hours.items() if weekdays[at[0]]}
    most = max(means.values(), default=0.0)
    cells = []
    for day in range(7):
        for column, hour in enumerate(shown):
            mean, x = means.get((day, hour), 0.0), round(40 + column * pitch, 1)
            cells.append(Cell(x, 24 + day * 27.0, _shade(mean, most), _mean(mean)))
    days = [Label(32, 41 + day * 27.0, name) for day, name in enumerate(WEEKDAYS)]
    heads = [Label(round(40 + (column + 0.5) * pitch, 1), 15, f"{hour:02d}") for column, hour in enumerate(shown)]
    return WeekMap(cells, heads, days, round(pitch - 2, 1))


def _shade(mean: float, most: float) -> int:
    return math.ceil(mean / most * 5) if mean and most else 0


def _mean(mean: float) -> str:
    """1.4 below ten, 12 above it; nothing for nothing."""
    if not mean:
        return ""
    return f"{mean:.0f}" if mean >= 9.95 or mean == int(mean) else f"{max(mean, 0.1):.1f}"


# How long


@dataclass(frozen=True)
class LengthBar:
    label: str
    y: float
    width: float
    text: str
    text_x: float


@dataclass(frozen=True)
class Lengths:
    """Bars that lie, one a class."""

    bars: list[LengthBar]
    left: float = 100.0
    width: float = 400.0

    @property
    def height(self) -> float:
        return len(self.bars) * 26.0 + 4


def lengths(names: Sequence[str], counts: Sequence[int]) -> Lengths:
    most = max(counts, default=0) or 1
    found = []
    for position, (name, count) in enumerate(zip(names, counts, strict=True)):
        width = round(max(count / most * 240, 2.0 if count else 0.0), 1)
        found.append(LengthBar(name, 4 + position * 26.0, width, f"{count:,}", round(100 + width + 7, 1)))
    return Lengths(found)
