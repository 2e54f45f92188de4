"""Which chores there are, and how often each is due."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from calls.chores import call_log, housekeeping, mails, recordings


@dataclass(frozen=True)
class Duty:
    """A chore, and how often it is due.

    `do` does one portion of a few seconds at most, and gives True when there is more: it is then due again at
    once, after the other chores. It may be ended at any line and is done again then. What it raises is written down.
    """

    name: str
    every: timedelta
    do: Callable[[], bool | None]


DUTIES = (
    Duty("recordings", timedelta(seconds=5), recordings.fetch_some),
    Duty("mails", timedelta(seconds=10), mails.tell_of_messages),
    Duty("figures of the reports", timedelta(seconds=10), call_log.count),
    Duty("searches", timedelta(seconds=5), call_log.write_searches),
    Duty("calls without an end", timedelta(minutes=1), call_log.ask_for_some),
    Duty("lost ends", timedelta(minutes=10), call_log.close_lost),
    Duty("retention", timedelta(hours=1), call_log.let_go),
    Duty("files without a recording", timedelta(hours=24), recordings.sweep),
    Duty("expired sessions", timedelta(hours=1), housekeeping.drop_expired_sessions),
    Duty("expired idempotency keys", timedelta(hours=1), housekeeping.drop_expired_keys),
    Duty("lost workers", timedelta(hours=1), housekeeping.forget_lost_workers),
)
