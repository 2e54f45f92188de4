"""Chores of the call log: ends that were never told, and what is kept no longer."""

import time
from collections.abc import Iterator

from calls.records.lost_ends import close_lost_calls
from calls.records.retention import prune

PORTION_SECONDS = 2.0  # of one turn: other chores wait meanwhile


def close_lost() -> bool:
    """Close calls of which nothing was told for a long time. Gives True when there may be more."""
    return _some_of(close_lost_calls())


def let_go() -> bool:
    """Empty and delete what is older than the settings allow. Gives True when there may be more."""
    return _some_of(prune())


def _some_of(work: Iterator[object]) -> bool:
    until = time.monotonic() + PORTION_SECONDS
    return any(time.monotonic() > until for _ in work)
