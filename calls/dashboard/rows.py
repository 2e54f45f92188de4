"""A page of calls as the list shows it: each with its parties, times and line. Three queries, however many calls."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from calls.dashboard.by_name import ByName
from calls.dashboard.outcomes import State, doing, state_of
from calls.dashboard.paging import place_of
from calls.dashboard.ways import Step, steps_of, way_of
from calls.models import Call, CallEvent, Kind, Leg
from calls.records.line import Line, Stretch, axis_line, row_line, stretches, time_of
from calls.records.names import names_of
from calls.vonage import numbers
from calls.vonage.events import parse_time

STEP = " \u203a "
MOST_LETTERS = 60
MOST_STEPS = 4  # people rung on one call, by name
Recordings = dict[int, list[tuple[datetime, datetime]]]
Steps = dict[int, list[Step]]


@dataclass(frozen=True)
class Party(ByName):
    """Who takes part: its name or number, and under it what belongs to it."""

    whole: str
    under: str = ""

    @property
    def shown(self) -> str:
        """What a row has room for. Vonage sends names of up to 255 characters."""
        return self.whole if len(self.whole) <= MOST_LETTERS else f"{self.whole[: MOST_LETTERS - 1]}…"

    @property
    def is_cut(self) -> bool:
        return len(self.whole) > MOST_LETTERS


@dataclass(frozen=True)
class Row(ByName):
    """A call in the list, or in the strip of calls in progress."""

    call: Call
    state: State
    caller: Party
    called: Party
    day: date | None
    rang: timedelta | None
    talked: timedelta | None
    recorded: timedelta | None
    lasted: timedelta | None  # None while it lasts
    so_far: timedelta | None
    line: Line
    path: str
    axis: Line | None = None  # of a call in progress
    doing: str = ""
    heading: date | None = None  # the day under which the list shows it

    @property
    def is_odd(self) -> bool:
        """It stands under another day than its own."""
        return self.dated != self.heading

    @property
    def dated(self) -> date | None:
        """The day that may head it: none that is yet to come."""
        return self.day if self.day and self.day <= timezone.localdate() else None

    @property
    def place(self) -> str:
        """Where it stands in the list."""
        return place_of(self.call)

    @property
    def we_called(self) -> bool:
        return self.call.direction == "outbound"

    @property
    def other(self) -> str:
        """Whoever is at the other end, and may be called (back)."""
        return self.call.to_number if self.we_called else self.call.from_number


def rows_of(*groups: Sequence[Call], now: datetime | None = None) -> list[list[Row]]:
    """Make rows of these calls, in their order and groups: three queries for all of them."""
    found = list({call.pk: call for group in groups for call in group}.values())
    now = now or timezone.now()
    legs: dict[int, list[Leg]] = defaultdict(list)
    for leg in Leg.objects.filter(call__in=found).oldest_first() if found else ():
        legs[leg.call_id or 0].append(leg)
    recordings, steps = _told(found) if found else ({}, {})
    labels = _labels(found, [leg for group in legs.values() for leg in group]) if found else {}
    rows = {
        call.pk: _row(call, legs[call.pk], recordings.get(call.pk, []), steps.get(call.pk, []), labels, now)
        for call in found
    }
    return [_headed([rows[call.pk] for call in group]) for group in groups]


def _headed(rows: list[Row]) -> list[Row]:
    """Put each row under a day so that each day heads once, newest first, as rows.js does with rows that come.

    The list is in order of start. A day that is yet to come heads nothing: a clock was wrong.
    """
    days: list[date | None] = []
    for row in reversed(rows):
        below = days[-1] if days else None
        days.append(max((day for day in (row.dated, below) if day), default=None))
    headed: list[Row] = []
    for row, day in zip(rows, reversed(days), strict=True):
        headed.append(replace(row, heading=day or (headed[-1].heading if headed else None)))
    return headed


def caller(text: str, labels: dict[str, str]) -> Party:
    """Name who called: our own number by its label, a contact by name, others with their country."""
    shown = numbers.shown(text)
    if labels.get(text):
        return Party(labels[text], shown)
    return Party(shown, "number not sent" if numbers.is_hidden(text) else numbers.country(text))


def called(text: str, labels: dict[str, str]) -> Party:
    """Name who was called, likewise; nobody hides that."""
    shown = numbers.shown_called(text)
    return Party(labels[text], shown) if labels.get(text) else Party(shown, numbers.country(text))


def _row(
    call: Call,
    legs: list[Leg],
    recordings: list[tuple[datetime, datetime]],
    steps: Sequence[Step],
    labels: dict[str, str],
    now: datetime,
) -> Row:
    state = state_of(call, legs)
    lives = state.end == "now"
    found = stretches(legs, recordings, now=now if lives else _last_known(legs, now))
    started = call.started_at
    return Row(
        call=call,
        state=state,
        caller=caller(call.from_number, labels),
        called=called(call.to_number, labels),
        day=timezone.localdate(started) if started else None,
        rang=_rang(found, call),
        talked=time_of(found, {"talk"}) or None,
        recorded=time_of(found, {"rec"}) or None,
        lasted=call.ended_at - started if started and call.ended_at else None,
        so_far=now - started if started else None,
        line=row_line(found),
        path=_path(state, legs, steps, labels),
        axis=axis_line(found, now=now) if lives else None,
        doing=doing(legs, lambda text: called(text, labels).shown) if lives else "",
    )


def _last_known(legs: Sequence[Leg], now: datetime) -> datetime:
    """The last time that was told of a call: one of which we never heard the end is drawn no further."""
    return max(
        (moment for leg in legs for moment in (leg.started_at, leg.answered_at, leg.ended_at) if moment), default=now
    )


def _rang(found: Sequence[Stretch], call: Call) -> timedelta | None:
    """How long somebody was rung: not the moment in which we ourselves pick up a call that comes in."""
    ours = call.direction != "outbound" and call.answered_at is not None
    return time_of(found[1:] if ours else found, {"ring"}) or None


def _path(state: State, legs: Sequence[Leg], steps: Sequence[Step], labels: dict[str, str]) -> str:
    """Tell the way the call took, in words: the steps of the flow, who was rung, what came of it."""
    if not legs:
        return ""
    first, further = legs[0], legs[1:]
    rung = list(dict.fromkeys(called(leg.to_number, labels).shown for leg in further))
    people = rung if len(rung) <= MOST_STEPS else [*rung[:MOST_STEPS], f"{len(rung) - MOST_STEPS} more"]
    way = way_of(steps or [Step("greeting", "Greeting")], people) if first.answered_at else people
    if state.end == "voice":
        way += [] if any(step.kind == "voicemail" for step in steps) else ["voicemail"]
    elif state.word == "Heard a notice":
        way.append({"user": "hung up", "platform": "heard to the end"}.get(first.disconnected_by, "ended"))
    elif state.end in {"none", "cross"}:
        way.append(state.note or state.word.lower())
    elif first.disconnected_by == "user" and first.direction != "outbound":
        way.append("caller hung up")
    return STEP.join(way)


def _told(calls: Sequence[Call]) -> tuple[Recordings, Steps]:
    """When something was recorded, and by which steps of a flow a call went, by call.

    Read from the payloads, of which no more than that is fetched.
    """
    recordings: Recordings = defaultdict(list)
    steps: Steps = defaultdict(list)
    telling = Q(kind=Kind.RECORD) | Q(payload__reply__path__isnull=False)
    columns = ("call_id", "kind", "payload__start_time", "payload__end_time", "payload__reply__path")
    events = CallEvent.objects.filter(telling, call__in=calls).oldest_first()
    for call, kind, start, stop, path in events.values_list(*columns):
        starts_at, ends_at = parse_time(start), parse_time(stop)
        if call and kind == Kind.RECORD and starts_at and ends_at:
            recordings[call].append((starts_at, ends_at))
        if call and path:
            steps[call] += steps_of(path)
    return recordings, steps


def _labels(calls: Sequence[Call], legs: Sequence[Leg]) -> dict[str, str]:
    """The labels of our own numbers among these parties, and the names of contacts."""
    rows: list[Call | Leg] = [*calls, *legs]
    parties = {text for row in rows for text in (row.from_number, row.to_number)}
    return names_of(parties)
