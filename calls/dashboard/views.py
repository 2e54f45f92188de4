"""The list of calls, its live update, and the events that belong to no call."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from calls.dashboard.live import horizon, news_since, on_the_line
from calls.dashboard.loose import LooseEvent
from calls.dashboard.paging import page_of
from calls.dashboard.readiness import checks
from calls.dashboard.rows import rows_of
from calls.models import Call, CallEvent
from calls.records import spool

PAGE_SIZE = 50
LOOSE_PAGE_SIZE = 25
MOST_COUNTED = 99
READ_ANEW = 205  # there is more to tell than rows: the page reads itself anew


@never_cache
@require_safe
@login_required
def calls(request: HttpRequest) -> HttpResponse:
    """All calls, newest first, those in progress above them. Before the first call: how to get one."""
    seen = horizon()
    page = page_of(Call.objects.all(), request.GET, size=PAGE_SIZE)
    context = {"tab": "calls", "seen": seen, "now": timezone.now(), "zone_name": settings.TIME_ZONE}
    if not page.rows and page.first and not page.older:
        return render(request, "calls/empty.html", context | {"checks": checks(), "base_url": settings.BASE_URL})
    context |= {"page": page, "rows": rows_of(page.rows), "loose": _loose_count(), "spool": spool.depth(), **_strip()}
    return render(request, "calls/calls.html", context)


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """What changed: 204 nothing, 200 the rows anew and all calls in progress, 205 more than that, 401 logged out.

    `?seen=` is the newest event that the page knew ten seconds ago, `?mark=` that of its last answer.
    """
    if not request.user.is_authenticated:
        return HttpResponse(status=401)
    seen = request.GET.get("seen", "")
    if not (seen.isascii() and seen.isdigit() and len(seen) <= 18):
        return HttpResponse(status=READ_ANEW)
    news = news_since(int(seen), request.GET.get("mark", ""))
    if news is None:
        return HttpResponse(status=204)
    if news.too_much:
        return HttpResponse(status=READ_ANEW)
    context = {"news": news, "rows": rows_of(news.calls), "now": timezone.now(), **_strip()}
    return render(request, "calls/live.html", context)


@never_cache
@require_safe
@login_required
def loose_events(request: HttpRequest) -> HttpResponse:
    """Events that name neither a leg nor a conversation of a call that we know."""
    page = page_of(CallEvent.objects.without_call().defer("raw"), request.GET, size=LOOSE_PAGE_SIZE)
    context = {"tab": "calls", "page": page, "events": [LooseEvent(event) for event in page.rows]}
    return render(request, "calls/loose_events.html", context)


def _strip() -> dict[str, object]:
    found, count = on_the_line()
    return {"on_line": rows_of(found), "on_line_count": count}


def _loose_count() -> str:
    """How many events belong to no call: "3", "99+"; "" for none."""
    count = CallEvent.objects.without_call()[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count or "")
