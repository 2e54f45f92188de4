"""Pages by place: "older than this call", "newer than that one". Rows that come in meanwhile move no page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.http import QueryDict

from calls.models import Call
from calls.models.calls import CallQuerySet
from calls.records.filters import quoted
from calls.records.several import compiled

Item = TypeVar("Item", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Rows newest first. `newer` and `older` are the queries of the neighbouring pages, "" where there is none."""

    rows: list[Item]
    newer: str
    older: str
    problem: str = ""  # why it is not the page that the address names, in a sentence
    looked_to: datetime | None = None  # no call beyond that moment was looked at yet, and the page has room for more

    @property
    def first(self) -> bool:
        """Whether this page holds the newest rows."""
        return not self.newer


def page_of(rows: QuerySet[Item], query: QueryDict, *, size: int) -> Page[Item]:
    """Give the page that `?before=<id>` or `?after=<id>` names, the newest one without either. Two queries at most."""
    before, after = _id(query.get("before")), _id(query.get("after"))
    problem = _problem(query, {"before": before, "after": after})
    if after is not None:
        found = list(rows.filter(pk__gt=after).order_by("pk")[: size + 1])
        if len(found) > size:  # with fewer it is the newest page, which is then shown whole
            found = found[:size][::-1]
            older = rows.filter(pk__lt=found[-1].pk).exists()
            return Page(found, f"?after={found[0].pk}", f"?before={found[-1].pk}" if older else "")
        before = None
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.order_by("-pk")[: size + 1])
    older_query = f"?before={found[size - 1].pk}" if len(found) > size else ""
    found = found[:size]
    newer_query = "" if before is None else f"?after={found[0].pk if found else before - 1}"
    return Page(found, newer_query, older_query, problem)


PLACE = re.compile(r"([0-9]{1,16})-([0-9]{1,18})", re.ASCII)
BEGIN = datetime(1970, 1, 1, tzinfo=UTC)
NO_START = 10**16 - 1  # microseconds: above all others
Place = tuple[datetime, int]
# Rows come one by one through window and subquery, in their order: the first that fit are those wanted, and no more
# calls are looked at than it takes to find them.
LOOKED_AT = """
    SELECT calls_call.*, found.fits, found.place
    FROM (SELECT * FROM ({}) AS looked_at WHERE fits OR place = %s LIMIT %s) AS found
    JOIN calls_call ON calls_call.id = found.pk ORDER BY found.place
"""


class NoSuchPage(ValueError):
    """Few are newer than the place: they are on the newest page."""


def place_of(call: Call) -> str:
    """Where a call stands in a list in order of start: "1795442400123456-71", microseconds since 1970 and its key."""
    start = call.started_at
    return f"{_microseconds(start) if start else NO_START}-{call.pk}"


def _microseconds(moment: datetime) -> int:
    return (moment - BEGIN) // timedelta(microseconds=1)


def page_of_calls(
    calls: CallQuerySet, query: QueryDict, *, size: int, keep: str, asked: Q | None = None, most: int = 0
) -> Page[Call]:
    """Give the page in order of start that `?before=<place>` or `?after=<place>` names. One query.

    `keep` is what stands in the address beside that. Where something is `asked` of each call, so many are looked at at
    most: who wants to go on has the neighbouring page. Raises NoSuchPage where few are newer than the place, or where
    none of the next ones is what is asked for.
    """
    keep = f"{keep}&" if keep else ""
    before, after = _place(query.get("before")), _place(query.get("after"))
    problem = _problem(query, {"before": before, "after": after})
    if after:
        at, pk = after
        rows = calls.filter(Q(started_at__gt=at) | Q(pk__gt=pk), started_at__gte=at).order_by("started_at", "pk")
        found, end = _look_through(rows, asked, size + 1, most)
        if not found or (len(found) <= size and not end):
            raise NoSuchPage
        newer_than = place_of(end or found[size - 1])
        found = found[:size][::-1]
        return Page(found, f"?{keep}after={newer_than}", f"?{keep}before={place_of(found[-1])}")
    if before:
        at, pk = before
        calls = calls.filter(Q(started_at__lt=at) | Q(pk__lt=pk), started_at__lte=at)
    found, end = _look_through(calls.latest_first(), asked, size + 1, most)
    older = place_of(end or found[size - 1]) if end or len(found) > size else ""
    found = found[:size]
    newer = place_of(found[0]) if found else query.get("before")
    links = f"?{keep}after={newer}" if before else "", f"?{keep}before={older}" if older else ""
    return Page(found, *links, problem, end.started_at if end else None)


def _look_through(calls: CallQuerySet, asked: Q | None, wanted: int, most: int) -> tuple[list[Call], Call | None]:
    """Give the first of these calls of which is true what is asked. The second: the last that was looked at, where
    that was not far enough to find as many as are wanted.
    """
    if asked is None:
        return list(calls[:wanted]), None
    order: Any = calls.query.order_by
    numbered = calls.telling(asked).annotate(place=Window(RowNumber(), order_by=order))
    sql = compiled(numbered.values("pk", "fits", "place")[:most], None)
    if sql is None:
        return [], None
    rows: list[Any] = [*Call.objects.raw(LOOKED_AT.format(sql[0]), [*sql[1], most, wanted])]
    found = [row for row in rows if row.fits]
    return found, rows[-1] if len(found) < wanted and rows and rows[-1].place == most else None


def _problem(query: QueryDict, read: Mapping[str, object]) -> str:
    """What to say of an address that names a page of which nothing could be read."""
    unread = next((str(query[name]) for name, value in read.items() if query.get(name) and value is None), "")
    return f"{quoted(unread)} names no page: these are the newest." if unread and not any(read.values()) else ""


def _place(text: str | None) -> Place | None:
    """Read a place; None for anything that is none."""
    place = PLACE.fullmatch(text or "")
    if not place:
        return None
    return BEGIN + timedelta(microseconds=int(place[1])), int(place[2])


def _id(text: str | None) -> int | None:
    """Read an id; None for anything that cannot be one in our tables."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 18 else None
