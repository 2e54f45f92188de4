"""The crowd: whether so many come at once that a batch does well to wait for more of them."""

import threading
import time
from collections.abc import Callable

MANY = 3.0  # where so many come at once, on the average, who was let go comes back: then the next batch waits for them
GATHER_SECONDS = 0.004  # and no longer: a batch of twenty costs little more than one of ten


class Crowd:
    """What the thread that keeps events knows of those who hand them over.

    In a crowd they come again right behind the batch that let them go. One that began with the first of them would
    leave the others to the next.
    """

    def __init__(self) -> None:
        self.expected = 0  # so many come, if all come again who were let go just now
        self.usual = 0.0  # the same on the average of the last ten batches or so
        self.let_go_at = float("-inf")
        self.wanted = float("inf")  # so many shall be there before the thread goes on that gathers
        self.enough = threading.Event()

    def let_go(self, number: int) -> None:
        """Note that a batch has ended, and how many are there or likely to come again."""
        self.expected = number
        self.usual += (number - self.usual) / 10
        self.let_go_at = time.monotonic()

    def there_are(self, number: int) -> None:
        """Say how many are there by now. Called by those who come."""
        if number >= self.wanted:
            self.enough.set()

    def returns(self) -> bool:
        """Whether more are about to come."""
        return self.usual >= MANY and time.monotonic() - self.let_go_at < GATHER_SECONDS

    def gather(self, there: Callable[[], int]) -> None:
        """Give them a moment, and wait no longer than for them. `there` says how many are there; one more is here."""
        self.enough.clear()
        self.wanted = self.expected - 1
        if there() < self.wanted:
            self.enough.wait(GATHER_SECONDS)
        self.wanted = float("inf")
