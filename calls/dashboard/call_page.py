"""One call as its page tells it: state, sentence, facts, chart, events. The same number of queries for any call."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from calls.control import acting
from calls.dashboard.by_name import ByName
from calls.dashboard.call_chart import chart_of
from calls.dashboard.call_view import MOST_EVENTS, View, Window
from calls.dashboard.event_rows import EventRow, event_rows, replies_of, version_of
from calls.dashboard.facts import Fact, Webhooks, facts
from calls.dashboard.outcomes import State, state_of
from calls.dashboard.pretty import Paper
from calls.dashboard.recordings import Sound, sounds_of
from calls.dashboard.rows import path_of
from calls.dashboard.waterfall import MOST_LANES, Waterfall
from calls.dashboard.ways import block_of, steps_of
from calls.models import Call, CallEvent, CallFlow, FlowVersion, Kind, Leg, Outcome, PhoneNumber
from calls.records.cast import Cast, Part
from calls.records.deeds import deeds_of, first_text
from calls.records.moments import reply_of, shape_of
from calls.records.names import known_of
from calls.records.remarks import Remark, is_remark, remarks_of
from calls.records.sentence import Facts, clock_of, sentence
from calls.records.timeline import Timeline, timeline, with_events
from calls.templatetags.calls_format import duration
from calls.vonage import numbers

MOST_LEGS = 100  # that are told in full; with the last one
MOST_ANSWERS = 50
MOST_REMARKS = 100
LIVE_SECONDS, QUIET_SECONDS = 2, 10  # between polls: while it goes on, and for what comes after it
QUIET_FOR = timedelta(minutes=1)
MARK = {"count": Count("pk"), "repeats": Coalesce(Sum("times_received"), 0), "newest": Max("pk")}
OUR_KINDS = [Kind.ANSWER, Kind.FALLBACK]


@dataclass(frozen=True)
class LegLine(ByName):
    """A leg as the side of the page tells it."""

    leg: Leg
    name: str
    role: str


@dataclass(frozen=True)
class CallPage(ByName):
    """All that the template tells."""

    call: Call
    view: View
    now: datetime
    mark: str  # changes with whatever is written about the call
    state: State
    story: Sequence[Part]
    path: str  # the way it took, as the list tells it
    blocked: str  # by which line of the block list the caller is stopped by now, in words
    remarks: Sequence[Remark]
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
    def known(self) -> bool:
        """Whether the other side can be told from others, so that there is somebody to tag or to block."""
        return bool(numbers.identity(self.call.other_party))

    @property
    def call_back(self) -> str:
        """The query that asks whether to call the other side, from the number of ours; "" where that has none."""
        other, ours = self.call.other_party, self.call.from_number if self.we_called else self.call.to_number
        if not numbers.dialable(other):
            return ""
        return urlencode({"to": other} | ({"from": ours} if self.number else {}))

    @property
    def title(self) -> str:
        return f"{self.legs[0].name if self.legs else 'A call'}, {clock_of(_local(self.call.started_at))}"


def page_of_call(call: Call, view: View, now: datetime | None = None) -> CallPage:
    """Read and tell a call. Five queries, a sixth for recordings, and three more when not all events are listed."""
    now = now or timezone.now()
    legs = list(call.legs.oldest_first())
    events, known, start = _events_of(call, view.start)
    window = Window(start, len(events), known["count"])
    answers = [event for event in events if shape_of(event) == "asked"]
    said = events
    if not window.whole:
        asked = Q(kind__in=OUR_KINDS) | Q(payload__reply__ncco__isnull=False)
        answers = list(call.events.filter(asked).oldest_first().defer("raw")[:MOST_ANSWERS])
        said = list(call.events.filter(kind=Kind.ACTION, payload__remark__isnull=False).order_by("-pk")[:MOST_REMARKS])
    steps = [step for event in (events if window.whole else answers) for step in steps_of(reply_of(event).get("path"))]
    versions = _versions([*answers, *events])
    message = call.outcome == Outcome.VOICEMAIL
    ours = _own_numbers(call, legs)
    whom = known_of(_parties(call, legs), [] if call.direction == "outbound" else [call.from_number])
    labels = whom.names
    cast = Cast(legs, labels, message=message)
    goes_on = call.outcome == Outcome.IN_PROGRESS
    told = legs if len(legs) <= MOST_LEGS else [*legs[:MOST_LEGS], legs[-1]]
    happened = [event for event in events if not is_remark(event)]
    line = timeline(told, happened, now, goes_on=goes_on)
    drawn = timeline(legs, happened, now, goes_on=goes_on) if view.all_legs and told is not legs else line
    webhooks = Webhooks(known["webhooks"], known["signed"], replies_of(answers))
    answered_by = next((versions[pk] for event in answers if (pk := version_of(event)) in versions), None)
    roles = {leg.pk: _role(leg, first=leg is legs[0]) for leg in legs}
    heard = first_text(answers)
    state, block = state_of(call, legs, steps), block_of(steps)
    deeds = replace(deeds_of(events, heard, message=message), blocked=block.note if block else None)
    others = [event.occurred_at for event in happened if event.kind != Kind.RECORD]
    sounds = [] if window.whole and len(others) == len(happened) else sounds_of(call, others)
    number = next((number for number in ours if number.msisdn in {call.to_number, call.from_number}), None)
    return CallPage(
        call=call,
        view=view,
        now=now,
        mark=f"{known['count']}-{known['repeats']}-{known['newest']}-{call.outcome}",
        state=state,
        story=sentence(_told(call), cast, deeds),
        path=path_of(state, legs, steps, labels),
        blocked=whom.blocked.get(call.from_number, ""),
        remarks=remarks_of(said),
        facts=list(facts(call, cast, line, answered_by, webhooks, number)),
        number=number,
        sounds=sounds,
        legs=[LegLine(leg, cast.on(leg), roles[leg.pk]) for leg in legs],
        line=line,
        chart=chart_of(drawn, len(legs), cast, roles, heard, view),
        rows=event_rows(with_events(line, filter(is_remark, events)), cast, versions, Paper()),
        window=window,
        webhooks=webhooks,
        poll_seconds=_poll_seconds(call, known["received"], now),
        call_back_name=cast.name(call.other_party),
    )


def _events_of(call: Call, start: int) -> tuple[list[CallEvent], dict[str, Any], int]:
    """Read the events that the page lists, and what there is to know of all. Gives with which of them it begins."""
    rows = call.events.oldest_first().select_related("head").defer("raw")
    events = [] if start else list(rows[:MOST_EVENTS])
    if not start and len(events) < MOST_EVENTS:  # these are all
        brought = [event for event in events if event.door != "us"]
        return events, {
            "count": len(events),
            "webhooks": len(brought),
            "signed": sum(event.signed for event in brought),
            "repeats": sum(event.times_received for event in events),
            "newest": max((event.pk for event in events), default=None),
            "received": max((event.received_at for event in events), default=None),
        }, 0  # fmt: skip
    known = call.events.aggregate(
        **MARK,
        webhooks=Count("pk", filter=~Q(door="us")),
        signed=Count("pk", filter=~Q(door="us") & Q(signed=True)),
        received=Max("received_at"),
    )
    start = min(start, max(known["count"] - 1, 0))
    return list(rows[start : start + MOST_EVENTS]) if start else events, known, start


def mark_of(call: Call) -> str:
    """What `CallPage.mark` is now, for one query."""
    known = call.events.aggregate(**MARK)
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
    return FlowVersion.objects.select_related("flow").in_bulk(wanted)


def _role(leg: Leg, *, first: bool) -> str:
    if leg.direction == "outbound":
        return "called by us" if first else "forwarded to"
    return "caller" if first else "joined"


def _local(moment: datetime | None) -> datetime | None:
    return timezone.localtime(moment) if moment else None


def _told(call: Call) -> Facts:
    clock = clock_of(_local(call.started_at))
    return Facts(call.direction, call.from_number, call.to_number, call.outcome, clock, call.price_eur)
