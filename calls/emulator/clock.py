"""The time of a call, which may run faster than ours."""

import asyncio
import time
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")


class Clock:
    """The platform's clock. It starts at `start`, the real now unless told otherwise.

    While the call only waits (somebody talks, nobody presses a key) its time runs `speed` times faster than ours.
    While a request is under way it runs as ours does: else at speed 1,000 a reply after 5 ms would cost the caller
    five seconds, and what follows an event would overtake it.
    """

    def __init__(self, speed: float = 1.0, *, start: datetime | None = None) -> None:
        self.speed = speed
        start = start or datetime.now(UTC)
        self.start = start.replace(microsecond=start.microsecond // 1000 * 1000)
        self._began = time.monotonic()
        self._skipped = 0.0  # seconds
        self._under_way: set[asyncio.Task[Any]] = set()
        self._failures: list[BaseException] = []

    def elapsed(self) -> float:
        """Give the call's own seconds since the start."""
        return time.monotonic() - self._began + self._skipped

    def now(self) -> datetime:
        """Give the time in UTC, in whole milliseconds as the platform tells it."""
        return self.start + timedelta(milliseconds=int(self.elapsed() * 1000))

    def run(self, request: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Start a request. Until it is done, time runs as ours does."""
        task = asyncio.create_task(request)
        self._under_way.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled() and (failure := task.exception()):
            self._failures.append(failure)

    async def sleep(self, seconds: float) -> None:
        """Let this many of the call's own seconds pass."""
        until = self.elapsed() + seconds
        while (left := until - self.elapsed()) > 0:
            if self._under_way and self.speed > 1:
                await asyncio.wait(self._under_way, timeout=left)
                continue
            await asyncio.sleep(left / self.speed)
            if not self._under_way:  # what is left of the wait is what the speed saves
                self._skipped += max(until - self.elapsed(), 0.0)

    async def settle(self) -> None:
        """Wait until every request is done. Raises the first thing that a request raised."""
        while self._under_way:
            await asyncio.wait(self._under_way)
        if self._failures:
            raise self._failures[0]
