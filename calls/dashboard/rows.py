"""A page of calls as the list shows it: each with its parties, times and line. Three queries, however many calls."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import orjson
from django.utils import timezone

from calls.dashboard.by_name import ByName
from calls.dashboard.outcomes import State, doing, state_of
from calls.dashboard.paging import place_of
from calls.dashboard.ways import Step, block_of, steps_of, way_of
from calls.models import Call, Kind, Leg, VoicemailState
from calls.records.line import Line, Stretch, axis_line, row_line, stretches, time_of
from calls.records.names import Known, known_of
from calls.records.tables import ask
from calls.templatetags.calls_format import AHEAD, time_there
from calls.vonage import numbers
from calls.vonage.events import parse_time

STEP = " \u203a "
MOST_LETTERS = 60
MOST_STEPS = 4  # people rung on one call, by name

# What the events of some calls tell beside the legs. No more of a payload is fetched than is read of it, and messages
# are looked up event by event: with a join Postgres might read all recordings beforehand.
MESSAGE = """FROM calls_recording AS recording JOIN calls_voicemail AS message ON message.recording_id = recording.id
    WHERE recording.event_id = event.id"""
TOLD = f"""
    SELECT event.call_id, event.kind, event.payload ->> 'start_time', event.payload ->> 'end_time',
        CAST(event.payload -> 'reply' -> 'path' AS text),
        (SELECT message.id {MESSAGE}), (SELECT message.state {MESSAGE})
    FROM calls_callevent AS event
    WHERE event.call_id = ANY(%s)
        AND (event.kind = '{Kind.RECORD}' OR event.payload -> 'reply' -> 'path' IS NOT NULL)
    ORDER BY event.occurred_at, event.rank, event.id
"""  # noqa: S608 -- words of ours


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
class Message(ByName):
    """A message of the inbox that was left on a call."""

    pk: int
    state: str

    @property
    def words(self) -> str:
        return "not heard yet" if self.state == VoicemailState.NEW else self.state


@dataclass(frozen=True)
class Told:
    """What the events of a call tell beside its legs."""

    recordings: list[tuple[datetime, datetime]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)


@dataclass(frozen=True)
class Row(ByName):
    """A call in the list, or in the strip of calls in progress."""

    call: Call
    state: State
    caller: Party
    called: Party
    day: date | None
    there: str  # when it began by the clock of our number, where that shows another time
    rang: timedelta | None
    talked: timedelta | None
    recorded: timedelta | None
    lasted: timedelta | None  # None while it lasts
    so_far: timedelta | None
    line: Line
    path: str
    message: Message | None = None  # the newest that was left
    blocked: str = ""  # by which line of the block list its caller is stopped by now, in words
    axis: Line | None = None  # of a call in progress
    doing: str = ""
    heading: date | None = None  # the day under which the list shows it

    @property
    def is_odd(self) -> bool:
        """It stands under another day than its own."""
        return self.dated != self.heading

    @property
    def dated(self) -> date | None:
        """The day that may head it: AHEAD for one that is yet to come, which a wrong clock told."""
        return AHEAD if self.day and self.day > timezone.localdate() else self.day

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
        return self.call.other_party

    @property
    def care(self) -> str:
        """Who saw to a caller that reached nobody."""
        return f"handled by {self.call.handled_by}" if self.call.handled_at else ""


def rows_of(*groups: Sequence[Call], now: datetime | None = None) -> list[list[Row]]:
    """Make rows of these calls, in their order and groups: three queries for all of them."""
    found = list({call.pk: call for group in groups for call in group}.values())
    now = now or timezone.now()
    legs: dict[int, list[Leg]] = defaultdict(list)
    for leg in Leg.objects.filter(call__in=found).oldest_first() if found else ():
        legs[leg.call_id or 0].append(leg)
    told = _told(found) if found else {}
    known = _known(found, [leg for group in legs.values() for leg in group]) if found else Known({})
    rows = {call.pk: _row(call, legs[call.pk], told.get(call.pk, Told()), known, now) for call in found}
    return [_headed([rows[call.pk] for call in group]) for group in groups]


def _headed(rows: list[Row]) -> list[Row]:
    """Put each row under a day so that each day heads once, newest first, as rows.js does with rows that come.

    The list is in order of start: what is dated ahead comes first, under a heading that says so.
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


def _row(call: Call, legs: list[Leg], told: Told, known: Known, now: datetime) -> Row:
    state, labels = state_of(call, legs, told.steps), known.names
    lives = state.end == "now"
    found = stretches(legs, told.recordings, now=now if lives else _last_known(legs, now))
    started = call.started_at
    return Row(
        call=call,
        state=state,
        caller=caller(call.from_number, labels),
        called=called(call.to_number, labels),
        day=timezone.localdate(started) if started else None,
        there=time_there(started, known.zones.get(call.our_number, "")),
        rang=_rang(found, call),
        talked=time_of(found, {"talk"}) or None,
        recorded=time_of(found, {"rec"}) or None,
        lasted=call.ended_at - started if started and call.ended_at else None,
        so_far=now - started if started else None,
        line=row_line(found),
        path=path_of(state, legs, told.steps, labels),
        message=told.messages[-1] if told.messages else None,
        blocked=known.blocked.get(call.from_number, ""),
        axis=axis_line(found, now=now) if lives else None,
        doing=doing(legs, lambda text: called(text, labels).shown, told.steps) if lives else "",
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


def path_of(state: State, legs: Sequence[Leg], steps: Sequence[Step], labels: dict[str, str]) -> str:
    """Tell the way the call took, in words: the steps of the flow, who was rung, what came of it."""
    if not legs:
        return ""
    first, further = legs[0], legs[1:]
    rung = list(dict.fromkeys(called(leg.to_number, labels).shown for leg in further))
    people = rung if len(rung) <= MOST_STEPS else [*rung[:MOST_STEPS], f"{len(rung) - MOST_STEPS} more"]
    way = way_of(steps or [Step("greeting", "Greeting")], people) if first.answered_at else people
    block = block_of(steps)
    if state.end == "voice":
        way += [] if any(step.kind == "voicemail" for step in steps) else ["voicemail"]
    elif state.word == "Heard a notice":
        way.append({"user": "hung up", "platform": "heard to the end"}.get(first.disconnected_by, "ended"))
    elif block:
        way += [block.end] if block.end else []
    elif state.end in {"none", "cross"}:
        way.append(state.note or state.word.lower())
    elif first.disconnected_by == "user" and first.direction != "outbound":
        way.append("caller hung up")
    return STEP.join(way)


def _told(calls: Sequence[Call]) -> dict[int, Told]:
    """When something was recorded, by which steps of a flow a call went, and which messages were left, by call."""
    found: dict[int, Told] = defaultdict(Told)
    for call, kind, start, stop, path, message, state in ask(TOLD, [call.pk for call in calls]):
        told = found[call]
        starts_at, ends_at = parse_time(start), parse_time(stop)
        if kind == Kind.RECORD and starts_at and ends_at:
            told.recordings.append((starts_at, ends_at))
        if path:
            told.steps.extend(steps_of(orjson.loads(path)))
        if message:
            told.messages.append(Message(message, state))
    return found


def _known(calls: Sequence[Call], legs: Sequence[Leg]) -> Known:
    """The labels of our own numbers among these parties, the names of contacts, and which callers are blocked."""
    rows: list[Call | Leg] = [*calls, *legs]
    parties = {text for row in rows for text in (row.from_number, row.to_number)}
    return known_of(parties, {call.from_number for call in calls if call.direction != "outbound"})
