"""A call as lines of time: `timeline(legs, events, now)` gives a lane for each leg, with bars, keys and its end.

Pure, in seconds after the call's start, and never refused: legs without times, ends before starts, clocks
that differ (see moments.py).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from calls.records.moments import Clock, EventRow, Moment, is_message, keys_of, served_actions, skew_of
from calls.vonage.events import parse_time

MOST_OVERLAYS = 200  # waits and recordings that are drawn on one lane
DTMF_TIMEOUT, SPEECH_TIMEOUT = 3.0, 10.0  # seconds an `input` waits unless it says otherwise
REACHED_NOBODY = {"busy", "cancelled", "timeout", "unanswered"}
FAILED = {"failed", "rejected"}


class LegRow(Protocol):
    """What is read of a leg: the model has it."""

    pk: int
    direction: str
    status: str
    started_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Bar:
    """A stretch of a lane. `kind`: dial ring hears say wait talk rec."""

    kind: str
    start: float
    end: float

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True)
class Key:
    """What was keyed in by the caller."""

    at: float
    keys: str
    event: EventRow


@dataclass(frozen=True)
class End:
    """How a lane ends. `shape`: dot, message, ring (nobody was reached), cross, now (it goes on), open (not told)."""

    at: float
    shape: str


@dataclass(frozen=True)
class Lane:
    """One leg."""

    leg: LegRow
    bars: tuple[Bar, ...]
    end: End | None
    keys: tuple[Key, ...] = ()


@dataclass(frozen=True)
class Timeline:
    """A call. Seconds count from `zero`; all that is drawn lies between `begin` and `end`."""

    zero: datetime
    begin: float
    end: float
    live: bool
    lanes: tuple[Lane, ...]
    moments: tuple[Moment, ...]  # in order of time
    skew: float = 0.0  # seconds by which webhooks came later than Vonage's time; 0 where that is as it should be


@dataclass
class Story:
    """What is known beside the legs: recordings, waits for a key, when each leg rang."""

    recordings: list[tuple[float, float]] = field(default_factory=list)
    waits: list[tuple[float, float]] = field(default_factory=list)
    keys: list[Key] = field(default_factory=list)
    rang: dict[int, float] = field(default_factory=dict)  # by the leg's pk
    message: bool = False


def timeline(legs: Sequence[LegRow], events: Iterable[EventRow], now: datetime, *, goes_on: bool = True) -> Timeline:
    """Read the lines of a call out of its legs, in order of start, and its events.

    A leg without an end lasts until `now`; of a call that is known to be over, until the last thing told.
    """
    rows = list(events)
    starts = [leg.started_at for leg in legs if leg.started_at] or [event.occurred_at for event in rows] or [now]
    clock = Clock(zero=min(starts), skew=skew_of(rows))
    moments = tuple(sorted(map(clock.place, rows), key=_place))
    story = _story(moments, clock)
    last = max((moment.at for moment in moments), default=0.0)
    present = max(clock.at(now) - clock.skew if goes_on else last, 0.0)
    spans = {leg.pk: _span(leg, clock, present) for leg in legs}
    lanes = tuple(_lane(leg, legs, spans, story, goes_on=goes_on) for leg in legs)
    points = [0.0, *(point for moment in moments for point in (moment.at, moment.arrived))]
    points += [lane.end.at for lane in lanes if lane.end]
    live = any(lane.end is not None and lane.end.shape == "now" for lane in lanes)
    return Timeline(clock.zero, min(points), max(points), live, lanes, moments, clock.skew)


def with_events(line: Timeline, events: Iterable[EventRow]) -> Timeline:
    """The same with more events in its list, which change nothing that is drawn: what people said of the call."""
    more = map(Clock(line.zero, line.skew).place, events)
    return replace(line, moments=tuple(sorted([*line.moments, *more], key=_place)))


def _place(moment: Moment) -> tuple[float, int, int]:
    return moment.at, moment.event.rank, moment.event.pk


def _story(moments: Iterable[Moment], clock: Clock) -> Story:
    story = Story()
    waiting: Mapping[str, Any] = {}
    for moment in moments:
        event, payload = moment.event, moment.event.payload
        if not isinstance(payload, dict):
            continue
        if event.kind == "record":
            story.message = story.message or is_message(event)
            times = [parse_time(payload.get(name)) for name in ("start_time", "end_time")]
            if times[0] and times[1]:
                story.recordings.append((clock.at(times[0]), clock.at(times[1])))
        elif event.kind == "input":
            if keys := keys_of(payload):
                story.keys.append(Key(moment.at, keys, event))
            elif seconds := _waited(payload, waiting):
                story.waits.append((moment.at - seconds, moment.at))
        elif event.status.lower() == "ringing" and event.leg_id is not None:
            story.rang.setdefault(event.leg_id, moment.at)
        waiting = next((a for a in served_actions(event) if a.get("action") == "input"), waiting)
    return story


def _waited(payload: Mapping[str, Any], action: Mapping[str, Any]) -> float:
    """How long we waited in vain, by the `input` action that we served; 0 where that is not known."""
    dtmf, speech = payload.get("dtmf"), payload.get("speech")
    if isinstance(speech, dict) and speech.get("timeout_reason") == "start_timeout":
        return _seconds(action.get("speech"), "startTimeout", SPEECH_TIMEOUT) if action else 0.0
    over = dtmf.get("timed_out") if isinstance(dtmf, dict) else payload.get("timed_out")
    return _seconds(action.get("dtmf") or action, "timeOut", DTMF_TIMEOUT) if over is True and action else 0.0


def _seconds(options: Any, name: str, default: float) -> float:
    value = options.get(name, default) if isinstance(options, dict) else default
    return float(value) if isinstance(value, int | float) and 0 < value <= 60 else default


@dataclass(frozen=True)
class Span:
    """A leg's own times, put in order: start ≤ answered ≤ end."""

    start: float
    answered: float | None
    end: float
    lasts: bool


def _span(leg: LegRow, clock: Clock, present: float) -> Span | None:
    """Read a leg's times. None where it has none at all."""
    given = [moment for moment in (leg.started_at, leg.answered_at, leg.ended_at) if moment]
    if not given:
        return None
    start = clock.at(leg.started_at or min(given))
    end = max(clock.at(leg.ended_at) if leg.ended_at else present, start)
    answered = min(max(clock.at(leg.answered_at), start), end) if leg.answered_at else None
    return Span(start, answered, end, lasts=leg.ended_at is None)


def _lane(
    leg: LegRow, legs: Sequence[LegRow], spans: Mapping[int, Span | None], story: Story, *, goes_on: bool
) -> Lane:
    span = spans[leg.pk]
    first = leg is legs[0]
    keys = tuple(story.keys) if first else ()
    if span is None:
        return Lane(leg, (), None, keys)
    bars = _until_answered(leg, span, story)
    if span.answered is not None:
        others = [(other, spans[other.pk]) for other in legs if other is not leg]
        bars += _since_answered(span, span.answered, others, story if first else Story())
    shape = _shape(leg, span, message=first and story.message)
    end = End(span.end, "open" if shape == "now" and not goes_on else shape)
    return Lane(leg, tuple(bar for bar in bars if bar.seconds > 0), end, keys)


def _until_answered(leg: LegRow, span: Span, story: Story) -> list[Bar]:
    """Dialling, then ringing. An inbound leg rings from its start."""
    over = span.end if span.answered is None else span.answered
    rang = story.rang.get(leg.pk, span.start) if leg.direction == "outbound" else span.start
    rang = min(max(rang, span.start), over)
    return [Bar("dial", span.start, rang), Bar("ring", rang, over)]


def _since_answered(
    span: Span, answered: float, others: Sequence[tuple[LegRow, Span | None]], story: Story
) -> list[Bar]:
    """Hears us speak, but for what is known better: in order of what counts less, each over the ones before."""
    overlays = [("wait", a, b) for a, b in story.waits[:MOST_OVERLAYS]]
    overlays += [("rec", a, b) for a, b in story.recordings[:MOST_OVERLAYS]]
    for other, its in others[:MOST_OVERLAYS]:
        if its and its.answered is not None:
            overlays.append(("talk", its.answered, its.end))
        if its and other.direction == "outbound" and span.start <= its.start:
            rang = story.rang.get(other.pk, its.start)
            overlays.insert(0, ("hears", rang, its.end if its.answered is None else its.answered))
    bars = [Bar("say", answered, span.end)]
    for kind, start, end in overlays:
        bars = _joined(_painted(bars, Bar(kind, max(start, answered), min(end, span.end))))
    return bars


def _painted(bars: Iterable[Bar], over: Bar) -> Iterator[Bar]:
    """Lay a bar over others: what it covers of them goes."""
    for bar in bars:
        if over.seconds <= 0 or bar.end <= over.start or bar.start >= over.end:
            yield bar
            continue
        if bar.start < over.start:
            yield replace(bar, end=over.start)
        yield Bar(over.kind, max(bar.start, over.start), min(bar.end, over.end))
        if bar.end > over.end:
            yield replace(bar, start=over.end)


def _joined(bars: Iterable[Bar]) -> list[Bar]:
    joined: list[Bar] = []
    for bar in bars:
        if joined and joined[-1].kind == bar.kind:
            joined[-1] = replace(joined[-1], end=bar.end)
        else:
            joined.append(bar)
    return joined


def _shape(leg: LegRow, span: Span, *, message: bool) -> str:
    status = leg.status.lower()
    if span.lasts:
        return "now"
    if status in FAILED:
        return "cross"
    if status in REACHED_NOBODY or span.answered is None:
        return "ring"
    return "message" if message else "dot"
