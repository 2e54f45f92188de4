"""The sound of a recording as HTTP gives it, to people and programs alike: whole, or the range that is asked for."""

import re
from collections.abc import Iterator
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
    size, tag = row.size or 0, f'"{(row.file.name or "").rpartition("/")[2].partition(".")[0]}"'
    wanted = None if request.headers.get("If-Range", tag) != tag else read_range(request.headers.get("Range", ""), size)
    if wanted == ():
        response: HttpResponseBase = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    elif request.headers.get("If-None-Match") == tag and not wanted:
        response = HttpResponse(status=304)
    else:
        first, last = wanted or (0, size - 1)
        part = Part(_open(row), first, last)
        if request.method == "HEAD":
            part.close()
            response = HttpResponse(content_type=row.content_type)
        else:
            response = StreamingHttpResponse(part, content_type=row.content_type)
        response.headers["Content-Length"] = str(last - first + 1)
        response.headers["Content-Disposition"] = f'{_way(request)}; filename="{_name(row)}"'
        if wanted:
            response.status_code = 206
            response.headers["Content-Range"] = f"bytes {first}-{last}/{size}"
    for name, value in (HEADERS | {"ETag": tag}).items():
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
