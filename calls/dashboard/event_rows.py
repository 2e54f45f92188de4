"""Everything that happened on a call, row by row, as its page lists it."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from calls.dashboard.by_name import ByName
from calls.dashboard.marks import NEAR_MISS_MS, milliseconds_of
from calls.dashboard.pretty import Paper, Pretty
from calls.dashboard.ways import steps_of
from calls.models import CallEvent, FlowVersion
from calls.records.cast import Cast
from calls.records.moments import Moment, reply_of, served_actions, shape_of
from calls.records.timeline import Bar, Timeline
from calls.records.words import Words, in_words
from calls.templatetags.calls_format import duration
from calls.vonage.events import text_of
from calls.vonage.heads import HIDDEN

DOORS = {"answer", "event", "fallback"}
MOST_BYTES = 100_000
STEADY_SECONDS = 8.0  # nothing happens for that long: a quiet row says so
LIMIT_MS = 5_000  # Vonage waits no longer for an answer
GAUGE = 300.0
DOING = {
    "dial": "dialling",
    "ring": "ringing",
    "hears": "ringing",
    "say": "hearing us speak",
    "wait": "waiting for a key",
    "talk": "talking",
    "rec": "recording",
}


@dataclass(frozen=True)
class Tag(ByName):
    """A short remark on a row. `tone` is "", warn or bad."""

    text: str
    tone: str = ""


@dataclass(frozen=True)
class Request(ByName):
    """The head of a webhook: its line, and its headers with secrets masked."""

    line: str
    headers: Sequence[tuple[str, str]]
    kept: bool  # else the line is made of what is kept, as it can be sent again

    @property
    def lines(self) -> SafeString:
        """Its headers, each on a line."""
        return format_html_join("", "\n<b>{}</b>: {}", self.headers)


@dataclass(frozen=True)
class Reply(ByName):
    """An answer that we gave: what was served, how fast, by which version."""

    ncco: Pretty
    actions: int
    milliseconds: float | None
    version: FlowVersion | None
    problem: str

    @property
    def gauge(self) -> float:
        """How much of the 5 s it took, in px of the gauge."""
        return round(max(min((self.milliseconds or 0) / LIMIT_MS, 1.0) * GAUGE, 3.0), 1)

    @property
    def slow(self) -> bool:
        return (self.milliseconds or 0) > NEAR_MISS_MS


@dataclass(frozen=True)
class EventRow(ByName):
    """One event. `rail` is what goes on on the caller's line, as classes; `gap` a steady stretch before it."""

    event: CallEvent
    moment: Moment
    words: Words
    shape: str
    rail: str
    first: bool
    gap: str
    gap_rail: str
    tags: tuple[Tag, ...]
    request: Request | None
    payload: Pretty
    reply: Reply | None
    steps: tuple[str, ...] = ()  # of a flow, to which it led or of which it tells

    @property
    def can_be_sent(self) -> bool:
        return can_be_sent(self.event)


def event_rows(line: Timeline, cast: Cast, versions: Mapping[int, FlowVersion], paper: Paper) -> list[EventRow]:
    """Make the rows of a timeline, whose events are CallEvents."""
    rows = []
    before: Moment | None = None
    bars = line.lanes[0].bars if line.lanes else ()
    over = line.lanes[0].end if line.lanes else None
    ended = False
    for moment in line.moments:
        event = moment.event
        assert isinstance(event, CallEvent)  # noqa: S101 - tells mypy what the view put in
        after = over is not None and over.shape != "now" and moment.at >= over.at
        rail = "after" if after and ended else f"{_last(bars)} rail-end" if after else _doing(bars, moment.at)
        ended = ended or after
        gap, gap_rail = _gap(bars, before, moment) if before else ("", "")
        rows.append(
            EventRow(
                event=event,
                moment=moment,
                words=in_words(event, cast),
                shape=shape_of(event),
                rail=rail,
                first=before is None,
                gap=gap,
                gap_rail=gap_rail,
                tags=tuple(_tags(event, moment)),
                request=request_of(event),
                payload=paper.write(asked(event.payload)),
                reply=_reply(event, versions, paper),
                steps=tuple(map(str, steps_of(reply_of(event).get("path")))),
            )
        )
        before = moment
    return rows


def asked(payload: Any) -> Any:
    """The request's own fields, without the reply that we keep with it."""
    return {name: value for name, value in payload.items() if name != "reply"} if isinstance(payload, dict) else payload


def can_be_sent(event: CallEvent) -> bool:
    """Whether it was a request that is kept, and not a huge one: a shell takes no argument of more than 128 kB."""
    return event.door in DOORS and bool(asked(event.payload)) and len(json.dumps(event.payload)) < MOST_BYTES


def request_of(event: CallEvent) -> Request | None:
    """The head as it came; of earlier events, and where none was kept, as it may have been."""
    if event.head:
        return Request(event.head.line, event.head.headers, kept=True)
    if not can_be_sent(event):
        return None
    headers = [("Authorization", f"Bearer {HIDDEN}")] if event.signed else []
    return Request(f"{method_of(event)} /{event.door}", headers, kept=False)


def method_of(event: CallEvent) -> str:
    """An answer is asked for by GET, as the tutorial has it, unless it says what no query can; all else is posted."""
    plain = all(isinstance(value, str) for value in asked(event.payload).values())
    return "GET" if event.door == "answer" and plain else "POST"


def version_of(event: CallEvent) -> int | None:
    """The id of the version that answered; None for other events and odd payloads."""
    reply = event.payload.get("reply") if isinstance(event.payload, dict) else None
    version = reply.get("version") if isinstance(reply, dict) and shape_of(event) == "asked" else None
    return version if isinstance(version, int) and 0 < version < 2**63 else None


def _doing(bars: Sequence[Bar], at: float) -> str:
    """What goes on from that moment on."""
    return next((bar.kind for bar in bars if bar.start <= at < bar.end), "")


def _last(bars: Sequence[Bar]) -> str:
    return bars[-1].kind if bars else "none"


def _gap(bars: Sequence[Bar], before: Moment, moment: Moment) -> tuple[str, str]:
    """A steady stretch before an event, in words, and what went on on it."""
    seconds = moment.at - before.at
    if seconds <= STEADY_SECONDS:
        return "", ""
    middle = before.at + seconds / 2
    bar = next((bar for bar in bars if bar.start <= middle < bar.end), None)
    if bar is None:
        return duration(seconds), "after"
    shared = min(bar.end, moment.at) - max(bar.start, before.at)
    part = "" if shared > 0.9 * seconds else f", {duration(shared)} of it"
    return f"{duration(seconds)}{part} {DOING[bar.kind]}", bar.kind


def _tags(event: CallEvent, moment: Moment) -> Iterator[Tag]:
    if event.times_received > 1:
        yield Tag(f"received {event.times_received}×")
    if moment.late:
        yield Tag(f"arrived {duration(moment.late)} late", "warn")
    if shape_of(event) == "unknown":
        yield Tag("other", "warn")
    if not event.signed:
        yield Tag("not signed", "warn")
    if event.error:
        yield Tag("could not be read", "bad")


def _reply(event: CallEvent, versions: Mapping[int, FlowVersion], paper: Paper) -> Reply | None:
    if shape_of(event) != "asked" or not isinstance(event.payload, dict) or "reply" not in event.payload:
        return None
    reply = event.payload["reply"]
    told = reply if isinstance(reply, dict) else {}
    return Reply(
        ncco=paper.write(told.get("ncco")),
        actions=len(served_actions(event)),
        milliseconds=milliseconds_of(event.payload),
        version=versions.get(version_of(event) or 0),
        problem=text_of(told.get("problem")),
    )


def replies_of(events: Iterable[CallEvent]) -> list[float]:
    """How long each of our answers took, in milliseconds."""
    return [took for event in events if (took := milliseconds_of(event.payload)) is not None]
