"""Chunked request bodies: Django reads one as empty (its ticket 35838), so an event would be lost."""

import io
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class WholeBody:
    """WSGI wrapper that reads a chunked body whole, up to WEBHOOK_MAX_BYTES, and gives it its length."""

    def __init__(self, application: Application) -> None:
        self.application = application
        self.is_prompt: Callable[[str], bool] = getattr(application, "is_prompt", lambda path: False)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_TRANSFER_ENCODING") and not environ.get("CONTENT_LENGTH"):
            try:
                body = read_up_to(environ["wsgi.input"], settings.WEBHOOK_MAX_BYTES)
            except OSError:  # the sender hung up, or its chunks are none
                start_response("400 Bad Request", [("Content-Type", "text/plain"), ("Connection", "close")])
                return [b"The body cannot be read.\n"]
            if body is None:
                start_response("413 Content Too Large", [("Content-Type", "text/plain"), ("Connection", "close")])
                return [b"The body is too large.\n"]
            environ["CONTENT_LENGTH"] = str(len(body))
            environ["wsgi.input"] = io.BytesIO(body)
        return self.application(environ, start_response)


def read_up_to(stream: Any, most: int) -> bytes | None:
    """Read the stream to its end, or give None when it holds more than `most` bytes."""
    chunks = []
    length = 0
    while chunk := stream.read(min(65_536, most + 1 - length)):
        chunks.append(chunk)
        length += len(chunk)
        if length > most:
            return None
    return b"".join(chunks)
