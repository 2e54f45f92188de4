"""The list of calls, its live update, and the events that belong to no call."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from calls.control import acting
from calls.dashboard.away import tells_when_away
from calls.dashboard.chip_counts import PAGE_SIZE
from calls.dashboard.filtering import Filtering
from calls.dashboard.live import ON_THE_LINE, horizon, in_progress_count, looks, news, on_the_line, seen_of
from calls.dashboard.loose import LooseEvent
from calls.dashboard.paging import NoSuchPage, page_of, page_of_calls
from calls.dashboard.readiness import checks
from calls.dashboard.rows import rows_of
from calls.dashboard.watching import number_in, watch
from calls.models import CallEvent, Voicemail
from calls.records import spool
from calls.records.filters import DAYS, read_filters
from calls.records.needles import LONGEST

PLACES = {"before", "after"}  # of a page that is not the first
MOST_COUNTED = 99
READ_ANEW = 205  # there is more to tell than rows: the page reads itself anew


@never_cache
@require_safe
@tells_when_away
@login_required
def calls(request: HttpRequest) -> HttpResponse:
    """All calls or those asked for, newest first, those in progress above. Before the first: how to get one."""
    filtering = Filtering(*read_filters(dict(request.GET.lists())))
    loose = CallEvent.objects.without_call()[: MOST_COUNTED + 1]
    new = ("COUNT(*)", Voicemail.objects.counted())
    told = filtering.count({**horizon(), "loose": ("COUNT(*)", loose), "new_messages": new})
    these, asked = filtering.calls if request.GET.keys() & PLACES else filtering.first_page
    keep, most = filtering.filters.query, filtering.most_looked_at
    try:
        page = page_of_calls(these, request.GET, size=PAGE_SIZE, keep=keep, asked=asked, most=most)
    except NoSuchPage:
        return redirect(f"{reverse('calls')}?{filtering.filters.query}".rstrip("?"))
    filtering.note(page)
    if page.problem:
        filtering.problems["page"] = page.problem
    now = timezone.now()
    context = {"tab": "calls", "seen": seen_of(told), "now": now, "zone_name": timezone.get_current_timezone_name()}
    context |= {"new_messages": told["new_messages"], "can_act": not acting.is_possible()}
    nothing = not page.rows and page.first
    if nothing and not filtering.filters and not filtering.problems:
        return render(request, "calls/empty.html", context | {"checks": checks(), "base_url": settings.BASE_URL})
    going_on = on_the_line()[:ON_THE_LINE]
    rows, strip = rows_of(page.rows, going_on, now=now)
    context |= {"page": page, "rows": rows, "on_line": strip, "on_line_count": told["on_line"]}
    context |= {"these": None, "filtering": filtering, "filters": filtering.filters, "days": DAYS, "most": LONGEST}
    context |= {"drops": filtering.drops() if nothing else [], "spool": spool.depth(), "loose": _loose(told["loose"])}
    return render(request, "calls/calls.html", context)


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """What changed: 204 nothing, 200 the rows anew and all calls in progress, 205 more than that, 401 logged out.

    `?seen=` is the newest event that the page knew ten seconds ago, `?mark=` that of its last answer; the page's
    filters stand beside them. Rows that they leave out come too, marked as others: one may stand on the page.
    """
    seen = number_in(request.GET.get("seen", ""), digits=18)
    told = watch(request, **({} if seen is None else looks(seen)))
    if told is None:
        return HttpResponse(status=401)
    if seen is None:
        return HttpResponse(status=READ_ANEW)
    found = news(seen, told, request.GET.get("mark", ""))
    if found is None:
        return HttpResponse(status=204)
    if found.too_much:
        return HttpResponse(status=READ_ANEW)
    filters, _ = read_filters(dict(request.GET.lists()))
    these = filters.among([call.pk for call in found.calls]) if filters else None
    now, going_on = timezone.now(), on_the_line()
    rows, strip = rows_of(found.calls, going_on[:ON_THE_LINE], now=now)
    count = len(going_on) if len(going_on) <= ON_THE_LINE else in_progress_count()
    context = {"news": found, "rows": rows, "these": these, "now": now, "on_line": strip, "on_line_count": count}
    context |= {"can_act": not acting.is_possible()}
    return render(request, "calls/live.html", context)


@never_cache
@require_safe
@login_required
def loose_events(request: HttpRequest) -> HttpResponse:
    """Events that name neither a leg nor a conversation of a call that we know."""
    page = page_of(CallEvent.objects.without_call().select_related("head").defer("raw"), request.GET, size=PAGE_SIZE)
    context = {"tab": "calls", "page": page, "events": [LooseEvent(event) for event in page.rows]}
    return render(request, "calls/loose_events.html", context)


def _loose(count: int) -> str:
    """How many events belong to no call: "3", "99+"; "" for none."""
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count or "")
