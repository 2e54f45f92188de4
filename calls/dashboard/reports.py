"""The reports: what came of calls, when people ring, how long they wait and talk, how fast we answer, what it cost."""

import csv
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from calls.dashboard.away import tells_when_away
from calls.dashboard.export import BYTE_ORDER_MARK
from calls.dashboard.report_choice import flow_options, number_names, number_options, version_names
from calls.dashboard.report_page import FIRST_ROWS, report_page, unit_of
from calls.dashboard.report_tables import Names
from calls.models import Call, Tally
from calls.records.choice import PERIODS, Choice
from calls.records.counting import count_news, waits_since
from calls.records.stats import MOST_MONTHS, Period, calls_in, compared, figures

logger = logging.getLogger(__name__)

AT_ONCE = 1_000  # events that a page counts itself; the worker has counted those before
SECONDS = 0.2
COMPARED_DAYS = 31  # of which numbers and versions are set side by side without being asked
FIRST_MONTHS = 2  # whose cost is told, unless all are asked for
BEHIND = timedelta(minutes=1)  # what waits to be counted for so long is told


@never_cache
@require_safe
@tells_when_away
@login_required
def reports(request: HttpRequest) -> HttpResponse:
    """The page, as its query asks for. Twelve queries at most, and a few more where calls came just now."""
    choice = Choice.read(request.GET.dict())
    context: dict[str, object] = {"tab": "reports", "choice": choice, "periods": PERIODS}
    all_rows = request.GET.get("rows") == "all"
    first_rows = 0 if all_rows else FIRST_ROWS
    context |= {"first_rows": first_rows}
    try:
        problem, period = _period(choice)
        labels, (flows, versions) = number_names(), flow_options()
        context |= {"problem": problem, "flows": flows, "numbers": number_options(labels, choice.number)}
        context |= {"behind": _count()}
        months = MOST_MONTHS if all_rows else FIRST_MONTHS
        found = figures(period, choice.which(), months=months, unit=unit_of(period))
        context |= {"more_months": months < MOST_MONTHS and period.first < found.costs.months[0]}
        empty = not found.total.calls
        asked = request.GET.get("compare") == "all"
        context |= {"compares": period.days <= COMPARED_DAYS or asked, "most_compared": 0 if asked else first_rows}
        sums = compared(period, found.which) if context["compares"] and not empty else {}
        names = Names(labels, version_names({version for _, version in sums}, versions))
        page = None if empty else report_page(found, names, timezone.localtime(), sums)
        context |= {"page": page} | (_why_empty(choice, period) if empty else {})
        return render(request, "calls/reports.html", context)
    except (DatabaseError, InterfaceError):
        logger.exception("The figures could not be read")
        return render(request, "calls/reports_failed.html", context, status=HTTPStatus.SERVICE_UNAVAILABLE)


@never_cache
@require_safe
@tells_when_away
@login_required
def table(request: HttpRequest, name: str) -> HttpResponse:
    """One of the page's tables as a CSV file, all of its rows."""
    choice = Choice.read(request.GET.dict())
    _, period = _period(choice)
    _count()
    found = figures(period, choice.which(), unit=unit_of(period))
    sums = compared(period, found.which) if name in {"numbers", "versions"} else {}
    names = Names(number_names(), version_names({version for _, version in sums}, {}))
    tables = report_page(found, names, timezone.localtime(), sums).tables
    if name not in tables:
        raise Http404
    days = f"{period.first:%Y-%m-%d}-to-{period.last:%Y-%m-%d}"
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-{days}.csv"'
    response.write(BYTE_ORDER_MARK)
    csv.writer(response).writerows(tables[name].lines(timezone.get_current_timezone_name()))
    return response


def _period(choice: Choice) -> tuple[str, Period]:
    """Give the days that are meant; where they are none, what is wrong with them and the usual ones."""
    zone, today = timezone.get_current_timezone(), timezone.localdate()
    try:
        return "", choice.period(today, zone)
    except ValueError as error:
        return str(error), Choice().period(today, zone)


def _count() -> datetime | None:
    """Count what came just now. Says since when something waits for that; None where it does not wait long."""
    try:
        if not count_news(SECONDS, most=AT_ONCE):
            return None
    except (DatabaseError, InterfaceError) as error:  # SQLite may have other things to write
        logger.info("The newest calls are counted later: %s", str(error).strip())
    since = waits_since()
    return since if since and since < timezone.now() - BEHIND else None


def _why_empty(choice: Choice, period: Period) -> dict[str, object]:
    """Tell "nothing yet" from "no match"; of the latter, what there would be without each of the filters."""
    if not Tally.objects.exists():
        return {"nothing_yet": not Call.objects.exists(), "wider": []}
    choice = replace(choice, unknown="")
    other_way = ("Calls to us" if choice.way else "Calls we placed", replace(choice, way="" if choice.way else "out"))
    wider = [("Any flow and version", choice.without("flow"))] if choice.flow else []
    wider += [("All numbers", choice.without("number"))] if choice.number else []
    wider += [other_way, ("The last 365 days", replace(choice, name="365d"))]
    found = []
    for words, other in wider:
        days = period if other.name == choice.name else other.period(timezone.localdate(), period.zone)
        if number := calls_in(days, other.which()):
            found.append((words, other.query, number))
    return {"nothing_yet": False, "wider": found}
