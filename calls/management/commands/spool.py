"""`manage.py spool`: what waits on this host's disk for the database."""

import time
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError

from calls.records import spool

PAUSE_SECONDS = 0.2


class Command(BaseCommand):
    help = "List, store or retry the events that wait on this host's disk because the database did not take them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take one of three words."""
        what = parser.add_subparsers(dest="what", required=True)
        what.add_parser("list", help="say what waits, and what was set aside after failing too often")
        drain = what.add_parser("drain", help="store all that waits; return when the spool is empty")
        drain.add_argument("--patience", type=float, default=60, metavar="SECONDS", help="for a database that is away")
        what.add_parser("replay", help="let what was set aside try again, and drain")

    def handle(self, *, what: str, patience: float = 60, **_: Any) -> None:
        """Do it."""
        if what == "list":
            self._list()
            return
        if what == "replay":
            self.stdout.write(f"{self._when_free(spool.replay, patience)} tried again.")
        self._drain(patience)

    def _list(self) -> None:
        waiting, bad = spool.waiting(), spool.set_aside()
        for title, files in (("waits", waiting), ("set aside", bad)):
            for path in files:
                self.stdout.write(f"{title:9}  {self._line(path)}")
        self.stdout.write(f"{len(waiting)} waiting, {len(bad)} set aside.")

    def _line(self, path: Path) -> str:
        """Say what a file holds, and whose numbers it has not: `spool list` is often pasted."""
        try:
            since = datetime.fromtimestamp(spool.written_at(path), UTC)
            event = spool.read(path)
            what = f"{event.status or event.kind:12}  {event.conversation_uuid or event.leg_uuid}"
        except FileNotFoundError:
            return f"{path.name}  stored meanwhile"
        except Exception as error:
            return f"{path.name}  cannot be read: {error}"
        tries = f"  {tries} tries" if (tries := spool.tries_of(path)) else ""
        return f"{path.name}  {since:%Y-%m-%d %H:%M:%S} UTC  {what}{tries}"

    def _drain(self, patience: float) -> None:
        stored = 0
        until = time.monotonic() + patience
        while not spool.is_empty():
            gone = self._when_free(spool.drain_some, patience)
            stored += gone
            if gone:
                until = time.monotonic() + patience
            elif time.monotonic() > until:
                raise CommandError(f"{len(spool.waiting())} files could not be stored: see `manage.py spool list`.")
            else:
                time.sleep(PAUSE_SECONDS)
        self._when_free(spool.wait_for_none, patience)  # another process may be at the last of them
        self.stdout.write(f"The spool is empty: {stored} stored.")

    def _when_free(self, act: Callable[[], int], patience: float) -> int:
        """Do it when no other process of this host drains, and the database is there."""
        until = time.monotonic() + patience
        while True:
            try:
                return act()
            except (spool.Busy, DatabaseError, InterfaceError) as error:
                if time.monotonic() > until:
                    reason = "another process is at it" if isinstance(error, spool.Busy) else error
                    raise CommandError(f"{len(spool.waiting())} files wait still: {reason}") from error
                time.sleep(PAUSE_SECONDS)
