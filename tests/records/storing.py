"""A process of its own that stores events when it is told to: `python -m tests.records.storing DATABASE`.

It says a line when it is ready. Each line that it hears is the path of a file, which holds a batch a line, as JSON:
`[[payload, received_at, head], …]`. It stores them, and says another line.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from calls.vonage.events import Event
from calls.vonage.heads import Head

ROOT = Path(__file__).resolve().parents[2]
Batch = Sequence[Event]


class Storer:
    """Such a process, seen from the test that runs it."""

    def __init__(self, database: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", __name__, database],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
            text=True,
        )

    def go(self, file: Path) -> None:
        """Let it store the batches in the file, while we go on."""
        assert self.process.stdin
        self.process.stdin.write(f"{file}\n")
        self.process.stdin.flush()

    def wait(self) -> None:
        """Until it is ready, or has stored what it was told to."""
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"

    def end(self) -> None:
        self.process.communicate(timeout=30)
        assert self.process.returncode == 0


def in_file(file: Path, batches: Iterable[Batch]) -> Path:
    lines = ([in_json(event) for event in batch] for batch in batches)
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    return file


def in_json(event: Event) -> list[Any]:
    return [event.payload, event.received_at.isoformat(), event.head and event.head.as_json()]


def read(line: str) -> list[Event]:
    return [
        Event(payload=payload, received_at=datetime.fromisoformat(at), head=Head.read(head))
        for payload, at, head in json.loads(line)
    ]


def write(batch: Batch) -> None:
    """Store it. Where SQLite's one lock is never free when we look, look again, as the server and Vonage would."""
    from django.db import OperationalError

    from calls.records.batch import write_batch

    for patience in (True, True, True, False):
        try:
            return write_batch(batch)
        except OperationalError as error:
            if not (patience and "database is locked" in str(error)):
                raise
    return None


def main(database: str) -> None:
    import django

    django.setup()
    from django.db import connection

    connection.settings_dict["NAME"] = database
    connection.ensure_connection()
    say_ready()
    for path in sys.stdin:
        for line in Path(path.strip()).read_text(encoding="utf-8").splitlines():
            write(read(line))
        say_ready()


def say_ready() -> None:
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
