"""The log's lines on their way out: a write for each would make the threads that serve webhooks wait for each other."""

import logging
import os
import threading
import time
from collections import deque
from contextlib import suppress
from functools import lru_cache
from typing import TextIO

GATHER_SECONDS = 0.2


class Lines(logging.Formatter):
    """Spells the time of a line once a second."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        return spelt(int(record.created), datefmt or self.default_time_format)


@lru_cache(maxsize=1)
def spelt(second: int, form: str) -> str:
    return time.strftime(form, time.localtime(second))


class Gathering(logging.StreamHandler[TextIO]):
    """Writes lines some at a time, a moment later; a warning, and all that waits before it, at once."""

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__(stream)
        self.lines: deque[str] = deque()
        self.writing = threading.RLock()  # not the handler's own: who logs a line waits for no stream that takes none
        os.register_at_fork(after_in_child=self.lines_of_parent)

    def lines_of_parent(self) -> None:
        """Leave them to it: its timer did not come along, and would be waited for in vain."""
        self.lines, self.writing = deque(), threading.RLock()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self.lines.append(self.format(record))
        except Exception:
            self.handleError(record)
        if record.levelno >= logging.WARNING:
            self.flush()
        elif len(self.lines) == 1:
            later = threading.Timer(GATHER_SECONDS, self.flush)
            later.daemon = True  # the end of the process flushes as well
            later.start()

    def flush(self) -> None:
        lines = []
        with self.writing:
            with suppress(IndexError):  # each is taken out at once: others add to them meanwhile
                while True:
                    lines.append(self.lines.popleft())
            if lines and not self.stream.closed:
                self.stream.write("\n".join([*lines, ""]))
                self.stream.flush()
