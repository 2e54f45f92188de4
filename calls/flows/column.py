"""The column of a flow's picture: which ways lead straight down, which leave at the right side, and at what height."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from calls.flows import letters
from calls.flows.diff import in_order
from calls.flows.naming import KEYS
from calls.flows.picture import KEY_HEIGHT, Label
from calls.flows.program import Program, Target, to_step
from calls.flows.ways import Way, case_words, code, reached, ways

NODE_WIDTH, NODE_HEIGHT = 164.0, 44.0
MIDDLE, HEAD, TOP = 76.0, 8.0, 34.0  # where the straight line runs; where it begins; where the first step does
SLOT, FLOW_SLOT = 22.0, 30.0  # what a way needs of a step's right side
SMALL, KEYS_SIZE = 11.0, 11.5  # of letters
WORDS_ROOM, STRAIGHT_ROOM = 92.0, 144.0
SHORT_WORDS = {"end": "no key", "next": ""}
NOBODY = {"busy", "unanswered", "failed"}


@dataclass
class Bundle:
    """The ways of one step that lead to one place. `at` is the height at which it leaves, once that is known."""

    to: str
    target: Target
    cases: list[str] = field(default_factory=list)
    at: float = 0

    @property
    def step(self) -> str:
        """The id of the step that it leads to; "" for all else."""
        return self.to[5:] if self.to.startswith("step ") else ""

    @property
    def is_flow(self) -> bool:
        return self.to.startswith("flow ")

    @property
    def keys(self) -> str:
        return pressed([case for case in self.cases if case in KEYS])

    @property
    def words(self) -> str:
        words = [case for case in self.cases if case not in KEYS]
        if set(words) >= NOBODY:
            words = ["nobody reached", *(case for case in words if case not in NOBODY)]
        said = (SHORT_WORDS.get(case, case_words(case)) for case in words)
        return ", ".join(word for word in said if word)

    def labels(self, x: float, y: float, *, straight: bool, lit: bool = False) -> Iterator[Label]:
        """Keys in a disc on the line, words beside it: on the right of a straight line, else above the line."""
        keys, words = self.keys, self.words
        if keys:
            wide = max(KEY_HEIGHT, letters.width(keys, KEYS_SIZE) + 9)
            left = x - KEY_HEIGHT / 2 if straight else x
            yield Label(keys, left, y, wide, f"Key {keys}", is_keys=True, lit=lit)
            x = left + wide
        if words:
            text = letters.cut(words, SMALL, STRAIGHT_ROOM if straight else WORDS_ROOM)
            right, down = (7, 4) if straight else (2 if keys else -2, -4)
            yield Label(text, x + right, y + down, letters.width(text, SMALL), words, lit=lit)

    @property
    def words_end(self) -> float:
        """Where its words end at the right side of a step, with the mark behind them."""
        last = max((label.x + label.width for label in self.labels(8, 0, straight=False)), default=4)
        return NODE_WIDTH + last + (4 if self.step or self.is_flow else 18)

    @property
    def gap(self) -> float:
        """The room below a step that it leads straight down from: for the line, its words, the dot at its end."""
        return (16 if self.keys or self.words else 0) + (36 if self.to == "end" else 26)


@dataclass
class Row:
    """A step in the column: the bundle that leads straight down, and those at its right side."""

    step: str
    down: Bundle | None
    ports: list[Bundle]
    y: float = 0
    height: float = NODE_HEIGHT
    entry: float | None = None  # the height at which lines come in

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def gap(self) -> float:
        return self.down.gap if self.down else 22


class Column:
    """All rows from top to bottom; `head` is the way in, `bottom` where the last gap ends."""

    def __init__(self, program: Program) -> None:
        self.steps = in_order(program)
        self.at = {step: at for at, (step, _) in enumerate(self.steps)}
        self.reached = reached(program)
        self.rows = [self._row(at) for at in range(len(self.steps))]
        start = to_step(str(program.get("start")))
        self.head = Bundle(code(start), start, [""], HEAD) if start["step"] in self.at else None
        self.bottom = self._place_all()

    def row(self, step: str) -> Row:
        return self.rows[self.at[step]]

    def sources(self, step: str) -> Iterator[Bundle]:
        """What enters a step from the right."""
        if self.head and self.head.step == step and self.at[step]:
            yield self.head
        yield from (port for row in self.rows for port in row.ports if port.step == step)

    def _row(self, at: int) -> Row:
        step, content = self.steps[at]
        bundles: dict[str, Bundle] = {}
        for way in ways(content):
            to = self._to(step, way)
            bundles.setdefault(to, Bundle(to, way.target)).cases.append(way.on)
        below = code(to_step(self.steps[at + 1][0])) if at + 1 < len(self.steps) else ""
        down = bundles.pop(below, None) or bundles.pop("end", None)
        return Row(step, down, sorted(bundles.values(), key=self._side_of(at)))

    def _to(self, step: str, way: Way) -> str:
        to = code(way.target)
        if to == code(to_step(step)):
            return "again"
        return f"lost {to}" if "step" in way.target and str(way.target["step"]) not in self.at else to

    def _side_of(self, at: int) -> Callable[[Bundle], int]:
        """What leads up leaves at the top of a step's side, what leads down at the bottom."""

        def rank(bundle: Bundle) -> int:
            if bundle.step:
                return 0 if self.at[bundle.step] < at else 3
            return 2 if bundle.is_flow else 1

        return rank

    def _place_all(self) -> float:
        """Give each step its height, by what comes and goes at its right side, and its place. Gives the bottom."""
        above, below = Counter[str](), Counter[str]()
        for at, row in enumerate(self.rows):
            for port in row.ports:
                if port.step:
                    (above if self.at[port.step] > at else below)[port.step] += 1
        if self.head and self.at[self.head.step]:
            above[self.head.step] += 1
        y = TOP
        for row in self.rows:
            row.y = y
            _place(row, above[row.step], below[row.step])
            y = row.bottom + row.gap
        return y


def _place(row: Row, above: int, below: int) -> None:
    """Share the right side out: lines that come in stand at the end from which most of them come."""
    slots: list[tuple[Bundle | None, float]] = [(port, FLOW_SLOT if port.is_flow else SLOT) for port in row.ports]
    if above or below:
        slots.insert(0 if above >= below else len(slots), (None, SLOT))
    needed = sum(size for _, size in slots)
    row.height = max(NODE_HEIGHT, needed + 4)
    at = row.y + (row.height - needed) / 2
    for port, size in slots:
        if port is None:
            row.entry = at + size / 2
        else:
            port.at = at + size / 2
        at += size


def pressed(keys: Sequence[str]) -> str:
    """Write keys short: "1", "1–6", "1 3 *"."""
    runs: list[list[str]] = []
    for key in sorted(keys, key=KEYS.index):
        if runs and key.isdigit() and KEYS.index(key) == KEYS.index(runs[-1][-1]) + 1:
            runs[-1].append(key)
        else:
            runs.append([key])
    return " ".join(f"{run[0]}–{run[-1]}" if len(run) > 2 else " ".join(run) for run in runs)
