"""What is printed: absolute figures as they come, and the lines of the table of targets at the end."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median


@dataclass(frozen=True)
class Target:
    """A bound for a figure: "≥ 4×", "≤ 750 bytes"."""

    sign: str  # "≥" or "≤"
    bound: float
    unit: str

    def met_by(self, figure: float) -> bool:
        return figure >= self.bound if self.sign == "≥" else figure <= self.bound

    def __str__(self) -> str:
        return f"{self.sign} {self.bound:g}{self.unit}"


@dataclass(frozen=True)
class Line:
    """One figure with its targets. Several rounds give several figures: their median is judged."""

    what: str
    figures: Sequence[float]
    unit: str
    least: Target | None = None
    aim: Target | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        middle = median(self.figures)
        if self.aim and self.aim.met_by(middle):
            return "met, and the aim"
        if self.least:
            return "met" if self.least.met_by(middle) else "not met"
        return ""

    def cells(self) -> list[str]:
        measured = f"{shown(median(self.figures))}{self.unit}"
        if len(self.figures) > 1:
            measured += f" ({shown(min(self.figures))}–{shown(max(self.figures))})"
        targets = [str(target) if target else "" for target in (self.least, self.aim)]
        return [self.what, *targets, measured, self.verdict, self.note]


@dataclass
class Report:
    """What the parts found."""

    lines: list[Line] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # of the oracle: one is enough to fail

    def add(self, *lines: Line) -> None:
        """Add lines; one whose contenders were not there is left out."""
        self.lines += [line for line in lines if line.figures]

    def judged(self, name: str, verdict: object, faults: object) -> None:
        print(f"Oracle, {name}: {verdict}", flush=True)
        if faults:
            self.faults.append(f"{name}: {verdict}")

    def show(self) -> None:
        heading = ["", "at least", "aim", "measured (min–max)", "", ""]
        if self.lines:
            print()
            print_table([heading, *(line.cells() for line in self.lines)])
        for fault in self.faults:
            print(f"NOT EXACTLY ONCE: {fault}")


def print_table(rows: Sequence[Sequence[str]], *, right: bool = False) -> None:
    """Print columns: the first to the left, the others as told."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        first, *others = zip(row, widths, strict=True)
        cells = [first[0].ljust(first[1])]
        cells += [cell.rjust(width) if right else cell.ljust(width) for cell, width in others]
        print("  ".join(cells).rstrip(), flush=True)


def shown(figure: float) -> str:
    """Round to what can be told apart: 0.83, 12.4, 812."""
    return f"{figure:.2f}" if abs(figure) < 10 else f"{figure:.1f}" if abs(figure) < 100 else f"{figure:.0f}"


def at_least(bound: float, unit: str = "×") -> Target:
    return Target("≥", bound, unit)


def at_most(bound: float, unit: str = "×") -> Target:
    return Target("≤", bound, unit)
