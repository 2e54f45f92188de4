"""The writer: one thread of each process that keeps what its request threads hand over.

All that waits is kept in one transaction, since a commit costs the same for one event as for twenty; one that comes
alone goes at once. An event that nobody waits for has a moment, in which it goes along with one that somebody waits
for. The writer also drains this host's spool, portion by portion between the batches.
"""

import atexit
import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

from django.db import OperationalError, close_old_connections, connection

from calls.records import spool
from calls.records.batch import write_batch
from calls.records.crowd import Crowd
from calls.vonage.events import Event

logger = logging.getLogger(__name__)

MOST_WAITING = 1_000
MOST_IN_BATCH = 200
LATER_SECONDS = 0.1  # how often an idle thread looks for what nobody waits for: that waits so long at the most
SLOW_SECONDS = 0.2  # after it most threads have better to do than to wait for the database: callers come first
MOST_PATIENT = 4  # and so many of a process wait on
STUCK_SECONDS = 1.5  # a batch that takes longer has met a database that hangs
SPARED_SECONDS = 2.0  # after a failure nobody waits for the database so long
CHECK_SECONDS = 1.0  # a connection that is at work shows by itself when it dies: then the batch is tried anew
LOOK_SECONDS = 1.0  # how often an idle writer looks into the spool
DRAIN_SECONDS = 8.0  # how long the end of the process waits for what is under way

Work = Event | Callable[[], object]  # an event to keep, or an act to be done beside the requests


class Full(Exception):
    """The writer is hopelessly behind."""


class Job:
    """What was handed over. Whoever hands it over may wait for it, or be told when it has ended.

    A lock is the cheapest thing to wait for.
    """

    __slots__ = ("_gate", "_to_tell", "attended", "done", "error", "spooled", "work")

    def __init__(self, work: Work, *, attended: bool) -> None:
        self.work = work
        self.attended = attended  # somebody waits, and sees to the event where this fails
        self.done = False
        self.spooled: Path | None = None  # its file, where it has one
        self.error: BaseException | None = None
        self._to_tell: list[Callable[[], object]] = []
        self._gate = threading.Lock()
        self._gate.acquire()

    def end(self, error: BaseException | None = None) -> None:
        """Let whoever waits go on."""
        self.error, self.done = error, True
        self._gate.release()
        self._tell()

    def when_ended(self, tell: Callable[[], object]) -> None:
        """Have this called once it has ended, in the thread of the writer or in this one, and never twice."""
        self._to_tell.append(tell)
        if self.done:
            self._tell()

    def _tell(self) -> None:
        with suppress(IndexError):  # it may be told to end and be asked to tell at once: to take it out is atomic
            while True:
                self._to_tell.pop()()

    def wait(self, seconds: float) -> bool:
        """Wait until it has ended; says whether it has."""
        if self._gate.acquire(timeout=seconds):
            self._gate.release()
        return self.done

    def spool_as(self, path: Path) -> bool:
        """Note its file, and drop that where the database has the event just now after all; says whether it has."""
        self.spooled = path
        kept = self.done and not self.error  # when it is done later the writer sees to the file
        if kept:
            spool.drop(path)
        return kept


def _keep(jobs: Sequence[Job]) -> None:
    write_batch([job.work for job in jobs if isinstance(job.work, Event)], by_two_ways=True)


class Writer:
    """The thread, and what waits for it."""

    def __init__(self) -> None:
        self.waiting: SimpleQueue[Job | None] = SimpleQueue()  # None: look what there is besides
        self.unhurried: deque[Job] = deque()  # what nobody waits for
        self.thread: threading.Thread | None = None
        self.pid = 0
        self.ending = False
        self.starting = threading.Lock()
        self.counting = threading.Lock()
        self.waiters = 0
        self.current: Sequence[Job] = ()
        self.busy_since: float | None = None
        self.away_until = float("-inf")
        self.away = False
        self.look_at = 0.0
        self.used_at = float("-inf")
        self.crowd = Crowd()

    # What request threads do

    def start(self) -> None:
        """Start the thread once in each process: threads don't survive a fork."""
        if self.pid == os.getpid():
            return
        with self.starting:
            if self.pid == os.getpid():
                return
            self.waiting, self.unhurried, self.current, self.busy_since = SimpleQueue(), deque(), (), None
            self.ending = False
            self.thread = threading.Thread(target=self._run, name="writer", daemon=True)
            self.thread.start()
            self.pid = os.getpid()
            atexit.register(self.drain)

    def hand_over(self, work: Work, *, attended: bool = False) -> Job:
        """Queue the work. Raises Full."""
        self.start()
        if self.waiting.qsize() + len(self.unhurried) >= MOST_WAITING:
            raise Full("too much waits for the database")
        job = Job(work, attended=attended)
        if isinstance(work, Event) and not attended:
            self.unhurried.append(job)  # the thread is not woken: it looks soon enough
            return job
        self.waiting.put(job)
        self.crowd.there_are(self.waiting.qsize())
        return job

    def wait_for(self, job: Job, seconds: float) -> bool:
        """Wait for a job of ours; not long where many do, since a caller may need the thread. Says whether it ended."""
        with self.counting:
            self.waiters += 1
        try:
            if job.wait(min(SLOW_SECONDS, seconds)):
                return True
            with self.counting:
                if self.waiters > MOST_PATIENT:
                    return False
            return job.wait(max(0.0, seconds - SLOW_SECONDS))
        finally:
            with self.counting:
                self.waiters -= 1

    @property
    def blocked(self) -> bool:
        """Whether the database is known not to answer now, so that nobody need wait to find out."""
        now, since = time.monotonic(), self.busy_since
        return now < self.away_until or (since is not None and now - since > STUCK_SECONDS)

    @property
    def hangs(self) -> bool:
        """Whether the batch under way takes too long. Where it does not, there is merely much to do."""
        since = self.busy_since
        return since is not None and time.monotonic() - since > SLOW_SECONDS

    def note_trouble(self, error: object) -> None:
        """Spare the next requests the wait."""
        self.away_until = time.monotonic() + SPARED_SECONDS
        self.look_at = min(self.look_at, time.monotonic() + LOOK_SECONDS / 2)
        if not self.away:
            self.away = True
            logger.warning("The database does not answer, events go to the spool: %s", str(error).strip())

    def drain(self) -> None:
        """End the thread when it has done all that waits, as before the process ends; spool what it could not do."""
        if self.thread is None or not self.thread.is_alive():
            return
        self.ending = True
        self.waiting.put(None)
        self.thread.join(DRAIN_SECONDS)
        left = [*self.current]
        with suppress(IndexError):  # empty, if only since a thread that hung goes on after all
            while True:
                left.append(self.unhurried.popleft())
        while not self.waiting.empty():
            if job := self.waiting.get():
                left.append(job)
        for job in left:
            self._put_aside(job)

    # What the thread does

    def _run(self) -> None:
        spool.sweep()
        while not self.ending or self.unhurried or not self.waiting.empty():
            jobs = self._next()
            try:
                if jobs:
                    self._work(jobs)
                if not self.ending and time.monotonic() >= self.look_at:
                    self._drain_spool()
            except Exception:
                logger.exception("The writer failed, and goes on")
        connection.close()

    def _next(self) -> list[Job]:
        """Wait for work until there is something else to see to; take all there is.

        What comes alone is taken at once. In a crowd more is on its way right behind a batch: it has a moment to come.
        """
        taken: list[Job | None] = []
        at_once = self.ending or len(self.unhurried) >= MOST_IN_BATCH
        seconds = 0.0 if at_once else min(LATER_SECONDS, max(0.0, self.look_at - time.monotonic()))
        try:
            taken.append(self.waiting.get(timeout=seconds))
            if self.crowd.returns():
                self.crowd.gather(self.waiting.qsize)
            while len(taken) < MOST_IN_BATCH:
                taken.append(self.waiting.get_nowait())
        except Empty:
            pass
        jobs = [*filter(None, taken)]
        while self.unhurried and len(jobs) < MOST_IN_BATCH:
            jobs.append(self.unhurried.popleft())
        return jobs

    def _work(self, jobs: Sequence[Job]) -> None:
        """Keep all events at once; where one of them spoils it, each by itself, so that it fails no neighbour."""
        self.current, self.busy_since = jobs, time.monotonic()
        try:
            self._check_connection()
            events = [job for job in jobs if isinstance(job.work, Event) and not job.spooled]
            error = self._attempt(partial(_keep, events)) if events else None
            alone = error is not None and len(events) > 1 and not spool.is_away(error)
            for job in events:
                self._end(job, self._attempt(partial(_keep, [job])) if alone else error)
            for job in jobs:
                if not isinstance(job.work, Event):
                    self._end(job, self._attempt(job.work))
        finally:
            self.current, self.busy_since = (), None
            come_again = self.waiting.qsize() + sum(job.attended for job in jobs)
            self.crowd.let_go(min(come_again, MOST_IN_BATCH))

    def _check_connection(self) -> None:
        """Look whether the connection is alive, if it was left alone for a while: no request signals do that here."""
        if time.monotonic() - self.used_at > CHECK_SECONDS:
            close_old_connections()
        self.used_at = time.monotonic()

    def _attempt(self, act: Callable[[], object]) -> Exception | None:
        """Do it, once more on a new connection where the old one was dead or a lock in the way. Gives what failed."""
        if time.monotonic() < self.away_until:
            return OperationalError("it did not answer just now")
        for last in (False, True):
            begun = time.monotonic()
            try:
                act()
            except Exception as error:
                if not spool.is_away(error):
                    return error
                connection.close()
                if last or time.monotonic() - begun > STUCK_SECONDS:
                    self.note_trouble(error)
                    return error
            else:
                self._note_success()
                return None
        return None

    def _note_success(self) -> None:
        self.away_until = float("-inf")
        if self.away:
            self.away = False
            logger.warning("The database answers again")

    def _end(self, job: Job, error: Exception | None) -> None:
        if error:
            logger.warning("Not kept in the database: %s", str(error).strip())
            if not job.attended:
                self._put_aside(job)
        job.end(error)
        # It took longer than anybody waits. Drained as well, a repeat would be counted twice: see ONE_MORE_IF_ANOTHER.
        if job.spooled and not error:
            spool.drop(job.spooled)

    @staticmethod
    def _put_aside(job: Job) -> None:
        """Spool what nobody else sees to."""
        if job.done or job.spooled or not isinstance(job.work, Event):
            return
        try:
            job.spool_as(spool.keep(job.work))
        except OSError as error:
            logger.critical("Neither the database nor the spool takes an event: %s", error)

    def _drain_spool(self) -> None:
        """Store one portion of what waits on this host, and say when to look again."""
        gone = 0
        self.busy_since = time.monotonic()
        try:
            if not spool.is_empty():
                self._check_connection()
                gone = spool.drain_some()
                self._note_success()
        except spool.Busy:
            pass  # another process of this host is at it
        except OSError as error:
            logger.warning("The spool cannot be drained: %s", error)
        except Exception as error:
            connection.close()
            if not spool.is_away(error):
                raise
            self.note_trouble(error)
        finally:
            self.busy_since = None
            self.look_at = time.monotonic() + (0 if gone else LOOK_SECONDS / 2 if self.away else LOOK_SECONDS)


writer = Writer()
