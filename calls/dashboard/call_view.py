"""How a call's page is looked at: what its query says, and which of the call's events it lists."""

from collections.abc import Mapping
from dataclasses import dataclass

MOST_EVENTS = 200  # on one page
WIDER = {"2x": 2.0, "4x": 4.0}  # how much wider the chart is


@dataclass(frozen=True)
class View:
    """How the page is looked at: what its query says."""

    start: int = 0  # the first event listed
    unfold: bool = False
    zoom: str = ""  # "15" the first seconds, "2x" twice as wide, "4x"
    all_legs: bool = False  # draw as many lanes as there are legs

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "View":
        """Read a query. What makes no sense counts as not said."""
        start, zoom = query.get("from", ""), query.get("zoom", "")
        number = int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 0
        return cls(
            number, query.get("unfold") == "1", zoom if zoom in {"15", *WIDER} else "", query.get("legs") == "all"
        )


@dataclass(frozen=True)
class Window:
    """Which of a call's events the page lists."""

    start: int
    shown: int
    count: int

    @property
    def first(self) -> int:
        return self.start + 1

    @property
    def last(self) -> int:
        return self.start + self.shown

    @property
    def whole(self) -> bool:
        return self.shown == self.count

    @property
    def earlier(self) -> int | None:
        return max(self.start - MOST_EVENTS, 0) if self.start else None

    @property
    def later(self) -> int | None:
        return self.last if self.last < self.count else None
