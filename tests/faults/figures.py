"""What a fault came to, in figures, and whether that keeps the promise."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.load.journal import Reply

HEAD = (
    "fault",
    "on",
    "sent",
    "acknowledged",
    "spooled",
    "missing",
    "doubled",
    "5xx",
    "no answer",
    "event p99",
    "event max",
    "answer p99",
    "answer max",
    "drained after",
    "verdict",
)


@dataclass(frozen=True)
class Limits:
    """What is promised, in seconds. `refusals`: 503 is right here; `silence`: nobody may be there to answer."""

    event: float = 2.0
    answer: float = 1.0
    answer_p99: float = 0.3
    drained: float = 60.0
    refusals: bool = False
    silence: bool = False

    def generous(self) -> "Limits":
        """For a machine that is busy with other things: less than an outage lasts, and no measure of speed."""
        patience = 30.0 if self.silence else 5.0
        return Limits(patience, patience, patience, 90.0, self.refusals, self.silence)


@dataclass
class Figures:
    """Counts are of events; times are in seconds, counted from when a request was due."""

    sent: int = 0
    acknowledged: int = 0
    spooled: int = 0
    missing: int = 0
    doubled: int = 0
    errors: int = 0  # 5xx of events and answers
    silent: int = 0  # requests without an answer: reset, refused, too late
    event_p99: float = 0.0
    event_max: float = 0.0
    answer_p99: float = 0.0
    answer_max: float = 0.0
    drained_seconds: float | None = None
    statuses: set[int] = field(default_factory=set)
    ready: list[int] = field(default_factory=list)  # what /readyz said
    refusal: str = ""  # what the log says of the first event that was refused
    wrongs: list[str] = field(default_factory=list)

    def count(self, replies: Iterable[Reply]) -> None:
        """Count what came of the requests. A request that was sent again is one more."""
        replies = list(replies)
        events = [reply for reply in replies if reply.identity]
        self.sent = len({reply.identity for reply in events})
        self.acknowledged = len({reply.identity for reply in events if reply.acknowledged})
        self.errors = sum(reply.status >= 500 for reply in replies)
        self.silent = sum(reply.status == 0 for reply in replies)
        self.statuses = {reply.status for reply in replies if reply.status}
        self.event_p99, self.event_max = slowest(reply.seconds for reply in events)
        self.answer_p99, self.answer_max = slowest(reply.seconds for reply in replies if not reply.identity)

    def verdict(self, told: Mapping[str, Any]) -> None:
        """Take in what the oracle said."""
        self.missing, self.doubled = len(told["lost"]), len(told["doubled"])
        for name in ("lost", "invented", "doubled", "wrong"):
            if told[name]:
                self.wrongs.append(f"{len(told[name])} {name}, such as {told[name][0]}")

    def broken(self, limits: Limits) -> list[str]:
        """Say which promises were broken."""
        found = list(self.wrongs)
        if strange := self.statuses - {200} - ({503} if limits.refusals else set()):
            found.append(f"answered {', '.join(map(str, sorted(strange)))}. {self.refusal}".rstrip())
        if self.silent and not limits.silence:
            found.append(f"{self.silent} requests without an answer")
        if 503 in self.ready and not (limits.refusals or limits.silence):
            found.append("/readyz was 503 while webhooks were taken")
        bounds = {
            "event max": (self.event_max, limits.event),
            "answer max": (self.answer_max, limits.answer),
            "answer p99": (self.answer_p99, limits.answer_p99),
            "drained after": (self.drained_seconds or 0.0, limits.drained),
        }
        found += [f"{name} {value:.2f} s, over {most} s" for name, (value, most) in bounds.items() if value > most]
        return found

    def row(self, name: str, database: str, limits: Limits) -> list[str]:
        drained = "–" if self.drained_seconds is None else f"{self.drained_seconds:.1f} s"
        counts = (self.sent, self.acknowledged, self.spooled, self.missing, self.doubled, self.errors, self.silent)
        times = (self.event_p99, self.event_max, self.answer_p99, self.answer_max)
        verdict = "FAILED" if self.broken(limits) else "holds"
        return [name, database, *map(str, counts), *(f"{1000 * time:.0f} ms" for time in times), drained, verdict]


def slowest(seconds: Iterable[float]) -> tuple[float, float]:
    """Give the p99 and the maximum."""
    ordered = sorted(seconds) or [0.0]
    return ordered[min(int(0.99 * len(ordered)), len(ordered) - 1)], ordered[-1]


def table(rows: list[list[str]]) -> str:
    """Write rows as Markdown that can be read as it is."""
    rows = [list(HEAD), *rows]
    widths = [max(len(row[at]) for row in rows) for at in range(len(HEAD))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    return "\n".join([lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]])
