"""Where every door that records something ends: `store(event)` returns when the event is on disk, here or there.

The writer of this process puts it into the database. Where that does not answer in time the event goes to this host's
spool, and into the database from there. Who has better to do than to wait holds a `Keeping` meanwhile. With
INGEST=inline (ordinary tests) the request's own thread and transaction do it.
"""

import logging
import threading
import time
from collections.abc import Callable

from django.conf import settings

from calls.records import spool
from calls.records.batch import write_batch
from calls.records.writer import Full, Job, Work, writer
from calls.vonage.events import Event

logger = logging.getLogger(__name__)

FACT_SECONDS = 1.5  # how long the database has for an event before it is spooled
QUESTION_SECONDS = 0.5  # the same, where a caller may be waiting for what we reply
PATIENCE_SECONDS = 4.0  # for the database where the spool refuses; Vonage waits 10 s, and asks again after our 503

REFUSED_SECONDS = 5.0

DATABASE, SPOOL = "db", "spool"


_refused_at = float("-inf")
_spooling = threading.Lock()  # one at a time, of what nobody waits for


def refused_lately() -> bool:
    """Whether both refused an event just now: what they say of themselves is then not the whole truth."""
    return time.monotonic() - _refused_at < REFUSED_SECONDS


class StoreUnavailable(Exception):
    """The event is not known to be kept. Vonage repeats it when we answer 503."""


class Keeping:
    """An event on its way to the disk, by the writer of this process or, where that can't, by whoever ends it."""

    def __init__(self, event: Event) -> None:
        self.event = event
        self.seconds = QUESTION_SECONDS if event.may_be_answered else FACT_SECONDS  # for the database, from now on
        self._job: Job | None = None
        self._reason: object = "it did not answer just now"
        if settings.INGEST != "inline" and not writer.blocked:
            try:
                self._job = writer.hand_over(event, attended=True)
            except Exception as error:
                self._reason = error

    def when_kept(self, tell: Callable[[], object]) -> bool:
        """Have this called when the writer is done with it. False: it has not got it, there is nothing to wait for."""
        if self._job:
            self._job.when_ended(tell)
        return self._job is not None

    @property
    def is_kept(self) -> bool:
        """Whether the database has it, so that nothing is left to do."""
        return self._job is not None and self._job.done and not self._job.error

    def wait(self) -> None:
        """Wait for the writer, at most as long as the database has."""
        if self._job:
            writer.wait_for(self._job, self.seconds)

    def end(self) -> str:
        """Say where it is: DATABASE or SPOOL. What the database has not got by now is spooled, which takes a while.

        Raises StoreUnavailable when both refuse.
        """
        if self.is_kept:
            return DATABASE
        if settings.INGEST == "inline":
            try:
                write_batch([self.event])
            except Exception as error:
                self._reason = error
            else:
                return DATABASE
        elif self._job and not self._job.done:
            self._reason = "it takes too long"
            if writer.hangs:
                writer.note_trouble(self._reason)
        elif self._job:
            self._reason = self._job.error
        return self._spool()

    def _spool(self) -> str:
        """Keep the event on this host's disk; where that refuses, give the database a last chance."""
        global _refused_at
        try:
            path = spool.keep(self.event)
        except OSError as refusal:
            if settings.INGEST != "inline" and _last_chance(self.event, self._job):
                return DATABASE
            _refused_at = time.monotonic()
            raise StoreUnavailable(f"database: {self._reason}; spool: {refusal}") from refusal
        return DATABASE if self._job and self._job.spool_as(path) else SPOOL


def store(event: Event) -> str:
    """Keep the event; return when it is committed or on this host's disk, and say which: DATABASE or SPOOL.

    Raises StoreUnavailable when both refuse.
    """
    keeping = Keeping(event)
    keeping.wait()
    return keeping.end()


def _last_chance(event: Event, job: Job | None) -> bool:
    try:
        if job is None or job.done:
            job = writer.hand_over(event, attended=True)
    except Full:
        return False
    return writer.wait_for(job, PATIENCE_SECONDS) and not job.error


def store_later(event: Event) -> None:
    """Keep the event when there is time: a caller is waiting for what comes after this line. Never raises."""
    try:
        if settings.INGEST == "inline":
            write_batch([event])
        else:
            writer.hand_over(event)
    except Exception as error:
        if settings.INGEST == "inline":
            _spool_later(event, error)
        else:  # whoever answers calls waits for no disk
            threading.Thread(target=_spool_later, args=(event, error), name="spooling").start()


def _spool_later(event: Event, error: Exception) -> None:
    try:
        with _spooling:
            spool.keep(event)
    except OSError:
        logger.exception("What we did could not be recorded: %s", error)


def later(work: Work, failure: str) -> None:
    """Do something else with the database beside the request; or log `failure`. Never raises."""
    try:
        if settings.INGEST == "inline" and callable(work):
            work()
        else:
            writer.hand_over(work)
    except Exception:
        logger.exception("%s", failure)
