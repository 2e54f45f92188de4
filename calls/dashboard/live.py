"""What changed on the list since the page last looked: a poll that finds nothing new costs one query, the
look at who asks included.

The page names the newest event that it knew some seconds ago (`seen`); everything written after it is read
again, since ids commit out of order, and rows are replaced by their element's id. By id and not by time, so
that events which waited in a spool while the database was away are found as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from calls.dashboard.watching import figure
from calls.models import Call, CallEvent, Outcome
from calls.models.calls import CallQuerySet

OVERLAP = timedelta(seconds=10)  # the page asks for this much again
MOST_CALLS = 100  # rows of one answer; with more to tell the page reads itself anew
MOST_EVENTS = 1000  # of the last seconds; more are as well told by reading the page anew
ON_THE_LINE = 20  # rows of the strip


@dataclass(frozen=True)
class News:
    """What a poll found. `mark` changes with every event that was written after `seen`."""

    mark: str
    newest: int
    calls: list[Call]
    too_much: bool = False


def horizon() -> dict[str, tuple[str, QuerySet[Any]]]:
    """What tells the newest event that a page may count as seen when it is made: see `seen_of`."""
    newest = CallEvent.objects.order_by("-pk")
    edge = Subquery(newest.values("pk")[MOST_EVENTS : MOST_EVENTS + 1])  # by rows: keys have holes
    late = CallEvent.objects.filter(pk__gt=Coalesce(edge, 0))
    return {
        "recent": ("MIN(id)", late.filter(received_at__gte=timezone.now() - OVERLAP)),
        "newest": ("MAX(id)", newest[:1]),
        "on_line": ("COUNT(*)", _in_progress()),
    }


def seen_of(told: Mapping[str, Any]) -> int:
    """The newest event that counts as seen: what came in the last seconds is read again."""
    return told["recent"] - 1 if told["recent"] else told["newest"] or 0


def looks(seen: int) -> dict[str, Subquery]:
    """What tells whether anything was written after the event `seen`: see `news`."""
    return {function.lower(): figure(function, _events_after(seen)) for function in ("COUNT", "SUM", "MAX")}


def news(seen: int, told: Mapping[str, Any], mark: str) -> News | None:
    """Read what was written after the event `seen`, as far as `looks` has told; None where the page has shown it.

    That it says by the `mark` of its last answer.
    """
    events = _events_after(seen)
    now_mark = f"{told['count']}-{told['sum'] or 0}"
    if not told["count"] or now_mark == mark:
        return None
    # No DISTINCT and no order here: SQLite would walk the index of all calls for them.
    ids = set() if told["count"] > MOST_EVENTS else set(events.values_list("call", flat=True))
    if not 0 < len(ids) <= MOST_CALLS:
        return News(now_mark, told["max"], [], too_much=True)
    return News(now_mark, told["max"], list(Call.objects.filter(pk__in=ids).latest_first()))


def _events_after(seen: int) -> QuerySet[CallEvent]:
    return CallEvent.objects.filter(pk__gt=seen, call__isnull=False)


def on_the_line() -> list[Call]:
    """The newest calls in progress; with one more than ON_THE_LINE there are more."""
    return list(_in_progress().newest_first()[: ON_THE_LINE + 1])


def in_progress_count() -> int:
    return _in_progress().count()


def _in_progress() -> CallQuerySet:
    return Call.objects.filter(outcome=Outcome.IN_PROGRESS)
