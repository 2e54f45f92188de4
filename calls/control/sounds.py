"""A sound as HTTP gives it, to people, programs and Vonage alike: whole, or the range that is asked for."""

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from calls.models import Recording
from calls.vonage.recordings import SOUNDS

PIECE = 64 * 1024
RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})", re.ASCII)
HEADERS = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-cache",
    "X-Content-Type-Options": "nosniff",
    # Nothing of it is ever a page of ours: the browser plays it, or saves it.
    "Content-Security-Policy": "default-src 'none'; media-src 'self'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Part:
    """Bytes of a file, some at a time. Django closes it at the end, and when the browser goes away."""

    def __init__(self, file: IO[Any], first: int, last: int) -> None:
        self.file, self.first, self.last = file, first, last

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(self.first)
        left = self.last - self.first + 1
        while left and (piece := self.file.read(min(PIECE, left))):
            left -= len(piece)
            yield piece

    def close(self) -> None:
        self.file.close()


def sound_response(row: Recording, request: HttpRequest) -> HttpResponseBase:
    """Answer with the sound of a recording that is kept. `?download=1` saves it. Raises Http404."""
    tag = (row.file.name or "").rpartition("/")[2].partition(".")[0]
    shown = {"Content-Disposition": f'{_way(request)}; filename="{_name(row)}"'}
    return file_response(request, partial(_open, row), row.size or 0, row.content_type, tag, shown)


def file_response(
    request: HttpRequest, opened: Callable[[], IO[Any]], size: int, content_type: str, tag: str, shown: dict[str, str]
) -> HttpResponseBase:
    """Answer with a file of `size` bytes, or with the range that is asked for.

    `tag` names these very bytes; `shown` are headers of answers that bring some, and may replace HEADERS.
    """
    etag = f'"{tag}"'
    ranged = request.headers.get("If-Range", etag) == etag
    wanted = read_range(request.headers.get("Range", ""), size) if ranged else None
    if wanted == ():
        response: HttpResponseBase = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    elif request.headers.get("If-None-Match") == etag and not wanted:
        response = HttpResponse(status=304)
    else:
        first, last = wanted or (0, size - 1)
        part = Part(opened(), first, last)
        if request.method == "HEAD":
            part.close()
            response = HttpResponse(content_type=content_type)
        else:
            response = StreamingHttpResponse(part, content_type=content_type)
        response.headers["Content-Length"] = str(last - first + 1)
        if wanted:
            response.status_code = 206
            response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    for name, value in (HEADERS | shown | {"ETag": etag}).items():
        response.headers[name] = value
    return response


def read_range(header: str, size: int) -> tuple[int, int] | tuple[()] | None:
    """Read a Range header: the first and the last byte. None: all of it; (): there is no such range.

    Several ranges at once, and what is no range of bytes, count as not asked for, as RFC 9110 allows.
    """
    found = RANGE.fullmatch(header.strip())
    if found is None or found.groups() == ("", ""):
        return None
    begin, end = found.groups()
    if not begin:  # the last so many
        count = min(int(end), size)
        return (size - count, size - 1) if count else ()
    first, last = int(begin), min(int(end), size - 1) if end else size - 1
    if end and int(end) < first:
        return None
    return (first, last) if first < size else ()


def _way(request: HttpRequest) -> str:
    return "attachment" if request.GET.get("download") else "inline"


def _name(row: Recording) -> str:
    return f"call-{row.event.call_id or 0}-recording-{row.pk}.{SOUNDS[row.content_type]}"


def _open(row: Recording) -> IO[Any]:
    try:
        return row.file.open("rb")
    except OSError as error:
        raise Http404("The storage has not got the recording.") from error
