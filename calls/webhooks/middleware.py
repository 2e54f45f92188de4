"""The short way to the webhooks: past everything that is there for people with browsers."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from calls.webhooks.urls import DOORS, PREFIXES

View = Callable[[HttpRequest], HttpResponse]


class WebhookMiddleware:
    """Stands first, and hands a webhook to its view: no session, no cookie, no page policy is of use to Vonage.

    The views are those of the URLs, so there is one way to treat a webhook, and two to reach it.
    """

    def __init__(self, get_response: View) -> None:
        self.get_response = get_response
        ends = ("", "/")
        self.views = {f"/{way}{door}{end}": view for door, view in DOORS.items() for way in PREFIXES for end in ends}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = self.views.get(request.path_info)
        if view is None:
            return self.get_response(request)
        request.get_host()  # raises DisallowedHost, which Django answers with 400
        return view(request)
