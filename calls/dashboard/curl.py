"""A webhook as a command: `curl` sends it to this server again, as Vonage did."""

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from calls.dashboard.event_rows import asked, can_be_sent, method_of
from calls.models import CallEvent
from calls.records.moments import reply_of, served_actions
from calls.vonage.events import text_of
from calls.vonage.signatures import sign


@never_cache
@require_safe
@login_required
@permission_required("calls.view_callevent", raise_exception=True)
def event_curl(request: HttpRequest, pk: int) -> HttpResponse:
    """The command that sends a webhook again, signed anew: it works for five minutes.

    An event that is kept already is counted as received once more; a question is answered as it would be now.
    """
    event = get_object_or_404(CallEvent.objects.defer("raw"), pk=pk)
    if not can_be_sent(event):
        raise Http404("This was no request, or what it said is not kept.")
    return HttpResponse(command(event, request.build_absolute_uri("/").rstrip("/")), content_type="text/plain")


def path_of(event: CallEvent) -> str:
    """Where it was sent: the door, and behind it the token of the address that a flow had given before."""
    door = f"/{event.door}"
    if event.door == "event" and not reply_of(event):  # no flow had asked for it
        return door
    served = CallEvent.objects.filter(call=event.call_id, payload__reply__ncco__isnull=False).defer("raw")
    earlier = served.filter(occurred_at__lte=event.occurred_at).exclude(pk=event.pk).order_by("-occurred_at", "-pk")
    paths = (urlsplit(url).path for one in earlier[:5] for action in served_actions(one) for url in _urls(action))
    return next((path for path in paths if path.startswith(f"{door}/")), door)


def _urls(action: Mapping[str, Any]) -> Iterator[str]:
    """The addresses at which an action wants us asked."""
    urls, phones = action.get("eventUrl"), action.get("endpoint")
    yield from (url for url in (urls if isinstance(urls, list) else ()) if isinstance(url, str))
    for phone in phones if isinstance(phones, list) else ():
        asks = phone.get("onAnswer") if isinstance(phone, dict) else None
        if isinstance(asks, dict):
            yield text_of(asks.get("url"), 4_000)


def command(event: CallEvent, server: str) -> str:
    """Spell it for a shell."""
    payload, path = asked(event.payload), path_of(event)
    secret = next(iter(settings.VONAGE_SIGNATURE_SECRET), "")
    if method_of(event) == "GET":
        parts = ["curl", f"{server}{path}?{urlencode(payload, quote_via=quote)}"]
        body = ""
    else:
        body = json.dumps(payload, ensure_ascii=False)
        parts = ["curl", f"{server}{path}", "--header", "Content-Type: application/json", "--data-raw", body]
    if secret:
        parts += ["--header", f"Authorization: Bearer {sign(secret, body.encode())}"]
    return shlex.join(parts)
