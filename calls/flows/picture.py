"""What the picture of a flow is made of. layout.py says where each part stands; the template only writes it down."""

from dataclasses import dataclass
from typing import Literal

MARGIN = 3.0
KEY_HEIGHT = 18.0

Point = tuple[float, float]
Mark = Literal["", "new", "changed"]


@dataclass(frozen=True)
class Lit:
    """What is lit: steps by their ids, and lines as (step, what it leads to: see ways.code). The first begins at ""."""

    steps: frozenset[str] = frozenset()
    lines: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Node:
    """A step. `said` is all that may have been cut, for those who cannot see or who point at it."""

    step: str
    kind: str
    x: float
    y: float
    width: float
    height: float
    title: str
    detail: str
    said: str
    lit: bool = False
    mark: Mark = ""
    reached: bool = True

    @property
    def icon_y(self) -> float:
        return self.y + self.height / 2 - 8

    @property
    def title_y(self) -> float:
        return self.y + self.height / 2 - 3

    @property
    def detail_y(self) -> float:
        return self.y + self.height / 2 + 12


@dataclass(frozen=True)
class Flow:
    """Another flow that callers are led to."""

    flow: int
    x: float
    y: float
    width: float
    height: float
    text: str
    said: str
    lit: bool = False

    @property
    def icon_x(self) -> float:
        return self.x + 8

    @property
    def icon_y(self) -> float:
        return self.y + self.height / 2 - 8

    @property
    def text_x(self) -> float:
        return self.x + 28

    @property
    def text_y(self) -> float:
        return self.y + self.height / 2 + 4


@dataclass(frozen=True)
class Label:
    """Words at a line, or keys ("1", "1–6 *") in a disc as wide as they need. `x` is where it begins."""

    text: str
    x: float
    y: float
    width: float
    said: str
    is_keys: bool = False
    lit: bool = False

    @property
    def top(self) -> float:
        return self.y - 9

    @property
    def middle(self) -> float:
        return self.x + self.width / 2

    @property
    def base(self) -> float:
        return self.y + 4


@dataclass(frozen=True)
class Dot:
    """Where a line ends that leads to no step: the end of the call, the same step again, a step that is not there."""

    sort: Literal["head", "end", "again", "lost"]
    x: float
    y: float
    lit: bool = False


@dataclass(frozen=True)
class Line:
    """All ways (`cases`) of a step that lead to one place. With an `arrow` it enters a step from the right."""

    step: str
    to: str
    cases: tuple[str, ...]
    points: tuple[Point, ...]
    arrow: bool = False
    lit: bool = False

    @property
    def path(self) -> str:
        """For the attribute `d`."""
        return "M" + "L".join(f"{x:g} {y:g}" for x, y in self.points)


@dataclass(frozen=True)
class Picture:
    """Everything that is drawn, from (-MARGIN, 0) on. What is lit comes last, so that it lies above."""

    width: float
    height: float
    nodes: tuple[Node, ...] = ()
    lines: tuple[Line, ...] = ()
    labels: tuple[Label, ...] = ()
    flows: tuple[Flow, ...] = ()
    dots: tuple[Dot, ...] = ()

    @property
    def view(self) -> str:
        """For the attribute `viewBox`."""
        return f"{-MARGIN:g} 0 {self.width:g} {self.height:g}"
