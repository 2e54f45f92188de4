"""How fast we answer, as a chart: half, 95 of a hundred, and the slowest of our answers. Pure."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from calls.dashboard.charts import Group, Label, alone, lines
from calls.dashboard.scale import width_of

MARKS = ((0.1, "0.1 ms"), (1, "1 ms"), (10, "10 ms"), (100, "100 ms"), (1_000, "1 s"))
NEAR_MS, LIMIT_MS = 3_000, 5_000
UPPER, LOWER = 16.0, 188.0  # px
MIDDLE = 415.0


@dataclass(frozen=True)
class LatencyMark:
    x: float
    y: float
    text: str  # of one over 3 s
    late: bool

    @property
    def text_x(self) -> float:
        """Beside the mark, on the side with more room."""
        return -9.0 if self.x > MIDDLE else 9.0


@dataclass(frozen=True)
class LatencyChart:
    """Half, 95 of a hundred and the slowest of our answers, by time, on a scale of powers of ten."""

    p50: list[str]
    p95: list[str]
    dots: list[Label]  # where no line goes; text is the series
    worst: list[LatencyMark]
    grid: list[Label]
    names: list[Label]
    times: list[Label]
    limit_y: float
    near_y: float
    width: float = 832.0
    left: float = 58.0
    right: float = 772.0
    height: float = 222.0
    phone_width: int = 624

    @property
    def plot(self) -> float:
        return self.right - self.left

    @property
    def near_height(self) -> float:
        """Of the stretch from 3 s to 5 s."""
        return round(self.near_y - self.limit_y, 1)


def latencies(groups: Sequence[Group]) -> LatencyChart | None:
    """Draw them; None where there was no answer."""
    told = [(position, group) for position, group in enumerate(groups) if group.sums.answers.total]
    if not told:
        return None
    least = min(group.sums.answer_ms(50) or 0.1 for _, group in told)
    most = max(max(group.sums.slowest_ms or 0 for _, group in told), LIMIT_MS)
    floor = max(mark for mark, _ in MARKS if mark <= min(max(least, 0.1), 10))
    place = (772.0 - 58) / len(groups)

    def y_of(milliseconds: float) -> float:
        part = math.log(max(milliseconds, floor) / floor) / math.log(most / floor)
        return round(LOWER - part * (LOWER - UPPER), 1)

    def x_of(position: int) -> float:
        return round(58 + place * (position + 0.5), 1)

    halves = [(x_of(at), y_of(group.sums.answer_ms(50) or 0)) for at, group in told]
    most_of_them = [(x_of(at), y_of(group.sums.answer_ms(95) or 0)) for at, group in told]
    worst = [_worst(x_of(at), group.sums.slowest_ms or 0.0, y_of) for at, group in told]
    dots = [Label(x, y, name) for name, line in (("p50", halves), ("p95", most_of_them)) for x, y in alone(line, place)]
    ends = [("p50", halves[-1][1]), ("p95", most_of_them[-1][1]), ("slowest", worst[-1].y)]
    grid = [Label(58, y_of(mark), text) for mark, text in MARKS if mark >= floor] + [Label(58, y_of(LIMIT_MS), "5 s")]
    return LatencyChart(
        lines(halves, place), lines(most_of_them, place),
        dots,
        worst, grid, _apart(ends), _times(groups, x_of, place), y_of(LIMIT_MS), y_of(NEAR_MS),
    )  # fmt: skip


def _worst(x: float, milliseconds: float, y_of: Callable[[float], float]) -> LatencyMark:
    late = milliseconds > NEAR_MS
    return LatencyMark(x, y_of(milliseconds), f"{milliseconds / 1000:.1f} s" if late else "", late)


def _apart(ends: Sequence[tuple[str, float]]) -> list[Label]:
    """Name the lines at their ends, no name upon another: from the lowest up."""
    labels: list[Label] = []
    lowest = math.inf
    for name, y in sorted(ends, key=lambda end: -end[1]):
        lowest = min(y + 4, lowest - 15)
        labels.append(Label(780, round(lowest, 1), name, strong=True))
    return labels


def _times(groups: Sequence[Group], x_of: Callable[[int], float], place: float) -> list[Label]:
    widest = max(width_of(group.name) for group in groups)
    every = max(math.ceil((widest + 16) / place), 1)
    return [
        Label(x_of(position), LOWER + 22, group.name)
        for position, group in enumerate(groups)
        if (len(groups) - 1 - position) % every == 0
    ]
