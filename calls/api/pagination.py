"""Lists in pages: `{next, previous, results}`, newest first."""

import re
from hashlib import blake2s
from typing import Any, NamedTuple
from urllib.parse import parse_qs, parse_qsl, urlsplit

from django.db.models import QuerySet
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

AN_ID = re.compile(r"[0-9]{1,19}")
# Base64 is checked here, since Python as it reads it passes over all else; behind it stands of which list it is.
A_CURSOR = re.compile(r"([0-9A-Za-z+/]{1,200}={0,2})\.([0-9a-f]{12})")
A_SIZE = re.compile(r"0{0,18}[1-9][0-9]{0,18}")


class _Asked(NamedTuple):
    """As much of a request as a cursor is read from."""

    query_params: dict[str, str]


class NewestFirst(CursorPagination):
    """Pages by id, so that rows which arrive while somebody reads on neither shift nor repeat what follows.

    A cursor that is none of ours, or of another list or other filters, is refused, and a size that is none: read as the
    first page, the former would lead a program round for ever. Left empty they say nothing, as filters do.
    """

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 100

    def decode_cursor(self, request: Request) -> Cursor | None:
        """Read the cursor of a link we gave. Raises ValidationError for any other text."""
        text = request.query_params.get(self.cursor_query_param, "")
        if not text:
            return None
        ours = A_CURSOR.fullmatch(text)
        if not ours or ours[2] != self._list(request.get_full_path()):
            raise self.refused()
        try:
            asked: Any = _Asked({self.cursor_query_param: ours[1]})
            cursor = super().decode_cursor(asked)
        except NotFound:
            cursor = None
        # Left to the base class, a text where an id belongs would raise in the query. It is a text, whatever stubs say.
        if cursor is None or not (cursor.position is None or AN_ID.fullmatch(str(cursor.position))):
            raise self.refused()
        return cursor

    def encode_cursor(self, cursor: Cursor) -> str:
        link: str = super().encode_cursor(cursor)
        [text] = parse_qs(urlsplit(link).query)[self.cursor_query_param]
        marked: str = replace_query_param(link, self.cursor_query_param, f"{text}.{self._list(str(self.base_url))}")
        return marked

    def _list(self, address: str) -> str:
        """Name a list with its filters, whatever its page and their size."""
        parts = urlsplit(address)
        pages = {self.cursor_query_param, self.page_size_query_param}
        asked = sorted((name, value) for name, value in parse_qsl(parts.query) if name not in pages and value.strip())
        return blake2s(repr((parts.path, asked)).encode(), digest_size=6).hexdigest()

    def refused(self) -> ValidationError:
        told = "This is no cursor of this list: take it from `next` or `previous` as it is."
        return ValidationError({self.cursor_query_param: [told]})

    def get_page_size(self, request: Request) -> int:
        """How many rows a page has. Raises ValidationError for what is no number from 1."""
        text = request.query_params.get(self.page_size_query_param, "").strip()
        if not text:
            return self.page_size
        if not A_SIZE.fullmatch(text):
            told = f"A whole number from 1 to {self.max_page_size}; what is above gives {self.max_page_size}."
            raise ValidationError({self.page_size_query_param: [told]})
        return min(int(text), self.max_page_size)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for parameter in parameters:
            if parameter["name"] == self.page_size_query_param:
                parameter["schema"] = {"type": "integer", "minimum": 1, "default": self.page_size}
        return parameters


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
