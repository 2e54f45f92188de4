"""A flow as a picture: where each step, line and word stands. Pure.

All steps stand in one column in the order of their places. Where callers go on to the next step the line is straight;
every other way leaves the step at its right side into a gutter of lanes and enters the right side of where it leads.
All ways from one step to one place are one line. "Again" is a mark, the end a dot, another flow a small box.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from calls.flows import letters
from calls.flows.column import HEAD, MIDDLE, NODE_WIDTH, SMALL, Bundle, Column, Row
from calls.flows.naming import Names, kind_words, step_name
from calls.flows.picture import MARGIN, Dot, Flow, Label, Line, Lit, Mark, Node, Picture, Point
from calls.flows.program import Program
from calls.flows.sentences import detail

LANE, APART = 12, 8.0  # between two lanes; between two lines in one lane
FLOW_WIDTH, FLOW_HEIGHT, FLOW_TEXT = 96.0, 24.0, 28.0
TEXT_X, TITLE = 36.0, 12.5  # the icon stands before the text
UP, DOWN = 16.0, 10.0  # how far words and dots of a line reach above and below it


def draw(
    program: Program,
    *,
    flows: Names | None = None,
    lit: Lit | None = None,
    marks: Mapping[str, Mark] | None = None,
) -> Picture:
    """Lay out a program, whatever it holds. `flows`: the names of those it leads to; `marks`: what became of steps."""
    return _Drawing(program, flows or {}, lit or Lit(), marks or {}).picture()


class _Drawing:
    """The gutter beside the column, and all that hangs on both."""

    def __init__(self, program: Program, flows: Names, lit: Lit, marks: Mapping[str, Mark]) -> None:
        self.column, self.flows, self.lit, self.marks = Column(program), flows, lit, marks
        self.labels = [label for row in self.column.rows for label in self._labels(row)]
        self.spans: dict[str, tuple[float, float]] = {}  # of each lane: from which height to which
        self.lanes: dict[str, int] = {}
        self._place_lanes()

    def picture(self) -> Picture:
        rows = self.column.rows
        lines = [*self._head_line(), *(line for row in rows for line in self._lines(row))]
        flows = [self._flow(row, port) for row in rows for port in row.ports if port.is_flow]
        rights = [
            *(x for line in lines for x, _ in line.points),
            *(flow.x + flow.width for flow in flows),
            *(label.x + label.width for label in self.labels),
        ]
        lines.sort(key=lambda line: line.lit)
        return Picture(
            round(max(NODE_WIDTH, *rights) + 2 * MARGIN, 1) if rights else NODE_WIDTH + 2 * MARGIN,
            self.column.bottom,
            tuple(self._node(row, step) for row, (_, step) in zip(rows, self.column.steps, strict=True)),
            tuple(lines),
            tuple(self.labels),
            tuple(flows),
            tuple(self._dots(lines)),
        )

    # The gutter

    def _place_lanes(self) -> None:
        """Give each step that is entered from the right a lane: the short ones first, as near as words let them."""
        for row in self.column.rows:
            if row.entry is not None:
                heights = [row.entry, *(source.at for source in self.column.sources(row.step))]
                self.spans[row.step] = (min(heights), max(heights))
        for step, (low, high) in sorted(self.spans.items(), key=lambda one: (one[1][1] - one[1][0], one[1])):
            beside = {self.lanes[other] for other in self._lanes_at(low - APART, high + APART)}
            x = math.ceil(self._words_end(low, high) + LANE)  # whole, so that lanes are told apart for certain
            while taken := [other for other in beside if abs(other - x) < LANE]:
                x = max(taken) + LANE
            self.lanes[step] = x

    def _lanes_at(self, low: float, high: float) -> list[str]:
        return [step for step in self.lanes if self.spans[step][0] <= high and self.spans[step][1] >= low]

    def _words_end(self, low: float, high: float) -> float:
        """Where all words and marks end that stand between two heights."""
        ports = (port for row in self.column.rows for port in row.ports if low - DOWN < port.at < high + UP)
        words = (one.x + one.width for one in self.labels if low - DOWN < one.y < high + UP)
        return max([NODE_WIDTH, *words, *(port.words_end for port in ports)])

    # All that is drawn

    def _head_line(self) -> Iterator[Line]:
        head = self.column.head
        if head:
            first, lit = self.column.rows[0], ("", head.to) in self.lit.lines
            if head.step == first.step:
                yield Line("", head.to, ("",), ((MIDDLE, HEAD), (MIDDLE, first.y)), lit=lit)
            else:
                yield self._through_gutter("", head, (MIDDLE, HEAD), lit)

    def _lines(self, row: Row) -> Iterator[Line]:
        if row.down:
            end = row.bottom + row.gap - (14 if row.down.to == "end" else 0)
            yield self._line(row, row.down, ((MIDDLE, row.bottom), (MIDDLE, end)))
        for port in row.ports:
            start = (NODE_WIDTH, port.at)
            if port.step:
                yield self._through_gutter(row.step, port, start, self._is_lit(row, port))
            else:
                end = self._flow_x(port) if port.is_flow else port.words_end - 8
                yield self._line(row, port, (start, (end, port.at)))

    def _line(self, row: Row, bundle: Bundle, points: tuple[Point, ...]) -> Line:
        return Line(row.step, bundle.to, tuple(bundle.cases), points, lit=self._is_lit(row, bundle))

    def _through_gutter(self, step: str, port: Bundle, start: Point, lit: bool) -> Line:
        x, entry = self.lanes[port.step], self.column.row(port.step).entry or 0
        points = (start, (x, port.at), (x, entry), (NODE_WIDTH, entry))
        return Line(step, port.to, tuple(port.cases), points, arrow=True, lit=lit)

    def _flow_x(self, port: Bundle) -> float:
        lanes = self._lanes_at(port.at - FLOW_HEIGHT, port.at + FLOW_HEIGHT)
        return max([port.words_end, *(self.lanes[lane] for lane in lanes)]) + LANE

    def _flow(self, row: Row, port: Bundle) -> Flow:
        flow = port.target["flow"]
        name = str(self.flows.get(flow, f"Flow {flow}"))
        text = letters.cut(name, SMALL, FLOW_WIDTH - FLOW_TEXT - 8)
        x, y = self._flow_x(port), port.at - FLOW_HEIGHT / 2
        return Flow(flow, x, y, FLOW_WIDTH, FLOW_HEIGHT, text, name, self._is_lit(row, port))

    def _labels(self, row: Row) -> Iterator[Label]:
        if row.down:
            yield from row.down.labels(MIDDLE, row.bottom + 19, straight=True, lit=self._is_lit(row, row.down))
        for port in row.ports:
            yield from port.labels(NODE_WIDTH + 8, port.at, straight=False, lit=self._is_lit(row, port))

    def _node(self, row: Row, step: Mapping[str, Any]) -> Node:
        name, does = f"{step.get('place', '?')} {step_name(step)}", detail(step)
        mark, is_reached = self.marks.get(row.step, ""), row.step in self.column.reached
        odd = mark or ("" if is_reached else "never reached")
        short = ": ".join(part for part in (odd, does) if part)
        room = NODE_WIDTH - TEXT_X - 8
        return Node(
            row.step,
            str(step.get("kind", "")),
            0.0,
            row.y,
            NODE_WIDTH,
            row.height,
            letters.cut(name, TITLE, room),
            letters.cut(short, SMALL, room),
            f"{name}, {kind_words(str(step.get('kind', '')))}: {short}",
            lit=row.step in self.lit.steps,
            mark=mark,
            reached=is_reached,
        )

    def _dots(self, lines: Sequence[Line]) -> Iterator[Dot]:
        yield Dot("head", MIDDLE, HEAD, lit=any(line.lit for line in lines if not line.step))
        for line in lines:
            x, y = line.points[-1]
            if line.to in {"end", "again"}:
                yield Dot("end" if line.to == "end" else "again", x, y, line.lit)
            elif line.to.startswith("lost "):
                yield Dot("lost", x, y, line.lit)

    def _is_lit(self, row: Row, bundle: Bundle) -> bool:
        return (row.step, bundle.to) in self.lit.lines
