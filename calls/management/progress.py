"""How far a long command is, on a terminal only: a log or a pipe gets none of it."""

from django.core.management.base import OutputWrapper

WIDTH = 30


class Progress:
    """A bar on one line: `████████░░░░  1,234 of 5,678`."""

    def __init__(self, stream: OutputWrapper, total: int) -> None:
        self.stream = stream
        self.total = total
        self.done = 0
        self.words = ""
        self.shown = total > 0 and stream.isatty()

    def move(self, steps: int) -> None:
        self.done = min(self.done + steps, self.total)
        if self.shown:
            full = WIDTH * self.done // self.total
            self._write(f"{'█' * full}{'░' * (WIDTH - full)}  {self.done:,} of {self.total:,}  {self.words}".rstrip())

    def tell(self, words: str) -> None:
        """Say behind the bar what is done now."""
        self.words = words
        self.move(0)

    def clear(self) -> None:
        """Take the bar away, so that something else can be said in its place."""
        if self.shown:
            self._write("")

    def _write(self, text: str) -> None:
        self.stream.write(f"\r\x1b[K{text}", str, ending="")
        self.stream.flush()
