"""Everything that happened on one call as CSV, for spreadsheets: what its page lists, and the payloads."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, StreamingHttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from calls.dashboard.export import BYTE_ORDER_MARK, safe
from calls.models import Call, CallEvent, Leg, Outcome
from calls.records.cast import Cast
from calls.records.moments import Clock, skew_of
from calls.records.names import names_of
from calls.records.words import in_words
from calls.templatetags.calls_format import zone

COLUMNS = ("Who", "What happened", "Vonage's word", "Kind", "Leg", "Door", "Signed", "Times received", "Payload")


@never_cache
@require_safe
@login_required
def call_csv(request: HttpRequest, pk: int) -> StreamingHttpResponse:
    """The events of a call, the oldest first."""
    call = get_object_or_404(Call, pk=pk)
    response = StreamingHttpResponse(lines(call), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="call-{pk}.csv"'
    return response


def lines(call: Call) -> Iterator[str]:
    """Give a heading, which names the zone of all times, and a line of each event."""
    legs = {leg.pk: leg for leg in call.legs.oldest_first()}
    rows: list[Call | Leg] = [call, *legs.values()]
    parties = {party for row in rows for party in (row.from_number, row.to_number)}
    cast = Cast(list(legs.values()), names_of(parties), message=call.outcome == Outcome.VOICEMAIL)
    events = list(call.events.oldest_first().defer("raw"))
    first = min((leg.started_at for leg in legs.values() if leg.started_at), default=None)
    clock = Clock(first or (events[0].occurred_at if events else timezone.now()), skew_of(events))
    yield BYTE_ORDER_MARK + _line("Seconds", f"Happened ({zone()})", f"Received ({zone()})", *COLUMNS)
    for event in events:
        yield _line(*_cells(event, cast, clock, legs[event.leg_id].uuid if event.leg_id in legs else ""))


def _cells(event: CallEvent, cast: Cast, clock: Clock, leg: str) -> Iterator[str]:
    words = in_words(event, cast)
    yield f"{clock.place(event).at:.3f}"
    yield from map(_moment, (event.occurred_at, event.received_at))
    yield from (words.who, str(words), words.term, event.kind, leg)
    yield from (event.door, "yes" if event.signed else "no", str(event.times_received))
    yield json.dumps(event.payload, ensure_ascii=False)


def _moment(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S.%f}"


def _line(*cells: str) -> str:
    text = io.StringIO()
    csv.writer(text).writerow([cells[0], *map(safe, cells[1:])])
    return text.getvalue()
