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

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, close_old_connections, connection

from calls.records.batch import write_batch
from calls.vonage.events import Event

logger = logging.getLogger(__name__)

WAIT_SECONDS = 4.0  # well within the 10 s that Vonage waits; after it we ask for the event again
MOST_WAITING = 1_000
MOST_IN_BATCH = 200
DRAIN_SECONDS = 8.0


class StoreUnavailable(Exception):
    """The event is not known to be kept. Vonage repeats it when we answer 503."""


def store(event: Event) -> None:
    """Keep the event; return when it is committed. Raises StoreUnavailable when that cannot be said in time."""
    if settings.INGEST == "inline":
        try:
            write_batch([event])
        except (DatabaseError, InterfaceError) as error:
            raise StoreUnavailable(str(error)) from error
        return
    try:
        writer.hand_over(event).result(timeout=WAIT_SECONDS)
    except (DatabaseError, InterfaceError, FutureTimeoutError, queue.Full) as error:
        raise StoreUnavailable(str(error) or type(error).__name__) from error


def store_later(event: Event) -> None:
    """Keep the event when there is time: a caller is waiting for what comes after this line. Never raises."""
    later(lambda: write_batch([event]), "An answer could not be recorded", event)


def later(act: Callable[[], object], failure: str, event: Event | None = None) -> None:
    """Do something with the database beside the request, or log `failure`. Never raises."""
    try:
        if settings.INGEST == "inline":
            act()
        elif event:
            writer.hand_over(event)
        else:
            writer.hand_over(act)
    except Exception:
        logger.exception("%s", failure)


@dataclass
class Job:
    """What waits for the writer: an event, or anything else to be done with the database."""

    work: Event | Callable[[], object]
    done: "Future[None]" = field(default_factory=Future)


class Writer:
    """One thread that keeps what the request threads of this process hand over."""

    def __init__(self) -> None:
        self.waiting: queue.Queue[Job | None] = queue.Queue(MOST_WAITING)
        self.thread: threading.Thread | None = None
        self.pid = 0
        self.starting = threading.Lock()

    def hand_over(self, work: Event | Callable[[], object]) -> "Future[None]":
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
        """Keep all events at once; where that fails, one by one, so that one never fails its neighbours."""
        events = [job for job in jobs if isinstance(job.work, Event)]
        try:
            if len(events) > 1:
                write_batch([job.work for job in events if isinstance(job.work, Event)])
                for job in events:
                    job.done.set_result(None)
        except Exception as error:
            logger.warning("A batch of %d failed and is tried one by one: %s", len(events), error)
        for job in jobs:
            if not job.done.done():
                self._do(job)

    def _do(self, job: Job) -> None:
        work = job.work
        act: Callable[[], object] = (lambda: write_batch([work])) if isinstance(work, Event) else work
        try:
            try:
                act()
            except (OperationalError, InterfaceError):
                connection.close()  # a dead connection, or a lock: worth one more try on a new one
                act()
            job.done.set_result(None)
        except Exception as error:
            logger.warning("Not kept: %s", error)
            job.done.set_exception(error)


writer = Writer()
