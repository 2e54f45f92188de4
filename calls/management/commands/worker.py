"""`manage.py worker`: do the chores until somebody asks to stop. Several of them share the work."""

import signal
import socket
import sys
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from calls.chores.loop import ALIVE, Interrupted, Loop
from calls.models import Heartbeat
from calls.records.writer import writer

PATIENCE_SECONDS = 1.0  # for the chore that it is at when it is asked to stop


class Command(BaseCommand):
    help = "Do the chores: whatever has to be done again and again beside the calls. Any number of workers may run."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="say whether a worker of this host was at its loop just now"
        )

    def handle(self, *, check: bool, verbosity: int, **options: Any) -> None:
        if check:
            sys.exit(self.check_heartbeat())
        loop = Loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop(loop))
        signal.signal(signal.SIGALRM, interrupt)
        if verbosity:
            self.stdout.write(f"Worker {loop.name} does: {', '.join(loop.duties)}")
            self.stdout.flush()
        writer.start()  # it stores what dead processes of this host left in the spool
        try:
            loop.run()
        except Interrupted:
            self.stdout.write("The worker was in the middle of a chore, which is done again from its beginning.")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            writer.drain()
        if verbosity:
            self.stdout.write("The worker has ended.")

    def check_heartbeat(self) -> int:
        """Give the exit code: 0 as long as nothing speaks against it, for a database that is away is not its fault."""
        host = socket.gethostname()
        try:
            alive = Heartbeat.objects.filter(worker__startswith=f"{host}:").younger_than(ALIVE).first()
        except (DatabaseError, InterfaceError) as error:
            self.stdout.write(f"The database is away, so nothing is known: {error}")
            return 0
        if alive is None:
            self.stderr.write(f"No worker of {host} was at its loop within the last {ALIVE.seconds} seconds.")
            return 1
        self.stdout.write(f"{alive} was at its loop at {timezone.localtime(alive.beat_at):%H:%M:%S}.")
        return 0


def stop(loop: Loop) -> None:
    """End the loop after the chore that it is at, or in the middle of it when that takes too long."""
    loop.stop()
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_SECONDS)


def interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted
