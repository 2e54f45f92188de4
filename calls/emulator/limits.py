"""How much the platform takes in a second."""

import time
from collections import deque

from calls.emulator.clock import Clock

CALLS_A_SECOND = 3  # by REST and `connect` together
REQUESTS_A_SECOND = 15  # of the REST API, other than new calls


class Limiter:
    """Counts what came in the last second, which is over when one has passed by the platform's clock, or by ours: its
    clock stands still while nothing happens and time jumps.
    """

    def __init__(self, clock: Clock, most: int) -> None:
        self.clock = clock
        self.most = most
        self._came: deque[tuple[float, float]] = deque()

    def allows(self) -> bool:
        """Count one more. False: it is too many, and does not count."""
        now = self.clock.elapsed(), time.monotonic()
        while self._came and max(now[0] - self._came[0][0], now[1] - self._came[0][1]) >= 1:
            self._came.popleft()
        if len(self._came) >= self.most:
            return False
        self._came.append(now)
        return True
