"""The calls of a list as CSV, for spreadsheets: streamed, however many there are."""

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBadRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from calls.dashboard.away import tells_when_away
from calls.dashboard.rows import Row, rows_of
from calls.models import Call
from calls.models.calls import CallQuerySet
from calls.records.filters import read_filters
from calls.records.finding import Found
from calls.templatetags.calls_format import zone
from calls.vonage import numbers

AT_ONCE = 500  # calls
BYTE_ORDER_MARK = "\ufeff"  # without it Excel takes UTF-8 for an old code page
RISKY = ("=", "+", "-", "@", "\t", "\r", "\n")  # a spreadsheet takes what begins so for a formula
COLUMNS = (
    "Outcome",
    "Why",
    "Direction",
    "From",
    "From, name",
    "To",
    "To, name",
    "Rang, seconds",
    "Talked, seconds",
    "Lasted, seconds",
    "The call",
    "Cost, EUR",
    "Conversation",
    "Call",
)


class _Line:
    """What csv writes into: gives the line back instead of keeping it."""

    def write(self, text: str) -> str:
        return text


@never_cache
@require_safe
@tells_when_away
@login_required
def calls_csv(request: HttpRequest) -> HttpResponseBase:
    """All calls that the list would show with these filters, newest first. What the list would leave out is refused:
    a file does not say that it holds more than was asked for.
    """
    filters, problems = read_filters(dict(request.GET.lists()))
    if problems:
        return HttpResponseBadRequest("\n".join(problems.values()), content_type="text/plain; charset=utf-8")
    calls = filters.narrow(Call.objects.all(), Found.of(filters.q) if filters.q else None)
    response = StreamingHttpResponse(lines(calls), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="calls-{timezone.localtime():%Y-%m-%d-%H%M}.csv"'
    return response


def lines(calls: CallQuerySet) -> Iterator[str]:
    """Give a heading, which names the zone of all times, and a line of each call."""
    writer = csv.writer(_Line())
    yield BYTE_ORDER_MARK + writer.writerow([f"Started ({zone()})", *COLUMNS])
    for page in _pages(calls):
        [rows] = rows_of(page)
        yield "".join(writer.writerow([safe(cell) for cell in cells(row)]) for row in rows)


def _pages(calls: CallQuerySet) -> Iterator[list[Call]]:
    """Go through the calls in order of start, some at a time: nothing is kept open between two of them."""
    rest = calls
    while page := list(rest.latest_first()[:AT_ONCE]):
        yield page
        last = page[-1]
        if len(page) < AT_ONCE or last.started_at is None:
            return
        rest = calls.filter(Q(started_at__lt=last.started_at) | Q(pk__lt=last.pk), started_at__lte=last.started_at)


def cells(row: Row) -> list[str]:
    """The cells of a call, in the order of COLUMNS behind its start."""
    call = row.call
    return [
        _moment(call.started_at),
        row.state.word,
        row.state.note,
        call.direction,
        numbers.visible(call.from_number),
        row.caller.whole if row.caller.whole != numbers.shown(call.from_number) else "",
        numbers.visible(call.to_number),
        row.called.whole if row.called.whole != numbers.shown_called(call.to_number) else "",
        _seconds(row.rang),
        _seconds(row.talked),
        _seconds(row.lasted),
        row.path,
        "" if call.price_eur is None else f"{call.price_eur:f}",
        call.conversation_uuid,
        str(call.pk),
    ]


def safe(cell: str) -> str:
    """Let a text be a text: a spreadsheet would work out what looks like a formula."""
    return f"'{cell}" if cell.startswith(RISKY) else cell


def _moment(moment: datetime | None) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}" if moment else ""


def _seconds(span: timedelta | None) -> str:
    return "" if span is None else f"{span.total_seconds():.0f}"
