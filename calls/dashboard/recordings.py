"""Recordings: what the call's page tells of them, and the sound itself, in ranges, as players ask for it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from calls.control.recordings import in_kb
from calls.models import Call, Kind, Outcome, Recording, RecordingState
from calls.vonage.recordings import SOUNDS

MOST_SHOWN = 50
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
WIDTH, STEPS = 300, (1, 5, 10, 30, 60, 300, 600, 1_800, 3_600)  # of the player's line; seconds between two ticks
MOST_TICKS = 30


@dataclass(frozen=True)
class Sound:
    """A recording as the call's page tells it."""

    row: Recording
    title: str
    note: str  # why it is not there, or what is known of it
    problem: bool = False

    @property
    def kept(self) -> bool:
        return self.row.state == RecordingState.KEPT

    @property
    def waiting(self) -> bool:
        return self.row.state == RecordingState.WAITING

    @property
    def seconds(self) -> int:
        lasts = self.row.lasts
        return int(lasts.total_seconds()) if lasts else 0

    @property
    def file(self) -> str:
        """MP3, 140 kB."""
        return f"{SOUNDS[self.row.content_type].upper()}, {in_kb(self.row.size or 0)}"

    @property
    def ticks(self) -> list[float]:
        """Where the seconds stand on the player's line."""
        if self.seconds < 2:
            return []
        step = next((step for step in STEPS if self.seconds / step <= MOST_TICKS), STEPS[-1])
        return [round(at / self.seconds * WIDTH, 1) for at in range(step, self.seconds, step)]


def sounds_of(call: Call) -> list[Sound]:
    """Read the recordings of a call, the oldest first. One query."""
    rows = list(Recording.objects.of_call(call.pk).select_related("event")[:MOST_SHOWN])
    return [_sound(row, number, call, alone=len(rows) == 1) for number, row in enumerate(rows, start=1)]


def _sound(row: Recording, number: int, call: Call, *, alone: bool) -> Sound:
    if row.event.kind == Kind.INPUT:
        word = "What was said"
    else:
        word = "Message" if call.outcome == Outcome.VOICEMAIL else "Recording"
    title = word if alone else f"{word} {number}"
    if row.state == RecordingState.KEPT:
        return Sound(row, title, "")
    if row.state == RecordingState.FAILED:
        return Sound(row, title, f"It could not be fetched. {row.problem}", problem=True)
    if row.problem:
        return Sound(row, title, f"It is not here yet. {row.problem} The worker tries again.")
    return Sound(row, title, "The worker fetches it from Vonage in a moment.")


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


@require_safe
@login_required
def recording(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The sound: whole, or the range that is asked for. `?download=1` saves it."""
    row = get_object_or_404(Recording, pk=pk, state=RecordingState.KEPT)
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
