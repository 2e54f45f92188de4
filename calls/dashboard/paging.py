"""Pages by id: "older than this call", "newer than that one". Rows that come in meanwhile move no page."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import QueryDict

Item = TypeVar("Item", bound=Model)


@dataclass(frozen=True)
class Page(Generic[Item]):
    """Rows newest first. `newer` and `older` are the queries of the neighbouring pages, "" where there is none."""

    rows: list[Item]
    newer: str
    older: str

    @property
    def first(self) -> bool:
        """Whether this page holds the newest rows."""
        return not self.newer


def page_of(rows: QuerySet[Item], query: QueryDict, *, size: int) -> Page[Item]:
    """Give the page that `?before=<id>` or `?after=<id>` names, the newest one without either. Two queries at most."""
    before, after = _id(query.get("before")), _id(query.get("after"))
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
    return Page(found, newer_query, older_query)


def _id(text: str | None) -> int | None:
    """Read an id; None for anything that cannot be one in our tables."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 18 else None
