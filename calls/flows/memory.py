"""This host's memory of what answers are made of: a file for each thing, so that a web process can start without the
database, and hears of what a neighbour process found at the next call.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

logger = logging.getLogger(__name__)
LOOK_SECONDS = 0.01  # so long a file is taken for no newer: where many call, each need not look


class Shelf:
    """Things of one sort by name, each in memory and in `SPOOL_DIR/answers/<sort>/<name>.json`.

    Who looks into the database calls `put`; who answers calls `get`, which costs a look at the file's age. Each thing
    has a stamp, texts or numbers that compare like time: what is older than what we know is passed over.
    """

    def __init__(self, sort: str, shape: type) -> None:
        self.sort, self.shape = sort, shape
        self.things: dict[str, Any] = {}
        self.stamps: dict[str, Any] = {}
        self.ages: dict[str, int] = {}
        self.looked: dict[str, float] = {}  # when at the age of a file

    def clear(self) -> None:
        for memory in (self.things, self.stamps, self.ages, self.looked):
            memory.clear()

    def get(self, name: str) -> Any:
        """Give the thing, None where there is none. Reads its file again when a neighbour has written a newer one."""
        now = time.monotonic()
        if now < self.looked.get(name, 0.0) + LOOK_SECONDS:
            return self.things.get(name)
        self.looked[name] = now
        try:
            age = os.stat(self._name(name)).st_mtime_ns
        except (OSError, ValueError):
            return self.things.get(name)
        if age != self.ages.get(name):
            self._read(name)
            self.ages[name] = age
        return self.things.get(name)

    def put(self, name: str, thing: Any, stamp: Any) -> None:
        """Remember it here and on the disk, where it is new."""
        if self.stamps.get(name) == stamp and self.things.get(name) == thing:
            return
        self.write(name, {"stamp": stamp, "is": thing})
        self.things[name], self.stamps[name] = thing, stamp

    def forget(self, name: str) -> None:
        self.things.pop(name, None)
        self.stamps.pop(name, None)
        Path(self._name(name)).unlink(missing_ok=True)

    def load(self) -> None:
        """Take up all that this host knew last. A file that cannot be read is passed over: the database has it too."""
        for name in self.names():
            self._read(name)

    def names(self) -> Iterator[str]:
        return (path.stem for path in Path(self._name("x")).parent.glob("*.json"))

    def _read(self, name: str) -> None:
        try:
            kept = json.loads(Path(self._name(name)).read_bytes())
            thing, stamp = kept["is"], kept["stamp"]
            if not isinstance(thing, self.shape):
                raise TypeError(f"not a {self.shape.__name__}")
            known = self.stamps.get(name)
            if known is None or known < stamp:
                self.things[name], self.stamps[name] = thing, stamp
        except (OSError, ValueError, TypeError, KeyError) as error:
            logger.warning("What was last known of %s %s cannot be read: %s", self.sort, name, error)

    def _name(self, name: str) -> str:
        """The name of its file. Each call asks for it, and a Path costs ten times as much as a look at the file."""
        return f"{settings.SPOOL_DIR}/answers/{self.sort}/{name}.json"

    def write(self, name: str, content: object) -> None:
        """Replace the file in one step. A full disk costs this host its memory, not its callers an answer."""
        path = self._name(name)
        draft = f"{path}.{os.getpid()}-{threading.get_ident()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        try:
            try:
                file = os.open(draft, flags, 0o600)
            except FileNotFoundError:
                Path(path).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                file = os.open(draft, flags, 0o600)
            with os.fdopen(file, "w", encoding="utf-8") as text:
                json.dump(content, text)
            os.replace(draft, path)
        except OSError as error:
            logger.warning("%s cannot be written: %s", path, error)
