"""The figures of some calls, and what is made of them: rates, medians, money. Pure.

What each figure means stands here once; the pages print it, and programs read the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from calls.models import Ending
from calls.records.counted import DECIMALS, PER_MS, TALK_EDGES
from calls.records.endings import ASKED, MISSED, OTHER
from calls.records.spread import FIRST, Spread

WAIT_EDGES = (5, 10, 20, 30, 60)  # seconds; those below 64 are exact


@dataclass(frozen=True)
class Sums:
    """Sums over some calls. Sums of parts add up to those of the whole."""

    endings: dict[Ending, int] = field(default_factory=dict)
    waits: Spread = field(default_factory=Spread)  # seconds
    talks: Spread = field(default_factory=Spread)  # classes: see TALK_EDGES
    talk_seconds: int = 0
    answers: Spread = field(default_factory=Spread)  # tenths of a millisecond
    slow_answers: int = 0  # that took over 3 s
    slowest: int = 0  # tenths of a millisecond
    cost: int = 0  # EUR × 10^8

    @classmethod
    def together(cls, parts: Iterable["Sums"]) -> "Sums":
        """Add sums up, however many."""
        some = list(parts)
        return cls(
            {ending: sum(part.endings.get(ending, 0) for part in some) for ending in Ending},
            Spread.together(part.waits for part in some),
            Spread.together(part.talks for part in some),
            sum(part.talk_seconds for part in some),
            Spread.together(part.answers for part in some),
            sum(part.slow_answers for part in some),
            max((part.slowest for part in some), default=0),
            sum(part.cost for part in some),
        )

    def __add__(self, other: "Sums") -> "Sums":
        return Sums.together([self, other])

    def of(self, *endings: Ending) -> int:
        return sum(self.endings.get(ending, 0) for ending in endings)

    @property
    def calls(self) -> int:
        return self.of(*Ending)

    @property
    def picked_up(self) -> int:
        return self.of(Ending.PICKED_UP)

    @property
    def message(self) -> int:
        return self.of(Ending.MESSAGE)

    @property
    def notice(self) -> int:
        return self.of(Ending.NOTICE)

    @property
    def missed(self) -> int:
        """Calls that reached nobody: nobody picked up, busy, declined, or the caller gave up."""
        return self.of(*MISSED)

    @property
    def failed(self) -> int:
        return self.of(Ending.FAILED)

    @property
    def other(self) -> int:
        """Calls in progress, blocked or cancelled, and those whose end is not known."""
        return self.of(*OTHER)

    @property
    def asked(self) -> int:
        """Calls that asked for a person: picked up, left a message, missed."""
        return self.of(*ASKED)

    @property
    def answer_rate(self) -> float | None:
        """The part of these that was picked up, 0 to 1; None without any."""
        return self.picked_up / self.asked if self.asked else None

    def wait_seconds(self, percent: int) -> int | None:
        """Give the seconds in which so many of a hundred that were picked up were, from the start of the call on."""
        return self.waits.percentile(percent)

    @property
    def wait_classes(self) -> list[int]:
        """Calls picked up within 5 s, 10 s and so on: see WAIT_EDGES."""
        return self.waits.classes(WAIT_EDGES)

    @property
    def talk_classes(self) -> list[int]:
        """Calls that a person talked on for less than 30 s, 1 min and so on: see TALK_EDGES."""
        return [self.talks.counts[chr(FIRST + position)] for position in range(len(TALK_EDGES) + 1)]

    @property
    def talk_mean_seconds(self) -> float | None:
        return self.talk_seconds / self.talks.total if self.talks.total else None

    def answer_ms(self, percent: int) -> float | None:
        """Give the milliseconds within which so many of a hundred answers were made."""
        tenths = self.answers.percentile(percent)
        return None if tenths is None else min(tenths, self.slowest) / PER_MS

    @property
    def slowest_ms(self) -> float | None:
        return self.slowest / PER_MS if self.answers.total else None

    @property
    def cost_eur(self) -> Decimal:
        return Decimal(self.cost).scaleb(-DECIMALS)

    def as_json(self) -> dict[str, Any]:
        """Give the figures as programs read them. Seconds, milliseconds, euros as text; null where there is none."""
        return {
            "calls": self.calls,
            "endings": {ending.name.lower(): self.of(ending) for ending in Ending},
            "missed": self.missed,
            "asked_for_a_person": self.asked,
            "answer_rate": None if self.answer_rate is None else round(self.answer_rate, 4),
            "wait_seconds": {"p50": self.wait_seconds(50), "p95": self.wait_seconds(95)},
            "talk_seconds": self.talk_seconds,
            "answers": self.answers.total,
            "answer_ms": {"p50": self.answer_ms(50), "p95": self.answer_ms(95), "slowest": self.slowest_ms},
            "slow_answers": self.slow_answers,
            "cost_eur": f"{self.cost_eur:.8f}",
        }


@dataclass(frozen=True)
class Money:
    """What some calls cost, and how many they were: calls to us, and calls that we placed."""

    inbound: int = 0
    outbound: int = 0
    cost: int = 0  # EUR × 10^8

    def __add__(self, other: "Money") -> "Money":
        return Money(self.inbound + other.inbound, self.outbound + other.outbound, self.cost + other.cost)

    @property
    def calls(self) -> int:
        return self.inbound + self.outbound

    @property
    def cost_eur(self) -> Decimal:
        return Decimal(self.cost).scaleb(-DECIMALS)

    def as_json(self) -> dict[str, Any]:
        return {"calls_to_us": self.inbound, "calls_placed": self.outbound, "cost_eur": f"{self.cost_eur:.8f}"}
