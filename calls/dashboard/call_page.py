"""One call as its page tells it: state, sentence, facts, chart, events. The same number of queries for any call."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.db.models import Count, Max, Q, Sum
from django.utils import timezone

from calls.control import acting
from calls.dashboard.event_rows import EventRow, event_rows, replies_of, version_of
from calls.dashboard.facts import Fact, Webhooks, facts
from calls.dashboard.outcomes import State, state_of
from calls.dashboard.pretty import Paper
from calls.dashboard.recordings import Sound, sounds_of
from calls.dashboard.waterfall import MOST_LANES, Name, Waterfall, waterfall
from calls.models import Call, CallEvent, CallFlow, FlowVersion, Kind, Leg, Outcome, PhoneNumber
from calls.records.cast import Cast, Part
from calls.records.heard import cut, spoken
from calls.records.moments import is_message, keys_of, served_actions, shape_of
from calls.records.names import names_of
from calls.records.sentence import Deeds, Facts, clock_of, sentence
from calls.records.timeline import Lane, Timeline, timeline
from calls.templatetags.calls_format import duration
from calls.vonage import numbers
from calls.vonage.events import parse_time, text_of

MOST_EVENTS = 200  # on one page
MOST_LEGS = 100  # that are told in full; with the last one
MOST_ANSWERS = 50
LIVE_SECONDS, QUIET_SECONDS = 2, 10  # between polls: while it goes on, and for what comes after it
QUIET_FOR = timedelta(minutes=1)
OUR_KINDS = [Kind.ANSWER, Kind.FALLBACK]
ENDS = {"busy": "engaged", "cancelled": "gave up", "failed": "failed", "rejected": "refused"}


@dataclass(frozen=True)
class View:
    """How the page is looked at: what its query says."""

    start: int = 0  # the first event listed
    unfold: bool = False
    zoom: str = ""  # "15" the first seconds, "2x" twice as wide
    all_legs: bool = False  # draw as many lanes as there are legs

    @classmethod
    def read(cls, query: Mapping[str, str]) -> "View":
        """Read a query. What makes no sense counts as not said."""
        start, zoom = query.get("from", ""), query.get("zoom", "")
        number = int(start) if start.isascii() and start.isdigit() and len(start) < 10 else 0
        return cls(number, query.get("unfold") == "1", zoom if zoom in {"15", "2x"} else "", query.get("legs") == "all")


@dataclass(frozen=True)
class Window:
    """Which of a call's events the page lists."""

    start: int
    shown: int
    count: int

    @property
    def first(self) -> int:
        return self.start + 1

    @property
    def last(self) -> int:
        return self.start + self.shown

    @property
    def whole(self) -> bool:
        return self.shown == self.count

    @property
    def earlier(self) -> int | None:
        return max(self.start - MOST_EVENTS, 0) if self.start else None

    @property
    def later(self) -> int | None:
        return self.last if self.last < self.count else None


@dataclass(frozen=True)
class LegLine:
    """A leg as the side of the page tells it."""

    leg: Leg
    name: str
    role: str


@dataclass(frozen=True)
class CallPage:
    """All that the template tells."""

    call: Call
    view: View
    now: datetime
    mark: str  # changes with whatever is written about the call
    state: State
    story: Sequence[Part]
    facts: Sequence[Fact]
    number: PhoneNumber | None  # ours, that called or was called
    sounds: Sequence[Sound]
    legs: Sequence[LegLine]
    line: Timeline
    chart: Waterfall
    rows: Sequence[EventRow]
    window: Window
    webhooks: Webhooks
    poll_seconds: int  # 0: nothing more is awaited
    call_back_name: str  # of the other side

    most_lanes = MOST_LANES

    @property
    def clocks_differ(self) -> str:
        """By how much, in words, "" where they agree."""
        return duration(abs(self.line.skew)) if self.line.skew else ""

    @property
    def goes_on(self) -> bool:
        return self.call.outcome == Outcome.IN_PROGRESS

    @property
    def cannot_act(self) -> str:
        """Why nothing can be done to the call from here, in a sentence; "" where it can."""
        return acting.is_possible()

    @property
    def flows(self) -> Sequence[str]:
        """The flows that the caller can be moved to."""
        return list(CallFlow.objects.filter(versions__isnull=False).distinct().values_list("name", flat=True)[:100])

    @property
    def we_called(self) -> bool:
        return self.call.direction == "outbound"

    @property
    def call_back(self) -> str:
        """The query that asks whether to call the other side, from the number of ours; "" where that has none."""
        other, ours = self.call.from_number, self.call.to_number
        if self.we_called:
            other, ours = ours, other
        if not numbers.dialable(other):
            return ""
        return urlencode({"to": other} | ({"from": ours} if self.number else {}))

    @property
    def title(self) -> str:
        return f"{self.legs[0].name if self.legs else 'A call'}, {clock_of(_local(self.call.started_at))}"


def page_of_call(call: Call, view: View, now: datetime | None = None) -> CallPage:
    """Read and tell a call. Seven queries, or eight when not all events are listed."""
    now = now or timezone.now()
    legs = list(call.legs.oldest_first())
    known = call.events.aggregate(
        count=Count("pk"),
        webhooks=Count("pk", filter=~Q(door="us")),
        signed=Count("pk", filter=~Q(door="us") & Q(signed=True)),
        repeats=Sum("times_received"),
        newest=Max("pk"),
        received=Max("received_at"),
    )
    start = min(view.start, max(known["count"] - 1, 0))
    events = list(call.events.oldest_first().defer("raw")[start : start + MOST_EVENTS])
    window = Window(start, len(events), known["count"])
    answers = [event for event in events if shape_of(event) == "asked"]
    if not window.whole:
        asked = Q(kind__in=OUR_KINDS) | Q(payload__reply__ncco__isnull=False)
        answers = list(call.events.filter(asked).oldest_first().defer("raw")[:MOST_ANSWERS])
    versions = _versions([*answers, *events])
    message = call.outcome == Outcome.VOICEMAIL
    ours = _own_numbers(call, legs)
    labels = names_of(_parties(call, legs))
    cast = Cast(legs, labels, message=message)
    goes_on = call.outcome == Outcome.IN_PROGRESS
    told = legs if len(legs) <= MOST_LEGS else [*legs[:MOST_LEGS], legs[-1]]
    line = timeline(told, events, now, goes_on=goes_on)
    drawn = timeline(legs, events, now, goes_on=goes_on) if view.all_legs and told is not legs else line
    webhooks = Webhooks(known["webhooks"], known["signed"], replies_of(answers))
    answered_by = next((versions[pk] for event in answers if (pk := version_of(event)) in versions), None)
    roles = {leg.pk: _role(leg, first=leg is legs[0]) for leg in legs}
    heard = _first_text(answers)
    number = next((number for number in ours if number.msisdn in {call.to_number, call.from_number}), None)
    return CallPage(
        call=call,
        view=view,
        now=now,
        mark=f"{known['count']}-{known['repeats']}-{known['newest']}-{call.outcome}",
        state=state_of(call, legs),
        story=sentence(_told(call), cast, _deeds(events, heard, message=message)),
        facts=list(facts(call, cast, line, answered_by, webhooks, number)),
        number=number,
        sounds=sounds_of(call),
        legs=[LegLine(leg, cast.on(leg), roles[leg.pk]) for leg in legs],
        line=line,
        chart=_chart(drawn, len(legs), cast, roles, heard, view),
        rows=event_rows(line, cast, versions, Paper()),
        window=window,
        webhooks=webhooks,
        poll_seconds=_poll_seconds(call, known["received"], now),
        call_back_name=cast.name(call.to_number if call.direction == "outbound" else call.from_number),
    )


def mark_of(call: Call) -> str:
    """What `CallPage.mark` is now, for one query."""
    known = call.events.aggregate(count=Count("pk"), repeats=Sum("times_received"), newest=Max("pk"))
    return f"{known['count']}-{known['repeats']}-{known['newest']}-{call.outcome}"


def _poll_seconds(call: Call, received: datetime | None, now: datetime) -> int:
    recent = received is not None and now - received < QUIET_FOR
    if call.outcome == Outcome.IN_PROGRESS:
        return LIVE_SECONDS if recent or (received and now - received < 10 * QUIET_FOR) else QUIET_SECONDS
    return QUIET_SECONDS if recent else 0


def _own_numbers(call: Call, legs: Iterable[Leg]) -> list[PhoneNumber]:
    """Our own numbers among the parties."""
    return list(PhoneNumber.objects.filter(msisdn__in=_parties(call, legs)))


def _parties(call: Call, legs: Iterable[Leg]) -> set[str]:
    rows: list[Call | Leg] = [call, *legs]
    return {party for row in rows for party in (row.from_number, row.to_number)}


def _versions(events: Iterable[CallEvent]) -> dict[int, FlowVersion]:
    wanted = {pk for pk in map(version_of, events) if pk}
    return FlowVersion.objects.select_related("flow").in_bulk(wanted or {0})


def _role(leg: Leg, *, first: bool) -> str:
    if leg.direction == "outbound":
        return "called by us" if first else "forwarded to"
    return "caller" if first else "joined"


def _local(moment: datetime | None) -> datetime | None:
    return timezone.localtime(moment) if moment else None


def _told(call: Call) -> Facts:
    clock = clock_of(_local(call.started_at))
    return Facts(call.direction, call.from_number, call.to_number, call.outcome, clock, call.price_eur)


def _first_text(answers: Iterable[CallEvent]) -> str:
    """The first text that a caller was to hear, in quotes."""
    actions = (action for event in answers for action in served_actions(event))
    return next((spoken(action) for action in actions if action.get("action") == "talk"), "")


def _deeds(events: Iterable[CallEvent], heard: str, *, message: bool) -> Deeds:
    keys: list[str] = []
    said = ""
    lasted = None
    for event in events:
        payload = event.payload if isinstance(event.payload, dict) else {}
        if event.kind == Kind.INPUT:
            keys += [pressed] if (pressed := keys_of(payload)) and len(keys) < 3 else []
            said = said or _best_speech(payload)
        elif message and is_message(event):
            times = [parse_time(payload.get(name)) for name in ("start_time", "end_time")]
            if times[0] and times[1] and times[1] >= times[0]:
                lasted = times[1] - times[0]
    return Deeds(heard, tuple(keys), said, lasted)


def _best_speech(payload: Mapping[str, object]) -> str:
    speech = payload.get("speech")
    results = speech.get("results") if isinstance(speech, dict) else None
    best = results[0] if isinstance(results, list) and results else None
    text = text_of(best.get("text")) if isinstance(best, dict) else ""
    return f"“{cut(text, 60)}”" if text else ""


def _chart(line: Timeline, legs: int, cast: Cast, roles: Mapping[int, str], heard: str, view: View) -> Waterfall:
    names = {
        lane.leg.pk: _name(lane, cast, roles[lane.leg.pk], heard, first=lane is line.lanes[0]) for lane in line.lanes
    }
    return waterfall(
        line,
        names,
        fold=not view.unfold,
        first=15.0 if view.zoom == "15" else None,
        times=2.0 if view.zoom == "2x" else 1.0,
        legs=legs,
        most_lanes=legs if view.all_legs else MOST_LANES,
    )


def _name(lane: Lane, cast: Cast, role: str, heard: str, *, first: bool) -> Name:
    """What the chart says beside a lane and on its bars; of several texts the longest that fits."""
    seconds = {bar.kind: bar.seconds for bar in lane.bars}
    recorded = "message" if cast.message else "recording"
    labels = {
        "dial": ["dials"],
        "ring": [*([f"rings, {duration(rung)}"] if (rung := seconds.get("ring", 0)) >= 1 else []), "rings"],
        "hears": ["hears ringing", "rings"],
        "say": [*([f"hears {heard}"] if first and heard else []), "hears us speak", "hears us"],
        "wait": ["we wait for a key", "waits"],
        "talk": [f"talking, {duration(seconds.get('talk'))}", "talking", "talks"],
        "rec": [f"{recorded}, {duration(seconds.get('rec'))}", recorded],
    }
    leg = cast.leg(lane.leg.pk)
    shape = lane.end.shape if lane.end else ""
    end = ENDS.get(lane.leg.status.lower(), "did not pick up") if shape in {"ring", "cross"} else ""
    return Name(cast.on(leg), role, end, labels)
