"""Lists in pages: `{next, previous, results}`, newest first."""

import re
from typing import Any

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

AN_ID = re.compile(r"[0-9]{1,19}")


class NewestFirst(CursorPagination):
    """Pages by id, so that rows which arrive while somebody reads on neither shift nor repeat what follows."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 100

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Read the cursor of a link we gave. Raises NotFound for any other text."""
        cursor = super().decode_cursor(request)
        position = cursor.position if cursor else None  # a text, whatever the stubs say
        # The base class puts the position into the query as it comes, and a text where an id belongs raises there.
        if position is not None and not AN_ID.fullmatch(str(position)):
            raise NotFound(self.invalid_cursor_message)
        return cursor


class BoundedPages(NewestFirst):
    """For long lists whose view names filters without an index (`unindexed`), and some that have one (`indexed`).

    Of the former alone a page looks at so many rows, and `next` leads on from there: a word that is rare, or that
    nobody ever said, takes no longer than any other, and all rows are found by who follows. Nothing leads back.
    """

    most_looked_at = 20_000
    edge: int | None = None  # the oldest row that the page looks at, where it looks for something
    seeks = False

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any] | None:
        asked = {name for name, value in request.query_params.items() if str(value).strip()}  # as forms read them
        self.seeks = not asked.isdisjoint(view.unindexed) and asked.isdisjoint(view.indexed)
        if self.seeks:
            self.edge = self._edge(queryset.model._base_manager.order_by("-pk"), self.decode_cursor(request))
            queryset = queryset.filter(pk__gte=self.edge or 0)
        page: list[Any] | None = super().paginate_queryset(queryset, request, view)
        return page

    def _edge(self, rows: QuerySet[Any], cursor: Cursor | None) -> int | None:
        """The last of the rows that are looked at from there; None where there are not so many."""
        if cursor and cursor.reverse:  # of a list that was asked for something else
            raise NotFound(self.invalid_cursor_message)
        if cursor and cursor.position is not None:
            rows = rows.filter(pk__lt=cursor.position)
        return next(iter(rows.values_list("pk", flat=True)[self.most_looked_at - 1 : self.most_looked_at]), None)

    def get_next_link(self) -> str | None:
        link: str | None = super().get_next_link()
        if link is None and self.edge is not None:
            link = self.encode_cursor(Cursor(offset=0, reverse=False, position=self.edge))
        return link

    def get_previous_link(self) -> str | None:
        link: str | None = None if self.seeks else super().get_previous_link()
        return link
