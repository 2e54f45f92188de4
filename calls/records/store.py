"""Where every door that records something ends: `store(event)` returns when the event is on disk, here or there.

The writer of this process puts it into the database. Where that does not answer in time the event goes to this host's
spool, and into the database from there. With INGEST=inline (ordinary tests) the request's own thread and transaction
do it.
"""

import logging
import time

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


def refused_lately() -> bool:
    """Whether both refused an event just now: what they say of themselves is then not the whole truth."""
    return time.monotonic() - _refused_at < REFUSED_SECONDS


class StoreUnavailable(Exception):
    """The event is not known to be kept. Vonage repeats it when we answer 503."""


def store(event: Event) -> str:
    """Keep the event; return when it is committed or on this host's disk, and say which: DATABASE or SPOOL.

    Raises StoreUnavailable when both refuse.
    """
    job: Job | None = None
    try:
        if settings.INGEST == "inline":
            write_batch([event])
            return DATABASE
        if not writer.blocked:
            job = writer.hand_over(event, attended=True)
            if writer.wait_for(job, QUESTION_SECONDS if event.may_be_answered else FACT_SECONDS) and not job.error:
                return DATABASE
            if not job.done:
                writer.note_trouble("it takes too long")
    except Exception as error:
        reason: object = error
    else:
        reason = job.error if job else "it did not answer just now"
    return _spool(event, job, reason)


def _spool(event: Event, job: Job | None, reason: object) -> str:
    """Keep the event on this host's disk; where that refuses, give the database a last chance."""
    global _refused_at
    try:
        path = spool.keep(event)
    except OSError as refusal:
        if settings.INGEST != "inline" and _last_chance(event, job):
            return DATABASE
        _refused_at = time.monotonic()
        raise StoreUnavailable(f"database: {reason}; spool: {refusal}") from refusal
    return DATABASE if job and job.spool_as(path) else SPOOL


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
        try:
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
