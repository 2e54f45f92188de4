"""The time scale of a call's chart: where a second lies, what is folded away, where the ticks stand.

One scale for the whole chart. A steady stretch keeps KEEP_SECONDS at both ends; the rest becomes a torn strip
FOLD_WIDTH wide. The first OPENING_SECONDS are never folded.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from calls.dashboard.by_name import ByName
from calls.templatetags.calls_format import duration

LEFT = 158.0  # the gutter with the lanes' names
PLOT = 1080.0
STEADY_SECONDS, KEEP_SECONDS, OPENING_SECONDS = 8.0, 3.0, 10.0
FOLD_WIDTH = 58.0
MOST_OF_PLOT = 0.5  # that folds may take
LABEL_GAP = 72.0  # px between labels of the axis
SMALL_GAP = 7.0
MINUTE, HOUR, DAY = 60, 3_600, 86_400
STEPS = (
    *(0.1, 0.2, 0.5, 1, 2, 5, 10, 30),
    *(MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 30 * MINUTE),
    *(HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR),
    *(DAY, 2 * DAY, 7 * DAY, 30 * DAY, 90 * DAY, 365 * DAY, 3_650 * DAY),
)


@dataclass(frozen=True)
class Stretch:
    """From one second to another."""

    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Tick(ByName):
    """A tick of the axis; the small ones have no label."""

    x: float
    label: str = ""


@dataclass(frozen=True)
class Scale:
    """Puts seconds on the chart. `per_second` is px a second wherever nothing is folded."""

    begin: float
    end: float
    folds: tuple[Stretch, ...]
    per_second: float

    def x(self, at: float) -> float:
        """Where a moment lies; within a fold in proportion, beyond the ends at the ends."""
        at = min(max(at, self.begin), self.end)
        folded = sum(min(at, fold.end) - fold.start for fold in self.folds if fold.start < at)
        strips = sum((min(at, fold.end) - fold.start) / fold.seconds for fold in self.folds if fold.start < at)
        return round(LEFT + (at - self.begin - folded) * self.per_second + strips * FOLD_WIDTH, 2)

    def visible(self, start: float, end: float) -> Iterator[Stretch]:
        """The parts of a stretch that no fold hides."""
        for fold in self.folds:
            if fold.end <= start or fold.start >= end:
                continue
            if fold.start > start:
                yield Stretch(start, fold.start)
            start = fold.end
        if start < end:
            yield Stretch(start, end)

    def shows(self, at: float) -> bool:
        return self.begin <= at <= self.end


def scale_of(edges: Iterable[float], begin: float, end: float, *, fold: bool = True, times: float = 1.0) -> Scale:
    """Make the scale of a chart from `begin` to `end`. `edges` are the moments at which anything changes."""
    end = max(end, begin + 1.0)
    plot = PLOT * times
    folds = _folds(edges, begin, end) if fold else []
    while folds and len(folds) * FOLD_WIDTH > plot * MOST_OF_PLOT:
        folds.remove(min(folds, key=lambda f: f.seconds))
    while True:
        per_second = (plot - FOLD_WIDTH * len(folds)) / (end - begin - sum(f.seconds for f in folds))
        wasted = [f for f in folds if f.seconds * per_second < FOLD_WIDTH]  # a strip wider than what it hides
        if not wasted:
            return Scale(begin, end, tuple(folds), per_second)
        folds.remove(min(wasted, key=lambda f: f.seconds))


def _folds(edges: Iterable[float], begin: float, end: float) -> list[Stretch]:
    points = sorted({begin, end, *(edge for edge in edges if begin <= edge <= end)})
    steady = (Stretch(a, b) for a, b in pairwise(points) if b - a > STEADY_SECONDS)
    kept = (Stretch(max(s.start + KEEP_SECONDS, begin + OPENING_SECONDS), s.end - KEEP_SECONDS) for s in steady)
    return [stretch for stretch in kept if stretch.seconds > STEADY_SECONDS - 2 * KEEP_SECONDS]


def fold_label(fold: Stretch) -> str:
    """14 s folded."""
    return f"{duration(round(fold.seconds))} folded"


def ticks(scale: Scale) -> tuple[list[Tick], list[Tick]]:
    """The ticks with labels, and the small ones. None inside a fold, no label upon another."""
    step = next((s for s in STEPS if s * scale.per_second >= LABEL_GAP), STEPS[-1])
    finer = max((s for s in STEPS if s < step), default=step)
    taken = [(scale.x(f.start) + FOLD_WIDTH / 2, width_of(fold_label(f)) / 2) for f in scale.folds]
    large: list[Tick] = []
    for at in _multiples(scale, step):
        label, x = _label(at, step), scale.x(at)
        half = width_of(label) / 2
        if all(abs(x - other) > half + width + 6 for other, width in taken):
            large.append(Tick(x, label))
            taken = [*taken[: len(scale.folds)], (x, half)]
    small = [Tick(scale.x(at)) for at in _multiples(scale, finer)] if finer * scale.per_second >= SMALL_GAP else []
    return large, small


def _multiples(scale: Scale, step: float) -> Iterator[float]:
    for stretch in scale.visible(scale.begin, scale.end):
        first, last = math.ceil(stretch.start / step - 1e-9), math.floor(stretch.end / step + 1e-9)
        for count in range(first, last + 1):
            yield count * step


def _label(at: float, step: float) -> str:
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if abs(at) >= 2 * unit and step % unit == 0:
            return f"{at / unit:.0f} {name}"
    text = f"{at:.1f}" if step < 1 else f"{at:.0f}"
    return f"{text.removesuffix('.0').replace('-', '−')} s"  # noqa: RUF001 - a minus


def width_of(text: str, size: float = 11.0) -> float:
    """About how wide a text is in px: letters of a sans are half their size wide, and a little."""
    return len(text) * size * 0.56
