"""The worker's loop: a heartbeat, and whatever chore is due. Only a signal ends it.

Any number of workers may run. They meet in the table of chores alone: whoever takes a row does the chore, the
others pass it over.
"""

import logging
import os
import socket
import time
from collections.abc import Sequence
from datetime import timedelta

from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.utils import timezone

from calls.chores.duties import DUTIES, Duty
from calls.models import Chore, Heartbeat

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
SLICE_SECONDS = 0.2  # how soon a pause sees that the loop is to end
BEAT_SECONDS = 5.0
LEASE = timedelta(minutes=10)  # after it another worker may take up what a dead one left
ALIVE = timedelta(minutes=2)  # a heartbeat within it is that of a living worker


def worker_name() -> str:
    """Name this process so that no other worker has the same name."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Interrupted(BaseException):
    """The loop is to end now, in the middle of a chore. No chore catches it, for it is no Exception."""


class Loop:
    """One worker."""

    def __init__(self, duties: Sequence[Duty] = DUTIES, *, name: str | None = None) -> None:
        self.duties = {duty.name: duty for duty in duties}
        self.name = name or worker_name()
        self.stopping = False
        self.away = False  # the database
        self.beat_at = float("-inf")

    def stop(self) -> None:
        """Ask it to end after the chore that it is at. Safe in a signal handler."""
        self.stopping = True

    def run(self) -> None:
        """Work until asked to stop."""
        try:
            while not self.stopping:
                if not self.turn():
                    self._pause()
        finally:
            self._leave()

    def turn(self) -> bool:
        """Do what is due; say whether anything was. Outlives whatever the chores and the database do."""
        try:
            close_old_connections()
            self._beat()
            if self.away:
                self._come_back()
            return self._work()
        except (DatabaseError, InterfaceError) as error:
            if not self.away:
                logger.warning("The worker waits, the database is away: %s", error)
            self.away = True
            return False
        except Exception:
            logger.exception("The worker's loop failed, and goes on")
            return False

    def _come_back(self) -> None:
        """Begin what it was at when the database went away anew, and do not wait for the end of its own lease."""
        Chore.objects.held_by(self.name).hand_back()
        self.away = False
        logger.warning("The database answers again: the worker goes on")

    def _work(self) -> bool:
        """Do each chore that is due once, in the order in which they fell due."""
        waiting = list(self.duties)
        if Chore.objects.filter(name__in=waiting).count() < len(waiting):
            Chore.objects.make(waiting)
        worked = False
        while waiting and not self.stopping:
            chore = Chore.objects.take(waiting, worker=self.name, lease=LEASE)
            if chore is None:
                break
            waiting.remove(chore.name)
            self._do(chore, self.duties[chore.name])
            self._beat()
            worked = True
        return worked

    def _do(self, chore: Chore, duty: Duty) -> None:
        """Do one chore. Its failure is logged and written down, and is nobody else's."""
        due_at = timezone.now() + duty.every
        try:
            more = duty.do()
        except Exception as error:
            logger.exception("The chore “%s” failed", duty.name)
            close_old_connections()
            chore.finish(due_at=due_at, error=f"{type(error).__name__}: {error}")
        except Interrupted:
            Chore.objects.held_by(self.name).hand_back()
            raise
        else:
            chore.finish(due_at=timezone.now() if more else due_at)

    def _beat(self) -> None:
        if time.monotonic() - self.beat_at >= BEAT_SECONDS:
            Heartbeat.objects.beat(self.name)
            self.beat_at = time.monotonic()

    def _pause(self) -> None:
        """Sleep in slices: a handler that set an Event or a Condition could meet the lock that the sleeper holds."""
        until = time.monotonic() + PAUSE_SECONDS
        while not self.stopping and time.monotonic() < until:
            time.sleep(SLICE_SECONDS)

    def _leave(self) -> None:
        """Take the heartbeat along: who is gone in good order is not missed."""
        try:
            Heartbeat.objects.filter(worker=self.name).delete()
        except (DatabaseError, InterfaceError) as error:
            logger.warning("The worker left without saying so: %s", error)
        finally:
            connection.close()
