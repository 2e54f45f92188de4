"""One call, its live update, and a single payload as it came."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from calls.control.remarks import MOST_CHARACTERS
from calls.dashboard.call_page import mark_of, page_of_call
from calls.dashboard.call_view import View
from calls.dashboard.other_party import other_party_of
from calls.dashboard.watching import watch
from calls.models import Call, CallEvent, Outcome, Voicemail
from calls.records.several import several


@never_cache
@require_safe
@login_required
def call(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell one call. `?unfold=1`, `?zoom=15`, `?zoom=2x` and `?legs=all` change its chart, `?from=200` the events."""
    page = page_of_call(get_object_or_404(Call, pk=pk), View.read(request.GET.dict()))
    beside = {
        "newer": ("MIN(id)", Call.objects.filter(pk__gt=pk).order_by("pk")[:1]),
        "older": ("MAX(id)", Call.objects.filter(pk__lt=pk).order_by("-pk")[:1]),
        "new_messages": ("COUNT(*)", Voicemail.objects.counted()),
    }
    context = {
        "tab": "calls",
        "page": page,
        "zone_name": timezone.get_current_timezone_name(),
        "other": other_party_of(page.call),
        "link": request.build_absolute_uri(page.call.get_absolute_url()),
        "most": MOST_CHARACTERS,
    }
    return render(request, "calls/call.html", context | several(beside))


@never_cache
@require_safe
def call_live(request: HttpRequest, pk: int) -> HttpResponse:
    """The parts of the page that change. 204 nothing new since `?mark=`, 401 logged out, 404 the call was deleted."""
    if watch(request) is None:
        return HttpResponse(status=401)
    found = Call.objects.filter(pk=pk).first()
    if found is None:
        return HttpResponse(status=404)
    if found.outcome != Outcome.IN_PROGRESS and request.GET.get("mark") == mark_of(found):
        return HttpResponse(status=204)
    page = page_of_call(found, View.read(request.GET.dict()))
    context = {"page": page, "link": request.build_absolute_uri(found.get_absolute_url())}
    return render(request, "calls/call_live.html", context | {"other": None, "most": MOST_CHARACTERS})


@never_cache
@require_safe
@login_required
def event_raw(request: HttpRequest, pk: int) -> HttpResponse:
    """A payload, whole."""
    event = get_object_or_404(CallEvent.objects.defer("raw"), pk=pk)
    return JsonResponse(event.payload, safe=False, json_dumps_params={"indent": 2, "ensure_ascii": False})
