"""The platform's time, which may run faster than ours, or jump from one thing to the next."""

import asyncio
import heapq
import itertools
import math
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

AT_ONCE = math.inf  # a speed: where nothing happens, time jumps to the next thing that does
# Turns of the event loop that whoever was woken is given to start a request or to go to sleep again, before time may
# run fast. Each `await` between two tasks takes a turn or two.
TURNS = 12
SOON = 1e-6  # seconds; the event loop may wake us so much early


class Clock:
    """It starts at `start`, the real now unless told otherwise, and runs `speed` times faster than ours.

    While a request is under way it runs as ours does: else at speed 1,000 a reply after 5 ms would cost the caller
    five seconds, and what follows an event would overtake it. With `waits` it stands still then, so that how busy a
    machine is changes no times; that is of no use at speed 1, or with WebSockets. Seconds are the platform's own,
    unless said otherwise.
    """

    def __init__(self, speed: float = 1.0, *, start: datetime | None = None, waits: bool = False) -> None:
        self.speed = speed
        self._held_pace = 0.0 if waits else 1.0
        start = start or datetime.now(UTC)
        self.start = start.replace(microsecond=start.microsecond // 1000 * 1000)
        self._seconds = 0.0  # that had passed when the pace last changed,
        self._since = time.monotonic()  # which was then
        self._pace = 1.0
        self._timers: list[tuple[float, int, asyncio.Future[None]]] = []  # a heap, by when they are due
        self._ranks = itertools.count()
        self._alarm: asyncio.Handle | None = None
        self._turns = 0
        self._under_way: set[asyncio.Task[Any]] = set()
        self._failures: list[BaseException] = []

    def elapsed(self) -> float:
        """Give the seconds since the start."""
        if self._pace == AT_ONCE:  # nothing happens until the next timer
            return self._seconds
        seconds = self._seconds + (time.monotonic() - self._since) * self._pace
        if self._pace > 1 and self._timers:  # it does not run past what is to happen, though we wake up late
            return max(self._seconds, min(seconds, self._timers[0][0]))
        return seconds

    def now(self) -> datetime:
        """Give the time in UTC, in whole milliseconds as the platform tells it."""
        return self.start + timedelta(milliseconds=int(self.elapsed() * 1000))

    def set(self, moment: datetime) -> None:
        """Make it this time now. What waits goes on waiting as long as it would have."""
        self.start += moment - self.now()

    def run_at(self, speed: float) -> None:
        """Run so many times faster than ours from now on."""
        self.speed = speed
        if speed == 1:
            self._run_at(1.0)
        else:
            self._hold()

    def run(self, request: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a request. Until it is done, time runs as ours does."""
        task = asyncio.create_task(request)
        self._under_way.add(task)
        task.add_done_callback(self._done)
        self._hold()
        return task

    async def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        await self._timer(seconds)

    async def wait(self, *others: asyncio.Future[Any], seconds: float = math.inf) -> bool:
        """Wait until one of these is done, at most so long. Says whether one is."""
        timer = self._timer(seconds)
        try:
            await asyncio.wait({timer, *others}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
        return any(other.done() for other in others)

    def later(self, seconds: float, do: Callable[[], None]) -> asyncio.Future[None]:
        """Do something after so much time, unless what is given back is cancelled before."""
        timer = self._timer(seconds)
        timer.add_done_callback(lambda done: None if done.cancelled() else do())
        return timer

    async def settle(self) -> None:
        """Wait until every request is done. Raises the first thing that a request raised."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        if self._failures:
            raise self._failures[0]

    def _timer(self, seconds: float) -> asyncio.Future[None]:
        timer = asyncio.get_running_loop().create_future()
        if seconds < math.inf:
            heapq.heappush(self._timers, (self.elapsed() + max(seconds, 0.0), next(self._ranks), timer))
            self._hold()
            self._set_alarm()
        return timer

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            self._failures.append(failure)
        self._hold()

    def _hold(self) -> None:
        """Let time run as ours does for some turns: somebody is about to do something."""
        if self.speed == 1:
            return
        if not self._turns:
            self._run_at(self._held_pace)
            asyncio.get_running_loop().call_soon(self._turn)
        self._turns = TURNS

    def _turn(self) -> None:
        self._turns -= 1
        if self._turns:
            asyncio.get_running_loop().call_soon(self._turn)
        elif not self._under_way:
            self._run_at(self.speed)

    def _run_at(self, pace: float) -> None:
        self._seconds, self._since = self.elapsed(), time.monotonic()
        self._pace = pace
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        while self._timers and self._timers[0][2].done():  # cancelled
            heapq.heappop(self._timers)
        if not self._timers or not self._pace:
            return
        loop = asyncio.get_running_loop()
        if self._pace == AT_ONCE:
            self._alarm = loop.call_soon(self._wake)
        else:
            self._alarm = loop.call_later(max(self._timers[0][0] - self.elapsed(), 0.0) / self._pace, self._wake)

    def _wake(self) -> None:
        """Wake those whose time has come."""
        if self._pace > 1 and self._timers:
            self._seconds, self._since = max(self._seconds, self._timers[0][0]), time.monotonic()
            self._pace = self._held_pace
        now = self.elapsed() + SOON
        while self._timers and self._timers[0][0] <= now:
            timer = heapq.heappop(self._timers)[2]
            if not timer.done():
                timer.set_result(None)
        self._hold()
        self._set_alarm()
