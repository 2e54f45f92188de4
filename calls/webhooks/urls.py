"""The addresses that are entered at Vonage; `/webhooks/…` are the same, as Vonage's own samples name them.

A slash at the end is an easy slip there, and would cost calls: it is taken.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import re_path
from django.views.decorators.csrf import csrf_exempt

from calls.webhooks import views
from calls.webhooks.reply import Promise
from calls.webhooks.signed import Webhook

PREFIXES = ("", "webhooks/")
DOORS: dict[str, Webhook] = {
    "answer": views.answer_webhook,
    "event": views.event_webhook,
    "fallback": views.fallback_webhook,
}


def by_django(door: Webhook) -> Callable[[HttpRequest], HttpResponse]:
    """Make a view of a door. Django keeps the WSGI environ of a request in `META`."""

    @csrf_exempt
    def view(request: HttpRequest) -> HttpResponse:
        given = door(request.META)
        reply = given.wait() if isinstance(given, Promise) else given
        return HttpResponse(reply.body, status=reply.status, headers=dict(reply.all_headers))

    return view


urlpatterns = [re_path(rf"^{name}/?$", by_django(door), name=f"{name}-webhook") for name, door in DOORS.items()]
# Events of what we asked for ourselves, and telephones that a flow rings: the token says what that was.
urlpatterns += [
    re_path(rf"^{name}/[A-Za-z0-9:_-]+/?$", by_django(DOORS[name]), name=f"{name}-webhook-token")
    for name in ("answer", "event")
]
