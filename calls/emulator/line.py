"""The open line between caller and platform: time passes on it until somebody hangs up."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from calls.emulator.clock import Clock
from calls.emulator.legs import Side

LONGEST_CALL_SECONDS = 7200.0  # after two hours the platform hangs up

T = TypeVar("T")


class HungUp(Exception):
    """Somebody hung up, just now by the call's clock. An ordinary end, no error."""

    def __init__(self, by: Side) -> None:
        super().__init__(by)
        self.by: Side = by


class Line:
    """All waiting in a call goes through here. `hangup_after` is in the call's own seconds; None: never."""

    def __init__(self, clock: Clock, *, hangup_after: float | None = None) -> None:
        self.clock = clock
        self.over = False
        self._end = LONGEST_CALL_SECONDS
        self._by: Side = "platform"
        if hangup_after is not None and hangup_after < LONGEST_CALL_SECONDS:
            self._end, self._by = hangup_after, "user"

    async def wait(self, seconds: float) -> None:
        """Let time pass. Raises HungUp at the moment somebody hangs up, also half-way."""
        left = self._end - self.clock.elapsed()
        if left <= seconds:
            await self.clock.sleep(left)
            self._hang_up()
        await self.clock.sleep(seconds)

    async def until(self, request: Coroutine[Any, Any, T]) -> T:
        """Wait for a request. Raises HungUp when somebody hangs up before; the request then ends on its own."""
        task = self.clock.run(request)
        await asyncio.wait({task}, timeout=max(self._end - self.clock.elapsed(), 0))
        if not task.done():
            self._hang_up()
        return task.result()

    def _hang_up(self) -> None:
        self.over = True
        raise HungUp(self._by)
