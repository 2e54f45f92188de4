"""What a webhook answers: little, and the same whether it is asked by WSGI or through Django's URLs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson

from calls.records.store import Keeping


@dataclass(slots=True)
class Reply:
    """Status, body and headers."""

    status: HTTPStatus = HTTPStatus.OK
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def json(cls, content: Any) -> "Reply":
        return cls(body=orjson.dumps(content), content_type="application/json")

    @property
    def all_headers(self) -> list[tuple[str, str]]:
        return [("Content-Type", self.content_type), ("Content-Length", str(len(self.body))), *self.headers]


@dataclass(slots=True)
class Promise:
    """A reply that can be given once an event is kept, or once somebody has the time that it takes."""

    fulfil: Callable[[], Reply]  # takes a while where there is no event, or the database has not got it
    keeping: Keeping | None = None

    def wait(self) -> Reply:
        """Give the reply, however long that takes."""
        if self.keeping:
            self.keeping.wait()
        return self.fulfil()
