"""Chores of the call log: ends that were not told, what is kept no longer, and the figures of the reports."""

import time
from collections.abc import Iterator

from calls.control.asking import ask_for_ends
from calls.records.counting import count_news
from calls.records.lost_ends import close_lost_calls
from calls.records.retention import prune
from calls.records.search import catch_up

PORTION_SECONDS = 2.0  # of one turn: other chores wait meanwhile


def ask_for_some() -> bool:
    """Ask the platform about calls of which nothing was told for a while. Gives True when there may be more."""
    return _some_of(ask_for_ends())


def count() -> bool:
    """Bring the figures of the reports up to date. Gives True when there may be more."""
    return count_news(PORTION_SECONDS)


def write_searches() -> bool:
    """Write what calls are found by, of those that something was told of. Gives True when there may be more."""
    return catch_up(PORTION_SECONDS)


def close_lost() -> bool:
    """Close calls of which nothing was told for a long time. Gives True when there may be more."""
    return _some_of(close_lost_calls())


def let_go() -> bool:
    """Empty and delete what is older than the settings allow. Gives True when there may be more."""
    return _some_of(prune())


def _some_of(work: Iterator[object]) -> bool:
    until = time.monotonic() + PORTION_SECONDS
    return any(time.monotonic() > until for _ in work)
