"""Where every door that records something ends: `store(event)` returns when the event is committed.

Request threads hand their events to one writer thread per process, which keeps all that are waiting in one
transaction: a commit costs the same for one event or twenty. With INGEST=inline (ordinary tests) the
request's own thread and transaction do it.
"""

import atexit
import logging
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from functools import partial

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from calls.records.batch import write_batch
from calls.vonage.events import Event

logger = logging.getLogger(__name__)

WAIT_SECONDS = 4.0  # well within the 10 s that Vonage waits; after it we ask for the event again
MOST_WAITING = 1_000
MOST_IN_BATCH = 200
DRAIN_SECONDS = 8.0
AWAY = (OperationalError, InterfaceError)  # it is the database, and not the event


Work = Event | Callable[[], object]  # an event to keep, or an act to be done beside the requests


class StoreUnavailable(Exception):
    """The event is not known to be kept. Vonage repeats it when we answer 503."""


def store(event: Event) -> None:
    """Keep the event; return when it is committed. Raises StoreUnavailable when that cannot be said in time."""
    try:
        if settings.INGEST == "inline":
            perform(event)
        else:
            writer.hand_over(event).result(timeout=WAIT_SECONDS)
    except (DatabaseError, InterfaceError, FutureTimeoutError, queue.Full) as error:
        raise StoreUnavailable(str(error) or type(error).__name__) from error


def store_later(event: Event) -> None:
    """Keep the event when there is time: a caller is waiting for what comes after this line. Never raises."""
    later(event, "An answer could not be recorded")


def later(work: Work, failure: str) -> None:
    """Keep an event, or do something else with the database, beside the request; or log `failure`. Never raises."""
    try:
        if settings.INGEST == "inline":
            perform(work)
        else:
            writer.hand_over(work)
    except Exception:
        logger.exception("%s", failure)


def perform(work: Work) -> None:
    if isinstance(work, Event):
        write_batch([work])
    else:
        work()


@dataclass
class Job:
    """What waits for the writer: an event, or anything else to be done with the database."""

    work: Work
    done: "Future[None]" = field(default_factory=Future)

    def end(self, error: Exception | None) -> None:
        """Let whoever waits go on."""
        if error:
            logger.warning("Not kept: %s", error)
            self.done.set_exception(error)
        else:
            self.done.set_result(None)


class Writer:
    """One thread that keeps what the request threads of this process hand over."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[Job | None] = queue.Queue(MOST_WAITING)
        self.thread: threading.Thread | None = None
        self.pid = 0
        self.starting = threading.Lock()

    def hand_over(self, work: Work) -> "Future[None]":
        """Queue the work. Raises queue.Full when the writer is hopelessly behind."""
        self._ensure_running()
        job = Job(work)
        self.waiting.put_nowait(job)
        return job.done

    def _ensure_running(self) -> None:
        """Start the thread once in each process: threads don't survive a fork."""
        if self.pid == os.getpid():
            return
        with self.starting:
            if self.pid == os.getpid():
                return
            self.waiting = queue.Queue(MOST_WAITING)
            self.thread = threading.Thread(target=self._run, name="writer", daemon=True)
            self.thread.start()
            self.pid = os.getpid()
            atexit.register(self.drain)

    def drain(self) -> None:
        """End the thread when it has done all that waits, as before the process ends; at most DRAIN_SECONDS."""
        if self.thread and self.thread.is_alive():
            self.waiting.put(None)
            self.thread.join(DRAIN_SECONDS)

    def _run(self) -> None:
        ending = False
        while not ending:
            jobs = [self.waiting.get()]
            while len(jobs) < MOST_IN_BATCH and not self.waiting.empty():
                jobs.append(self.waiting.get())
            ending = None in jobs
            close_old_connections()  # no request signals reach this thread
            self._work([job for job in jobs if job])
        connection.close()

    def _work(self, jobs: list[Job]) -> None:
        """Keep all events at once; where one of them spoils it, each by itself, so that it fails no neighbour."""
        events = [job for job in jobs if isinstance(job.work, Event)]
        if len(events) > 1:
            error = self._attempt(lambda: write_batch([job.work for job in events if isinstance(job.work, Event)]))
            if error is None or isinstance(error, AWAY):
                for job in events:
                    job.end(error)
        for job in jobs:
            if not job.done.done():
                job.end(self._attempt(partial(perform, job.work)))

    @staticmethod
    def _attempt(act: Callable[[], object]) -> Exception | None:
        """Do it, once more on a new connection where the old one was dead or a lock in the way. Gives what failed."""
        for last in (False, True):
            try:
                act()
            except AWAY as error:
                connection.close()
                if last:
                    return error
            except Exception as error:
                return error
            else:
                return None
        return None


writer = Writer()
