"""The chart of a call: a timeline drawn to scale, as numbers that a template writes into an SVG.

Lanes: the caller, then each other leg in order of start, then the webhooks. What does not fit is said in
words (`Waterfall.left_out`); the list under the chart holds it all.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from calls.dashboard.by_name import ByName
from calls.dashboard.marks import Mark, marks_of
from calls.dashboard.scale import FOLD_WIDTH, LEFT, PLOT, Scale, Stretch, Tick, fold_label, scale_of, ticks, width_of
from calls.models import Kind
from calls.records.moments import served_actions
from calls.records.timeline import Bar, Key, Lane, Timeline

RIGHT = 42.0  # beside the plot: the last end's mark
TOP, LANE_GAP = 84.0, 54.0
HEIGHTS = {"ring": 16.0, "hears": 16.0, "say": 18.0}
BAR_HEIGHT = 24.0
LEAST_WIDTH = 3.0
LABEL_SIZE, LABEL_PAD = 11.5, 9.0
NOTCH_GAP = 5.0
KEY_GAP = 22.0
MOST_LANES, MOST_BARS = 12, 240
NAME_LENGTH = 19  # letters that the gutter holds


@dataclass(frozen=True)
class DrawnBar(ByName):
    """A bar, with its label where that fits whole."""

    kind: str
    x: float
    y: float
    width: float
    height: float
    label: str = ""
    label_x: float = 0.0
    notches: str = ""  # path of a recording's


@dataclass(frozen=True)
class DrawnKeys(ByName):
    """Keys that were pressed at about one moment."""

    x: float
    keys: str
    event: int

    @property
    def width(self) -> float:
        return 11.0 + 7.0 * len(self.keys)

    @property
    def half(self) -> float:
        return self.width / 2


@dataclass(frozen=True)
class DrawnEnd(ByName):
    """The mark at a lane's end, with a word where there is room."""

    shape: str
    x: float
    word: str = ""


@dataclass(frozen=True)
class DrawnLane(ByName):
    """A leg's lane."""

    y: float
    name: str
    role: str
    bars: tuple[DrawnBar, ...]
    keys: tuple[DrawnKeys, ...] = ()
    end: DrawnEnd | None = None


@dataclass(frozen=True)
class DrawnFold(ByName):
    """A torn strip."""

    x: float
    label: str
    seconds: float
    edge: str  # the zigzag at its left, as points from the strip's own corner
    area: str
    width: float = FOLD_WIDTH

    @property
    def middle(self) -> float:
        return self.width / 2


@dataclass(frozen=True)
class Name:
    """What stands in the gutter beside a lane, and the words that the lane may bear."""

    name: str
    role: str = ""
    end: str = ""  # "did not pick up"
    labels: Mapping[str, Sequence[str]] = field(default_factory=dict)  # by the bar's kind, longest first


@dataclass(frozen=True)
class Waterfall(ByName):
    """All that the template draws."""

    width: float
    height: float
    per_second: float
    begin: float
    left: float
    right: float
    lanes: tuple[DrawnLane, ...]
    folds: tuple[DrawnFold, ...]
    ticks: tuple[Tick, ...]
    small_ticks: tuple[Tick, ...]
    marks: tuple[Mark, ...]
    webhooks_y: float
    told: int  # webhooks that came; what we did ourselves is none
    answers: int  # those that were answered with an NCCO
    left_out: str = ""
    legs_left_out: int = 0

    @property
    def separator_y(self) -> float:
        return self.webhooks_y - 36

    @property
    def bottom(self) -> float:
        return self.webhooks_y + 44


def waterfall(
    line: Timeline,
    names: Mapping[int, Name],
    *,
    fold: bool = True,
    first: float | None = None,
    times: float = 1.0,
    legs: int | None = None,
    most_lanes: int = MOST_LANES,
) -> Waterfall:
    """Draw a call. `names` by the leg's pk; `first` shows these first seconds only; `times` is the width.

    `legs` is how many it has, where the timeline does not hold them all.

    Read a bar back: its seconds are width ÷ `per_second`, but for folds, which are FOLD_WIDTH wide each.
    """
    end = line.end if first is None else min(line.end, line.begin + first)
    scale = scale_of(_edges(line), line.begin, end, fold=fold, times=times)
    lanes = line.lanes[:most_lanes]
    right = round(LEFT + PLOT * times, 2)
    width = right + RIGHT
    drawn = tuple(_lane(lane, TOP + LANE_GAP * row, names, scale, width) for row, lane in enumerate(lanes))
    webhooks_y = TOP + LANE_GAP * max(len(lanes) - 1, 0) + 68
    rows = {lane.leg.pk: TOP + LANE_GAP * row for row, lane in enumerate(lanes)}
    large, small = ticks(scale)
    return Waterfall(
        width=width,
        height=webhooks_y + 62,
        per_second=scale.per_second,
        begin=scale.begin,
        left=LEFT,
        right=right,
        lanes=drawn,
        folds=tuple(_folds(scale, webhooks_y + 42)),
        ticks=tuple(large),
        small_ticks=tuple(small),
        marks=tuple(marks_of(line.moments, scale, rows, webhooks_y, width)),
        webhooks_y=webhooks_y,
        told=sum(moment.event.kind != Kind.ACTION for moment in line.moments),
        answers=sum(bool(served_actions(moment.event)) for moment in line.moments),
        left_out=_left_out(lanes),
        legs_left_out=(len(line.lanes) if legs is None else legs) - len(lanes),
    )


def _edges(line: Timeline) -> Iterator[float]:
    """Every moment at which something changes."""
    for lane in line.lanes:
        yield from (at for bar in lane.bars for at in (bar.start, bar.end))
        if lane.end:
            yield lane.end.at
    for moment in line.moments:
        yield moment.at
        if moment.late:
            yield moment.arrived


def _left_out(lanes: Iterable[Lane]) -> str:
    if any(len(lane.bars) > MOST_BARS for lane in lanes):
        return "Not drawn, there is no room: the shortest bars. The list has them."
    return ""


def _lane(lane: Lane, y: float, names: Mapping[int, Name], scale: Scale, width: float) -> DrawnLane:
    told = names.get(lane.leg.pk, Name(""))
    shown = [bar for bar in lane.bars if bar.start < scale.end and bar.end > scale.begin]
    if len(shown) > MOST_BARS:
        shown = sorted(sorted(shown, key=lambda bar: -bar.seconds)[:MOST_BARS], key=lambda bar: bar.start)
    bars = tuple(_bar(bar, y, told, scale) for bar in shown)
    end = None
    if lane.end and scale.shows(lane.end.at):
        x = scale.x(lane.end.at) + 9
        fits = x + 11 + width_of(told.end, LABEL_SIZE) < width
        end = DrawnEnd(lane.end.shape, x, told.end if fits else "")
    return DrawnLane(y, _short(told.name), told.role, bars, tuple(_keys(lane.keys, scale)), end)


def _short(name: str) -> str:
    return name if len(name) <= NAME_LENGTH else f"{name[: NAME_LENGTH - 1]}…"


def _bar(bar: Bar, y: float, told: Name, scale: Scale) -> DrawnBar:
    x, stop = scale.x(bar.start), scale.x(bar.end)
    width = max(round(stop - x, 2), LEAST_WIDTH)
    height = HEIGHTS.get(bar.kind, BAR_HEIGHT)
    label, label_x = _fitting(told.labels.get(bar.kind, ()), bar, scale)
    free = [(label_x + width_of(label, LABEL_SIZE) + 6 if label else x, stop)]
    notches = _notches(free, y) if bar.kind == "rec" else ""
    return DrawnBar(bar.kind, x, y - height / 2, width, height, label, label_x, notches)


def _fitting(labels: Iterable[str], bar: Bar, scale: Scale) -> tuple[str, float]:
    """The longest label that stands whole in a part of the bar that no fold hides, and where."""
    parts = [(scale.x(part.start), scale.x(part.end)) for part in scale.visible(bar.start, min(bar.end, scale.end))]
    for label in labels:
        for x, stop in parts:
            if width_of(label, LABEL_SIZE) + 2 * LABEL_PAD <= stop - x:
                return label, round(x + LABEL_PAD, 2)
    return "", 0.0


def _notches(parts: Iterable[tuple[float, float]], y: float) -> str:
    """The notches of a recording."""
    places = [x + NOTCH_GAP * n for x, stop in parts for n in range(1, int((stop - x) / NOTCH_GAP))]
    return "".join(f"M{x:.1f} {y - 6:.1f}v12" for x in places)


def _keys(keys: Iterable[Key], scale: Scale) -> Iterator[DrawnKeys]:
    """Discs on the caller's lane; what was keyed in close together shares one."""
    held: DrawnKeys | None = None
    for key in keys:
        if not scale.shows(key.at):
            continue
        x = scale.x(key.at)
        if held and x - held.x < KEY_GAP + held.width - 18:
            held = DrawnKeys(held.x, _some(held.keys.removesuffix("…") + key.keys), held.event)
            continue
        if held:
            yield held
        held = DrawnKeys(x, _some(key.keys), key.event.pk)
    if held:
        yield held


def _some(keys: str) -> str:
    return keys if len(keys) <= 6 else f"{keys[:5]}…"


def _folds(scale: Scale, bottom: float) -> Iterator[DrawnFold]:
    """Torn strips from the axis down, each with as long a label as the one before leaves room for."""
    taken = 0.0
    for fold in scale.folds:
        x = scale.x(fold.start)
        middle = x + FOLD_WIDTH / 2
        labels = (fold_label(fold), fold_label(fold).removesuffix(" folded"))
        label = next((text for text in labels if middle - width_of(text) / 2 > taken), "")
        taken = middle + width_of(label) / 2 + 6 if label else taken
        yield _fold(fold, x, label, bottom)


def _fold(fold: Stretch, x: float, label: str, bottom: float) -> DrawnFold:
    down = [(6 * (row % 2), 40 + 8 * row) for row in range(int((bottom - 40) / 8) + 1)]
    edge = " ".join(f"{dx},{y}" for dx, y in down)
    back = " ".join(f"{dx + FOLD_WIDTH:.0f},{y}" for dx, y in reversed(down))
    return DrawnFold(x, label, fold.seconds, edge, f"{edge} {back}")
