"""Pages by place: "older than this call", "newer than that one". Rows that come in meanwhile move no page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Generic, TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import QueryDict

from calls.models import Call
from calls.models.calls import CallQuerySet
from calls.records.filters import quoted

Item = TypeVar("Item", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Rows newest first. `newer` and `older` are the queries of the neighbouring pages, "" where there is none."""

    rows: list[Item]
    newer: str
    older: str
    problem: str = ""  # why it is not the page that the address names, in a sentence

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


class NoSuchPage(ValueError):
    """Few are newer than the place: they are on the newest page."""


def place_of(call: Call) -> str:
    """Where a call stands in a list in order of start: "1795442400123456-71", microseconds since 1970 and its key."""
    start = call.started_at
    return f"{(start - BEGIN) // timedelta(microseconds=1) if start else NO_START}-{call.pk}"


def page_of_calls(calls: CallQuerySet, query: QueryDict, *, size: int, keep: str) -> Page[Call]:
    """Give the page in order of start that `?before=<place>` or `?after=<place>` names. One query.

    `keep` is what stands in the address beside that. Raises NoSuchPage where few are newer than the place.
    """
    keep = f"{keep}&" if keep else ""
    before, after = _place(query.get("before")), _place(query.get("after"))
    problem = _problem(query, {"before": before, "after": after})
    if after:
        at, pk = after
        newer = calls.filter(Q(started_at__gt=at) | Q(pk__gt=pk), started_at__gte=at)
        found = list(newer.order_by("started_at", "pk")[: size + 1])
        if len(found) <= size:
            raise NoSuchPage
        found = found[:size][::-1]
        return Page(found, f"?{keep}after={place_of(found[0])}", f"?{keep}before={place_of(found[-1])}")
    if before:
        at, pk = before
        calls = calls.filter(Q(started_at__lt=at) | Q(pk__lt=pk), started_at__lte=at)
    found = list(calls.latest_first()[: size + 1])
    older = f"?{keep}before={place_of(found[size - 1])}" if len(found) > size else ""
    found = found[:size]
    newer_than = place_of(found[0]) if found else query.get("before")
    return Page(found, f"?{keep}after={newer_than}" if before else "", older, problem)


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
