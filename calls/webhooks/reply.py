"""What a webhook answers: little, and the same whether it is asked by WSGI or through Django's URLs."""

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import orjson


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
