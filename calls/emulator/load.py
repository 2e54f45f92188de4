"""Many calls at a time: how fast the application answers, and what it gets wrong then."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from calls.emulator.application import Application
from calls.emulator.platform import Platform
from calls.emulator.ring import play
from calls.emulator.scenario import Scenario
from calls.emulator.trace import Happening

BAR = 30  # characters
DOORS = ("answer", "event", "fallback")


@dataclass
class Report:
    """What came of the calls. Times are seconds."""

    calls: int = 0
    bad: int = 0
    lateness: list[float] = field(default_factory=list)  # of each call's beginning
    replies: dict[str, list[float]] = field(default_factory=dict)  # by door
    unanswered: dict[str, int] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        return not self.bad

    def watch(self, happening: Happening) -> None:
        """Note how long a reply took."""
        if happening.kind == "finding" and happening.words not in self.findings:
            self.findings.append(happening.words)
        if happening.kind != "reply":
            return
        door = happening.data["door"]
        if "seconds" in happening.data:
            self.replies.setdefault(door, []).append(happening.data["seconds"])
        else:
            self.unanswered[door] = self.unanswered.get(door, 0) + 1

    def as_json(self) -> dict[str, Any]:
        """For programs. Times are milliseconds."""
        doors = {door: _figures(self.replies.get(door, [])) for door in DOORS if door in self.replies}
        told = {"calls": self.calls, "bad": self.bad, "doors": doors, "unanswered": self.unanswered}
        return told | {"lateness": _figures(self.lateness), "findings": self.findings}

    def table(self) -> str:
        """For people."""
        rows = [f"{'':10}{'requests':>10}{'p50':>10}{'p95':>10}{'p99':>10}{'most':>10}  ms"]
        for door in DOORS:
            if door in self.replies:
                one = _figures(self.replies[door])
                times = "".join(f"{one[name]:>10.1f}" for name in ("p50", "p95", "p99", "most"))
                rows.append(f"{door:10}{one['count']:>10,.0f}{times}")
        late = _figures(self.lateness)
        rows.append(f"{self.calls:,} calls, {self.bad:,} of them bad; begun {late['p99']:.0f} ms late at p99.")
        if self.unanswered:
            rows.append(
                "No reply: " + ", ".join(f"{count:,} × {door}" for door, count in self.unanswered.items()) + "."
            )
        return "\n".join(rows)


async def run(
    scenarios: Sequence[Scenario],
    application: Application,
    report: Report,
    *,
    count: int,
    rate: float,
    platform: Callable[[Scenario], Platform],
    progress: Callable[[str], None] = lambda words: None,
) -> None:
    """Begin `rate` calls a second, `count` in all, and wait until all are over. They play the scenarios in turn, each
    on a platform of its own, which `platform` makes. Cancelled, it ends them properly; `report` has what came before.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    playing: set[asyncio.Task[None]] = set()
    try:
        for index in range(count):
            due = began + index / rate
            await asyncio.sleep(max(due - loop.time(), 0))
            report.lateness.append(loop.time() - due)
            playing.add(asyncio.create_task(_one(scenarios[index % len(scenarios)], application, platform, report)))
            progress(_bar(report.calls, index + 1, count))
        while playing:
            done, playing = await asyncio.wait(playing, timeout=0.2)
            for task in done:
                task.result()  # raises what the call raised
            progress(_bar(report.calls, count, count))
    finally:
        for task in playing:
            task.cancel()
        await asyncio.gather(*playing, return_exceptions=True)


async def _one(
    scenario: Scenario, application: Application, make: Callable[[Scenario], Platform], report: Report
) -> None:
    async with make(scenario) as platform:
        platform.trace.watchers.append(report.watch)
        outcome = await play(scenario, application, platform)
    report.calls += 1
    report.bad += not outcome.is_good
    report.findings += [failure for failure in outcome.failures if failure not in report.findings]


def _bar(over: int, begun: int, count: int) -> str:
    filled = BAR * over // count
    return f"[{'#' * filled}{'.' * (BAR - filled)}] {over:,} over, {begun - over:,} going on, of {count:,}"


def _figures(values: Sequence[float]) -> dict[str, float]:
    """Give the percentiles in milliseconds."""
    ordered = sorted(values) or [0.0]
    at = {name: ordered[min(int(len(ordered) * part), len(ordered) - 1)] for name, part in PERCENTILES.items()}
    return {"count": len(values)} | {name: round(value * 1000, 2) for name, value in at.items()}


PERCENTILES = {"p50": 0.50, "p95": 0.95, "p99": 0.99, "most": 1.0}
