"""Lists in pages: `{next, previous, results}`, newest first."""

import re

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
